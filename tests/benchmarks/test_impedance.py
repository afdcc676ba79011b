"""The study impedance, as small as it gets, on simulated sections."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def impedance(monkeypatch):
    monkeypatch.syspath_prepend(str(REPOSITORY))
    from benchmarks.studies import impedance

    return impedance


@pytest.mark.slow
def test_the_whole_command_and_its_resumption(impedance, tmp_path, monkeypatch):
    arguments = ["--profile", "tiny", "--out", str(tmp_path / "out")]
    records = pd.DataFrame(impedance.main(arguments))
    methods = {"source", "direct", "rescaled", "scratch", "transfer", "interpolation", "linear"}
    assert set(records["method"]) == methods
    assert set(records["seed"]) == {0, 1}
    assert set(records["n"].dropna()) == {2, 5}
    np.testing.assert_allclose(records["pcc"] ** 2, records["pcc2"])
    assert (records["r2"] <= records["pcc2"] + 1e-9).all()
    page = (tmp_path / "out" / "report.html").read_text()
    assert "SIMULATED" in page
    assert "97.96" in page  # the paper's row
    assert page.count("data:image/svg+xml") == 4
    assert "http" not in page.replace("http://www.w3.org", "")
    assert not list((tmp_path / "out").rglob(".*"))

    def refuse(self, value, seed):
        raise AssertionError("done before")

    # What is there is not done again; what is missing is, alike.
    (gone,) = (tmp_path / "out").rglob("few-2-seed1.json")
    gone.unlink()
    monkeypatch.setattr(impedance.Experiment, "pretrain", refuse)
    refuse.__name__ = "pretrain"
    again = pd.DataFrame(impedance.main(arguments))
    same = ["method", "seed", "n", "noise", "r2", "pcc", "loss"]
    pd.testing.assert_frame_equal(records[same], again[same])


def test_validation_traces_lie_between_the_few(impedance):
    parts = impedance.few_split(100, 5)
    assert parts["train"].tolist() == [5, 25, 45, 65, 85]
    assert parts["validation"].tolist() == [15, 35, 55, 75, 95]
    assert len(parts["test"]) == 90


def test_interpolation_between_known_traces(impedance):
    values = np.array([[0.0, 10.0], [4.0, 30.0]])
    between = impedance.between(np.array([0, 4]), values, np.array([1, 2, 3]))
    assert between.tolist() == [[1, 15], [2, 20], [3, 25]]


def test_interval_is_students(impedance):
    from scipy.stats import ttest_1samp

    from benchmarks.pages.impedance_page import interval

    values = [0.1, 0.3, 0.2, 0.7]
    mean, half = interval(values)
    low, high = ttest_1samp(values, 0).confidence_interval()
    assert (mean - half, mean + half) == pytest.approx((low, high))
