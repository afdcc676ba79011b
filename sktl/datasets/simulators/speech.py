"""Simulated Speech Commands: 35 spoken words by source-filter synthesis, 1 s at 8 kHz.

See :func:`simulate_speech_commands`; the sounds are in ``_phonemes``, the synthesiser in
``_voice``; here are the rooms, microphones and clips.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from scipy.signal import resample_poly

from sktl._random import RandomState, draw_seed
from sktl.datasets.simulators import _voice
from sktl.datasets.simulators._chunks import at_once, batches, check_n_instances, chunk_generator
from sktl.datasets.simulators._phonemes import FIELDS, OFFICIAL_COUNTS, WORDS, spell

N_TIMEPOINTS, SAMPLING_RATE = 8000, 8000
CLASSES = tuple(WORDS)
"""The 35 words."""
_CHUNK = 70
_PER_SPEAKER = 2


def _labels(rng: np.random.Generator, words: Sequence[str], balance: str) -> np.ndarray:
    if balance == "official":
        share = np.array([OFFICIAL_COUNTS[CLASSES.index(word)] for word in words], dtype=float)
        return rng.choice(words, _CHUNK, p=share / share.sum())
    # Every run of len(words) clips holds each word once.
    n_rounds = -(-_CHUNK // len(words))
    return np.concatenate([rng.permutation(words) for _ in range(n_rounds)])[:_CHUNK]


def _coloured(
    rng: np.random.Generator, shape: tuple[int, int], slope: np.ndarray | float
) -> np.ndarray:
    """Return noise (time, clips) of unit variance whose power falls with frequency**slope."""
    n = 1 << (shape[0] - 1).bit_length()
    frequency = np.maximum(np.fft.rfftfreq(n, 1 / SAMPLING_RATE), 40.0)[:, None]
    spectrum = np.fft.rfft(rng.standard_normal((n, shape[1])), axis=0) * frequency ** (-slope / 2)
    noise = np.fft.irfft(spectrum, n, axis=0)[: shape[0]]
    return noise / noise.std(axis=0)


def _record(rng: np.random.Generator, voice: np.ndarray, loudest: np.ndarray) -> np.ndarray:
    """Put voices (time, clips) into rooms, before microphones, and into files."""
    n_samples, n = voice.shape
    n_fft = 1 << (n_samples + 3000 - 1).bit_length()
    frequency = np.fft.rfftfreq(n_fft, 1 / SAMPLING_RATE)[:, None]
    # Room: a direct path, then exponentially decaying noise (Polack 1988).
    decay = np.clip(rng.gamma(4, 0.08, n), 0.08, 0.9)  # time to fall by 60 dB, s
    time = np.arange(3000)[:, None] / SAMPLING_RATE
    tail = rng.standard_normal((3000, n)) * np.exp(-6.9 * time / decay) * (time > 0.002)
    tail[1:] += 0.8 * tail[:-1]  # walls and air take the high frequencies first
    tail /= np.sqrt((tail**2).sum(axis=0))
    tail *= 10 ** (np.clip(rng.normal(-20, 7, n), -40, 2) / 20)
    tail[0] = 1.0
    # Microphone: a band and a smooth ripple.
    low = np.exp(rng.normal(np.log(90), 0.7, n))
    high = np.exp(np.clip(rng.normal(np.log(3900), 0.3, n), np.log(2500), None))
    response = (frequency / low) ** 2 / (1 + (frequency / low) ** 2)
    response = response / np.sqrt(1 + (frequency / high) ** 6)
    bark = np.log1p(frequency / 600) / np.log1p(4000 / 600)
    for k in range(1, 6):
        gain = rng.normal(0, 4.0 / np.sqrt(k), n)
        response = response * 10 ** (gain * np.cos(np.pi * k * bark) / 20)
    filtered = np.fft.rfft(voice, n_fft, axis=0) * np.fft.rfft(tail, n_fft, axis=0) * response
    speech = np.fft.irfft(filtered, n_fft, axis=0)[:n_samples]
    speech *= loudest / np.maximum(np.abs(speech).max(axis=0), 1e-9)

    # Background: steady noise of any colour, slow swells, hum; some files are gated to silence.
    level = 10 ** (np.clip(rng.normal(-63, 15, n), -95, -26) / 20)
    level = np.minimum(level, 0.06 * loudest)  # clips without an audible word were sorted out
    swell = np.exp(0.35 * _coloured(rng, (n_samples, n), np.full(n, 2.5)))
    noise = _coloured(rng, (n_samples, n), rng.uniform(0.2, 2.2, n)) * level * swell
    mains = rng.choice([50.0, 60.0], n)
    hum = level * np.exp(rng.normal(-1, 1, n)) * (rng.random(n) < 0.3)
    seconds = np.arange(n_samples)[:, None] / SAMPLING_RATE
    for harmonic, share in ((1, 1.0), (2, 0.6), (3, 0.5), (5, 0.25)):
        angle = 2 * np.pi * mains * harmonic * seconds + rng.uniform(0, 6.3, n)
        noise = noise + share * hum * np.sin(angle)
    return speech + noise


def _synthesise(
    rng: np.random.Generator, labels: np.ndarray, who: dict[str, np.ndarray]
) -> np.ndarray:
    """Return clips (n_clips, 8000) of the given words by the given speakers."""
    n = len(labels)
    words = []
    for label in labels:
        ways = WORDS[label]
        words.append(spell(ways[rng.integers(len(ways))], rng))
    # The official clips are the loudest second of a recording, so a word may stand anywhere.
    length = np.array([word[:, 0].sum() for word in words]) / who["rate"]
    slack = np.maximum(1.0 - length, 0.05)
    starts = slack * rng.beta(2.2, 2.0, n) + rng.normal(0, 0.03, n)
    n_frames = int(1.02 * _voice.RATE) // _voice.FRAME
    control, progress = _voice.tracks(words, starts, who, rng, n_frames)
    pitch = _voice.pitch_contour(progress, who, rng)
    column = {name: i for i, name in enumerate(FIELDS)}
    source = _voice.glottal_source(
        pitch, control[:, column["voice"]], control[:, column["breath"]], progress, who, rng
    )
    sound = _voice.vocal_tract(source, control, who, rng)
    voice = resample_poly(sound, SAMPLING_RATE // 1000, _voice.RATE // 1000, axis=0)
    loudest = np.exp(rng.normal(np.log(0.36), 0.75, n)).clip(0.02, 1.6)
    clips = _record(rng, voice[:N_TIMEPOINTS], loudest)
    return np.rint(clips.clip(-1, 32767 / 32768) * 32768).T / 32768


def iter_speech_commands(
    n_instances: int,
    random_state: RandomState = None,
    *,
    words: Sequence[str] | None = None,
    balance: str = "equal",
    batch_size: int = 1000,
) -> Iterator[tuple[np.ndarray, ...]]:
    """Simulate clips batch by batch; see :func:`simulate_speech_commands` for the parameters.

    Yields
    ------
    X : numpy.ndarray of shape (batch_size, 1, 8000), float32
        Clips.
    y : numpy.ndarray of str
        Words.
    groups : numpy.ndarray of int
        Speakers.

    Examples
    --------
    >>> from sktl.datasets.simulators.speech import iter_speech_commands
    >>> [len(y) for _, y, _ in iter_speech_commands(30, 0, batch_size=20)]
    [20, 10]
    """
    seed = draw_seed(random_state)
    words = CLASSES if words is None else tuple(words)
    unknown = sorted(set(words) - set(CLASSES))
    if unknown or not words or balance not in ("equal", "official"):
        raise ValueError(
            f"words must be some of {', '.join(CLASSES)}; balance must be 'equal' or 'official'. "
            f"Received: words={words!r}, balance={balance!r}"
        )

    def stream() -> Iterator[tuple[np.ndarray, ...]]:
        chunk = 0
        while True:
            rng = chunk_generator(seed, chunk)
            y = _labels(rng, words, balance)
            people = np.arange(_CHUNK) % (_CHUNK // _PER_SPEAKER)
            drawn = _voice.draw_speakers(rng, _CHUNK // _PER_SPEAKER)
            who = {name: values[people] for name, values in drawn.items()}
            X = _synthesise(rng, y, who).astype(np.float32)[:, None, :]
            yield X, y, people + chunk * (_CHUNK // _PER_SPEAKER)
            chunk += 1

    yield from batches(stream(), check_n_instances(n_instances), batch_size)


def simulate_speech_commands(
    n_instances: int = 1500,
    random_state: RandomState = None,
    *,
    n_timepoints: int = N_TIMEPOINTS,
    words: Sequence[str] | None = None,
    balance: str = "equal",
    return_groups: bool = False,
) -> tuple[np.ndarray, ...]:
    """Simulate the Speech Commands task: which of 35 words is spoken in one second of sound.

    Each word is a sequence of ARPAbet sounds with formant, noise and duration targets
    [1]_ [2]_ [3]_; a formant synthesiser [3]_ [4]_ glides between them. Speakers differ in
    pitch, tract length, rate, accent, voice quality (open quotient, tilt, breath, jitter,
    shimmer, creak); clips in intonation, place of the word, room [5]_, microphone, background
    noise and loudness, as the real ones, which were recorded by volunteers on their own
    devices [6]_.

    Parameters
    ----------
    n_instances : int, default=1500
        Number of clips.
    random_state : int, numpy Generator or RandomState, or None
        Seed.
    n_timepoints : int, default=8000
        Samples kept, from the beginning of the clip; at most 8000.
    words : sequence of str, optional
        Some of the 35 words; default all.
    balance : {"equal", "official"}, default="equal"
        Words equally often, or as often as in version 0.02 of the real set.
    return_groups : bool, default=False
        Also return the speaker of each clip (two clips per speaker).

    Returns
    -------
    X : numpy.ndarray of shape (n_instances, 1, n_timepoints), float32
        Sound at 8 kHz in 16-bit steps, full scale at 1.
    y : numpy.ndarray of shape (n_instances,) of str
        Words.
    groups : numpy.ndarray of shape (n_instances,)
        Only with ``return_groups=True``.

    Raises
    ------
    ValueError
        If a word is unknown, or a number is out of range.

    References
    ----------
    .. [1] Peterson and Barney (1952), J. Acoust. Soc. Am. 24, 175-184.
    .. [2] Hillenbrand, Getty, Clark and Wheeler (1995), J. Acoust. Soc. Am. 97, 3099-3111.
    .. [3] Klatt (1980), J. Acoust. Soc. Am. 67, 971-995.
    .. [4] Klatt and Klatt (1990), J. Acoust. Soc. Am. 87, 820-857.
    .. [5] Polack (1988), La transmission de l'energie sonore dans les salles, Le Mans.
    .. [6] Warden (2018), arXiv:1804.03209.

    Examples
    --------
    >>> from sktl.datasets.simulators import simulate_speech_commands
    >>> X, y = simulate_speech_commands(4, random_state=0, words=["yes", "no"])
    >>> X.shape, sorted(y.tolist())
    ((4, 1, 8000), ['no', 'no', 'yes', 'yes'])
    """
    if not 1 <= n_timepoints <= N_TIMEPOINTS:
        raise ValueError(
            f"n_timepoints must be 1 to {N_TIMEPOINTS}. Received: n_timepoints={n_timepoints!r}"
        )
    X, *rest = at_once(
        iter_speech_commands,
        n_instances,
        random_state,
        return_groups,
        words=words,
        balance=balance,
    )
    return (X[:, :, :n_timepoints], *rest)
