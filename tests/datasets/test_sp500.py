"""S&P 500: the real history gives the published windows; histories with gaps give none wrong."""

import numpy as np
import pytest

from sktl.datasets import fetch_sp500, load_dataset, read_sp500
from sktl.datasets.sp500 import read_closes

REAL = "data/sp500/GSPC.csv"


def test_real_history_gives_the_published_windows(shared):
    path = shared(REAL)
    closes = read_closes(path)
    assert len(closes) == 22_834
    assert str(closes.index[0])[:10] == "1927-12-30"
    assert str(closes.index[-1])[:10] == "2018-11-26"
    dataset = load_dataset("S&P 500", path=path)
    assert {part: len(rows) for part, rows in dataset.parts.items()} == {
        "train": 15_932,
        "validation": 3_374,
        "test": 3_375,
    }
    assert dataset.skipped == {}
    X, y, years = dataset.train
    assert X.shape == (15_932, 1, 50)
    np.testing.assert_array_equal(X[0, 0], closes.to_numpy(np.float32)[:50])
    assert y[0] == np.float32(closes.iloc[50])
    assert (X[0, 0, 0], years[0]) == (np.float32(17.66), "1928")
    # No close of one part is seen in another, and the last window ends a day early.
    assert X[-1, 0, 0] == np.float32(closes.iloc[15_931])
    assert dataset.validation.X[0, 0, 0] == np.float32(closes.iloc[15_983])
    assert dataset.test.y[-1] == np.float32(closes.iloc[-2])
    # The naive forecast's error on the published test windows.
    assert np.abs(dataset.test.y - dataset.test.X[:, 0, -1]).mean() == pytest.approx(11.2, abs=0.05)


def test_grouped_is_the_same_as_published(shared):
    grouped = load_dataset("S&P 500", path=shared(REAL), split="grouped")
    assert len(grouped.train.y) == 15_932


def test_made_history(closes_file):
    dataset = load_dataset("S&P 500", path=closes_file(600))
    assert [len(rows) for rows in dataset.parts.values()] == [420 - 51, 90 - 51, 90 - 51]
    X, y, _ = dataset.test
    np.testing.assert_array_equal(X[0, 0], 100 + np.arange(510, 560))
    assert y[0] == 660


@pytest.mark.parametrize("value", ["null", "", "nan", "-5", "0"])
def test_windows_with_a_missing_close_are_skipped(closes_file, value):
    def change(lines):
        lines[100] = lines[100].replace("200.0", value)
        return lines

    reader = read_sp500(closes_file(600, change))
    assert reader.skipped == {"window with a missing close": 51}
    X, _ = reader.read(range(len(reader)))
    assert (np.diff(X[:, 0], axis=1) == 1).all()
    assert (reader.y - X[:, 0, -1] == 1).all()


def test_windows_across_missing_weeks_are_skipped(closes_file):
    reader = read_sp500(closes_file(600, lambda lines: lines[:100] + lines[120:]))
    assert reader.skipped == {"window across missing days": 50}
    X, _ = reader.read(range(len(reader)))
    assert (np.diff(X[:, 0], axis=1) == 1).all()


def test_everything_missing(closes_file):
    with pytest.raises(ValueError, match="No instance"):
        fetch_sp500(path=closes_file(30))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda lines: [lines[1], lines[0], *lines[2:]], "ascending"),
        (lambda lines: [lines[0], *lines], "each day once"),
        (lambda lines: ["yesterday,1,1,1,5,1,0", *lines], "YYYY-MM-DD"),
        (
            lambda lines: ["2000-01-01,1,1,1,5,1,0,9,9,9", *lines, "1,2,3,4,5,6,7,8,9,10,11,12"],
            "CSV|day",
        ),
    ],
)
def test_disordered_histories_are_refused(closes_file, change, message):
    with pytest.raises(ValueError, match=message):
        fetch_sp500(path=closes_file(600, change))


def test_other_files_are_refused(tmp_path):
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match=r"columns Date and Close.*\['a', 'b'\]"):
        fetch_sp500(path=path)
    path.write_bytes(b"\x89PNG\xff\xfe" * 10)
    with pytest.raises(ValueError, match=r"CSV|columns"):
        fetch_sp500(path=path)
    path.write_text("")
    with pytest.raises(ValueError, match="no CSV file"):
        fetch_sp500(path=path)


def test_simulated_windows_of_two_parts_share_no_close():
    dataset = load_dataset("S&P 500-simulated", n_instances=22_784)
    train, validation, test = (dataset.part(part).X[:, 0] for part in dataset.parts)
    assert len(train) + len(validation) + len(test) > 22_600
    for before, after in ((train, validation), (validation, test)):
        joined = np.concatenate([before[-1], after[0]])
        assert len(np.unique(joined)) > 60
