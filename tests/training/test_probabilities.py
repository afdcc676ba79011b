"""Calibration: a proper minimum, and that of scikit-learn's logistic regression."""

import numpy as np
import pytest
from scipy.special import softmax as scipys
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from sktl.training.probabilities import fit_slope, softmax


def make(n=600, n_classes=3, steepness=4.0, seed=0):
    """Scores whose softmax, times the steepness, are the true probabilities."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(n, n_classes))
    probabilities = scipys(steepness * scores, axis=1)
    return scores, np.array([rng.choice(n_classes, p=p) for p in probabilities])


def test_softmax_is_scipys():
    scores = make(5)[0] * 100
    np.testing.assert_allclose(softmax(scores, 0.3), scipys(0.3 * scores, axis=1), rtol=1e-12)
    assert np.isfinite(softmax(np.array([[1e300, -1e300]]), 1.0)).all()


@pytest.mark.parametrize("steepness", [0.3, 1.0, 4.0, 20.0])
def test_the_true_steepness_is_found_and_the_loss_falls(steepness):
    scores, labels = make(3000, steepness=steepness)
    slope = fit_slope(scores, labels)
    assert slope == pytest.approx(steepness, rel=0.15)
    new, truth = make(3000, steepness=steepness, seed=1)
    loss = log_loss(truth, softmax(new, slope))
    assert loss <= log_loss(truth, softmax(new, 1.0)) + 1e-3
    assert loss <= log_loss(truth, softmax(new, steepness)) + 1e-2


def test_two_classes_are_those_of_logistic_regression():
    scores, labels = make(2000, 2)
    margin = scores[:, 1:] - scores[:, :1]
    oracle = LogisticRegression(C=1e6, fit_intercept=False).fit(margin, labels)
    assert fit_slope(scores, labels) == pytest.approx(float(oracle.coef_[0, 0]), rel=0.05)


def test_few_instances_that_are_separated_are_no_proof():
    labels = np.array([0, 1] * 3)
    scores = np.where(labels[:, None] == [0, 1], 1.0, -1.0)
    p = softmax(scores, fit_slope(scores, labels)).max(axis=1)
    np.testing.assert_allclose(p, 4 / 5, rtol=1e-3)  # three of a class: (3 + 1) / (3 + 2)


def test_scores_that_say_nothing_give_even_probabilities():
    scores, labels = make(400)
    p = softmax(scores, fit_slope(scores[::-1], labels))
    assert p.max() < 0.5


def test_rows_that_no_fold_left_out_are_passed_over():
    scores, labels = make(100)
    holes = scores.copy()
    holes[:40] = np.nan
    assert fit_slope(holes, labels) == fit_slope(scores[40:], labels[40:])
    assert fit_slope(np.full((5, 3), np.nan), np.arange(5) % 3) == 1.0
