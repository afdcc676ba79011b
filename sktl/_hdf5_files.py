"""HDF5 files of others: what they refer to in other files is not followed."""

from __future__ import annotations

import io

import h5py
import numpy as np

from sktl._untrusted import check_claim, refusing


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
