"""Spoken clips: folders of small WAV files."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np

from sktl.datasets._readers import Skip


def read_wav(path: Path, rate_hz: int) -> np.ndarray:
    """Read a 16-bit mono clip.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    rate_hz : int
        The sampling rate it must have.

    Returns
    -------
    np.ndarray of shape (n_samples,)
        float32 in [-1, 1).

    Raises
    ------
    Skip
        If the file is no such clip.
    """
    try:
        with wave.open(str(path), "rb") as clip:
            facts = (clip.getnchannels(), clip.getsampwidth(), clip.getframerate())
            if facts != (1, 2, rate_hz):
                raise Skip(f"not 16-bit mono at {rate_hz} Hz")
            announced = clip.getnframes()
            data = clip.readframes(announced)
    except (wave.Error, EOFError, OSError) as error:
        raise Skip("not a WAV file") from error
    if not announced or len(data) != 2 * announced:
        raise Skip("cut short")
    return np.frombuffer(data, dtype="<i2").astype(np.float32) / 32768.0
