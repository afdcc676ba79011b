"""A tiny part of the proof that bundled sources help: real data, one case, the page made of it."""

import contextlib
import io
import re
import runpy
from pathlib import Path

import pandas as pd
import pytest

REPOSITORY = Path(__file__).resolve().parents[2]


def run(module, *arguments):
    """Run ``python -m benchmarks.module`` in this process, which has loaded Keras; what it says."""
    said = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(said):
        patch.chdir(REPOSITORY)
        patch.syspath_prepend(str(REPOSITORY))
        patch.setattr("sys.argv", [module, *map(str, arguments)])
        runpy.run_module(f"benchmarks.{module}", run_name="__main__")
    return said.getvalue()


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    out = tmp_path_factory.mktemp("proof")
    arguments = [
        "--out", out, "--targets", "BasicMotions", "--sizes", 10, "--reruns", 1, "--omegas", 0, 1,
        "--architectures", "ConvNetQuakeINGV", "--sources", "EMG", "STEAD", "untrained",
        "--epochs", 3, "--no-baselines",
    ]  # fmt: skip
    run("studies.sources_on_real_data", *arguments)
    return out, arguments


@pytest.mark.slow
def test_there_is_one_record_a_fit_and_none_is_made_twice(measured):
    out, arguments = measured
    before = (out / "records.csv").read_bytes()
    table = pd.read_csv(out / "records.csv")
    assert len(table) == 2 + 3 * 2
    assert (table["kind"] == "reference").sum() == 2
    assert table["test_score"].between(0, 1).all()
    assert (table["simulated"] == table["source"].isin(["EMG", "STEAD"])).all()
    assert run("studies.sources_on_real_data", *arguments).endswith(": 0\n")
    assert (out / "records.csv").read_bytes() == before


@pytest.mark.slow
def test_random_kernels_at_full_rate_are_the_run_from_scratch_with_that_seed(measured):
    out, _ = measured
    table = pd.read_csv(out / "records.csv")
    random = table[(table["source"] == "untrained") & (table["omega"] == 1)]
    scratch = table[(table["kind"] == "reference") & (table["repeat"] == 1)]
    names = ["validation_score", "test_score"]
    assert random[names].values.tolist() == scratch[names].values.tolist()


def test_the_page_says_what_was_measured_and_nothing_else(measured):
    out, _ = measured
    run("pages.source_page", out / "records.csv", "--page", out / "page.md", "--leave-cards")
    text = (out / "page.md").read_text()
    assert "8 fits on real data" in text
    assert "- ConvNetQuakeINGV: BasicMotions (10)" in text
    assert "omegas 0, 1. The best" in text
    assert "| random kernels against as many runs from scratch | " in text
    assert "MagNet:" not in text


def test_the_page_of_the_documentation_is_that_of_its_records(tmp_path):
    records = REPOSITORY / "docs" / "source_records.csv"
    run("pages.source_page", records, "--page", tmp_path / "page.md", "--leave-cards")
    page = (REPOSITORY / "docs" / "source_results.md").read_text()
    # Bootstrap intervals may differ in a digit between versions of scipy.
    written, kept = (
        re.sub(r"[+-][\d.]+ to [+-][\d.]+ %", "interval", text)
        for text in ((tmp_path / "page.md").read_text(), page)
    )
    assert written == kept


def test_ranks_are_held_against_the_gain_of_the_omega_that_validation_chose(monkeypatch):
    monkeypatch.syspath_prepend(str(REPOSITORY))
    from benchmarks.studies.rank_sources import CELL, gains

    cell = {"target": "digits", "n_train": 50, "architecture": "TCN", "rerun": 0, "metric": "mae"}
    rows = [{"kind": "reference", "test_score": score} for score in (3.0, 5.0)]
    for source, first, second in (("A", 3.0, 9.0), ("B", 5.0, 1.0), ("C", 4.0, 1.0), ("D", 2, 1)):
        rows += [
            {"kind": "transfer", "source": source, "validation_score": 1.0, "test_score": first},
            {"kind": "transfer", "source": source, "validation_score": 2.0, "test_score": second},
        ]
    table = pd.DataFrame([cell | row for row in rows])
    found = gains(table).set_index("source")["gain"]
    # Scratch errs by 4 on average; the second omega is worse on validation, whatever the test.
    assert found.to_dict() == {"A": 25.0, "B": -25.0, "C": 0.0, "D": 50.0}
    assert gains(table[table["source"] != "D"]).empty
    records = pd.read_csv(REPOSITORY / "docs" / "source_records.csv")
    assert gains(records).groupby([*CELL, "rerun"]).size().between(4, 6).all()
