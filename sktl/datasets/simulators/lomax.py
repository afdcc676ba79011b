"""Simulated LOMAX: earthquakes at any distance, in m/s."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sktl._random import RandomState
from sktl.datasets.simulators._chunks import at_once
from sktl.datasets.simulators._collections import LOMAX
from sktl.datasets.simulators._seismograms import Batch, iterate


def iter_lomax(
    n_instances: int,
    random_state: RandomState = None,
    *,
    batch_size: int = 1000,
    n_timepoints: int | None = None,
) -> Iterator[Batch]:
    """Simulate LOMAX batch by batch; see :func:`simulate_lomax` and :func:`iter_stead`.

    Parameters
    ----------
    n_instances, random_state, n_timepoints
        See :func:`simulate_lomax`.
    batch_size : int, default=1000
        Instances per batch.

    Yields
    ------
    X, y, groups : numpy.ndarray
        As from :func:`simulate_lomax`, ``batch_size`` instances at a time.

    Examples
    --------
    >>> from sktl.datasets.simulators import iter_lomax
    >>> [X.shape for X, _, _ in iter_lomax(5, random_state=0, batch_size=3)]
    [(3, 3, 1001), (2, 3, 1001)]
    """
    yield from iterate(LOMAX, n_instances, random_state, batch_size, n_timepoints)


def simulate_lomax(
    n_instances: int,
    random_state: RandomState = None,
    *,
    n_timepoints: int | None = None,
    return_groups: bool = False,
) -> tuple[np.ndarray, ...]:
    """Simulate LOMAX: earthquakes at any distance, 50 s at 20 Hz, in m/s.

    The physics is that of :func:`simulate_stead` up to 3 degrees. Beyond, P and S arrive as in
    ak135 [1]_, P amplitudes follow the distance curve of Gutenberg and Richter [2]_,
    t* is 0.25 to 0.6 s, and reflections above a deep source follow P. As in the catalogue search
    of the dataset's authors [3]_, magnitudes are at least 3 within 2 degrees, 4 within 20, 5 within
    70, and 6 beyond. P arrives at 5 s; a record is kept if the 10 s around P have three times
    the standard deviation of what precedes them, as recorded or above 1 Hz. Broadband
    records are scaled by the gain only, so microseisms and long-period drift remain.

    Parameters
    ----------
    n_instances : int
        Number of traces.
    random_state : int, numpy Generator or RandomState, or None
        Seed.
    n_timepoints : int, optional
        Length of the window, 1001 by default. In windows shorter than half of that, P arrives
        proportionally earlier.
    return_groups : bool, default=False
        Also return the number of the event of each trace.

    Returns
    -------
    X : numpy.ndarray of shape (n_instances, 3, n_timepoints), float32
        East, north and vertical ground velocity, m/s.
    y : numpy.ndarray of shape (n_instances,), float32
        Catalogue magnitudes.
    groups : numpy.ndarray of shape (n_instances,), int64
        Only with ``return_groups=True``: number of the event.

    Raises
    ------
    ValueError
        If ``n_instances`` or ``n_timepoints`` is too small.

    References
    ----------
    .. [1] Kennett, Engdahl and Buland (1995), Geophys. J. Int. 122, 108-124.
    .. [2] Gutenberg and Richter (1956), Ann. Geofis. 9, 1-15.
    .. [3] Lomax, Michelini and Jozinovic (2019), Seismol. Res. Lett. 90, 517-529.

    Examples
    --------
    >>> from sktl.datasets.simulators import simulate_lomax
    >>> X, y = simulate_lomax(4, random_state=0)
    >>> X.shape, bool(y.min() >= 3)
    ((4, 3, 1001), True)
    """
    return at_once(iter_lomax, n_instances, random_state, return_groups, n_timepoints=n_timepoints)
