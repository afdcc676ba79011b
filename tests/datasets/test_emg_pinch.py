"""EMG: windows of one pinch, three of eight channels, and recordings with all that can be wrong."""

import zipfile
import zlib

import numpy as np
import pytest

from sktl.datasets import fetch_emg_pinch, load_dataset, read_emg_pinch
from sktl.datasets._windows import pure_windows


def write_recording(folder, name, blocks, emg=None):
    labels = np.repeat([label for label, _ in blocks], [n for _, n in blocks])
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    emg = rng.integers(-128, 128, (len(labels), 8)) if emg is None else emg
    np.save(folder / f"{name}_emg.npy", emg)
    np.save(folder / f"{name}_ann.npy", labels)
    return emg


BLOCKS = [("none", 95), ("Pinch1", 200), ("none", 50), ("Pinch4", 115), ("Pinch2", 80)]


def brute_force(labels):
    """Every window of 80, step 10, whose labels agree and are not none."""
    for start in range(0, len(labels) - 79, 10):
        window = set(labels[start : start + 80])
        if len(window) == 1 and "none" not in window:
            yield start


def test_windows_hold_one_pinch(tmp_path):
    emg = write_recording(tmp_path / "Pinch", "subject01_session01", BLOCKS)
    labels = np.repeat([label for label, _ in BLOCKS], [n for _, n in BLOCKS])
    reader = read_emg_pinch(tmp_path)
    starts = list(brute_force(labels))
    assert len(reader) == len(starts) > 10
    X, _ = reader.read(range(len(reader)))
    assert X.shape[1:] == (3, 80)
    for number, start in enumerate(starts):
        np.testing.assert_array_equal(X[number], emg[start : start + 80][:, [0, 2, 5]].T)
        assert reader.y[number] == labels[start]
    assert set(reader.groups) == {"subject01_session01"}
    assert reader.skipped == {}


def test_windows_of_random_labels_agree_with_brute_force():
    rng = np.random.default_rng(0)
    labels = np.repeat(rng.choice(["none", "a", "b"], 60), rng.integers(1, 200, 60))
    starts = pure_windows(labels, 80, 10)
    assert [start for start in starts if labels[start] != "none"] == list(brute_force(labels))
    assert len(pure_windows(labels[:79], 80, 10)) == 0


def test_grouped_split_keeps_a_recording_together(tmp_path):
    for number in range(8):
        write_recording(tmp_path / "Pinch", f"s{number}", BLOCKS)
    archive = tmp_path / "Pinch.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for path in sorted((tmp_path / "Pinch").iterdir()):
            file.write(path, f"Pinch/{path.name}")
    dataset = load_dataset("EMG", path=archive, split="grouped")
    groups = [set(dataset.part(part).groups) for part in dataset.parts]
    assert sum(map(len, groups)) == len(set.union(*groups)) == 8
    X, y = fetch_emg_pinch(split=None, path=archive)
    assert X.shape == (len(dataset.groups), 3, 80)
    assert set(y) == {"Pinch1", "Pinch2", "Pinch4"}


def test_what_is_wrong_is_counted_and_left_out(tmp_path):
    write_recording(tmp_path, "good", BLOCKS)
    n = sum(n for _, n in BLOCKS)
    write_recording(tmp_path, "channels", BLOCKS, emg=np.zeros((n, 7)))
    write_recording(tmp_path, "length", BLOCKS, emg=np.zeros((n - 1, 8)))
    write_recording(tmp_path, "pickled", BLOCKS)
    np.save(tmp_path / "pickled_ann.npy", np.array([None] * n))
    write_recording(tmp_path, "truncated", BLOCKS)
    whole = tmp_path / "truncated_emg.npy"
    whole.write_bytes(whole.read_bytes()[:500])
    np.save(tmp_path / "alone_emg.npy", np.zeros((n, 8)))
    write_recording(tmp_path, "unknown", [("Fist", 100)])
    emg = np.zeros((n, 8))
    emg[100] = np.nan
    write_recording(tmp_path, "nan", BLOCKS, emg=emg)
    reader = read_emg_pinch(tmp_path)
    X, kept = reader.read(range(len(reader)))
    assert reader.skipped == {
        "recording without 8 channels": 1,
        "recording and annotation differ in length": 1,
        "damaged recording": 2,
        "recording without annotation": 1,
        "window with an unknown label": 3,
        "values that are not finite": 1,
    }
    assert set(reader.groups[kept]) == {"good", "nan"}
    assert len(X) == len(kept)


def test_other_folders_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"emg\.npy"):
        fetch_emg_pinch(path=tmp_path)
