"""Files that others wrote: what they claim is checked before memory is given to it.

A header of a few bytes may claim billions of values, a compressed file may unpack to a thousand
times its size, and the libraries that read such files raise whatever meets them on the way.
"""

from __future__ import annotations

import json
import math
import pickle
import struct
import tarfile
import tokenize
import zipfile
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import IO, Any

import numpy as np

ROOM = 2**28
"""Bytes that the content of any file may take; above, `MOST_TIMES` its size."""
MOST_TIMES = 10
MOST_UNPACKED = 100
"""Times its own size that an archive may take on the disk, with `ROOM` at least."""
DAMAGE = (
    OSError, ValueError, TypeError, LookupError, EOFError, AttributeError, ArithmeticError,
    NameError, RuntimeError, MemoryError, SyntaxError, AssertionError, SystemError, struct.error,
    zlib.error, zipfile.BadZipFile, tarfile.TarError, tokenize.TokenError, pickle.PickleError,
)  # fmt: skip
"""What libraries raise at content that is not what it should be."""


class ObjectArrayError(ValueError):
    """An array holds Python objects: what needs pickle can run any code.

    Parameters
    ----------
    name : str
        Of the array.
    """

    def __init__(self, name: str):
        super().__init__(f"Python objects in {name!r}, which can run any code")
        self.name = name


@contextmanager
def refusing(
    what: str, passing: type[Exception] | tuple[type[Exception], ...] = FileNotFoundError
) -> Iterator[None]:
    """Turn whatever a library raises at damaged content into one `ValueError`.

    Parameters
    ----------
    what : str
        The beginning of its message, such as "a.npz is damaged or no .npz file".
    passing : type of Exception or several, default=FileNotFoundError
        What is raised as it is.

    Raises
    ------
    ValueError
        For everything in `DAMAGE` but `passing`.

    Examples
    --------
    >>> from sktl._untrusted import refusing
    >>> with refusing("a.json is damaged"):
    ...     {}["name"]
    Traceback (most recent call last):
    ValueError: a.json is damaged: KeyError: 'name'
    """
    try:
        yield
    except passing:
        raise
    except DAMAGE as error:
        plain = isinstance(error, ValueError | OSError) and str(error)
        why = str(error) if plain else f"{type(error).__name__}: {error}".rstrip(": ")
        raise ValueError(f"{what}: {why}") from error


def check_claim(
    needed: int, stored: int, what: str = "its content", times: int = MOST_TIMES
) -> None:
    """Refuse content that would take far more room than the file has bytes.

    Parameters
    ----------
    needed : int
        Bytes that it would take.
    stored : int
        Bytes of the file.
    what : str
        What claims them.
    times : int, default=MOST_TIMES
        How many times the file is allowed.

    Raises
    ------
    ValueError
        If that is more than `ROOM` and more than `times` the file.
    """
    most = max(ROOM, times * stored)
    if not 0 <= needed <= most:
        raise ValueError(
            f"{what} may take {most:,} bytes, for the file has {stored:,}; a larger one must be "
            f"stored without compression. Received: a claim of {needed:,}"
        )


def members_of(
    archive: tarfile.TarFile, stored: int, times: int = MOST_TIMES
) -> Iterator[tarfile.TarInfo]:
    """Give the members of a tar file one after the other, before what follows is unpacked.

    Parameters
    ----------
    archive : tarfile.TarFile
        Open for reading.
    stored : int
        Bytes of its file.
    times : int, default=MOST_TIMES
        How many times the file all may take.

    Yields
    ------
    tarfile.TarInfo

    Raises
    ------
    ValueError
        If a size is negative, which reads the same member for ever, or all are far larger than
        the file.
    """
    total = 0
    for member in archive:
        total += 512 + member.size
        if member.size < 0:
            raise ValueError(f"a member of negative size. Received: {member.name!r}")
        check_claim(total, stored, "its members", times)
        yield member


def read_json(content: bytes | str) -> Any:
    """Read JSON; a `ValueError` at what is none, nested too deeply, or has half a character."""
    try:
        found = json.loads(content)
        if "\\u" in content if isinstance(content, str) else b"\\u" in content:
            # One half of a surrogate pair can be escaped, but neither stored nor printed.
            json.dumps(found, ensure_ascii=False).encode()
    except RecursionError as error:
        raise ValueError("JSON that is nested too deeply") from error
    except UnicodeEncodeError as error:
        raise ValueError("JSON with one half of a surrogate pair in its text") from error
    return found


def read_npz(
    path: str | PathLike[str] | IO[bytes], names: Collection[str] | None = None
) -> dict[str, np.ndarray]:
    """Read arrays of a ``.npz`` file, none of which may need pickle or claim more than is there.

    Parameters
    ----------
    path : path-like or file
        The file, or one that is open for reading.
    names : collection of str, optional
        Arrays that are read; None: all. Others are None in the result.

    Returns
    -------
    dict of str to np.ndarray
        In the order of the file.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is damaged or no such file, or holds Python objects.

    Examples
    --------
    >>> import io
    >>> import numpy as np
    >>> from sktl._untrusted import read_npz
    >>> _ = np.savez(file := io.BytesIO(), X=np.arange(3))
    >>> read_npz(file)
    {'X': array([0, 1, 2])}
    """
    found: dict[str, Any] = {}
    plain = (FileNotFoundError, ObjectArrayError)
    damaged = f"{_called(path)} is damaged or no .npz file"
    with refusing(damaged, plain), zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        asked = [one for one in members if names is None or _array_name(one) in names]
        check_claim(sum(one.file_size for one in asked), _size(path))
        for member in members:
            name = _array_name(member)
            found[name] = _of_member(archive, member, name) if member in asked else None
    return found


def needed_arrays(path: str | PathLike[str], names: tuple[str, ...]) -> list[np.ndarray]:
    """Read some arrays of a ``.npz`` file as `read_npz` does, all of which must be there."""
    found = read_npz(path, names)
    missing = sorted({*names} - {*found})
    if missing:
        raise ValueError(f"{path} is damaged or no such .npz file: arrays {missing} are missing")
    return [found[name] for name in names]


def read_npy(path: str | PathLike[str], memory_map: bool = False) -> np.ndarray:
    """Read a ``.npy`` file that needs no pickle and claims no more than is there.

    Parameters
    ----------
    path : path-like
        The file.
    memory_map : bool, default=False
        Whether it stays on disk.

    Returns
    -------
    np.ndarray

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is damaged or no such file, or holds Python objects.
    """
    with refusing(f"{path} is damaged or no .npy file"):
        with Path(path).open("rb") as file:
            _check_header(file, Path(path).stat().st_size, Path(path).stem)
        array = np.load(path, mmap_mode="r" if memory_map else None, allow_pickle=False)
        return array if memory_map else _checked_text(array)


def _called(path):
    return path if isinstance(path, str | PathLike) else "It"


def _size(path):
    if isinstance(path, str | PathLike):
        return Path(path).stat().st_size
    return path.seek(0, 2)


def _array_name(member: zipfile.ZipInfo) -> str:
    return member.filename.removesuffix(".npy")


def _of_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str) -> np.ndarray:
    with archive.open(member) as stream:
        _check_header(stream, member.file_size, name)
    with archive.open(member) as stream:
        return _checked_text(np.lib.format.read_array(stream, allow_pickle=False))


def _check_header(stream: IO[bytes], size: int, name: str) -> None:
    """Refuse an array that claims other bytes than follow."""
    read = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    shape, _, dtype = read[np.lib.format.read_magic(stream)](stream)
    if dtype.hasobject:
        raise ObjectArrayError(name)
    elements, left = math.prod(shape), size - stream.tell()
    empty = elements > 0 and not dtype.itemsize
    if empty or min(shape, default=0) < 0 or elements * dtype.itemsize > left:
        raise ValueError(f"{name!r} of shape {shape} and {dtype} in {left:,} bytes")


def _checked_text(array: np.ndarray) -> np.ndarray:
    """Refuse numbers that are no letters: they end in a SystemError wherever they are read."""
    if array.dtype.kind == "U" and array.size:
        letters = np.ascontiguousarray(array).view(f"{array.dtype.byteorder}u4")
        if letters.max() > 0x10FFFF:
            raise ValueError("text that holds no letters")
    return array
