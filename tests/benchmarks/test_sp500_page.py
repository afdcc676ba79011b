"""The page of the S&P 500 grid from made-up records: nothing is trained."""

import itertools

import numpy as np
import pandas as pd
import pytest

from benchmarks.studies.sp500_grid_data import SOURCES, complete
from benchmarks.studies.sp500_grid_page import write
from sktl.training.optimizer import OMEGA_GRID

FIVE = [name for name in SOURCES if name != "SPEECH-simulated"]


@pytest.fixture
def table():
    """Two whole reruns of one network, and one source and a half of another's first."""
    rng = np.random.default_rng(0)
    naive = (("last value", 11.2), ("constant", 1587.0))
    rows = [("baseline", *one, None, rerun, score) for rerun in range(2) for *one, score in naive]
    rows = [(kind, name, None, *rest) for kind, name, *rest in rows]
    scores = itertools.product(range(2), range(10))  # ten references a rerun, the last the best
    rows += [("reference", "ConvNetQuakeINGV", None, None, *one) for one in scores]
    rows += [("transfer", "ConvNetQuakeINGV", *one, 650 + 20 * rng.normal())
             for one in itertools.product(FIVE, OMEGA_GRID, range(2))]  # fmt: skip
    rows += [("reference", "TCN", None, None, 0, 60.0)]
    pairs = list(itertools.product(FIVE, OMEGA_GRID))[:15]
    rows += [("transfer", "TCN", *pair, 0, 55 + rng.normal()) for pair in pairs]
    names = ["kind", "architecture", "source", "omega", "rerun", "test_score"]
    frame = pd.DataFrame(rows, columns=names)
    many = (frame["kind"] == "reference") & (frame["architecture"] == "ConvNetQuakeINGV")
    repeat = frame["test_score"].where(many, 0).astype(int)
    frame.loc[many, "test_score"] = 700 - 20.0 * repeat
    return frame.assign(
        validation_score=frame["test_score"] / 9, target="S&P 500", n_train=1500, metric="mae",
        repeat=repeat, seconds=8.0, status="ok",
    )  # fmt: skip


def test_what_is_compared_is_balanced(table):
    balanced, left_out = complete(table)
    assert left_out == 5
    counts = balanced.groupby(["architecture", "kind"]).size()
    assert counts["ConvNetQuakeINGV", "transfer"] == 100
    assert counts["TCN", "transfer"] == 10
    # A second rerun that lacks one omega of one source is left out as a whole.
    lacks = (table["rerun"] == 1) & (table["source"] == FIVE[2]) & (table["omega"] == 0.5)
    balanced, left_out = complete(table[~lacks])
    assert left_out == 10 + 49 + 5
    assert set(balanced.loc[balanced["kind"] != "baseline", "rerun"]) == {0}


@pytest.mark.slow
def test_the_page_is_written_from_the_table(table, tmp_path, shared):
    records = tmp_path / "records.csv"
    table.to_csv(records, index=False)
    page = tmp_path / "page" / "sp500.md"
    write(records, shared("published/published_results.csv.gz"), page)
    text = page.read_text()
    assert "| 1500 | TCN | 16 of 357 | 0 | 1 of 7 | 1 of 5 | 8.0 |" in text
    # The authors' own: TCN from LOMAX at 1,500 instances.
    tcn = text[text.index("### TCN") : text.index("## Each source")]
    assert "| LOMAX: LOMAX-simulated |" in tcn
    assert "errs by 11.2 dollars" in text
    # The best of ten from scratch has 520, the best transfers about 620.
    assert "both chosen by validation, in 0 of 5." in text
    assert "| 700.0 | 520.0 |" in text
    assert (tmp_path / "page" / "images" / "sp500.svg").exists()
    assert "{" not in text
