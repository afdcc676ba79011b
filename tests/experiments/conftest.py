"""Tiny plans, and a stand-in for training that is fast and deterministic."""

import subprocess
import sys

import pytest

from sktl.experiments import Data, Store, Trial


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store").prepare()


@pytest.fixture
def trial():
    data = Data("EMG-simulated", n_instances=200, seed=3)
    return Trial("transfer", "TCN", data, 50, 0, "LOMAX-simulated", 0.5, {"filters": (2, 3)})


@pytest.fixture
def python():
    """Return a function that starts a Python process with code and arguments."""
    started = []

    def start(code, *arguments):
        command = [sys.executable, "-c", code, *map(str, arguments)]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()
