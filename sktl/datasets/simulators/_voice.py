"""Speakers, glottal source and vocal tract: a formant synthesiser over many clips at once.

After Klatt (1980) and Klatt and Klatt (1990): a pulsed glottal source and breath noise pass a
cascade of five formants with a nasal pole and zero; frication passes parallel resonances. All
clips step through time together, so one step costs a few array operations.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter1d

from sktl.datasets.simulators._phonemes import FIELDS

RATE = 10_000
"""Internal sampling rate in Hz, as in Klatt's synthesiser."""
FRAME = 40  # samples per control frame (4 ms)
_COL = {name: i for i, name in enumerate(FIELDS)}


def draw_speakers(rng: np.random.Generator, n: int) -> dict[str, np.ndarray]:
    """Draw ``n`` speakers: pitch, vocal tract, rate, voice quality and accent.

    Pitch and tract length are those of men, women and children (Peterson and Barney 1952;
    Hillenbrand et al. 1995).
    """
    kind = rng.choice(3, n, p=[0.58, 0.32, 0.10])  # man, woman, child
    pitch = np.array([118, 205, 265])[kind] * np.exp(rng.normal(0, 0.16, n))
    return {
        "pitch": pitch,
        # Formants against an adult man's: the inverse of the vocal tract's length.
        "tract": np.array([1.0, 1.15, 1.28])[kind] * np.exp(rng.normal(0, 0.05, n)),
        "low_tract": np.exp(rng.normal(0, 0.05, n)),  # the pharynx varies on its own
        "rate": np.exp(rng.normal(0, 0.18, n)),
        "open": rng.normal(0.62, 0.1, n).clip(0.35, 0.85),
        "tilt": np.exp(rng.normal(0, 0.7, n)) * np.array([1000, 750, 850])[kind],
        "breathy": 0.015 * np.exp(rng.normal(0, 0.7, n)) * np.array([1.0, 1.8, 1.6])[kind],
        "jitter": 0.012 * np.exp(rng.normal(0, 0.5, n)),
        "shimmer": 0.07 * np.exp(rng.normal(0, 0.4, n)),
        "creak": rng.random(n) * (rng.random(n) < 0.35),
        "bandwidth": np.exp(rng.normal(-0.1, 0.25, n)),
        "sharpness": np.exp(rng.normal(0, 0.4, n)),  # of fricatives and bursts
        "accent": rng.normal(0, 1, (n, 40, 3)),
    }


def tracks(
    words: list[np.ndarray],
    starts: np.ndarray,
    who: dict[str, np.ndarray],
    rng: np.random.Generator,
    n_frames: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Lay segments on the time axis and let them glide into each other.

    Parameters
    ----------
    words : list of numpy.ndarray
        Segments of each clip, from ``spell``.
    starts : numpy.ndarray
        Beginning of each word in seconds (may be negative).
    who : dict
        Speakers, one entry per clip.
    rng : numpy.random.Generator
        Generator.
    n_frames : int
        Control frames per clip.

    Returns
    -------
    control : numpy.ndarray of shape (n_frames, len(FIELDS), n_clips)
        Synthesiser targets.
    progress : numpy.ndarray of shape (n_frames, n_clips)
        0 before the word, rising to 1 at its end.
    """
    n = len(words)
    control = np.empty((n, n_frames, len(FIELDS)))
    progress = np.empty((n, n_frames))
    time = np.arange(n_frames) * FRAME / RATE
    formants = [_COL["F1"], _COL["F2"], _COL["F3"]]
    for i, segments in enumerate(words):
        values = segments[:, :-1].copy()
        sound = segments[:, -1].astype(int)
        spread = rng.normal(0, 0.18, len(values)) * np.where(values[:, 0] > 0.02, 1, 2)
        duration = values[:, 0] / who["rate"][i] * np.exp(spread)
        values[:, formants] *= np.exp(
            0.05 * who["accent"][i, sound] + rng.normal(0, 0.025, (len(values), 3))
        )
        values[:, [_COL["voice"], _COL["noise"], _COL["breath"]]] *= np.exp(
            rng.normal(0, 0.2, (len(values), 3))
        )
        ends = starts[i] + np.cumsum(duration)
        at = np.searchsorted(ends, time, side="right")
        control[i] = values[np.minimum(at, len(values) - 1)]
        silent = (time < starts[i]) | (at >= len(values))
        control[i][np.ix_(silent, [_COL["voice"], _COL["noise"], _COL["breath"]])] = 0
        progress[i] = np.clip((time - starts[i]) / (ends[-1] - starts[i]), 0, 1)
    # Articulators take some 50 ms from one target to the next, the velum and the glottis less;
    # a burst is sudden.
    slow = [_COL[f] for f in ("F1", "F2", "F3", "B1", "B2", "B3")]
    control[:, :, slow] = gaussian_filter1d(control[:, :, slow], 4.5, axis=1, mode="nearest")
    quick = [_COL["voice"], _COL["breath"], _COL["nasal"]]
    control[:, :, quick] = gaussian_filter1d(control[:, :, quick], 2.8, axis=1, mode="nearest")
    sudden = [_COL["noise"]]
    control[:, :, sudden] = gaussian_filter1d(control[:, :, sudden], 0.9, axis=1, mode="nearest")
    control[:, :, formants] *= (who["tract"][:, None] * who["low_tract"][:, None] ** [1.0, 0.3, 0])[
        :, None, :
    ]
    resonances = [_COL["N1"], _COL["N2"]]
    control[:, :, resonances] *= (1 + 0.6 * (who["tract"] - 1) + rng.normal(0, 0.05, n))[
        :, None, None
    ]
    return np.ascontiguousarray(control.transpose(1, 2, 0)), progress.T


def pitch_contour(
    progress: np.ndarray, who: dict[str, np.ndarray], rng: np.random.Generator
) -> np.ndarray:
    """Return the fundamental frequency (n_frames, n_clips): mostly falling, some flat or rising."""
    n = progress.shape[1]
    shape = rng.choice(3, n, p=[0.72, 0.18, 0.10])
    end = np.array([-0.35, -0.08, 0.30])[shape] + rng.normal(0, 0.10, n)
    peak = rng.normal(0.10, 0.06, n)
    where = rng.uniform(0.1, 0.45, n)
    bump = np.exp(-(((progress - where) / 0.25) ** 2))
    log_pitch = np.log(who["pitch"]) + rng.normal(0, 0.08, n) + peak * bump
    log_pitch = log_pitch + end * progress**1.5
    flutter = gaussian_filter1d(rng.normal(0, 1, progress.shape), 8, axis=0) * 0.05
    return np.exp(log_pitch + flutter)


def glottal_source(
    pitch: np.ndarray, voice: np.ndarray, breath: np.ndarray, progress: np.ndarray,
    who: dict[str, np.ndarray], rng: np.random.Generator,
) -> np.ndarray:  # fmt: skip
    """Return the glottal flow's derivative with breath noise, (n_samples, n_clips).

    The pulse is that of KLGLOTT88 (after Rosenberg 1971): flow ``p**2 - p**3`` over the open
    phase, nothing after it. The flow is differenced between samples, which keeps the closure's
    edge from aliasing; jitter and shimmer are drawn per period.
    """
    n = pitch.shape[1]
    n_samples = len(pitch) * FRAME
    phase = np.cumsum(np.repeat(pitch, FRAME, axis=0) / RATE, axis=0) + rng.random(n)
    period = phase.astype(int)
    n_periods = int(period.max()) + 2
    column = np.arange(n)
    wander = rng.normal(0, 1, (n_periods, n)) * who["jitter"]
    phase = phase + wander[period, column] * (phase - period)
    fraction = phase - np.floor(phase)
    opening = fraction / who["open"]
    flow = np.where(opening < 1, 6.75 * (opening**2 - opening**3), 0.0)
    source = np.diff(flow, axis=0, prepend=flow[:1]) * (RATE / 1000)
    loudness = 1 + rng.normal(0, 1, (n_periods, n)) * who["shimmer"]
    # Creak: every other pulse fades towards the end of the word.
    late = np.clip((np.repeat(progress, FRAME, axis=0) - 0.6) / 0.4, 0, 1)
    loudness = loudness[period, column] * (1 - who["creak"] * late * (period % 2))
    # Loudness rises and falls over the word, each time differently.
    swell = rng.normal(0.45, 0.12, n)
    fall = rng.uniform(0, 0.8, n)
    tremor = gaussian_filter1d(rng.normal(0, 1.1, voice.shape), 2.5, axis=0)
    voice = voice * np.exp(tremor * 0.15 - fall * np.abs(progress - swell) ** 1.5 * 2)
    voice = np.repeat(voice, FRAME, axis=0)
    level = gaussian_filter1d(voice, FRAME / 2, axis=0)
    hiss = rng.standard_normal((n_samples, n))
    # Breath noise passes while the glottis is open.
    gate = np.where(opening < 1, 1.0, 0.4)
    aspiration = np.repeat(breath, FRAME, axis=0) + who["breathy"] * level * gate * 3
    # A soft voice has a steeper spectrum: the glottis closes less abruptly.
    loud = np.clip(level / np.maximum(level.max(axis=0), 1e-9), 0, 1) ** 3
    voiced = source * loudness * level
    voiced = loud * _low_pass(voiced, who["tilt"]) + (1 - loud) * _low_pass(
        voiced, 0.12 * who["tilt"]
    )
    return voiced + _low_pass(0.5 * hiss * aspiration, np.full(n, 1200.0))


def _low_pass(signal: np.ndarray, corner: np.ndarray) -> np.ndarray:
    """First-order low-pass of each column, by FFT; ``corner`` in Hz."""
    n_fft = 1 << (len(signal) + 400 - 1).bit_length()
    frequency = np.fft.rfftfreq(n_fft, 1 / RATE)[:, None]
    response = 1 / (1 + 1j * frequency / corner)
    return np.fft.irfft(np.fft.rfft(signal, n_fft, axis=0) * response, n_fft, axis=0)[: len(signal)]


def _resonator(frequency: np.ndarray, bandwidth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    radius = np.exp(-np.pi * bandwidth / RATE)
    return 2 * radius * np.cos(2 * np.pi * frequency / RATE), -(radius**2)


def vocal_tract(
    source: np.ndarray, control: np.ndarray, who: dict[str, np.ndarray], rng: np.random.Generator
) -> np.ndarray:
    """Filter the source by the tract and add frication.

    Parameters
    ----------
    source : numpy.ndarray of shape (n_samples, n_clips)
        From ``glottal_source``.
    control : numpy.ndarray of shape (n_frames, len(FIELDS), n_clips)
        From ``tracks``.
    who : dict
        Speakers.
    rng : numpy.random.Generator
        Generator.

    Returns
    -------
    numpy.ndarray of shape (n_samples, n_clips)
        Sound pressure, about 1 in a stressed vowel.
    """
    n_samples, n = source.shape
    n_frames = len(control)

    def field(name: str) -> np.ndarray:
        return control[:, _COL[name]]

    # Rows: nasal pole, F5 to F1 (cascade), two frication resonances.
    nasal_pole = np.broadcast_to(270 * who["tract"] ** 0.5, (n_frames, n))
    high = who["tract"] * np.exp(rng.normal(0, 0.03, (2, n)))
    wide = who["bandwidth"]
    top = [
        np.broadcast_to(np.minimum(f * h, 4800), (n_frames, n))
        for f, h in zip((3750, 3400), high, strict=True)
    ]
    nasal = field("nasal")
    frequency = np.stack(
        [nasal_pole, top[0], top[1], field("F3"), field("F2"), field("F1"),
         field("N1"), field("N2")], axis=1,
    ).clip(90, 4850)  # fmt: skip
    sharp = who["sharpness"]
    bandwidth = np.stack(
        [np.full((n_frames, n), 100.0), np.full((n_frames, n), 550.0) * wide,
         np.full((n_frames, n), 240.0) * wide, field("B3") * wide, field("B2") * wide,
         field("B1") * wide * (1 + nasal), field("W1") / sharp, field("W2") / sharp], axis=1,
    )  # fmt: skip
    b, c = _resonator(frequency, bandwidth)
    a = 1 - b - c
    # Parallel resonances: unit gain at their centre instead of at zero frequency.
    a[:, 6:] = (1 + c[:, 6:]) * np.sin(2 * np.pi * frequency[:, 6:] / RATE)
    a[:, 6] *= 2 * field("G1")
    a[:, 7] *= 2 * field("G2")

    # The nasal zero stands on the pole, undoing it, unless the velum is open.
    zero = np.repeat(nasal_pole + nasal * 190, FRAME, axis=0)
    zb, zc = _resonator(zero, np.full_like(zero, 100.0))
    before = np.vstack([np.zeros((2, n)), source])
    source = (before[2:] - zb * before[1:-1] - zc * before[:-2]) / (1 - zb - zc)

    hiss = rng.standard_normal((n_samples + 1, n))
    # Radiation differentiates; without it, hisses would have too much below 2 kHz.
    frication = (hiss[1:] - 0.9 * hiss[:-1]) * np.repeat(field("noise"), FRAME, axis=0)
    sound = np.empty((n_samples, n))
    y1, y2 = np.zeros((8, n)), np.zeros((8, n))
    x = np.empty((8, n))
    for frame in range(n_frames):
        fa, fb, fc = a[frame], b[frame], c[frame]
        for t in range(frame * FRAME, (frame + 1) * FRAME):
            x[0] = source[t]
            x[1:6] = y1[0:5]  # one sample later than a true cascade: a delay, no change of sound
            x[6:] = frication[t]
            y = fa * x + fb * y1 + fc * y2
            y2, y1 = y1, y
            sound[t] = y[5]
            sound[t] += y[6]
            sound[t] += y[7]
    flat = np.repeat(field("flat"), FRAME, axis=0)
    return sound + 0.25 * flat * frication
