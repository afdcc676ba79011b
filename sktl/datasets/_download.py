"""Downloads that can be interrupted: continued where they stopped, checked when complete."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pooch
import requests

from sktl.datasets._checksums import in_words, verify
from sktl.datasets._git_tree import ALGORITHM
from sktl.datasets._spec import RemoteFile

ATTEMPTS = 5
# What a breaking connection loses at most.
_PIECE = 2**16


def check_room(folder: Path, needed: int, what: str) -> None:
    """Raise `OSError` unless the disk of a folder has room for ``needed`` bytes."""
    existing = folder
    while not existing.exists():
        existing = existing.parent
    free = shutil.disk_usage(existing).free
    if needed > free:
        raise OSError(
            errno.ENOSPC,
            f"{what} needs {needed / 1e9:.1f} GB, but only {free / 1e9:.1f} GB are free in "
            f"{folder}. Set $SKTL_HOME or data_home to a larger disk",
        )


class ResumingDownloader:
    """Download over HTTP into ``<file>.part``, going on where an earlier attempt stopped.

    A downloader for pooch, which checks the result.

    Parameters
    ----------
    partial : pathlib.Path
        Where the bytes gather; kept when the connection breaks.
    progress : bool, default=True
        Whether to show a progress bar.
    """

    def __init__(self, partial: Path, progress: bool = True):
        self._partial = partial
        self._progress = progress

    def __call__(self, url: str, output_file: str, pooch_: object = None) -> None:
        """Download ``url`` and move it to ``output_file``."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                if self._continue(url):
                    break
            except (
                requests.ConnectionError,
                requests.Timeout,
                requests.exceptions.ChunkedEncodingError,
            ):
                if attempt == ATTEMPTS:
                    raise
        else:
            raise requests.ConnectionError(f"the connection broke {ATTEMPTS} times")
        os.replace(self._partial, output_file)

    def _continue(self, url: str) -> bool:
        """Fetch what is missing; return whether the file is now complete."""
        from tqdm.auto import tqdm

        have = self._partial.stat().st_size if self._partial.exists() else 0
        headers = {"Range": f"bytes={have}-"} if have else {}
        with requests.get(url, headers=headers, stream=True, timeout=60) as answer:
            if answer.status_code == requests.codes.requested_range_not_satisfiable:
                # Nothing is missing, or too much is there: the checksum tells.
                return True
            answer.raise_for_status()
            if answer.status_code != requests.codes.partial_content:
                have = 0
            missing = int(answer.headers.get("Content-Length", 0))
            check_room(self._partial.parent, missing, url)
            with (
                open(self._partial, "ab" if have else "wb") as file,
                tqdm(
                    desc=self._partial.stem,
                    initial=have,
                    total=have + missing or None,
                    unit="B",
                    unit_scale=True,
                    disable=not self._progress,
                ) as bar,
            ):
                for piece in answer.iter_content(_PIECE):
                    file.write(piece)
                    bar.update(len(piece))
                return not missing or file.tell() == have + missing


def download(remote: RemoteFile, target: Path, expected: str, progress: bool = True) -> Path:
    """Download an official file, check it and put it in its place.

    Parameters
    ----------
    remote : RemoteFile
        What.
    target : pathlib.Path
        Where to; ``<target>.part`` holds an unfinished download, which is continued.
    expected : str
        The checksum, ``"algorithm:digest"``.
    progress : bool, default=True
        Whether to show a progress bar.

    Returns
    -------
    pathlib.Path
        ``target``.

    Raises
    ------
    OSError
        If the server cannot be reached, refuses, or the disk has no room.
    ValueError
        If the checksum differs; the bytes are deleted.
    """
    partial = target.with_name(target.name + ".part")
    have = partial.stat().st_size if partial.exists() else 0
    check_room(target.parent, (remote.size or 0) - have, remote.filename)
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        downloader = ResumingDownloader(partial, progress)
        if expected.startswith(ALGORITHM):  # which pooch does not know: checked below
            downloader(remote.url, str(target))
        else:
            pooch.retrieve(
                remote.url,
                known_hash=expected,
                fname=target.name,
                path=target.parent,
                downloader=downloader,
            )
    except requests.RequestException as error:
        raise OSError(
            f"{remote.filename} could not be downloaded from {remote.url}: {in_words(error)}. "
            "What came is kept; the next attempt goes on from there. A file fetched by other means "
            "can be passed as path=... or put into $SKTL_MIRROR"
        ) from error
    try:
        verify(target, expected)
    except ValueError:
        target.unlink()
        raise
    return target
