"""Seismic sections of two geologies, the source and the target."""

from dataclasses import dataclass, replace

import numpy as np

from sktl.datasets.earth_models import load_earth_model
from sktl.datasets.simulators import simulate_layered_earth


@dataclass(frozen=True)
class Section:
    """Traces side by side, and what they are."""

    name: str
    X: np.ndarray
    y: np.ndarray
    about: str

    def noisy(self, noise, seed):
        """Add Gaussian noise, its deviation a share of that of the section."""
        rng = np.random.default_rng([seed, round(100 * noise)])
        extra = rng.normal(0.0, noise * self.X.std(), self.X.shape) if noise else 0.0
        return replace(self, X=(self.X + extra).astype(np.float32))


@dataclass(frozen=True)
class Seismics:
    """How traces are made of impedance; the publication says nothing of it."""

    frequency_hz: float = 25.0
    dt_s: float = 0.004
    water: bool = True
    polarity: int = 1


USUAL = Seismics()


class Earths:
    """The source and the target: real models where their files are at hand, else simulated.

    Parameters
    ----------
    data_home : path-like or None
        Folder that is searched for the models; default: ``$SKTL_MIRROR``.
    n_simulated, n_timepoints : int
        Traces and samples of a simulated source.
    simulated_target : bool
        Simulate the target though a real one is at hand.
    """

    def __init__(self, data_home, n_simulated, n_timepoints, simulated_target=False):
        self.n_simulated, self.n_timepoints = n_simulated, n_timepoints
        self._source = load_earth_model("Marmousi-2", data_home)
        found = (load_earth_model(name, data_home) for name in ("Overthrust", "Marmousi"))
        self._target = None if simulated_target else next((m for m in found if m is not None), None)

    def source(self, seismics=USUAL):
        """Return the section that the network is pre-trained on."""
        if self._source is not None:
            return _section(self._source, seismics)
        n_timepoints = round(self.n_timepoints * USUAL.dt_s / seismics.dt_s)
        return _simulated("layers-simulated", self.n_simulated, n_timepoints, 1000, seismics)

    def target(self, seed, seismics=USUAL):
        """Return the section that a few traces are known of."""
        if self._target is not None:
            return _section(self._target, seismics)
        # Each seed has a geology of its own: 64 neighbouring traces.
        n_timepoints = round(0.95 * self.n_timepoints * USUAL.dt_s / seismics.dt_s)
        return _simulated("section-simulated", 64, n_timepoints, seed, seismics)


def _section(model, seismics):
    density = "its own" if model.density_from == "model" else "Gardner's"
    if not seismics.water:
        model = below_water(model)
    X, y = model.traces(frequency_hz=seismics.frequency_hz, dt_s=seismics.dt_s)
    about = f"real model, {len(X):,} traces of {X.shape[2]} samples, density {density}"
    return Section(model.name, seismics.polarity * X, y, about)


def _simulated(name, n_traces, n_timepoints, seed, seismics):
    X, y = simulate_layered_earth(
        n_traces, seed, n_timepoints=n_timepoints, dt_s=seismics.dt_s,
        frequency_hz=seismics.frequency_hz,
    )  # fmt: skip
    about = f"SIMULATED layered earth, {n_traces:,} traces"
    return Section(name, seismics.polarity * X, y, about)


def below_water(model):
    """Leave out the depths at which every trace is in water."""
    water = (model.vp <= 1500).all(axis=0)
    first = len(water) if water.all() else int(np.argmin(water))
    return replace(model, vp=model.vp[:, first:], density=model.density[:, first:])


def few_split(n_traces, n):
    """Take n evenly spaced training traces and, halfway between them, validation traces."""
    places = ((np.arange(2 * n) + 0.5) * n_traces / (2 * n)).astype(int)
    test = np.setdiff1d(np.arange(n_traces), places)
    return {"train": places[::2], "validation": places[1::2], "test": test}
