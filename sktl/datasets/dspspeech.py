"""DSPSpeech-20: twenty spoken words, Chinese and English, of 34 speakers."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

import numpy as np

from sktl.datasets._contract import make_fetcher
from sktl.datasets._readers import MemoryReader, Reader
from sktl.datasets._spec import DatasetSpec, RemoteFile

LENGTH = 2000
RATE_HZ = 4000
_COMMIT = "8165959c2567190524898e8187021c8ffb19b262"
CLASSES = tuple(f"{number:02d}" for number in range(20))


def _archive(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            missing = sorted({"X", "label", "speaker"} - set(archive.files))
            if missing:
                raise ValueError(f"arrays {missing} are missing")
            X, label, speaker = (archive[name] for name in ("X", "label", "speaker"))
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(f"{path} is damaged or no such .npz file: {error}") from error
    if X.ndim != 2 or X.shape[1] != LENGTH or not len(X) == len(label) == len(speaker):
        raise ValueError(
            f"{path} must hold X of shape (n, {LENGTH}), a label and a speaker for each. "
            f"Received: X.shape={X.shape}"
        )
    return X, label, speaker


def read_dspspeech(path: Path) -> Reader:
    """Read spoken words, the loudest half second of each at 4 kHz.

    Parameters
    ----------
    path : path-like
        A ``.npz`` file with ``X`` (n, 2000) int16, ``label`` (0 to 19) and ``speaker``.

    Returns
    -------
    Reader
        Words in [-1, 1); groups are speakers.

    Raises
    ------
    ValueError
        If the file does not hold this.
    """
    X, label, speaker = _archive(Path(path))
    return MemoryReader(
        X[:, None].astype(np.float32) / 32768,
        np.array([f"{number:02d}" for number in label]),
        np.array([f"speaker{number:02d}" for number in speaker]),
    )


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
            manual="",
        ),
    ),
    read=read_dspspeech,
    classes=CLASSES,
)

fetch_dspspeech = make_fetcher(SPEC)
