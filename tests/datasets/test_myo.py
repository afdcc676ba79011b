"""Real recordings of a Myo armband as windows of eight channels."""

import numpy as np
import pytest

from sktl.datasets import load_myo


def test_real_recordings(shared):
    folder = shared("data/emg_myo")
    dataset = load_myo(folder)
    assert (dataset.n_channels, dataset.n_timepoints) == (8, 80)
    assert len(dataset.classes) == 10
    assert len(set(dataset.groups)) == 10
    groups = [set(dataset.reader.groups[rows]) for rows in dataset.parts.values()]
    assert sum(map(len, groups)) == 10
    with np.load(folder / "S01.npz") as archive:
        fist = archive["fist"]
    rows = np.flatnonzero((dataset.reader.groups == "S01") & (dataset.reader.y == "fist"))
    X, _ = dataset.reader.read(rows)
    np.testing.assert_array_equal(X[2], fist[160:240].T)
    assert len(rows) == len(fist) // 80


def test_pinch_like_windows(shared):
    dataset = load_myo(
        shared("data/emg_myo"),
        channels=(0, 2, 5),
        gestures=["pinch", "fist"],
        step=400,
        split="published",
    )
    assert dataset.n_channels == 3
    assert dataset.reduced(100, 1).train.X.shape == (100, 3, 80)
    np.testing.assert_array_equal(dataset.classes, ["fist", "pinch"])


def test_wrong_files_and_options(tmp_path):
    with pytest.raises(ValueError, match=r"\.npz"):
        load_myo(tmp_path)
    rng = np.random.default_rng(0)
    for subject in "ABC":
        arrays = {name: rng.integers(-9, 9, (200, 8)) for name in ("fist", "rest")}
        np.savez(tmp_path / f"{subject}.npz", flat=np.zeros(10), **arrays)
    dataset = load_myo(tmp_path)
    assert dataset.skipped == {"recording without 8 channels": 3}
    assert len(dataset.groups) == 12
    with pytest.raises(ValueError, match="channels"):
        load_myo(tmp_path, channels=[8])
    with pytest.raises(ValueError, match=r"no window of \['wave'\]"):
        load_myo(tmp_path, gestures=["fist", "wave"])
    with pytest.raises(ValueError, match="no window of any"):
        load_myo(tmp_path, length=201)
    with pytest.raises(ValueError, match="positive"):
        load_myo(tmp_path, step=0)
    whole = (tmp_path / "A.npz").read_bytes()
    broken = whole[:300] + bytes(20) + whole[320:]
    for content in (b"nothing", whole[: len(whole) // 2], broken):
        (tmp_path / "D.npz").write_bytes(content)
        with pytest.raises(ValueError, match=r"D\.npz is damaged"):
            load_myo(tmp_path)
