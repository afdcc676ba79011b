"""Locks keep two processes from doing the same work; no result depends on them.

The system itself releases a lock when its holder dies, however it dies. Where a file system or
platform has no such locks, everybody gets every lock: work may be done twice, and the second
record is equal to the first.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sktl._untrusted import read_json
from sktl.experiments._files import store_error

try:
    import fcntl
except ImportError:  # not on Windows
    fcntl = None  # type: ignore[assignment]


class Lock:
    """A lock that this process holds, with a note of its work."""

    def __init__(self, descriptor: int):
        self._descriptor = descriptor

    def note(self, **facts: Any) -> None:
        """Write down the present work, for the process that finds this one dead."""
        # Not worth stopping for: without a note a death is only harder to explain.
        with suppress(OSError):
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, json.dumps(facts).encode() if facts else b"", 0)


@contextmanager
def lock(path: Path) -> Iterator[Lock | None]:
    """Hold a lock, or get None where somebody else holds it.

    Parameters
    ----------
    path : pathlib.Path
        The lock's file, in a folder that exists.

    Yields
    ------
    Lock or None
        None: another live process has it.

    Raises
    ------
    StoreError
        If the file cannot be opened.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise store_error(error, path) from error
    try:
        try:
            if fcntl is not None:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
            return
        except OSError:
            pass  # a file system without locks
        held = Lock(descriptor)
        yield held
        held.note()
    finally:
        os.close(descriptor)


@contextmanager
def waiting_lock(path: Path) -> Iterator[None]:
    """Hold a lock, waiting until it is free.

    Parameters
    ----------
    path : pathlib.Path
        The lock's file, in a folder that exists.
    """
    while True:
        with lock(path) as held:
            if held:
                yield
                return
        time.sleep(0.05)


def abandoned(folder: Path) -> Iterator[dict[str, Any]]:
    """Give the notes of holders that died.

    Parameters
    ----------
    folder : pathlib.Path
        The folder of locks.

    Yields
    ------
    dict
        What the holder had noted.
    """
    for path in sorted(folder.glob("*.lock")):
        try:
            facts = read_json(path.read_text() or "{}")
        except (OSError, ValueError):
            continue
        if facts and isinstance(facts, dict):
            with lock(path) as held:
                if held:
                    yield facts
