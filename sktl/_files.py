"""Files that are there whole or not at all."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

# What Windows and macOS put into folders; ._name holds what a foreign disk cannot keep of name.
_LEFT_BEHIND = {"thumbs.db", "desktop.ini", ".ds_store", "__macosx"}


def is_left_behind(path: Path | str) -> bool:
    """Return True for what an operating system leaves beside a user's files.

    Parameters
    ----------
    path : path-like
        Of the file or folder; its name alone counts.

    Returns
    -------
    bool
        True for ``._*``, .DS_Store, Thumbs.db, desktop.ini and __MACOSX.

    Examples
    --------
    >>> from sktl._files import is_left_behind
    >>> [is_left_behind(name) for name in ("a/._1.wav", "a/Thumbs.db", "a/1.wav")]
    [True, True, False]
    """
    path = Path(path)
    return path.name.startswith("._") or path.name.lower() in _LEFT_BEHIND


def check_folder(path: str | os.PathLike[str], name: str = "out") -> None:
    """Refuse a file where a folder is to be written.

    Parameters
    ----------
    path : path-like
        The folder; it need not exist.
    name : str, default="out"
        What the error calls it.

    Raises
    ------
    ValueError
        If it, or what it would lie in, is a file.
    """
    for folder in (Path(path), *Path(path).parents):
        if folder.exists():
            if not folder.is_dir():
                raise ValueError(
                    f"{name} must be a folder, which is made if need be; {folder} is a file. "
                    f"Received: {name}={os.fspath(path)!r}"
                )
            return


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Lend a name in the same folder; the file written there takes the place of `path`.

    The file is on disk, and its name durable, when the block is left. After an error it is
    removed and `path` is as before.

    Parameters
    ----------
    path : pathlib.Path
        The file; its folder is made if need be.

    Yields
    ------
    pathlib.Path
        Where to write.

    Raises
    ------
    OSError
        If the disk is full or cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        yield new
        synchronise(new)
        os.replace(new, path)
        synchronise(path.parent)
    finally:
        new.unlink(missing_ok=True)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file as `replacing` does.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    content : bytes
        What it shall hold.

    Raises
    ------
    OSError
        If the disk is full or cannot be written.
    """
    with replacing(path) as new:
        new.write_bytes(content)


def write_npz(file: Any, arrays: Mapping[str, np.ndarray]) -> None:
    """Write plain arrays as `numpy.savez` does, without pickles.

    Parameters
    ----------
    file : path or binary file
        Where to.
    arrays : mapping of str to np.ndarray
        Arrays by their names.

    Raises
    ------
    ValueError
        If an array holds Python objects.

    Examples
    --------
    >>> import io
    >>> import numpy as np
    >>> from sktl._files import write_npz
    >>> file = io.BytesIO()
    >>> write_npz(file, {"X": np.arange(3)})
    >>> np.load(io.BytesIO(file.getvalue()))["X"].tolist()
    [0, 1, 2]
    """
    # NumPy below 2.2 does not know allow_pickle here, and writes it as one more array.
    objects = [name for name, array in arrays.items() if np.asarray(array).dtype.hasobject]
    if objects:
        raise ValueError(
            f"Arrays must hold numbers, text or truth values. Received: objects in {objects}"
        )
    np.savez(file, **arrays)  # type: ignore[arg-type]  # or an array could be allow_pickle


def synchronise(path: Path) -> None:
    """Make a file's content, or the names in a folder, durable; of a folder where that is possible.

    Parameters
    ----------
    path : pathlib.Path
        A file or a folder.
    """
    if path.is_dir() and os.name != "posix":
        return
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
