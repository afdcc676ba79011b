"""EMG-Roshambo: official recordings, the same as an archive, persons apart."""

import numpy as np
import pytest

from sktl.datasets import get_spec, load_dataset, read_emg_roshambo

BLOCKS = [("rock", 95), ("none", 100), ("paper", 120), ("scissor", 100), ("none", 90)]
CODES = {"none": 0, "rock": 1, "paper": 2, "scissor": 3}


@pytest.fixture
def recordings():
    """Four persons with two sessions each; labels as bytes, as in the official files."""
    rng = np.random.default_rng(0)
    labels = np.repeat([label for label, _ in BLOCKS], [n for _, n in BLOCKS]).astype("S7")
    names = [f"subject{person:02d}_session{session:02d}" for person in (1, 2, 3, 4)
             for session in (1, 2)]  # fmt: skip
    return {name: (rng.integers(-128, 128, (len(labels), 8)), labels) for name in names}


@pytest.fixture
def folder(tmp_path, recordings):
    for name, (emg, labels) in recordings.items():
        np.save(tmp_path / f"{name}_emg.npy", emg)
        np.save(tmp_path / f"{name}_ann.npy", labels)
    return tmp_path


def test_windows_of_one_gesture_by_person(folder, recordings):
    reader = read_emg_roshambo(folder)
    emg, labels = recordings["subject01_session01"]
    # Brute force: every window of 80, step 10, with one label that is a gesture.
    starts = [
        start
        for start in range(0, len(labels) - 79, 10)
        if len(set(labels[start : start + 80])) == 1 and labels[start] != b"none"
    ]
    X, _ = reader.read(np.arange(len(starts)))
    expected = [emg[start : start + 80][:, [0, 2, 5]].T for start in starts]
    np.testing.assert_array_equal(X, np.array(expected, np.float32))
    assert list(reader.y[: len(starts)]) == [labels[start].decode() for start in starts]
    assert set(reader.groups) == {f"subject{person:02d}" for person in (1, 2, 3, 4)}
    assert set(reader.y) == set(get_spec("EMG-Roshambo").classes)
    assert reader.skipped == {}


def test_an_archive_is_the_same(folder, recordings, tmp_path):
    arrays = {}
    for name, (emg, labels) in recordings.items():
        arrays[f"{name}_emg"] = emg.astype(np.int8)
        arrays[f"{name}_ann"] = np.array([CODES[label.decode()] for label in labels], np.int8)
    path = tmp_path / "roshambo.npz"
    np.savez(path, **arrays)
    one, other = read_emg_roshambo(folder), read_emg_roshambo(path)
    np.testing.assert_array_equal(one.y, other.y)
    np.testing.assert_array_equal(one.groups, other.groups)
    rows = np.arange(len(one))
    np.testing.assert_array_equal(one.read(rows)[0], other.read(rows)[0])


def test_options_and_the_split_by_person(folder):
    reading = {"channels": range(8), "window": 40, "step": 20, "rest": True}
    dataset = load_dataset("EMG-Roshambo", path=folder, split="grouped", reading=reading)
    assert (dataset.n_channels, dataset.n_timepoints) == (8, 40)
    assert set(dataset.classes) == {"none", "paper", "rock", "scissor"}
    people = [set(dataset.part(part).groups) for part in ("train", "validation", "test")]
    assert sum(map(len, people)) == len(set.union(*people)) == 4
    for wrong, message in (
        ({"channels": [8]}, "channels must be out of 0 to 7"),
        ({"channels": []}, "channels"),
        ({"step": 0}, "positive"),
    ):
        with pytest.raises(ValueError, match=message):
            read_emg_roshambo(folder, **wrong)


def test_what_cannot_be_used_is_counted_or_refused(folder, tmp_path):
    (folder / "subject01_session01_ann.npy").unlink()
    np.save(folder / "subject01_session02_emg.npy", np.zeros((505, 7)))
    (folder / "subject02_session01_emg.npy").write_bytes(b"nothing")
    assert read_emg_roshambo(folder).skipped == {
        "recording without annotation": 1,
        "recording without 8 channels": 1,
        "damaged recording": 1,
    }
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match=r"_emg\.npy"):
        read_emg_roshambo(tmp_path / "empty")
    broken = tmp_path / "broken.npz"
    broken.write_bytes(b"nothing")
    with pytest.raises(ValueError, match=r"broken\.npz is damaged"):
        read_emg_roshambo(broken)
    arrays = {"a_emg": np.zeros((90, 8), np.int8), "a_ann": np.full(90, 7), "b_emg": np.zeros(3)}
    np.savez(broken, **arrays)
    assert read_emg_roshambo(broken).skipped == {
        "annotation with unknown numbers": 1, "recording without annotation": 1,
    }  # fmt: skip


def test_there_is_no_simulated_one():
    with pytest.raises(ValueError, match=r"'EMG', .* also with '-simulated'"):
        load_dataset("EMG-Roshambo-simulated", n_instances=10)


def test_real_recordings(shared):
    archive = read_emg_roshambo(shared("data/emg_roshambo/roshambo_int8.npz"))
    assert len(archive) == get_spec("EMG-Roshambo").n_instances == 14_393
    assert len(set(archive.groups)) == 10
    assert archive.skipped == {}
    official = read_emg_roshambo(shared("data/emg_roshambo/official"))
    rows = np.flatnonzero(archive.groups == "subject01")
    np.testing.assert_array_equal(official.y, archive.y[rows])
    few = np.arange(0, len(rows), 50)
    np.testing.assert_array_equal(official.read(few)[0], archive.read(rows[few])[0])
