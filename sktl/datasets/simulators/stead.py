"""Simulated STEAD: local earthquakes in counts of an unknown instrument."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from sktl._random import RandomState
from sktl.datasets.simulators._chunks import at_once
from sktl.datasets.simulators._collections import STEAD
from sktl.datasets.simulators._seismograms import Batch, iterate


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
    yield from iterate(
        STEAD, n_instances, random_state, batch_size, n_timepoints, station, catalogue
    )


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
    return at_once(
        iter_stead,
        n_instances,
        random_state,
        return_groups,
        n_timepoints=n_timepoints,
        station=station,
        catalogue=catalogue,
    )
