"""Tables 3 to 10 and Figure 8 of Otović et al. as numbers, for any records."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from sktl.evaluation.domains import ordered, size_label
from sktl.evaluation.protocols import Comparison
from sktl.evaluation.statistics import (
    rank_biserial,
    sign_test_counts,
    two_stage_bky,
    wilcoxon_signed_rank,
)

#: Rows of Tables 3, 4 and 10, with their printed names.
RELATIONS = {
    "intra": "Intra-domain (within seismology)",
    "cross": "Cross-domain",
    "seis>other": "From seismology to other domains",
    "other>seis": "From other domains to seismology",
    "other>other": "Between other domains",
    "total": "Total",
}


def _rows(cells: pd.DataFrame, relation: str) -> pd.DataFrame:
    if relation == "total":
        return cells
    if relation == "cross":
        return cells[cells["relation"] != "intra"]
    return cells[cells["relation"] == relation]


def count(outcomes: pd.Series) -> dict[str, int]:
    """Count wins, losses and ties among outcomes 1, -1 and 0; NaN is not counted.

    Examples
    --------
    >>> import pandas as pd
    >>> from sktl.evaluation.tables import count
    >>> count(pd.Series([1, 1, -1, 0, None]))
    {'wins': 2, 'losses': 1, 'ties': 1}
    """
    return {
        "wins": int((outcomes == 1).sum()),
        "losses": int((outcomes == -1).sum()),
        "ties": int((outcomes == 0).sum()),
    }


def percent_of(part: float, whole: int) -> int | None:
    """Return a fraction in whole percent, halves rounded up; None if `whole` is 0.

    Examples
    --------
    >>> from sktl.evaluation.tables import percent_of
    >>> percent_of(43, 48), percent_of(1, 8), percent_of(0, 0)
    (90, 13, None)
    """
    return int((200 * part + whole) // (2 * whole)) if whole else None


def win_table(comparison: Comparison, outcome: str = "outcome") -> dict[str, dict[str, Any]]:
    """Count wins and losses of transfer by relation of the domains, with sign tests.

    Table 3 with ``outcome``, Table 4 with ``convergence_outcome``.

    Parameters
    ----------
    comparison : Comparison
        Comparison of transfer and references.
    outcome : {"outcome", "convergence_outcome"}
        Column of the outcomes.

    Returns
    -------
    dict
        For each key of :data:`RELATIONS`: wins, losses, ties, cells, percent_won and
        percent_lost (of the cells), pvalue, n (of the test), critical, critical_exact,
        significant_by_count, significant.
    """
    table: dict[str, dict[str, Any]] = {}
    for relation in RELATIONS:
        counts = count(_rows(comparison.cells, relation)[outcome])
        test = sign_test_counts(**counts)
        cells = sum(counts.values())
        shares = {
            "cells": cells,
            "percent_won": percent_of(counts["wins"], cells),
            "percent_lost": percent_of(counts["losses"], cells),
        }
        table[relation] = {**counts, **shares, "pvalue": test.pvalue} | {
            key: test.details[key]
            for key in ("n", "critical", "critical_exact", "significant_by_count", "significant")
        }
    return table


def change_table(comparison: Comparison) -> dict[str, int]:
    """Count cells by change of convergence rate and of score (Table 5).

    Parameters
    ----------
    comparison : Comparison
        Comparison of transfer and references.

    Returns
    -------
    dict
        Four counts, and ``ties``: cells with a tie or without a convergence rate.
    """
    score, rate = comparison.cells["outcome"], comparison.cells["convergence_outcome"]
    table = {
        f"cr {speed}, score {level}": int(((rate == r) & (score == s)).sum())
        for speed, r in (("worse", -1), ("better", 1))
        for level, s in (("worse", -1), ("better", 1))
    }
    return table | {"ties": len(score) - sum(table.values())}


def architecture_table(comparison: Comparison) -> dict[str, dict[str, list[int]]]:
    """Count wins and losses of each architecture by relation of the domains (Table 10).

    Parameters
    ----------
    comparison : Comparison
        Comparison of transfer and references.

    Returns
    -------
    dict
        ``{relation: {architecture: [wins, losses, ties]}}``.
    """
    cells = comparison.cells
    return {
        relation: {
            name: list(
                count(
                    _rows(cells, relation).loc[lambda part, n=name: part["architecture"] == n][
                        "outcome"
                    ]
                ).values()
            )
            for name in ordered(cells["architecture"])
        }
        for relation in RELATIONS
    }


def columns(comparison: Comparison) -> list[tuple[str, int]]:
    """Return the targets with their sizes in the order of the paper's columns."""
    cells = comparison.cells
    return [
        (target, int(size))
        for target in ordered(cells["target"])
        for size in sorted(cells.loc[cells["target"] == target, "n_train"].unique())
    ]


def percent_table(comparison: Comparison, of: str = "score") -> pd.DataFrame:
    """Compute the mean percent change of each source and target, with Wilcoxon tests.

    Tables 6 and 7 with ``score``, 8 and 9 with ``convergence``. The test pairs raw values over
    architectures and reruns. The p-values are adjusted over the whole table as one family by the
    two-stage Benjamini-Krieger-Yekutieli method.

    Parameters
    ----------
    comparison : Comparison
        Comparison of transfer and references.
    of : {"score", "convergence"}
        Quantity.

    Returns
    -------
    pandas.DataFrame
        One row per source, target and size: percent, n (pairs), pvalue, adjusted, effect
        (rank-biserial), colour (``g`` transfer better, ``r`` worse, ``.`` not significant, ``m``
        mixed), target_domain. If the mean and the ranks of a significant pair have opposite signs,
        the protocol ``published`` uses the sign of the mean, as in the paper, and ``honest`` the
        colour ``m``.

    Raises
    ------
    ValueError
        If ``of`` is not one of these.
    """
    names = {
        "score": ("gain", "value", "reference_value"),
        "convergence": ("convergence_gain", "convergence", "reference_convergence"),
    }
    if of not in names:
        raise ValueError(f"of must be one of {list(names)}. Received: of={of!r}")
    gain, ours, theirs = names[of]
    rows = []
    for (source, target, size), group in comparison.pairs.groupby(["source", "target", "n_train"]):
        group = group[group[ours].notna()]
        test = wilcoxon_signed_rank(group[ours], group[theirs]) if len(group) else None
        rows.append(
            {
                "source": source,
                "target": target,
                "n_train": int(size),
                "percent": float(group[gain].mean()),
                "n": len(group),
                "pvalue": test.pvalue if test else np.nan,
                "direction": test.details["direction"] if test else 0,
                "effect": rank_biserial(group[ours], group[theirs]) if test else np.nan,
                "target_domain": group["target_domain"].iloc[0] if test else None,
            }
        )
    table = pd.DataFrame(rows)
    reject, table["adjusted"] = two_stage_bky(table["pvalue"])
    table["agree"] = np.sign(table["percent"]) == table["direction"]
    colour = pd.Series(np.where(table["percent"] > 0, "g", "r"))
    if comparison.protocol != "published":
        colour = colour.where(table["agree"], "m")
    table["colour"] = colour.where(reject, ".")
    return table


def omega_table(comparison: Comparison) -> pd.DataFrame:
    """Compute the mean percent gain of each architecture at each omega (Figure 8).

    Parameters
    ----------
    comparison : Comparison
        Comparison of transfer and references.

    Returns
    -------
    pandas.DataFrame
        Architectures as rows, omegas as columns.
    """
    table = comparison.search.pivot_table("gain", "architecture", "omega", aggfunc="mean")
    return table.loc[ordered(table.index)]


def grid(comparison: Comparison, table: pd.DataFrame, column: str, missing: Any) -> dict[str, list]:
    """Arrange one column of a percent table by source (rows) and target with size (columns).

    Parameters
    ----------
    comparison : Comparison
    table : pandas.DataFrame
        Of :func:`percent_table`.
    column : str
        What to arrange.
    missing
        What stands where there is no such pair.

    Returns
    -------
    dict of str to list
    """
    found = table.set_index(["source", "target", "n_train"])[column].to_dict()
    return {
        source: [found.get((source, *place), missing) for place in columns(comparison)]
        for source in ordered(table["source"])
    }


def column_labels(comparison: Comparison) -> list[str]:
    """Return the columns' names as in ``printed_tables.json``, e.g. ``lomax1k5``."""
    return [f"{target}{size_label(size)}" for target, size in columns(comparison)]
