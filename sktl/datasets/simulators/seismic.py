"""Simulated seismograms with all that is known of them: STEAD, LEN-DB and LOMAX at one rate."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from sktl._random import RandomState, draw_seed
from sktl.datasets.simulators._chunks import at_once, batches, check_n_instances
from sktl.datasets.simulators._collections import EAST, LEN_DB, LOMAX, NORTH, STEAD, VERTICAL
from sktl.datasets.simulators._records import Parameters, stream
from sktl.datasets.simulators._seismograms import Batch
from sktl.datasets.simulators._waveforms import predicted_snr

#: The columns of y, in this order.
TARGETS = (
    "magnitude",
    "log10 of the distance in km",
    "S minus P in s",
    "log10 of the depth in km",
    "signal-to-noise ratio in dB",
    "earthquake (1) or noise (0)",
)
RATE = 20.0
N_TIMEPOINTS = 540
#: Share of records that hold no earthquake.
QUIET = 0.2


def _stations_at_20_hz(rng: np.random.Generator, size: int) -> Parameters:
    return STEAD.draw_station(rng, size) | {"native_rate": np.full(size, RATE)}


_COLLECTIONS = (
    # At a fifth of its rate; the steep filter before that is the recorder's.
    replace(STEAD, rate=RATE, n_timepoints=1200, draw_station=_stations_at_20_hz),
    replace(LEN_DB, components=(EAST, NORTH, VERTICAL)),  # the order of the others
    LOMAX,
)


def _all_known(window_s: float) -> Callable[[Parameters], np.ndarray]:
    """Return what gives the columns of y for windows of a length."""

    def targets(given: Parameters) -> np.ndarray:
        delay = given["s_time"] - given["p_time"]
        quake = given["moment"] > 0
        with np.errstate(divide="ignore"):  # of records without an earthquake
            snr = predicted_snr(given)
        y = np.stack(
            [
                given["magnitude"],
                np.log10(given["distance_km"]),
                np.where(given["lead_s"] + delay < window_s, delay, np.nan),
                np.log10(given["depth_km"]),
                snr,
                np.ones(len(delay)),
            ],
            axis=1,
        )
        y[~quake] = [np.nan] * 5 + [0.0]
        return y

    return targets


def iter_seismic(
    n_instances: int,
    random_state: RandomState = None,
    *,
    batch_size: int = 1000,
    n_timepoints: int | None = None,
) -> Iterator[Batch]:
    """Simulate seismograms with all that is known batch by batch; see :func:`simulate_seismic`.

    Parameters
    ----------
    n_instances, random_state, n_timepoints
        See :func:`simulate_seismic`.
    batch_size : int, default=1000
        Instances per batch.

    Yields
    ------
    X, y, groups : numpy.ndarray
        As from :func:`simulate_seismic`, ``batch_size`` instances at a time.

    Examples
    --------
    >>> from sktl.datasets.simulators import iter_seismic
    >>> [y.shape for _, y, _ in iter_seismic(5, random_state=0, batch_size=3)]
    [(3, 6), (2, 6)]
    """
    n_instances = check_n_instances(n_instances)
    n_timepoints = N_TIMEPOINTS if n_timepoints is None else n_timepoints
    if n_timepoints < 50:
        raise ValueError(f"n_timepoints must be at least 50. Received: {n_timepoints=}")
    seeds = np.random.SeedSequence(draw_seed(random_state)).generate_state(len(_COLLECTIONS))
    targets = _all_known(n_timepoints / RATE)
    chunks = [
        stream(int(seed), one, n_timepoints, targets=targets, quiet=QUIET)
        for seed, one in zip(seeds, _COLLECTIONS, strict=True)
    ]
    yield from batches(_in_turn(chunks), n_instances, batch_size)  # type: ignore[misc]


def _in_turn(chunks: list[Iterator[Batch]]) -> Iterator[Batch]:
    """Give a chunk of each collection after the other; none shares an event with another."""
    while True:
        for number, one in enumerate(chunks):
            X, y, groups = next(one)
            yield X, y, groups * len(chunks) + number


def simulate_seismic(
    n_instances: int,
    random_state: RandomState = None,
    *,
    n_timepoints: int | None = None,
    return_groups: bool = False,
) -> tuple[np.ndarray, ...]:
    """Simulate seismograms of STEAD, LEN-DB and LOMAX with all that the simulators know.

    A third of the records each is made as :func:`simulate_stead`, :func:`simulate_len_db` and
    :func:`simulate_lomax` make them, all at 20 Hz and with the channels in one order; a fifth
    of them holds noise alone. No dataset has these columns: this
    is what a network can learn from before it learns one of them.

    Parameters
    ----------
    n_instances : int
        Number of traces; of the three in turn, 64 each.
    random_state : int, numpy Generator or RandomState, or None
        Seed.
    n_timepoints : int, optional
        Length of the window, 540 (27 s) by default.
    return_groups : bool, default=False
        Also return the number of the event of each trace.

    Returns
    -------
    X : numpy.ndarray of shape (n_instances, 3, n_timepoints), float32
        East, north and vertical ground velocity: counts of unknown instruments like STEAD's, or
        m/s.
    y : numpy.ndarray of shape (n_instances, 6), float32
        Magnitude; log10 of the epicentral distance in km; delay of S behind P in s, where both
        arrive in the window; log10 of the depth in km; expected signal-to-noise ratio in dB
        in the best octave; 1 for an earthquake, 0 for noise. NaN where it has no meaning: of
        noise only the last column is known.
    groups : numpy.ndarray of shape (n_instances,), int64
        Only with ``return_groups=True``: number of the event.

    Raises
    ------
    ValueError
        If ``n_instances`` or ``n_timepoints`` is too small.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.datasets.simulators import simulate_seismic
    >>> X, y = simulate_seismic(200, random_state=0)
    >>> X.shape, y.shape
    ((200, 3, 540), (200, 6))
    >>> bool((np.isnan(y[:, 0]) == (y[:, 5] == 0)).all())
    True
    """
    return at_once(
        iter_seismic, n_instances, random_state, return_groups, n_timepoints=n_timepoints
    )
