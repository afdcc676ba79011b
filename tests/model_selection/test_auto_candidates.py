"""Candidates of AutoTransfer: what they predict out of fold is what a refit would."""

import time

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LinearRegression

from sktl.model_selection import _auto_candidates as candidates
from sktl.model_selection._auto_bagged import bagged
from sktl.model_selection._auto_candidates import Problem
from sktl.model_selection._auto_folds import folds_for
from sktl.model_selection._auto_ridge import RidgeFitter, weights_by_error
from sktl.training.folds import folds_of


def make(n=24, n_classes=None):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 2, 10)).cumsum(axis=2)
    y = np.arange(n) % n_classes if n_classes else X[:, 0, -1] + 0.1 * rng.normal(size=n)
    return Problem(X, y, n_classes, folds_of(n, 4), 0)


def test_constants_are_those_of_the_training_part():
    problem = make()
    found = candidates.constant(problem)
    for train, test in problem.folds:
        np.testing.assert_array_equal(found.out_of_fold[test], np.median(problem.y[train]))
    assert found.predict(problem.X[:3], {}).tolist() == [np.median(problem.y)] * 3
    problem = make(n_classes=3)
    found = candidates.constant(problem)
    for train, test in problem.folds:
        dummy = DummyClassifier(strategy="prior").fit(problem.X[train], problem.y[train])
        np.testing.assert_allclose(found.out_of_fold[test], dummy.predict_proba(problem.X[test]))


def test_the_last_value_needs_no_fit():
    problem = make()
    found = candidates.last_value(problem)
    np.testing.assert_array_equal(found.out_of_fold, problem.X[:, 0, -1])
    assert found.name == "last value of channel 0"


@pytest.mark.parametrize("channel", [None, 0])
@pytest.mark.parametrize("n_classes", [None, 3])
def test_ridge_out_of_fold_is_near_a_fit_without_the_fold(channel, n_classes):
    if n_classes and channel is not None:
        return
    problem = make(n_classes=n_classes)
    tables = {"series": problem.X.reshape(24, -1), "amplitude": problem.X[:, :, -1]}
    kinds = {name: name for name in tables}
    fitter = RidgeFitter(problem, tables, kinds, channel)
    found = fitter.candidate("both", {"series": 1.0, "amplitude": 0.5}, channel)
    assert found.out_of_fold.shape == ((24, 3) if n_classes else (24,))
    if n_classes:
        np.testing.assert_allclose(found.out_of_fold.sum(axis=1), 1)
    else:
        assert np.mean((found.out_of_fold - problem.y) ** 2) < 0.2 * problem.y.var()
    assert found.name.endswith("relative to the last value") == (channel is not None)
    assert fitter.errors().keys() == tables.keys()
    assert fitter.weights({"sources": 1.0}) == {}


def test_relative_predictions_come_back_in_the_unit_of_the_series():
    X = make().X
    X[0, 0] = 5  # no range
    last, span = candidates.relative_scale(X, 0)
    y = np.arange(24.0)
    np.testing.assert_allclose(candidates.from_relative((y - last) / span, X, 0), y)
    np.testing.assert_array_equal(candidates.from_relative(y, X, None), y)
    assert span[0] == 1


def test_weights_follow_what_blocks_explain():
    errors = {"good": 0.1, "poor": 0.9, "useless": 1.2, "perfect": 0.0}
    weights = weights_by_error(dict.fromkeys(errors, 1.0), errors, 1.0)
    assert "useless" not in weights
    assert weights["perfect"] > weights["good"] > weights["poor"] > 0
    assert weights["good"] == pytest.approx(9)
    squared = weights_by_error(dict.fromkeys(errors, 1.0), errors, 2.0)
    assert squared["good"] == pytest.approx(81)


def test_bagged_models_are_those_of_the_folds():
    problem = make()
    tables = {"series": problem.X.reshape(24, -1)[:, :3]}
    found = bagged(
        "linear", "trees", LinearRegression, problem, tables, None, time.perf_counter() + 99
    )
    models = []
    for train, test in problem.folds:
        models.append(LinearRegression().fit(tables["series"][train], problem.y[train]))
        expected = models[-1].predict(tables["series"][test])
        np.testing.assert_allclose(found.out_of_fold[test], expected)
    mean = np.mean([m.predict(tables["series"]) for m in models], axis=0)
    np.testing.assert_allclose(found.predict(problem.X, tables), mean)


class Broken:
    def fit(self, X, y):
        raise RuntimeError("out of order")


@pytest.mark.parametrize(
    ("make_model", "left", "reason"),
    [(Broken, 99, "failed: out of order"), (LinearRegression, -1, "left out: it would have taken")],
)
def test_what_fails_or_takes_too_long_says_so(make_model, left, reason):
    problem = make()
    tables = {"series": problem.X.reshape(24, -1)}
    deadline = time.perf_counter() + left
    found = bagged("x", "trees", make_model, problem, tables, None, deadline)
    assert found.problem.startswith(reason)
    assert found.out_of_fold is None


def test_one_instance_a_class_does_not_choose_the_largest_penalty():
    for n_classes, largest in ((24, False), (3, True)):
        problem = make(n_classes=n_classes)
        assert problem.comparable == (n_classes == 3)
        noise = np.random.default_rng(1).normal(size=(24, 50))
        fitter = RidgeFitter(problem, {"noise": noise}, {"noise": "series"}, None)
        probe = fitter.candidate("noise", {"noise": 1.0}).model.probe
        assert (probe.penalty_ > 1) == largest
        nearest = probe.predict({"noise": noise}).argmax(axis=1)
        assert (nearest == problem.y).all() or largest


def test_a_class_of_one_group_does_not_hide_what_a_block_knows_of_the_others():
    # The last class is of one group.
    labels = np.array([0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 0, 3, 3, 3, 3])
    problem = Problem(np.zeros((16, 1, 4)), labels, 4, [], 0)
    problem.folds = folds_for(None, problem, np.arange(16) // 4)
    assert sorted(np.concatenate([test for _, test in problem.folds])) == list(range(12))
    known = (labels[:, None] == np.arange(4)) + np.random.default_rng(0).normal(0, 0.1, (16, 4))
    fitter = RidgeFitter(problem, {"known": known}, {"known": "series"}, None)
    candidate = fitter.candidate("known", {"known": 1.0})
    assert fitter.errors()["known"] < 0.4
    assert candidate.model.probe.penalty_ < 1
    assert np.isfinite(candidate.out_of_fold).all(axis=1).sum() == 12
