"""The search gives what single fits give, keeps scratch unless transfer wins, and says so."""

import copy
import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.metrics import make_scorer, mean_absolute_error
from sklearn.model_selection import GridSearchCV, KFold, ShuffleSplit, cross_val_score
from sktime.utils.estimator_checks import check_estimator

from sktl.estimators import MagNetClassifier, MagNetRegressor
from sktl.estimators.preparation import prepare
from sktl.model_selection import (
    OMEGA_GRID,
    OmegaSearch,
    OmegaSearchClassifier,
    OmegaSearchRegressor,
    _candidates,
    rank_sources,
)
from sktl.sources import SimulatedSourceWarning, expand_sources, find_card, published
from sktl.training.preprocessing import Preprocessing, Standardisation
from sktl.training.randomness import random_streams, validation_split

from ..conftest import CLASSIFIER_FAST, REGRESSOR_FAST
from .conftest import SMALL, make_panel


def same_weights(one, other):
    return one._weights.keys() == other._weights.keys() and all(
        np.array_equal(values, other._weights[path]) for path, values in one._weights.items()
    )


def predictions(estimator, X):
    return estimator.predict_proba(X) if is_classifier(estimator) else estimator.predict(X)


def test_the_grid_is_the_published_one():
    assert OMEGA_GRID == (0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0)


@pytest.mark.fast_only("MagNetClassifier-3")
@pytest.mark.parametrize(
    ("network", "n_channels"),
    [
        (MagNetClassifier, 3),
        (MagNetRegressor, 1),
        pytest.param(MagNetClassifier, 1, marks=pytest.mark.slow),
        pytest.param(MagNetRegressor, 3, marks=pytest.mark.slow),
    ],
    indirect=["network"],
)
def test_every_candidate_is_what_a_single_fit_gives(network, source, n_channels):
    X, y = make_panel(n_channels=n_channels)
    search = OmegaSearch(network, omegas=(0.1, 1.0), sources=[source]).fit(X, y)
    table = search.cv_results_
    pairs = [(None, 1.0), (source, 0.1), (source, 1.0)]
    assert list(zip(table["source"], table["omega"], strict=True)) == pairs
    for number, (path, omega) in enumerate(pairs):
        single = network.clone().set_params(source=path, omega=omega).fit(X, y)
        assert search.curves_.loc[number, 0].equals(single.history_)
        assert table["best_epoch"][number] == single.best_epoch_
        assert table["n_epochs"][number] == single.history_.index[-1]
        at_best = single.history_.loc[single.best_epoch_]
        assert table["val_score"][number] == at_best["val_score"]
        # MagNet has no penalty on its kernels.
        assert table["val_loss"][number] == at_best["val_loss"]
        if number == search.best_index_:
            assert same_weights(single, search.best_estimator_)
            assert np.array_equal(predictions(single, X), predictions(search, X))
            assert search.best_estimator_.get_params() == single.get_params()
            assert search.best_estimator_._facts.data_sha256 == single._facts.data_sha256
    assert search.best_params_ == table["params"][search.best_index_]
    assert search.best_score_ == table["mean_test_score"][search.best_index_]


@pytest.mark.fast_only("MagNetRegressor")
def test_given_validation_data_decides(network, source, panel):
    X, y = panel
    held_out = make_panel(12, seed=9)
    search = OmegaSearch(network, omegas=(0.5,), sources=[source])
    search.fit(X, y, validation_data=held_out)
    single = network.clone().set_params(**search.best_params_).fit(X, y, validation_data=held_out)
    assert same_weights(single, search.best_estimator_)
    search.set_params(estimator__validation_size=None).fit(X, y, validation_data=held_out)
    with pytest.raises(ValueError, match="needs the estimator's inner split"):
        search.fit(X, y)


def test_penalty_is_not_compared(source, panel):
    from sktl.estimators import ConvNetQuakeINGVRegressor

    X, y = panel
    params = {"n_layers": 2, "filters": 3, "n_epochs": 3, "batch_size": 8, "random_state": 0}
    network = ConvNetQuakeINGVRegressor(**params, l2=5.0)
    search = OmegaSearch(network, sources=[None]).fit(X, y, validation_data=(X, y))
    fitted = search.best_estimator_
    loss = np.mean(((fitted.predict(X) - y) / y.std()) ** 2)
    assert search.cv_results_["val_loss"][0] == pytest.approx(loss, rel=1e-5)
    assert fitted.history_["val_loss"].min() > loss + 1


def test_same_seed_for_all_when_none_is_given(source, panel):
    X, y = panel
    network = MagNetRegressor(**SMALL | {"random_state": None, "n_epochs": 1})
    search = OmegaSearch(network, omegas=(1.0,), sources=[source]).fit(X, y)
    seed = search.best_estimator_.random_state
    again = search.clone().set_params(estimator__random_state=seed).fit(X, y)
    assert again.curves_.equals(search.curves_)
    assert not search.clone().fit(X, y).curves_.equals(search.curves_)
    drawn = network.clone().set_params(random_state=np.random.RandomState(5), **search.best_params_)
    search.set_params(estimator__random_state=np.random.RandomState(5)).fit(X, y)
    drawn.set_params(**search.best_params_)
    assert drawn.fit(X, y).history_.equals(search.best_estimator_.history_)


def test_scratch_is_kept_unless_transfer_wins(source, useless, panel):
    X, y = panel
    network = MagNetClassifier(**SMALL | {"n_epochs": 12})
    harmful = OmegaSearch(network, omegas=(1.0,), sources=[useless]).fit(X, y)
    assert harmful.decision_["kept"] == "scratch"
    assert harmful.decision_["gain"] < 0
    assert harmful.best_params_ == {"source": None, "omega": 1.0}
    assert harmful.best_estimator_.source_ is None

    helpful = OmegaSearch(network, omegas=(1.0,), sources=[useless, source], margin=0.0).fit(X, y)
    decision = helpful.decision_
    assert decision["kept"] == "transfer"
    assert helpful.best_params_["source"] == source
    losses = helpful.cv_results_["val_loss"]
    assert decision["scratch"] == losses[0]
    assert decision["transfer"] == losses[1:].min()
    assert decision["gain"] == pytest.approx(1 - losses[1:].min() / losses[0])
    assert decision["n_transfers"] == 2

    cautious = helpful.clone().set_params(margin=decision["gain"] + 1e-6).fit(X, y)
    assert cautious.decision_["kept"] == "scratch"
    unguarded = harmful.clone().set_params(include_scratch=False).fit(X, y)
    assert unguarded.decision_["kept"] == "transfer"
    assert unguarded.best_params_["source"] == useless
    assert np.isnan(unguarded.decision_["scratch"])


def test_noise_is_one_standard_error_of_the_difference(source, panel):
    from sklearn.metrics import log_loss

    X, y = panel
    held_out = (X[::3], y[::3])
    network = MagNetClassifier(**SMALL)
    search = OmegaSearch(network, omegas=(1.0,), sources=[source]).fit(
        X, y, validation_data=held_out
    )
    fits = [
        network.clone().set_params(source=name).fit(X, y, validation_data=held_out)
        for name in (None, source)
    ]
    labels = list(fits[0].classes_)
    losses = [
        [
            log_loss([label], [probabilities], labels=labels)
            for label, probabilities in zip(held_out[1], f.predict_proba(held_out[0]), strict=True)
        ]
        for f in fits
    ]
    decision = search.decision_
    difference = np.subtract(*losses)
    noise = difference.std(ddof=1) / np.sqrt(len(difference))
    assert decision["noise"] == pytest.approx(noise, rel=1e-4)
    assert decision["margin"] == pytest.approx(noise / decision["scratch"], rel=1e-4)
    wins = decision["scratch"] - decision["transfer"] > decision["noise"]
    assert decision["kept"] == ("transfer" if wins else "scratch")
    shares = [np.mean(y == label) for label in labels]
    prior = log_loss(held_out[1], [shares] * len(held_out[1]), labels=labels)
    assert decision["chance"] == pytest.approx(prior, rel=1e-4)


@pytest.mark.parametrize("scoring", ["val_loss", "val_score"])
def test_says_when_everything_is_at_chance(source, panel, scoring):
    X, y = panel
    network = MagNetClassifier(**SMALL | {"n_epochs": 8})
    drawn = np.random.default_rng(0).permutation(y)
    search = OmegaSearch(network, omegas=(1.0,), sources=[source], scoring=scoring)
    with pytest.warns(UserWarning, match="No candidate is beyond chance"):
        search.fit(np.random.default_rng(1).normal(size=X.shape), drawn)
    assert search.decision_["at_chance"]


def test_groups_reach_the_splitter(source, panel):
    from sklearn.model_selection import GroupKFold

    X, y = panel
    groups = np.arange(len(y)) // 4
    seen = []

    class Watching(GroupKFold):
        def split(self, X, y=None, groups=None):
            seen.append(groups)
            return super().split(X, y, groups)

    network = MagNetClassifier(**SMALL | {"n_epochs": 1})
    search = OmegaSearch(network, omegas=(1.0,), sources=[source], selection=Watching(2))
    search.fit(X, y, groups=groups)
    assert np.array_equal(seen[0], groups)
    with pytest.raises(ValueError, match="groups need selection=GroupKFold"):
        OmegaSearch(network, sources=[source]).fit(X, y, groups=groups)


def test_scores_where_greater_is_better(source, panel):
    X, y = panel
    network = MagNetClassifier(**SMALL | {"n_epochs": 8})
    search = OmegaSearch(network, omegas=(0.1, 2.0), sources=[source], scoring="val_score")
    table = search.fit(X, y).cv_results_
    assert table["mean_test_score"].equals(table["val_score"])
    assert search.best_score_ == table["val_score"].max()
    regression = OmegaSearch(MagNetRegressor(**SMALL), sources=[None], scoring="val_score")
    assert regression.fit(X, y).best_score_ == -regression.cv_results_["val_score"][0]


def test_cross_validation_equals_grid_search_of_scikit_learn(source, panel):
    X, y = panel
    network = MagNetRegressor(**SMALL)
    folds = KFold(2, shuffle=True, random_state=0)
    ours = OmegaSearch(
        network,
        omegas=(0.1, 2.0),
        sources=[source],
        include_scratch=False,
        selection=folds,
        scoring="val_score",
    ).fit(X, y)
    theirs = GridSearchCV(
        network.clone().set_params(source=source),
        {"omega": [0.1, 2.0]},
        cv=folds,
        scoring=make_scorer(mean_absolute_error, greater_is_better=False),
    ).fit(X, y.astype(float))
    for name in ("mean_test_score", "std_test_score", "rank_test_score"):
        np.testing.assert_allclose(ours.cv_results_[name], theirs.cv_results_[name], rtol=1e-12)
    assert ours.best_index_ == theirs.best_index_
    assert same_weights(ours.best_estimator_, theirs.best_estimator_)
    assert set(ours.curves_.index.get_level_values("fold")) == {0, 1}


def test_cross_validated_loss_is_that_of_the_fold(source, panel):
    X, y = panel
    labels = np.array(["a", "b", "c"])[y]
    ((training, fold),) = splits = list(ShuffleSplit(1, random_state=1).split(X))
    search = OmegaSearch(
        MagNetClassifier(**SMALL), omegas=(0.5,), sources=[source], selection=splits
    ).fit(X, labels)
    single = MagNetClassifier(**SMALL, source=source, omega=0.5).fit(X[training], labels[training])
    probabilities = single.predict_proba(X[fold])[np.arange(len(fold)), y[fold]]
    assert search.cv_results_["val_loss"][1] == pytest.approx(-np.log(probabilities).mean(), 1e-5)


@REGRESSOR_FAST
def test_refit_trains_on_everything(network, source, panel):
    X, y = panel
    search = OmegaSearch(network, omegas=(0.5,), sources=[source], refit=True).fit(X, y)
    final = search.best_estimator_
    assert final._facts.n_instances == len(y)
    assert final.history_.index[-1] == search.cv_results_["best_epoch"][search.best_index_]
    assert "val_loss" not in final.history_
    held_out = make_panel(12, seed=9)
    search.fit(X, y, validation_data=held_out)
    assert search.best_estimator_._facts.n_instances == len(y) + 12
    search.set_params(selection=2).fit(X, y)
    states = search.curves_.loc[search.best_index_]
    assert search.best_estimator_._facts.n_instances == len(y)
    assert search.best_estimator_.history_.index[-1] <= states.index.get_level_values("epoch").max()


def test_a_diverging_candidate_is_a_loser_not_an_end(tmp_path, panel):
    X, y = panel
    donor = MagNetRegressor(**SMALL | {"n_epochs": 1}).fit(X, y)
    donor._weights = {path: np.full_like(v, 1e38) for path, v in donor._weights.items()}
    endless = donor.save_pretrained(tmp_path / "endless")
    search = OmegaSearch(donor, omegas=(1.0,), sources=[endless]).fit(X, y)
    table = search.cv_results_
    assert "diverged" in table["error"][1]
    assert np.isnan(table["mean_test_score"][1])
    assert table["rank_test_score"].tolist() == [1, 2]
    assert search.decision_["kept"] == "scratch"
    with pytest.raises(FloatingPointError, match="No candidate could be trained"):
        search.set_params(include_scratch=False).fit(X, y)


def in_threads(monkeypatch):
    """Let threads stand for processes: what is sent and what comes back has been a pickle."""
    alone = _candidates._advance_alone

    def sent(*arguments):
        return pickle.loads(pickle.dumps(alone(*pickle.loads(pickle.dumps(arguments)))))

    monkeypatch.setattr(_candidates, "_advance_alone", sent)


@pytest.mark.parametrize("backend", ["threading", pytest.param("loky", marks=pytest.mark.slow)])
def test_workers_give_what_one_process_gives(source, panel, backend, monkeypatch):
    X, y = panel
    search = OmegaSearch(MagNetClassifier(**SMALL), omegas=(0.1, 1.0), sources=[source]).fit(X, y)
    if backend == "threading":
        in_threads(monkeypatch)
    with parallel_config(backend):
        parallel = search.clone().set_params(n_jobs=2).fit(X, y)
    # A worker has one thread; sums of convolutions then differ in the last bit.
    np.testing.assert_allclose(parallel.curves_, search.curves_, rtol=1e-5)
    assert parallel.best_params_ == search.best_params_
    np.testing.assert_allclose(parallel.predict_proba(X), search.predict_proba(X), rtol=1e-4)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"sources": None}, "nothing to transfer"),
        ({"sources": "STEAD"}, "must be a list of sources.*Received: sources='STEAD'"),
        ({"sources": []}, "at least one source"),
        ({"sources": ["STAED"]}, "STAED"),
        ({"omegas": 0.5}, "sequence of numbers"),
        ({"omegas": (-1.0,), "sources": ["x"]}, r"omega must be a number in \[0, inf\)"),
        ({"selection": "test"}, "'validation'.*Received: selection='test'"),
        ({"scoring": "val_los"}, "Did you mean 'val_loss'"),
        ({"search": "random"}, "'grid', 'race'"),
        ({"margin": -0.1}, "margin must be at least 0"),
        ({"race_factor": 1}, "race_factor must be above 1"),
        ({"n_sources": 0}, "n_sources must be a whole number of at least 1"),
        ({"race_epochs": 0.5}, "race_epochs must be a whole number"),
        ({"estimator": MagNetRegressor()}, "must be a classifier"),
    ],
)
def test_errors_say_what_is_wrong(params, message, panel):
    X, y = panel
    search = OmegaSearchClassifier(MagNetClassifier(**SMALL), sources=[None])
    with pytest.raises((TypeError, ValueError), match=message):
        search.set_params(**params).fit(X, y)


def test_one_name_makes_the_class_that_fits(network):
    search = OmegaSearch(network)
    assert isinstance(search, OmegaSearch)
    expected = OmegaSearchClassifier if is_classifier(network) else OmegaSearchRegressor
    assert type(search) is type(clone(search)) is type(copy.deepcopy(search)) is expected
    assert is_classifier(search) == is_classifier(network)
    assert is_regressor(search) == is_regressor(network)
    with pytest.raises(TypeError, match="must be a classifier or regressor"):
        OmegaSearch("MagNet")


@REGRESSOR_FAST
def test_tools_of_scikit_learn_take_it(network, source, panel):
    X, y = panel
    network.set_params(n_epochs=1)
    search = OmegaSearch(network, omegas=(0.5,), sources=[source])
    assert len(cross_val_score(search, X, y.astype(float), cv=2)) == 2
    outer = GridSearchCV(search, {"margin": [0.5]}, cv=2).fit(X, y.astype(float))
    fitted = outer.best_estimator_
    assert fitted.margin == 0.5
    assert np.array_equal(
        predictions(pickle.loads(pickle.dumps(fitted)), X), predictions(fitted, X)
    )


@pytest.mark.slow
@CLASSIFIER_FAST
def test_available_sources_are_tried(network, panel, sktl_home):
    X, y = panel
    network.clone().fit(*make_panel(12, seed=9)).save_pretrained(name="mine")
    with pytest.warns(UserWarning, match="EMG.* left out"):  # bundled, of the published size
        search = OmegaSearch(network, omegas=(1.0,), sources="available").fit(X, y)
    assert search.cv_results_["source"].tolist() == [None, "mine"]
    # It was trained on the very X and y, whatever its inner split: it has seen the answers.
    search.save_pretrained(name="leak")
    assert expand_sources("available", "MagNet")[:2] == ["leak", "mine"]
    search.set_params(estimator__random_state=1)
    with pytest.warns(UserWarning, match="leak left out: trained on the very data"):
        assert search.fit(X, y).cv_results_["source"].tolist() == [None, "mine"]
    with pytest.warns(UserWarning, match="leak left out: trained on the very data"):
        assert "leak" not in rank_sources(X, y, network)["source"].tolist()
    assert "leak" in rank_sources(X, y, network, ["leak"])["source"].tolist()


def test_a_source_of_the_other_kind_that_saw_the_answers_is_left_out(panel, sktl_home):
    X, y = panel
    MagNetRegressor(**SMALL | {"n_epochs": 1}).fit(X, y).save_pretrained(name="numbers")
    network = MagNetClassifier(**SMALL | {"n_epochs": 1})
    search = OmegaSearch(network, omegas=(1.0,), sources="available")
    with pytest.warns(UserWarning, match="numbers left out: trained on the very data"):
        assert "numbers" not in search.fit(X, y).cv_results_["source"].tolist()


@pytest.mark.fast_only("validation")
@pytest.mark.parametrize("selection", ["validation", 2])
def test_only_the_best_ranked_sources_are_tried(source, useless, panel, selection, monkeypatch):
    X, y = panel
    ranked, prepared = [], []

    def spy(X, y, *args, **kwargs):
        ranked.append((X, y, args, kwargs))
        return rank_sources(X, y, *args, **kwargs)

    def counted(*args, **kwargs):
        prepared.append(kwargs["form"][0])
        return prepare(*args, **kwargs)

    monkeypatch.setattr("sktl.model_selection._search_inputs.rank_sources", spy)
    monkeypatch.setattr("sktl.model_selection._search_inputs.prepare", counted)
    network = MagNetClassifier(**SMALL | {"n_epochs": 1})
    search = OmegaSearch(network, (0.5,), [useless, source], selection=selection, n_sources=1)
    assert search.fit(X, y).cv_results_["source"].tolist() == [None, source]
    assert search.ranking_["source"].tolist() == [source, None, useless]
    # Once, for the ranking and all candidates; with folds once each.
    assert prepared == [1] * (1 if selection == "validation" else 2)
    ((X_ranked, y_ranked, (_, names), by),) = ranked
    # Of the inner split what the network trains on.
    rows = validation_split(len(y), 0.15, y, random_streams(3)["split"])[0]
    rows = rows if selection == "validation" else slice(None)
    assert np.array_equal(X_ranked, X[rows])
    assert np.array_equal(y_ranked, y[rows])
    assert names == [useless, source]
    assert by == {"by": "probe_loo", "random_state": 3, "groups": None}
    short = [one[:, : 24 - number % 2] for number, one in enumerate(X)]
    with pytest.raises(ValueError, match="equal length: n_sources ranks sources"):
        search.fit(short, y)


def test_sources_of_one_scaling_share_prepared_data(source, panel, tmp_path, monkeypatch):
    X, y = panel
    network = MagNetClassifier(**SMALL | {"n_epochs": 1, "preprocessing": "source"})
    fitted = network.clone().fit(X, y)
    z_scores = {"scaling": Standardisation.scaling}
    other = str(fitted.save_pretrained(tmp_path / "z", preprocessing=z_scores))
    prepared = []

    def counted(*args, **kwargs):
        prepared.append(kwargs["form"][1])
        return prepare(*args, **kwargs)

    monkeypatch.setattr("sktl.model_selection._search_inputs.prepare", counted)
    search = OmegaSearch(network, (0.5,), [source, other]).fit(X, y)
    assert prepared == [Preprocessing, Standardisation]  # scratch and the first share theirs
    alone = network.clone().set_params(source=other, omega=0.5).fit(X, y)
    pd.testing.assert_frame_equal(search.curves_.loc[2, 0], alone.history_, check_names=False)


def test_what_stood_in_for_a_failed_download_is_named_and_told_once(panel, monkeypatch, recwarn):
    X, y = panel
    entry = replace(published.PUBLISHED[0], url="http://127.0.0.1:9/weights.h5")
    assert entry.card.name == "STEAD"
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(published, "PUBLISHED", (entry,))
    tries = []
    download = type(entry)._download
    monkeypatch.setattr(type(entry), "_download", lambda self: tries.append(1) or download(self))
    network = MagNetClassifier(lstm_units=2, n_epochs=1, random_state=0)
    search = OmegaSearch(network, omegas=(0.5, 1.0), sources=["STEAD"], include_scratch=False)
    search.fit(X, y)
    assert len(tries) == 1
    assert len([w for w in recwarn if w.category is SimulatedSourceWarning]) == 1
    assert set(search.cv_results_["source"]) == {"STEAD-simulated"}
    assert search.best_params_["source"] == "STEAD-simulated"
    fitted = network.set_params(source="STEAD").fit(X, y)
    for one in (search.best_estimator_, fitted):
        assert (one.source_.name, one.source_.simulated) == ("STEAD-simulated", True)
    assert find_card(fitted.save_pretrained(name="mine"), "MagNet").parameters["source"] == (
        "STEAD-simulated"
    )


@pytest.mark.slow
@pytest.mark.parametrize("cls", [OmegaSearchClassifier, OmegaSearchRegressor])
def test_sktimes_whole_suite(cls, source, monkeypatch):
    kind = MagNetClassifier if cls is OmegaSearchClassifier else MagNetRegressor
    network = kind(**SMALL | {"n_epochs": 1})
    both = {"estimator": network, "sources": [source], "omegas": (0.5,)}
    params = [both, both | {"selection": 2, "search": "race", "race_epochs": 1}]
    assert len(cls.get_test_params()) == 2
    monkeypatch.setattr(cls, "get_test_params", classmethod(lambda cls, name="default": params))
    results = check_estimator(cls, raise_exceptions=False, verbose=False)
    failed = {name: result for name, result in results.items() if result != "PASSED"}
    assert not failed
    assert len(results) > (200 if cls is OmegaSearchClassifier else 105)
