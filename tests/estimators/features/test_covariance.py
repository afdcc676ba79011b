"""Covariances of channels against scipy's matrix logarithm."""

import numpy as np
from scipy.linalg import logm

from sktl.estimators.features.covariance import ADDED, CovarianceBlock


def test_rows_hold_the_matrix_logarithms():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(4, 3, 50)).cumsum(axis=1) + 7
    rows = CovarianceBlock().fit(X).transform(X)
    assert rows.shape == (4, 12)
    for part, form in ((rows[:, :6], X), (rows[:, 6:], np.diff(X, axis=2))):
        matrices = [np.cov(one, bias=True) for one in form]
        logs = [logm(m + ADDED * np.trace(m) / 3 * np.eye(3)) for m in matrices]
        np.testing.assert_allclose(part[:, [0, 3, 5]], [np.diag(one) for one in logs])
        distance = np.linalg.norm(logs[0] - logs[1])
        np.testing.assert_allclose(np.linalg.norm(part[0] - part[1]), distance)


def test_a_gain_adds_to_the_diagonal():
    X = np.random.default_rng(0).normal(size=(2, 2, 30))
    block = CovarianceBlock()
    change = block.transform(10 * X) - block.transform(X)
    np.testing.assert_allclose(change, [np.tile([np.log(100), 0, np.log(100)], 2)] * 2, atol=1e-9)


def test_constant_short_and_unequal_series_have_finite_rows():
    block = CovarianceBlock()
    X = np.random.default_rng(0).normal(size=(3, 5, 4))
    X[0] = 2.0
    assert np.isfinite(block.transform(X)).all()
    X = np.random.default_rng(0).normal(size=(2, 2, 30))
    for length in (20, 1):
        X[0, :, length:] = np.nan
        rows = block.transform(X)
        np.testing.assert_allclose(rows[0], block.transform(X[:1, :, :length])[0])
