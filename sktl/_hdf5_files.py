"""HDF5 files of others: what they refer to in other files is not followed."""

from __future__ import annotations

import io
import mmap
import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from sktl._files import write_npz
from sktl._untrusted import check_claim, read_npz, refusing

_HEAP, _HEAP_HEADER, _OBJECT_HEADER = b"GCOL\x01\0\0\0", 16, 16
# Looking through a file takes as long as reading it; larger ones are not looked through.
_LARGEST_SEARCHED = 2**30
_LONGEST_S = 60


def check_heaps(path: Path) -> None:
    """Refuse a file in whose heaps, where texts of any length lie, HDF5 would stay for ever.

    HDF5 goes from one object of a heap to the next by its size, and free room of size 0, which no
    intact heap has, leads to itself.

    Parameters
    ----------
    path : pathlib.Path
        The file; one above a gigabyte is let through.

    Raises
    ------
    ValueError
        If a heap is damaged so.
    """
    state = path.stat()
    if _HEAP_HEADER < state.st_size <= _LARGEST_SEARCHED and not _heaps_end(
        str(path.resolve()), state.st_size, state.st_mtime_ns
    ):
        raise ValueError(f"{path} is no intact HDF5 file: a heap of its texts has no end")


@lru_cache(maxsize=64)
def _heaps_end(path: str, _size: int, _changed: int) -> bool:
    """Follow every heap in a file, once for each state of it."""
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        at = content.find(_HEAP)
        while at >= 0:
            end = (
                at + struct.unpack_from("<Q", content, at + 8)[0] if at + 16 <= len(content) else 0
            )
            place = at + _HEAP_HEADER
            while place + _OBJECT_HEADER <= min(end, len(content)):
                number, _, _, size = struct.unpack_from("<HHIQ", content, place)
                if number == 0 and size == 0:
                    return False
                place += size if number == 0 else _OBJECT_HEADER + -(-size // 8) * 8
            at = content.find(_HEAP, at + 1)
    return True


def check_array(array: h5py.Dataset, stored: int) -> h5py.Dataset:
    """Refuse an array that lies in another file, or claims far more than there is.

    Parameters
    ----------
    array : h5py.Dataset
        The array, unread.
    stored : int
        Bytes of its file.

    Returns
    -------
    h5py.Dataset
        The same.

    Raises
    ------
    ValueError
        If it is refused.
    """
    made = array.id.get_create_plist()
    if made.get_layout() == h5py.h5d.VIRTUAL or made.get_external_count():
        raise ValueError(f"An array must lie in the file itself. Received: {array.name!r}")
    check_claim((array.size or 0) * array.dtype.itemsize, stored, f"The array {array.name}")
    return array


def is_foreign(item: h5py.HLObject, file: h5py.File) -> bool:
    """Return True for an object that a link leads to in another file."""
    return h5py.h5o.get_info(item.id).fileno != h5py.h5o.get_info(file.id).fileno


def read_arrays(content: bytes) -> dict[str, np.ndarray]:
    """Read all arrays of numbers in a file.

    Parameters
    ----------
    content : bytes
        The file.

    Returns
    -------
    dict of str to np.ndarray
        By their paths, in the order of the file; what links lead to is left out.

    Raises
    ------
    ValueError
        If it is damaged or no HDF5 file.
    """
    arrays: dict[str, np.ndarray] = {}
    total = 0
    with refusing("This is no intact HDF5 file"), h5py.File(io.BytesIO(content), "r") as file:
        for path, item in _walk(file, "", set()):
            if item.dtype.kind in "fiu" and item.size is not None:
                total += item.size * item.dtype.itemsize
                check_claim(total, len(content))
                arrays[path] = np.asarray(check_array(item, len(content))[()])
    return arrays


def read_arrays_apart(content: bytes) -> dict[str, np.ndarray]:
    """Read as `read_arrays` does, in a process of its own, for a file that no hash vouches for.

    HDF5 itself (1.14) can crash at a single bit that is wrong; so it ends that process alone.

    Parameters
    ----------
    content : bytes
        The file.

    Returns
    -------
    dict of str to np.ndarray
        See `read_arrays`.

    Raises
    ------
    ValueError
        If it is damaged or no HDF5 file, or reading it takes over a minute.
    """
    package = Path(__file__).resolve().parents[1]
    paths = os.pathsep.join([str(package), *filter(None, [os.environ.get("PYTHONPATH")])])
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "sktl._hdf5_files"],
            input=content,
            capture_output=True,
            timeout=_LONGEST_S,
            env=os.environ | {"PYTHONPATH": paths},
        )
    except subprocess.TimeoutExpired as error:
        raise ValueError(f"This HDF5 file cannot be read in {_LONGEST_S} s") from error
    if done.returncode:
        told = done.stderr.decode(errors="replace").strip().splitlines()
        why = told[-1].removeprefix("ValueError: ") if told else "HDF5 itself broke down"
        if "HDF5 file" not in why:
            why = f"This is no intact HDF5 file: HDF5 itself broke down ({why[:100]})"
        raise ValueError(why)
    return read_npz(io.BytesIO(done.stdout))


def _walk(group: h5py.Group, above: str, seen: set[int]) -> Iterator[tuple[str, h5py.Dataset]]:
    """Give the arrays below a group, each once; HDF5's own walk can end the process at damage."""
    for name in group:
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            continue
        item = group[name]
        place = h5py.h5o.get_info(item.id).addr
        if place in seen:
            continue
        seen.add(place)
        if isinstance(item, h5py.Dataset):
            yield f"{above}{name}", item
        elif isinstance(item, h5py.Group):
            yield from _walk(item, f"{above}{name}/", seen)


if __name__ == "__main__":
    _found: dict[str, Any] = read_arrays(sys.stdin.buffer.read())
    write_npz(sys.stdout.buffer, _found)
