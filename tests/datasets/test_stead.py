"""STEAD: the real sample, both layouts, and files with all that can be wrong."""

import h5py
import numpy as np
import pandas as pd
import pytest

from sktl.datasets import _hdf5, fetch_stead, load_dataset, read_stead

SAMPLE = "data/stead/waveforms_50_109C_TA.hdf5"


def test_real_sample(shared):
    path = shared(SAMPLE)
    table = pd.read_csv(shared("data/stead/metadata_50.csv")).set_index("trace_name")
    reader = read_stead(path)
    assert len(reader) == 50
    assert reader.skipped == {}
    X, _ = reader.read(range(50))
    assert X.shape == (50, 3, 6000)
    assert X.dtype == np.float32
    with h5py.File(path) as file:
        names = list(file["earthquake/local"])
        for number in (0, 17, 49):
            stored = file["earthquake/local"][names[number]]
            np.testing.assert_array_equal(X[number], stored[:].T)
            for attribute in table.columns.drop("trace_category"):
                assert attribute in stored.attrs
    np.testing.assert_allclose(reader.y, table.source_magnitude[names], rtol=1e-6)
    np.testing.assert_array_equal(reader.groups, table.source_id.astype(str)[names])
    # The P wave arrives where the table says: more energy after the pick than before it.
    picks = table.p_arrival_sample[names].astype(int)
    louder = [
        x[:, p : p + 200].std() > x[:, p - 200 : p].std() for x, p in zip(X, picks, strict=True)
    ]
    assert np.mean(louder) > 0.9


def test_real_sample_in_parts(shared):
    dataset = load_dataset("STEAD", path=shared(SAMPLE))
    assert [len(dataset.parts[part]) for part in ("train", "validation", "test")] == [35, 8, 7]
    assert not dataset.simulated
    bunch = fetch_stead(split=None, return_X_y=False, path=shared(SAMPLE))
    assert bunch.data.shape == (50, 3, 6000)
    assert (bunch.rate_hz, bunch.unit, bunch.licence) == (100.0, "counts", "CC BY 4.0")
    assert list(bunch.split).count("test") == 7
    assert len(bunch.groups) == len(bunch.target) == 50


@pytest.mark.parametrize("folder", ["earthquake/local", "data"])
def test_both_layouts(stead_file, folder):
    path = stead_file(folder=folder)
    reader = read_stead(path)
    X, kept = reader.read([3, 0])
    np.testing.assert_array_equal(kept, [3, 0])
    with h5py.File(path) as file:
        np.testing.assert_array_equal(X[1], file[folder]["T000_EV"][:].T)
    np.testing.assert_allclose(reader.y, 1 + np.arange(20) / 10, rtol=1e-6)
    assert reader.groups[3] == "1"


def test_chunks_in_a_folder(stead_file, tmp_path_factory):
    bad = {"series": np.full((6000, 3), np.nan, "f4")}
    stead_file(n=3, name="chunk2.hdf5", folder="data", change=lambda number: bad if number else {})
    path = stead_file(n=4, name="chunk3.hdf5", folder="data", first=3)
    reader = read_stead(path.parent)
    assert len(reader) == 7
    X, kept = reader.read([6, 1, 0, 2, 5])
    np.testing.assert_array_equal(kept, [6, 0, 5])
    with h5py.File(path) as file:
        np.testing.assert_array_equal(X[0], file["data/T006_EV"][:].T)
        np.testing.assert_array_equal(X[2], file["data/T005_EV"][:].T)
    assert reader.skipped == {"values that are not finite": 2}
    np.testing.assert_array_equal(reader.usable(np.arange(7)), [0, 3, 4, 5, 6])
    with pytest.raises(FileNotFoundError, match=r"\*\.hdf5"):
        read_stead(tmp_path_factory.mktemp("empty"))


DAMAGE = {
    0: ({"source_magnitude": None}, "no magnitude"),
    1: ({"source_magnitude": "None"}, "no magnitude"),
    2: ({"source_magnitude": np.nan}, "no magnitude"),
    3: ({"trace_category": "noise"}, "noise"),
    4: ({"series": np.zeros((5999, 3), "f4")}, "shape (5999, 3) instead of (6000, 3)"),
    5: ({"series": np.zeros((3, 6000), "f4")}, "shape (3, 6000) instead of (6000, 3)"),
    6: ({"series": np.full((6000, 3), np.nan, "f4")}, "values that are not finite"),
    7: ({"series": np.full((6000, 3), 1e300)}, "values that are not finite"),
    8: ({"series": np.full((6000, 3), b"x")}, "damaged"),
}


def test_what_is_wrong_is_counted_and_left_out(stead_file):
    path = stead_file(change=lambda number: DAMAGE.get(number, ({},))[0])
    reader = read_stead(path)
    X, kept = reader.read(range(len(reader)))
    expected = pd.Series([reason for _, reason in DAMAGE.values()]).value_counts().to_dict()
    assert reader.skipped == expected
    assert len(X) == len(kept) == 20 - len(DAMAGE)
    np.testing.assert_allclose(reader.y[kept], 1 + np.arange(9, 20) / 10, rtol=1e-6)
    reader.read(range(len(reader)))
    assert reader.skipped == expected
    total = sum(len(y) for _, y in read_stead(path).iter_batches(batch_size=4))
    assert total == 20 - len(DAMAGE)


def test_numbers_in_text_are_understood(stead_file):
    reader = read_stead(stead_file(n=2, change=lambda _: {"source_magnitude": "2.5"}))
    np.testing.assert_array_equal(reader.y, [2.5, 2.5])


def test_missing_event_is_named_by_origin_time_or_trace(stead_file):
    def change(number):
        return {"source_id": "None", "source_origin_time": "2006-07-23" if number else None}

    np.testing.assert_array_equal(
        read_stead(stead_file(n=2, change=change)).groups, ["T000_EV", "2006-07-23"]
    )


def test_damaged_trace_data_is_counted(tmp_path):
    path = tmp_path / "stead.hdf5"
    with h5py.File(path, "w") as file:
        for name in ("A_EV", "B_EV"):
            trace = file.create_dataset(
                f"data/{name}", data=np.ones((6000, 3), "f4"), chunks=(6000, 3), fletcher32=True
            )
            trace.attrs["source_magnitude"] = 1.0
        offset = file["data/A_EV"].id.get_chunk_info(0).byte_offset
    with open(path, "r+b") as file:
        file.seek(offset + 100)
        file.write(b"\xff" * 8)
    reader = read_stead(path)
    X, kept = reader.read([0, 1])
    assert reader.skipped == {"damaged": 1}
    np.testing.assert_array_equal(kept, [1])
    assert (X == 1).all()


def test_truncated_file(stead_file):
    path = stead_file()
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(ValueError, match="no intact HDF5 file"):
        fetch_stead(path=path)


def test_index_of_a_large_file_is_kept_until_the_file_changes(stead_file, sktl_home, monkeypatch):
    path = stead_file(change=lambda number: DAMAGE.get(number, ({},))[0])
    first = read_stead(path)
    assert not list(sktl_home.rglob("*.npz"))
    with monkeypatch.context() as patch:
        patch.setattr(_hdf5, "SLOW_S", -1.0)
        read_stead(path)
        assert len(list(sktl_home.rglob("*.npz"))) == 1
        patch.setattr(_hdf5, "_scan", lambda *_: pytest.fail("the index was read again"))
        kept = read_stead(path)
    np.testing.assert_array_equal(kept.y, first.y)
    np.testing.assert_array_equal(kept.groups, first.groups)
    np.testing.assert_array_equal(kept.read(range(11))[0], first.read(range(11))[0])
    assert kept.skipped == first.skipped
    assert len(read_stead(stead_file(n=3))) == 3


def test_damaged_index_is_made_anew(stead_file, sktl_home, monkeypatch):
    path = stead_file(n=3)
    monkeypatch.setattr(_hdf5, "SLOW_S", -1.0)
    read_stead(path)
    kept = next(sktl_home.rglob("*.npz"))
    kept.write_bytes(kept.read_bytes()[:100])
    assert len(read_stead(path)) == 3


def test_other_files_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere\.hdf5"):
        fetch_stead(path="nowhere.hdf5")
    text = tmp_path / "text.hdf5"
    text.write_text("this is text")
    with pytest.raises(ValueError, match="no intact HDF5 file"):
        fetch_stead(path=text)
    with h5py.File(tmp_path / "other.hdf5", "w") as file:
        file.create_group("EQ")
    with pytest.raises(ValueError, match=r"lacks the groups.*'EQ'"):
        fetch_stead(path=tmp_path / "other.hdf5")


def test_file_without_any_earthquake(stead_file):
    path = stead_file(n=3, change=lambda _: {"trace_category": "noise"})
    with pytest.raises(ValueError, match=r"No instance.*'noise': 3"):
        fetch_stead(path=path)


@pytest.mark.slow
def test_a_million_traces_need_less_than_two_gigabytes():
    import re
    import subprocess
    import sys
    from pathlib import Path

    command = [sys.executable, "-m", "benchmarks.performance.stream_stead"]
    output = subprocess.run(
        command, check=True, capture_output=True, text=True, cwd=Path(__file__).parents[2]
    ).stdout
    assert "1,000,000 traces read" in output
    assert float(re.search(r"resident set: ([\d.]+) GB", output)[1]) < 2
