"""Choice among out-of-fold predictions, against sums by hand and numpy."""

import numpy as np
import pytest
from sklearn.metrics import log_loss

from sktl.model_selection._ensemble import (
    losses,
    noise_weights,
    pooled,
    standard_error,
    without_least,
)


def test_losses_are_sklearns_log_loss_and_the_absolute_error():
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.ones(3) * 5, size=50).clip(0.02)
    p /= p.sum(axis=1, keepdims=True)
    y = rng.integers(3, size=50)
    assert losses(p, y).mean() == pytest.approx(log_loss(y, p, labels=[0, 1, 2]))
    assert losses(np.array([[1.0, 0.0]]), np.array([1]))[0] == pytest.approx(np.log(100))
    np.testing.assert_array_equal(losses(np.array([1.0, 5.0]), np.array([3.0, 4.0])), [2, 1])


def test_what_hardly_counts_is_left_out():
    np.testing.assert_allclose(without_least(np.array([3.0, 0.01, 1.0])), [0.75, 0, 0.25])


def test_the_standard_error_is_that_of_the_mean_and_of_the_groups():
    d = np.random.default_rng(0).normal(size=30)
    assert standard_error(d) == pytest.approx(d.std(ddof=1) / np.sqrt(30))
    assert standard_error(d, np.arange(30)) == pytest.approx(standard_error(d))
    # Five copies of each say no more than one.
    copies, groups = np.repeat(d, 5), np.repeat(np.arange(30), 5)
    assert standard_error(copies, groups) == pytest.approx(standard_error(d))
    assert standard_error(d, np.zeros(30)) == standard_error(d[:1]) == np.inf


def test_candidates_share_by_how_far_they_are_beyond_noise():
    rng = np.random.default_rng(0)
    y = np.arange(200) % 2
    sure = np.where(y[:, None] == [0, 1], 0.9, 0.1)
    flipped = np.where((rng.random(200) < 0.3)[:, None], 1 - sure, sure)
    few, many = (
        noise_weights([sure[:n], sure[:n], flipped[:n]], y[:n], softness=2.0) for n in (6, 200)
    )
    for weights in (few, many):
        assert weights.sum() == pytest.approx(1)
        assert weights[0] == weights[1] > weights[2]
    assert many[2] < few[2]
    soft = noise_weights([sure, flipped], y, softness=1e6)
    np.testing.assert_allclose(soft, 0.5, atol=1e-4)
    # Ten copies of ten instances are no more than these ten.
    ten, groups = np.tile(np.arange(10), 20), np.tile(np.arange(10), 20)
    copies = [sure[ten], flipped[ten]]
    expected = noise_weights([sure[:10], flipped[:10]], y[:10])
    np.testing.assert_allclose(noise_weights(copies, y[ten], groups=groups), expected)


def test_pooled_numbers_are_means_and_pooled_probabilities_geometric_means():
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=(3, 7))
    np.testing.assert_allclose(
        pooled(list(numbers), [0.5, 0.3, 0.2]), np.average(numbers, axis=0, weights=[5, 3, 2])
    )
    p = rng.dirichlet(np.ones(4) * 5, size=(2, 9))
    expected = np.sqrt(p[0] * p[1])
    expected /= expected.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(pooled(list(p), [0.5, 0.5]), expected)
    even = np.full((9, 4), 0.25)
    np.testing.assert_array_equal(
        pooled([p[0], even], [0.5, 0.5]).argmax(axis=1), p[0].argmax(axis=1)
    )
