"""Analysis of the records: cells, ranks, wins against the best peer in hindsight, costs.

A *cell* is a target and a training size; its score is the mean over draws. A ratio is the error
divided by the peer's error, or the peer's F1 divided by ours: 1.02 is 2 % worse, 0.9 is better.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.studies.few_labels.peers import PEERS, RARE
from benchmarks.studies.few_labels.targets import HELD_OUT
from sktl.evaluation.rankings import Ranking, rank
from sktl.evaluation.readers import read_records

MAIN = "AutoTransfer"
REFERENCE = "MultiRocket + ridge"
TIE = 0.02
CELL = ["target", "n_train"]


def read(path: Path) -> pd.DataFrame:
    """Read records of finished fits with sktl.evaluation, with ``rerun`` as a number.

    Parameters
    ----------
    path : pathlib.Path
        The runner's ``records.csv``.

    Returns
    -------
    pandas.DataFrame
        One row per fit; ``value`` is the score with the sign changed so that greater is better.
    """
    return read_records(path).table.assign(rerun=lambda table: table["rerun"].astype(int))


def scores(table: pd.DataFrame, half: str, draws_of: str | None = None) -> pd.DataFrame:
    """Return the mean score of every method in every cell of a half.

    Parameters
    ----------
    table : pandas.DataFrame
        Return value of `read`.
    half : str
        Name of the half.
    draws_of : str, optional
        Use only draws of this method and of MultiRocket, and of these the draws with the most
        methods, so that all means are over the same draws.

    Returns
    -------
    pandas.DataFrame
        Indexed by target and n_train; NaN for a method that lacks one of the draws.
    """
    table = table[table["half"] == half]
    wide = table.pivot_table("test_score", [*CELL, "rerun"], "architecture", aggfunc="first")
    if draws_of is not None:
        wide = wide[wide[draws_of].notna()] if draws_of in wide else wide.iloc[:0]
        wide = wide[wide[REFERENCE].notna()] if REFERENCE in wide else wide.iloc[:0]
        have = wide.notna().sum(axis=1)
        wide = wide[have == have.groupby(CELL).transform("max")]
    return wide.groupby(CELL).agg(lambda column: column.mean(skipna=False))


def errors_of(table: pd.DataFrame) -> dict[str, bool]:
    """Return, for every target, True if its score is an error, so that smaller is better."""
    return table.groupby("target")["metric"].first().eq("mae").to_dict()


def ratios(means: pd.DataFrame, is_error: dict[str, bool]) -> pd.DataFrame:
    """Return the losses of all methods: the error, or 1 / F1, rounded so that equal scores tie."""
    error = np.array([is_error[target] for target, _ in means.index], dtype=bool)
    values = means.to_numpy(float)
    # No division by zero for an error or a score of zero.
    tiny = 1e-9
    losses = np.where(error[:, None], values + tiny, 1 / (values + tiny))
    # Equal scores must tie: their last digits depend on the order of a sum.
    digits = 9 - np.floor(np.log10(losses, where=losses > 0, out=np.zeros_like(losses)))
    scale = 10.0**digits
    return pd.DataFrame(np.round(losses * scale) / scale, means.index, means.columns)


@dataclass(frozen=True)
class Outcome:
    """Comparison of a method with another, or with the best of several in hindsight.

    Parameters
    ----------
    cells : int
        Number of cells.
    wins, ties, losses : int
        Cells in which the method is more than 2 % better, in between, or more than 2 % worse.
    worst : float
        The largest ratio.
    table : pandas.DataFrame
        ``best`` (name of the other method), ``ours``, ``theirs`` and ``ratio`` of every cell.
    """

    cells: int
    wins: int
    ties: int
    losses: int
    worst: float
    table: pd.DataFrame

    @property
    def share(self) -> float:
        """Fraction of cells won or tied."""
        return (self.wins + self.ties) / self.cells if self.cells else float("nan")


def against(
    means: pd.DataFrame, is_error: dict[str, bool], rivals: list[str], method: str = MAIN
) -> Outcome:
    """Compare a method with the best of its rivals in every cell.

    Parameters
    ----------
    means : pandas.DataFrame
        Return value of `scores`.
    is_error : dict
        Return value of `errors_of`.
    rivals : list of str
        Names of the rivals.
    method : str
        Name of the method.

    Returns
    -------
    Outcome
        Counts, and a table of all cells.
    """
    rivals = [name for name in rivals if name in means]
    means = means[means[method].notna() & means[rivals].notna().any(axis=1)]
    losses = ratios(means, is_error)
    best = losses[rivals].idxmin(axis=1)
    ratio = losses[method] / losses[rivals].min(axis=1)
    theirs = [means.loc[cell, name] for cell, name in best.items()]
    table = pd.DataFrame({"best": best, "ours": means[method], "theirs": theirs, "ratio": ratio})
    wins, losses_ = int((ratio < 1 - TIE).sum()), int((ratio > 1 + TIE).sum())
    return Outcome(
        len(table), wins, len(table) - wins - losses_, losses_,
        float(ratio.max()) if len(table) else float("nan"), table,
    )  # fmt: skip


def ranked(means: pd.DataFrame, is_error: dict[str, bool], name: str) -> Ranking:
    """Rank the methods over cells.

    Methods with scores in fewer than 90 % of the cells (the last value, slow ones) are left out.
    """
    whole = means.dropna(axis=1, thresh=max(1, int(np.ceil(0.9 * len(means)))))
    question = "methods over target and training size"
    return rank(name, question, -ratios(whole, is_error))


def ranked_by_target(means: pd.DataFrame, is_error: dict[str, bool], name: str) -> Ranking:
    """Rank the methods over targets, whose data are independent, unlike those of cells.

    A target's value is the mean rank of its cells.
    """
    whole = means.dropna(axis=1, thresh=max(1, int(np.ceil(0.9 * len(means))))).dropna()
    per_cell = ratios(whole, is_error).rank(axis=1)
    return rank(name, "methods over targets", -per_cell.groupby("target").mean())


def peers_in(means: pd.DataFrame) -> list[str]:
    """Return the peers with scores, including those for some cells only."""
    return [name for name in PEERS if name in means]


def costs(table: pd.DataFrame) -> pd.DataFrame:
    """Return the median time and memory of every method, over the fits of the main method."""
    ours = table[table["architecture"] == MAIN]
    keys = [*CELL, "rerun"]
    if len(ours):
        table = table.merge(ours[keys].drop_duplicates(), on=keys)
    grouped = table.groupby("architecture")
    return pd.DataFrame({
        "fits": grouped.size(),
        "fit, s": grouped["fit_cpu_seconds"].median(),
        "fit, s, 90 %": grouped["fit_cpu_seconds"].quantile(0.9),
        "predict, s": grouped["predict_cpu_seconds"].median(),
        "memory, MiB": grouped["peak_mb"].median(),
    })  # fmt: skip


def left_out(path: Path) -> pd.DataFrame:
    """Return failed and skipped fits, with their reason and number."""
    table = pd.read_csv(path)
    bad = table[table["status"] == "failed"]
    return bad.groupby(["architecture", "error"]).size().rename("fits").reset_index()


def common(path: Path, half: str = HELD_OUT) -> pd.DataFrame:
    """Return the mean scores of a half over the draws of the main method (all, without one)."""
    table = read(path)
    has = (table["architecture"] == MAIN).any()
    return scores(table, half, MAIN if has else None)


__all__ = ["MAIN", "RARE", "REFERENCE", "Outcome", "against", "common", "costs", "errors_of",
           "left_out", "peers_in", "ranked", "ranked_by_target", "read", "scores"]  # fmt: skip
