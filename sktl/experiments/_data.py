"""The instances of a trial, kept in memory for the next trial of the same process."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from sktl.experiments._trial import Data


def shorten(X: np.ndarray, n_timepoints: int) -> np.ndarray:
    """Shorten series by keeping the value of largest magnitude of each of equal blocks.

    Peaks, and with them amplitude and envelope, survive, as in the peak mode of an oscilloscope;
    frequencies above the new rate are folded, not filtered. It serves grids that shall be quick,
    never a comparison with published figures.

    Parameters
    ----------
    X : np.ndarray of shape (n_instances, n_channels, n_old)
        Panel.
    n_timepoints : int
        New length, at most the old one.

    Returns
    -------
    np.ndarray of shape (n_instances, n_channels, n_timepoints)
        Values of X.

    Raises
    ------
    ValueError
        If ``n_timepoints`` is not between 1 and the old length.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.experiments import shorten
    >>> shorten(np.array([[[1.0, -3.0, 2.0, 0.5, 0.0, 1.0]]]), 3)
    array([[[-3.,  2.,  1.]]])
    """
    length = X.shape[-1]
    if not 1 <= n_timepoints <= length:
        raise ValueError(
            f"n_timepoints must lie between 1 and the length of the series, {length}. "
            f"Received: n_timepoints={n_timepoints}"
        )
    starts = np.arange(n_timepoints) * length // n_timepoints
    high = np.maximum.reduceat(X, starts, axis=-1)
    low = np.minimum.reduceat(X, starts, axis=-1)
    return np.where(high >= -low, high, low)


def load(data: Data, file: Path | None = None):
    """Load the instances of a trial, or take those that this process has loaded before.

    Parameters
    ----------
    data : Data
        What to load.
    file : pathlib.Path, optional
        Where the user's own data lies.

    Returns
    -------
    sktl.datasets.Dataset
        Real data is never downloaded here.
    """
    # Whole real datasets are large: only the last one is kept.
    return (_whole if data.n_instances is None else _limited)(data, file)


def reduced(data: Data, n_train: int | None, rerun: int, file: Path | None = None):
    """Load the instances of a trial with its own training part.

    Parameters
    ----------
    data : Data
        What to load.
    n_train : int or None
        Training instances; None: all.
    rerun : int
        Number of the rerun.
    file : pathlib.Path, optional
        Where the user's own data lies.

    Returns
    -------
    sktl.datasets.Dataset
        Validation and test whole.
    """
    return load(data, file) if n_train is None else _reduced(data, n_train, rerun, file)


def load_own(data: Data, file: Path):
    """Load the user's own data as a store keeps it.

    Parameters
    ----------
    data : Data
        What to load.
    file : pathlib.Path
        Where it lies.

    Returns
    -------
    sktl.datasets.Dataset
        All of it, in its parts.

    Raises
    ------
    FileNotFoundError
        If the file is gone.
    ValueError
        If it is damaged.
    """
    from sktl.datasets import load_npz

    dataset = load_npz(file)
    if dataset.fingerprint(None) != data.content:
        raise ValueError(
            f"The copy of {data.name} in the store is damaged; the next run of the same plan "
            f"writes it again. Received: {file}"
        )
    return dataset


@lru_cache(maxsize=1)
def _reduced(data, n_train, rerun, file):
    return load(data, file).reduced(n_train, rerun)


@lru_cache(maxsize=1)
def _whole(data, file):
    return _load(data, file)


@lru_cache(maxsize=8)
def _limited(data, file):
    return _load(data, file)


def _load(data, file):
    from sktl.datasets import load_dataset

    if data.n_timepoints is not None and not data.simulated:
        # What is real may be read again, or have been read just now, as it is stored.
        return _shortened(load(replace(data, n_timepoints=None), file), data.n_timepoints)
    if data.own:
        dataset = load_own(data, file)
        if data.n_instances is not None:
            dataset = dataset.limited(data.n_instances, data.seed)
    else:
        dataset = load_dataset(
            data.name, data.n_instances, data.seed, split=data.split, download_if_missing=False
        )
    return dataset if data.n_timepoints is None else _shortened(dataset, data.n_timepoints)


def _shortened(dataset, n_timepoints):
    from sktl.datasets import Dataset, MemoryReader

    reader, parts, start = dataset.reader, {}, 0
    pieces = []
    for name, indices in dataset.parts.items():
        X = [shorten(X, n_timepoints) for X, _ in reader.iter_batches(512, indices)]
        kept = reader.usable(indices)
        pieces.append((np.concatenate(X), reader.y[kept], reader.groups[kept]))
        parts[name] = np.arange(start, start := start + len(kept))
    return Dataset(
        dataset.name,
        MemoryReader(*(np.concatenate(column) for column in zip(*pieces, strict=True))),
        parts,
        dataset.task,
        dataset.spec,
        dataset.simulated,
        dataset.split,
    )
