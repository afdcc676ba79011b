"""DSPSpeech-20: twenty spoken words, Chinese and English, of 34 speakers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

from sktl._untrusted import needed_arrays
from sktl.datasets._audio import FORMATS, one_of_each, read_clip
from sktl.datasets._contract import make_fetcher
from sktl.datasets._finding import Once, files_or_archive
from sktl.datasets._losses import Skipped
from sktl.datasets._readers import MemoryReader, Reader, Skip
from sktl.datasets._spec import DatasetSpec, RemoteFile

LENGTH = 2000
RATE_HZ = 4000
_OFFICIAL_RATE_HZ = 16_000
_EVERY = _OFFICIAL_RATE_HZ // RATE_HZ
_NAME = re.compile(r"(?P<speaker>\d+)-(?P<word>\d\d)-(?P<take>\d+)\.(wav|flac|ogg|mp3)")
_COMMIT = "8165959c2567190524898e8187021c8ffb19b262"
CLASSES = tuple(f"{number:02d}" for number in range(20))


def _from_archive(path: Path) -> Reader:
    """Read prepared clips."""
    X, label, speaker = needed_arrays(path, ("X", "label", "speaker"))
    numbers = all(one.shape == (len(X),) and one.dtype.kind in "iu" for one in (label, speaker))
    if X.ndim != 2 or X.shape[1] != LENGTH or X.dtype.kind not in "iuf" or not numbers:
        raise ValueError(
            f"{path} must hold X of shape (n, {LENGTH}), a label and a speaker for each. "
            f"Received: X.shape={X.shape}"
        )
    return MemoryReader(
        X[:, None].astype(np.float32) / 32768,
        np.array([f"{number:02d}" for number in label]),
        np.array([f"speaker{number:02d}" for number in speaker]),
    )


def loudest(clip: np.ndarray, length: int) -> np.ndarray:
    """Return the piece of a clip with most power; a short clip is completed with zeros.

    Examples
    --------
    >>> import numpy as np
    >>> loudest(np.array([0.0, 1.0, -3.0, 2.0, 0.0]), 2)
    array([-3.,  2.])
    """
    if len(clip) <= length:
        return np.pad(clip, (0, length - len(clip)))
    power = np.cumsum(np.pad(np.square(clip, dtype=np.float64), (1, 0)))
    start = int(np.argmax(power[length:] - power[:-length]))
    return clip[start : start + length]


class _Clips(Reader):
    """Official clips, resampled when they are read."""

    def __init__(self, files: list[Path]):
        self._files, skipped, once = [], Skipped(), Once()
        words, speakers = [], []
        for file in files:
            name = _NAME.fullmatch(file.name)
            try:
                if name is None or name["word"] not in CLASSES:
                    raise Skip("name is not <speaker>-<word>-<take>.wav")
                once.check(file.stem)
            except Skip as reason:
                skipped.leave_out(reason, file.name)
                continue
            self._files.append(file)
            words.append(name["word"])
            speakers.append(name["speaker"])
        super().__init__(np.array(words, str), np.array(speakers, str), (1, LENGTH), skipped)

    def _name(self, index: int) -> str:
        return self._files[index].name

    def _instance(self, source: Any, index: int) -> np.ndarray:
        from scipy.signal import resample_poly

        clip = resample_poly(read_clip(self._files[index], _OFFICIAL_RATE_HZ), 1, _EVERY)
        return loudest(np.clip(clip, -1, 1), LENGTH)[None]


def read_dspspeech(path: Path) -> Reader:
    """Read spoken words, the loudest half second of each at 4 kHz.

    Parameters
    ----------
    path : path-like
        The official folder, with ``<speaker>-<word>-<take>.wav`` at any depth (16 kHz, resampled
        when read), or a ``.npz`` file with ``X`` (n, 2000) int16 at 4 kHz, ``label`` (0 to 19) and
        ``speaker``.

    Returns
    -------
    Reader
        Words in [-1, 1], labelled ``"00"`` to ``"19"`` as in the official names; groups are
        speakers. What cannot be used is counted in ``skipped``.

    Raises
    ------
    ValueError
        If there is no clip, or the file does not hold this.
    """
    path = Path(path)
    patterns = [f"*-*-*{ending}" for ending in FORMATS]
    files, path = files_or_archive(path, patterns, "<speaker>-<word>-<take>.wav")
    chosen, others = one_of_each(files)
    return _Clips([*chosen, *others]) if files else _from_archive(path)


SPEC = DatasetSpec(
    name="DSPSpeech-20",
    module="dspspeech",
    title="twenty words in Chinese and English",
    domain="spoken words",
    task="classification",
    target="spoken word",
    n_channels=1,
    n_timepoints=LENGTH,
    rate_hz=float(RATE_HZ),
    unit="full scale",
    group="speaker",
    n_instances=13_599,
    stream_max=True,
    licence="MIT",
    citation=f"Chen, Z. DSPSpeech-20. github.com/zhongyuchen/DSPSpeech-20, commit {_COMMIT}",
    url="https://github.com/zhongyuchen/DSPSpeech-20",
    files=(
        RemoteFile(
            f"DSPSpeech-20-{_COMMIT}.zip",
            f"https://github.com/zhongyuchen/DSPSpeech-20/archive/{_COMMIT}.zip",
            known_hash="git-tree:9d21ba20f6aea6a7c93c492c0b852d7a0df99233",
        ),
    ),
    read=read_dspspeech,
    classes=CLASSES,
)

fetch_dspspeech = make_fetcher(SPEC)
