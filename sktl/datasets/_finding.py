"""Finding a dataset's files in a folder: each once, without what systems leave behind."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sktl._files import is_left_behind
from sktl.datasets._readers import Skip


def find_files(folder: Path, *patterns: str) -> list[Path]:
    """Return the files of a folder that fit a pattern, sorted.

    Parameters
    ----------
    folder : pathlib.Path
        Where to look; nothing is found where there is no folder.
    *patterns : str
        Of `pathlib.Path.glob`; ``**/`` before a name stands for any depth.

    Returns
    -------
    list of pathlib.Path
        A file to which several names lead (links) comes once, under the first. What systems leave
        behind (``._*``, Thumbs.db, .DS_Store, __MACOSX) is left out.
    """
    found: dict[tuple[int, int], Path] = {}
    for path in sorted({path for pattern in patterns for path in folder.glob(pattern)}):
        below = path.relative_to(folder)
        if any(is_left_behind(Path(part)) for part in below.parts) or not path.is_file():
            continue
        state = path.stat()
        found.setdefault((state.st_dev, state.st_ino), path)
    return list(found.values())


def files_or_archive(
    path: Path, pattern: str | Sequence[str], described: str
) -> tuple[list[Path], Path]:
    """Find the official files of a dataset in a folder, or the archive that holds them prepared.

    Parameters
    ----------
    path : pathlib.Path
        A folder, or a ``.npz`` file.
    pattern : str or sequence of str
        Of the official files, at any depth.
    described : str
        What the error calls them.

    Returns
    -------
    files : list of pathlib.Path
        The official files, see `find_files`; empty where there is an archive instead.
    path : pathlib.Path
        The archive then: the one in the folder, or the file that was given.

    Raises
    ------
    ValueError
        If there is neither.
    """
    patterns = [pattern] if isinstance(pattern, str) else pattern
    files = find_files(path, *(f"**/{one}" for one in patterns)) if path.is_dir() else []
    if path.is_dir() and not files:
        archives = find_files(path, "*.npz")
        path = archives[0] if len(archives) == 1 else path
    if not files and path.suffix != ".npz":
        raise ValueError(
            f"path must be a folder with {described}, or one .npz file. "
            f"Received: path={str(path)!r}"
        )
    return files, path


class Once:
    """Lets each recording through once: copies under one name, or of one content, are none.

    Examples
    --------
    >>> import numpy as np
    >>> once = Once()
    >>> once.check("a", np.arange(3))
    >>> once.check("b", np.arange(3))
    Traceback (most recent call last):
    sktl.datasets._readers.Skip: duplicate content
    """

    def __init__(self) -> None:
        self._names: set[str] = set()
        self._contents: set[bytes] = set()

    def check(self, name: str, *arrays: np.ndarray) -> None:
        """Raise `Skip` for a name that was there, or for arrays of the same content."""
        if name in self._names:
            raise Skip("duplicate name")
        self._names.add(name)
        digest = hashlib.sha256()
        for array in arrays:
            digest.update(repr((array.shape, array.dtype.str)).encode())
            digest.update(np.ascontiguousarray(array).tobytes())
        if arrays and digest.digest() in self._contents:
            raise Skip("duplicate content")
        self._contents.add(digest.digest())
