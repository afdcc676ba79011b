"""Files that are written whole or not at all, and what is said when they cannot be."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from sktl import _files as files

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
    try:
        files.write_whole(path, content)
    except OSError as error:
        raise store_error(error, path) from error


def move(path: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    os.replace(path, target)
    files.synchronise(target.parent)


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
