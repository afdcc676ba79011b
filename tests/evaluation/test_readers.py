import json

import numpy as np
import pandas as pd
import pytest

from sktl.evaluation.readers import read_records


def write_trials(folder, rows):
    for index, row in enumerate(rows):
        (folder / f"{row['architecture']}").mkdir(parents=True, exist_ok=True)
        file = folder / row["architecture"] / f"trial-{index}.json"
        file.write_text(json.dumps(row | {"versions": {"keras": "3.15.1"}}))


def test_the_three_forms_hold_the_same(tmp_path, rows, frame):
    frame.to_csv(tmp_path / "records.csv.gz", index=False)
    frame.to_parquet(tmp_path / "records.parquet")
    write_trials(tmp_path / "trials", rows)
    tables = [
        read_records(tmp_path / name).table
        for name in ("records.csv.gz", "records.parquet", "trials")
    ]
    key = ["architecture", "source", "target", "rerun", "omega"]
    columns = [*key, "kind", "test_score", "validation_score", "value"]
    first, *others = (
        table[columns].fillna({"source": "-"}).sort_values(key).reset_index(drop=True)
        for table in tables
    )
    for other in others:
        pd.testing.assert_frame_equal(first, other, check_dtype=False)


def test_a_directory_keeps_curves_and_computes_their_rates(tmp_path, rows):
    write_trials(tmp_path, rows)
    records = read_records(tmp_path)
    assert len(records.curves) == len(rows)
    assert records.table["test_convergence_rate"].between(0, 1).all()
    index = records.table.index[3]
    assert records.curves[index]["test"].shape == (20,)


def test_broken_and_foreign_files_are_named(tmp_path, rows):
    write_trials(tmp_path, rows)
    (tmp_path / "half.json").write_text('{"architecture": "tc')
    (tmp_path / "plan.json").write_text('{"seed": 1}')
    (tmp_path / "list.json").write_text("[1]")
    found = {e.reason: (e.count, e.examples) for e in read_records(tmp_path).exclusions}
    assert found == {
        "no readable JSON": (1, ["half.json"]),
        "no trial record": (2, ["list.json", "plan.json"]),
    }


def test_nothing_to_read_is_a_clear_error(tmp_path):
    with pytest.raises(FileNotFoundError, match="existing file or directory"):
        read_records(tmp_path / "absent.csv")
    with pytest.raises(ValueError, match=r"no trial record in the 0 \.json files"):
        read_records(tmp_path)
    (tmp_path / "records.xlsx").write_text("x")
    with pytest.raises(ValueError, match=r"\.parquet or a directory"):
        read_records(tmp_path / "records.xlsx")
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(ValueError, match=r"No columns.*empty\.csv"):
        read_records(tmp_path / "empty.csv")
    (tmp_path / "bad.parquet").write_text("no parquet")
    with pytest.raises(ValueError, match=r"bad\.parquet"):
        read_records(tmp_path / "bad.parquet")


def test_the_published_table_is_recognised(published):
    assert len(published.table) == 17_136
    assert published.exclusions == []
    assert len(published.curves) == 17_136
    assert published.table["n_train"].unique().tolist() == [1500, 9000]
    index = published.table.index[100]
    assert published.curves[index]["test"].size == published.table.loc[index, "epochs"]
    assert np.isclose(
        published.curves[index]["test"], published.table.loc[index, "test_score"]
    ).any()


def test_a_table_cut_short_is_an_error(tmp_path, frame):
    whole = tmp_path / "records.csv.gz"
    frame.to_csv(whole, index=False)
    cut = tmp_path / "cut.csv.gz"
    cut.write_bytes(whole.read_bytes()[:-40])
    with pytest.raises(ValueError, match=r"cannot be read.*cut\.csv\.gz"):
        read_records(cut)
    # A plain table cannot tell that rows are gone, but its last, broken row has no score.
    text = frame.to_csv(index=False).splitlines()
    column = text[0].split(",").index("test_score")
    text[20] = ",".join(text[20].split(",")[:column])
    plain = tmp_path / "records.csv"
    plain.write_text("\n".join(text[:21]))
    records = read_records(plain)
    assert [(e.count, e.reason) for e in records.exclusions] == [
        (1, "the test score is missing or not finite")
    ]
    assert len(records.table) == 19


@pytest.mark.parametrize(
    "curves", [{"test": ["a"]}, {"test": [10**400]}, {"test": [[1, 2], [3, 4]]}, [1, 2], "x"]
)
def test_unreadable_curves_are_an_error_that_names_the_trial(tmp_path, rows, curves):
    rows[0]["curves"] = curves
    write_trials(tmp_path, rows)
    with pytest.raises(ValueError, match=r"curves must be.*magnet on stead, rerun 0"):
        read_records(tmp_path)


def test_text_in_a_parquet_file_must_be_text(tmp_path, rows):
    path = tmp_path / "records.parquet"
    pd.DataFrame(rows).to_parquet(path, compression=None, use_dictionary=False)
    path.write_bytes(path.read_bytes().replace(b"magnet", b"magn\xff\xfe"))
    with pytest.raises(ValueError, match=r"records cannot be read: .*UTF8"):
        read_records(path)


def test_no_curve_is_no_rate(tmp_path, rows):
    rows[0]["curves"] = {"test": None}
    rows[1]["curves"] = None
    write_trials(tmp_path, rows)
    assert read_records(tmp_path).table["test_convergence_rate"].isna().sum() == 2


def test_trial_records_without_a_column_say_which(tmp_path, rows):
    write_trials(tmp_path, [{k: v for k, v in row.items() if k != "rerun"} for row in rows])
    with pytest.raises(ValueError, match=r"need the columns \['rerun'\]"):
        read_records(tmp_path)
