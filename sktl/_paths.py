"""Where files are kept: the cache ``$SKTL_HOME`` and the mirror ``$SKTL_MIRROR``.

Nothing here creates a folder on import or on reading; whoever writes makes the folder.
"""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def home() -> Path:
    """Return the cache directory: ``$SKTL_HOME``, else the platform's cache directory.

    Returns
    -------
    pathlib.Path
        The directory; it need not exist.
    """
    given = os.environ.get("SKTL_HOME")
    return Path(given).expanduser() if given else Path(platformdirs.user_cache_dir("sktl"))


def find_in_mirror(filename: str) -> Path | None:
    """Look for an official file name, at any depth, in the mirror directory.

    Parameters
    ----------
    filename : str
        The official name of the file, without folders.

    Returns
    -------
    pathlib.Path or None
        The first match in alphabetical order; None without a match or without ``$SKTL_MIRROR``.

    Raises
    ------
    NotADirectoryError
        If ``$SKTL_MIRROR`` is set but no directory.
    """
    mirror = _mirror()
    if mirror is None:
        return None
    return next((path for path in sorted(mirror.rglob(filename)) if path.is_file()), None)


def names_in_mirror() -> frozenset[str]:
    """Return the names of all files in the mirror directory, at any depth.

    One walk answers for many files whether `find_in_mirror` would find them.

    Returns
    -------
    frozenset of str
        Names without folders; empty without ``$SKTL_MIRROR``.

    Raises
    ------
    NotADirectoryError
        If ``$SKTL_MIRROR`` is set but no directory.
    """
    mirror = _mirror()
    walk = () if mirror is None else os.walk(mirror)
    return frozenset(name for _, _, names in walk for name in names)


def _mirror() -> Path | None:
    given = os.environ.get("SKTL_MIRROR")
    if not given:
        return None
    mirror = Path(given).expanduser()
    if not mirror.is_dir():
        raise NotADirectoryError(
            f"SKTL_MIRROR must name an existing directory. Received: SKTL_MIRROR={given!r}"
        )
    return mirror
