"""One source on disk: a folder with a card, the weights and the hashes of both.

``card.json`` and ``weights.safetensors`` are listed in ``SHA256SUMS``, which has the format of
``sha256sum``, so that anybody can check a source by ``sha256sum --check SHA256SUMS``.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from sktl._files import is_left_behind, write_whole
from sktl._untrusted import DAMAGE, read_json
from sktl.sources._card import Card

CARD, WEIGHTS, SUMS, README = "card.json", "weights.safetensors", "SHA256SUMS", "README.md"


@dataclass(frozen=True)
class Source:
    """Pretrained weights, verified and in memory.

    Parameters
    ----------
    card : Card
        What the weights are.
    arrays : dict of str to numpy.ndarray
        ``"layer/weight"`` (for example ``"conv1/kernel"``) to a read-only array.
    origin : {"path", "own", "published", "bundled", "hub"}
        Where they were found.
    path : pathlib.Path
        The folder, or the file of published weights.
    """

    card: Card
    arrays: dict[str, np.ndarray]
    origin: str
    path: Path


def is_source(folder: Path) -> bool:
    """Whether a folder holds a card, after mending a replacement that was cut short."""
    if (folder / CARD).is_file():
        return True
    if not folder.parent.is_dir():
        return False
    with locked(folder.parent):
        restore(folder)
        return (folder / CARD).is_file()


def read_card(folder: Path) -> Card:
    """Read and verify the card of a source, without its weights.

    Parameters
    ----------
    folder : pathlib.Path
        The source's folder.

    Returns
    -------
    Card
        The card.

    Raises
    ------
    FileNotFoundError
        If one of the source's files is missing.
    ValueError
        If the card was changed after it was saved, or is no card.
    """
    return _parse_card(folder, *_read(folder, (CARD,)))


def read_source(folder: Path, origin: str = "path") -> Source:
    """Read a source and verify every byte of it.

    Parameters
    ----------
    folder : pathlib.Path
        The source's folder.
    origin : str, default="path"
        What the result's ``origin`` says.

    Returns
    -------
    Source
        Card and arrays.

    Raises
    ------
    FileNotFoundError
        If one of the source's files is missing.
    ValueError
        If a file was changed after it was saved, or is damaged.
    """
    card_bytes, weights = _read(folder, (CARD, WEIGHTS))
    card = _parse_card(folder, card_bytes)
    verify(weights, card.weights_sha256 or "no hash in the card", folder / WEIGHTS)
    arrays = read_safetensors(weights, folder / WEIGHTS)
    arrays = {name: _checked_array(name, array) for name, array in arrays.items()}
    return Source(card, arrays, origin, folder)


def read_safetensors(content: bytes, where: Path | str = "This") -> dict[str, np.ndarray]:
    """Read the arrays of a safetensors file.

    Parameters
    ----------
    content : bytes
        The file.
    where : path-like, default="This"
        What the error calls it.

    Returns
    -------
    dict of str to np.ndarray

    Raises
    ------
    ValueError
        If it is no such file, or holds types that numpy lacks.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        return load(content)
    except (SafetensorError, *DAMAGE) as error:
        raise ValueError(f"{where} is no safetensors file that can be read: {error}") from error


def save_source(
    folder: str | os.PathLike[str], card: Card, arrays: Mapping[str, np.ndarray]
) -> Path:
    """Write a source: all of it, or nothing.

    The files are written into a hidden folder beside the target, which then takes the target's
    place. A source that was there is replaced whole; when the process dies in between, it is
    found again by the next reader.

    Parameters
    ----------
    folder : str or path-like
        The source's folder: absent, empty, or an older source.
    card : Card
        What the weights are. ``weights_sha256`` is computed here, and ``created`` is filled in
        with the present time when it is None.
    arrays : mapping of str to array
        ``"layer/weight"`` to an array of floating-point numbers, all finite.

    Returns
    -------
    pathlib.Path
        The folder.

    Raises
    ------
    FileExistsError
        If the folder holds anything that is no part of a source.
    TypeError
        If ``card`` is no card or an array is not of floating-point numbers.
    ValueError
        If an array's name is not ``"layer/weight"``, or an array has NaN or infinity.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from sktl.sources import Card, load_source, save_source
    >>> card = Card("mine", "MagNet", "regression", n_channels=3, n_timepoints=540, n_outputs=1)
    >>> with tempfile.TemporaryDirectory() as parent:
    ...     folder = save_source(f"{parent}/mine", card, {"conv1/bias": np.zeros(64, "float32")})
    ...     load_source(folder, "MagNet").arrays["conv1/bias"].shape
    (64,)
    """
    from safetensors.numpy import save

    if not isinstance(card, Card):
        raise TypeError(f"card must be a sktl.sources.Card. Received: {type(card).__name__}")
    if not arrays:
        raise ValueError("A source needs at least one array. Received: none")
    folder = Path(folder).expanduser().resolve()
    weights = save({name: _checked_array(name, array) for name, array in arrays.items()})
    card = replace(
        card,
        weights_sha256=hashlib.sha256(weights).hexdigest(),
        created=card.created or datetime.now(UTC).isoformat(timespec="seconds"),
    )
    card_bytes = (json.dumps(card.to_dict(), indent=2, ensure_ascii=False) + "\n").encode()
    sums = "".join(
        f"{hashlib.sha256(content).hexdigest()}  {name}\n"
        for name, content in ((CARD, card_bytes), (WEIGHTS, weights))
    )
    folder.parent.mkdir(parents=True, exist_ok=True)
    new = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}.tmp")
    new.mkdir()
    try:
        for name, content in ((CARD, card_bytes), (WEIGHTS, weights), (SUMS, sums.encode())):
            write_whole(new / name, content)
        _swap(new, folder)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return folder


def verify(content: bytes, expected: str, where: Path) -> None:
    """Compare content with its sha256.

    Parameters
    ----------
    content : bytes
        What was read.
    expected : str
        The sha256 it should have.
    where : pathlib.Path
        The file, for the message.

    Raises
    ------
    ValueError
        If they differ.
    """
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise ValueError(
            f"{where} is not the file that was recorded, and is not used: get or make it again. "
            f"Expected sha256 {expected}. Received: sha256 {found}"
        )


def fingerprint(folder: Path) -> tuple | None:
    """Path, change times, sizes and recorded hashes of a source; None when it is incomplete."""
    try:
        stats = [(folder / name).stat() for name in (CARD, WEIGHTS, SUMS)]
        sums = (folder / SUMS).read_bytes()
    except FileNotFoundError:
        return None
    return (str(folder), *((stat.st_mtime_ns, stat.st_size) for stat in stats), sums)


def _read(folder: Path, names: tuple[str, ...]) -> list[bytes]:
    """Read files and verify them against SHA256SUMS."""
    try:
        with locked(folder.parent):
            restore(folder)
            sums = (folder / SUMS).read_bytes()
            contents = [(folder / name).read_bytes() for name in names]
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f"A source is a folder with {CARD}, {WEIGHTS} and {SUMS}. "
            f"Received: {folder}, which has no {Path(error.filename).name}"
        ) from error
    lines = (line.split(maxsplit=1) for line in sums.decode(errors="replace").splitlines())
    recorded = {line[1].lstrip("*"): line[0] for line in lines if len(line) == 2}
    for name, content in zip(names, contents, strict=True):
        verify(content, recorded.get(name, f"none: {SUMS} does not list it"), folder / name)
    return contents


def _parse_card(folder: Path, content: bytes) -> Card:
    try:
        return Card.from_dict(read_json(content))
    except (ValueError, TypeError) as error:
        raise ValueError(f"{folder / CARD} is no valid card: {error}") from error


def _checked_array(name, array):
    """Return a read-only, C-ordered, native copy."""
    parts = str(name).split("/")
    if len(parts) < 2 or not all(parts):
        raise ValueError(f"An array is named 'layer/weight'. Received: {name!r}")
    array = np.asarray(array)
    if array.dtype.type not in (np.float16, np.float32, np.float64):
        raise TypeError(
            f"An array must be of float16, float32 or float64. Received: {name!r} of {array.dtype}"
        )
    if not np.isfinite(array).all():
        raise ValueError(f"An array's values must be finite. Received: {name!r} with NaN or inf")
    array = np.array(array, dtype=array.dtype.newbyteorder("="), order="C")
    array.flags.writeable = False
    return array


def refuse_foreign(folder: Path) -> None:
    """Refuse a folder that holds anything but a source: it would be lost."""
    try:
        inside = {name for name in os.listdir(folder) if not is_left_behind(name)}
    except FileNotFoundError:
        return
    except NotADirectoryError:
        raise FileExistsError(
            f"A source is a folder. Received: {folder}, which is a file"
        ) from None
    foreign = sorted(inside - {CARD, WEIGHTS, SUMS, README})
    if foreign or (inside and CARD not in inside):
        raise FileExistsError(
            "A source may replace an older source or an empty folder only. "
            f"Received: {folder}, which holds {', '.join(foreign or sorted(inside))}"
        )


def _previous(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.previous")


def _swap(new: Path, folder: Path) -> None:
    """Put a whole folder in another's place; the old one comes back when that fails."""
    with locked(folder.parent):
        restore(folder)
        refuse_foreign(folder)
        if folder.exists():
            shutil.rmtree(_previous(folder), ignore_errors=True)
            os.rename(folder, _previous(folder))
        try:
            os.rename(new, folder)
        except BaseException:
            restore(folder)
            raise
        shutil.rmtree(_previous(folder), ignore_errors=True)


def restore(folder: Path) -> None:
    """Bring back the old source when a replacement died between its two renames."""
    if not folder.exists() and _previous(folder).is_dir():
        os.rename(_previous(folder), folder)


@contextlib.contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Let one process at a time read or replace sources in a directory.

    Where a directory cannot be locked (Windows, some network file systems), two writers at once
    may fail and a reader may meet a mixture, which its hashes refuse.
    """
    handle = None
    with contextlib.suppress(ImportError, OSError):
        import fcntl

        handle = os.open(directory, os.O_RDONLY)
        fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        yield
    finally:
        if handle is not None:
            os.close(handle)
