"""Weights out of files that torch wrote, without torch: numpy arrays, and nothing is executed."""

from __future__ import annotations

import io
import math
import pickle
import pickletools
import zipfile
from collections import OrderedDict
from typing import Any

import numpy as np

from sktl._untrusted import check_claim, refusing

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
# What `torch.save` writes; anything else could blow up memory, or change what was looked up.
_ALLOWED = {
    "PROTO", "STOP", "MARK", "EMPTY_DICT", "EMPTY_LIST", "EMPTY_TUPLE", "TUPLE", "TUPLE1",
    "TUPLE2", "TUPLE3", "SETITEM", "SETITEMS", "APPEND", "APPENDS", "GLOBAL", "REDUCE", "BUILD",
    "BINPERSID", "BINPUT", "LONG_BINPUT", "BINGET", "LONG_BINGET", "NONE", "NEWTRUE", "NEWFALSE",
    "BININT", "BININT1", "BININT2", "LONG1", "LONG4", "BINFLOAT", "BINUNICODE",
    "SHORT_BINSTRING", "BINSTRING",
}  # fmt: skip
_TUPLES = {"TUPLE", "TUPLE1", "TUPLE2", "TUPLE3"}
_LARGEST_TUPLE, _DEEPEST, _MOST_BITS = 1000, 32, 96


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
    with refusing(
        "This is no state dictionary that torch.save wrote, or not the whole of it. Received"
    ):
        # The present format is a ZIP archive; one that was cut short has lost its list of files.
        found = _read_zip(content) if content.startswith(b"PK") else _read_old(content)
        if not isinstance(found, dict):
            raise ValueError(f"it holds a {type(found).__name__}")
        for name, value in found.items():
            if not isinstance(name, str) or not isinstance(value, np.ndarray):
                shown = name if isinstance(name, str) else f"a {type(name).__name__}"
                raise ValueError(f"{shown[:80]} is no tensor but a {type(value).__name__}")
        # Tensors may share a storage, and each becomes an array of its own.
        check_claim(sum(value.nbytes for value in found.values()), len(content), "Its tensors")
        return {name: np.array(value) for name, value in found.items()}


def _read_zip(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        check_claim(sum(member.file_size for member in archive.infolist()), len(content))
        inside = [name for name in archive.namelist() if name.endswith("/data.pkl")]
        if len(inside) != 1:
            raise ValueError(f"an archive with {len(inside)} files data.pkl")
        folder = inside[0].removesuffix("data.pkl")
        order = f"{folder}byteorder"
        if order in archive.namelist() and archive.read(order) != b"little":
            raise ValueError("a file of a big-endian machine")

        storages: dict[str, bytes] = {}

        def storage(kind, key, _location, size, *_):
            if key not in storages:
                storages[key] = archive.read(f"{folder}data/{key}")
            return _values(storages[key], _TYPES[kind], size, key)

        return _load(io.BytesIO(archive.read(inside[0])), storage)


def _values(stored, kind, size, key):
    expected = size * np.dtype(kind).itemsize
    if len(stored) != expected:
        raise ValueError(f"{len(stored)} bytes of {expected} in the storage {key}")
    return np.frombuffer(stored, kind)


def _read_old(content):
    file = io.BytesIO(content)
    if _load(file, None) != _MAGIC:
        raise ValueError("another magic number")
    _load(file, None)  # version of the protocol
    system = _load(file, None)
    if not system.get("little_endian", True):
        raise ValueError("a file of a big-endian machine")
    storages: dict[str, np.ndarray] = {}

    def storage(kind, key, _location, size, *_):
        if key not in storages:
            claimed = sum(one.nbytes for one in storages.values())
            claimed += size * np.dtype(_TYPES[kind]).itemsize
            if not 0 <= claimed <= len(content):
                raise ValueError(f"storages of {claimed} bytes in {len(content)}")
            # The values come at the end of the file; tensors are views, so they see them.
            storages[key] = np.zeros(size, _TYPES[kind])
        return storages[key]

    found = _load(file, storage)
    keys = _load(file, None)
    if {*keys} != {*storages}:
        raise ValueError(f"{len(storages)} storages, and values of {len(keys)}")
    for key in keys:
        size, place = int.from_bytes(file.read(8), "little"), storages[key]
        if size != len(place):
            raise ValueError(f"{size} values of {len(place)} in the storage {key}")
        place[:] = _values(file.read(place.nbytes), place.dtype, size, key)
    return found


def _load(file, storage):
    """Unpickle what `_check` lets through; the next pickle in the file follows."""
    start = file.tell()
    _check(file)
    file.seek(start)
    return _Unpickler(file, storage).load()


def _check(file):
    """Refuse a pickle that could take any memory, time or stack, though it runs no code.

    A place of 2**31 in the memo makes pickle's own list as long; a tuple of twice the same tuple,
    forty times over, takes for ever to hash; one of a million levels overflows the stack.
    """
    stack: list[Any] = []  # size and depth of what is built; None: a mark
    memo = {}
    argument: Any
    for number, (code, argument, _) in enumerate(pickletools.genops(file)):
        kind = code.name
        if kind not in _ALLOWED:
            raise ValueError(f"a pickle with {kind}")
        if kind in ("LONG1", "LONG4") and argument.bit_length() > _MOST_BITS:
            raise ValueError("a number of many digits")
        if kind in ("BINPUT", "LONG_BINPUT"):
            if argument > number:
                raise ValueError(f"place {argument} of the memo after {number} codes")
            memo[argument] = stack[-1]
        elif kind in ("BINGET", "LONG_BINGET"):
            stack.append(memo[argument])
        elif kind == "MARK":
            stack.append(None)
        else:
            made = _combined(code, stack)
            if kind in _TUPLES and (made[0] > _LARGEST_TUPLE or made[1] > _DEEPEST):
                raise ValueError("tuples in tuples")
            stack += [made] * len(code.stack_after)


def _combined(code, stack):
    """Take from the stack what an opcode takes; return the size and depth of what it makes."""
    needs, taken = code.stack_before, []
    if pickletools.markobject in needs:
        while (one := stack.pop()) is not None:
            taken.append(one)
        needs = needs[: needs.index(pickletools.markobject)]
    taken += [stack.pop() for _ in needs]
    return 1 + sum(size for size, _ in taken), 1 + max((depth for _, depth in taken), default=0)


class _Known:
    """Something that a pickle may call, and whose attributes it cannot set."""

    __slots__ = ("_call",)
    _call: Any

    def __init__(self, call):
        object.__setattr__(self, "_call", call)

    def __call__(self, *arguments):
        return self._call(*arguments)

    def __setattr__(self, name, value):
        raise ValueError("it sets attributes")

    def __setstate__(self, state):
        raise ValueError("it sets attributes")


class _Unpickler(pickle.Unpickler):
    def __init__(self, file, storage):
        super().__init__(file)
        self._storage = storage

    def find_class(self, module, name):
        known = {
            ("collections", "OrderedDict"): OrderedDict,
            ("torch._utils", "_rebuild_tensor_v2"): _tensor,
            ("torch._utils", "_rebuild_parameter"): _parameter,
        }
        if (module, name) in known:
            return _Known(known[module, name])
        if module == "torch" and name in _TYPES:
            return name
        raise ValueError(f"it asks for {module}.{name}"[:200])

    def persistent_load(self, pid):
        if self._storage is None or not isinstance(pid, tuple) or pid[:1] != ("storage",):
            raise ValueError("an unknown reference")
        return self._storage(*pid[1:])


def _parameter(tensor, *_):
    if not isinstance(tensor, np.ndarray):
        raise ValueError(f"a parameter of {type(tensor).__name__}")
    return tensor


def _tensor(storage, offset, shape, strides, *_):
    if not all(isinstance(number, int) for number in (offset, *shape, *strides)):
        raise ValueError("a tensor whose shape is not of numbers")
    last = offset + sum((n - 1) * step for n, step in zip(shape, strides, strict=True))
    beyond = last >= len(storage) or math.prod(shape) > len(storage)
    if beyond or 0 in shape or min((offset, *strides)) < 0:
        raise ValueError(f"a tensor {shape} beyond its storage of {len(storage)}")
    steps = [step * storage.itemsize for step in strides]
    return np.lib.stride_tricks.as_strided(storage[offset:], shape, steps)
