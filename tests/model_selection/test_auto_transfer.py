"""AutoTransfer: what wins, why, within what time, and what happens where something fails."""

import pickle
import time

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import TimeSeriesSplit
from sktime.base import load
from sktime.utils.estimator_checks import check_estimator

from sktl.estimators import FrozenSource
from sktl.estimators.features.amplitude import AmplitudeBlock
from sktl.model_selection import (
    AutoTransferClassifier,
    AutoTransferRegressor,
    _auto_blocks,
    _auto_transfer,
)
from sktl.model_selection._auto_candidates import Problem
from sktl.model_selection._auto_folds import drawn, folds_for

FEW = {
    "sources": ["EMG-simulated"], "architectures": ["MagNet"], "preset": "fast", "time_limit": 300,
}  # fmt: skip
BARE = FEW | {"sources": None}
SEARCHES = [AutoTransferClassifier, AutoTransferRegressor]


def make_panel(n_instances=24, seed=0):
    """Waves of three frequencies, and their loudness."""
    rng = np.random.default_rng(seed)
    y = np.arange(n_instances) % 3
    waves = np.sin(np.arange(20) * (0.3 + 0.5 * y)[:, None])
    loudness = rng.uniform(-2, 2, n_instances)
    X = waves[:, None] + 0.3 * rng.normal(size=(n_instances, 3, 20))
    return X * 10 ** loudness[:, None, None], np.array(["a", "b", "c"])[y], loudness


@pytest.fixture(params=SEARCHES, ids=lambda search: search.__name__)
def search(request):
    return request.param


def target_of(search, labels, loudness):
    return labels if search is AutoTransferClassifier else loudness


@pytest.mark.slow
def test_sktimes_whole_suite(search):
    results = check_estimator(search, raise_exceptions=False, verbose=False)
    assert not {name: result for name, result in results.items() if result != "PASSED"}


def test_it_learns_and_says_what_it_did(search):
    X, labels, loudness = make_panel(45)
    new, truth, louder = make_panel(30, seed=1)
    fitted = search(**FEW).fit(X, target_of(search, labels, loudness))
    if search is AutoTransferClassifier:
        assert np.mean(fitted.predict(new) == truth) > 0.9
        p = fitted.predict_proba(new)
        np.testing.assert_allclose(p.sum(axis=1), 1)
        np.testing.assert_array_equal(fitted.classes_[p.argmax(axis=1)], fitted.predict(new))
    else:
        assert np.abs(fitted.predict(new) - louder).mean() < 0.2
    table = fitted.leaderboard_
    assert list(table) == [
        "candidate", "kind", "score", "standard_error", "weight", "seconds", "predict_seconds",
        "problem",
    ]  # fmt: skip
    by_kind = table.groupby("kind")["predict_seconds"].max()
    assert by_kind["constant"] == 0 < by_kind["ridge"] <= by_kind["average"]
    assert table["candidate"].is_unique
    assert table["score"].dropna().is_monotonic_increasing
    assert {"constant", "ridge", "average"} <= set(table["kind"])
    assert table["weight"].sum() == pytest.approx(1)
    assert table.loc[table["score"].isna(), "problem"].notna().all()
    assert fitted.decision_.startswith("The average of ")
    assert fitted.best_source_ == "MagNet/EMG-simulated"
    assert set(fitted.source_errors_.index) >= {"amplitude", "minirocket", "MagNet/EMG-simulated"}
    assert 0 < fitted.seconds_ < 300


@pytest.mark.fast_only("AutoTransferRegressor")
def test_the_same_call_gives_the_same_bits(search):
    X, labels, loudness = make_panel()
    y = target_of(search, labels, loudness)
    method = "predict_proba" if search is AutoTransferClassifier else "predict"
    first, second = (search(**FEW).fit(X, y) for _ in range(2))
    expected = getattr(first, method)(X)
    np.testing.assert_array_equal(getattr(second, method)(X), expected)
    assert first.decision_ == second.decision_
    timed = ["seconds", "predict_seconds"]
    pd.testing.assert_frame_equal(
        first.leaderboard_.drop(columns=timed), second.leaderboard_.drop(columns=timed)
    )


@pytest.mark.fast_only("AutoTransferRegressor")
def test_it_can_be_kept(search, tmp_path):
    X, labels, loudness = make_panel()
    fitted = search(**FEW).fit(X, target_of(search, labels, loudness))
    fitted.save(tmp_path / "kept")
    for again in (pickle.loads(pickle.dumps(fitted)), load(tmp_path / "kept.zip")):
        np.testing.assert_array_equal(again.predict(X), fitted.predict(X))
        assert again.decision_ == fitted.decision_


def test_the_last_value_of_a_random_walk_is_kept():
    walk = np.random.default_rng(0).normal(size=(80, 1, 31)).cumsum(axis=2) + 1000
    fitted = AutoTransferRegressor(**BARE).fit(walk[:, :, :30], walk[:, 0, 30])
    assert fitted.decision_.startswith("last value of channel 0 predicts")
    np.testing.assert_array_equal(fitted.predict(walk[:, :, 1:31]), walk[:, 0, 30])


def test_noise_is_answered_by_the_median_or_nearly():
    errors = []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        X, y = rng.normal(size=(40, 2, 20)), rng.normal(size=40)
        fitted = AutoTransferRegressor(**BARE).fit(X, y)
        new, truth = rng.normal(size=(200, 2, 20)), rng.normal(size=200)
        by_median = np.abs(truth - np.median(y)).mean()
        errors.append(np.abs(fitted.predict(new) - truth).mean() / by_median)
    assert np.mean(errors) < 1.02


def test_a_classifier_says_when_all_is_chance():
    X, y = np.tile(np.arange(20.0), (60, 2, 1)), np.arange(60) % 2
    fitted = AutoTransferClassifier(**BARE).fit(X, y)
    assert "not better than chance" in fitted.decision_


def test_on_noise_probabilities_stay_near_even():
    rng = np.random.default_rng(102)
    fitted = AutoTransferClassifier(**BARE).fit(rng.normal(size=(60, 2, 20)), np.arange(60) % 2)
    p = fitted.predict_proba(rng.normal(size=(200, 2, 20)))
    truth = np.arange(200) % 2
    assert -np.log(p[np.arange(200), truth]).mean() < 0.8  # of an even guess: 0.69


@pytest.mark.parametrize("value", [0.0, 5.0])
def test_constant_series_give_a_model(search, value):
    _, labels, loudness = make_panel(20)
    fitted = search(**FEW).fit(np.full((20, 2, 20), value), target_of(search, labels, loudness))
    assert len(set(fitted.predict(np.full((4, 2, 20), value)))) == 1


def test_one_class_and_one_number_are_predicted_always():
    X, _, _ = make_panel(8)
    assert set(AutoTransferClassifier(**BARE).fit(X, ["only"] * 8).predict(X)) == {"only"}
    fitted = AutoTransferRegressor(**BARE).fit(X, np.full(8, 0.1))
    np.testing.assert_allclose(fitted.predict(X), 0.1)


@pytest.mark.fast_only("AutoTransferRegressor")
def test_a_source_that_fails_is_a_row(search, monkeypatch):
    def fail(self, X):
        raise RuntimeError("the weights are gone")

    monkeypatch.setattr(FrozenSource, "transform", fail)
    X, labels, loudness = make_panel()
    fitted = search(**FEW).fit(X, target_of(search, labels, loudness))
    row = fitted.leaderboard_.set_index("candidate").loc["MagNet/EMG-simulated"]
    assert row["problem"] == "failed: the weights are gone"
    assert np.isnan(row["score"])
    assert fitted.best_source_ is None


def test_a_block_that_fails_is_a_row(monkeypatch):
    def fail(self, X):
        raise ValueError("no amplitude")

    monkeypatch.setattr(AmplitudeBlock, "fit", fail)
    X, labels, _ = make_panel()
    fitted = AutoTransferClassifier(**BARE).fit(X, labels)
    problems = fitted.leaderboard_.set_index("candidate")["problem"]
    assert problems["amplitude"] == "failed: no amplitude"


def test_when_the_time_is_over_there_is_a_model_and_a_reason(search):
    X, labels, loudness = make_panel()
    fitted = search(**FEW | {"time_limit": 1e-6}).fit(X, target_of(search, labels, loudness))
    table = fitted.leaderboard_
    left_out = table[table["problem"].notna()]
    assert left_out["problem"].str.startswith("left out: ").all()
    assert "MagNet/EMG-simulated" in set(left_out["candidate"])
    assert set(table.loc[table["weight"] > 0, "kind"]) == {"ridge"}
    assert np.isin(fitted.predict(X), labels).all() or search is AutoTransferRegressor


def test_architectures_too_slow_for_new_instances_are_not_tried_after_others(monkeypatch):
    monkeypatch.setattr(_auto_blocks.SourceBlock, "operations", lambda block, X: 10**12)
    X, labels, _ = make_panel()
    few = FEW | {"architectures": ["ConvNetQuakeINGV", "MagNet"]}
    fitted = AutoTransferClassifier(**few).fit(X, labels)
    problems = fitted.leaderboard_.set_index("candidate")["problem"]
    assert problems["MagNet/EMG-simulated"] == _auto_blocks.TOO_SLOW
    assert fitted.best_source_ == "ConvNetQuakeINGV/EMG-simulated"


@pytest.mark.parametrize("cv", [3, np.int64(3), TimeSeriesSplit(3)])
def test_folds_of_numbers_and_of_time(search, cv):
    X, labels, loudness = make_panel()
    fitted = search(**BARE | {"cv": cv}).fit(X, target_of(search, labels, loudness))
    assert np.isfinite(fitted.leaderboard_["score"].dropna()).all()
    assert fitted.predict(X).shape == (24,)


@pytest.mark.parametrize("cv", [12, 24])
def test_a_number_of_folds_is_obeyed(cv):
    X, labels, _ = make_panel()
    y = np.arange(24)
    problem = Problem(X, y.astype(float), None, [], 0)
    assert len(folds_for(cv, problem, None)) == cv
    classes = Problem(X, np.searchsorted(["a", "b", "c"], labels), 3, [], 0)
    assert len(folds_for(cv, classes, None)) == cv


@pytest.mark.parametrize(("cv", "groups"), [(25, None), (1, None), (5, np.arange(24) % 4)])
def test_folds_that_cannot_be_are_refused(search, cv, groups):
    X, labels, loudness = make_panel()
    most, of = (24, "instances") if groups is None else (4, "groups")
    with pytest.raises(ValueError, match=f"number of {of}, {most}. Received: cv={cv}"):
        search(**BARE | {"cv": cv}).fit(X, target_of(search, labels, loudness), groups=groups)


def test_progress_names_what_runs_and_the_best_so_far(capsys):
    X, labels, _ = make_panel()
    AutoTransferClassifier(**BARE).fit(X, labels)
    assert capsys.readouterr().err == ""
    AutoTransferClassifier(**BARE | {"verbose": True}).fit(X, labels)
    shown = capsys.readouterr().err
    assert "ridge on rocket, amplitudes" in shown
    assert "best: " in shown
    assert " of 300 s" in shown


def test_of_very_many_instances_some_are_drawn_with_a_warning(search, monkeypatch):
    monkeypatch.setattr(_auto_transfer, "KERNEL_INSTANCES", 24)
    X, labels, loudness = make_panel(60)
    labels[0] = "rare"
    y = target_of(search, labels, loudness)
    with pytest.warns(UserWarning, match="uses 24 of the 60 instances"):
        fitted = search(**BARE).fit(X, y, groups=np.arange(60) // 2)
    assert fitted.decision_.endswith("Fitted to 24 of 60 instances.")
    if search is AutoTransferClassifier:
        assert fitted.predict_proba(X).shape == (60, 4)


def test_drawn_instances_keep_their_folds_and_every_class():
    X, y = np.arange(50.0)[:, None, None] * np.ones((50, 1, 3)), np.zeros(50, int)
    y[7] = 1
    groups = np.arange(50) // 5
    problem = Problem(X, y, 2, [], 3)
    problem.folds = folds_for(None, problem, groups)
    fewer, of, _ = drawn(problem, groups, 12)
    assert len(fewer.y) == len(fewer.X) == len(of) == 12
    assert fewer.y.sum() == 1
    assert (np.diff(fewer.X[:, 0, 0]) > 0).all()
    for train, test in fewer.folds:
        assert not set(of[train]) & set(of[test])
        assert len(train) + len(test) == 12


@pytest.mark.parametrize("per_group", [1, 2, 12])
def test_groups_of_any_size_are_left_out_whole(search, per_group):
    """Even where no class has as many instances as there are folds by default."""
    X, labels, loudness = make_panel()
    groups = np.array([f"person {k}" for k in np.arange(24) // per_group])
    fitted = search(**BARE).fit(X, target_of(search, labels, loudness), groups=groups)
    assert fitted.predict(X).shape == (24,)


def test_copies_in_a_group_do_not_vouch_for_each_other():
    rng = np.random.default_rng(0)
    base = rng.normal(size=(12, 1, 20))
    X, y, groups = np.repeat(base, 4, axis=0), np.repeat(rng.normal(size=12), 4), np.arange(48) // 4
    alone = AutoTransferRegressor(**BARE).fit(X, y)
    grouped = AutoTransferRegressor(**BARE).fit(X, y, groups=groups)
    assert alone.leaderboard_["score"].min() < 0.5 * grouped.leaderboard_["score"].min()


@pytest.mark.parametrize(
    ("parameters", "more", "message"),
    [
        ({"preset": "quick"}, {}, r"'fast', 'balanced', 'best'.*Received: preset='quick'"),
        ({"time_limit": 0}, {}, r"above 0 seconds.*Received: time_limit=0"),
        ({}, {"groups": [1, 2]}, r"each of the 24 instances.*Received: shape \(2,\)"),
        ({}, {"groups": ["same"] * 24}, r"two or more.*Received: one group"),
        ({"sources": ["STAED"]}, {}, r"Received: source='STAED'"),
    ],
)
def test_errors_name_what_is_allowed_and_what_was_received(search, parameters, more, message):
    X, labels, loudness = make_panel()
    with pytest.raises(ValueError, match=f"(?s){message}"):
        search(**BARE | parameters).fit(X, target_of(search, labels, loudness), **more)


def test_what_cannot_be_read_is_refused(search):
    X, labels, loudness = make_panel()
    y = target_of(search, labels, loudness)
    holes = X.copy()
    holes[0, 0, 0] = np.inf
    with pytest.raises(ValueError, match=r"X must be finite.*Received: 1 NaN"):
        search(**BARE).fit(holes, y)
    fitted = search(**BARE).fit(X, y)
    with pytest.raises(ValueError, match=r"X must be finite.*Received: 1 NaN"):
        fitted.predict(holes)
    for other in (X[:, :2], X[:, :, :15]):
        with pytest.raises(ValueError, match=r"channels and time points of the training series"):
            fitted.predict(other)


def test_too_few_instances_are_refused_in_words(search):
    X, labels, loudness = make_panel(3)
    with pytest.raises(ValueError, match=r"At least four instances.*Received: 3"):
        search(**BARE).fit(X, target_of(search, labels, loudness))


@pytest.mark.fast_only("AutoTransferClassifier")
def test_a_source_that_was_trained_on_these_instances_is_left_out(search, tmp_path, monkeypatch):
    """It has seen the answers; a source that is named stays."""
    from sktl.estimators import MagNetClassifier, MagNetRegressor

    monkeypatch.setenv("SKTL_HOME", str(tmp_path))
    X, labels, loudness = make_panel()
    y = target_of(search, labels, loudness)
    network = MagNetClassifier if search is AutoTransferClassifier else MagNetRegressor
    network(n_epochs=1, random_state=0).fit(X, y).save_pretrained(name="mine")
    options = FEW | {"sources": "available"}
    with pytest.warns(UserWarning, match="mine left out: trained on the very data"):
        fitted = search(**options).fit(X, y)
    assert "MagNet/mine" not in fitted.source_errors_
    assert "MagNet/EMG-simulated" in fitted.source_errors_
    assert "MagNet/mine" in search(**options).fit(X[1:], y[1:]).source_errors_
    assert "MagNet/mine" in search(**FEW | {"sources": ["mine"]}).fit(X, y).source_errors_


@pytest.mark.fast_only("AutoTransferRegressor")
def test_another_sampling_rate_is_told(search):
    X, labels, loudness = make_panel()
    y = target_of(search, labels, loudness)
    with pytest.warns(UserWarning, match=r"trained at 200 Hz.*resample\(X, 50, 200\)"):
        search(**FEW | {"sampling_rate": 50}).fit(X, y)
    with pytest.raises(ValueError, match="sampling_rate must"):
        search(**BARE | {"sampling_rate": -1}).fit(X, y)


def test_several_outputs_are_fitted_one_by_one_but_not_with_groups():
    X, _, loudness = make_panel()
    y = np.column_stack([loudness, -3 * loudness])
    both = np.asarray(AutoTransferRegressor(**BARE).fit(X, y).predict(X))
    alone = AutoTransferRegressor(**BARE).fit(X, loudness).predict(X)
    np.testing.assert_allclose(both[:, 0], alone)
    with pytest.raises(ValueError, match=r"one column.*Received: y of shape \(24, 2\)"):
        AutoTransferRegressor(**BARE).fit(X, y, groups=np.arange(24))


@pytest.mark.fast_only("AutoTransferRegressor")
def test_what_is_compared_on_few_instances_is_fitted_to_all(search, monkeypatch):
    import pickle

    monkeypatch.setattr("sktl.model_selection._auto_transfer.COMPARED_INSTANCES", 24)
    X, labels, loudness = make_panel(45)
    y = target_of(search, labels, loudness)
    fitted = search(**FEW).fit(X, y)
    assert fitted._standardised
    for name, block in fitted._standardised.items():
        table = fitted._blocks[name].transform(X)
        np.testing.assert_allclose(block.center, table.mean(axis=0)[block.used], rtol=1e-4)
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.predict(X), fitted.predict(X))
    new, truth, louder = make_panel(30, seed=1)
    if search is AutoTransferClassifier:
        assert np.mean(fitted.predict(new) == truth) > 0.9
    else:
        assert np.abs(fitted.predict(new) - louder).mean() < 0.5 * np.abs(louder).mean()


def test_forests_stay_on_the_compared_instances_where_the_time_does_not_suffice(monkeypatch):
    monkeypatch.setattr(_auto_transfer, "COMPARED_INSTANCES", 24)
    X, labels, _ = make_panel(60)
    options = {"preset": "balanced", "sources": None}
    whole = AutoTransferClassifier(**options).fit(X, labels)
    assert "Fitted to" not in whole.decision_
    monkeypatch.setattr(_auto_transfer, "MORE_THAN_FOLDS", 1e9)
    fitted = AutoTransferClassifier(**options).fit(X, labels)
    assert fitted.decision_.endswith(
        "Fitted to 24 of 60 instances, as the time did not suffice: trees on intervals; "
        "trees on catch22."
    )
    for one, other in zip(whole._members, fitted._members, strict=True):
        assert one.name == other.name
        if one.kind == "trees":
            assert len(one.model.models) == 1 < len(other.model.models)
    assert np.mean(fitted.predict(X) == labels) > 0.9


@pytest.mark.parametrize(("affordable", "kept"), [(5, 4), (3, 2), (0, None)])
def test_the_largest_form_of_a_block_for_which_there_is_time_is_kept(affordable, kept, monkeypatch):
    class Form:
        name = "multirocket"

        def __init__(self, size):
            self.size = size

        def fit(self, X):
            return self

        def transform(self, X):
            return np.zeros((len(X), self.size))

    monkeypatch.setattr(
        _auto_blocks, "_seconds_per_instance", lambda form, X: 1e9 * (form.size > affordable)
    )
    collected = _auto_blocks.Collected()
    problem = Problem(np.zeros((12, 1, 5)), np.zeros(12), None, [], 0)
    forms = [Form(4), Form(2), Form(1)]
    deadline = time.perf_counter() + 60
    _auto_blocks._try_slow(collected, forms, problem, 0.5, deadline, lambda name: None)
    if kept is None:
        assert [one.problem for one in collected.problems] == [
            "left out: it would have taken 12000000000 s"
        ]
    else:
        assert collected.tables["multirocket"].shape == (12, kept)
        assert not collected.problems


def test_measured_times_do_not_choose_sources(monkeypatch):
    X, labels, _ = make_panel()
    sources = {"sources": ["EMG-simulated", "STEAD-simulated"], "architectures": ["MagNet", "TCN"]}
    used = []
    for seconds in (0.0, 1.0):
        monkeypatch.setattr(_auto_blocks, "_seconds_per_instance", lambda block, X, s=seconds: s)
        fitted = AutoTransferClassifier("fast", time_limit=1e4, **sources).fit(X, labels)
        used.append((sorted(fitted.source_errors_.index), fitted.predict_proba(X)))
    assert used[0][0] == used[1][0]
    np.testing.assert_array_equal(used[0][1], used[1][1])


@pytest.mark.parametrize(
    ("y", "kept"), [([0, 0, 0, 1, 1, 1], ["best", "good"]), (range(6), ["cheap", "good"])]
)
def test_sources_have_a_time_of_their_own_for_new_instances(y, kept):
    """The best first, or where no error can be known those that cost least."""

    class Form:
        def __init__(self, name):
            self.name = name

    X, y = np.zeros((6, 1, 5)), np.array(y)
    problem = Problem(X, y, 6, folds_for(3, Problem(X, y, 6, [], 0), None), 0)
    preset = _auto_blocks.Preset(60.0, True, 0.03, 0)
    collected = _auto_blocks.Collected(seconds={"multirocket": 9.0})
    tried = [
        _auto_blocks._Tried(Form(name), X[:, 0], 0.0, nominal, error)
        for name, nominal, error in (
            ("cheap", 0.011, 0.9), ("good", 0.012, 0.5), ("best", 0.015, 0.2),
        )
    ]  # fmt: skip
    deadline = time.perf_counter() + 60
    _auto_blocks._extend(collected, tried, problem, preset, deadline, lambda name: None)
    assert sorted(collected.blocks) == kept
    assert [one.problem for one in collected.problems] == [_auto_blocks.TOO_SLOW]


def test_minirocket_is_not_called_left_out_where_it_stands_for_multirocket(monkeypatch):
    # Measured seconds may be zero.
    monkeypatch.setattr(_auto_blocks, "STRONGEST_SHARE", -1.0)
    monkeypatch.setattr(_auto_blocks, "SLOW_SHARE", -1.0)
    X, labels, _ = make_panel()
    fitted = AutoTransferClassifier("balanced", sources=None).fit(X, labels)
    left_out = fitted.leaderboard_.set_index("candidate")["problem"].dropna()
    assert {"multirocket", "hydra", "catch22"} <= set(left_out.index)
    assert "minirocket" not in left_out.index
    assert "minirocket" in fitted.source_errors_


def tones(n_instances, n_timepoints):
    """Rising and falling tones that begin at any time: where order matters, not time."""
    rng = np.random.default_rng(0)
    rises = rng.permutation(np.arange(n_instances) % 2)
    X = 0.1 * rng.normal(size=(n_instances, 1, n_timepoints))
    length = n_timepoints // 2
    for x, up in zip(X, rises, strict=True):
        tone = np.sin(np.cumsum(np.linspace(0.2, 2.0, length)[:: 1 if up else -1]))
        start = rng.integers(n_timepoints - length)
        x[0, start : start + length] += tone
    return X, rises


def test_what_comes_first_is_told_by_spectrograms():
    X, rises = tones(30, 256)
    fitted = AutoTransferClassifier(**BARE).fit(X, rises)
    errors = fitted.source_errors_
    assert errors["spectrogram, aligned"] < 0.1 * errors["spectrum"]
    assert "spectrogram, amplitudes" in set(fitted.leaderboard_["candidate"])
    short = AutoTransferClassifier(**BARE).fit(*tones(30, 31))
    assert not [name for name in short.source_errors_.index if "spectrogram" in name]
    assert not short.leaderboard_["problem"].dropna().str.contains("spectrogram").any()


def test_the_end_tells_a_number_that_the_largest_wave_hides():
    rng = np.random.default_rng(0)
    y = rng.uniform(-1, 1, 40)
    X = rng.normal(size=(40, 1, 128))
    X[:, :, :64] *= 100 * 10 ** rng.uniform(-1, 1, 40)[:, None, None]
    X[:, :, 64:] *= 10 ** y[:, None, None]
    errors = AutoTransferRegressor(**BARE).fit(X, y).source_errors_
    assert errors["end amplitudes"] < 0.1 < 0.9 < errors["amplitude"]
