"""Main table of results: scores by data set and method, with average ranks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sktl.evaluation.domains import ordered, size_label, title
from sktl.evaluation.figures import OTHER, SCRATCH, TRANSFER, panels
from sktl.evaluation.protocols import Comparison
from sktl.evaluation.records import Records
from sktl.evaluation.schema import GROUP
from sktl.evaluation.statistics import mean_ranks

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLUMNS = ["kind", *GROUP, "test_score", "value", "metric", "greater_is_better"]
_COLOURS = {"reference": SCRATCH, "transfer": TRANSFER, "baseline": OTHER}
# With more panels than this the figure would be unreadable; ranks are drawn instead.
MOST_PANELS = 12
_WIDE = 20.0


@dataclass(frozen=True)
class Scores:
    """Test scores of every method on every data set.

    Parameters
    ----------
    cells : pandas.DataFrame
        One row per ``target``, ``n_train`` and ``method``: ``kind``, ``n`` reruns, ``mean``,
        ``std`` (NaN of one rerun), ``value`` (the mean, greater is better), ``best``, ``metric``,
        ``greater_is_better``.
    methods : list of str
        Methods in the order of columns.
    places : list of tuple of (str, int)
        Targets with their sizes, in the order of rows.
    ranks : dict of str to float
        Average rank over the places, 1 is best, of the methods with a score in all of them; empty
        with fewer than two such methods or places.
    choice : str
        Description of how the source of a transfer was chosen; empty if there was one source.
    left_out : list of str
        Transfers whose source cannot be chosen without the test scores.
    """

    cells: pd.DataFrame
    methods: list[str]
    places: list[tuple[str, int]]
    ranks: dict[str, float] = field(default_factory=dict)
    choice: str = ""
    left_out: list[str] = field(default_factory=list)


def score_table(records: Records, comparison: Comparison) -> Scores:
    """Compute the mean test scores of every method on every data set.

    Methods are the baselines, every architecture from scratch, and every architecture with
    transfer. If there are several sources, one of them is chosen in each rerun by the same rule as
    omega: by validation; without validation scores, by the test scores of the *other* reruns; with
    ``published``, by the test score itself.

    Parameters
    ----------
    records : Records
        Checked records.
    comparison : Comparison
        Comparison of transfer and references.

    Returns
    -------
    Scores
        Mean scores and average ranks.

    Examples
    --------
    >>> import pandas as pd
    >>> from sktl.evaluation.protocols import compare
    >>> from sktl.evaluation.records import Records
    >>> from sktl.evaluation.scores import score_table
    >>> rows = pd.DataFrame({
    ...     "architecture": "tcn", "source": [None, "lomax"] * 2, "target": "stead",
    ...     "n_train": 1500, "omega": [None, 1.0] * 2, "rerun": [0, 0, 1, 1], "metric": "mae",
    ...     "test_score": [0.5, 0.4, 0.7, 0.4]})
    >>> records = Records.from_frame(rows)
    >>> scores = score_table(records, compare(records))
    >>> scores.cells[["method", "mean", "best"]].round(6).values.tolist()
    [['TCN from scratch', 0.6, False], ['TCN transfer', 0.4, True]]
    """
    table = records.table[~records.table["rerun"].isin(comparison.exclude_reruns)]
    alone = table[table["kind"] != "transfer"].sort_values("repeat")
    alone = alone.drop_duplicates(["kind", *GROUP, "rerun"])
    chosen, choice, left_out = _best_sources(comparison)
    rows = pd.concat([alone[_COLUMNS], chosen[_COLUMNS]], ignore_index=True)
    suffix = rows["kind"].map({"reference": " from scratch", "transfer": " transfer"}).fillna("")
    rows["method"] = rows["architecture"].map(title) + suffix
    grouped = rows.groupby(["target", "n_train", "method"])
    cells = grouped.agg(
        kind=("kind", "first"),
        n=("test_score", "size"),
        mean=("test_score", "mean"),
        std=("test_score", "std"),
        value=("value", "mean"),
        metric=("metric", "first"),
        greater_is_better=("greater_is_better", "first"),
    ).reset_index()
    cells["best"] = cells["value"] == cells.groupby(["target", "n_train"])["value"].transform("max")
    names = ordered(rows.loc[rows["kind"] != "baseline", "architecture"])
    methods = [title(name) + end for name in names for end in (" from scratch", " transfer")]
    methods += sorted(rows.loc[rows["kind"] == "baseline", "method"].unique())
    there = set(cells["method"])
    methods = [method for method in dict.fromkeys(methods) if method in there]
    sizes = cells.groupby("target")["n_train"].unique()
    places = [(name, int(size)) for name in ordered(sizes.index) for size in sorted(sizes[name])]
    return Scores(cells, methods, places, _ranks(cells, methods), choice, left_out)


def _best_sources(comparison: Comparison) -> tuple[pd.DataFrame, str, list[str]]:
    """Select the source of every transfer in each rerun, by the rule of the protocol."""
    kept, ways, left_out = [], set(), []
    for (architecture, target, size), rows in comparison.pairs.groupby(GROUP):
        if len(rows["source"].unique()) > 1:
            if comparison.protocol == "published":
                key, way = rows["value"], "by its test score"
            elif rows["validation_score"].notna().all():
                sign = np.where(rows["greater_is_better"], 1, -1)
                key, way = rows["validation_score"] * sign, "by validation"
            else:
                value = rows.groupby("source")["value"]
                others = value.transform("count") - 1
                key = (value.transform("sum") - rows["value"]) / others.where(others > 0)
                way = "by the test scores of the other reruns"
            key = key.dropna()
            if key.empty:
                left_out.append(f"{title(architecture)} on {title(target)} {size_label(size)}")
                continue
            rows = rows.loc[key.groupby(rows["rerun"]).idxmax()]
            ways.add(way)
        kept.append(rows)
    empty = comparison.pairs.iloc[:0]
    choice = " or ".join(sorted(ways))
    return pd.concat(kept) if kept else empty, choice, left_out


def _ranks(cells: pd.DataFrame, methods: list[str]) -> dict[str, float]:
    wide = cells.pivot_table("value", ["target", "n_train"], "method")
    whole = [method for method in methods if wide[method].notna().all()]
    if len(whole) < 2 or len(wide) < 2:
        return {}
    return dict(zip(whole, mean_ranks(wide[whole].to_numpy(float)).tolist(), strict=True))


def score_figure(scores: Scores) -> Figure:
    """Draw the scores of all methods, one panel per data set, or their ranks where these are many.

    Parameters
    ----------
    scores : Scores

    Returns
    -------
    matplotlib.figure.Figure
        Points are means, bars standard deviations over the reruns; the best is ringed.
    """
    from matplotlib.ticker import LogLocator, NullFormatter

    if len(scores.places) > MOST_PANELS:
        return _rank_figure(scores)
    columns = min(3, len(scores.places))
    height = 0.9 + 0.2 * len(scores.methods)
    figure, axes = panels(
        len(scores.places), columns, 8.4 / columns if columns > 1 else 6.0, height
    )
    heights = {method: -place for place, method in enumerate(scores.methods)}
    for number, (axis, (target, size)) in enumerate(zip(axes, scores.places, strict=True)):
        here = scores.cells[(scores.cells["target"] == target) & (scores.cells["n_train"] == size)]
        for row in here.itertuples():
            colour, at = _COLOURS[row.kind], heights[row.method]
            spread = 0.0 if np.isnan(row.std) else row.std
            axis.errorbar(row.mean, at, xerr=spread, fmt="o", color=colour, markersize=4, capsize=2)
            if row.best:
                axis.plot(row.mean, at, "o", color="black", markersize=10, fillstyle="none")
        if here["mean"].min() > 0 and here["mean"].max() > _WIDE * here["mean"].min():
            axis.set_xscale("log")
            # Between two powers of ten the labels of all ticks would overlap.
            axis.xaxis.set_major_locator(LogLocator(subs=(1, 3)))
            axis.xaxis.set_major_formatter("{x:g}")
            axis.xaxis.set_minor_formatter(NullFormatter())
        axis.set_yticks(
            list(heights.values()), scores.methods if number % columns == 0 else [], fontsize=8
        )
        axis.set_ylim(0.6 - len(heights), 0.6)
        axis.grid(axis="y", color="0.9", linewidth=0.6)
        axis.set_title(f"{title(target)} {size_label(size)}", fontsize=10)
        axis.set_xlabel(metric_text(here.iloc[0]), fontsize=9)
    return figure


def _rank_figure(scores: Scores) -> Figure:
    wide = scores.cells.pivot_table("value", ["target", "n_train"], "method")
    ranks = wide.rank(axis=1, ascending=False)
    kinds = scores.cells.set_index("method")["kind"].to_dict()
    order = ranks.mean().sort_values(ascending=False).index
    figure, (axis,) = panels(1, 1, 7.0, 1.0 + 0.26 * len(order))
    for place, method in enumerate(order):
        low, high = ranks[method].quantile([0.25, 0.75])
        axis.hlines(place, low, high, color=_COLOURS[kinds[method]], linewidth=7, alpha=0.4)
        axis.plot(ranks[method].mean(), place, "o", color=_COLOURS[kinds[method]], markersize=5)
    axis.set_yticks(range(len(order)), order, fontsize=8)
    axis.set_xlabel(f"rank over {len(wide)} data sets and sizes, 1 is best: mean and quartiles")
    return figure


def metric_text(row: pd.Series) -> str:
    """Name a metric with the direction in which it is better.

    Examples
    --------
    >>> import pandas as pd
    >>> from sktl.evaluation.scores import metric_text
    >>> metric_text(pd.Series({"metric": "f1_weighted", "greater_is_better": True}))
    'f1 weighted ↑'
    """
    return f"{row['metric'].replace('_', ' ')} {'↑' if row['greater_is_better'] else '↓'}"


def mean_text(mean: float, std: float, decimals: int) -> str:
    """Write a mean with its standard deviation, or alone where there was one rerun.

    Examples
    --------
    >>> from sktl.evaluation.scores import mean_text
    >>> mean_text(0.48812, 0.0123, 3), mean_text(8.316, float("nan"), 2)
    ('0.488 ± 0.012', '8.32')
    """
    text = f"{mean:.{decimals}f}"
    return text if np.isnan(std) else f"{text} ± {std:.{decimals}f}"


def decimals_for(means: pd.Series) -> int:
    """Return how many decimals give the smallest of some means three digits, at most four.

    Examples
    --------
    >>> import pandas as pd
    >>> from sktl.evaluation.scores import decimals_for
    >>> decimals_for(pd.Series([0.488, 0.76])), decimals_for(pd.Series([8.3, 217.9]))
    (3, 2)
    """
    smallest = means.abs().where(means != 0).min()
    return 2 if np.isnan(smallest) else int(np.clip(2 - np.floor(np.log10(smallest)), 0, 4))
