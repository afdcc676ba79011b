"""Finding official files: your own path, the cache, the mirror, and only then the network."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from sktl._paths import find_in_mirror, home
from sktl.datasets._archives import unpack
from sktl.datasets._checksums import known_hash, verify
from sktl.datasets._download import download
from sktl.datasets._spec import DatasetSpec, RemoteFile


def data_folder(spec: DatasetSpec, data_home: str | PathLike[str] | None = None) -> Path:
    """Return the folder that keeps a dataset's files; it need not exist."""
    root = Path(data_home).expanduser() if data_home else home() / "datasets"
    return root / spec.module


def fetch_files(
    spec: DatasetSpec,
    path: str | PathLike[str] | None = None,
    data_home: str | PathLike[str] | None = None,
    *,
    download_if_missing: bool = True,
    progress: bool = True,
) -> Path:
    """Return what a dataset's reader reads, after finding or downloading it.

    Searched in this order: ``path``; the cache; the mirror ``$SKTL_MIRROR``, by official file
    name at any depth; the official address. What comes from cache, mirror or network is checked
    against its official checksum; a ``path`` of your own is taken as it is. Archives are unpacked
    once, into the cache.

    Parameters
    ----------
    spec : DatasetSpec
        The dataset.
    path : path-like, optional
        A file or folder of your own; of a folder that holds the official file, that file.
    data_home : path-like, optional
        Instead of ``$SKTL_HOME/datasets``.
    download_if_missing : bool, default=True
        Whether the network may be used.
    progress : bool, default=True
        Whether to show a progress bar.

    Returns
    -------
    pathlib.Path
        A file, or the folder of an unpacked archive.

    Raises
    ------
    OSError
        If a file is missing and cannot or must not be downloaded, the disk has no room for it, or
        its checksum is unknown and cannot be asked for.
    ValueError
        If a file does not have its official checksum, or an archive is damaged.
    """
    folder = data_folder(spec, data_home)
    remote = spec.files[0]
    if path is not None:
        found = Path(path).expanduser()
        if not found.exists():
            raise FileNotFoundError(
                f"There is no such file or folder. Received: path={str(path)!r}"
            )
        official = found / remote.filename
        return unpack(official if official.is_file() else found, folder)
    cached = folder / remote.filename
    found = cached if cached.is_file() else find_in_mirror(remote.filename) or cached
    if found.is_file():
        _verify_official(remote, found)
    else:
        _refuse(remote, spec, download_if_missing)
        download(remote, cached, known_hash(remote), progress=progress)
    return unpack(found, folder)


def _verify_official(remote: RemoteFile, found: Path) -> None:
    if remote.manual is None:
        verify(found, known_hash(remote))


def _refuse(remote: RemoteFile, spec: DatasetSpec, download_if_missing: bool) -> None:
    if remote.manual:
        simulated = f"load_dataset({spec.simulated_name!r}, n_instances=...)"
        raise FileNotFoundError(
            f"{spec.name} cannot be downloaded by a program. {remote.manual}"
            + (f"\nOr use simulated data: {simulated}" if spec.has_simulator else "")
        )
    if not download_if_missing:
        raise FileNotFoundError(
            f"{remote.filename} is neither in the cache nor in $SKTL_MIRROR. "
            "Received: download_if_missing=False"
        )
