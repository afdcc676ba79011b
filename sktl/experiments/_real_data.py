"""Real datasets: whether they are on this machine, and what their content is."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path


def missing(names: Iterable[str]) -> dict[str, str]:
    """Say which real datasets cannot be used, and what to do about it.

    Parameters
    ----------
    names : iterable of str
        Names of datasets.

    Returns
    -------
    dict of str to str
        Name to explanation; empty where all are there.
    """
    from sktl.datasets import data_folder, fetch_files, get_spec

    found = {}
    for name in names:
        spec = get_spec(name)
        remote = spec.files[0]
        try:
            fetch_files(spec, download_if_missing=False, progress=False)
        except FileNotFoundError:
            found[name] = (
                f"{remote.filename} is neither in {data_folder(spec)} nor in $SKTL_MIRROR. "
            )
            found[name] += remote.manual or f"Get it by: sktl fetch '{spec.name}'"
        except (OSError, ValueError) as error:
            found[name] = str(error)
    return found


def checksum(name: str) -> str:
    """Return the checksum of a real dataset's official file.

    Parameters
    ----------
    name : str
        Name of the dataset.

    Returns
    -------
    str
        The official one; computed where there is no official one. ``"missing"`` without a file.
    """
    from sktl.datasets import fetch_files, get_spec, known_hash

    spec = get_spec(name)
    try:
        path = fetch_files(spec, download_if_missing=False, progress=False)
        if spec.files[0].manual is None:
            return known_hash(spec.files[0])
        state = path.stat()
        return _digest(path, state.st_size, state.st_mtime_ns)
    except OSError:
        return "missing"


@cache
def _digest(path: Path, size: int, changed: int) -> str:
    """Hash a file once for as long as it does not change."""
    with path.open("rb") as file:
        return "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()
