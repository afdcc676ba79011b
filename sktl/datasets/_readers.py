"""Readers give the instances of a file as panels, a batch at a time, and count what they skip."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np

from sktl._panels import as_array
from sktl.datasets._losses import Skipped, warn_of_losses


class Skip(Exception):  # noqa: N818 - a signal between reader and format, not an error
    """An instance cannot be used; the text is the reason that is counted."""


def as_text(value: object) -> str:
    """Return text from text or bytes; empty for None and for what means none."""
    text = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
    return "" if text.strip().lower() in {"none", "nan", ""} else text.strip()


def is_valid_shape(shape: tuple[int, ...], expected: tuple[int, ...]) -> None:
    """Raise `Skip` unless an instance has the expected shape."""
    if tuple(shape) != tuple(expected):
        raise Skip(f"shape {tuple(shape)} instead of {tuple(expected)}")


class Reader(ABC):
    """The instances of an official file, in a fixed order.

    A reader knows every target and group after one pass over the file's index and reads series
    only when asked, so that files larger than memory can be used. Instances that cannot be used
    are counted in `skipped`: by the pass over the index (a missing target, a wrong shape), or
    when their values are first read (NaN, damaged).

    Attributes
    ----------
    y : np.ndarray of shape (n_instances,)
        float32 targets, or labels as str.
    groups : np.ndarray of shape (n_instances,)
        What each instance shares with others (event, speaker, recording), as str.
    n_channels, n_timepoints : int
        The shape of an instance.
    parts : dict or None
        Indices of ``"train"``, ``"validation"`` and ``"test"`` where the format fixes them.
    """

    parts: dict[str, np.ndarray] | None = None

    def __init__(
        self,
        y: np.ndarray,
        groups: np.ndarray,
        shape: tuple[int, int],
        skipped: Counter[str] | None = None,
    ):
        self.y = y
        self.groups = groups
        self.n_channels, self.n_timepoints = shape
        self._skipped = skipped if isinstance(skipped, Skipped) else Skipped(skipped)
        self._unusable: dict[int, str] = {}
        self._told: set[str] | None = set()

    def __len__(self) -> int:
        return len(self.y)

    @property
    def skipped(self) -> dict[str, int]:
        """How many instances were skipped so far, by reason."""
        return dict(self._skipped + Counter(self._unusable.values()))

    @property
    def names(self) -> np.ndarray | None:
        """Names by which the format tells instances apart, over all files; None without."""
        return None

    def _name(self, index: int) -> str:
        """Return what a warning calls an instance."""
        return f"number {index}"

    def tell_losses(self) -> None:
        """Warn where a class or a recording is gone, or more than 2 %, and of each once."""
        if self._told is not None:
            names = [self._name(index) for index in self._unusable]
            warn_of_losses(self.y, self._skipped, self._unusable, names, self._told)

    def usable(self, indices: np.ndarray) -> np.ndarray:
        """Return the indices less those that reading has shown to be unusable."""
        if not self._unusable:
            return indices
        return indices[~np.isin(indices, list(self._unusable))]

    def _source(self) -> AbstractContextManager:
        """Open what a batch is read from."""
        return nullcontext()

    def _reading_order(self, indices: np.ndarray) -> np.ndarray:
        """Positions in ``indices`` in the order in which the file is best read."""
        return np.argsort(indices, kind="stable")

    @abstractmethod
    def _instance(self, source: Any, index: int) -> np.ndarray:
        """Return one instance of shape (n_channels, n_timepoints), or raise `Skip`."""

    def read(self, indices: Sequence[int] | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Read some instances into memory.

        Parameters
        ----------
        indices : array-like of int
            Which instances, in any order.

        Returns
        -------
        X : np.ndarray of shape (n_kept, n_channels, n_timepoints)
            float32, in the order of ``indices``.
        kept : np.ndarray of int
            The indices without those that turned out to be unusable, which are counted in
            `skipped`.
        """
        indices = np.asarray(indices, dtype=np.int64)
        X = np.empty((len(indices), self.n_channels, self.n_timepoints), dtype=np.float32)
        good = np.ones(len(indices), dtype=bool)
        known = len(self._unusable)
        with self._source() as source:
            for position in self._reading_order(indices):
                index = int(indices[position])
                try:
                    if index in self._unusable:
                        raise Skip(self._unusable[index])
                    with np.errstate(over="ignore"):
                        X[position] = self._instance(source, index)
                    if not np.isfinite(X[position]).all():
                        raise Skip("values that are not finite")
                except Skip as reason:
                    self._unusable[index] = str(reason)
                    good[position] = False
        if len(self._unusable) > known:
            self.tell_losses()
        return (X, indices) if good.all() else (X[good], indices[good])

    def iter_batches(
        self, batch_size: int = 512, indices: Sequence[int] | np.ndarray | None = None
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Iterate over panels of at most ``batch_size`` instances.

        Parameters
        ----------
        batch_size : int, default=512
            The largest number of instances held in memory.
        indices : array-like of int, optional
            Which instances; all by default.

        Yields
        ------
        X : np.ndarray of shape (n_kept, n_channels, n_timepoints)
        y : np.ndarray of shape (n_kept,)
        """
        if batch_size < 1:
            raise ValueError(f"batch_size must be at least 1. Received: batch_size={batch_size}")
        indices = np.arange(len(self)) if indices is None else np.asarray(indices, dtype=np.int64)
        for start in range(0, len(indices), batch_size):
            X, kept = self.read(indices[start : start + batch_size])
            if len(kept):
                yield X, self.y[kept]


class MemoryReader(Reader):
    """Instances that are already in memory, such as simulated ones.

    Parameters
    ----------
    X : np.ndarray of shape (n_instances, n_channels, n_timepoints)
    y : np.ndarray of shape (n_instances,)
    groups : np.ndarray of shape (n_instances,), optional
        By default every instance is a group of its own.
    """

    def __init__(self, X: np.ndarray, y: np.ndarray, groups: np.ndarray | None = None):
        X = np.asarray(as_array(X), dtype=np.float32)
        y = np.asarray(y)
        groups = np.arange(len(y)) if groups is None else np.asarray(groups)
        if X.ndim != 3 or not len(X) == len(y) == len(groups):
            raise ValueError(
                "X must have the shape (n_instances, n_channels, n_timepoints), y and groups one "
                f"entry for each instance. Received: X.shape={X.shape}, y.shape={y.shape}, "
                f"groups.shape={groups.shape}"
            )
        if not np.isfinite(X).all():
            raise ValueError("X must be finite. Received: X with NaN or infinite values")
        super().__init__(y, groups.astype(str), (X.shape[1], X.shape[2]))
        self._X = X

    def _instance(self, source: Any, index: int) -> np.ndarray:
        return self._X[index]

    def read(self, indices: Sequence[int] | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Take some instances at once; see `Reader.read`."""
        indices = np.asarray(indices, dtype=np.int64)
        return self._X[indices], indices


class JoinedReader(Reader):
    """Several readers of one format, one after the other.

    An instance whose name was there before, as in files that overlap, is left out and counted as
    ``"duplicate name"``.

    Parameters
    ----------
    readers : sequence of Reader
        At least one.
    """

    def __init__(self, readers: Sequence[Reader]):
        first = readers[0]
        skipped, seen = Skipped(), set[str]()
        self._readers = list(readers)
        self._kept: list[np.ndarray] = []
        for reader in readers:
            skipped.merge(reader._skipped)
            reader._told = None  # this one tells
            kept = np.arange(len(reader))
            names = reader.names
            if names is not None:
                fresh = [name not in seen for name in names.tolist()]
                seen.update(names.tolist())
                kept = kept[fresh]
                skipped["duplicate name"] += len(names) - len(kept)
            self._kept.append(kept)
        self._starts = np.cumsum([0, *map(len, self._kept)])
        parts = list(zip(readers, self._kept, strict=True))
        super().__init__(
            np.concatenate([reader.y[kept] for reader, kept in parts]),
            np.concatenate([reader.groups[kept] for reader, kept in parts]),
            (first.n_channels, first.n_timepoints),
            skipped,
        )

    @property
    def names(self) -> np.ndarray | None:
        """Names of the instances; None where a file has none."""
        names = [reader.names for reader in self._readers]
        if any(of is None for of in names):
            return None
        parts = zip(names, self._kept, strict=True)
        return np.concatenate([of[kept] for of, kept in parts if of is not None])

    def _name(self, index: int) -> str:
        number = int(np.searchsorted(self._starts, index, side="right")) - 1
        return self._readers[number]._name(int(self._kept[number][index - self._starts[number]]))

    def _instance(self, source: Any, index: int) -> np.ndarray:
        raise NotImplementedError("whole batches are read from each reader")

    def read(self, indices: Sequence[int] | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Read some instances, those of one file together; see `Reader.read`."""
        indices = np.asarray(indices, dtype=np.int64)
        X = np.empty((len(indices), self.n_channels, self.n_timepoints), dtype=np.float32)
        good = np.zeros(len(indices), dtype=bool)
        owner = np.searchsorted(self._starts, indices, side="right") - 1
        for number in np.unique(owner):
            reader, start, own = self._readers[number], self._starts[number], self._kept[number]
            positions = np.flatnonzero(owner == number)
            wanted = own[indices[positions] - start]
            values, kept = reader.read(wanted)
            read = positions[np.isin(wanted, kept)]
            X[read] = values
            good[read] = True
            for at in positions[~np.isin(wanted, kept)]:
                index = int(indices[at])
                self._unusable[index] = reader._unusable[int(own[index - start])]
        if not good.all():
            self.tell_losses()
        return (X, indices) if good.all() else (X[good], indices[good])
