"""SPEECH: Speech Commands v0.02, 35 spoken words of one second."""

from __future__ import annotations

import zlib
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from scipy.signal import resample_poly

from sktl.datasets._audio import FORMATS, one_of_each, read_clip
from sktl.datasets._contract import make_fetcher
from sktl.datasets._finding import find_files
from sktl.datasets._losses import Skipped
from sktl.datasets._readers import Reader, Skip
from sktl.datasets._spec import DatasetSpec, RemoteFile
from sktl.datasets.simulators.speech import iter_speech_commands, simulate_speech_commands

RATE_HZ = 8000
_RECORDED_HZ = 16000
_NOISE = "_background_noise_"
WORDS = (
    "backward", "bed", "bird", "cat", "dog", "down", "eight", "five", "follow", "forward", "four",
    "go", "happy", "house", "learn", "left", "marvin", "nine", "no", "off", "on", "one", "right",
    "seven", "sheila", "six", "stop", "three", "tree", "two", "up", "visual", "wow", "yes", "zero",
)  # fmt: skip


class _Clips(Reader):
    def __init__(self, root: Path):
        self._root = root
        self._files: list[Path] = []
        skipped = Skipped()
        for file in find_files(root, "*/*"):
            if file.parent.name not in WORDS:
                skipped["not one of the 35 words"] += file.parent.name != _NOISE
            elif file.suffix.lower() not in FORMATS:
                skipped.leave_out("not a sound file", f"{file.parent.name}/{file.name}")
            else:
                self._files.append(file)
        self._files, others = one_of_each(self._files)
        for file in others:
            skipped.leave_out("duplicate name", f"{file.parent.name}/{file.name}")
        if not self._files:
            raise ValueError(
                f"{root} must hold <word>/<speaker>_nohash_<k>.wav. "
                f"Received: {sorted(entry.name for entry in root.iterdir())[:10]}"
            )
        super().__init__(
            np.array([file.parent.name for file in self._files]),
            np.array([file.name.split("_nohash_")[0] for file in self._files]),
            (1, RATE_HZ),
            skipped,
        )

    @cached_property
    def _noise(self) -> list[np.ndarray]:
        recordings = []
        for file in find_files(self._root / _NOISE, "*.wav"):
            try:
                noise = resample_poly(read_clip(file, _RECORDED_HZ), 1, 2)
            except Skip:
                self._skipped["damaged background noise"] += 1
                continue
            if len(noise) >= RATE_HZ:
                recordings.append(noise)
        return recordings

    def _name(self, index: int) -> str:
        return f"{self._files[index].parent.name}/{self._files[index].name}"

    def _instance(self, source: Any, index: int) -> np.ndarray:
        file = self._files[index]
        clip = resample_poly(read_clip(file, _RECORDED_HZ)[:_RECORDED_HZ], 1, 2)
        missing = RATE_HZ - len(clip)
        if missing:
            if not self._noise:
                raise Skip("shorter than a second, and no background noise to complete it")
            # The noise depends on the clip's name alone: every reading gives the same series.
            rng = np.random.default_rng(zlib.crc32(f"{file.parent.name}/{file.name}".encode()))
            noise = self._noise[rng.integers(len(self._noise))]
            start = rng.integers(len(noise) - missing + 1)
            clip = np.concatenate([clip, noise[start : start + missing]])
        return clip[None]


def read_speech_commands(path: Path) -> Reader:
    """Read Speech Commands, resampled to 8 kHz.

    The first second of a clip is kept; a shorter one is completed with a piece of the dataset's
    background noise, chosen by the clip's name.

    Parameters
    ----------
    path : path-like
        The folder with one folder for each word and ``_background_noise_``.

    Returns
    -------
    Reader
        Clips of 8,000 samples, full scale 1; groups are speakers. Files that are no WAV files, and
        short clips where there is no background noise, are counted in ``skipped``.
    """
    path = Path(path)
    if not path.is_dir():
        raise ValueError(f"path must be a folder or an archive of it. Received: path={str(path)!r}")
    return _Clips(path)


SPEC = DatasetSpec(
    name="SPEECH",
    module="speech_commands",
    title="Speech Commands v0.02",
    domain="spoken words",
    task="classification",
    target="spoken word",
    n_channels=1,
    n_timepoints=RATE_HZ,
    rate_hz=float(RATE_HZ),
    unit="full scale",
    group="speaker",
    n_instances=105_829,
    stream_max=True,
    licence="CC BY 4.0",
    citation=(
        "Warden, P. (2018). Speech Commands: a dataset for limited-vocabulary speech recognition. "
        "arXiv:1804.03209"
    ),
    url="https://arxiv.org/abs/1804.03209",
    files=(
        RemoteFile(
            "speech_commands_v0.02.tar.gz",
            "https://download.tensorflow.org/data/speech_commands_v0.02.tar.gz",
            size=2_428_923_189,
            known_hash="sha256:af14739ee7dc311471de98f5f9d2c9191b18aedfe957f4a6ff791c709868ff58",
        ),
    ),
    read=read_speech_commands,
    simulate=simulate_speech_commands,
    simulate_batches=iter_speech_commands,
    classes=WORDS,
)

fetch_speech_commands = make_fetcher(SPEC)
