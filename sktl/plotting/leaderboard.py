"""What AutoTransfer compared."""

from __future__ import annotations

import textwrap
from typing import Any

import numpy as np

from sktl.plotting._canvas import BLACK, GREY, one_axes, style

_SCORES = {
    "classifier": "log loss of left-out instances (lower is better)",
    "regressor": "mean absolute error of left-out instances (lower is better)",
}


def plot_leaderboard(search: Any, *, n: int = 15, ax: Any = None) -> Any:
    """Plot the candidates of an AutoTransfer estimator: scores, standard errors and weights.

    Parameters
    ----------
    search : AutoTransferClassifier or AutoTransferRegressor
        Fitted.
    n : int, default=15
        Number of candidates, the best first; the average, and candidates with more than a tenth
        of the weight in it, are shown as well.
    ax : matplotlib.axes.Axes, optional
        Where to draw. Default: a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        The best candidate is at the top. Bars are one standard error over the instances (or
        groups); on the right is each candidate's weight in what predicts.

    Raises
    ------
    TypeError
        If `search` has no leaderboard.
    ValueError
        If `n` is below 1.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.model_selection import AutoTransferRegressor
    >>> from sktl.plotting import plot_leaderboard
    >>> y = np.arange(12.0)
    >>> X = 10 ** y[:, None, None] * np.random.default_rng(0).normal(size=(12, 1, 40))
    >>> search = AutoTransferRegressor("fast", sources=None).fit(X, y)
    >>> ax = plot_leaderboard(search, n=5)
    >>> ax.get_xlabel()
    'mean absolute error of left-out instances (lower is better)'
    """
    board = getattr(search, "leaderboard_", None)
    if board is None:
        raise TypeError(
            "plot_leaderboard needs a fitted AutoTransferClassifier or AutoTransferRegressor. "
            f"Received: {type(search).__name__} without leaderboard_"
        )
    if n < 1:
        raise ValueError(f"n must be at least 1. Received: n={n!r}")
    scored = board[board["score"].notna()]
    predicts = (scored["weight"].fillna(0) > 0.1) | (scored["kind"] == "average")
    rows = scored[(np.arange(len(scored)) < n) | predicts.to_numpy()].iloc[::-1]
    ax = one_axes(ax, width=8.0, height=1.5 + 0.29 * len(rows))
    kinds = list(dict.fromkeys(board["kind"]))
    for place, (_, row) in enumerate(rows.iterrows()):
        _draw(ax, place, row, style(kinds.index(row["kind"])))
    ax.set_yticks(range(len(rows)), [textwrap.shorten(name, 46) for name in rows["candidate"]])
    ax.set_ylim(-0.7, len(rows) - 0.3)
    ax.grid(axis="x", color=GREY, alpha=0.25, linewidth=0.6)
    ax.set_axisbelow(True)
    ax.set_xlabel(_SCORES.get(getattr(search, "_kind", ""), "score (lower is better)"))
    ax.set_title(_title(board, len(rows), len(scored)), loc="left", fontsize="medium")
    ax.text(1.01, 1.01, "weight", transform=ax.transAxes, fontsize="small")
    used = [kind for kind in kinds if kind in set(rows["kind"])]
    for kind in used:
        colour, marker = style(kinds.index(kind))
        ax.plot([], [], marker, color=colour, label=kind)
    ax.legend(frameon=False, fontsize="small", loc="upper left", bbox_to_anchor=(1.12, 1.0))
    return ax


def _title(board, n_shown, n_scored):
    """Say what is not shown, and why."""
    title = f"{n_shown} of {n_scored} candidates"
    n_left_out = len(board) - n_scored
    return title + (f"; {n_left_out} not compared" if n_left_out else "")


def _draw(ax, place, row, look):
    colour, marker = look
    weight = row["weight"]
    uses = bool(weight > 0)
    error = 0.0 if np.isnan(row["standard_error"]) else row["standard_error"]
    ax.errorbar(row["score"], place, xerr=error, fmt=marker, color=colour, elinewidth=1.2,
                capsize=2, markersize=6)  # fmt: skip
    if uses:
        # In axes' width from the left, in data's height from below.
        across = ax.get_yaxis_transform()
        ax.text(1.01, place, f"{weight:.0%}", transform=across, va="center", fontsize="small",
                color=BLACK)  # fmt: skip
