"""Choice among out-of-fold predictions, against sums by hand and numpy."""

import numpy as np
import pytest
from sklearn.metrics import log_loss

from sktl.model_selection._ensemble import (
    losses,
    simplest_within_noise,
    standard_error,
    voting_ensemble,
)


def test_losses_are_sklearns_log_loss_and_the_absolute_error():
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.ones(3) * 5, size=50).clip(0.02)
    p /= p.sum(axis=1, keepdims=True)
    y = rng.integers(3, size=50)
    assert losses(p, y).mean() == pytest.approx(log_loss(y, p, labels=[0, 1, 2]))
    assert losses(np.array([[1.0, 0.0]]), np.array([1]))[0] == pytest.approx(np.log(100))
    np.testing.assert_array_equal(losses(np.array([1.0, 5.0]), np.array([3.0, 4.0])), [2, 1])


def test_votes_average_errors_away_and_never_add_a_worse_mean():
    rng = np.random.default_rng(0)
    y = rng.normal(size=40)
    predictions = [y + rng.normal(size=40) for _ in range(8)] + [y + 50]
    weights = voting_ensemble(predictions, y)
    assert weights.sum() == pytest.approx(1)
    assert (weights >= 0).all()
    assert weights[-1] == 0
    alone = [losses(p, y).mean() for p in predictions]
    assert losses(sum(w * p for w, p in zip(weights, predictions, strict=True)), y).mean() < min(
        alone
    )


def test_fewer_candidates_than_votes():
    y = np.arange(4.0)
    np.testing.assert_array_equal(voting_ensemble([y + 1], y), [1])


def test_the_standard_error_is_that_of_the_mean_and_of_the_groups():
    d = np.random.default_rng(0).normal(size=30)
    assert standard_error(d) == pytest.approx(d.std(ddof=1) / np.sqrt(30))
    assert standard_error(d, np.arange(30)) == pytest.approx(standard_error(d))
    # Five copies of each say no more than one.
    copies, groups = np.repeat(d, 5), np.repeat(np.arange(30), 5)
    assert standard_error(copies, groups) == pytest.approx(standard_error(d))
    assert standard_error(d, np.zeros(30)) == standard_error(d[:1]) == np.inf


def test_the_simplest_is_kept_within_noise_only():
    noise = np.tile([-1.0, 1.0], 50)
    by_name = {"simple": 1 + 0 * noise, "good": 0.95 + noise, "best": 0.2 + 0.1 * noise}
    assert simplest_within_noise(by_name, ["simple", "good"]) == ("simple", "good")
    assert simplest_within_noise(by_name, ["simple", "good", "best"]) == ("best", "best")
    assert simplest_within_noise(by_name, ["simple", "best"], width=1e6) == ("simple", "best")
