"""LEN-DB: the layout, channel-first and float64, and its earthquakes."""

import h5py
import numpy as np
import pytest

from sktl.datasets import fetch_len_db, load_dataset, read_len_db


@pytest.fixture
def len_db_file(tmp_path):
    path = tmp_path / "LEN-DB.hdf5"
    rng = np.random.default_rng(0)
    with h5py.File(path, "w") as file:
        file.create_group("Stations")
        file["AN/II_AAK_2010"] = np.zeros((3, 540))
        for number in range(30):
            shape = (3, 539) if number == 29 else (3, 540)
            trace = file.create_dataset(
                f"EQ/II_AAK_{number:03d}", data=rng.normal(size=shape) * 1e-9
            )
            trace.attrs["mag"] = 2.0 + number / 100
            trace.attrs["otime"] = 1.2e9 + number // 3
        file["EQ/II_AAK_028"].attrs["mag"] = "unknown"
        del file["EQ/II_AAK_027"].attrs["mag"]
        file["EQ/II_AAK_026"].attrs["mag"] = "2.26"
        file["EQ/II_AAK_025"][1, 100] = np.nan
    return path


def test_layout(len_db_file):
    reader = read_len_db(len_db_file)
    assert len(reader) == 27
    assert reader.skipped == {"no magnitude": 2, "shape (3, 539) instead of (3, 540)": 1}
    assert reader.y[26] == np.float32(2.26)
    assert len(reader.read([24, 25, 26])[1]) == 2
    assert reader.skipped["values that are not finite"] == 1
    X, _ = reader.read([5])
    with h5py.File(len_db_file) as file:
        np.testing.assert_array_equal(X[0], file["EQ/II_AAK_005"][:].astype(np.float32))
    assert np.abs(X).max() > 1e-10
    assert len(set(reader.groups)) == 9


def test_grouped_split(len_db_file):
    dataset = load_dataset("LEN-DB", path=len_db_file, split="grouped")
    groups = [set(dataset.part(part).groups) for part in dataset.parts]
    assert sum(map(len, groups)) == len(set.union(*groups)) == 9
    X, y = fetch_len_db(split="test", path=len_db_file, grouped=True)
    np.testing.assert_array_equal(X, dataset.test.X)
    np.testing.assert_array_equal(y, dataset.test.y)
