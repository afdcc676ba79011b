"""Unpacking zip and tar files, none of whose members may leave the folder."""

from __future__ import annotations

import os
import shutil
import tarfile
import zipfile
from pathlib import Path

from sktl._untrusted import MOST_UNPACKED, check_claim, members_of, refusing
from sktl.datasets._download import check_room


def unpack(path: Path, folder: Path) -> Path:
    """Unpack an archive once; return anything else as it is.

    Parameters
    ----------
    path : pathlib.Path
        A zip file, a tar file (compressed or not), or anything else.
    folder : pathlib.Path
        Below which archives are unpacked.

    Returns
    -------
    pathlib.Path
        ``path`` itself, or the folder with the members.

    Raises
    ------
    ValueError
        If a member would lie outside the folder, is a link or device, the archive is damaged, or
        it would take over a hundred times its size.
    OSError
        If the disk has no room.
    """
    if path.is_dir() or not (path.name.endswith((".zip", ".tar", ".tar.gz", ".tgz"))):
        return path
    state = path.stat()
    target = folder / f"{path.name}-{state.st_size}-{state.st_mtime_ns}"
    if target.is_dir():
        return target
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f".{target.name}.{os.getpid()}.part"
    temporary.mkdir()
    try:
        with refusing(f"{path} is damaged or no such archive", passing=OSError):
            if path.suffix == ".zip":
                _unzip(path, temporary)
            else:
                _untar(path, temporary)
        temporary.rename(target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return target


def _refuse_outside(name: str, folder: Path) -> None:
    if not name.isprintable() or "\\" in name:
        raise ValueError(f"Received: a member {name!r}, which is no name of a file")
    if not (folder / name).resolve().is_relative_to(folder.resolve()):
        raise ValueError(f"An archive must stay in its folder. Received: a member {name!r}")


def _unzip(path: Path, folder: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        size = sum(member.file_size for member in archive.infolist())
        check_claim(size, path.stat().st_size, "its members", MOST_UNPACKED)
        check_room(folder, size, str(path))
        for member in archive.infolist():
            _refuse_outside(member.filename, folder)
        archive.extractall(folder)


def _untar(path: Path, folder: Path) -> None:
    with tarfile.open(path) as archive:
        members = []
        for member in members_of(archive, path.stat().st_size, MOST_UNPACKED):
            _refuse_outside(member.name, folder)
            if not (member.isfile() or member.isdir()):
                raise ValueError(f"An archive must hold no link. Received: {member.name!r}")
            members.append(member)
        check_room(folder, sum(member.size for member in members), str(path))
        archive.extractall(folder, members, filter="data")
