"""LOMAX: the layout, repeated keys, and events found from time and magnitude."""

import h5py
import numpy as np
import pytest

from sktl.datasets import load_dataset, read_lomax
from sktl.datasets.lomax import group_by_event

KEYS = [
    "MN_AQU__BH.2007.01.08.17.29.36.698",
    "MN_TIP__BH.2007.01.08.17.35.00.000",
    "MN_AQU__BH.2009.04.06.01.33.00.123",
]


@pytest.fixture
def lomax_file(tmp_path):
    path = tmp_path / "ConvNetQuake_INGV_dataset.hdf5"
    rng = np.random.default_rng(0)
    with h5py.File(path, "w") as file:
        for part in ("train", "validate", "test", "test2"):
            file.create_group(f"{part}/events")
            file[f"{part}/noise/MN_AQU__BH.2008.01.01.00.00.00.000"] = np.zeros((1001, 3))

        def add(part, key, magnitude, shape=(1001, 3)):
            file[f"{part}/events/{key}"] = rng.normal(size=shape) * 1e-7
            if magnitude is not None:
                file[f"{part}/events/{key}"].attrs["magnitude"] = magnitude

        add("train", KEYS[0], 5.5)
        add("test", KEYS[1], 5.5)
        add("test2", KEYS[1], 9.9)
        add("validate", KEYS[2], 6.3)
        add("validate", "MN_X.2010.01.01.00.00.00.000", None)
        add("validate", "MN_Y.2010.01.01.00.00.00.000", 5.0, shape=(1000, 3))
    return path


def test_events_only_and_the_first_of_repeated_keys(lomax_file):
    reader = read_lomax(lomax_file)
    np.testing.assert_allclose(reader.y, [5.5, 5.5, 6.3])
    assert reader.skipped == {
        "duplicate name": 1,
        "no magnitude": 1,
        "shape (1000, 3) instead of (1001, 3)": 1,
    }
    X, _ = reader.read([0, 1, 2])
    with h5py.File(lomax_file) as file:
        np.testing.assert_allclose(X[1], file[f"test/events/{KEYS[1]}"][:].T.astype("f4"))
    np.testing.assert_array_equal(reader.groups, [KEYS[0], KEYS[0], KEYS[2]])


def test_grouped_split_keeps_an_earthquake_together(lomax_file):
    with pytest.raises(ValueError, match="at least 3 groups"):
        load_dataset("LOMAX", path=lomax_file, split="grouped")


def test_group_by_event():
    keys = np.array([*KEYS, "no time", "MN_A.2007.13.99.00.00.00.000", KEYS[0].replace("36", "37")])
    groups = group_by_event(keys, np.array([5.5, 5.5, 5.5, 5.5, 5.5, 4.0]))
    assert groups[0] == groups[1] != groups[2]
    assert groups[3] == keys[3]
    assert groups[4] == keys[4]
    assert groups[5] == keys[5]
