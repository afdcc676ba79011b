"""Pickles that run no code, and yet would take any memory or time."""

import io
import pickle
import zipfile

import numpy as np
import pytest

from sktl.sources._torch_file import read_torch_file

STORAGE = (
    b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x02tQ"
)
TENSOR = b"ctorch._utils\n_rebuild_tensor_v2\n(" + STORAGE + b"K\x00K\x02\x85K\x01\x85\x89NtR"


def torch_file(code, storage=(1, 1)):
    """Pack a pickle as torch does, beside one storage."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a/data.pkl", code)
        archive.writestr("a/data/0", np.array(storage, "<f4").tobytes())
    return file.getvalue()


def test_a_tensor_is_read():
    found = read_torch_file(torch_file(b"\x80\x02}X\x01\x00\x00\x00w" + TENSOR + b"s."))
    assert {name: array.tolist() for name, array in found.items()} == {"w": [1.0, 1.0]}


DOUBLED = b"".join(b"q%ch%ch%c\x86" % (n, n, n) for n in range(60))
BOMBS = {
    "a memo of 2**31 places": (b"}r\xff\xff\xff\x7f.", "place 2147483647"),
    "a tuple that doubles": (b"\x80\x02})" + DOUBLED + b"Ns.", "tuples in tuples"),
    "a tuple of many levels": (b"\x80\x02})" + b"\x85" * 100_000 + b"Ns.", "tuples in tuples"),
    "a shape that is a list": (
        TENSOR.replace(b"K\x02\x85", b"J\x00\xca\x9a\x3b\x85").replace(b"K\x01\x85", b"]K\x01a\x85") + b".",  # noqa: E501
        "not of numbers",
    ),
    "an attribute of a function": (
        b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\nN}X\x0c\x00\x00\x00__defaults__)s\x86b.",
        "sets attributes",
    ),
    "code": (pickle.dumps(print, 2), "asks for"),
    "a key without a value": (b"\x80\x02}(K\x01u.", "UnpicklingError: odd number of items"),
    "bytes of a claimed length": (b"\x8e" + b"\xff" * 7 + b"\x7f" + b".", "Received"),
}  # fmt: skip


@pytest.mark.parametrize("bomb", BOMBS)
def test_bombs(bomb):
    code, why = BOMBS[bomb]
    with pytest.raises(ValueError, match=why):
        read_torch_file(torch_file(code))


def test_tensors_that_share_a_storage_are_counted_each():
    storage = np.zeros(2**20, "<f4")
    large = TENSOR.replace(b"cpuK\x02t", b"cpuJ\x00\x00\x10\x00t").replace(
        b"K\x02\x85", b"J\x00\x00\x10\x00\x85"
    )
    names = [b"X\x04\x00\x00\x00%04d" % number for number in range(100)]
    code = b"\x80\x02}(" + b"".join(name + large for name in names) + b"u."
    with pytest.raises(ValueError, match="Its tensors may take"):
        read_torch_file(torch_file(code, storage))
