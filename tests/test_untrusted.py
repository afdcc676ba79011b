"""What files claim is checked before memory is given to it."""

import gzip
import json
import zipfile

import numpy as np
import pytest

from sktl import _untrusted
from sktl._files import write_npz
from sktl._tables import read_table
from sktl._untrusted import ObjectArrayError, read_json, read_npy, read_npz


def npy(header, content=b""):
    text = header.encode() + b" " * (117 - len(header)) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + content


LIES = {
    "billions": ("{'descr': '<f8', 'fortran_order': False, 'shape': (4000000000,)}", "bytes"),
    "negative": ("{'descr': '<f8', 'fortran_order': False, 'shape': (-1, -1)}", "shape"),
    "of nothing": ("{'descr': '<U0', 'fortran_order': False, 'shape': (4000000000,)}", "shape"),
    "no end": ("{'descr': '<f8', 'fortran_order': False, 'shape': (2,", "TokenError|Cannot parse"),
    "no header": ("[" * 100, "parse|Error"),
}


@pytest.mark.parametrize("lie", LIES)
def test_arrays_that_lie(lie, tmp_path):
    header, why = LIES[lie]
    (tmp_path / "a.npy").write_bytes(npy(header, b"12345678"))
    with pytest.raises(ValueError, match=why):
        read_npy(tmp_path / "a.npy")
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.write(tmp_path / "a.npy", "X.npy")
    with pytest.raises(ValueError, match=why):
        read_npz(tmp_path / "a.npz")


def test_what_np_savez_writes_is_read_as_numpy_does(tmp_path):
    arrays = {"X": np.arange(6.0).reshape(2, 3).T, "y": np.array(["a", "ß"]), "n": np.array(3)}
    np.savez_compressed(tmp_path / "a.npz", **arrays)
    found = read_npz(tmp_path / "a.npz")
    assert [*found] == [*arrays]
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)
    assert read_npz(tmp_path / "a.npz", ["n"])["X"] is None


@pytest.fixture
def small(monkeypatch):
    """Leave little room, so that a bomb is made in no time."""
    monkeypatch.setattr(_untrusted, "ROOM", 2**16)


def test_pickles_letters_and_bombs_are_refused(tmp_path, small):
    np.savez(tmp_path / "objects.npz", X=np.array([{}], dtype=object))
    with pytest.raises(ObjectArrayError, match="'X'"):
        read_npz(tmp_path / "objects.npz")
    np.savez(tmp_path / "letters.npz", X=np.array([2**31], "<u4").view("<U1"))
    with pytest.raises(ValueError, match="letters"):
        read_npz(tmp_path / "letters.npz")
    with zipfile.ZipFile(tmp_path / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("X.npy", bytes(2**20))
    with pytest.raises(ValueError, match="without compression"):
        read_npz(tmp_path / "bomb.npz")


def test_json_that_is_nested_too_deeply():
    with pytest.raises(ValueError, match="too deeply"):
        read_json("[" * 100_000)
    assert read_json(json.dumps({"a": [1]})) == {"a": [1]}


@pytest.mark.parametrize("kind", [str, str.encode])
def test_half_a_character_is_no_text(kind):
    assert read_json(kind(json.dumps(["č 🌍", "\\u"]))) == ["č 🌍", "\\u"]
    for half in ("\ud83c", "a\udf0d"):
        with pytest.raises(ValueError, match="half of a surrogate pair"):
            read_json(kind(json.dumps({"name": half})))


def test_tables_that_stand_for_more_cells_than_they_have(tmp_path, small):
    file = tmp_path / "a.csv"
    file.write_text("," * 1000 + "\n" + "1\n" * 1000)
    with pytest.raises(ValueError, match="claim of 8,0"):
        read_table(file)
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress(b"a,b\n1,2\n"))
    assert read_table(tmp_path / "b.csv.gz").to_numpy().tolist() == [[1, 2]]
    (tmp_path / "c.csv.gz").write_bytes(gzip.compress(bytes(2**20)))
    with pytest.raises(ValueError, match="claim"):
        read_table(tmp_path / "c.csv.gz")


def test_what_is_written_holds_the_arrays_alone_and_no_objects(tmp_path):
    path = tmp_path / "some.npz"
    write_npz(path, {"X": np.arange(3), "name": np.array("a")})
    with np.load(path) as found:
        assert sorted(found.files) == ["X", "name"]
    with pytest.raises(ValueError, match=r"Received: objects in \['y'\]"):
        write_npz(path, {"y": np.array([{}])})
