"""Trials on more instances than a worker can hold: they stay in their file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from sktl.datasets import Dataset, Part
from sktl.experiments._data import load, reduced, shorten
from sktl.experiments._trial import Data, Trial
from sktl.pretraining.from_file import FilePart, fit_from_file, fit_held_out_in_file

# Copies that a fit holds of what it trains on and validates with: as it is, scaled, with the time
# first, as a tensor.
_COPIES = 4
# Instances that are predicted at once.
BATCH = 512


def default_memory(n_workers: int) -> float:
    """Return the gigabytes that each of some workers may take for the instances of a trial.

    Parameters
    ----------
    n_workers : int
        Workers of this machine.

    Returns
    -------
    float
        Half of the machine's memory in equal shares; infinity where it is not known.
    """
    if not hasattr(os, "sysconf"):
        return float("inf")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return memory / 2e9 / max(1, n_workers)


def needed_memory(n_trained_on: int, n_test: int, n_channels: int, n_timepoints: int) -> float:
    """Return the gigabytes that the instances of a trial take in memory.

    Parameters
    ----------
    n_trained_on, n_test : int
        Training and validation instances together, and those of the test part.
    n_channels, n_timepoints : int
        The shape of one, as the network gets it.

    Returns
    -------
    float
        Gigabytes.
    """
    return 4e-9 * n_channels * n_timepoints * (_COPIES * n_trained_on + n_test)


@dataclass(frozen=True)
class InFile:
    """A trial whose held-out parts stay in their file, and the training part where it is whole.

    Attributes
    ----------
    dataset : sktl.datasets.Dataset
        Whole, as it is stored.
    form : callable
        Turns a stored panel into what the trial works on.
    train : tuple of (X, y) or None
        The drawn training instances; None: all, in the file.
    """

    dataset: Any
    form: Callable[[np.ndarray], np.ndarray]
    train: tuple[np.ndarray, np.ndarray] | None

    @property
    def task(self) -> str:
        """What is predicted."""
        return self.dataset.task

    @property
    def n_train(self) -> int:
        """Number of training instances that can be used, as far as they have been read."""
        return len(self.part("train") if self.train is None else self.train[1])

    def part(self, name: str) -> FilePart:
        """Return a part that is not read yet."""
        reader = self.dataset.reader
        indices = reader.usable(self.dataset.parts[name])
        return FilePart(reader, indices, self.form, reader.y.dtype)

    def fit(self, estimator: Any) -> Any:
        """Fit an estimator of sktl.estimators."""
        if self.train is None:
            return fit_from_file(estimator, self.part("train"), self.part("validation"))
        return fit_held_out_in_file(estimator, *self.train, self.part("validation"))

    def batches(self, name: str) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Iterate over panels and targets of a part."""
        return self.part(name).batches(BATCH)


def in_file(
    trial: Trial, n_channels: int | None, file: Path | None, memory: float
) -> InFile | None:
    """Return what a trial works on, where it takes more memory than is allowed.

    Parameters
    ----------
    trial : Trial
        What to do.
    n_channels : int or None
        To which a single channel is repeated; None: as they are.
    file : pathlib.Path or None
        Where the user's own data lies.
    memory : float
        Gigabytes.

    Returns
    -------
    InFile or None
        None: it fits, or it is simulated or the user's own and is in memory in any case.
    """
    data = trial.data
    if data.own or data.simulated:
        return None
    stored = replace(data, n_timepoints=None)
    (n_train, n_validation, n_test), stored_channels, length = _sizes(stored, file)
    channels = n_channels if n_channels and stored_channels == 1 else stored_channels
    shape = channels, data.n_timepoints or length
    if needed_memory((trial.n_train or n_train) + n_validation, n_test, *shape) <= memory:
        return None
    dataset = load(stored, file) if data.n_timepoints is None else _usable(stored, file)

    def form(X):
        X = X if data.n_timepoints is None else shorten(X, data.n_timepoints)
        return np.repeat(X, channels, axis=1) if X.shape[1] < channels else X

    if trial.n_train is None:
        return InFile(dataset, form, None)
    drawn = _drawn(stored, data.n_timepoints is None, trial.n_train, trial.rerun, file)
    return InFile(dataset, form, (form(drawn.X), drawn.y))


@lru_cache(maxsize=1)
def _usable(data: Data, file: Path | None) -> Any:
    """Return a dataset without what cannot be used, as shortening in memory leaves it out."""
    dataset = load(data, file)
    for indices in dataset.parts.values():
        for _ in dataset.reader.iter_batches(BATCH, indices):
            pass
    parts = {name: dataset.reader.usable(indices) for name, indices in dataset.parts.items()}
    facts = dataset.task, dataset.spec, dataset.simulated, dataset.split
    return Dataset(dataset.name, dataset.reader, parts, *facts)


@lru_cache(maxsize=1)
def _drawn(data: Data, whole: bool, n_train: int, rerun: int, file: Path | None) -> Part:
    """Return the training instances of a trial, as they are stored."""
    if whole:
        return reduced(data, n_train, rerun, file).train
    return _usable(data, file).reduced(n_train, rerun).train


@lru_cache(maxsize=16)
def _sizes(data: Data, file: Path | None) -> tuple[tuple[int, ...], int, int]:
    """Return the sizes of the parts, the channels and the length, as they are stored."""
    dataset = load(data, file)
    sizes = tuple(len(dataset.parts[name]) for name in ("train", "validation", "test"))
    return sizes, dataset.n_channels, dataset.n_timepoints
