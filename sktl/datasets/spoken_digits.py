"""The Free Spoken Digit Dataset: a target for what was trained on spoken words."""

from __future__ import annotations

import re
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from sktl._paths import home
from sktl.datasets._archives import unpack
from sktl.datasets._audio import one_of_each, read_clip
from sktl.datasets._dataset import Dataset
from sktl.datasets._finding import Once, find_files
from sktl.datasets._losses import Skipped
from sktl.datasets._readers import Reader, Skip
from sktl.datasets._registry import split_instances

RATE_HZ = 8000
_NAME = re.compile(r"(?P<digit>\d)_(?P<speaker>[^_]+)_(?P<take>\d+)\.(wav|flac|ogg|mp3)", re.I)


class _Digits(Reader):
    def __init__(self, files: list[Path], length: int):
        self._files, skipped, once = [], Skipped(), Once()
        digits, speakers = [], []
        for file in files:
            name = _NAME.fullmatch(file.name)
            try:
                if name is None:
                    raise Skip("name is not <digit>_<speaker>_<k>.wav")
                once.check(file.stem)
            except Skip as reason:
                skipped.leave_out(reason, file.name)
                continue
            self._files.append(file)
            digits.append(name["digit"])
            speakers.append(name["speaker"])
        super().__init__(np.array(digits, str), np.array(speakers, str), (1, length), skipped)

    def _name(self, index: int) -> str:
        return self._files[index].name

    def _instance(self, source: Any, index: int) -> np.ndarray:
        clip = read_clip(self._files[index], RATE_HZ)[: self.n_timepoints]
        return np.pad(clip, (0, self.n_timepoints - len(clip)))[None]


def load_spoken_digits(
    path: str | PathLike[str],
    *,
    length: int = 8000,
    split: str = "grouped",
    random_state: int = 0,
    data_home: str | PathLike[str] | None = None,
) -> Dataset:
    """Load the Free Spoken Digit Dataset: ten digits, six speakers, 8 kHz.

    Parameters
    ----------
    path : path-like
        ``recordings.tar.gz``, or a folder with ``<digit>_<speaker>_<k>.wav`` at any depth.
    length : int, default=8000
        Samples in an instance; longer clips are cut, shorter ones completed with zeros.
    split : {"grouped", "published"}, default="grouped"
        Whether each speaker lies in one part, or clips are split at random.
    random_state : int, default=0
        Seed of the split.
    data_home : path-like, optional
        Where an archive is unpacked; by default ``$SKTL_HOME/datasets``.

    Returns
    -------
    Dataset
        Digits to classify, as ``"0"`` to ``"9"``; groups are speakers.

    Raises
    ------
    ValueError
        If there is no such clip.
    """
    if length < 1:
        raise ValueError(f"length must be positive. Received: length={length}")
    if not Path(path).exists():
        raise FileNotFoundError(f"There is no such file or folder. Received: path={str(path)!r}")
    root = Path(data_home) if data_home else home() / "datasets"
    folder = unpack(Path(path), root / "spoken_digits")
    patterns = ("**/*.[wW][aA][vV]", "**/*.[fF][lL][aA][cC]", "**/*.[oO][gG][gG]", "**/*.[mM][pP]3")
    chosen, others = one_of_each(find_files(folder, *patterns) if folder.is_dir() else [])
    reader = _Digits([*chosen, *others], length)
    if not len(reader):
        raise ValueError(
            f"There are no clips <digit>_<speaker>_<k>.wav. Received: path={str(path)!r}"
        )
    parts = split_instances(reader, "classification", split, random_state)
    return Dataset("spoken digits", reader, parts, "classification", split=split)
