"""A small source, and a directory that stands for the bundled one."""

import numpy as np
import pytest

from sktl.sources import Card, _resolve


@pytest.fixture
def make_card():
    def make(name="mine", **changes):
        values = {
            "architecture": "MagNet",
            "task": "regression",
            "n_channels": 3,
            "n_timepoints": 540,
            "n_outputs": 1,
        }
        return Card(name=name, **(values | changes))

    return make


@pytest.fixture
def arrays():
    rng = np.random.default_rng(0)
    return {
        "conv1/kernel": rng.normal(size=(3, 3, 4)).astype("float32"),
        "conv1/bias": np.arange(4, dtype="float32"),
        "bilstm/forward/kernel": rng.normal(size=(4, 8)),
    }


@pytest.fixture
def bundled(tmp_path, monkeypatch):
    directory = tmp_path / "bundled"
    monkeypatch.setattr(_resolve, "_BUNDLED", directory)
    return directory
