"""Panel files: streamed in, read in chunks, refused where they are something else."""

import h5py
import numpy as np
import pytest

from sktl._hdf5_files import read_arrays
from sktl.cli import main
from sktl.datasets import get_spec, load_dataset, simulate_to_file
from sktl.datasets._hdf5 import PanelReader, write_panel
from sktl.datasets.len_db import read_len_db


@pytest.mark.parametrize("name", ["S&P 500", "LEN-DB"])
def test_streamed_file_holds_what_is_simulated_in_memory(name, tmp_path):
    path = tmp_path / "folder" / "panel.hdf5"
    assert simulate_to_file(name, 300, path, random_state=5) == 300
    spec = get_spec(name)
    X, y, groups = spec.simulate(300, random_state=5, return_groups=True)
    reader = PanelReader(path, spec.simulated_name)
    order = np.random.default_rng(0).permutation(300)
    read, kept = reader.read(order)
    np.testing.assert_array_equal(read, X[order])
    np.testing.assert_array_equal(kept, order)
    for jumps in (order[::7], np.r_[200:230, order[:9], 3, 3]):
        np.testing.assert_array_equal(reader.read(jumps)[0], X[jumps])
    np.testing.assert_array_equal(reader.y, y.astype(reader.y.dtype))
    np.testing.assert_array_equal(reader.groups, np.asarray(groups).astype(str))
    streamed = load_dataset(spec.simulated_name, path=path, random_state=5)
    memory = load_dataset(spec.simulated_name, n_instances=300, random_state=5)
    np.testing.assert_array_equal(streamed.reduced(50, 1).train.X, memory.reduced(50, 1).train.X)
    assert [p.name for p in path.parent.iterdir()] == ["panel.hdf5"]


def test_batches_of_any_size_are_appended(tmp_path):
    X = np.arange(7 * 6, dtype=np.float32).reshape(7, 2, 3)
    y = np.array(list("abcdefg"))
    batches = ((X[i : i + 3], y[i : i + 3], y[i : i + 3]) for i in (0, 3, 6))
    assert write_panel(tmp_path / "p.hdf5", "x", batches, seed=1) == 7
    reader = PanelReader(tmp_path / "p.hdf5", "x")
    np.testing.assert_array_equal(reader.read(range(7))[0], X)
    np.testing.assert_array_equal(reader.y, y)


def test_interrupted_writing_leaves_nothing(tmp_path):
    def batches():
        yield np.zeros((2, 1, 3)), np.zeros(2), np.arange(2)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_panel(tmp_path / "p.hdf5", "x", batches())
    assert not list(tmp_path.iterdir())


def test_other_files_are_refused(tmp_path, stead_file):
    simulate_to_file("LEN-DB", 20, tmp_path / "len.hdf5")
    with pytest.raises(ValueError, match=r"must hold STEAD-simulated.*name='LEN-DB-simulated'"):
        load_dataset("STEAD-simulated", path=tmp_path / "len.hdf5")
    with pytest.raises(ValueError, match="format=None"):
        load_dataset("STEAD-simulated", path=stead_file(n=1))
    with pytest.raises(ValueError, match="lacks the groups"):
        load_dataset("STEAD", path=tmp_path / "len.hdf5")


@pytest.mark.parametrize("damage", ["lacks", "shorter"])
def test_panel_files_whose_arrays_do_not_fit_are_refused(tmp_path, damage):
    path = tmp_path / "panel.hdf5"
    simulate_to_file("LEN-DB", 20, path)
    with h5py.File(path, "r+") as file:
        if damage == "lacks":
            del file["groups"]
        else:
            file["y"].resize(15, axis=0)
    with pytest.raises(ValueError, match="is damaged"):
        load_dataset("LEN-DB-simulated", path=path)


@pytest.mark.parametrize("name", ["STEAD", "LEN-DB", "LOMAX", "LEN-DB-simulated"])
def test_files_cut_short_are_refused(tmp_path, name):
    path = tmp_path / "cut.hdf5"
    simulate_to_file("LEN-DB", 20, path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ValueError, match="no intact HDF5 file"):
        load_dataset(name, path=path)


def test_progress_is_shown_on_standard_error(tmp_path, capsys, monkeypatch):
    import tqdm.auto

    class Eager(tqdm.auto.tqdm):
        def __init__(self, *arguments, delay, **options):
            super().__init__(*arguments, **options)

    monkeypatch.setattr(tqdm.auto, "tqdm", Eager)
    simulate_to_file("LEN-DB", 20, tmp_path / "quiet.hdf5")
    assert capsys.readouterr().err == ""
    simulate_to_file("LEN-DB", 20, tmp_path / "told.hdf5", progress=True)
    told = capsys.readouterr()
    assert "LEN-DB-simulated" in told.err
    assert "20/20" in told.err
    assert told.out == ""


def test_a_file_that_is_there_is_not_overwritten_unasked(tmp_path, capsys):
    path = tmp_path / "thesis.hdf5"
    path.write_text("years of work")
    with pytest.raises(FileExistsError, match=r"overwrite.*thesis\.hdf5"):
        simulate_to_file("LEN-DB", 20, path)
    arguments = ["simulate", "LEN-DB", "--n-instances", "20", "--out", str(path)]
    assert main(arguments) == 1
    assert "There is a file already" in capsys.readouterr().err
    assert path.read_text() == "years of work"
    assert main([*arguments, "--overwrite"]) == 0
    assert len(load_dataset("LEN-DB-simulated", path=path).load("X")) == 20


def test_damaged_values_are_skipped(tmp_path):
    simulate_to_file("LEN-DB", 20, tmp_path / "len.hdf5")
    with h5py.File(tmp_path / "len.hdf5", "r+") as file:
        file["X"][3, 0, 0] = np.nan
    dataset = load_dataset("LEN-DB-simulated", path=tmp_path / "len.hdf5")
    assert len(dataset.load("X")) == 19
    assert dataset.skipped == {"values that are not finite": 1}


def test_commands(tmp_path, capsys, closes_file):
    assert main(["datasets"]) == 0
    listed = capsys.readouterr().out
    assert "1,031,908" in listed
    assert "LEN-DB" in listed
    out = tmp_path / "len.hdf5"
    assert (
        main(["simulate", "LEN-DB", "--n-instances", "50", "--out", str(out), "--seed", "1"]) == 0
    )
    assert "50 simulated instances" in capsys.readouterr().out
    assert len(load_dataset("LEN-DB-simulated", path=out).groups) == 50
    assert main(["fetch", "sp500", "--path", str(closes_file(600))]) == 0
    assert "369 instances" in capsys.readouterr().out
    assert main(["fetch", "STEAD"]) == 1
    assert "1. open https://github.com/smousavi05/STEAD" in capsys.readouterr().err
    assert main(["simulate", "LEN-DB", "--n-instances", "0", "--out", str(out)]) == 1


def test_arrays_in_other_files_are_not_read(tmp_path):
    secret = tmp_path / "secret"
    secret.write_bytes(bytes(4 * 3 * 540))
    with h5py.File(tmp_path / "other.hdf5", "w") as file:
        file.create_dataset("x", data=np.ones((3, 540), "f4")).attrs["mag"] = 2.0
    with h5py.File(tmp_path / "a.hdf5", "w") as file:
        inside = file.create_dataset("EQ/inside", data=np.ones((3, 540), "f4"))
        outside = file.create_dataset(
            "EQ/raw", (3, 540), "f4", external=[(str(secret), 0, h5py.h5f.UNLIMITED)]
        )
        layout = h5py.VirtualLayout((3, 540), "f4")
        layout[:] = h5py.VirtualSource(tmp_path / "other.hdf5", "x", (3, 540))
        virtual = file.create_virtual_dataset("EQ/virtual", layout)
        for one in (inside, outside, virtual):
            one.attrs["mag"] = 1.0
        file["EQ/linked"] = h5py.ExternalLink("other.hdf5", "x")
    reader = read_len_db(tmp_path / "a.hdf5")
    assert reader.names.tolist() == ["inside"]
    assert reader.skipped == {"damaged": 2, "not an array": 1}
    with pytest.raises(ValueError, match="in the file itself"):
        read_arrays((tmp_path / "a.hdf5").read_bytes())


def test_a_heap_that_has_no_end_is_refused(tmp_path):
    path = tmp_path / "a.hdf5"
    with h5py.File(path, "w") as file:
        file.create_dataset("EQ/a", data=np.ones((3, 540), "f4")).attrs["otime"] = "now"
        file["EQ/a"].attrs["mag"] = 1.0
    assert len(read_len_db(path)) == 1
    content = bytearray(path.read_bytes())
    heap = content.index(b"GCOL")
    free = heap + 16 + 16 + 8  # behind the heap's header, one object's and its text
    assert content[free : free + 2] == b"\0\0"
    content[free + 8 : free + 16] = bytes(8)
    path.write_bytes(content)
    with pytest.raises(ValueError, match="has no end"):
        read_len_db(path)
