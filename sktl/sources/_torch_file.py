"""Weights out of files that torch wrote, without torch: numpy arrays, and nothing is executed."""

from __future__ import annotations

import io
import math
import pickle
import struct
import zipfile
import zlib
from collections import OrderedDict

import numpy as np

_TYPES = {
    "FloatStorage": "<f4",
    "DoubleStorage": "<f8",
    "HalfStorage": "<f2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ByteStorage": "u1",
    "BoolStorage": "?",
}
_MAGIC = 0x1950A86A20F9469CFC6C
# What pickle, zipfile and the reading of tensors raise at content that is not what it should be.
_DAMAGE = (
    pickle.UnpicklingError,
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    OverflowError,
    NotImplementedError,
    RuntimeError,
)


def read_torch_file(content: bytes) -> dict[str, np.ndarray]:
    """Read a state dictionary that ``torch.save`` wrote, in the present or the earlier format.

    Only tensors, dictionaries, text and numbers are accepted: a file cannot run code here.

    Parameters
    ----------
    content : bytes
        The file.

    Returns
    -------
    dict of str to np.ndarray
        Name of the tensor to its values.

    Raises
    ------
    ValueError
        If it is no such file or holds anything else.
    """
    try:
        # The present format is a ZIP archive; one that was cut short has lost its list of files.
        found = _read_zip(content) if content.startswith(b"PK") else _read_old(content)
        if not isinstance(found, dict):
            raise pickle.UnpicklingError(f"it holds a {type(found).__name__}")
        for name, value in found.items():
            if not isinstance(value, np.ndarray):
                raise pickle.UnpicklingError(f"{name} is no tensor but a {type(value).__name__}")
    except _DAMAGE as error:
        raise ValueError(
            "This is no state dictionary that torch.save wrote, or not the whole of it. "
            f"Received: {error or type(error).__name__}"
        ) from error
    return {str(name): np.array(value) for name, value in found.items()}


def _read_zip(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        inside = [name for name in archive.namelist() if name.endswith("/data.pkl")]
        if len(inside) != 1:
            raise pickle.UnpicklingError(f"an archive with {len(inside)} files data.pkl")
        folder = inside[0].removesuffix("data.pkl")
        order = f"{folder}byteorder"
        if order in archive.namelist() and archive.read(order) != b"little":
            raise pickle.UnpicklingError("a file of a big-endian machine")

        def storage(kind, key, _location, size, *_):
            return _values(archive.read(f"{folder}data/{key}"), _TYPES[kind], size, key)

        return _Unpickler(io.BytesIO(archive.read(inside[0])), storage).load()


def _values(stored, kind, size, key):
    expected = size * np.dtype(kind).itemsize
    if len(stored) != expected:
        raise pickle.UnpicklingError(f"{len(stored)} bytes of {expected} in the storage {key}")
    return np.frombuffer(stored, kind)


def _read_old(content):
    file = io.BytesIO(content)
    if _Unpickler(file, None).load() != _MAGIC:
        raise pickle.UnpicklingError("another magic number")
    _Unpickler(file, None).load()  # version of the protocol
    system = _Unpickler(file, None).load()
    if not system.get("little_endian", True):
        raise pickle.UnpicklingError("a file of a big-endian machine")
    storages: dict[str, np.ndarray] = {}

    def storage(kind, key, _location, size, *_):
        if size * np.dtype(_TYPES[kind]).itemsize > len(content):
            raise pickle.UnpicklingError(f"a storage of {size} values in {len(content)} bytes")
        # The values come at the end of the file; tensors are views, so they see them.
        return storages.setdefault(key, np.zeros(size, _TYPES[kind]))

    found = _Unpickler(file, storage).load()
    for key in _Unpickler(file, None).load():
        size, place = int.from_bytes(file.read(8), "little"), storages[key]
        if size != len(place):
            raise pickle.UnpicklingError(f"{size} values of {len(place)} in the storage {key}")
        place[:] = _values(file.read(place.nbytes), place.dtype, size, key)
    return found


class _Unpickler(pickle.Unpickler):
    def __init__(self, file, storage):
        super().__init__(file)
        self._storage = storage

    def find_class(self, module, name):
        known = {
            ("collections", "OrderedDict"): OrderedDict,
            ("torch._utils", "_rebuild_tensor_v2"): _tensor,
            ("torch._utils", "_rebuild_parameter"): lambda tensor, *_: tensor,
        }
        if (module, name) in known:
            return known[module, name]
        if module == "torch" and name in _TYPES:
            return name
        raise pickle.UnpicklingError(f"it asks for {module}.{name}")

    def persistent_load(self, pid):
        if self._storage is None or pid[0] != "storage":
            raise pickle.UnpicklingError(f"an unknown reference {pid!r}")
        return self._storage(*pid[1:])


def _tensor(storage, offset, shape, strides, *_):
    last = offset + sum((n - 1) * step for n, step in zip(shape, strides, strict=True))
    beyond = last >= len(storage) or math.prod(shape) > len(storage)
    if beyond or 0 in shape or min((offset, *strides)) < 0:
        raise pickle.UnpicklingError(f"a tensor {shape} beyond its storage of {len(storage)}")
    steps = [step * storage.itemsize for step in strides]
    return np.lib.stride_tricks.as_strided(storage[offset:], shape, steps)
