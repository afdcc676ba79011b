"""Checksums: stated by the authors or by Zenodo, remembered, and compared once per file."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pooch
import requests

from sktl._files import write_whole
from sktl._paths import find_in_mirror, home
from sktl._untrusted import read_json
from sktl.datasets._git_tree import ALGORITHM, tree_of_archive
from sktl.datasets._spec import RemoteFile

ZENODO_API = "https://zenodo.org/api/records"
REMEMBERED = "checksums.json"


def _store() -> Path:
    return home() / "datasets" / REMEMBERED


def _load(path: Path | None) -> dict[str, Any]:
    """Return what a file of checksums says; nothing where it is absent or unreadable."""
    try:
        content = read_json(path.read_bytes()) if path else {}
    except (OSError, ValueError):
        return {}
    sections = content.items() if isinstance(content, dict) else ()
    return {name: section for name, section in sections if isinstance(section, dict)}


def _remember(section: str, key: str, value: Any) -> None:
    path = _store()
    content = _load(path)
    content.setdefault(section, {})[key] = value
    write_whole(path, json.dumps(content, indent=1).encode())


def ask_zenodo(record: int) -> dict[str, str]:
    """Ask Zenodo for the checksums of a record's files.

    Parameters
    ----------
    record : int
        Number of the record.

    Returns
    -------
    dict of str to str
        ``"md5:..."`` by file name.

    Raises
    ------
    OSError
        If Zenodo cannot be reached or does not answer as expected.
    """
    try:
        answer = requests.get(f"{ZENODO_API}/{record}", timeout=30)
        answer.raise_for_status()
        return {file["key"]: file["checksum"] for file in answer.json()["files"]}
    except (requests.RequestException, ValueError, KeyError, TypeError) as error:
        raise OSError(
            f"Zenodo's record {record} could not be asked for checksums: {in_words(error)}"
        ) from error


def in_words(error: Exception) -> str:
    """Say in a few words why a server gave nothing; urllib3 takes a page."""
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"the server answered {error.response.status_code} {error.response.reason}"
    if isinstance(error, requests.Timeout):
        return "the server did not answer in time"
    if isinstance(error, requests.ConnectionError):
        url = getattr(error.request, "url", None)
        host = urlsplit(url).hostname if url else "the server"
        broke = "broke" in str(error) or "IncompleteRead" in str(error)
        return f"the connection to {host} broke" if broke else f"no connection to {host}"
    return str(error)[:200]


def known_hash(remote: RemoteFile) -> str:
    """Return the official checksum of a file, such as ``"sha256:..."``.

    Taken from the package, else from what an earlier answer of Zenodo left in ``$SKTL_HOME``,
    else from a ``checksums.json`` in the mirror, else asked from Zenodo and remembered.

    Parameters
    ----------
    remote : RemoteFile
        A file with a ``known_hash`` or a ``zenodo_record``.

    Returns
    -------
    str

    Raises
    ------
    OSError
        If it is not known here and Zenodo cannot be asked.
    """
    if remote.known_hash:
        return remote.known_hash
    for path in (_store(), find_in_mirror(REMEMBERED)):
        remembered = _load(path).get("official", {})
        if isinstance(remembered.get(remote.filename), str):
            return remembered[remote.filename]
    try:
        listed = ask_zenodo(remote.zenodo_record or 0)
    except OSError as error:
        raise OSError(
            f"The official checksum of {remote.filename} is unknown and Zenodo cannot be asked "
            f"({error}). Without network, put $SKTL_HOME/datasets/{REMEMBERED} of a machine that "
            "has fetched it into $SKTL_MIRROR, or pass the file, unchecked, as path=..."
        ) from error
    if remote.filename not in listed:
        raise OSError(
            f"Zenodo's record {remote.zenodo_record} does not list {remote.filename}. "
            f"Received: {sorted(listed)}"
        )
    _remember("official", remote.filename, listed[remote.filename])
    return listed[remote.filename]


def verify(path: Path, expected: str) -> None:
    """Compare a file with its checksum; an unchanged file that passed before is not read again.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    expected : str
        ``"algorithm:digest"``; of the algorithm ``"git-tree"``, git's id of what a zip archive of
        a repository holds.

    Raises
    ------
    ValueError
        If they differ.
    """
    state = path.stat()
    passed = [state.st_size, state.st_mtime_ns, expected]
    key = str(path.resolve())
    if _load(_store()).get("verified", {}).get(key) == passed:
        return
    algorithm, _, digest = expected.rpartition(":")
    if algorithm == ALGORITHM:
        actual = tree_of_archive(path)
    else:
        algorithm = algorithm or "sha256"
        if algorithm not in hashlib.algorithms_available:
            raise ValueError(f"A checksum is 'algorithm:digest'. Received: {expected!r}")
        actual = pooch.file_hash(str(path), alg=algorithm)
    if actual != digest:
        raise ValueError(
            f"{path} is not the official file: its {algorithm} must be {digest}. Delete it to "
            f"download it anew, or pass it as path=... to use it unchecked. Received: {actual}"
        )
    _remember("verified", key, passed)
