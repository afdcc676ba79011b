"""HDF5 files of others: what they refer to in other files is not followed."""

from __future__ import annotations

import io
import mmap
import struct
from functools import lru_cache
from pathlib import Path

import h5py
import numpy as np

from sktl._untrusted import check_claim, refusing


_HEAP, _HEAP_HEADER, _OBJECT_HEADER = b"GCOL\x01\0\0\0", 16, 16
# Looking through a file takes as long as reading it; larger ones are not looked through.
_LARGEST_SEARCHED = 2**30


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
            end = at + struct.unpack_from("<Q", content, at + 8)[0] if at + 16 <= len(content) else 0
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

    def visit(path, item):
        nonlocal total
        if isinstance(item, h5py.Dataset) and item.dtype.kind in "fiu" and item.size is not None:
            total += item.size * item.dtype.itemsize
            check_claim(total, len(content))
            arrays[path] = np.asarray(check_array(item, len(content))[()])

    with refusing("This is no intact HDF5 file"):
        with h5py.File(io.BytesIO(content), "r") as file:
            file.visititems(visit)
        return arrays
