"""The study of few labels: what is drawn, what is recorded, what the analysis and page say."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY))

from benchmarks.studies.few_labels import analysis, page, peers, run, targets  # noqa: E402
from benchmarks.studies.few_labels.readers import Instances, read_ts  # noqa: E402

SHARED = REPOSITORY.parent / "shared" / "data"


@pytest.fixture
def words(monkeypatch):
    """A target of 90 instances by nine speakers, whose class says which channels are loud."""
    rng = np.random.default_rng(0)
    y = np.tile(np.array(["first", "second", "both"]), 30)
    loud = np.stack([y != "second", y != "first"], axis=1) * 9.9 + 0.1
    X = (rng.normal(size=(90, 2, 24)) * loud[:, :, None]).astype(np.float32)
    speakers = np.repeat(np.arange(9), 10).astype(str)
    one = targets.Target(
        "words", targets.HELD_OUT, "speech", "classification", (9, 30),
        lambda shared: Instances(X, y, speakers), "a word",
    )  # fmt: skip
    monkeypatch.setitem(targets.TARGETS, "words", one)
    return one


@pytest.mark.slow
def test_no_speaker_lies_on_both_sides_and_training_sets_are_nested_and_balanced(words):
    small, large = (targets.draw("words", n, 0, cache=None) for n in (9, 30))
    assert not set(large.groups_train) & set(large.groups_test)
    np.testing.assert_array_equal(small.X_test, large.X_test)
    assert {x.tobytes() for x in small.X_train} <= {x.tobytes() for x in large.X_train}
    assert pd.Series(small.y_train).value_counts().tolist() == [3, 3, 3]
    other = targets.draw("words", 9, 1, cache=None)
    assert set(other.groups_test) != set(small.groups_test)


def test_more_training_instances_than_there_are_is_refused(words):
    with pytest.raises(ValueError, match=r"between 1 and 60 for words.*n_train=61"):
        targets.draw("words", 61, 0, cache=None)


def test_time_goes_forward(monkeypatch):
    values = np.arange(200.0)
    found = targets.readers._forecast(values, 1900 + np.arange(200) // 10, 5, 3)
    one = targets.Target(
        "line", targets.HELD_OUT, "climate", "regression", (20,), lambda shared: found, "",
        time_ordered=True, continues=True,
    )  # fmt: skip
    monkeypatch.setitem(targets.TARGETS, "line", one)
    parts = targets.draw("line", 20, 0, cache=None)
    assert (np.diff(parts.y_train) > 0).all()
    assert parts.y_train.max() < parts.X_test.min()
    np.testing.assert_array_equal(parts.X_test[:, 0, -1] + 3, parts.y_test)
    last = peers.last_value(peers.Cell(one, parts, 0))
    assert peers.score(peers.Cell(one, parts, 0), last)["test_score"] == pytest.approx(3.0)


def test_halves_share_no_data_set_and_both_have_both_tasks():
    found = pd.DataFrame([vars(target) for target in targets.TARGETS.values()])
    assert set(found.groupby("half")["task"].nunique()) == {2}
    # All targets of one data set begin with its name.
    data = found["name"].str.split(" ").str[0].str.replace("NASDAQ", "S&P")
    assert (found.groupby(data)["half"].nunique() == 1).all()
    assert "GunPoint" not in set(found["name"])  # a source was trained on it


def test_ts_files_are_read_and_completed(tmp_path):
    path = tmp_path / "Tiny_TRAIN.ts"
    path.write_text("@problemName Tiny\n@data\n1,2,3:4,5,6:a\n7:8,9:b\n")
    X, y = read_ts(path, length=3)
    assert y.tolist() == ["a", "b"]
    assert X.tolist() == [[[1, 2, 3], [4, 5, 6]], [[7, 0, 0], [8, 9, 0]]]


@pytest.mark.skipif(not (SHARED / "uea").exists(), reason="no data in ../shared/data")
def test_the_reader_agrees_with_sktime():
    from sktime.datasets import load_from_tsfile

    path = SHARED / "uea" / "ERing_TRAIN.ts"
    expected, labels = load_from_tsfile(str(path), return_data_type="numpy3d")
    X, y = read_ts(path)
    np.testing.assert_allclose(X, expected, rtol=1e-6)
    assert y.tolist() == list(labels)


def arguments(tmp_path):
    return ["--out", str(tmp_path), "--targets", "words", "--draws", "0", "1"]


def test_the_runner_resumes_and_its_records_are_sktls(words, tmp_path, monkeypatch):
    monkeypatch.setattr(run, "warm_up", lambda names: None)
    names = ["best constant", "amplitudes + ridge"]
    monkeypatch.setattr(
        sys, "argv", ["few_labels", *arguments(tmp_path), "--methods", *names]
    )  # fmt: skip
    run.main()
    table = pd.read_csv(tmp_path / "records.csv")
    assert len(table) == 2 * 2 * 2
    scores = table.groupby("architecture")["test_score"].mean()
    assert scores["amplitudes + ridge"] > 0.9
    assert scores["best constant"] == pytest.approx(1 / 6, abs=0.05)
    before = (tmp_path / "records.csv").read_bytes()
    run.main()
    assert (tmp_path / "records.csv").read_bytes() == before


def test_a_method_that_fails_or_takes_too_long_is_a_row_with_its_reason(words):
    cell = peers.Cell(words, targets.draw("words", 9, 0, cache=None), 0)

    def broken(cell):
        raise RuntimeError("no memory")

    def endless(cell):
        while True:
            sum(range(1000))

    assert run.tried(broken, cell, 60)["error"] == "RuntimeError: no memory"
    stopped = run.tried(endless, cell, 0.05)
    assert stopped["status"] == "failed"
    assert "of the processor" in stopped["error"]


def records(**scores):
    """Records of five targets, one size and two draws; scores by method."""
    rows = []
    for number in range(6):
        half = targets.HELD_OUT if number < 3 else targets.DEVELOPMENT
        for rerun in (0, 1):
            for name, value in scores.items():
                rows.append({
                    "kind": "baseline" if name in peers.PEERS else "reference",
                    "architecture": name, "target": f"t{number}", "n_train": 20, "rerun": rerun,
                    "metric": "mae" if number % 2 else "f1_weighted", "status": "ok", "error": None,
                    "test_score": 1 - value if number % 2 else value, "half": half,
                    "fit_cpu_seconds": 1.0, "predict_cpu_seconds": 1.0, "peak_mb": 1.0,
                    "versions": "sktl 1",
                })  # fmt: skip
    return pd.DataFrame(rows)


OF_METHODS = {"best constant": 0.2, "QUANT": 0.5, "MultiRocket + ridge": 0.799, "AutoTransfer": 0.8}


def test_wins_ties_losses_and_ratios(tmp_path):
    records(**OF_METHODS).to_csv(tmp_path / "records.csv", index=False)
    table = analysis.read(tmp_path / "records.csv")
    means = analysis.scores(table, targets.HELD_OUT, "AutoTransfer")
    error = analysis.errors_of(table)
    best = analysis.against(means, error, list(peers.PEERS))
    assert (best.wins, best.ties, best.losses) == (0, 3, 0)
    assert set(best.table["best"]) == {"MultiRocket + ridge"}
    other = analysis.against(means, error, ["QUANT"])
    assert (other.wins, other.share) == (3, 1.0)
    # The errors 0.2 and 0.5, and F1 of 0.8 and 0.5.
    assert other.table["ratio"].round(3).tolist() == [0.625, 0.4, 0.625]
    back = analysis.against(means, error, ["AutoTransfer"], method="QUANT")
    assert back.worst == pytest.approx(2.5)
    ranking = analysis.ranked(means, error, "held out")
    assert ranking.ranks["AutoTransfer"] == 1.0
    assert ranking.ranks["best constant"] == 4.0


def test_means_are_over_the_same_draws():
    table = records(**OF_METHODS)
    gone = (table["architecture"] == "AutoTransfer") & (table["rerun"] == 1)
    table.loc[table["rerun"] == 1, "test_score"] = 0.0
    means = analysis.scores(table[~gone], targets.HELD_OUT, "AutoTransfer")
    assert means.loc[("t0", 20), "QUANT"] == 0.5


def test_the_page_says_what_the_records_say(tmp_path):
    records(**OF_METHODS).to_csv(tmp_path / "records.csv", index=False)
    page.write(tmp_path / "records.csv", tmp_path / "docs" / "few_labels.md")
    text = (tmp_path / "docs" / "few_labels.md").read_text()
    assert "| t0 | 20 | **0.800** |" in text
    assert "| never more than 10 % worse than the best peer | yes |" in text
    assert (tmp_path / "docs" / "images" / "few_labels_held_out.svg").stat().st_size < 200_000
    assert len(pd.read_csv(tmp_path / "docs" / "few_labels_records.csv")) == 48
