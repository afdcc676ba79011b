"""Linear probes: sktime's and scikit-learn's contracts, folds, targets of all kinds."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.linear_model import Ridge
from sklearn.metrics import log_loss
from sklearn.model_selection import (
    KFold,
    LeaveOneGroupOut,
    StratifiedKFold,
    TimeSeriesSplit,
    cross_val_score,
)
from sktime.utils.estimator_checks import check_estimator

from sktl.estimators import LinearProbeClassifier, LinearProbeRegressor, linear_probe
from sktl.training import probe_model

FEW = {"sources": ["EMG-simulated"], "architectures": ["MagNet"], "random_features": None}
# No network at all: for tests of what has nothing to do with sources.
BARE = {"sources": None, "random_features": None}
PROBES = [LinearProbeClassifier, LinearProbeRegressor]


def make_panel(n_instances=24, seed=0):
    """Waves of three frequencies, and their loudness."""
    rng = np.random.default_rng(seed)
    y = np.arange(n_instances) % 3
    waves = np.sin(np.arange(20) * (0.3 + 0.5 * y)[:, None])
    loudness = rng.uniform(-2, 2, n_instances)
    X = waves[:, None] + 0.3 * rng.normal(size=(n_instances, 3, 20))
    return X * 10 ** loudness[:, None, None], y, loudness


def targets_of(probe, y, loudness):
    return np.array(["a", "b", "c"])[y] if probe is LinearProbeClassifier else loudness


@pytest.fixture(params=PROBES, ids=lambda probe: probe.__name__)
def probe(request):
    return request.param


def test_sktimes_suite_with_one_set_of_parameters(monkeypatch):
    cls, params = LinearProbeRegressor, LinearProbeRegressor.get_test_params()[0]
    monkeypatch.setattr(cls, "get_test_params", classmethod(lambda cls, name="default": params))
    # Which ask for a second set of parameters, and for what test_docstrings.py runs.
    unlike = ["test_get_test_params_coverage", "test_doctest_examples"]
    results = check_estimator(cls, tests_to_exclude=unlike, raise_exceptions=False, verbose=False)
    assert not {name: result for name, result in results.items() if result != "PASSED"}
    assert len(results) > 50


@pytest.mark.slow
@pytest.mark.parametrize("probe", PROBES)
def test_sktimes_whole_suite(probe):
    results = check_estimator(probe, raise_exceptions=False, verbose=False)
    failed = {name: result for name, result in results.items() if result != "PASSED"}
    assert not failed
    assert len(results) > 105


def test_waves_are_told_apart_and_loudness_is_measured():
    X, y, loudness = make_panel(60)
    new, truth, louder = make_panel(60, seed=1)
    classifier = LinearProbeClassifier(**FEW).fit(X, y)
    assert np.mean(classifier.predict(new) == truth) > 0.9
    assert classifier.left_out_error_ < 0.6
    regressor = LinearProbeRegressor(**FEW).fit(X, loudness)
    assert np.mean((regressor.predict(new) - louder) ** 2) < 0.1 * louder.var()
    assert regressor.weights_["error_alone"].idxmin() == "amplitude"


def test_it_is_ridge_on_amplitudes_where_nothing_else_is_asked_for():
    X, _, loudness = make_panel()
    fitted = LinearProbeRegressor(**BARE).fit(X, loudness)
    block = fitted._blocks["amplitude"].transform(X)
    table = (block - block.mean(axis=0)) / block.std(axis=0) / np.sqrt(block.shape[1])
    y = loudness / loudness.std()
    oracle = Ridge(alpha=fitted._model.penalty_).fit(table, y)
    expected = oracle.predict(table) * loudness.std()
    np.testing.assert_allclose(fitted.predict(X), expected, rtol=1e-4, atol=1e-5)


def test_the_same_call_gives_the_same_bits_and_a_pickle_predicts_the_same(probe):
    X, y, loudness = make_panel()
    target = targets_of(probe, y, loudness)
    method = "predict_proba" if probe is LinearProbeClassifier else "predict"
    first = probe(**FEW).fit(X, target)
    expected = getattr(first, method)(X)
    copies = [
        clone(first).fit(X, target),
        pickle.loads(pickle.dumps(first)),
        first.clone().fit(X, target),
    ]
    for copy in copies:
        np.testing.assert_array_equal(getattr(copy, method)(X), expected)
        pd.testing.assert_frame_equal(copy.weights_, first.weights_)


def test_scikit_learn_knows_the_kind_and_scores_it(probe):
    X, y, loudness = make_panel(30)
    target = targets_of(probe, y, loudness)
    estimator = probe(**BARE)
    assert is_classifier(estimator) != is_regressor(estimator)
    scores = cross_val_score(estimator, X, target, cv=KFold(2, shuffle=True, random_state=0))
    assert scores.shape == (2,)
    assert np.isfinite(scores).all()


@pytest.mark.parametrize(
    "labels", [["x", "y", "z"], [1, 2, 3], [-1.5, 0.5, 7.25], [10**12, 5, -3], ["10", "9", "1"]]
)
@pytest.mark.parametrize("container", [list, np.array, pd.Series])
def test_labels_of_any_kind_come_back_as_they_were(labels, container):
    X, y, _ = make_panel()
    target = container([labels[k] for k in y])
    fitted = LinearProbeClassifier(**BARE).fit(X, target)
    assert set(fitted.predict(X)) <= set(labels)
    assert fitted.classes_.tolist() == sorted(labels)
    p = fitted.predict_proba(X)
    assert p.shape == (24, 3)
    np.testing.assert_allclose(p.sum(axis=1), 1)
    np.testing.assert_array_equal(fitted.classes_[p.argmax(axis=1)], fitted.predict(X))


def test_truth_values_are_classes():
    X, _, loudness = make_panel()
    fitted = LinearProbeClassifier(**BARE).fit(X, loudness > 0)
    assert np.mean(fitted.predict(X) == (loudness > 0)) > 0.9


def test_one_class_is_predicted_always():
    X, _, _ = make_panel(6)
    fitted = LinearProbeClassifier(**BARE).fit(X, ["only"] * 6)
    assert fitted.predict(X).tolist() == ["only"] * 6
    np.testing.assert_array_equal(fitted.predict_proba(X), 1)


def test_a_constant_number_is_predicted_always():
    X, _, _ = make_panel(6)
    fitted = LinearProbeRegressor(**BARE).fit(X, np.full(6, 0.1))
    np.testing.assert_allclose(fitted.predict(X), 0.1)


@pytest.mark.parametrize("n_instances", [2, 3, 4, 5])
def test_few_instances_are_enough(probe, n_instances):
    X, y, loudness = make_panel(n_instances)
    fitted = probe(**FEW).fit(X, targets_of(probe, y, loudness))
    new = make_panel(5, seed=1)[0]
    predicted = fitted.predict(new)
    assert predicted.shape == (5,)
    if probe is LinearProbeClassifier:
        assert np.isfinite(fitted.predict_proba(new)).all()
    else:
        assert np.isfinite(predicted).all()


@pytest.mark.parametrize("scale", [1, 1e-9, 1e9])
@pytest.mark.parametrize("offset", [0, 1e9, -1e9])
def test_unit_and_offset_of_the_target_change_nothing_else(scale, offset):
    X, _, loudness = make_panel()
    if offset:
        scale = max(scale, 1)
    reference = LinearProbeRegressor(**BARE).fit(X, loudness).predict(X)
    fitted = LinearProbeRegressor(**BARE).fit(X, scale * loudness + offset)
    np.testing.assert_allclose((fitted.predict(X) - offset) / scale, reference, atol=1e-5)


def test_several_outputs_are_those_of_single_fits_with_the_same_penalty(monkeypatch):
    X, _, loudness = make_panel()
    monkeypatch.setattr("sktl.training.probe_model.PENALTIES", np.array([0.1]))
    both = np.column_stack([loudness, 1e3 * loudness**2 + 5])
    fitted = LinearProbeRegressor(**BARE).fit(X, both)
    assert fitted.predict(X).shape == (24, 2)
    for k in range(2):
        alone = LinearProbeRegressor(**BARE).fit(X, both[:, k])
        np.testing.assert_allclose(fitted.predict(X)[:, k], alone.predict(X), rtol=1e-5)


def test_groups_are_left_out_whole():
    X, _, loudness = make_panel(20)
    groups = np.arange(20) // 4
    by_groups = LinearProbeRegressor(**BARE).fit(X, loudness, groups=groups)
    folds = list(LeaveOneGroupOut().split(X, groups=groups))
    by_splitter = LinearProbeRegressor(**BARE, cv=folds).fit(X, loudness)
    alone = LinearProbeRegressor(**BARE).fit(X, loudness)
    assert by_groups.left_out_error_ == by_splitter.left_out_error_ != alone.left_out_error_
    pd.testing.assert_frame_equal(by_groups.weights_, by_splitter.weights_)


def test_copies_in_a_group_do_not_vouch_for_each_other():
    rng = np.random.default_rng(0)
    base = 10 ** rng.normal(size=(8, 1, 1)) * rng.normal(size=(8, 3, 20))
    X, y, groups = np.repeat(base, 5, axis=0), np.repeat(rng.normal(size=8), 5), np.arange(40) // 5
    alone = LinearProbeRegressor(**BARE).fit(X, y)
    grouped = LinearProbeRegressor(**BARE).fit(X, y, groups=groups)
    assert alone.left_out_error_ < 0.6
    assert grouped.left_out_error_ > 0.9


@pytest.mark.parametrize("cv", [3, TimeSeriesSplit(3), StratifiedKFold(4), KFold(5)])
def test_splitters_leave_out_their_test_parts(probe, cv):
    X, y, loudness = make_panel()
    fitted = probe(**BARE, cv=cv).fit(X, targets_of(probe, y, loudness)
                                      if not isinstance(cv, StratifiedKFold) else y)  # fmt: skip
    assert np.isfinite(fitted.left_out_error_)
    assert np.isfinite(fitted.predict_proba(X) if probe is LinearProbeClassifier else
                       fitted.predict(X)).all()  # fmt: skip
    # One block: what it is worth alone is what the whole is.
    assert fitted.weights_["error_alone"].iloc[0] == pytest.approx(fitted.left_out_error_)


def test_classes_in_order_are_in_every_fold_of_a_number_of_folds():
    X, y, _ = make_panel(30)
    order = np.argsort(y, kind="stable")
    fitted = LinearProbeClassifier(**FEW, cv=3).fit(X[order], y[order])
    assert fitted.left_out_error_ < 0.8


def test_probabilities_are_calibrated_on_what_was_left_out():
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(200, 1))
    X = 10 ** noise[:, :, None] * rng.normal(size=(200, 1, 20))
    y = (noise[:, 0] + rng.normal(size=200) > 0).astype(int)
    fitted = LinearProbeClassifier(**BARE).fit(X[:100], y[:100])
    p = fitted.predict_proba(X[100:])
    chance = log_loss(y[100:], np.full((100, 2), 0.5))
    assert log_loss(y[100:], p) < chance
    assert abs(p.max(axis=1).mean() - np.mean(fitted.predict(X[100:]) == y[100:])) < 0.12


def test_weights_of_kinds_and_what_each_block_is_worth():
    X, y, _ = make_panel()
    fitted = LinearProbeClassifier(
        ["EMG-simulated", None], ["MagNet"], None, weights={"amplitude": 1.0}
    ).fit(X, y)
    table = fitted.weights_
    assert table.index.tolist() == ["MagNet/EMG-simulated", "MagNet/random", "amplitude"]
    np.testing.assert_allclose(table["weight"], [0.25, 0.25, 0.5])
    assert list(table) == ["weight", "n_features", "error_alone", "worth"]
    assert table["n_features"].tolist() == [584, 584, 12]
    alone = LinearProbeClassifier(**BARE).fit(X, y)
    assert table.loc["amplitude", "error_alone"] == pytest.approx(alone.left_out_error_)
    rest = LinearProbeClassifier(["EMG-simulated", None], ["MagNet"], None, False).fit(X, y)
    worth = rest.left_out_error_ / fitted.left_out_error_ - 1
    assert table.loc["amplitude", "worth"] == pytest.approx(worth, abs=1e-3)


def test_many_instances_go_through_in_parts(monkeypatch, probe):
    X, y, loudness = make_panel(120)
    target = targets_of(probe, y, loudness)
    whole = probe(**FEW).fit(X, target)
    for module in (probe_model, linear_probe):
        monkeypatch.setattr(module, "KERNEL_INSTANCES", 60)
    monkeypatch.setattr(linear_probe, "WORTH_INSTANCES", 50)
    groups = np.arange(120) // 2
    parts = probe(**FEW).fit(X, target, groups=groups)
    timed = probe(**FEW, cv=TimeSeriesSplit(3)).fit(X, target)
    for fitted in (parts, timed):
        assert fitted.left_out_error_ == pytest.approx(whole.left_out_error_, abs=0.15)
        if probe is LinearProbeRegressor:
            difference = fitted.predict(X) - whole.predict(X)
            assert np.mean(difference**2) < 0.05 * loudness.var()
        else:
            assert np.mean(fitted.predict(X) == whole.predict(X)) > 0.95


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_is_refused(probe, value):
    X, y, loudness = make_panel()
    target = targets_of(probe, y, loudness)
    holes = X.copy()
    holes[1, 2, 3] = value
    with pytest.raises(ValueError, match=r"(?i)finite|missing"):
        probe(**BARE).fit(holes, target)
    fitted = probe(**BARE).fit(X, target)
    with pytest.raises(ValueError, match=r"(?i)finite|missing"):
        fitted.predict(holes)
    wrong = np.where(np.arange(24) == 1, value, np.arange(24) % 3)
    with pytest.raises(ValueError, match=r"y must be finite.*Received"):
        probe(**BARE).fit(X, wrong)


@pytest.mark.parametrize(
    ("parameters", "groups", "message"),
    [
        ({"amplitude": False}, None, r"needs features.*Received: sources=None"),
        ({"weights": {"trees": 1}}, None, r"'sources', 'random', 'amplitude'.*'trees'"),
        ({"weights": {"amplitude": -1}}, None, r"at least 0.*Received: weights="),
        ({"weights": {"amplitude": 0}}, None, r"must have a weight"),
        ({}, [1, 2], r"each of the 24 instances.*Received: shape \(2,\)"),
        ({}, ["same"] * 24, r"two different labels.*Received: one group"),
    ],
)
def test_errors_name_what_is_allowed_and_what_was_received(probe, parameters, groups, message):
    X, y, loudness = make_panel()
    with pytest.raises(ValueError, match=f"(?s){message}"):
        probe(**BARE | parameters).fit(X, targets_of(probe, y, loudness), groups=groups)


def test_other_channels_than_those_of_the_training_series_are_refused(probe):
    X, y, loudness = make_panel()
    fitted = probe(**FEW, amplitude=False).fit(X, targets_of(probe, y, loudness))
    with pytest.raises(ValueError, match=r"3 channels.*Received: 2 channels"):
        fitted.predict(X[:, :2])
