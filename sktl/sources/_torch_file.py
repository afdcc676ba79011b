"""Weights out of files that torch wrote, without torch: numpy arrays, and nothing is executed."""

from __future__ import annotations

import io
import pickle
import zipfile
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
        found = (
            _read_zip(content) if zipfile.is_zipfile(io.BytesIO(content)) else _read_old(content)
        )
        if not isinstance(found, dict):
            raise pickle.UnpicklingError(f"it holds a {type(found).__name__}")
    except (pickle.UnpicklingError, EOFError, KeyError, IndexError, TypeError) as error:
        raise ValueError(
            f"This is no state dictionary that torch.save wrote. Received: {error}"
        ) from error
    return {str(name): np.array(value) for name, value in found.items()}


def _read_zip(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        inside = next(name for name in archive.namelist() if name.endswith("/data.pkl"))
        folder = inside.removesuffix("data.pkl")

        def storage(kind, key, *_):
            return np.frombuffer(archive.read(f"{folder}data/{key}"), _TYPES[kind])

        return _Unpickler(io.BytesIO(archive.read(inside)), storage).load()


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
        # The values come at the end of the file; tensors are views, so they see them.
        return storages.setdefault(key, np.zeros(size, _TYPES[kind]))

    found = _Unpickler(file, storage).load()
    for key in _Unpickler(file, None).load():
        size = int.from_bytes(file.read(8), "little")
        values = np.frombuffer(file.read(size * storages[key].itemsize), storages[key].dtype)
        storages[key][:] = values
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
    if 0 in shape or last >= len(storage) or min((offset, *strides)) < 0:
        raise pickle.UnpicklingError(f"a tensor {shape} beyond its storage of {len(storage)}")
    steps = [step * storage.itemsize for step in strides]
    return np.lib.stride_tricks.as_strided(storage[offset:], shape, steps)
