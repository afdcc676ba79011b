"""Spoken clips: folders of small sound files, of any rate, width and number of channels."""

from __future__ import annotations

import math
import warnings
import wave
from pathlib import Path

import numpy as np
from scipy.io import wavfile
from scipy.signal import resample_poly

from sktl._untrusted import DAMAGE, check_claim
from sktl.datasets._readers import Skip

FORMATS = (".wav", ".flac", ".ogg", ".mp3")
"""Names of sound files end so; WAV is read without any extra, the others by soundfile."""
# Rates of sound files; the filter that resamples is as long as twenty times the larger rate.
_RATES_HZ = (1000, 384_000)


def one_of_each(files: list[Path]) -> tuple[list[Path], list[Path]]:
    """Choose one file of each clip that a folder has in several formats.

    Parameters
    ----------
    files : list of pathlib.Path
        Sound files.

    Returns
    -------
    chosen, others : list of pathlib.Path
        In the order given; WAV is chosen before FLAC, Ogg and MP3.
    """
    best: dict[Path, Path] = {}
    for file in files:
        known = best.setdefault(file.with_suffix(""), file)
        if _rank(file) < _rank(known):
            best[file.with_suffix("")] = file
    chosen = set(best.values())
    return [one for one in files if one in chosen], [one for one in files if one not in chosen]


def _rank(file):
    return FORMATS.index(file.suffix.lower())


def read_clip(path: Path, rate_hz: int) -> np.ndarray:
    """Read a clip as one channel of a given rate.

    Channels are averaged. Of WAV files samples of 8, 16, 24 or 32 bits and floats are read, also
    in files of the extensible kind. FLAC, Ogg, MP3 and compressed WAV files are read by the
    package soundfile, where it is installed.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    rate_hz : int
        The sampling rate wanted; another is resampled by a polyphase filter.

    Returns
    -------
    np.ndarray of shape (n_samples,)
        float32 in [-1, 1); resampling may overshoot by a little.

    Raises
    ------
    Skip
        If the file is no such clip, or its end is missing.
    """
    clip, found_hz = _read(path)
    if not _RATES_HZ[0] <= found_hz <= _RATES_HZ[1]:
        raise Skip(f"sampling rate not between {_RATES_HZ[0]:,} and {_RATES_HZ[1]:,} Hz")
    if found_hz == rate_hz:
        return clip
    common = math.gcd(found_hz, rate_hz)
    return resample_poly(clip, rate_hz // common, found_hz // common).astype(np.float32)


def _read(path):
    """Return the mean of the channels, and the rate."""
    try:
        with wave.open(str(path), "rb") as clip:
            plain = (clip.getnchannels(), clip.getsampwidth()) == (1, 2)
            announced, rate_hz = clip.getnframes(), clip.getframerate()
            if plain and 2 * announced > path.stat().st_size:
                raise Skip("cut short")
            data = clip.readframes(announced) if plain else b""
    except (wave.Error, *DAMAGE):
        plain = False
    if not plain:
        return _read_other(path)
    if not announced or len(data) != 2 * announced:
        raise Skip("cut short")
    return np.frombuffer(data, dtype="<i2").astype(np.float32) / np.float32(32768), rate_hz


def _read_other(path):
    """Read what the standard library does not, or not in all versions."""
    try:
        with warnings.catch_warnings():
            # A file that ends too early is read in part, with a warning.
            warnings.simplefilter("ignore", wavfile.WavFileWarning)
            warnings.filterwarnings("error", ".*EOF", wavfile.WavFileWarning)
            rate_hz, samples = wavfile.read(path)
    except wavfile.WavFileWarning as error:
        raise Skip("cut short") from error
    except DAMAGE as error:
        return _read_by_soundfile(path, error)
    if not samples.size or rate_hz < 1:
        raise Skip("cut short")
    samples = samples.reshape(len(samples), -1)
    kind = samples.dtype
    if kind == np.uint8:
        samples = (samples.astype(np.float64) - 128) / 128
    elif kind.kind == "i":
        samples = samples / -float(np.iinfo(kind).min)
    return samples.mean(axis=1, dtype=np.float64).astype(np.float32), rate_hz


def _read_by_soundfile(path, error):
    """Read what is no plain WAV file, or say what it is."""
    kind = _format_of(path)
    if kind is None:
        raise Skip("not a WAV file") from error
    try:
        import soundfile
    except ImportError:
        raise Skip(f"not a WAV file but {kind}: pip install 'sktl[audio]' reads it") from error
    try:
        with soundfile.SoundFile(path) as file:
            announced, rate_hz = file.frames, file.samplerate
            check_claim(8 * announced * file.channels, path.stat().st_size)
            samples = file.read(dtype="float64", always_2d=True)
    except DAMAGE as wrong:  # of which soundfile's errors are kinds
        raise Skip(f"damaged {kind} file") from wrong
    if not len(samples) or len(samples) < announced:
        raise Skip("cut short")
    return samples.mean(axis=1).astype(np.float32), rate_hz


def _format_of(path):
    """Name the format of a sound file by its first bytes, None where it is none."""
    try:
        with path.open("rb") as file:
            start = file.read(12)
    except OSError:
        return None
    known = {b"fLaC": "FLAC", b"OggS": "Ogg", b"ID3": "MP3", b"\xff\xfb": "MP3", b"FORM": "AIFF"}
    known |= {b"\xff\xf3": "MP3", b"\xff\xf2": "MP3", b"\xff\xfa": "MP3"}
    found = [name for first, name in known.items() if start.startswith(first)]
    if start[:4] == b"RIFF" and start[8:] == b"WAVE":
        found = ["compressed"]
    return found[0] if found else None
