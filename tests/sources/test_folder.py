import hashlib
import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
from safetensors.numpy import load_file

from sktl.sources import _folder, load_source, save_source
from sktl.sources._folder import read_card, read_source

FILES = ["card.json", "weights.safetensors", "SHA256SUMS"]


def test_round_trip_is_bit_for_bit(tmp_path, make_card, arrays):
    folder = save_source(tmp_path / "a" / "mine", make_card(), arrays)
    source = load_source(folder, "MagNet")
    assert source.arrays.keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(source.arrays[name], array)
        assert source.arrays[name].dtype == array.dtype
        assert not source.arrays[name].flags.writeable
    assert source.origin == "path"
    assert source.path == folder
    assert source.card.created is not None
    assert source.card.weights_sha256 == (
        hashlib.sha256((folder / "weights.safetensors").read_bytes()).hexdigest()
    )
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILES)
    assert read_card(folder) == source.card


def test_files_are_of_the_formats_they_claim(tmp_path, make_card, arrays):
    folder = save_source(tmp_path / "mine", make_card(), arrays)
    assert json.loads((folder / "card.json").read_text())["architecture"] == "MagNet"
    stored = load_file(folder / "weights.safetensors")
    np.testing.assert_array_equal(stored["conv1/kernel"], arrays["conv1/kernel"])
    if shutil.which("sha256sum") is None:
        pytest.skip("needs the command sha256sum")
    subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=folder, check=True)


def test_same_weights_give_the_same_hash(tmp_path, make_card, arrays):
    one = save_source(tmp_path / "1", make_card(), arrays)
    two = save_source(tmp_path / "2", make_card(), dict(reversed(arrays.items())))
    assert read_card(one).weights_sha256 == read_card(two).weights_sha256


@pytest.mark.parametrize(
    "array",
    [
        np.float32(3.0),
        np.zeros((0, 2), "float32"),
        np.arange(6.0).reshape(2, 3).T,
        np.arange(3, dtype=">f4"),
        np.arange(3, dtype="float16"),
    ],
    ids=["scalar", "empty", "fortran", "big-endian", "half"],
)
def test_unusual_arrays_survive(tmp_path, make_card, array):
    folder = save_source(tmp_path / "mine", make_card(), {"a/b": array})
    read = read_source(folder).arrays["a/b"]
    assert read.shape == np.shape(array)
    np.testing.assert_array_equal(read, array)


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        ({}, ValueError),
        ({"kernel": np.zeros(2)}, ValueError),
        ({"/kernel": np.zeros(2)}, ValueError),
        ({"a/b": np.zeros(2, int)}, TypeError),
        ({"a/b": np.array(["x"])}, TypeError),
        ({"a/b": np.array([1.0, np.nan])}, ValueError),
        ({"a/b": np.array([np.inf])}, ValueError),
    ],
)
def test_bad_arrays_are_refused_and_nothing_is_written(tmp_path, make_card, bad, error):
    with pytest.raises(error, match="array"):
        save_source(tmp_path / "mine", make_card(), bad)
    assert list(tmp_path.iterdir()) == []


def test_card_must_be_a_card(tmp_path, make_card, arrays):
    with pytest.raises(TypeError, match="Card"):
        save_source(tmp_path / "mine", make_card().to_dict(), arrays)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("where", [0, 0.5, -1])
def test_a_changed_byte_is_refused(tmp_path, make_card, arrays, name, where):
    folder = save_source(tmp_path / "mine", make_card(), arrays)
    load_source(folder, "MagNet")
    content = bytearray((folder / name).read_bytes())
    # The last byte of the sums is a line's end: change the last letter that counts.
    index = len(content) // 2 if where == 0.5 else (-3 if where else 0)
    before = hashlib.sha256(content).hexdigest()
    content[index] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(ValueError, match="is not the file that was recorded") as caught:
        load_source(folder, "MagNet")
    if name != "SHA256SUMS":
        assert before in str(caught.value)
        assert hashlib.sha256(content).hexdigest() in str(caught.value)


def test_weights_of_another_source_are_refused_even_with_matching_sums(tmp_path, make_card, arrays):
    folder = save_source(tmp_path / "mine", make_card(), arrays)
    other = save_source(tmp_path / "other", make_card(), {"conv1/bias": np.ones(4)})
    shutil.copy(other / "weights.safetensors", folder)
    lines = [
        f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}" for name in FILES[:2]
    ]
    (folder / "SHA256SUMS").write_text("\n".join(lines))
    with pytest.raises(ValueError, match=r"weights.safetensors is not the file"):
        load_source(folder, "MagNet")


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(tmp_path, make_card, arrays, name):
    folder = save_source(tmp_path / "mine", make_card(), arrays)
    (folder / name).unlink()
    with pytest.raises(FileNotFoundError, match=name):
        load_source(folder, "MagNet")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"name": "x"}', b"\xff\xfe"])
def test_a_damaged_card_is_refused(tmp_path, make_card, arrays, content):
    folder = save_source(tmp_path / "mine", make_card(), arrays)
    (folder / "card.json").write_bytes(content)
    sums = (folder / "SHA256SUMS").read_text().splitlines()
    sums[0] = f"{hashlib.sha256(content).hexdigest()}  card.json"
    (folder / "SHA256SUMS").write_text("\n".join(sums))
    with pytest.raises(ValueError, match="is no valid card"):
        load_source(folder, "MagNet")


def test_weights_that_are_no_safetensors_are_refused(tmp_path, make_card, arrays):
    folder = save_source(tmp_path / "mine", make_card(), arrays)
    content = b"\x00" * 64
    digest = hashlib.sha256(content).hexdigest()
    (folder / "weights.safetensors").write_bytes(content)
    card = json.loads((folder / "card.json").read_text()) | {"weights_sha256": digest}
    (folder / "card.json").write_text(json.dumps(card))
    lines = [
        f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}" for name in FILES[:2]
    ]
    (folder / "SHA256SUMS").write_text("\n".join(lines))
    with pytest.raises(ValueError, match="no safetensors file"):
        load_source(folder, "MagNet")


def test_an_older_source_is_replaced_whole(tmp_path, make_card, arrays):
    folder = save_source(tmp_path / "mine", make_card(), arrays)
    (folder / "README.md").write_text("of the older one")
    save_source(folder, make_card(notes="second"), {"conv1/bias": np.ones(2)})
    source = load_source(folder, "MagNet")
    assert list(source.arrays) == ["conv1/bias"]
    assert source.card.notes == "second"
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILES)


def test_other_folders_are_never_replaced(tmp_path, make_card, arrays):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.tex").write_text("years of work")
    with pytest.raises(FileExistsError, match=r"chapter\.tex"):
        save_source(tmp_path / "thesis", make_card(), arrays)
    folder = save_source(tmp_path / "mine", make_card(), arrays)
    (folder / "data.csv").write_text("1,2")
    with pytest.raises(FileExistsError, match=r"data\.csv"):
        save_source(folder, make_card(), arrays)
    (tmp_path / "file").write_text("x")
    with pytest.raises(FileExistsError, match="is a file"):
        save_source(tmp_path / "file", make_card(), arrays)
    assert (folder / "data.csv").exists()


def test_an_empty_folder_is_filled(tmp_path, make_card, arrays):
    (tmp_path / "mine").mkdir()
    assert load_source(save_source(tmp_path / "mine", make_card(), arrays), "MagNet").arrays


@pytest.mark.parametrize("replacing", [False, True])
@pytest.mark.parametrize("step", range(6))
def test_a_crash_leaves_the_old_source_or_none(
    tmp_path, make_card, arrays, monkeypatch, step, replacing
):
    """Raise at the n-th rename; whatever the step, a whole source or none at all is there."""
    folder = tmp_path / "mine"
    if replacing:
        save_source(folder, make_card(notes="old"), arrays)
    calls = 0
    rename, replace = os.rename, os.replace

    def crash(function):
        def run(*args):
            nonlocal calls
            calls += 1
            if calls > step:
                raise KeyboardInterrupt
            return function(*args)

        return run

    with monkeypatch.context() as patched:
        patched.setattr(os, "rename", crash(rename))
        patched.setattr(os, "replace", crash(replace))
        try:
            save_source(folder, make_card(notes="new"), arrays)
            finished = True
        except KeyboardInterrupt:
            finished = False
    # Three files, then one rename (two when an older source steps aside).
    assert finished == (step >= (5 if replacing else 4))
    if finished or replacing:
        assert load_source(folder, "MagNet").card.notes == ("new" if finished else "old")
        assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    else:
        assert list(tmp_path.iterdir()) == []


def test_a_killed_process_loses_nothing(tmp_path, make_card, arrays):
    folder = save_source(tmp_path / "mine", make_card(notes="old"), arrays)
    code = f"""
import os
import numpy as np
from sktl.sources import Card, save_source
rename = os.rename
def once(*args):
    rename(*args)
    os._exit(9)
os.rename = once
card = Card.from_dict({make_card(notes="new").to_dict()})
save_source({str(folder)!r}, card, {{"a/b": np.zeros(3)}})
"""
    assert subprocess.run([sys.executable, "-c", code]).returncode == 9
    assert not folder.exists()  # the moment in which the old one had stepped aside
    assert load_source(folder, "MagNet").card.notes == "old"
    save_source(folder, make_card(notes="newer"), arrays)
    assert load_source(folder, "MagNet").card.notes == "newer"


def test_a_failing_disk_leaves_the_old_source(tmp_path, make_card, arrays, monkeypatch):
    folder = save_source(tmp_path / "mine", make_card(notes="old"), arrays)

    def full(handle):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(_folder.os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            save_source(folder, make_card(notes="new"), arrays)
    assert load_source(folder, "MagNet").card.notes == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_readers_never_see_a_mixture(tmp_path, make_card):
    """Two processes replace a source while this one reads it."""
    folder = save_source(tmp_path / "mine", make_card(), {"a/b": np.zeros(1000)})
    code = f"""
import sys
import numpy as np
from sktl.sources import Card, save_source
card = Card.from_dict({make_card().to_dict()})
for _ in range(50):
    save_source({str(folder)!r}, card, {{"a/b": np.full(1000, float(sys.argv[1]))}})
"""
    writers = [subprocess.Popen([sys.executable, "-c", code, value]) for value in "12"]
    seen = set()
    while any(writer.poll() is None for writer in writers):
        values = np.unique(load_source(folder, "MagNet").arrays["a/b"])
        assert len(values) == 1
        seen |= set(values)
    assert [writer.wait() for writer in writers] == [0, 0]
    assert 0.0 < max(seen) <= 2.0
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_reading_needs_no_deep_learning_library(tmp_path, make_card, arrays):
    folder = save_source(tmp_path / "mine", make_card(), arrays)
    code = (
        "import sys; from sktl.sources import load_source; "
        f"load_source({str(folder)!r}, 'MagNet'); "
        "assert not {'keras', 'tensorflow', 'jax', 'torch'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
