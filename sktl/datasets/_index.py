"""Indexes of large files, kept so that a million attributes are read once."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sktl._files import replacing
from sktl._paths import home

_VERSION = 1


class Index(NamedTuple):
    """What is known of a file's instances before their series are read.

    Attributes
    ----------
    names : np.ndarray of bytes
        Path of each instance in the file.
    offsets : np.ndarray of int
        Where each lies.
    y : np.ndarray of float32
    groups : np.ndarray of str
    skipped : dict of str to int
        What was left out.
    """

    names: np.ndarray
    offsets: np.ndarray
    y: np.ndarray
    groups: np.ndarray
    skipped: dict[str, int]


def _place(path: Path, key: object) -> Path:
    """Return where the index of a file in its present state is kept."""
    state = path.stat()
    facts = (_VERSION, str(path.resolve()), state.st_size, state.st_mtime_ns, key)
    digest = hashlib.sha256(repr(facts).encode()).hexdigest()[:24]
    return home() / "datasets" / "indexes" / f"{digest}.npz"


def load_index(path: Path, key: object) -> Index | None:
    """Return the index kept for a file; None without one, or if the file has changed since.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    key : object
        What else the index depends on, such as the format.

    Returns
    -------
    Index or None
    """
    try:
        with np.load(_place(path, key), allow_pickle=False) as kept:
            names, offsets, y, groups = (kept[field] for field in Index._fields[:-1])
            return Index(names, offsets, y, groups, json.loads(str(kept["skipped"])))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def save_index(path: Path, key: object, index: Index) -> None:
    """Keep the index of a file in ``$SKTL_HOME``."""
    place = _place(path, key)
    with replacing(place) as new, new.open("wb") as file:
        np.savez(
            file,
            names=index.names,
            offsets=index.offsets,
            y=index.y,
            groups=index.groups,
            skipped=np.array(json.dumps(index.skipped)),
        )
