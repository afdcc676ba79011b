"""Targets and amplitudes whose spread is small beside their mean: epochs, years, offsets."""

import numpy as np
import pytest

from sktl.estimators import MagNetRegressor


@pytest.mark.parametrize("of_y", [True, False], ids=["y", "stream max"])
def test_networks_learn_what_lies_far_from_zero(of_y):
    """With the offset taken as constant, the mean absolute error was 22 instead of 1."""
    rng = np.random.default_rng(0)
    t = rng.normal(0, 28, size=64)
    wave = np.sin(np.arange(20) / 3)
    if of_y:
        X, y = t[:, None, None] * wave[None, None] / 28, t + 1e9
        X[:, :, 0] = 5  # the scaling of instances leaves the size to be seen
    else:
        X, y = 1e9 + np.abs(t)[:, None, None] * (1 + wave)[None, None], np.abs(t)
    options = {"n_epochs": 25, "batch_size": 8, "learning_rate": 0.01, "random_state": 0}
    fitted = MagNetRegressor(dropout=0.0, stream_max="standard", **options).fit(X, y)
    error = np.abs(fitted.predict(X) - y).mean()
    assert error < 0.5 * np.abs(y - np.median(y)).mean()
