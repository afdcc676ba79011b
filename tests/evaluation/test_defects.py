import numpy as np
import pandas as pd
import pytest

from sktl.evaluation.defects import find_defects, share_failed, suspect_reruns
from sktl.evaluation.protocols import compare
from sktl.evaluation.records import Records


def defects(table, protocol="honest", curves=None, **settings):
    records = Records.from_frame(table, curves=curves)
    found = find_defects(records, compare(records, protocol, **settings))
    return {defect.name: defect.text for defect in found}


def test_published_results_show_their_defects_untold(published):
    for protocol, own in (("published", "selection on test"), ("honest", "no validation scores")):
        found = find_defects(published, compare(published, protocol))
        texts = {defect.name: defect.text for defect in found}
        assert "Rerun 6" in texts["rerun far off"]
        assert own in texts
        assert "EMG: mse against categorical_crossentropy" in texts["different loss"]
        assert "SPEECH" in texts["different monitor"]
        assert "MagNet at omega = 1" in texts["lone omega"]
    found = find_defects(published, compare(published, exclude_reruns=[6]))
    assert "rerun far off" not in {defect.name for defect in found}


def test_good_records_have_none(frame):
    assert defects(frame) == {}


def test_normal_scatter_is_not_suspect(frame):
    rng = np.random.default_rng(1)
    many = pd.concat([frame.assign(rerun=rerun) for rerun in range(12)], ignore_index=True)
    many = many.drop_duplicates(["architecture", "source", "target", "omega", "rerun"])
    many["test_score"] *= rng.normal(1, 0.05, len(many))
    assert suspect_reruns(Records.from_frame(many)) == {}
    bad = many["rerun"] == 4
    many.loc[bad, "test_score"] = np.where(many.loc[bad, "metric"] == "mae", 3.0, 0.01)
    assert list(suspect_reruns(Records.from_frame(many))) == ["4"]


def test_each_defect_is_found(frame):
    assert "selection on test" in defects(frame, "published")
    assert "selection on test" not in defects(frame, "published", omega=1.0)
    assert "no validation scores" in defects(frame.drop(columns="validation_score"))
    assert "validation is test" in defects(frame.assign(validation_score=frame["test_score"]))
    other = frame.assign(loss=np.where(frame["source"].isna(), "mse", "huber"))
    assert "mse against huber" in defects(other)["different loss"]
    cell = (
        (frame["architecture"] == "tcn") & (frame["source"] == "etna") & (frame["target"] == "emg")
    )
    assert "etna to EMG 300" in defects(frame[~cell])["missing cells"]
    assert "2 and 3 reruns" in defects(frame[~(cell & (frame["rerun"] == 0))])["unequal counts"]
    one = cell & (frame["rerun"] == 0) & (frame["omega"] == 0.1)
    assert "In 1 reruns" in defects(frame[~one])["unequal counts"]


def test_a_baseline_better_than_all_networks_is_named(frame):
    last = frame[(frame["target"] == "stead")].head(1)
    last = last.assign(kind="baseline", architecture="mean", test_score=0.001, source=None)
    with_baseline = pd.concat([frame, last], ignore_index=True)
    assert "baseline mean (0.001)" in defects(with_baseline)["behind a baseline"]


def test_epoch_chosen_on_the_test_curve(rows, frame):
    curves = {
        index: {"test": np.append(np.linspace(1, 2, 9), row["test_score"])
                if row["metric"] == "mae" else np.append(np.zeros(9), row["test_score"])}
        for index, row in enumerate(rows)
    }  # fmt: skip
    lower = frame["metric"] == "mae"
    frame.loc[lower, "test_score"] = frame.loc[lower, "test_score"].clip(upper=0.99)
    for index in frame.index[lower]:
        curves[index]["test"][-1] = frame.loc[index, "test_score"]
    assert "epoch chosen on test" in defects(frame, curves=curves)


def test_share_failed(frame):
    frame["status"] = "ok"
    frame.loc[frame.index[1], "status"] = "failed"
    frame.loc[frame.index[2], "test_score"] = np.nan
    table = share_failed(Records.from_frame(frame)).set_index(["architecture", "kind"])
    assert table.loc[("magnet", "transfer"), "failed"] == 2
    assert table.loc[("magnet", "transfer"), "share"] == pytest.approx(2 / 36)
    assert table.loc[("tcn", "transfer"), "failed"] == 0
