"""Files that are there whole or not at all."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


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
