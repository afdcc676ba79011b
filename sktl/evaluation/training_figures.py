"""Figures and numbers of the training itself: learning curves, time, parameters, failures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sktl.evaluation import tables
from sktl.evaluation.defects import share_failed
from sktl.evaluation.domains import ordered, size_label, title
from sktl.evaluation.figures import OTHER, SCRATCH, TRANSFER, panels
from sktl.evaluation.protocols import Comparison
from sktl.evaluation.records import Records
from sktl.evaluation.schema import GROUP

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def curve_part(records: Records, comparison: Comparison) -> str | None:
    """Return which curves to draw: validation, test, or None where there are none.

    Parameters
    ----------
    records : Records
    comparison : Comparison

    Returns
    -------
    str or None
    """
    found = [records.curves.get(index, {}) for index in comparison.pairs.index]
    order = ["validation", "test"]
    for part in order if comparison.protocol == "honest" else order[::-1]:
        if sum(len(curve.get(part, ())) > 1 for curve in found) > len(found) / 2:
            return part
    return None


def learning_curves(records: Records, comparison: Comparison) -> Figure | None:
    """Draw the median score per epoch of the chosen transfers and of their references.

    Parameters
    ----------
    records : Records
    comparison : Comparison

    Returns
    -------
    matplotlib.figure.Figure or None
        One panel per target and size; None where the records hold no curves.

    Notes
    -----
    Trials stop at different epochs. A line is the median, a band the quartiles, of the trials
    still training, and both end where fewer than half of them are.
    """
    part = curve_part(records, comparison)
    if part is None:
        return None
    table = records.table
    keys = [*GROUP, "rerun"]
    references = table[(table["kind"] == "reference") & (table["repeat"] == 0)]
    used = references.set_index(keys).index.isin(comparison.pairs.set_index(keys).index)
    sides = {
        "from scratch": (references[used], SCRATCH, "--"),
        "transfer": (comparison.pairs, TRANSFER, "-"),
    }
    places = tables.columns(comparison)
    figure, axes = panels(len(places), 3, 3.2, 2.4)
    for axis, (target, size) in zip(axes, places, strict=True):
        for name, (rows, colour, dashes) in sides.items():
            here = rows[(rows["target"] == target) & (rows["n_train"] == size)]
            curves = [records.curves.get(index, {}).get(part) for index in here.index]
            band = _median_band([curve for curve in curves if curve is not None and len(curve)])
            if band is None:
                continue
            epochs = np.arange(1, band.shape[1] + 1)
            axis.fill_between(epochs, band[0], band[2], color=colour, alpha=0.15, linewidth=0)
            axis.plot(epochs, band[1], dashes, color=colour, label=name)
        metric = comparison.cells.loc[comparison.cells["target"] == target, "metric"].iloc[0]
        axis.set(title=f"{title(target)} {size_label(size)}", xlabel="epoch",
                 ylabel=f"{part} {metric.replace('_', ' ')}")  # fmt: skip
    axes[0].legend(frameon=False, fontsize=8)
    return figure


def _median_band(curves: list[np.ndarray]) -> np.ndarray | None:
    """Quartiles (3, epochs) of ragged curves, while at least half of them last."""
    if not curves:
        return None
    lengths = sorted(map(len, curves))
    wide = np.full((len(curves), lengths[len(lengths) // 2]), np.nan)
    for row, curve in zip(wide, curves, strict=True):
        row[: len(curve)] = curve[: wide.shape[1]]
    return np.nanquantile(wide, [0.25, 0.5, 0.75], axis=0)


def cost_table(records: Records) -> pd.DataFrame:
    """Training time, epochs, parameters and failures of each architecture and kind.

    Parameters
    ----------
    records : Records

    Returns
    -------
    pandas.DataFrame
        architecture, kind, trials, failed, share (of failed), and medians: seconds, epochs,
        n_parameters (NaN where the records do not say).
    """
    medians = records.table.groupby(["architecture", "kind"])[
        ["seconds", "epochs", "n_parameters"]
    ].median()
    return share_failed(records).join(medians, on=["architecture", "kind"])


def cost(table: pd.DataFrame) -> Figure | None:
    """Draw training time (or epochs), parameters and share of failed trials.

    Parameters
    ----------
    table : pandas.DataFrame
        Of :func:`cost_table`.

    Returns
    -------
    matplotlib.figure.Figure or None
        One panel per quantity; None where the records state none and no trial failed.
    """
    wanted = {
        "seconds": "median training time in s", "epochs": "median epochs",
        "n_parameters": "parameters (median)", "share": "failed trials in %",
    }  # fmt: skip
    shown = {name: label for name, label in wanted.items() if table[name].gt(0).any()}
    if not shown:
        return None
    names = ordered(table["architecture"])
    figure, axes = panels(len(shown), 2, 4.4, 1.1 + 0.34 * len(names))
    colours = {"reference": SCRATCH, "transfer": TRANSFER, "baseline": OTHER}
    words = {"reference": "from scratch"}
    for axis, (column, label) in zip(axes, shown.items(), strict=True):
        for offset, (kind, colour) in zip((0.27, 0, -0.27), colours.items(), strict=True):
            rows = table[table["kind"] == kind].set_index("architecture")
            values = rows[column].reindex(names) * (100 if column == "share" else 1)
            if len(rows):
                places = np.arange(len(names)) + offset
                axis.barh(places, values, 0.25, color=colour, label=words.get(kind, kind))
        axis.set_yticks(range(len(names)), [title(name) for name in names], fontsize=8)
        axis.set_xlabel(label)
        axis.invert_yaxis()
        if column == "n_parameters":
            axis.set_xscale("log")
        elif column == "share":
            axis.set_xlim(0, max(1.0, 110 * float(table["share"].max())))
    figure.legend(*axes[0].get_legend_handles_labels(), frameon=False, fontsize=8,
                  loc="outside upper center", ncols=3)  # fmt: skip
    return figure
