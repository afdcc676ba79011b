"""Recordings of ten gestures with a Myo armband: a target for what was trained on pinches."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path

import numpy as np

from sktl.datasets._dataset import Dataset
from sktl.datasets._finding import Once
from sktl.datasets._losses import Skipped
from sktl.datasets._myo_files import N_CHANNELS, read_recording, recordings_in
from sktl.datasets._readers import Skip
from sktl.datasets._registry import split_instances
from sktl.datasets._windows import WindowReader

RATE_HZ = 200.0


def load_myo(
    path: str | PathLike[str],
    *,
    length: int = 80,
    step: int = 80,
    channels: Sequence[int] = tuple(range(N_CHANNELS)),
    gestures: Sequence[str] | None = None,
    split: str = "grouped",
    random_state: int = 0,
) -> Dataset:
    """Load recordings of gestures, one file for each subject.

    Parameters
    ----------
    path : path-like
        A folder of ``<subject>.npz`` files, each with one array of shape (n_samples, 8) for each
        gesture; or of ``<subject>/.../<gesture>.csv`` or ``<subject>_<gesture>.csv``, a number at
        the end of which counts takes, with a column for each electrode and perhaps a header and
        times; or of ``<subject>/.../classe_<k>.dat`` (int16, seven gestures in turn). 200 Hz, the
        armband's 8-bit values.
    length, step : int, default=80
        Samples in a window and from one window to the next (80 is 0.4 s, without overlap).
    channels : sequence of int, default=all eight
        Which electrodes; the published experiment on pinches used 0, 2 and 5.
    gestures : sequence of str, optional
        Which gestures; all by default.
    split : {"grouped", "published"}, default="grouped"
        Whether each subject lies in one part, or windows are split at random.
    random_state : int, default=0
        Seed of the split.

    Returns
    -------
    Dataset
        Gestures to classify; groups are subjects.

    Raises
    ------
    ValueError
        If the folder has no such files, or an option does not fit.
    """
    found = list(recordings_in(Path(path)))
    if not found:
        raise ValueError(
            "path must be a folder with <subject>.npz files, or .csv or .dat files of its "
            f"subjects. Received: path={str(path)!r}"
        )
    if length < 1 or step < 1:
        raise ValueError(f"length and step must be positive. Received: {length=}, {step=}")
    if not channels or not set(channels) <= set(range(N_CHANNELS)):
        raise ValueError(f"channels must be out of 0 to 7. Received: channels={channels!r}")
    skipped, once = Skipped(), Once()
    recordings: list[np.ndarray] = []
    names, windows = [], []
    for subject, gesture, file, array in found:
        if gestures is not None and gesture not in gestures:
            continue
        try:
            recording = read_recording(file, array)
            once.check(f"{file}:{array}", recording)
        except Skip as reason:
            shown = file.name if array is None else f"{file.name}:{array}"
            skipped.leave_out(reason, shown, gesture)
            continue
        starts = np.arange(0, len(recording) - length + 1, step)
        windows.append((len(recordings), starts, np.full(len(starts), gesture)))
        recordings.append(recording)
        names.append(subject)
    reader = WindowReader(recordings, windows, names, channels, length, skipped)
    missing = set(gestures or ()) - set(reader.y)
    if missing or not len(reader):
        raise ValueError(
            f"gestures must be in the files, and recordings at least length={length} long. "
            f"Received: no window of {sorted(missing) or 'any gesture'}"
        )
    parts = split_instances(reader, "classification", split, random_state)
    return Dataset("Myo", reader, parts, "classification", split=split)
