"""Simulated seismograms with the formats of STEAD, LEN-DB and LOMAX.

Every trace is a stochastic point source seen through a simple Earth: see
:func:`simulate_stead` for the physics and its literature.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from sktl.datasets.simulators._chunks import RandomState, batches, check_n_instances, seed_of
from sktl.datasets.simulators._collections import LEN_DB, LOMAX, STEAD
from sktl.datasets.simulators._records import Collection, stream

Batch = tuple[np.ndarray, np.ndarray, np.ndarray]


def _iterate(
    collection: Collection,
    n_instances: int,
    random_state: RandomState,
    batch_size: int,
    n_timepoints: int | None,
    station: Mapping[str, float] | None = None,
    catalogue: Mapping[str, np.ndarray] | None = None,
) -> Iterator[Batch]:
    n_instances = check_n_instances(n_instances)
    n_timepoints = collection.n_timepoints if n_timepoints is None else n_timepoints
    if n_timepoints < 50:
        raise ValueError(f"n_timepoints must be at least 50. Received: {n_timepoints=}")
    if station is not None:
        known = set(collection.draw_station(np.random.default_rng(0), 1)) | {"noise_level", "kappa"}
        if set(station) - known:
            raise ValueError(
                f"station may fix {sorted(known)}. Received: {sorted(set(station) - known)}"
            )
    if catalogue is not None:
        columns = {"magnitude", "distance_km", "depth_km", "lead_s"}
        lengths = {len(values) for values in catalogue.values()}
        if "magnitude" not in catalogue or set(catalogue) - columns or lengths != {n_instances}:
            raise ValueError(
                f"catalogue must have 'magnitude', may have {sorted(columns - {'magnitude'})}, "
                f"all of {n_instances} rows. Received: {sorted(catalogue)} of {lengths} rows"
            )
    chunks = stream(seed_of(random_state), collection, n_timepoints, station, catalogue)
    yield from batches(chunks, n_instances, batch_size)  # type: ignore[misc]


def _whole(batch: Batch, return_groups: bool) -> tuple[np.ndarray, ...]:
    return batch if return_groups else batch[:2]


def iter_stead(
    n_instances: int,
    random_state: RandomState = None,
    *,
    batch_size: int = 1000,
    n_timepoints: int | None = None,
    station: Mapping[str, float] | None = None,
    catalogue: Mapping[str, np.ndarray] | None = None,
) -> Iterator[Batch]:
    """Simulate STEAD batch by batch; parameters as for :func:`simulate_stead`.

    The instances are those of :func:`simulate_stead` with the same seed, whatever the batch
    size; only one batch is held.

    Parameters
    ----------
    n_instances, random_state, n_timepoints, station, catalogue
        See :func:`simulate_stead`.
    batch_size : int, default=1000
        Instances per batch.

    Yields
    ------
    X : numpy.ndarray of shape (batch_size, 3, n_timepoints), float32
        Counts.
    y : numpy.ndarray of shape (batch_size,), float32
        Magnitudes.
    groups : numpy.ndarray of shape (batch_size,), int64
        Number of the event.

    Examples
    --------
    >>> from sktl.datasets.simulators import iter_stead
    >>> [len(y) for _, y, _ in iter_stead(5, random_state=0, batch_size=2, n_timepoints=500)]
    [2, 2, 1]
    """
    yield from _iterate(
        STEAD, n_instances, random_state, batch_size, n_timepoints, station, catalogue
    )


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
    yield from _iterate(
        LEN_DB, n_instances, random_state, batch_size, n_timepoints, None, catalogue
    )


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
    yield from _iterate(LOMAX, n_instances, random_state, batch_size, n_timepoints)


def simulate_stead(
    n_instances: int,
    random_state: RandomState = None,
    *,
    n_timepoints: int | None = None,
    return_groups: bool = False,
    station: Mapping[str, float] | None = None,
    catalogue: Mapping[str, np.ndarray] | None = None,
) -> tuple[np.ndarray, ...]:
    r"""Simulate STEAD: local earthquakes, 60 s at 100 Hz, in counts of an unknown instrument.

    A trace is the sum of a P and an S wave, their scattered waves and ground noise, seen by a
    recorder:

    1. *Source.* Magnitudes follow Gutenberg and Richter [1]_ (b = 0.8, above
       a completeness of -0.5 to 3, drawn per network); local magnitudes below 3
       become moment magnitudes by 2/3 ML + 1 [2]_. The spectrum is Brune's [3]_ with a
       lognormal stress drop (median 3 MPa, a factor of 2), the P corner 1.5 times that of S
       [4]_; the fault is turned at random.
    2. *Path.* P and S travel through a uniform crust over a Moho at 33 km. Amplitudes fall as
       1/R up to 40 to 80 km and as its square root beyond [5]_; Q = 220 f^0.5 with scatter [5]_;
       kappa has median 0.05 s [6]_. Scattered waves decay as single-scattered coda with
       frequency-dependent Q [7]_.
    3. *Station.* The layers below it amplify at random, horizontal motion more [8]_. Noise lies
       between Peterson's low and high models [9]_. Sensors are broadband or short-period, of random
       gain, digitised at 20 to 100 Hz (the anti-aliasing filter shows in STEAD's spectra), and
       the record is band-passed from 1 to 45 Hz, detrended and tapered as in STEAD's files [10]_.
    4. *Selection.* A record enters if its expected signal-to-noise ratio is above 10 dB in some
       octave, so that small earthquakes are only seen near by. P arrives 4 to 9 s into the window.
       An event is recorded by one to eight stations (fewer where it is too weak for some).

    Instances are drawn in chunks of 64, each from a generator seeded by the seed and its own
    number: the first instances of a large simulation are those of a small one.

    Parameters
    ----------
    n_instances : int
        Number of traces.
    random_state : int, numpy Generator or RandomState, or None
        Seed.
    n_timepoints : int, optional
        Length of the window, 6000 by default. In windows shorter than half of that, P arrives
        proportionally earlier. The sampling rate stays 100 Hz.
    return_groups : bool, default=False
        Also return the number of the event of each trace.
    station : mapping of str to float, optional
        Record everything at one station: one random site for all, and the given values of
        ``native_rate`` (Hz), ``sensor_corner`` (Hz), ``gain`` (counts per m/s), ``band_low``,
        ``band_high`` (Hz), ``kappa`` (s) and ``noise_level`` (0 to 1, quiet to noisy) instead of
        random ones.
    catalogue : mapping of str to array of shape (n_instances,), optional
        The earthquakes to simulate, one for each trace: ``magnitude`` and, optionally,
        ``distance_km``, ``depth_km`` and ``lead_s`` (arrival of P in the window). Nothing is
        selected then, and every trace is an event of its own.

    Returns
    -------
    X : numpy.ndarray of shape (n_instances, 3, n_timepoints), float32
        East, north and vertical ground velocity in counts, the instrument included.
    y : numpy.ndarray of shape (n_instances,), float32
        Catalogue magnitudes.
    groups : numpy.ndarray of shape (n_instances,), int64
        Only with ``return_groups=True``: number of the event.

    Raises
    ------
    ValueError
        If ``n_instances`` or ``n_timepoints`` is too small, or ``station`` or ``catalogue`` has
        unknown entries or a wrong number of rows.

    Notes
    -----
    Not simulated: surface waves, converted and guided phases as arrivals of their own, finite
    faults, several earthquakes in a window, gaps, glitches and clipping.

    References
    ----------
    .. [1] Gutenberg and Richter (1944), Bull. Seismol. Soc. Am. 34, 185-188.
    .. [2] Deichmann (2017), Bull. Seismol. Soc. Am. 107, 505-513.
    .. [3] Brune (1970), J. Geophys. Res. 75, 4997-5009.
    .. [4] Madariaga (1976), Bull. Seismol. Soc. Am. 66, 639-666.
    .. [5] Raoof, Herrmann and Malagnini (1999), Bull. Seismol. Soc. Am. 89, 888-902.
    .. [6] Anderson and Hough (1984), Bull. Seismol. Soc. Am. 74, 1969-1993.
    .. [7] Aki and Chouet (1975), J. Geophys. Res. 80, 3322-3342.
    .. [8] Boore and Joyner (1997), Bull. Seismol. Soc. Am. 87, 327-341.
    .. [9] Peterson (1993), USGS Open-File Report 93-322.
    .. [10] Mousavi, Sheng, Zhu and Beroza (2019), IEEE Access 7, 179464-179476.

    Examples
    --------
    >>> from sktl.datasets.simulators import simulate_stead
    >>> X, y = simulate_stead(4, random_state=0)
    >>> X.shape, X.dtype, y.shape
    ((4, 3, 6000), dtype('float32'), (4,))
    """
    batch = next(
        iter_stead(
            n_instances,
            random_state,
            batch_size=max(int(n_instances), 1),
            n_timepoints=n_timepoints,
            station=station,
            catalogue=catalogue,
        )
    )
    return _whole(batch, return_groups)


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
    batch = next(
        iter_len_db(
            n_instances,
            random_state,
            batch_size=max(int(n_instances), 1),
            n_timepoints=n_timepoints,
            catalogue=catalogue,
        )
    )
    return _whole(batch, return_groups)


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
    batch = next(
        iter_lomax(
            n_instances,
            random_state,
            batch_size=max(int(n_instances), 1),
            n_timepoints=n_timepoints,
        )
    )
    return _whole(batch, return_groups)
