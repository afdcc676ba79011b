"""What the records say: cells, ranks, wins against the best peer in hindsight, costs.

A *cell* is a target and a training size; its score is the mean over draws. Ratios are losses: the
error over the peer's error, or the peer's F1 over ours. 1.02 is 2 % worse, 0.9 is better.
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
    """Read finished records through sktl.evaluation, with ``rerun`` as a number.

    Parameters
    ----------
    path : pathlib.Path
        The runner's ``records.csv``.

    Returns
    -------
    pandas.DataFrame
        ``value`` is the score with its sign turned so that greater is better.
    """
    return read_records(path).table.assign(rerun=lambda table: table["rerun"].astype(int))


def scores(table: pd.DataFrame, half: str, draws_of: str | None = None) -> pd.DataFrame:
    """Return the mean score of every method in every cell of a half.

    Parameters
    ----------
    table : pandas.DataFrame
        As `read` gives it.
    half : str
    draws_of : str, optional
        Only cells that MultiRocket has as well, and only draws that this method has, and of these
        the ones that most methods have, so that means are over the same draws.

    Returns
    -------
    pandas.DataFrame
        Indexed by target and n_train; a method is missing where it lacks one of the draws.
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
    """Say of every target whether its score is an error, of which less is better."""
    return table.groupby("target")["metric"].first().eq("mae").to_dict()


def ratios(means: pd.DataFrame, is_error: dict[str, bool]) -> pd.DataFrame:
    """Return by how much a cell's best of all methods is better than each: 1 is the best."""
    error = np.array([is_error[target] for target, _ in means.index], dtype=bool)
    values = means.to_numpy(float)
    # A perfect score of zero errors, or no right prediction at all, must not divide by zero.
    tiny = 1e-9
    losses = np.where(error[:, None], values + tiny, 1 / (values + tiny))
    # Equal scores must tie: the order of a sum decides their last digits.
    digits = 9 - np.floor(np.log10(losses, where=losses > 0, out=np.zeros_like(losses)))
    scale = 10.0**digits
    return pd.DataFrame(np.round(losses * scale) / scale, means.index, means.columns)


@dataclass(frozen=True)
class Outcome:
    """How a method does against another, or against the best of several in hindsight.

    Parameters
    ----------
    cells : int
    wins, ties, losses : int
        Better or worse by more than 2 %; ties between.
    worst : float
        The largest ratio.
    table : pandas.DataFrame
        ``best`` (name of the rival), ``ours``, ``theirs`` and ``ratio`` of every cell.
    """

    cells: int
    wins: int
    ties: int
    losses: int
    worst: float
    table: pd.DataFrame

    @property
    def share(self) -> float:
        """Share of cells won or tied."""
        return (self.wins + self.ties) / self.cells if self.cells else float("nan")


def against(
    means: pd.DataFrame, is_error: dict[str, bool], rivals: list[str], method: str = MAIN
) -> Outcome:
    """Hold a method against the best of its rivals in every cell.

    Parameters
    ----------
    means : pandas.DataFrame
        As `scores` gives it.
    is_error : dict
        As `errors_of` gives it.
    rivals : list of str
    method : str

    Returns
    -------
    Outcome
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
    """Rank the methods that have every complete cell, over cells.

    Methods that apply to some cells alone (the last value) or were too slow for some are left out.
    """
    whole = means.dropna(axis=1, thresh=max(1, int(np.ceil(0.9 * len(means)))))
    question = "methods over target and training size"
    return rank(name, question, -ratios(whole, is_error))


def ranked_by_target(means: pd.DataFrame, is_error: dict[str, bool], name: str) -> Ranking:
    """Rank methods over targets alone: cells of one target share data, so this is the safe test.

    A target's value is the mean rank of its cells.
    """
    whole = means.dropna(axis=1, thresh=max(1, int(np.ceil(0.9 * len(means))))).dropna()
    per_cell = ratios(whole, is_error).rank(axis=1)
    return rank(name, "methods over targets", -per_cell.groupby("target").mean())


def peers_in(means: pd.DataFrame) -> list[str]:
    """Return the peers that ran, the rare ones too."""
    return [name for name in PEERS if name in means]


def costs(table: pd.DataFrame) -> pd.DataFrame:
    """Return the median seconds and memory of every method by training size.

    Over the (target, size, draw) that the main method has too, where it has any.
    """
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
    """Return what failed or was skipped, with its reason and how often."""
    table = pd.read_csv(path)
    bad = table[table["status"] == "failed"]
    return bad.groupby(["architecture", "error"]).size().rename("fits").reset_index()


def common(path: Path, half: str = HELD_OUT) -> pd.DataFrame:
    """Return the means of a half over the draws that the main method has (all, if it has none)."""
    table = read(path)
    has = (table["architecture"] == MAIN).any()
    return scores(table, half, MAIN if has else None)


__all__ = ["MAIN", "RARE", "REFERENCE", "Outcome", "against", "common", "costs", "errors_of",
           "left_out", "peers_in", "ranked", "ranked_by_target", "read", "scores"]  # fmt: skip
