"""Simulated LEN-DB: local earthquakes in m/s."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from sktl._random import RandomState
from sktl.datasets.simulators._chunks import at_once
from sktl.datasets.simulators._collections import LEN_DB
from sktl.datasets.simulators._seismograms import Batch, iterate


def iter_len_db(
    n_instances: int,
    random_state: RandomState = None,
    *,
    batch_size: int = 1000,
    n_timepoints: int | None = None,
    catalogue: Mapping[str, np.ndarray] | None = None,
) -> Iterator[Batch]:
    """Simulate LEN-DB batch by batch; see :func:`simulate_len_db` and :func:`iter_stead`.

    Parameters
    ----------
    n_instances, random_state, n_timepoints, catalogue
        See :func:`simulate_len_db`.
    batch_size : int, default=1000
        Instances per batch.

    Yields
    ------
    X, y, groups : numpy.ndarray
        As from :func:`simulate_len_db`, ``batch_size`` instances at a time.

    Examples
    --------
    >>> from sktl.datasets.simulators import iter_len_db
    >>> [X.shape for X, _, _ in iter_len_db(5, random_state=0, batch_size=3)]
    [(3, 3, 540), (2, 3, 540)]
    """
    yield from iterate(LEN_DB, n_instances, random_state, batch_size, n_timepoints, None, catalogue)


def simulate_len_db(
    n_instances: int,
    random_state: RandomState = None,
    *,
    n_timepoints: int | None = None,
    return_groups: bool = False,
    catalogue: Mapping[str, np.ndarray] | None = None,
) -> tuple[np.ndarray, ...]:
    """Simulate LEN-DB: local earthquakes, 27 s at 20 Hz, in m/s.

    The physics is that of :func:`simulate_stead`. Stations lie up to 134 km from the epicentre,
    uniformly over the area; P arrives 4 s into the window, as predicted by a velocity model
    that errs by 0.5 s; the instrument is removed between a low corner of 0.05 to 0.3 Hz
    and a high one of 5 to 9 Hz (the published filter could not be checked, so it varies).
    Magnitudes are 0.5 or more, above a completeness of 0.5 to 3.5.

    Parameters
    ----------
    n_instances : int
        Number of traces.
    random_state : int, numpy Generator or RandomState, or None
        Seed.
    n_timepoints : int, optional
        Length of the window, 540 by default.
    return_groups : bool, default=False
        Also return the number of the event of each trace.
    catalogue : mapping of str to array of shape (n_instances,), optional
        The earthquakes to simulate; see :func:`simulate_stead`.

    Returns
    -------
    X : numpy.ndarray of shape (n_instances, 3, n_timepoints), float32
        Vertical, north and east ground velocity, m/s.
    y : numpy.ndarray of shape (n_instances,), float32
        Catalogue magnitudes.
    groups : numpy.ndarray of shape (n_instances,), int64
        Only with ``return_groups=True``: number of the event.

    Raises
    ------
    ValueError
        If ``n_instances`` or ``n_timepoints`` is too small or ``catalogue`` is malformed.

    References
    ----------
    .. [1] Magrini, Jozinovic, Cammarano, Michelini and Boschi (2020), Artificial Intelligence
       in Geosciences 1, 1-10.

    Examples
    --------
    >>> from sktl.datasets.simulators import simulate_len_db
    >>> X, y, groups = simulate_len_db(4, random_state=0, return_groups=True)
    >>> X.shape, groups.shape
    ((4, 3, 540), (4,))
    """
    return at_once(
        iter_len_db,
        n_instances,
        random_state,
        return_groups,
        n_timepoints=n_timepoints,
        catalogue=catalogue,
    )
