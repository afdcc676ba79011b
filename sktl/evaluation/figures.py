"""Figures of a comparison; each function returns a matplotlib ``Figure``, no window is opened.

matplotlib is imported when a figure is made. :func:`to_svg` writes a figure as SVG text that is
the same in every run.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sktl.evaluation import tables
from sktl.evaluation.domains import ordered, size_label, title
from sktl.evaluation.protocols import Comparison

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Colours that stay apart for people with colour blindness (Wong 2011).
TRANSFER, SCRATCH, OTHER = "#0072b2", "#d55e00", "#009e73"


def panels(n: int, columns: int, width: float, height: float) -> tuple[Figure, list]:
    """Make n panels in rows, without matplotlib's windows.

    Parameters
    ----------
    n : int
        Panels.
    columns : int
        Most panels in a row.
    width, height : float
        Of one panel, in inches.

    Returns
    -------
    (matplotlib.figure.Figure, list of matplotlib.axes.Axes)

    Examples
    --------
    >>> from sktl.evaluation.figures import panels
    >>> len(panels(3, 2, 3.0, 2.0)[1])
    3
    """
    from matplotlib.figure import Figure

    columns = min(n, columns)
    rows = -(-n // columns)
    figure = Figure(figsize=(width * columns, height * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel().tolist()
    for empty in axes[n:]:
        empty.set_axis_off()
    for axis in axes[:n]:
        axis.spines[["top", "right"]].set_visible(False)
    return figure, axes[:n]


def to_svg(figure: Figure) -> str:
    """Write a figure as SVG text.

    Parameters
    ----------
    figure : matplotlib.figure.Figure

    Returns
    -------
    str
        The ``<svg>`` element; equal figures give equal text.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from sktl.evaluation.figures import to_svg
    >>> to_svg(Figure(figsize=(1, 1)))[:4]
    '<svg'
    """
    import matplotlib

    buffer = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": "sktl", "svg.fonttype": "path"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :].strip()


def figure_8(comparison: Comparison) -> Figure:
    """Draw Figure 8 of the paper: mean percent gain of each architecture at each omega.

    Parameters
    ----------
    comparison : Comparison

    Returns
    -------
    matplotlib.figure.Figure
        One panel per architecture.
    """
    table = tables.omega_table(comparison)
    figure, axes = panels(len(table), 2, 4.2, 2.6)
    for axis, (name, row) in zip(axes, table.iterrows(), strict=True):
        places = np.arange(len(row))
        axis.bar(places, row, color=np.where(row >= 0, TRANSFER, SCRATCH))
        axis.axhline(0, color="black", linewidth=0.8)
        axis.set_xticks(places, [f"{omega:g}" for omega in row.index], rotation=60)
        axis.set(title=title(str(name)), xlabel="ω", ylabel="mean gain in %")
    return figure


def gain_against_omega(comparison: Comparison) -> Figure:
    """Draw the median gain against omega with its quartiles, one panel per architecture.

    Parameters
    ----------
    comparison : Comparison

    Returns
    -------
    matplotlib.figure.Figure

    Notes
    -----
    The median, because a few targets with gains of hundreds of percent rule every mean.
    """
    search = comparison.search
    names = ordered(search["architecture"])
    figure, axes = panels(len(names), 2, 4.2, 2.6)
    for axis, name in zip(axes, names, strict=True):
        groups = search[search["architecture"] == name].groupby("omega")["gain"]
        low, middle, high = (groups.quantile(q) for q in (0.25, 0.5, 0.75))
        axis.fill_between(middle.index, low, high, color=TRANSFER, alpha=0.2, linewidth=0)
        axis.plot(middle.index, middle, color=TRANSFER, marker="o", markersize=4)
        axis.axhline(0, color="black", linewidth=0.8)
        axis.set(title=title(name), xlabel="ω", ylabel="gain in %")
    return figure


def heat_map(
    comparison: Comparison, of: str = "score", table: pd.DataFrame | None = None
) -> Figure:
    """Draw the mean percent gain of each source (row) on each target and size (column).

    Significant cells are bold and framed; ``≠`` marks those whose mean and ranks disagree.

    Parameters
    ----------
    comparison : Comparison
    of : {"score", "convergence"}
    table : pandas.DataFrame, optional
        Of :func:`sktl.evaluation.tables.percent_table`, where it was already made.

    Returns
    -------
    matplotlib.figure.Figure
    """
    from matplotlib.colors import SymLogNorm
    from matplotlib.patches import Rectangle

    table = tables.percent_table(comparison, of) if table is None else table
    places, sources = tables.columns(comparison), ordered(table["source"])
    percent = pd.DataFrame(tables.grid(comparison, table, "percent", np.nan)).T.to_numpy(float)
    colours = tables.grid(comparison, table, "colour", "-")
    figure, (axis,) = panels(1, 1, 2.0 + 0.72 * len(places), 1.2 + 0.45 * len(sources))
    largest = np.nanmax(np.abs(percent), initial=10.0)
    # Gains run from tenths to thousands of percent: linear up to 10 %, logarithmic beyond.
    norm = SymLogNorm(10, vmin=-largest, vmax=largest)
    image = axis.imshow(percent, cmap="RdBu", norm=norm, aspect="auto")
    figure.colorbar(image, ax=axis, label="gain in %", ticks=_ticks(largest), format="%g")
    for row, source in enumerate(sources):
        for column, colour in enumerate(colours[source]):
            value = percent[row, column]
            if np.isnan(value):
                continue
            significant = colour != "."
            axis.text(
                column, row, percent_text(value) + (" ≠" if colour == "m" else ""),
                ha="center", va="center", fontsize=8.5,
                fontweight="bold" if significant else "normal",
                color="white" if abs(norm(value) - 0.5) > 0.3 else "black",
            )  # fmt: skip
            if significant:
                frame = Rectangle((column - 0.46, row - 0.45), 0.92, 0.9, fill=False, linewidth=1.4)
                axis.add_patch(frame)
    # Names in several lines stand side by side without turning.
    labels = [
        f"{title(target).replace('-simulated', chr(10) + 'simulated')}\n{size_label(size)}"
        for target, size in places
    ]
    axis.set_xticks(range(len(places)), labels, fontsize=8)
    axis.set_yticks(range(len(sources)), [title(source) for source in sources])
    axis.set(xlabel="target and training instances", ylabel="source")
    axis.spines[:].set_visible(False)
    return figure


def _ticks(largest: float) -> list[float]:
    steps = [step for step in (10.0, 100.0, 1000.0, 10000.0) if step <= largest]
    return [-step for step in steps[::-1]] + [0.0, *steps]


def percent_text(value: float) -> str:
    """Write a percentage with three digits and its sign.

    Examples
    --------
    >>> from sktl.evaluation.figures import percent_text
    >>> percent_text(1823.4), percent_text(-0.0321), percent_text(12.34)
    ('+1823', '-0.03', '+12.3')
    """
    digits = 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0
    return f"{value:+.{digits}f}"


def critical_difference(ranks: Mapping[str, float], pvalues: pd.DataFrame) -> Figure:
    """Draw a critical-difference diagram (Demšar 2006) with ``scikit-posthocs``.

    Parameters
    ----------
    ranks : mapping of str to float
        Mean rank of each treatment, 1 is best.
    pvalues : pandas.DataFrame
        Pairwise p-values, treatments as rows and columns; a bar joins those above 0.05.

    Returns
    -------
    matplotlib.figure.Figure
    """
    import scikit_posthocs

    figure, (axis,) = panels(1, 1, 7.0, 1.2 + 0.24 * len(ranks))
    scikit_posthocs.critical_difference_diagram(
        pd.Series(dict(ranks)), pvalues, ax=axis, label_fmt_left="{label} ({rank:.2f})",
        label_fmt_right="({rank:.2f}) {label}", text_h_margin=0.05,
    )  # fmt: skip
    return figure
