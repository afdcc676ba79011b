"""Labelled windows of recordings that lie in memory-mapped arrays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sktl._untrusted import read_npy
from sktl.datasets._readers import Reader, Skip

N_MYO_CHANNELS = 8


def load_array(path: Path, memory_map: bool = True) -> np.ndarray:
    """Open a ``.npy`` file, or say in a `Skip` that it is none."""
    try:
        return read_npy(path, memory_map)
    except (OSError, ValueError) as error:
        raise Skip("damaged recording") from error


def pure_windows(labels: np.ndarray, length: int, step: int) -> np.ndarray:
    """Return the starts of windows that hold one label only.

    Examples
    --------
    >>> pure_windows(np.array(list("aaaabbbb")), length=3, step=1)
    array([0, 1, 4, 5])
    """
    starts = np.arange(0, len(labels) - length + 1, step)
    changes = np.concatenate([[0], np.cumsum(labels[1:] != labels[:-1])])
    return starts[changes[starts] == changes[starts + length - 1]] if len(starts) else starts


def open_recording(file: Path) -> tuple[np.ndarray, np.ndarray]:
    """Open ``<recording>_emg.npy`` of a Myo armband and its labels, ``<recording>_ann.npy``.

    Parameters
    ----------
    file : pathlib.Path
        The recording.

    Returns
    -------
    emg : np.ndarray of shape (n_samples, 8)
        Memory-mapped.
    labels : np.ndarray of shape (n_samples,)
        As str.

    Raises
    ------
    Skip
        If there are no labels, or the two do not fit.
    """
    annotation = file.with_name(file.name.replace("_emg.npy", "_ann.npy"))
    if not annotation.is_file():
        raise Skip("recording without annotation")
    emg, labels = load_array(file), load_array(annotation, memory_map=False)
    return check_recording(emg, labels)


def check_recording(emg: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return a recording and its labels as str, or say in a `Skip` why they cannot be used."""
    if emg.ndim != 2 or emg.shape[1] != N_MYO_CHANNELS or emg.dtype.kind not in "iuf":
        raise Skip("recording without 8 channels")
    if labels.ndim != 1 or len(labels) != len(emg):
        raise Skip("recording and annotation differ in length")
    return emg, labels.astype(str)


def check_window(window: int, step: int, channels: Sequence[int]) -> None:
    """Raise `ValueError` unless windows of a Myo armband can be cut so."""
    if window < 1 or step < 1:
        raise ValueError(f"window and step must be positive. Received: {window=}, {step=}")
    if not len(channels) or not set(channels) <= set(range(N_MYO_CHANNELS)):
        raise ValueError(f"channels must be out of 0 to 7. Received: channels={channels!r}")


def labelled_windows(
    recordings: Iterable[tuple[str, np.ndarray, np.ndarray]],
    classes: Sequence[str],
    channels: Sequence[int],
    window: int,
    step: int,
    skipped: Counter[str],
    ignored: str = "none",
) -> WindowReader:
    """Cut recordings into windows that hold one label of ``classes`` only.

    Parameters
    ----------
    recordings : iterable of tuple of (str, np.ndarray, np.ndarray)
        Group, samples of shape (n_samples, n_channels) and the label of each sample.
    classes : sequence of str
        Labels whose windows are kept.
    channels : sequence of int
        Which channels.
    window, step : int
        Samples in a window, and from one window to the next.
    skipped : Counter
        What was left out; windows of other labels are added, except those of ``ignored``.
    ignored : str, default="none"
        The label of what is no gesture.

    Returns
    -------
    WindowReader
    """
    kept: list[np.ndarray] = []
    names, windows = [], []
    for name, emg, labels in recordings:
        starts = pure_windows(labels, window, step)
        known = np.isin(labels[starts], classes)
        skipped["window with an unknown label"] += int((~known & (labels[starts] != ignored)).sum())
        windows.append((len(kept), starts[known], labels[starts[known]]))
        kept.append(emg)
        names.append(name)
    return WindowReader(kept, windows, names, channels, window, skipped)


class WindowReader(Reader):
    """Windows of several recordings of shape (n_samples, n_channels).

    Parameters
    ----------
    recordings : sequence of np.ndarray
        May be memory-mapped.
    windows : sequence of tuple of (int, np.ndarray, np.ndarray)
        Number of a recording, starts of its windows and their labels.
    names : sequence of str
        The group of each recording.
    channels : sequence of int
        Which channels.
    length : int
        Samples in a window.
    skipped : Counter
        What was left out.
    """

    def __init__(
        self,
        recordings: Sequence[np.ndarray],
        windows: Sequence[tuple[int, np.ndarray, np.ndarray]],
        names: Sequence[str],
        channels: Sequence[int],
        length: int,
        skipped: Counter[str],
    ):
        self._recordings = recordings
        self._channels = list(channels)
        sizes = [len(starts) for _, starts, _ in windows]
        self._recording = np.repeat([number for number, _, _ in windows], sizes).astype(int)
        self._starts = np.concatenate([np.empty(0, int), *(starts for _, starts, _ in windows)])
        labels = np.concatenate([np.empty(0, str), *(labels for _, _, labels in windows)])
        super().__init__(
            labels,
            np.asarray(names, dtype=str)[self._recording],
            (len(self._channels), length),
            skipped,
        )

    def _instance(self, source: Any, index: int) -> np.ndarray:
        start = self._starts[index]
        recording = self._recordings[self._recording[index]]
        return recording[start : start + self.n_timepoints, self._channels].T
