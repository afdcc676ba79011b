"""Files that are written whole or not at all, and what is said when they cannot be."""

from __future__ import annotations

import errno
import os
import uuid
from pathlib import Path

NO_FAULT_OF_A_TRIAL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


class StoreError(OSError):
    """The store cannot be written; everything finished before is on disk."""


def write_whole(path: Path, content: bytes) -> None:
    """Write a file under another name, then put it in its place; durable when this returns.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    content : bytes
        What it shall hold.

    Raises
    ------
    StoreError
        If the disk is full or cannot be written; `path` is as before.
    """
    new = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        new.parent.mkdir(parents=True, exist_ok=True)
        try:
            with new.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(new, path)
        except BaseException:
            new.unlink(missing_ok=True)
            raise
        _sync(path.parent)
    except OSError as error:
        raise store_error(error, path) from error


def move(path: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    os.replace(path, target)
    _sync(target.parent)


def _sync(folder: Path) -> None:
    """Make a new name durable, where folders can be synchronised."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def store_error(error: OSError, path: Path) -> StoreError:
    why = {
        errno.ENOSPC: "the disk is full; free some space and run the same command again",
        errno.EDQUOT: "the quota is used up; free some space and run the same command again",
        errno.EROFS: "it is on a read-only file system; records there can be reported, not added",
        errno.EACCES: "this user may not write there; records there can be reported, not added",
        errno.EPERM: "this user may not write there; records there can be reported, not added",
    }.get(error.errno or 0, str(error))
    return StoreError(f"The store cannot be written: {why}. Finished records are safe. "
                      f"Received: {path}")  # fmt: skip
