"""Sources whose order is known by construction come out in this order."""

import copy
import dataclasses

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sktl.estimators import (
    ConvNetQuakeINGVClassifier,
    InceptionTimeClassifier,
    LSTMClassifier,
    MagNetClassifier,
    MagNetRegressor,
    MLSTMFCNClassifier,
    ResNetImageClassifier,
    TCNClassifier,
    TCNSequenceRegressor,
)
from sktl.model_selection import h_score, logme, rank_sources
from sktl.model_selection._rank_sources import _Target
from sktl.sources import load_source, save_source
from sktl.training.preprocessing import Standardisation

SMALL = {"filters": (2, 2), "lstm_units": 2, "batch_size": 32, "n_epochs": 1, "random_state": 0}


def make_target(n_instances=90, seed=5):
    """The size of the first channel is the class; the second is noise of one size."""
    rng = np.random.default_rng(seed)
    y = np.arange(n_instances) % 3
    X = rng.normal(size=(n_instances, 2, 64))
    X[:, 0] *= (0.2 + 0.3 * y)[:, None]
    return X, y


def make_source(path, channel_weights):
    """A source whose first layer looks at the channels with these weights."""
    X, y = make_target()
    fitted = MagNetClassifier(**SMALL | {"n_epochs": 0, "head": "probe"}).fit(X, y)
    rng = np.random.default_rng(0)
    weights = {name: np.zeros_like(values) for name, values in fitted._weights.items()}
    kernel = rng.normal(size=(3, 1, 2)) * np.array(channel_weights)[None, :, None]
    weights["conv1/kernel"] = kernel.astype(np.float32)
    weights["conv2/kernel"] = rng.normal(size=(3, 2, 2)).astype(np.float32)
    fitted._weights = weights
    return str(fitted.save_pretrained(path))


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """From the one that sees the signal to the one that sees nothing but noise."""
    folder = tmp_path_factory.mktemp("ranked")
    views = {"signal": (1, 0), "mixed": (1, 0.3), "noise": (0, 1)}
    return [make_source(folder / name, weights) for name, weights in views.items()]


@pytest.fixture(scope="module")
def ranked(sources):
    X, y = make_target()
    return rank_sources(X, y, MagNetClassifier(**SMALL), sources)


@pytest.mark.fast_only(
    "MagNetClassifier-logme",
    "MagNetRegressor-probe_loo",
    "MagNetClassifier-h_score",
    "MagNetRegressor-probe",
)
@pytest.mark.parametrize("by", ["logme", "h_score", "probe", "probe_loo"])
@pytest.mark.parametrize("kind", [MagNetClassifier, MagNetRegressor])
def test_known_order_is_found(by, kind, sources):
    X, y = make_target()
    y = y if kind is MagNetClassifier else y + 0.01 * np.arange(len(y))
    table = rank_sources(X, y, kind(**SMALL), sources[::-1], by=by, include_scratch=False)
    assert table["source"].tolist() == sources
    assert table["rank"].tolist() == [1, 2, 3]
    assert table[by].is_monotonic_decreasing


def test_scores_are_those_of_the_features_computed_by_hand(sources):
    X, y = make_target()
    network = MagNetClassifier(**SMALL, stream_max=None)
    (row,) = rank_sources(X, y, network, sources[:1], include_scratch=False).to_dict("records")
    arrays = MagNetClassifier.from_pretrained(sources[0]).load_source().arrays
    low, high = X.min(axis=(1, 2), keepdims=True), X.max(axis=(1, 2), keepdims=True)
    maps = (X - low) / (high - low)
    maps = maps - maps.mean(axis=0)
    for number in (1, 2):
        kernel = arrays[f"conv{number}/kernel"]
        padded = np.pad(maps, [(0, 0), (0, 0), (1, 1)])
        windows = np.lib.stride_tricks.sliding_window_view(padded, 3, axis=2)
        maps = np.einsum("nctk,kcf->nft", windows, kernel)
        maps = maps.reshape(*maps.shape[:2], -1, 4).max(axis=3)
    features = np.concatenate([maps.mean(2), maps.std(2), maps.max(2)], axis=1)
    features = (features - features.mean(axis=0)) / features.std(axis=0)
    assert row["n_features"] == 6
    assert row["logme"] == pytest.approx(logme(features, np.eye(3)[y], intercept=True), rel=1e-3)
    assert row["h_score"] == pytest.approx(h_score(features, y), rel=1e-3)
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    model = LogisticRegression(max_iter=1000)
    scores = cross_val_score(model, features, y, cv=folds, scoring="f1_weighted")
    assert row["probe"] == pytest.approx(scores.mean(), abs=0.05)


@pytest.mark.fast_only("ConvNetQuakeINGV-", "MLSTMFCN-True")
@pytest.mark.parametrize(
    "network",
    [
        ConvNetQuakeINGVClassifier(n_layers=2, filters=3),
        MLSTMFCNClassifier(filters=(4, 6, 4), lstm_units=2, reduction=2),
        MLSTMFCNClassifier(filters=(4, 6, 4), lstm_units=2, reduction=2, transfer_blocks=True),
        TCNClassifier(n_blocks=2, filters=3),
        InceptionTimeClassifier(n_blocks=1, n_modules=2, filters=2, kernel_sizes=(3, 5)),
        LSTMClassifier(n_layers=1, lstm_units=6),
        LSTMClassifier(n_layers=2, lstm_units=3),
        ResNetImageClassifier(filters=(2, 5), picture_size=12, head_units=(4,)),
    ],
    ids=lambda network: f"{network.architecture}-{getattr(network, 'transfer_blocks', '')}",
)
def test_every_architecture_has_features(network, tmp_path):
    X, y = make_target(30)
    # Any weights do.
    source = network.clone().set_params(n_epochs=0).fit(X, y).save_pretrained(tmp_path / "own")
    table = rank_sources(X, y, network, [source])
    width = {
        "ConvNetQuakeINGV": 3, "MLSTMFCN": 4, "TCN": 3, "InceptionTime": 6, "LSTM": 4,
        "ResNetImage": 4,
    }[network.architecture]  # fmt: skip
    # A filter may be dead; the stream max comes beside.
    assert (table["n_features"] <= 3 * width + 1).all()
    assert (table["n_features"] > width).all()
    assert np.isfinite(table[["logme", "h_score", "probe", "probe_loo"]].to_numpy(float)).all()
    assert set(table["source"]) == {None, source}


def test_a_sequence_network_is_ranked_by_its_blocks(tmp_path):
    X, y = make_target(20)
    network = TCNSequenceRegressor(
        filters=(3, 4), kernel_size=2, short_series="pad", transfer_head=True, random_state=0
    )
    fitted = network.clone().set_params(n_epochs=0, head="probe").fit(X, X[:, 0])
    source = fitted.save_pretrained(tmp_path / "own")
    table = rank_sources(X, y.astype(float), network, [source], include_scratch=False)
    assert 4 < table["n_features"][0] <= 12  # three of each filter of the last block


def test_inception_time_is_ranked_by_its_modules_not_by_its_shortcut(tmp_path):
    X, y = make_target(30)
    network = InceptionTimeClassifier(
        n_blocks=1, n_modules=1, filters=2, kernel_sizes=(3, 5), bottleneck=2, random_state=0
    )
    fitted = network.clone().set_params(n_epochs=0, head="probe").fit(X, y)
    tables = []
    for name, blind in (("whole", ()), ("no shortcut", ("match/",)), ("no module", ("conv",))):
        weights = {
            path: np.zeros_like(values) if any(part in path for part in blind) else values
            for path, values in fitted._weights.items()
        }
        other = copy.deepcopy(fitted)
        other._weights = weights
        source = other.save_pretrained(tmp_path / name)
        tables.append(rank_sources(X, y, network, [source], include_scratch=False))
    whole, no_shortcut, no_module = (table["logme"][0] for table in tables)
    assert no_shortcut == whole
    assert tables[2]["n_features"][0] == 1  # the stream max
    assert no_module != whole


def test_the_probe_learns_its_scales_from_the_training_part_of_each_fold():
    rng = np.random.default_rng(0)
    y = np.arange(40) % 2
    features = rng.normal(size=(40, 3)) * (1.0, 1e4, 1e-3) + y[:, None]
    features[0] *= 1e6  # of an instance that stretches the scale wherever it is
    probe = _Target(y, "classification", 5, 0, None).scores(features)["probe"]
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    expected = cross_val_score(model, features, y, cv=folds, scoring="f1_weighted").mean()
    assert probe == expected


@pytest.mark.parametrize("grouped", [False, True])
def test_probe_loo_is_the_best_ridge_without_each_instance_or_group(grouped):
    from sklearn.linear_model import Ridge
    from sklearn.model_selection import GroupKFold, LeaveOneOut, cross_val_predict

    alphas = np.geomspace(1e-3, 1e4, 200)

    rng = np.random.default_rng(0)
    features = rng.normal(size=(40, 5))
    groups = np.arange(40) // 4
    y = features[:, 0] + rng.normal(size=10)[groups]
    folds = list(GroupKFold(10).split(features, groups=groups)) if grouped else None
    found = _Target(y, "regression", 5, 0, folds).scores(features)["probe_loo"]
    # The block is standardised once, by all instances, and so is it here.
    z = StandardScaler().fit_transform(features)
    # A target for each penalty: one fit a fold.
    targets = np.repeat(y[:, None], len(alphas), axis=1)
    predicted = cross_val_predict(Ridge(alphas), z, targets, cv=folds or LeaveOneOut())
    best = np.max(1 - np.mean((predicted - targets) ** 2, axis=0) / y.var())
    assert found == pytest.approx(best, abs=0.01)
    assert found <= best + 1e-4


def test_groups_of_another_length_are_refused(sources):
    X, y = make_target()
    with pytest.raises(ValueError, match="one label for each of the 90 instances"):
        rank_sources(X, y, MagNetClassifier(**SMALL), sources, groups=np.zeros(9))


@pytest.mark.slow
def test_fewer_instances_at_once_give_the_same(sources, ranked, monkeypatch):
    X, y = make_target()
    widest = 64 * 2
    monkeypatch.setattr("sktl.training.compiled_network.PREDICTION_VALUES", 7 * widest)
    by_sevens = rank_sources(X, y, MagNetClassifier(**SMALL), sources)
    columns = ["source", "rank", "logme", "h_score", "probe", "probe_loo"]
    pd.testing.assert_frame_equal(by_sevens[columns], ranked[columns], rtol=1e-4)


def test_same_every_time_and_the_estimator_stays_as_it_is(sources, ranked):
    X, y = make_target()
    network = MagNetClassifier(**SMALL)
    again = rank_sources(X, y, network, sources)
    tables = (table.drop(columns="seconds") for table in (ranked, again))
    pd.testing.assert_frame_equal(*tables)
    assert network._is_fitted is False


@pytest.mark.fast_only("2-True", "1-False")
@pytest.mark.parametrize(("n_a_class", "probed"), [(4, True), (2, True), (1, False)])
def test_classes_of_few_instances(sources, n_a_class, probed):
    X, y = make_target(3 * n_a_class)
    table = rank_sources(X, y, MagNetClassifier(**SMALL), sources)
    assert np.isfinite(table[["logme", "h_score"]].to_numpy(float)).all()
    assert table["probe"].notna().all() == probed


def test_a_source_that_sees_nothing_comes_last(sources, tmp_path):
    X, y = make_target()
    blind = make_source(tmp_path / "blind", (0, 0))
    network = MagNetClassifier(**SMALL, stream_max=None)
    last = rank_sources(X, y, network, [blind, *sources]).iloc[-1]
    assert last["source"] == blind
    assert last["n_features"] == last["h_score"] == 0
    variances = np.full(3, 1 / 3 - 1 / 9)
    # Normal deviates with the columns' own spread, one instance spent on the mean.
    spread = variances * 90 / 89
    expected = -0.5 * (np.log(2 * np.pi * spread) + 1).mean()
    assert last["logme"] == pytest.approx(expected)


def test_features_are_those_of_the_scaling_that_is_asked_for(sources, tmp_path):
    X, y = make_target()
    loaded = load_source(sources[0], "MagNet")
    card = dataclasses.replace(loaded.card, preprocessing={"scaling": Standardisation.scaling})
    other = str(save_source(tmp_path / "z", card, loaded.arrays))
    scores = {
        how: rank_sources(
            X, y, MagNetClassifier(**SMALL, preprocessing=how), [sources[0], other]
        ).set_index("source")["probe_loo"]
        for how in ("own", "source")
    }
    assert scores["own"][other] == scores["own"][sources[0]] == scores["source"][sources[0]]
    # The class is the size of a channel, which z-scores of all instances keep.
    assert scores["source"][other] > scores["own"][other]


def test_one_channel_is_repeated_for_a_source_with_two(sources):
    X, y = make_target()
    network = MagNetClassifier(**SMALL)
    assert len(rank_sources(X[:, :1], y, network, sources)) == 4


def test_available_sources_and_a_broken_one(sktl_home):
    X, y = make_target(seed=6)  # no source was trained on it
    home = sktl_home / "sources" / "MagNet"
    make_source(home / "mine", (1, 0))
    make_source(home / "other", (1, 0))
    weights = next((home / "other").glob("*.safetensors"))
    weights.write_bytes(weights.read_bytes()[:-8] + b"\x01" * 8)
    table = rank_sources(X, y, MagNetClassifier(**SMALL)).set_index("source")
    assert table.loc["mine", "problem"] is None
    assert table.loc["other", "problem"]
    assert np.isnan(table.loc["other", "logme"])
    assert table["rank"]["other"] == table["rank"].max()
    with pytest.raises((ValueError, OSError)):
        rank_sources(X, y, MagNetClassifier(**SMALL), ["other"])


def test_task_follows_the_targets(sources):
    X, y = make_target()
    for target, task, score in [(y, None, 1), (y.astype(float), None, 2), (y, "regression", 2)]:
        table = rank_sources(X, target, "MagNet", [], task=task)
        expected = rank_sources(
            X, target, MagNetClassifier() if score == 1 else MagNetRegressor(), []
        )
        assert table["probe"].tolist() == expected["probe"].tolist()


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"architecture": "MagNat"}, "Did you mean 'MagNet'"),
        ({"architecture": 3}, "name or an estimator"),
        ({"by": "logm"}, "Did you mean 'logme'"),
        ({"sources": "mine"}, "list of sources, 'available'"),
        ({"sources": ["STAED"]}, "STAED"),
        ({"task": "ranking"}, "'classification', 'regression'"),
        ({"y": np.zeros(90, int)}, "two classes"),
        ({"y": np.zeros(90)}, "must be finite and vary"),
        ({"y": np.zeros(9)}, "equally long"),
        ({"X": np.full((90, 2, 64), np.nan)}, "X must be finite"),
        ({"architecture": MagNetRegressor(), "task": "classification"}, "the estimator's"),
    ],
)
def test_errors_say_what_is_wrong(params, message):
    X, y = make_target()
    with pytest.raises((TypeError, ValueError), match=message):
        rank_sources(**{"X": X, "y": y, "sources": []} | params)
