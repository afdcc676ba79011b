"""Simulated sections of acoustic impedance and the seismic traces that they give."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sktl._random import RandomState, draw_seed
from sktl.datasets.forward_model import gardner_density, ricker, synthetic_traces
from sktl.datasets.simulators._chunks import at_once, batches, check_n_instances, chunk_generator

#: Neighbouring traces of one section.
SECTION = 64


def _smooth_line(rng: np.random.Generator, size: int) -> np.ndarray:
    """A fold: three sines over the section, of unit deviation on average."""
    x = np.linspace(0.0, 1.0, size)
    waves = rng.uniform(0.2, 2.5, (3, 1))
    line = np.sin(2.0 * np.pi * (waves * x + rng.random((3, 1)))) * rng.normal(0.0, 1.0, (3, 1))
    return line.sum(0) / np.sqrt(1.5)


def _section(rng: np.random.Generator, n_timepoints: int, dt_s: float) -> np.ndarray:
    """Impedance (SECTION, n_timepoints) of folded, pinching, sometimes faulted layers."""
    duration = n_timepoints * dt_s
    mean_thickness = np.exp(rng.uniform(np.log(0.012), np.log(0.06)))
    n_layers = int(1.5 * duration / mean_thickness) + 8
    thickness = rng.exponential(mean_thickness, n_layers)
    # Each layer swells and pinches along the section; what lies above bends what lies below.
    swell = np.stack([_smooth_line(rng, SECTION) for _ in range(n_layers)])
    horizons = np.cumsum(thickness[:, None] * np.maximum(1.0 + 0.35 * swell, 0.0), axis=0)
    horizons += rng.uniform(0.0, 0.08) * duration * (_smooth_line(rng, SECTION) - 1.0)
    for _ in range(rng.integers(0, 3)):
        foot, dip = rng.uniform(-0.2, 1.2) * SECTION, rng.uniform(-0.6, 0.6) * SECTION
        behind = np.arange(SECTION) > foot + dip * horizons / duration
        horizons = horizons + behind * rng.uniform(-0.06, 0.06) * duration
    # Velocity grows with depth by compaction; layers differ from the trend with memory.
    middle = np.cumsum(thickness) - 0.5 * thickness
    trend = rng.uniform(1600.0, 2200.0) * np.exp(rng.uniform(0.25, 0.6) * middle)
    contrast = np.zeros(n_layers)
    memory, spread = rng.uniform(0.0, 0.6), rng.uniform(0.05, 0.14)
    for layer in range(1, n_layers):
        contrast[layer] = memory * contrast[layer - 1] + rng.normal(0.0, spread)
    velocity = np.clip(trend * np.exp(contrast), 1500.0, 6500.0)
    density = gardner_density(velocity) * np.exp(rng.normal(0.0, 0.03, n_layers))
    times = np.arange(n_timepoints) * dt_s
    rows = np.stack([np.searchsorted(np.sort(column), times) for column in horizons.T])
    return (velocity * density)[np.minimum(rows, n_layers - 1)]


def iter_layered_earth(
    n_instances: int,
    random_state: RandomState = None,
    *,
    batch_size: int = 1000,
    n_timepoints: int = 400,
    dt_s: float = 0.004,
    frequency_hz: float | tuple[float, float] = (15.0, 35.0),
    noise: float = 0.0,
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Simulate a layered earth batch by batch; parameters as for :func:`simulate_layered_earth`.

    Parameters
    ----------
    n_instances, random_state, n_timepoints, dt_s, frequency_hz, noise
        See :func:`simulate_layered_earth`.
    batch_size : int, default=1000
        Traces per batch.

    Yields
    ------
    X, y, groups : numpy.ndarray
        As from :func:`simulate_layered_earth`, ``batch_size`` traces at a time.

    Examples
    --------
    >>> from sktl.datasets.simulators import iter_layered_earth
    >>> [X.shape for X, _, _ in iter_layered_earth(100, random_state=0, batch_size=64)]
    [(64, 1, 400), (36, 1, 400)]
    """
    low, high = np.broadcast_to(np.asarray(frequency_hz, dtype=float), 2)
    if n_timepoints < 2 or dt_s <= 0 or low > high:
        raise ValueError(
            "n_timepoints must be at least 2, dt_s positive and frequency_hz a number or a rising "
            f"pair. Received: {n_timepoints=}, {dt_s=}, {frequency_hz=}"
        )
    n_instances, seed = check_n_instances(n_instances), draw_seed(random_state)

    def stream() -> Iterator[tuple[np.ndarray, ...]]:
        for section in range(-(-n_instances // SECTION)):
            rng = chunk_generator(seed, section)
            impedance = _section(rng, n_timepoints, dt_s)
            wavelet = ricker(float(rng.uniform(low, high)), dt_s)
            traces = synthetic_traces(impedance, wavelet, noise, rng)
            yield traces[:, None], impedance.astype(np.float32), np.full(SECTION, section)

    yield from batches(stream(), n_instances, batch_size)  # type: ignore[misc]


def simulate_layered_earth(
    n_instances: int,
    random_state: RandomState = None,
    *,
    n_timepoints: int = 400,
    dt_s: float = 0.004,
    frequency_hz: float | tuple[float, float] = (15.0, 35.0),
    noise: float = 0.0,
    return_groups: bool = False,
) -> tuple[np.ndarray, ...]:
    """Simulate impedance inversion: seismic traces and the impedance beneath them.

    Sections of 64 neighbouring traces. Layers of exponential thickness swell, pinch out, are
    folded and, in two of three sections, faulted; velocity grows with depth by compaction, from
    1.6 to 2.2 km/s at the top, and departs from that trend from layer to layer; density follows
    Gardner's relation [1]_ within 3 %. The traces are the convolutional model of
    :mod:`sktl.datasets.forward_model`, all in two-way time.

    Parameters
    ----------
    n_instances : int
        Number of traces.
    random_state : int, numpy Generator or RandomState, or None
        Seed. The first traces of a large simulation are those of a small one.
    n_timepoints : int, default=400
        Samples in a trace.
    dt_s : float, default=0.004
        Sampling interval, s.
    frequency_hz : float or (float, float), default=(15, 35)
        Peak frequency of the Ricker wavelet, or the range from which each section draws its own.
    noise : float, default=0
        Standard deviation of Gaussian noise as a share of that of the section.
    return_groups : bool, default=False
        Also return the number of the section of each trace.

    Returns
    -------
    X : numpy.ndarray of shape (n_instances, 1, n_timepoints), float32
        Seismic traces.
    y : numpy.ndarray of shape (n_instances, n_timepoints), float32
        Acoustic impedance, kg/(m^2 s).
    groups : numpy.ndarray of shape (n_instances,)
        Only with ``return_groups=True``: number of the section.

    Raises
    ------
    ValueError
        If a number is out of its range.

    References
    ----------
    .. [1] Gardner, Gardner and Gregory (1974), Geophysics 39, 770-780.

    Examples
    --------
    >>> from sktl.datasets.simulators import simulate_layered_earth
    >>> X, y = simulate_layered_earth(10, random_state=0)
    >>> X.shape, y.shape
    ((10, 1, 400), (10, 400))
    """
    return at_once(
        iter_layered_earth,
        n_instances,
        random_state,
        return_groups,
        n_timepoints=n_timepoints,
        dt_s=dt_s,
        frequency_hz=frequency_hz,
        noise=noise,
    )


def simulate_wedge(
    n_instances: int = 61,
    random_state: RandomState = None,
    *,
    n_timepoints: int = 200,
    dt_s: float = 0.002,
    thickest_s: float = 0.06,
    impedances: tuple[float, float, float] = (6e6, 7.5e6, 6e6),
    frequency_hz: float = 25.0,
    noise: float = 0.0,
    return_thickness: bool = False,
) -> tuple[np.ndarray, ...]:
    """Simulate a wedge: a layer that thickens evenly from nothing, between two half-spaces.

    The classical test of resolution [1]_: where the wedge is thinner than the tuning thickness
    ``sqrt(6) / (2 pi f)`` of the wavelet, its two reflections cannot be told apart.

    Parameters
    ----------
    n_instances : int, default=61
        Number of traces, from thickness 0 to ``thickest_s``.
    random_state : int, numpy Generator or RandomState, or None
        Seed of the noise.
    n_timepoints : int, default=200
        Samples in a trace.
    dt_s : float, default=0.002
        Sampling interval, s.
    thickest_s : float, default=0.06
        Two-way time through the wedge at its thick end, s.
    impedances : tuple of three floats
        Above, within and below the wedge, kg/(m^2 s).
    frequency_hz : float, default=25
        Peak frequency of the Ricker wavelet.
    noise : float, default=0
        Standard deviation of Gaussian noise as a share of that of the section.
    return_thickness : bool, default=False
        Also return the thickness of the wedge below each trace.

    Returns
    -------
    X : numpy.ndarray of shape (n_instances, 1, n_timepoints), float32
        Seismic traces.
    y : numpy.ndarray of shape (n_instances, n_timepoints), float32
        Acoustic impedance.
    thickness : numpy.ndarray of shape (n_instances,)
        Only with ``return_thickness=True``: whole samples of two-way time, in s.

    Raises
    ------
    ValueError
        If the wedge does not fit into the trace.

    References
    ----------
    .. [1] Kallweit and Wood (1982), Geophysics 47, 1035-1046.

    Examples
    --------
    >>> from sktl.datasets.simulators import simulate_wedge
    >>> X, y = simulate_wedge()
    >>> X.shape, y.shape
    ((61, 1, 200), (61, 200))
    """
    top = n_timepoints // 3
    if not 0 <= thickest_s / dt_s < n_timepoints - top:
        raise ValueError(
            f"thickest_s must lie between 0 and {(n_timepoints - top) * dt_s:g}, below the "
            f"wedge's top. Received: {thickest_s=}"
        )
    n_samples = np.linspace(0.0, thickest_s / dt_s, check_n_instances(n_instances)).round()
    sample = np.arange(n_timepoints)
    layer = (sample >= top).astype(int) + (sample >= top + n_samples[:, None])
    impedance = np.asarray(impedances, dtype=float)[layer]
    rng = chunk_generator(draw_seed(random_state))
    traces = synthetic_traces(impedance, ricker(frequency_hz, dt_s), noise, rng)
    result = traces[:, None], impedance.astype(np.float32)
    return (*result, n_samples * dt_s) if return_thickness else result
