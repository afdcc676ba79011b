"""Panels small enough for every generator."""

import os
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest

from sktl.synthesis import (
    AugmentationGenerator,
    ClassMeanGenerator,
    MixupGenerator,
    NoiseGenerator,
    ResamplingGenerator,
    WGANGPGenerator,
)

GENERATORS = [
    AugmentationGenerator(random_state=0),
    ClassMeanGenerator(random_state=0),
    MixupGenerator(random_state=0),
    NoiseGenerator(random_state=0),
    ResamplingGenerator(random_state=0),
    WGANGPGenerator(n_steps=3, n_critic=1, batch_size=4, filters=2, latent_size=2, random_state=0),
]


def make_panel(n=20, n_channels=2, n_timepoints=16, seed=0):
    """Sines of one frequency a class and another phase each, with noise; classes in turns."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    time = np.arange(n_timepoints) / n_timepoints
    phase = rng.uniform(0, 2 * np.pi, (n, 1, 1)) + np.arange(n_channels)[:, None]
    X = 5 + np.sin(2 * np.pi * (1 + 2 * y[:, None, None]) * time + phase)
    return X + rng.normal(0, 0.1, X.shape), np.array(["slow", "fast"])[y]


@pytest.fixture
def panel():
    return make_panel()


@pytest.fixture(params=GENERATORS, ids=lambda generator: type(generator).__name__)
def generator(request):
    from sklearn.base import clone

    return clone(request.param)


@pytest.fixture
def on_all_backends(tmp_path):
    """Return a function that runs code on each backend that is there; it saves to `sys.argv[1]`."""
    installed = [name for name in ("tensorflow", "jax", "torch") if find_spec(name)]
    if len(installed) < 2:
        pytest.skip(f"needs two backends of Keras to compare. Installed: {installed}")

    def run(code):
        results = []
        for backend in installed:
            path = tmp_path / f"{backend}.npz"
            subprocess.run(
                [sys.executable, "-c", code, str(path)],
                check=True,
                env=os.environ | {"KERAS_BACKEND": backend},
            )
            results.append(np.load(path))
        return results

    return run
