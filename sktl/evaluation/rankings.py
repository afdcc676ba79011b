"""Rankings of three or more treatments: Friedman's test, then Nemenyi's for every pair."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from sktl._words import counted
from sktl.evaluation.domains import title
from sktl.evaluation.protocols import Comparison
from sktl.evaluation.records import Records
from sktl.evaluation.schema import CELL
from sktl.evaluation.statistics import (
    friedman,
    mean_ranks,
    nemenyi,
    nemenyi_critical_difference,
)


@dataclass(frozen=True)
class Ranking:
    """Mean ranks of treatments over complete blocks.

    Parameters
    ----------
    name : str
        ``architectures``, ``omegas`` or ``methods``.
    question : str
        Description of treatments and blocks.
    ranks : dict of str to float
        Mean ranks, 1 is best; empty if the ranking could not be computed.
    n_blocks, n_left_out : int
        Number of complete blocks, which are used, and of incomplete ones.
    pvalue : float
        Friedman's test with Iman and Davenport's statistic.
    critical_difference : float
        Nemenyi's critical difference of mean ranks at 0.05.
    pvalues : pandas.DataFrame
        p-values of Nemenyi's test for every pair.
    problem : str
        Reason why the ranking could not be computed; empty otherwise.
    """

    name: str
    question: str
    ranks: dict[str, float] = field(default_factory=dict)
    n_blocks: int = 0
    n_left_out: int = 0
    pvalue: float = float("nan")
    critical_difference: float = float("nan")
    pvalues: pd.DataFrame = field(default_factory=pd.DataFrame)
    problem: str = ""


def rank(name: str, question: str, wide: pd.DataFrame) -> Ranking:
    """Rank the columns of a table over its complete rows.

    Parameters
    ----------
    name, question : str
        See `Ranking`.
    wide : pandas.DataFrame
        Blocks as rows, treatments as columns, greater is better; NaN makes a block incomplete.

    Returns
    -------
    Ranking
        Mean ranks and tests, or the problem.

    Examples
    --------
    >>> import pandas as pd
    >>> from sktl.evaluation.rankings import rank
    >>> wide = pd.DataFrame({"a": [3, 3, 3], "b": [2, 2, 2], "c": [1, 1, None]})
    >>> result = rank("letters", "letters over numbers", wide)
    >>> result.ranks, result.n_blocks, result.n_left_out
    ({'a': 1.0, 'b': 2.0, 'c': 3.0}, 2, 1)
    """
    complete = wide.dropna()
    lost = len(wide) - len(complete)
    if wide.shape[1] < 3 or len(complete) < 2:
        problem = (
            "needs at least three treatments and two complete blocks; the records have "
            f"{counted(wide.shape[1], 'treatment')} and {counted(len(complete), 'complete block')}"
        )
        return Ranking(name, question, {}, len(complete), lost, problem=problem)
    scores, labels = complete.to_numpy(float), [str(label) for label in wide.columns]
    return Ranking(
        name,
        question,
        dict(zip(labels, mean_ranks(scores).tolist(), strict=True)),
        len(complete),
        lost,
        friedman(scores).pvalue,
        nemenyi_critical_difference(*scores.shape),
        pd.DataFrame(nemenyi(scores), labels, labels),
    )


def rankings(records: Records, comparison: Comparison) -> list[Ranking]:
    """Rank architectures under transfer, omegas with training from scratch, and all methods.

    Parameters
    ----------
    records : Records
        Checked records.
    comparison : Comparison
        Comparison of transfer and references.

    Returns
    -------
    list of Ranking
        Two, and with baselines a third of networks from scratch and baselines.
    """
    cells = comparison.cells
    by_architecture = cells.pivot_table(
        "value", ["source", "target", "n_train"], "architecture", dropna=False
    ).dropna(how="all")
    search = comparison.search.assign(
        label=comparison.search["omega"].map(lambda omega: f"ω = {omega:g}")
    )
    by_omega = search.pivot_table("value", CELL, "label")
    by_omega["from scratch"] = search.groupby(CELL)["reference_value"].mean()
    found = [
        rank(
            "architectures",
            "architectures with transfer, over source, target and size",
            by_architecture.rename(columns=title),
        ),
        rank(
            "omegas",
            "each omega and training from scratch, over architecture, source, target and size",
            by_omega,
        ),
    ]
    table = records.table[~records.table["rerun"].isin(comparison.exclude_reruns)]
    scratch = table[np.isin(table["kind"], ["reference", "baseline"]) & (table["repeat"] == 0)]
    if (scratch["kind"] == "baseline").any():
        methods = scratch.pivot_table(
            "value", ["target", "n_train", "rerun"], "architecture", dropna=False
        ).dropna(how="all")
        networks = scratch.loc[scratch["kind"] == "reference", "architecture"].unique()
        blocks = methods[methods[networks].notna().all(axis=1)]
        # A baseline that exists for one task only, such as the last value, cannot be ranked.
        partial = blocks.columns[blocks.isna().any()]
        question = "networks from scratch and baselines, over target, size and rerun"
        if len(partial):
            question += f" (without {', '.join(partial)}: not in every block)"
        ranking = rank("methods", question, blocks.drop(columns=partial).rename(columns=title))
        found.append(replace(ranking, n_left_out=len(methods) - len(blocks)))
    return found
