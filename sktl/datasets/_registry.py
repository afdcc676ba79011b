"""The datasets: every module of this package with a `SPEC`."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Iterable
from functools import cache
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from sktl._checks import check_number, letters_of
from sktl._targets import as_targets
from sktl.datasets._dataset import Dataset
from sktl.datasets._fetch import fetch_files
from sktl.datasets._hdf5 import PanelReader
from sktl.datasets._readers import MemoryReader, Reader
from sktl.datasets._simulation import as_target, simulated_reader
from sktl.datasets._spec import SIMULATED, DatasetSpec
from sktl.datasets._splits import grouped_split, ordered_split, random_split

SPLITS = ("published", "grouped")


@cache
def _specs() -> dict[str, DatasetSpec]:
    package = Path(__file__).parent
    modules = (
        importlib.import_module(f"sktl.datasets.{found.name}")
        for found in pkgutil.iter_modules([str(package)])
        if not found.ispkg and not found.name.startswith("_")
    )
    specs = [module.SPEC for module in modules if hasattr(module, "SPEC")]
    return {spec.name: spec for spec in sorted(specs, key=lambda spec: spec.name)}


def list_datasets() -> list[DatasetSpec]:
    """Return the facts of every dataset, sorted by name.

    Examples
    --------
    >>> from sktl.datasets import list_datasets
    >>> [spec.name for spec in list_datasets()]
    ['DSPSpeech-20', 'EMG', 'EMG-Francic', 'EMG-Roshambo', 'LEN-DB', 'LOMAX', 'S&P 500', \
'SPEECH', 'STEAD']
    >>> [spec.name for spec in list_datasets() if spec.has_simulator]
    ['EMG', 'LEN-DB', 'LOMAX', 'S&P 500', 'SPEECH', 'STEAD']
    """
    return list(_specs().values())


def get_spec(name: str) -> DatasetSpec:
    """Return the facts of a dataset.

    Parameters
    ----------
    name : str
        Such as ``"LEN-DB"``; case, spaces and signs do not matter, and ``"-simulated"`` at the
        end is allowed where the dataset has a simulator.

    Returns
    -------
    DatasetSpec

    Raises
    ------
    ValueError
        If there is no such dataset, or its simulated counterpart is asked for and there is none.

    Examples
    --------
    >>> from sktl.datasets import get_spec
    >>> get_spec("sp500").name
    'S&P 500'
    """
    known = {letters_of(key): spec for spec in list_datasets() for key in (spec.module, spec.name)}
    asked = letters_of(name.removesuffix(SIMULATED))
    if asked in known and (known[asked].has_simulator or not name.endswith(SIMULATED)):
        return known[asked]
    simulated = [spec.name for spec in list_datasets() if spec.has_simulator]
    near = difflib.get_close_matches(asked, known, n=1, cutoff=0.5)
    hint = f" Did you mean {known[near[0]].name!r}?" if near else ""
    raise ValueError(
        f"A dataset is one of {[spec.name for spec in list_datasets()]}; {simulated} also with "
        f"{SIMULATED!r} at the end.{hint} Received: name={name!r}"
    )


def split_instances(
    reader: Reader, task: str, split: str, seed: int = 0, spec: DatasetSpec | None = None
) -> dict[str, np.ndarray]:
    """Return the indices of each part of what a reader holds."""
    if split not in SPLITS:
        raise ValueError(f"split must be one of {SPLITS}. Received: split={split!r}")
    if reader.parts is not None:
        return reader.parts
    if spec and spec.chronological:
        # Simulated windows lie evenly over one history: leave out those that reach over a cut.
        reach = (spec.n_timepoints + 1) * min(1.0, len(reader) / spec.n_instances)
        return ordered_split(len(reader), gap=int(np.ceil(reach)))
    if split == "grouped":
        return grouped_split(reader.groups, seed)
    return random_split(len(reader), reader.y if task == "classification" else None, seed)


def load_dataset(
    name: str,
    n_instances: int | None = None,
    random_state: int = 0,
    *,
    split: str = "published",
    path: str | PathLike[str] | None = None,
    data_home: str | PathLike[str] | None = None,
    download_if_missing: bool = True,
    reading: dict[str, Any] | None = None,
) -> Dataset:
    """Load a dataset, real or simulated, in its parts.

    Parameters
    ----------
    name : str
        Such as ``"STEAD"``, or ``"STEAD-simulated"`` for its simulated counterpart.
    n_instances : int, optional
        Number of instances in all parts together; needed for simulated ones, all by default for
        real ones.
    random_state : int, default=0
        Seed of the simulation and of the split.
    split : {"published", "grouped"}, default="published"
        ``"published"`` splits 70/15/15 at random, for classification within each class (S&P 500:
        in time order). Windows of one recording, or records of one earthquake, then lie in
        several parts and make scores too good; ``"grouped"`` keeps each group in one part.
    path : path-like, optional
        A file or folder of your own in the official format, or a file of ``sktl simulate``.
    data_home : path-like, optional
        Where downloads are kept; by default ``$SKTL_HOME/datasets``.
    download_if_missing : bool, default=True
        Whether a missing file may be downloaded.
    reading : dict, optional
        Options of the dataset's ``read_X``, where it has any, such as ``{"channels": range(8)}``.

    Returns
    -------
    Dataset

    Raises
    ------
    ValueError
        If the name or an option is unknown, or a file is not in the official format.
    OSError
        If a file is missing and cannot be downloaded; the message says what to do.

    Examples
    --------
    >>> from sktl.datasets import load_dataset
    >>> dataset = load_dataset("EMG-simulated", n_instances=200, random_state=0)
    >>> dataset.name, dataset.train.X.shape, dataset.reduced(40, rerun=3).train.X.shape
    ('EMG-simulated', (140, 3, 80), (40, 3, 80))
    """
    spec = get_spec(name)
    simulated = name.endswith(SIMULATED)
    if simulated and path is None:
        reader = simulated_reader(spec, n_instances, random_state)
    elif simulated:
        reader = PanelReader(Path(path or ""), spec.simulated_name)
    else:
        found = fetch_files(spec, path, data_home, download_if_missing=download_if_missing)
        reader = spec.read(found, **(reading or {}))
    if not len(reader):
        raise ValueError(
            f"No instance of {spec.name} can be used. Skipped: {reader.skipped}. Received: "
            f"path={path!r}"
        )
    parts = split_instances(reader, spec.task, split, random_state, spec)
    full_name = spec.simulated_name if simulated else spec.name
    dataset = Dataset(full_name, reader, parts, spec.task, spec, simulated, split)
    return dataset if n_instances is None else dataset.limited(n_instances, random_state)


def make_dataset(
    name: str,
    X: np.ndarray,
    y: Iterable,
    groups: Iterable | None = None,
    *,
    task: str | None = None,
    split: str | None = None,
    random_state: int = 0,
    sampling_rate: float | None = None,
) -> Dataset:
    """Make a dataset of your own arrays.

    Parameters
    ----------
    name : str
        Name in tables.
    X : array-like of shape (n_instances, n_channels, n_timepoints)
        A panel.
    y : array-like of shape (n_instances,)
        Numbers for regression, labels for classification.
    groups : array-like of shape (n_instances,), optional
        What instances share, such as the speaker.
    task : {"regression", "classification"}, optional
        By default regression where ``y`` holds floats.
    split : {"published", "grouped"}, optional
        By default ``"grouped"`` where groups are given; see `load_dataset`.
    random_state : int, default=0
        Seed of the split.
    sampling_rate : float, optional
        In Hz.

    Returns
    -------
    Dataset

    Raises
    ------
    ValueError
        If the arrays do not fit one another, a value is missing, or an option is unknown.
    """
    if sampling_rate is not None:
        check_number("sampling_rate", sampling_rate, least=0, above=True)
    y = np.asarray(as_targets(y, "regression" if task == "regression" else "classification"))
    task = task or ("regression" if np.issubdtype(y.dtype, np.floating) else "classification")
    if task not in ("regression", "classification"):
        raise ValueError(f"task must be 'regression' or 'classification'. Received: task={task!r}")
    y = as_target(y, task)
    split = split or ("published" if groups is None else "grouped")
    reader = MemoryReader(X, y, None if groups is None else np.asarray(list(groups)))
    parts = split_instances(reader, task, split, random_state)
    rate = None if sampling_rate is None else float(sampling_rate)
    return Dataset(name, reader, parts, task, split=split, sampling_rate=rate)
