"""Indexes of large files, kept so that a million attributes are read once."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sktl._files import replacing
from sktl._paths import home
from sktl._untrusted import needed_arrays, read_json

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
        names, offsets, y, groups, skipped = needed_arrays(_place(path, key), Index._fields)
        index = Index(names, offsets, y, groups, read_json(str(skipped)))
    except (OSError, ValueError):
        return None
    columns = [(names, "S"), (offsets, "i"), (y, "f"), (groups, "U")]
    fits = all(one.shape == (len(y),) and one.dtype.kind == kind for one, kind in columns)
    return index if fits and isinstance(index.skipped, dict) else None


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
