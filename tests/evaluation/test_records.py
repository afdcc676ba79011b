"""Damaged records give a clear error or a named exclusion, never a quiet number."""

import numpy as np
import pandas as pd
import pytest

from sktl.evaluation.records import Records


def reasons(records):
    return {e.reason: e.count for e in records.exclusions}


def test_whole_records_lose_nothing(frame):
    records = Records.from_frame(frame)
    assert len(records.table) == len(frame) == 18 + 12 * 2 * 3
    assert records.exclusions == []
    assert records.table["kind"].value_counts().to_dict() == {"transfer": 72, "reference": 18}
    assert records.table["simulated"].all()
    assert "etna is not known" in records.notes[0]


def test_missing_columns_are_named_with_near_ones(frame):
    with pytest.raises(ValueError, match=r"\['test_score'\] .*'test_scor' for 'test_score'"):
        Records.from_frame(frame.rename(columns={"test_score": "test_scor"}))


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("test_score", "good", "test_score must be a number.*'good'"),
        ("test_score", 10**400, "test_score must be a number.*in row 0"),
        ("kind", "transfered", "kind must be one of.*'transfered'"),
        ("status", "lost", "status must be one of.*'lost'"),
        ("metric", "f1_weigthed", "did you mean 'f1_weighted'"),
        ("metric", "rmse", "one metric.*target='stead' with.*mae in.*rmse in 1"),
        ("architecture", None, "need 'architecture' in every row"),
    ],
)
def test_unreadable_values_are_errors(frame, column, value, message):
    frame[column] = frame.get(column, pd.Series(None, index=frame.index)).astype(object)
    frame.loc[0, column] = value
    with pytest.raises(ValueError, match=message):
        Records.from_frame(frame)


def test_a_trial_with_two_scores_is_an_error_and_a_copy_is_named(frame):
    copy = frame.iloc[[5]]
    records = Records.from_frame(pd.concat([frame, copy], ignore_index=True))
    assert reasons(records) == {"copy of another trial, with the same scores": 1}
    assert len(records.table) == len(frame)
    other = copy.assign(test_score=0.77)
    with pytest.raises(ValueError, match=r"one row.*2 rows that share a trial.*0\.77"):
        Records.from_frame(pd.concat([frame, other], ignore_index=True))


def test_a_failed_trial_that_was_repeated_is_no_duplicate(frame):
    failed = frame.iloc[[5]].assign(status="failed", test_score=np.nan)
    records = Records.from_frame(pd.concat([frame, failed], ignore_index=True))
    assert reasons(records) == {"the trial failed": 1}
    assert len(records.failed) == 1


def test_scores_that_cannot_be_are_named(frame):
    frame.loc[1, "test_score"] = np.nan
    frame.loc[2, "test_score"] = np.inf
    frame.loc[3, "test_score"] = -0.5
    f1 = frame.index[frame["metric"] == "f1_weighted"][0]
    frame.loc[f1, "test_score"] = 87.0
    records = Records.from_frame(frame)
    assert reasons(records) == {
        "the test score is missing or not finite": 2,
        "the score is impossible for its metric": 2,
    }
    assert "magnet" in str(records.exclusions[0])
    assert len(records.failed) == 2


def test_odd_transfers_and_references_are_named(frame):
    transfers = frame.index[frame["source"].notna()]
    frame["kind"] = np.where(frame["source"].isna(), "reference", "transfer")
    frame.loc[transfers[0], "source"] = None
    frame.loc[transfers[1], "omega"] = np.nan
    frame.loc[transfers[2], "source"] = frame.loc[transfers[2], "target"]
    frame.loc[frame.index[frame["kind"] == "reference"][0], "source"] = "emg"
    assert reasons(Records.from_frame(frame)) == {
        "transfer without a source": 1,
        "transfer without omega": 1,
        "source and target are the same dataset": 1,
        "reference with a source": 1,
    }


def test_nothing_usable_is_an_error(frame):
    with pytest.raises(ValueError, match=r"no usable trial.*the trial failed"):
        Records.from_frame(frame.assign(status="failed"))


def test_metrics_of_the_users_own_need_their_direction(frame):
    frame["metric"] = frame["metric"].replace({"mae": "huber"})
    with pytest.raises(ValueError, match="greater_is_better"):
        Records.from_frame(frame)
    frame["greater_is_better"] = frame["metric"] != "huber"
    table = Records.from_frame(frame).table
    assert (table["value"] < 0).equals(table["metric"] == "huber")


def test_domains_come_from_the_argument_the_columns_or_sktl(frame):
    told = Records.from_frame(frame, domains={"Etna": "seis"})
    assert told.notes == []
    assert set(told.table.loc[told.table["target"] == "etna", "target_domain"]) == {"seis"}
    frame["target_domain"] = frame["target"].map({"etna": "geophysics"})
    frame["source_domain"] = frame["source"].map({"etna": "geophysics"})
    table = Records.from_frame(frame).table
    assert set(table["target_domain"]) == {"seis", "other", "geophysics"}


def test_rerun_names_of_any_type_are_one(frame):
    assert set(Records.from_frame(frame.assign(rerun=frame["rerun"] + 0.0)).table["rerun"]) == {
        "0", "1", "2"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("n_train", 300.5, r"n_train must be a whole number.*n_train=300\.5 in row 1"),
        ("n_train", np.inf, "n_train must be a whole number.*inf"),
        ("repeat", -1, "repeat must be a whole number.*-1"),
        ("greater_is_better", "maybe", "must be true or false.*'maybe' in row 1"),
        ("greater_is_better", True, "one greater_is_better.*target='stead'"),
        ("unit", "km", "one unit.*target='stead' with m in 14 trials, km in 1 trial"),
    ],
)
def test_values_that_would_be_misread_are_errors(frame, column, value, message):
    half = frame.index % 2 == 1
    if column == "unit":
        frame["unit"] = pd.Series("m", index=frame.index).where(half)
    frame[column] = frame.get(column, pd.Series(None, index=frame.index)).astype(object)
    frame.loc[1, column] = value
    with pytest.raises(ValueError, match=message):
        Records.from_frame(frame)


def test_a_known_metric_cannot_be_turned_round(frame):
    with pytest.raises(ValueError, match="greater_is_better of 'mae' must be False"):
        Records.from_frame(frame.assign(greater_is_better=True))


def test_references_have_no_omega(frame):
    first = frame[frame["source"].isna()].head(1)
    two = pd.concat([frame, first.assign(omega=1.0, test_score=0.1)], ignore_index=True)
    with pytest.raises(ValueError, match="2 rows that share a trial"):
        Records.from_frame(two)
    with_omega = frame.assign(omega=frame["omega"].fillna(1.0))
    table = Records.from_frame(with_omega).table
    assert table.loc[table["kind"] == "reference", "omega"].isna().all()


def test_rows_of_two_joined_tables_keep_apart(frame):
    first, second = (frame[frame["architecture"] == name] for name in ("tcn", "magnet"))
    joined = pd.concat([first.reset_index(drop=True), second.reset_index(drop=True)])
    assert not joined.index.is_unique
    assert Records.from_frame(joined).table.index.is_unique
    with pytest.raises(ValueError, match="unique index"):
        Records.from_frame(joined, curves={0: {"test": np.arange(3.0)}})


def test_pretrainings_are_noted_not_compared(frame):
    source = frame.head(1).assign(kind="pretraining", target="emg", test_score=np.nan)
    records = Records.from_frame(pd.concat([frame, source], ignore_index=True))
    assert records.notes[0] == "Not compared: 1 pre-training run of sources."
    assert len(records.table) == len(frame)
