"""Tiny plans, and a stand-in for training that is fast and deterministic."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sktl.experiments import Data, Plan, Store, Trial


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store").create()


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
        process.wait()
        process.stdout.close()


@pytest.fixture
def stand_in(monkeypatch):
    """Return the module of the stand-in, importable in other processes as well."""
    folder = str(Path(__file__).parent)
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setenv("PYTHONPATH", folder, prepend=os.pathsep)
    import stand_in

    return stand_in


@pytest.fixture
def plan():
    """Return a plan of 4 pre-trainings, 8 references, 16 transfers and 10 baselines."""
    return Plan(
        architectures=["TCN", "MagNet"],
        sources=["EMG", "S&P 500"],
        targets=["EMG", "S&P 500"],
        sizes=[50],
        omegas=[0.1, 1.0],
        reruns=2,
        repeats=1,
        baselines=["constant", "class prior", "linear", "last value"],
        data="simulated",
        n_instances=200,
        training={"n_epochs": 1},
    )
