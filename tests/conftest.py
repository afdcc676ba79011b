"""Fixtures for all tests: where the real data lies, and a cache directory of the test's own."""

import os
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared():
    """Return a function that gives a path below ``../shared``, or skips with the reason."""

    def path(relative: str) -> Path:
        found = SHARED / relative
        if not found.exists():
            pytest.skip(f"needs the real data {relative}, which is not in ../shared")
        return found

    return path


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


@pytest.fixture(autouse=True)
def sktl_home(tmp_path_factory, monkeypatch):
    """Keep every test away from the user's own cache and from any mirror."""
    home = tmp_path_factory.mktemp("sktl-home")
    monkeypatch.setenv("SKTL_HOME", str(home))
    monkeypatch.delenv("SKTL_MIRROR", raising=False)
    return home
