"""Labelled windows of recordings that lie in memory-mapped arrays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sktl.datasets._readers import Reader, Skip


def load_array(path: Path, memory_map: bool = True) -> np.ndarray:
    """Open a ``.npy`` file, or say in a `Skip` that it is none."""
    try:
        return np.load(path, mmap_mode="r" if memory_map else None, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
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
