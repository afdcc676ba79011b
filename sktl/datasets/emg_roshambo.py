"""EMG-Roshambo: rock, paper and scissors, recorded with a Myo armband."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from sktl._untrusted import read_npz
from sktl.datasets._contract import make_fetcher
from sktl.datasets._finding import Once, files_or_archive
from sktl.datasets._losses import Skipped
from sktl.datasets._readers import Reader, Skip
from sktl.datasets._spec import DatasetSpec, RemoteFile
from sktl.datasets._windows import (
    check_recording,
    check_window,
    labelled_windows,
    open_recording,
)

CLASSES = ("paper", "rock", "scissor")
REST = "none"
CHANNELS = (0, 2, 5)
WINDOW, STEP = 80, 10
# What the numbers of a compressed archive mean.
_CODES = np.array([REST, "rock", "paper", "scissor"])
_COMMIT = "23916e138e1859afb664a084fee4bfe3f47f8ca4"


def _from_folder(
    files: list[Path], skipped: Skipped
) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    once = Once()
    for file in files:
        try:
            name = file.name.removesuffix("_emg.npy")
            emg, labels = open_recording(file)
            once.check(name, emg, labels)
        except Skip as reason:
            skipped.leave_out(reason, file.name)
            continue
        yield name, emg, labels


def _from_archive(path: Path, skipped: Skipped) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    arrays = read_npz(path)
    for name, emg in sorted(arrays.items()):
        if not name.endswith("_emg"):
            continue
        recording = name.removesuffix("_emg")
        try:
            if f"{recording}_ann" not in arrays:
                raise Skip("recording without annotation")
            emg, labels = check_recording(emg, _named(arrays[f"{recording}_ann"]))
        except Skip as reason:
            skipped.leave_out(reason, recording)
            continue
        yield recording, emg, labels


def _named(labels: np.ndarray) -> np.ndarray:
    if labels.dtype.kind not in "iu":
        return labels
    if labels.size and not 0 <= labels.min() <= labels.max() < len(_CODES):
        raise Skip("annotation with unknown numbers")
    return _CODES[labels]


def read_emg_roshambo(
    path: Path,
    *,
    window: int = WINDOW,
    step: int = STEP,
    channels: Sequence[int] = CHANNELS,
    rest: bool = False,
) -> Reader:
    """Read the gestures as windows of 80 samples, every 10 samples, of channels 0, 2 and 5.

    Parameters
    ----------
    path : path-like
        A folder with ``<recording>_emg.npy`` and ``<recording>_ann.npy`` at any depth, or a
        ``.npz`` file with arrays ``<recording>_emg`` and ``<recording>_ann`` (labels as text, or
        0 none, 1 rock, 2 paper, 3 scissor). Recordings are called ``subject01_session01``.
    window, step : int, default=80, 10
        Samples in a window, and from one window to the next; the armband gives 200 a second.
    channels : sequence of int, default=(0, 2, 5)
        Which of the armband's eight electrodes.
    rest : bool, default=False
        Whether windows without a gesture are kept, as the class ``"none"``.

    Returns
    -------
    Reader
        Windows within one gesture, 14,393 of the official files; groups are persons. Recordings
        that cannot be used are counted in ``skipped``, and so are windows with an unknown label.

    Raises
    ------
    ValueError
        If there is no recording, or an option does not fit.
    """
    path = Path(path)
    check_window(window, step, channels)
    files, path = files_or_archive(path, "*_emg.npy", "<recording>_emg.npy files")
    skipped = Skipped()
    opened = _from_folder(files, skipped) if files else _from_archive(path, skipped)
    named = ((re.sub("_session.*", "", name), emg, labels) for name, emg, labels in opened)
    classes = (*CLASSES, REST) if rest else CLASSES
    return labelled_windows(named, classes, channels, window, step, skipped, ignored=REST)


SPEC = DatasetSpec(
    name="EMG-Roshambo",
    module="emg_roshambo",
    title="EMG from forearm for hand gestures recognition, Roshambo",
    domain="electromyography",
    task="classification",
    target="hand gesture: rock, paper or scissors",
    n_channels=len(CHANNELS),
    n_timepoints=WINDOW,
    rate_hz=200.0,
    unit="units of the Myo armband (8 bit)",
    group="person",
    n_instances=14_393,
    stream_max=True,
    licence="as stated by its Zenodo record",
    citation=(
        "Donati, E. (2019). EMG from forearm datasets for hand gestures recognition. Zenodo. "
        "doi:10.5281/zenodo.3194792"
    ),
    url="https://zenodo.org/records/3194792",
    files=(
        RemoteFile(
            f"roshambo-{_COMMIT}.zip",
            f"https://github.com/freek1/roshambo/archive/{_COMMIT}.zip",
            known_hash="git-tree:1c5ae6da29c9178fc4422bbe694d7e2eee15cbe7",
        ),
    ),
    read=read_emg_roshambo,
    classes=CLASSES,
)

fetch_emg_roshambo = make_fetcher(SPEC)
