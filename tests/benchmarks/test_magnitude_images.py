"""The magnitude experiment's data, scores and table; no network is fitted."""

import functools
import importlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sktl.estimators.images import magnitude_classes

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def benchmark():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(REPOSITORY))
        yield importlib.import_module("benchmarks.studies.magnitude_images")


def test_simulated_traces_have_every_class_and_marks_in_order(benchmark):
    X, magnitudes, (p, s, end) = benchmark.simulated(1, 0)
    assert X.shape == (30, 3, 6000)
    assert magnitude_classes(magnitudes).tolist() == list(range(1, 31))
    assert ((p >= 500) & (p < s) & (s < end) & (end < 6000)).all()
    # What is marked as P is where the amplitude rises.
    ratios = [
        np.abs(trace[:, int(at) : int(at) + 300]).max() / np.abs(trace[:, : int(at) - 50]).max()
        for trace, at in zip(X, p, strict=True)
    ]
    assert np.median(ratios) > 2


def test_real_traces_have_the_marks_of_their_file(benchmark, shared):
    path = shared("data/stead/waveforms_50_109C_TA.hdf5")
    X, magnitudes, (p, s, end) = benchmark.real(path, per_class=2, seed=0)
    assert X.shape[1:] == (3, 6000)
    assert ((magnitudes > 0) & (magnitudes <= 3)).all()
    assert np.unique(magnitude_classes(magnitudes), return_counts=True)[1].max() == 2
    assert ((p < s) & (s < end)).all()


def test_the_official_file_is_taken_where_it_is(benchmark, shared, tmp_path, monkeypatch):
    assert benchmark.stead_here() is None
    official = tmp_path / "waveforms_11_13_19.hdf5"
    official.symlink_to(shared("data/stead/waveforms_50_109C_TA.hdf5"))
    monkeypatch.setenv("SKTL_MIRROR", str(tmp_path))
    assert benchmark.stead_here() == str(official)


def test_scores(benchmark):
    scores = benchmark.scores(np.array([0.05, 1.0, 1.02, 2.0]), np.array([0.05, 0.95, 1.25, 2.4]))
    assert scores["accuracy %"] == 50
    assert scores["precision %"] == scores["recall %"] == scores["F1 %"] == 50
    assert scores["within 0.2 %"] == 50
    assert scores["within 0.3 %"] == 75
    assert scores["error variance"] == pytest.approx(np.var([0, -0.05, 0.23, 0.4]))
    assert scores["mean abs. error"] == pytest.approx(0.17)


def test_intervals_are_as_wide_as_those_of_a_share(benchmark):
    true = np.ones(400)
    error = np.repeat([0.1, 1.0], [280, 120])
    low, high = benchmark.intervals(true, true + error, 0, n_draws=200)["within 0.2 %"]
    half = 1.96 * 100 * np.sqrt(0.7 * 0.3 / 400)
    assert (low, high) == pytest.approx((70 - half, 70 + half), abs=half / 3)


def test_the_table_has_ours_beside_the_papers(benchmark):
    scores = benchmark.scores(np.array([1.0, 2.0]), np.array([1.0, 2.25]))
    bounds = {f"{name} {end}": value for name, value in scores.items() for end in ("from", "to")}
    bounds["epochs"] = 7
    rows = {"mine": scores | bounds, "resnet18 full": scores | bounds, "resnet18 head": {}}
    lines = list(benchmark.beside(pd.DataFrame(rows).T))
    assert lines[0].startswith("| | accuracy % | precision % | recall % | F1 % | within 0.2 % |")
    assert lines[2].startswith("| mine | 50.0, 50.0 to 50.0 |")
    assert lines[3].startswith("| resnet18 full | 50.0, 50.0 to 50.0 (80.5) |")
    assert "| 100.0, 100.0 to 100.0 (89.7) |" in lines[3]
    assert lines[3].endswith(" | 7 |")
    assert lines[4].startswith("| resnet18 head | not run (75.4) |")


def test_confusion_counts_each_true_class(benchmark):
    from benchmarks.studies.magnitude_images_figures import confusion

    table = confusion(np.array([0.05, 0.05, 0.25, 0.25]), np.array([0.05, 0.15, -0.4, 9.0]), 3)
    np.testing.assert_array_equal(table[[0, 2]], [[0.5, 0.5, 0], [0.5, 0, 0.5]])
    assert np.isnan(table[1]).all()


@pytest.mark.slow
def test_the_command_keeps_fits_and_reports_all_seeds(benchmark, tmp_path, monkeypatch, capsys):
    def simulated(per_class, seed):
        magnitudes = np.tile(np.arange(1, 31) * 0.1 - 0.05, per_class)
        X = np.random.default_rng(seed).normal(0, 10 ** magnitudes[:, None, None], (60, 3, 100))
        return X, magnitudes, np.tile([[10.0], [30.0], [90.0]], 60)

    monkeypatch.setattr(benchmark, "simulated", simulated)
    few = functools.partial(benchmark.intervals, n_draws=3)
    monkeypatch.setattr(benchmark, "intervals", few)
    command = ["x", "--simulated", "--per-class", "2", "--seeds", "2", "--out", str(tmp_path),
               "--only", "training mean", "Richter's line"]  # fmt: skip
    monkeypatch.setattr("sys.argv", command)
    for _ in range(2):
        benchmark.main()
        table = pd.read_csv(tmp_path / "table.csv", index_col=0)
        by_seed = pd.read_csv(tmp_path / "by_seed.csv")
        assert list(table.index) == ["training mean", "Richter's line"]
        for name, own in by_seed.groupby("name"):
            assert own["seed"].tolist() == [0, 1]
            assert own["within 0.3 %"].mean() == pytest.approx(table.loc[name, "within 0.3 %"])
    # The second time everything was there.
    assert capsys.readouterr().out.count("s of processor time") == 4
    assert {path.name for path in tmp_path.iterdir()} >= {"confusion.png", "figure8.png", "fits"}


def test_what_the_paper_contradicts(benchmark):
    text = " ".join(benchmark.contradictions())
    assert "7 of 7 rows" in text
    assert "86.33 %" in text
    assert "-6.9 to +1.3" in text
