"""Simulated forearm EMG of four finger pinches, as a Myo armband would record it.

Motor units are placed in twelve muscles of a cylindrical forearm and recruited by size as the
muscles are activated; each fires a renewal train, and each discharge reaches the eight
electrodes by the inverse-power law of its distance. The band's filters, its 200 Hz sampling
without an anti-aliasing filter, its offset and its 8-bit integers follow. See
:func:`simulate_emg_pinch` for the literature.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sktl._random import RandomState, draw_seed
from sktl.datasets.simulators._chunks import at_once, batches, check_n_instances, chunk_generator
from sktl.datasets.simulators._forearm import MUSCLES, draw_person

CLASSES = ("Pinch1", "Pinch2", "Pinch3", "Pinch4")
"""Thumb against index, middle, ring and little finger."""
N_TIMEPOINTS, STEP, SAMPLING_RATE = 80, 10, 200
_RATE = 1000  # internal sampling rate, Hz
_PER_SAMPLE = _RATE // SAMPLING_RATE
_MARGIN = 20  # samples before and after a hold, for filters to settle
_BLOCK = 22  # subjects per chunk
_SUBJECT, _RECORDING = 1, 2  # what a generator is for


def _drive(rng: np.random.Generator, n: int) -> np.ndarray:
    """Return the common drive of a hold: rise, slow fluctuation, slight creep."""
    time = np.arange(n) / _RATE
    rise = rng.uniform(0.1, 0.4)
    # The labels follow a prompt, so a hold may begin late or be under way.
    start = rng.uniform(-0.5, 0.12)
    drive = 1 / (1 + np.exp(-6 * (time - start - rise / 2) / rise))
    wobble = np.interp(time, np.arange(0, time[-1] + 0.4, 0.2), _walk(rng, int(time[-1] / 0.2) + 3))
    return drive * np.exp(wobble + rng.normal(0, 0.05) * time)


def _walk(rng: np.random.Generator, n: int) -> np.ndarray:
    walk = np.empty(n)
    value = rng.normal(0, 0.25)
    for i in range(n):
        value = 0.8 * value + rng.normal(0, 0.16)
        walk[i] = value
    return walk


def _spikes(rng: np.random.Generator, rate: np.ndarray) -> np.ndarray:
    """Return discharges per millisecond of units with the given rates (units, time) in Hz.

    A discharge falls where the integrated rate passes ``k`` plus a jitter, which makes a renewal
    process whose intervals vary by about 20 percent.
    """
    phase = np.cumsum(rate, axis=1) / _RATE + rng.random((len(rate), 1))
    n_most = int(phase[:, -1].max()) + 2
    marks = np.arange(n_most) + rng.normal(0, 0.14, (len(rate), n_most))
    train = np.zeros(rate.shape)
    for row, (own, mark) in enumerate(zip(phase, marks, strict=True)):
        at = np.searchsorted(own, mark[(mark > own[0]) & (mark < own[-1])])
        np.add.at(train[row], at, 1.0)
    return train


def _device(signal: np.ndarray) -> np.ndarray:
    """Filter what the band has sampled, (8, n): a high-pass and notches of the mains.

    They act after sampling, so that what aliasing folds below 20 Hz is removed as well, as the
    spectra of real recordings show.
    """
    frequency = np.fft.rfftfreq(signal.shape[1], 1 / SAMPLING_RATE)
    response = 0.36 + 0.64 * frequency**2 / (frequency**2 + 26.0**2)
    response *= 0.75 + 0.25 * np.minimum(frequency / 70, 1)
    response[0] = 0.02
    for centre, width, depth in ((50, 3.0, 0.5), (60, 2.0, 0.35), (80, 2.0, 0.2), (100, 3.0, 0.7)):
        response *= 1 - depth / (1 + ((frequency - centre) / width) ** 2)
    return np.fft.irfft(np.fft.rfft(signal, axis=1) * response, signal.shape[1], axis=1)


def _hold(
    rng: np.random.Generator, person: dict, activation: np.ndarray, session: dict, n_samples: int
) -> np.ndarray:
    """Return one pinch held, (8, n_samples), in the band's integers."""
    n = (n_samples + 2 * _MARGIN) * _PER_SAMPLE
    drive = activation[:, None] * _drive(rng, n)
    threshold = person["threshold"]
    excess = drive[:, None, :] - threshold[:, :, None]
    rate = np.where(excess > 0, np.clip(10 + 60 * excess, 0, 45), 0.0)
    train = _spikes(rng, rate.reshape(-1, n))

    electrode = np.arange(8) * np.pi / 4 + session["rotation"]
    surface = person["radius"]
    inside = (surface - person["fat"]) * person["depth"]
    angle = person["angle"] - electrode[:, None, None]
    distance = np.sqrt(surface**2 + inside**2 - 2 * surface * inside * np.cos(angle))
    lift = session["contact"][:, None, None]
    reach = person["size"] * lift * (12 / distance) ** 2.15

    # Discharge shapes: first and second derivatives of a Gaussian, longer for deep units.
    n_fft = 1 << (n - 1).bit_length()
    frequency = np.fft.rfftfreq(n_fft, 1 / _RATE)
    width = person["duration"] * session["slowing"] * (1.1 + 0.03 * distance.min(axis=0))
    angular = 2 * np.pi * frequency * width.reshape(-1, 1) / 1000
    shape = np.exp(-(angular**2) / 2)
    shape = shape * (1j * angular - person["monophasic"].reshape(-1, 1) * angular**2)
    spectra = np.fft.rfft(train, n_fft) * shape
    signal = np.fft.irfft(reach.reshape(8, -1) @ spectra, n_fft)[:, :n:_PER_SAMPLE]
    # Skin conducts: an electrode also sees a little of its neighbours' signals.
    signal = signal + 0.10 * (np.roll(signal, 1, axis=0) + np.roll(signal, -1, axis=0))
    signal = _device(signal)[:, _MARGIN:]

    noise = rng.normal(0, session["noise"], (8, n_samples))
    hum = session["hum"][:, None] * np.sin(
        2 * np.pi * 50 * np.arange(n_samples) / SAMPLING_RATE + rng.uniform(0, 6.3)
    )
    analogue = 21.0 * person["gain"] * signal[:, :n_samples] + noise + hum
    return np.clip(np.rint(analogue - 0.8), -128, 127)


def _recording(seed: int, subject: int, number: int, n_windows: int) -> np.ndarray:
    """Return windows (n_windows, 4, 8, 80) of one session of one subject."""
    person = draw_person(chunk_generator(seed, _SUBJECT, subject))
    rng = chunk_generator(seed, _RECORDING, subject, number)
    session = {
        "rotation": person["rotation"] + np.deg2rad(rng.normal(0, 6)),
        "contact": np.exp(rng.normal(0, 0.15, 8)),
        "noise": person["noise"] * np.exp(rng.normal(0, 0.2)),
        "hum": np.abs(rng.normal(0, 0.4, 8)),
    }
    own = person["activation"] * np.exp(rng.normal(0, 0.12, (len(MUSCLES), 1)))
    n_samples = N_TIMEPOINTS + STEP * (n_windows - 1)
    windows = np.empty((n_windows, len(CLASSES), 8, N_TIMEPOINTS), dtype=np.float32)
    for k, pinch in enumerate(rng.permutation(len(CLASSES))):
        # Fatigue within the session: slower conduction, more drive.
        session["slowing"] = 1 + 0.03 * k
        effort = person["effort"] * np.exp(rng.normal(0.02 * k, 0.15))
        jitter = np.exp(rng.normal(0, 0.15, len(MUSCLES)))
        held = _hold(rng, person, own[:, pinch] * jitter * effort, session, n_samples)
        cut = np.lib.stride_tricks.sliding_window_view(held, N_TIMEPOINTS, axis=1)[:, ::STEP]
        windows[:, pinch] = cut.transpose(1, 0, 2)
    return windows


def iter_emg_pinch(
    n_instances: int,
    random_state: RandomState = None,
    *,
    n_subjects: int = 22,
    windows_per_hold: int = 16,
    all_channels: bool = False,
    batch_size: int = 1000,
) -> Iterator[tuple[np.ndarray, ...]]:
    """Simulate pinches batch by batch; see :func:`simulate_emg_pinch` for the parameters.

    Yields
    ------
    X : numpy.ndarray of shape (batch_size, 3 or 8, 80), float32
        Windows.
    y : numpy.ndarray of str
        Classes.
    groups : numpy.ndarray of int
        Subjects.

    Examples
    --------
    >>> from sktl.datasets.simulators.emg import iter_emg_pinch
    >>> [len(y) for _, y, _ in iter_emg_pinch(25, 0, n_subjects=2, batch_size=20)]
    [20, 5]
    """
    seed = draw_seed(random_state)
    blocks = [range(i, min(i + _BLOCK, n_subjects)) for i in range(0, n_subjects, _BLOCK)]
    if not blocks or windows_per_hold < 1:
        raise ValueError(
            "n_subjects and windows_per_hold must be at least 1. "
            f"Received: n_subjects={n_subjects!r}, windows_per_hold={windows_per_hold!r}"
        )
    channels = slice(None) if all_channels else [0, 2, 5]

    def stream() -> Iterator[tuple[np.ndarray, ...]]:
        chunk = 0
        while True:
            number, block = divmod(chunk, len(blocks))
            chunk += 1
            people = np.array(blocks[block])
            X = np.stack([_recording(seed, p, number, windows_per_hold) for p in people], axis=1)
            # Window slowest, then subject, then class: any share of a chunk is balanced.
            X = X.reshape(-1, 8, N_TIMEPOINTS)[:, channels]
            y = np.tile(CLASSES, windows_per_hold * len(people))
            yield X, y, np.tile(np.repeat(people, len(CLASSES)), windows_per_hold)

    yield from batches(stream(), check_n_instances(n_instances), batch_size)


def simulate_emg_pinch(
    n_instances: int = 32_438,
    random_state: RandomState = None,
    *,
    n_subjects: int = 22,
    windows_per_hold: int = 16,
    all_channels: bool = False,
    return_groups: bool = False,
) -> tuple[np.ndarray, ...]:
    """Simulate the EMG pinch task: which finger is pressed against the thumb.

    Every subject has an anatomy (where the units of twelve muscles lie, how thick fat and skin
    are), habits (how much each muscle takes part in each pinch) and a way to wear the band; each
    session turns the band a little and renews skin contact and noise. Activated muscles recruit
    units from small to large [1]_, which fire renewal trains of 10 to 45 Hz; a discharge is a
    mixture of Gaussian derivatives, for a bipolar electrode sees the difference of two places,
    and reaches each electrode by a power of its distance [2]_ [3]_, which also gives the
    cross-talk. Fatigue lengthens the discharges and raises the drive [4]_. The armband samples
    at 200 Hz without an anti-aliasing filter, then removes the mains and low frequencies, and
    gives 8-bit integers [5]_. Windows of 80 samples with step 10 are cut from each hold, so
    neighbouring windows overlap as in the real set.

    Parameters
    ----------
    n_instances : int, default=32438
        Number of windows; the default is that of the real set.
    random_state : int, numpy Generator or RandomState, or None
        Seed.
    n_subjects : int, default=22
        Subjects; every further session repeats all of them.
    windows_per_hold : int, default=16
        Overlapping windows cut from one held pinch.
    all_channels : bool, default=False
        Give all eight channels of the armband instead of channels 0, 2 and 5.
    return_groups : bool, default=False
        Also return the subject of each window.

    Returns
    -------
    X : numpy.ndarray of shape (n_instances, 3, 80), float32
        Windows at 200 Hz in the armband's integers, -128 to 127.
    y : numpy.ndarray of shape (n_instances,) of str
        ``Pinch1`` to ``Pinch4``, balanced.
    groups : numpy.ndarray of shape (n_instances,)
        Only with ``return_groups=True``.

    Raises
    ------
    ValueError
        If a number is not positive.

    References
    ----------
    .. [1] Fuglevand, Winter and Patla (1993), Journal of Neurophysiology 70, 2470-2488.
    .. [2] Merletti and Parker (2004), Electromyography, Wiley-IEEE.
    .. [3] Rosenfalck (1969), Acta Physiologica Scandinavica, Suppl. 321.
    .. [4] De Luca (1997), Journal of Applied Biomechanics 13, 135-163.
    .. [5] Visconti et al. (2018), Sensors 18, for the Myo; measured here on recordings of it.

    Examples
    --------
    >>> from sktl.datasets.simulators import simulate_emg_pinch
    >>> X, y = simulate_emg_pinch(8, random_state=0, n_subjects=2)
    >>> X.shape, y.tolist()[:4]
    ((8, 3, 80), ['Pinch1', 'Pinch2', 'Pinch3', 'Pinch4'])
    """
    return at_once(
        iter_emg_pinch,
        n_instances,
        random_state,
        return_groups,
        n_subjects=n_subjects,
        windows_per_hold=windows_per_hold,
        all_channels=all_channels,
    )
