"""Unpacking zip and tar files, none of whose members may leave the folder."""

from __future__ import annotations

import os
import shutil
import tarfile
import zipfile
import zlib
from pathlib import Path

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
        If a member would lie outside the folder, is a link or device, or the archive is damaged.
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
        if path.suffix == ".zip":
            _unzip(path, temporary)
        else:
            _untar(path, temporary)
        temporary.rename(target)
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, zlib.error) as error:
        raise ValueError(f"{path} is damaged or no such archive: {error}") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return target


def _refuse_outside(name: str, folder: Path) -> None:
    if not (folder / name).resolve().is_relative_to(folder.resolve()):
        raise ValueError(f"An archive must stay in its folder. Received: a member {name!r}")


def _unzip(path: Path, folder: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        check_room(folder, sum(member.file_size for member in archive.infolist()), str(path))
        for member in archive.infolist():
            _refuse_outside(member.filename, folder)
        archive.extractall(folder)


def _untar(path: Path, folder: Path) -> None:
    with tarfile.open(path) as archive:
        members = archive.getmembers()
        check_room(folder, sum(member.size for member in members), str(path))
        for member in members:
            _refuse_outside(member.name, folder)
        archive.extractall(folder, members, filter="data")
