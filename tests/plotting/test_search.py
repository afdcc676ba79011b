from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from sktl.plotting import plot_search


def searched(best=3, kept="transfer", sign=-1, **decision):
    rows = [
        (None, 1.0, 1.0, True),
        ("a/mine", 0.0, 1.5, True),
        ("a/mine", 1.0, 0.9, False),
        ("STEAD", 0.0, 0.5, True),
        ("STEAD", 1.0, 0.7, True),
    ]
    table = pd.DataFrame(rows, columns=["source", "omega", "val_loss", "finished"])
    table["source"] = pd.Series([row[0] for row in rows], dtype=object)
    table["mean_test_score"], table["std_test_score"] = sign * table["val_loss"], 0.0
    table["params"] = [{"source": row[0], "omega": row[1]} for row in rows]
    row = table.iloc[best]
    known = {"kept": kept, "gain": 0.5, "margin": 0.2, "scratch": 1.0, "baseline": np.nan}
    decision = known | decision
    return SimpleNamespace(
        cv_results_=table,
        decision_=decision,
        scoring="val_loss",
        best_index_=best,
        best_params_={"source": row["source"], "omega": row["omega"]},
    )


def line(ax, label):
    return next(one for one in ax.get_lines() if one.get_label() == label)


def test_each_source_is_a_series_over_omega():
    ax = plot_search(searched())
    assert line(ax, "STEAD").get_ydata().tolist() == [0.5, 0.7]
    assert [one.get_label() for one in ax.get_lines()].count("mine") == 1
    assert line(ax, "mine").get_xdata().tolist() == [0]  # omega 1 was dropped: a hollow marker
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["0", "1"]
    assert line(ax, "scratch").get_ydata()[0] == 1.0
    assert line(ax, "kept").get_ydata() == [0.5]
    assert "lower is better" in ax.get_ylabel()
    assert ax.get_title(loc="left").startswith("Kept: STEAD, omega 0\nbest transfer 50.0% better")


@pytest.mark.parametrize(("sign", "edges"), [(-1, (0.8, 1.0)), (1, (1.0, 1.2))])
def test_the_margin_lies_on_the_side_of_better(sign, edges):
    ax = plot_search(searched(sign=sign))
    (band,) = [patch for patch in ax.patches if "margin" in patch.get_label()]
    low, high = band.get_extents().transformed(ax.transData.inverted()).intervaly
    assert (low, high) == pytest.approx(edges)
    assert ("higher" in ax.get_ylabel()) == (sign > 0)


def test_scratch_may_be_kept():
    ax = plot_search(searched(best=0, kept="scratch", gain=-0.1, margin=np.nan))
    assert ax.get_title(loc="left") == "Kept: scratch\nbest transfer 10.0% worse"
    assert not [patch for patch in ax.patches if "margin" in patch.get_label()]


def test_what_is_no_search_is_refused():
    with pytest.raises(TypeError, match=r"fitted OmegaSearch. Received: int"):
        plot_search(3)


def test_baselines_are_lines_and_the_band_is_that_of_the_best():
    search = searched(kept="baseline", gain=0.1, baseline=0.6, margin=0.5)
    row = {"omega": np.nan, "val_loss": 0.6, "mean_test_score": -0.6, "std_test_score": 0.0}
    rows = [row | {"params": {"baseline": "mean"}, "finished": True}]
    rows += [rows[0] | {"params": {"baseline": "broken"}, "val_loss": np.nan}]
    search.cv_results_ = pd.concat([search.cv_results_, pd.DataFrame(rows)], ignore_index=True)
    names = [None, *["a/mine"] * 2, *["STEAD"] * 2, None, None]
    search.cv_results_["source"] = pd.Series(names, dtype=object)
    search.best_index_, search.best_params_ = 5, rows[0]["params"]
    ax = plot_search(search)
    assert line(ax, "mean").get_ydata()[0] == line(ax, "kept").get_ydata()[0] == 0.6
    assert "broken" not in [one.get_label() for one in ax.get_lines()]
    (band,) = ax.patches
    low, high = band.get_extents().transformed(ax.transData.inverted()).intervaly
    assert (low, high) == pytest.approx((0.3, 0.6))
    assert ax.get_title(loc="left").startswith("Kept: mean\nbest transfer 10.0% better, asked")
