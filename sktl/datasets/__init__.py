"""Datasets: readers of official formats, fetchers, splits and simulators under one contract.

Every module here that states a `SPEC` is a dataset, and its ``fetch_X``, ``simulate_X`` and
``read_X`` are found by searching the package: a new file adds a dataset.
"""

from __future__ import annotations

import difflib
import importlib
from typing import Any

from sktl.datasets._checksums import known_hash
from sktl.datasets._dataset import Dataset, Part
from sktl.datasets._fetch import data_folder, fetch_files
from sktl.datasets._readers import MemoryReader, Reader
from sktl.datasets._registry import (
    get_spec,
    list_datasets,
    load_dataset,
    make_dataset,
)
from sktl.datasets._simulate_to_file import simulate_to_file
from sktl.datasets._spec import DatasetSpec, RemoteFile

_LAZY = {
    "ClassificationDataset": "sktl.datasets._sktime",
    "RegressionDataset": "sktl.datasets._sktime",
    "load_myo": "sktl.datasets.myo",
    "load_npz": "sktl.datasets._npz",
    "load_spoken_digits": "sktl.datasets.spoken_digits",
    "load_uea": "sktl.datasets.uea",
    "panel_from_recordings": "sktl.datasets.recordings",
    "panel_from_seisbench": "sktl.datasets.recordings",
    "panel_from_stream": "sktl.datasets.recordings",
    "resample": "sktl.datasets._resampling",
    "save_npz": "sktl.datasets._npz",
}

__all__ = [
    "Dataset",
    "DatasetSpec",
    "MemoryReader",
    "Part",
    "Reader",
    "RemoteFile",
    "data_folder",
    "fetch_files",
    "get_spec",
    "known_hash",
    "list_datasets",
    "load_dataset",
    "make_dataset",
    "simulate_to_file",
]


def _found() -> dict[str, str]:
    """Return where each lazily imported name lies."""
    names = dict(_LAZY)
    for spec in list_datasets():
        for verb in ("fetch", "read", *(["simulate"] if spec.has_simulator else [])):
            names[f"{verb}_{spec.module}"] = f"sktl.datasets.{spec.module}"
    return names


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    names = _found()
    if name in names:
        return getattr(importlib.import_module(names[name]), name)
    near = difflib.get_close_matches(name, [*names, *__all__], n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise AttributeError(f"sktl.datasets has no {name!r}.{hint}")


def __dir__() -> list[str]:
    return sorted([*__all__, *_found()])
