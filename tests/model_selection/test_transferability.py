"""LogME against the evidence of a Gaussian process, the H-score against regressions."""

import numpy as np
import pytest
from scipy.linalg import helmert
from scipy.optimize import minimize
from scipy.stats import multivariate_normal
from sklearn.covariance import LedoitWolf
from sklearn.linear_model import LinearRegression

from sktl.model_selection import h_score, logme


def largest_evidence(features, y):
    """Maximise the density of y over both precisions, with the weights integrated out."""

    def negative(precisions):
        alpha, beta = np.exp(precisions)
        covariance = features @ features.T / alpha + np.eye(len(y)) / beta
        return -multivariate_normal(np.zeros(len(y)), covariance).logpdf(y)

    options = {"xatol": 1e-7, "fatol": 1e-9, "maxiter": 4000}
    found = minimize(negative, [0.0, 0.0], method="Nelder-Mead", options=options)
    return -found.fun / len(y)


@pytest.fixture
def features():
    return np.random.default_rng(1).normal(size=(40, 4)) * [3, 1, 1, 0.2]


def explained(features, noise=0.7):
    rng = np.random.default_rng(2)
    return features @ rng.normal(size=features.shape[1]) + noise * rng.normal(size=len(features))


@pytest.mark.parametrize("n_features", [1, 4, 30, 60])
def test_logme_is_the_largest_evidence(n_features):
    features = np.random.default_rng(0).normal(size=(40, n_features))
    y = explained(features)
    assert logme(features, y) == pytest.approx(largest_evidence(features, y), abs=1e-5)


def test_logme_with_an_intercept_is_the_restricted_evidence(features):
    y = explained(features) + 100
    contrasts = helmert(len(y))
    expected = largest_evidence(contrasts @ features, contrasts @ y)
    assert logme(features, y, intercept=True) == pytest.approx(expected, abs=1e-5)
    assert logme(features + 50, y - 7, intercept=True) == pytest.approx(expected, abs=1e-5)
    assert logme(features, y) < expected


def test_logme_of_columns_is_their_mean(features):
    y = np.column_stack([explained(features), explained(features, noise=5.0)])
    assert logme(features, y) == pytest.approx(np.mean([logme(features, y[:, k]) for k in (0, 1)]))
    assert logme(features, y[:, 0]) > logme(features, y[:, 1])


def test_logme_ignores_how_features_are_scaled_and_turned(features):
    y = explained(features)
    turn, _ = np.linalg.qr(np.random.default_rng(3).normal(size=(4, 4)))
    assert logme(1e3 * features @ turn, y) == pytest.approx(logme(features, y), abs=1e-6)


def test_logme_at_its_limits(features):
    y = explained(features)
    assert logme(features, features[:, 0] * 2) == np.inf
    alone = multivariate_normal(np.zeros(40), np.eye(40) * np.mean(y**2)).logpdf(y) / 40
    assert logme(np.zeros((40, 3)), y) == pytest.approx(alone)
    left, _ = np.linalg.qr(np.column_stack([y, features]))
    assert logme(left[:, 1:], y) == pytest.approx(alone)


def test_h_score_of_two_classes_is_r2(features):
    y = explained(features) > 0
    r2 = LinearRegression().fit(features, y).score(features, y)
    assert h_score(features, y, shrinkage=0) == pytest.approx(r2)
    assert h_score(features @ np.diag([1, 5, 9, 2]) + 3, y, shrinkage=0) == pytest.approx(r2)


def test_h_score_is_the_trace_that_defines_it(features):
    y = np.digitize(explained(features), [-2, 0, 2])
    means = np.array([features[y == label].mean(axis=0) for label in y])
    for shrinkage, fitted in [(0, None), (None, LedoitWolf().fit(features))]:
        covariance = np.cov(features.T, bias=True) if fitted is None else fitted.covariance_
        kept = 1 if fitted is None else 1 - fitted.shrinkage_
        expected = kept * np.trace(np.linalg.inv(covariance) @ np.cov(means.T, bias=True))
        assert h_score(features, y, shrinkage) == pytest.approx(expected)


def test_shrinkage_keeps_many_useless_features_from_winning():
    rng = np.random.default_rng(4)
    y = np.arange(60) % 3
    useless = rng.normal(size=(60, 80))
    useful = np.eye(3)[y] + 0.2 * rng.normal(size=(60, 3))
    assert h_score(useless, y, shrinkage=0) == pytest.approx(2)
    assert h_score(useless, y) < 0.5 < 1.5 < h_score(useful, y)
