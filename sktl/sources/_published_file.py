"""A file of weights that others have published: where it is found, and that it is the right one."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from sktl import _paths
from sktl._files import write_whole
from sktl.sources._card import Card
from sktl.sources._folder import Source, verify


@dataclass(frozen=True)
class Published:
    """A file of weights that its authors have published.

    Parameters
    ----------
    card : Card
        What the weights are; ``weights_sha256`` is the hash of the authors' file.
    url : str
        Address of the file.
    read : callable
        Turns the file's bytes into ``"layer/weight"`` to array.
    md5 : str, optional
        What the authors give instead of a sha256, which the card then lacks.
    """

    card: Card
    url: str
    read: Callable[[bytes], dict[str, np.ndarray]]
    md5: str | None = None

    @property
    def filename(self) -> str:
        """The official name of the file."""
        return self.url.rsplit("/", 1)[-1]

    @property
    def kept_at(self) -> Path:
        """Where the file is kept once it was downloaded."""
        return _paths.home() / "published" / self.card.architecture / self.filename

    def is_available(self) -> bool:
        """Whether the file is on this machine, kept or in ``$SKTL_MIRROR``."""
        return next(available([self]))

    def fingerprint(self) -> tuple | None:
        """Path, change time, size and sha256 of the kept file; None when there is none."""
        try:
            stat = self.kept_at.stat()
        except FileNotFoundError:
            return None
        return (str(self.kept_at), stat.st_mtime_ns, stat.st_size, self.card.weights_sha256)

    def load(self) -> Source:
        """Read the weights; from ``$SKTL_HOME``, else ``$SKTL_MIRROR``, else their address.

        Returns
        -------
        Source
            Card and arrays.

        Raises
        ------
        ConnectionError
            If the file is not on this machine and cannot be downloaded.
        ValueError
            If the file is not the published one.
        """
        kept = self.kept_at
        if kept.is_file():
            content = kept.read_bytes()
            self.verify(content, kept)
        elif (mirrored := _paths.find_in_mirror(self.filename)) is not None:
            content = mirrored.read_bytes()
            self.verify(content, mirrored)
            write_whole(kept, content)
        else:
            self._download()
            content = kept.read_bytes()
            self.verify(content, kept)
        arrays = self.read(content)
        for array in arrays.values():
            array.flags.writeable = False
        card = replace(self.card, weights_sha256=hashlib.sha256(content).hexdigest())
        return Source(card, arrays, "published", kept)

    def verify(self, content: bytes, where: Path) -> None:
        """Refuse content that is not the authors' file.

        Parameters
        ----------
        content : bytes
            What was read.
        where : pathlib.Path
            From where, for the message.

        Raises
        ------
        ValueError
            If its hash is another.
        """
        if self.md5 is None:
            verify(content, str(self.card.weights_sha256), where)
        elif (found := hashlib.md5(content, usedforsecurity=False).hexdigest()) != self.md5:
            raise ValueError(
                f"{where} is not the file that was published, and is not used: get it again. "
                f"Expected md5 {self.md5}. Received: md5 {found}"
            )

    def _download(self) -> None:
        import pooch

        kept = self.kept_at
        try:
            pooch.retrieve(
                self.url,
                known_hash=f"md5:{self.md5}" if self.md5 else f"sha256:{self.card.weights_sha256}",
                fname=kept.name,
                path=kept.parent,
                downloader=pooch.HTTPDownloader(timeout=30),
            )
        except OSError as error:
            raise ConnectionError(
                f"{self.card.name!r} for {self.card.architecture} could not be downloaded from "
                f"{self.url} ({error}). On a machine without network, get this file elsewhere and "
                f"put it at {kept}, or set SKTL_MIRROR to a folder that holds it."
            ) from error


def available(entries: Iterable[Published]) -> Iterator[bool]:
    """Look which files are on this machine, kept or in ``$SKTL_MIRROR``, in one walk for all.

    Parameters
    ----------
    entries : iterable of Published
        The entries.

    Yields
    ------
    bool
        One value per entry.

    Raises
    ------
    NotADirectoryError
        If ``$SKTL_MIRROR`` is set but no directory.
    """
    mirrored = _paths.names_in_mirror()
    home = _paths.home() / "published"
    kept: dict[str, set[str]] = {}
    for entry in entries:
        architecture = entry.card.architecture
        if architecture not in kept:
            folder = home / architecture
            names = os.listdir(folder) if folder.is_dir() else ()
            kept[architecture] = set(names)
        yield entry.filename in kept[architecture] or entry.filename in mirrored
