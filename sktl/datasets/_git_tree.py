"""The content of a repository's zip archive, checked against git's own id of it.

Hosts of repositories make archives anew, and their bytes may change; git's id of a tree, which
every commit states, depends on the names, the modes and the contents of the files alone.
"""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

from sktl._untrusted import check_claim, refusing

ALGORITHM = "git-tree"
_FILE, _PROGRAM, _LINK, _FOLDER = "100644", "100755", "120000", "40000"


def _id(kind: str, content: bytes) -> bytes:
    return hashlib.sha1(b"%s %d\0" % (kind.encode(), len(content)) + content).digest()


def _mode(member: zipfile.ZipInfo) -> str:
    mode = member.external_attr >> 16
    if mode >> 12 == 0o12:
        return _LINK
    return _PROGRAM if mode & 0o100 else _FILE


def _tree(folder: dict) -> bytes:
    """Return the id of a folder of entries (mode, id) and folders."""
    entries = [
        (name, _FOLDER, _tree(entry)) if isinstance(entry, dict) else (name, *entry)
        for name, entry in folder.items()
    ]
    # Git sorts a folder as if its name ended with a slash.
    entries.sort(key=lambda entry: (entry[0] + "/" * (entry[1] == _FOLDER)).encode())
    lines = [f"{mode} {name}".encode() + b"\0" + one for name, mode, one in entries]
    return _id("tree", b"".join(lines))


def tree_of_archive(path: Path) -> str:
    """Return git's id of the tree in a zip archive of a repository.

    Parameters
    ----------
    path : pathlib.Path
        The archive, with one folder that holds the repository's files, as ``git archive
        --prefix=NAME/ COMMIT`` and the hosts of repositories make it.

    Returns
    -------
    str
        40 hexadecimal digits; compare with ``git rev-parse COMMIT^{tree}``.

    Raises
    ------
    ValueError
        If the file is no such archive.
    """
    root: dict = {}
    with refusing(f"{path} is damaged or no zip archive"):
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                if member.is_dir():
                    continue
                check_claim(member.file_size, path.stat().st_size, member.filename)
                _, *folders, name = member.filename.split("/")
                folder = root
                for one in folders:
                    folder = folder.setdefault(one, {})
                folder[name] = (_mode(member), _id("blob", archive.read(member)))
        return _tree(root).hex()
