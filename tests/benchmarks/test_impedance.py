"""The study impedance, as small as it gets, on simulated sections."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def repository(monkeypatch):
    monkeypatch.syspath_prepend(str(REPOSITORY))


@pytest.mark.slow
def test_the_whole_command_and_its_resumption(tmp_path, monkeypatch):
    from benchmarks.studies.impedance import peers
    from benchmarks.studies.impedance.__main__ import main
    from benchmarks.studies.impedance.experiment import Experiment

    monkeypatch.setattr(peers, "unet_missing", lambda: "there is none here")
    arguments = ["--profile", "tiny", "--out", str(tmp_path / "out")]
    arguments += ["--docs", str(tmp_path / "docs")]
    records = pd.DataFrame(main(arguments))
    methods = {"source", "direct", "rescaled", "scratch", "transfer", "interpolation", "linear"}
    methods |= {"mean", "probe", "random probe", "LP-FT", "random head", "guard"}
    assert set(records["method"]) == methods
    assert set(records["seed"]) == {0, 1}
    assert set(records["n"].dropna()) == {2, 5}
    assert set(records["noise"].dropna()) == {0.0, 0.2}
    np.testing.assert_allclose(records["pcc"] ** 2, records["pcc2"])
    assert (records["r2"] <= records["pcc2"] + 1e-9).all()
    # What the guard kept was the better of what it had, as the row of its own says.
    guarded = records[records["method"] == "guard"]
    for _, row in guarded[guarded["kept"].isin(["scratch", "transfer"])].iterrows():
        assert row["r2"] == pytest.approx(row[row["kept"]])
    page = (tmp_path / "out" / "report.html").read_text()
    assert "SIMULATED" in page
    assert "97.96" in page  # the paper's row
    assert "The U-Net was left out" in page
    assert "http" not in page.replace("http://www.w3.org", "")
    text = (tmp_path / "docs" / "impedance.md").read_text()
    for name in re.findall(r"\]\((.*?\.svg)\)", text):
        assert (tmp_path / "docs" / name).is_file()
    assert text.count(".svg)") == page.count("data:image/svg+xml") == 5
    assert not list(tmp_path.rglob(".*"))

    def refuse(self, value, seed):
        raise AssertionError("done before")

    refuse.__name__ = "pretrain"  # units are named by it
    # What is there is not done again; what is missing is, alike.
    (gone,) = (tmp_path / "out").rglob("few-2-seed1.json")
    gone.unlink()
    monkeypatch.setattr(Experiment, "pretrain", refuse)
    stopped = pd.DataFrame(main([*arguments, "--minutes", "0"]))
    assert "few-2-seed1" not in set(stopped["unit"])
    assert "few-2 (1)" in (tmp_path / "docs" / "impedance.md").read_text()
    again = pd.DataFrame(main(arguments))
    same = ["method", "seed", "n", "noise", "r2", "pcc", "loss"]
    pd.testing.assert_frame_equal(records[same], again[same])

    # A published table stands for the folder; networks are trained again where they are needed.
    table = pd.read_csv(tmp_path / "docs" / "impedance_records.csv")
    published = tmp_path / "published.csv"
    table[table["unit"] != "few-2-seed1"].to_csv(published, index=False)
    arguments[3] = str(tmp_path / "elsewhere")
    again = pd.DataFrame(main([*arguments, "--records", str(published)]))
    pd.testing.assert_frame_equal(records[same], again[same], rtol=1e-6)
    table.assign(settings="others").to_csv(published, index=False)
    with pytest.raises(ValueError, match=r"this run's settings.*Received: .*with others"):
        main([*arguments, "--records", str(published)])


def test_validation_traces_lie_between_the_few():
    from benchmarks.studies.impedance.data import few_split

    parts = few_split(100, 5)
    assert parts["train"].tolist() == [5, 25, 45, 65, 85]
    assert parts["validation"].tolist() == [15, 35, 55, 75, 95]
    assert len(parts["test"]) == 90


def test_interpolation_between_known_traces():
    from benchmarks.studies.impedance.peers import between

    values = np.array([[0.0, 10.0], [4.0, 30.0]])
    between = between(np.array([0, 4]), values, np.array([1, 2, 3]))
    assert between.tolist() == [[1, 15], [2, 20], [3, 25]]


def test_linear_inverse_finds_a_filter():
    from benchmarks.studies.impedance.peers import LinearInverse

    rng = np.random.default_rng(0)
    X, kernel = rng.normal(size=(9, 1, 300)), rng.normal(size=7)
    y = np.array([np.convolve(x[0], kernel, mode="same") for x in X]) + 3
    predicted = LinearInverse(1e-6).fit(X[:8], y[:8]).predict(X[8:])
    np.testing.assert_allclose(predicted, y[8:], atol=1e-3)


def test_water_above_every_trace_is_cut():
    from benchmarks.studies.impedance.data import below_water
    from sktl.datasets.impedance import EarthModel

    vp = np.array([[1500.0, 1500, 1500, 2000], [1500, 1500, 1800, 2000]])
    model = below_water(EarthModel("made", vp, vp, 1.0, 1.0, "gardner"))
    assert model.vp.tolist() == model.density.tolist() == [[1500, 2000], [1800, 2000]]


def test_interval_is_students():
    from scipy.stats import ttest_1samp

    from benchmarks.studies.impedance.words import interval

    values = [0.1, 0.3, 0.2, 0.7]
    mean, half = interval(values)
    low, high = ttest_1samp(values, 0).confidence_interval()
    assert (mean - half, mean + half) == pytest.approx((low, high))
