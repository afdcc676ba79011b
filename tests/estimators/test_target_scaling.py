"""Targets relative to their own instance."""

from pathlib import Path

import numpy as np
import pytest

from sktl.estimators import ConvNetQuakeINGVRegressor, TCNSequenceRegressor
from sktl.training.target_scaling import InstanceScaling, instance_frames

PRICES = Path("../shared/data/sp500/GSPC.csv")
SMALL = {"n_layers": 2, "filters": 4, "n_epochs": 3, "batch_size": 8, "random_state": 0}


@pytest.fixture
def walks():
    """Random walks far apart, and the value that comes next."""
    rng = np.random.default_rng(0)
    walks = rng.normal(size=(40, 1, 21)).cumsum(axis=2) + rng.normal(0, 500, size=(40, 1, 1))
    return walks[:, :, :20], walks[:, 0, 20]


def test_there_and_back(walks):
    X, y = walks
    frames = instance_frames(X)
    scaling = InstanceScaling.fit(y, frames)
    relative = scaling.relative(y, frames)
    np.testing.assert_allclose(relative, (y - X[:, 0, -1]) / np.ptp(X[:, 0], axis=1))
    np.testing.assert_allclose(scaling.absolute(relative, frames), y)
    both = np.column_stack([y, y + 1])
    np.testing.assert_allclose(scaling.relative(both, frames)[:, 0], relative)


def test_constant_instance_takes_the_median_range(walks):
    X, y = walks
    X[0] = 7.0
    y[0] = 8.0
    frames = instance_frames(X)
    scaling = InstanceScaling.fit(y, frames)
    assert scaling.unit == np.median(np.ptp(X[1:, 0], axis=1))
    assert scaling.relative(y, frames)[0] == pytest.approx(1 / scaling.unit)


def test_a_target_that_does_not_continue_the_series_is_refused(walks):
    X, _ = walks
    y = np.random.default_rng(1).normal(4, 1, len(X))
    with pytest.raises(ValueError, match=r"must vary less than y.*Received: a standard deviation"):
        ConvNetQuakeINGVRegressor(target_scaling="instance", **SMALL).fit(X, y)


def test_a_shift_of_the_series_shifts_the_prediction(walks):
    X, y = walks
    network = ConvNetQuakeINGVRegressor(target_scaling="instance", stream_max=None, **SMALL)
    network.fit(X, y)
    # Nothing but the level differs, and no network can see it.
    np.testing.assert_allclose(network.predict(X + 4096.0), network.predict(X) + 4096, rtol=1e-6)
    np.testing.assert_allclose(network.predict(X * 2.0), network.predict(X) * 2, rtol=1e-6)


def test_score_is_in_the_unit_of_y(walks):
    X, y = walks
    network = ConvNetQuakeINGVRegressor(target_scaling="instance", drop_last=True, **SMALL)
    network.fit(X[:24], y[:24], validation_data=(X[24:], y[24:]))
    error = np.abs(network.predict(X[24:]) - y[24:]).mean()
    assert network.history_["val_score"][network.best_epoch_] == pytest.approx(error, rel=1e-5)


def test_a_series_as_target(walks):
    X, _ = walks
    y = X[:, 0] * 1.01
    network = TCNSequenceRegressor(
        filters=(2, 2), kernel_size=2, n_epochs=10, target_scaling="instance", random_state=0
    ).fit(X, y)
    assert network.predict(X).shape == y.shape
    assert np.abs(network.predict(X) - y).mean() < np.ptp(X[:, 0], axis=1).mean()


def test_real_prices_come_to_the_last_value():
    if not PRICES.exists():
        pytest.skip(f"{PRICES} is not here")
    from sktl.datasets import load_dataset

    dataset = load_dataset("S&P 500", path=PRICES)
    X, y = dataset.part("train")[:2]
    X_test, y_test = (part[-300:] for part in dataset.part("test")[:2])
    chosen = np.random.default_rng(0).permutation(len(y))[:300]
    # Prices above all of the training: the stream max would have to be extrapolated.
    network = ConvNetQuakeINGVRegressor(
        target_scaling="instance", stream_max=None, **SMALL | {"n_epochs": 10}
    ).fit(X[chosen], y[chosen])
    errors = [
        np.abs(predicted - y_test).mean()
        for predicted in (network.predict(X_test), X_test[:, 0, -1])
    ]
    assert errors[0] < 1.05 * errors[1]
