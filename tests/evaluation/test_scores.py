"""The table of scores against numpy, and the choice of a source without the test."""

import numpy as np
import pandas as pd
import pytest

from sktl.evaluation.protocols import compare
from sktl.evaluation.records import Records
from sktl.evaluation.scores import MOST_PANELS, score_figure, score_table


def table_of(frame, *arguments):
    records = Records.from_frame(frame)
    return score_table(records, compare(records, *arguments))


def cell(scores, target, method):
    cells = scores.cells
    return cells[(cells["target"] == target) & (cells["method"] == method)].iloc[0]


def test_means_and_deviations_are_numpys(frame):
    scores = table_of(frame)
    rows = frame[(frame["target"] == "stead") & (frame["architecture"] == "tcn")]
    scratch = rows.loc[rows["source"].isna(), "test_score"]
    found = cell(scores, "stead", "TCN from scratch")
    assert found["mean"] == pytest.approx(np.mean(scratch))
    assert found["std"] == pytest.approx(np.std(scratch, ddof=1))
    assert found["n"] == 3
    assert scores.methods == [
        "MagNet from scratch", "MagNet transfer", "TCN from scratch", "TCN transfer",
    ]  # fmt: skip
    assert scores.cells.groupby("target")["best"].sum().tolist() == [1, 1, 1]
    assert scores.choice == "by validation"


def test_the_source_is_chosen_without_the_test_score():
    """Source b is best on the test by luck; a is best by validation, and in the other reruns."""
    rows = [
        {"architecture": "tcn", "source": source, "target": "etna", "n_train": 100, "metric": "mae",
         "omega": None if source is None else 1.0, "rerun": rerun, "test_score": score,
         "validation_score": {"a": 0.3, "b": 0.4}.get(source, 0.5)}
        for source, scores in ((None, [0.5, 0.5]), ("a", [0.3, 0.3]), ("b", [0.1, 0.4]))
        for rerun, score in enumerate(scores)
    ]  # fmt: skip
    frame = pd.DataFrame(rows)
    assert cell(table_of(frame), "etna", "TCN transfer")["mean"] == pytest.approx(0.3)
    published = table_of(frame, "published")
    assert published.choice == "by its test score"
    assert cell(published, "etna", "TCN transfer")["mean"] == pytest.approx(0.2)
    # Without validation scores: in rerun 0 source a (0.3 against 0.4 in rerun 1), in rerun 1 b.
    blind = table_of(frame.drop(columns="validation_score"))
    assert blind.choice == "by the test scores of the other reruns"
    assert cell(blind, "etna", "TCN transfer")["mean"] == pytest.approx((0.3 + 0.4) / 2)
    once = table_of(frame[frame["rerun"] == 0].drop(columns="validation_score"))
    assert once.methods == ["TCN from scratch"]
    assert once.left_out == ["TCN on etna 100"]


def test_ranks_are_those_of_methods_that_are_everywhere(frame):
    naive = frame[frame["source"].isna() & (frame["architecture"] == "tcn")].assign(
        kind="baseline", architecture="linear"
    )
    naive["test_score"] = naive["test_score"].where(naive["metric"] == "mae", 0.0) * 2
    frame["kind"] = np.where(frame["source"].isna(), "reference", "transfer")
    some = pd.concat([frame, naive, naive[naive["target"] == "emg"].assign(architecture="prior")])
    scores = table_of(some.reset_index(drop=True))
    assert scores.methods[-2:] == ["linear", "prior"]
    assert "prior" not in scores.ranks
    assert scores.ranks["linear"] == 5.0
    assert sum(scores.ranks.values()) == pytest.approx(1 + 2 + 3 + 4 + 5)


def test_many_data_sets_are_drawn_as_ranks(frame):
    few = score_figure(table_of(frame))
    assert len([axis for axis in few.axes if axis.get_title()]) == 3
    copies = [frame[frame["target"] == "stead"].assign(target=f"set {n}") for n in range(14)]
    many = table_of(pd.concat(copies, ignore_index=True))
    assert len(many.places) > MOST_PANELS
    (axis,) = score_figure(many).axes
    assert len(axis.get_yticklabels()) == 4
