"""Fixtures for all tests: real data, a cache of the test's own, quick networks and simulators."""

import gc
import os
from collections import OrderedDict
from contextlib import contextmanager
from functools import cache
from itertools import count
from pathlib import Path

import pytest

from sktl.estimators import MagNetClassifier, MagNetRegressor

SHARED = Path(__file__).resolve().parents[2] / "shared"

# For what both tasks share: either of them in the fast tests.
CLASSIFIER_FAST = pytest.mark.parametrize(
    "network",
    [MagNetClassifier, pytest.param(MagNetRegressor, marks=pytest.mark.slow)],
    indirect=True,
)
REGRESSOR_FAST = pytest.mark.parametrize(
    "network",
    [pytest.param(MagNetClassifier, marks=pytest.mark.slow), MagNetRegressor],
    indirect=True,
)


@pytest.fixture(scope="session")
def shared():
    """Return a function that gives a path below ``../shared``, or skips with the reason."""

    def path(relative: str) -> Path:
        found = SHARED / relative
        if not found.exists():
            pytest.skip(f"needs the real data {relative}, which is not in ../shared")
        return found

    return path


@pytest.fixture(scope="session")
def files(tmp_path_factory):
    """Folder with simulated EMG and S&P 500 in their official form, a few instances damaged."""
    import h5py
    import numpy as np

    from sktl.datasets import simulate_to_file

    folder = tmp_path_factory.mktemp("files")
    for name in ("EMG", "S&P 500"):
        simulate_to_file(name, 300, folder / f"{name}.hdf5", 0)
        with h5py.File(folder / f"{name}.hdf5", "a") as file:
            file["X"][::7, 0, 3] = np.nan
    return folder


@pytest.fixture(autouse=True)
def no_gradients_of_torch():
    """Let tests read outputs as arrays, which PyTorch refuses where it records gradients."""
    if os.environ.get("KERAS_BACKEND") != "torch":
        yield
        return
    import torch

    with torch.no_grad():
        yield


@pytest.fixture
def gradients_of_torch(no_gradients_of_torch):
    """Let Keras itself train."""
    if os.environ.get("KERAS_BACKEND") != "torch":
        yield
        return
    import torch

    with torch.enable_grad():
        yield


@pytest.fixture(scope="session")
def homes(tmp_path_factory):
    """Give an empty folder after the other: `mktemp` looks through all that there are."""
    folder = tmp_path_factory.mktemp("sktl-homes")
    return (folder / str(number) for number in count())


@pytest.fixture(autouse=True)
def sktl_home(homes, monkeypatch):
    """Keep every test away from the user's own cache and from any mirror."""
    home = next(homes)
    home.mkdir()
    monkeypatch.setenv("SKTL_HOME", str(home))
    monkeypatch.delenv("SKTL_MIRROR", raising=False)
    return home


@pytest.hookimpl(tryfirst=True)  # before what is slow is left out
def pytest_collection_modifyitems(items):
    """Mark as slow what a `fast_only` beside it does not name."""
    for item in items:
        fast = item.get_closest_marker("fast_only")
        if fast and item.callspec.id not in fast.args:
            item.add_marker(pytest.mark.slow)


def pytest_collection_finish():
    """Leave what the imports made to no further search for garbage, which takes half a second."""
    gc.collect()
    gc.freeze()


USUAL = {}


@pytest.fixture(scope="session", autouse=True)
def quick_settings():
    """Spare what takes seconds and what hardly any test is about.

    Networks compile without XLA and without TensorFlow's own optimisation of graphs, of those
    compiled more are kept, people are fewer in simulated EMG, and returns of a seed are simulated
    once. What a user gets is there in tests that ask for `xla` or `all_subjects`, and in other
    processes.
    """
    from sktl.datasets.simulators import emg, prices
    from sktl.estimators.convnetquake import _ConvNetQuakeINGV
    from sktl.training import network_cache

    USUAL["jit"] = _ConvNetQuakeINGV._jit
    USUAL["subjects"] = emg.iter_emg_pinch.__kwdefaults__["n_subjects"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_ConvNetQuakeINGV, "_jit", False)
        patch.setattr(network_cache, "MAX_IDLE", 64)
        for function in (emg.iter_emg_pinch, emg.simulate_emg_pinch):
            patch.setitem(function.__kwdefaults__, "n_subjects", 6)
        patch.setattr(prices, "simulate_returns", simulated_once(prices.simulate_returns))
        with optimised_graphs(False):
            yield


def simulated_once(simulate):
    """Keep what is simulated of a seed: 27,834 days one after the other take a second."""
    kept = cache(simulate)

    def simulate_returns(n_days, n_paths=1, random_state=None):
        if not isinstance(random_state, int):
            return simulate(n_days, n_paths, random_state)
        return kept(n_days, n_paths, random_state).copy()

    return simulate_returns


@contextmanager
def optimised_graphs(wanted):
    """Have TensorFlow rewrite graphs for speed, or spare the sixth of a test that this takes."""
    if os.environ.get("KERAS_BACKEND", "tensorflow") != "tensorflow":
        yield
        return
    import tensorflow as tf

    before = tf.config.optimizer.get_experimental_options().get("disable_meta_optimizer", False)
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": not wanted})
    yield
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": before})


@pytest.fixture
def own_cache(monkeypatch):
    """Start with no compiled network, and leave those of other tests to them."""
    from sktl.training import network_cache

    monkeypatch.setattr(network_cache, "_idle", OrderedDict())


@pytest.fixture
def xla(quick_settings, monkeypatch):
    """Compile as for a user: with XLA where an architecture asks for it."""
    from sktl.estimators.convnetquake import _ConvNetQuakeINGV
    from sktl.training import network_cache

    monkeypatch.setattr(_ConvNetQuakeINGV, "_jit", USUAL["jit"])
    monkeypatch.setattr(network_cache, "_idle", OrderedDict())
    with optimised_graphs(True):
        yield


@pytest.fixture(scope="module")
def all_subjects(quick_settings):
    """Simulate EMG of as many people as outside of the tests."""
    from sktl.datasets.simulators import emg

    with pytest.MonkeyPatch.context() as patch:
        for function in (emg.iter_emg_pinch, emg.simulate_emg_pinch):
            patch.setitem(function.__kwdefaults__, "n_subjects", USUAL["subjects"])
        yield
