"""Amplitudes of ends against sums by hand; those of whole series are in test_blocks."""

import numpy as np
import pytest

from sktl.estimators.features.amplitude import EndAmplitudeBlock


def test_ends_are_the_whole_its_half_and_its_quarter():
    X = np.random.default_rng(0).normal(size=(5, 2, 17)) + 3
    block = EndAmplitudeBlock().fit(X)
    rows = 10 ** block.transform(X)
    assert rows.shape == (5, 3 * 3 * 2)
    for number, points in enumerate((17, 8, 4)):
        end = X[:, :, 17 - points :]
        std = np.sqrt(((end - end.sum(axis=2, keepdims=True) / points) ** 2).sum(axis=2) / points)
        steps = np.abs(end[:, :, 1:] - end[:, :, :-1]).sum(axis=2) / (points - 1)
        size = np.abs(end).sum(axis=2) / points
        expected = np.concatenate([std, steps, size], axis=1)
        np.testing.assert_allclose(rows[:, 6 * number : 6 * number + 6], expected)


@pytest.mark.parametrize("length", [1, 2, 5])
def test_short_silent_and_unequal_series_have_finite_rows(length):
    X = np.random.default_rng(0).normal(size=(3, 2, 60))
    X[0] = 0
    X[1, :, length:] = np.nan
    block = EndAmplitudeBlock().fit(X)
    rows = block.transform(X)
    assert np.isfinite(rows).all()
    np.testing.assert_allclose(rows[1], block.transform(X[1:2, :, :length])[0])
    short = X[1:, :, :length][:1]
    assert np.isfinite(EndAmplitudeBlock().fit(short).transform(short)).all()
