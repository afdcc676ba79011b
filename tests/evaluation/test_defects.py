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


@pytest.mark.slow
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


def with_baselines(frame):
    """Add to each target a method without a network that is worse than every network."""
    rows = frame.drop_duplicates("target").assign(kind="baseline", architecture="mean", source=None)
    rows["test_score"] = np.where(rows["metric"] == "mae", 9.0, 0.01)
    rows["validation_score"] = rows["test_score"] * 1.01
    return pd.concat([frame, rows], ignore_index=True)


def searched(frame, better):
    """Return trials at five omegas; ``better`` gives the gain of each at random numbers."""
    rng = np.random.default_rng(0)
    frame = pd.concat([frame, frame.assign(rerun=frame["rerun"] + 3)])  # 36 reruns of cells
    transfer = frame[frame["omega"] == 1]
    parts = [frame[frame["source"].isna()]]
    for place, omega in enumerate((0.25, 0.5, 1.0, 1.5, 2.0)):
        noise = rng.uniform(0, 0.05, len(transfer))
        sign = np.where(transfer["metric"] == "mae", -1, 1)
        score = transfer["test_score"] * (1 + sign * (better[place] + noise))
        parts.append(transfer.assign(omega=omega, test_score=score, validation_score=score * 1.01))
    return with_baselines(pd.concat(parts, ignore_index=True))


def test_good_records_have_none(frame):
    assert defects(with_baselines(frame)) == {}
    assert "for STEAD, EMG, etna (" in defects(frame)["no baseline"]


def test_an_omega_that_stands_alone(frame):
    assert defects(searched(frame, (0, 0, 0, 0, 0))) == {}
    assert defects(searched(frame, (0, 0.01, 0.02, 0.01, 0))) == {}
    lone = defects(searched(frame, (0, 0, 0.1, 0, 0)))
    assert set(lone) == {"lone omega"}
    assert "at omega = 1 beats both neighbouring omegas in 100%" in lone["lone omega"]


@pytest.mark.parametrize("protocol", ["published", "honest"])
def test_a_mean_that_its_ranks_contradict(frame, protocol):
    frame = pd.concat([frame.assign(rerun=frame["rerun"] + 3 * i) for i in range(5)])
    # Slower by a little in most pairs, faster by far in a few.
    fast = frame["rerun"].isin([0, 1]) & (frame["architecture"] == "tcn")
    reference = frame["source"].isna()
    rate = np.where(reference, np.where(fast, 0.01, 0.5), np.where(fast, 0.4, 0.45))
    found = defects(frame.assign(test_convergence_rate=rate), protocol)
    assert found["mean against ranks"].startswith("Convergence: in 6 significant pairs")
    assert ("coloured by the mean" if protocol == "published" else "marked mixed") in found[
        "mean against ranks"
    ]


@pytest.mark.parametrize("column", ["loss", "monitor", "task"])
def test_reference_and_transfer_trained_differently(frame, column):
    side = np.where(frame["source"].isna(), "one", "two")
    part = np.where(frame["target"] == "emg", side, "one")
    text = defects(with_baselines(frame.assign(**{column: part})))
    assert set(text) == {f"different {column}"}
    assert "(EMG: one against two)" in text[f"different {column}"]


def test_what_one_network_lacks_of_the_others_is_missing(frame):
    gone = (frame["architecture"] == "tcn") & (frame["source"] == "etna")
    text = defects(frame[~gone])["missing cells"]
    assert text.startswith("TCN lacks 2 cells")


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
    assert "In 1 rerun of a cell" in defects(frame[~one])["unequal counts"]


def test_a_baseline_better_than_the_mean_of_each_network_is_named(frame):
    last = frame[frame["target"] == "stead"].drop_duplicates("rerun")
    last = last.assign(kind="baseline", architecture="mean", source=None, omega=None)
    with_baseline = pd.concat([frame, last.assign(test_score=[0.3, 0.2, 0.1])])
    text = defects(with_baseline.reset_index(drop=True))["behind a baseline"]
    assert "On STEAD 300 the baseline mean (0.2, mean of the reruns)" in text
    lucky = pd.concat([frame, last.assign(test_score=[0.1, 1.5, 1.5])], ignore_index=True)
    assert "behind a baseline" not in defects(lucky)
    other = pd.concat([frame, last.assign(test_score=0.1, n_train=9000)], ignore_index=True)
    assert "behind a baseline" not in defects(other)


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


def test_a_few_cells_are_too_little_to_suspect_a_rerun():
    scores = [1.0, 1.1, 1.2, 9.0]
    cells = [
        {"architecture": "tcn", "target": f"mine{cell}", "n_train": 100, "metric": "mae",
         "rerun": rerun, "test_score": score}
        for cell in range(6) for rerun, score in enumerate(scores)
    ]  # fmt: skip
    assert suspect_reruns(Records.from_frame(pd.DataFrame(cells))) == {"3": 1.0}
    assert suspect_reruns(Records.from_frame(pd.DataFrame(cells[:20]))) == {}
