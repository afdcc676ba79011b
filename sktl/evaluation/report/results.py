"""All results of a report as numbers: the content of ``report.json``."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from sktl.evaluation import tables
from sktl.evaluation.controls import Control, all_controls
from sktl.evaluation.defects import Defect, find_defects, suspect_reruns
from sktl.evaluation.domains import ordered
from sktl.evaluation.protocols import Comparison
from sktl.evaluation.rankings import Ranking, rankings
from sktl.evaluation.records import Records
from sktl.evaluation.scores import Scores, score_table
from sktl.evaluation.statistics import bayesian_signed_rank, bootstrap_interval
from sktl.evaluation.training_figures import cost_table

#: Gains within this many percent count as practically none (Bayesian signed-rank test).
ROPE = 1.0


@dataclass
class Results:
    """All computed tables of a report, from which every output format is written."""

    records: Records
    comparison: Comparison
    wins: dict[str, dict[str, Any]]
    convergence_wins: dict[str, dict[str, Any]]
    changes: dict[str, int]
    architectures: dict[str, dict[str, list[int]]]
    score: pd.DataFrame
    convergence: pd.DataFrame
    omegas: pd.DataFrame
    effect: dict[str, Any]
    controls: list[Control]
    defects: list[Defect]
    rankings: list[Ranking]
    cost: pd.DataFrame
    scores: Scores


def compute(records: Records, comparison: Comparison) -> Results:
    """Compute all tables of a report, independently of the output format."""
    suspects = [name for name in suspect_reruns(records) if name not in comparison.exclude_reruns]
    return Results(
        records=records,
        comparison=comparison,
        wins=tables.win_table(comparison),
        convergence_wins=tables.win_table(comparison, "convergence_outcome"),
        changes=tables.change_table(comparison),
        architectures=tables.architecture_table(comparison),
        score=tables.percent_table(comparison, "score"),
        convergence=tables.percent_table(comparison, "convergence"),
        omegas=tables.omega_table(comparison),
        effect=_effect(comparison),
        controls=all_controls(records, comparison.exclude_reruns, suspects),
        defects=find_defects(records, comparison),
        rankings=rankings(records, comparison),
        cost=cost_table(records),
        scores=score_table(records, comparison),
    )


def _effect(comparison: Comparison) -> dict[str, Any]:
    """Return the median gain over the cells with its interval, and the signed-rank posterior."""
    gains = comparison.cells["gain"].dropna().to_numpy()
    effect: dict[str, Any] = {"cells": len(gains), "rope_percent": ROPE}
    if len(gains) < 2:
        return effect
    interval = bootstrap_interval(gains, np.median, random_state=0)
    # The cost is quadratic in the cells; 2,000 draws give probabilities to about one percent.
    posterior = bayesian_signed_rank(gains, np.zeros_like(gains), ROPE, 2000, random_state=0)
    return effect | {
        "median_gain_percent": interval.estimate,
        "low": interval.low,
        "high": interval.high,
        "p_better": posterior.greater,
        "p_equivalent": posterior.equivalent,
        "p_worse": posterior.smaller,
    }


def to_json(results: Results, conclusions: list[str], version: str) -> dict[str, Any]:
    """Return the content of report.json; NaN becomes null."""
    records, comparison = results.records, results.comparison
    kinds = records.table["kind"].value_counts()
    content = {
        "made_by": f"sktl {version}",
        "protocol": {
            "name": comparison.protocol,
            "statement": comparison.statement,
            "omega": comparison.omega,
            "exclude_reruns": list(comparison.exclude_reruns),
            "convergence_rates": comparison.convergence,
        },
        "records": {
            "origin": records.origin,
            **{kind: int(kinds.get(kind, 0)) for kind in ("transfer", "reference", "baseline")},
            "failed": len(records.failed),
            "architectures": ordered(comparison.cells["architecture"]),
            "sources": ordered(comparison.cells["source"]),
            "targets": ordered(comparison.cells["target"]),
            "metrics": dict(
                comparison.cells.drop_duplicates("target").set_index("target")["metric"]
            ),
            "cells": len(comparison.cells),
        },
        "conclusions": conclusions,
        "warnings": [asdict(defect) for defect in results.defects],
        "exclusions": [asdict(e) for e in (*records.exclusions, *comparison.exclusions)],
        "notes": records.notes,
        "effect": results.effect,
        "scores": {
            "cells": results.scores.cells.to_dict("records"),
            "ranks": results.scores.ranks,
        },
        "wins": _pairs(results.wins),
        "wins_tests": results.wins,
        "convergence_wins": _pairs(results.convergence_wins),
        "convergence_wins_tests": results.convergence_wins,
        "changes": results.changes,
        "score_gain": _percent(comparison, results.score),
        "convergence_gain": _percent(comparison, results.convergence),
        "wins_by_architecture": {
            relation: {name: counts[:2] for name, counts in row.items()}
            for relation, row in results.architectures.items()
        },
        "gain_by_omega": {
            str(name): {f"{omega:g}": gain for omega, gain in row.items()}
            for name, row in results.omegas.iterrows()
        },
        "controls": [
            asdict(control) | {"n": control.n, "significant": control.significant}
            for control in results.controls
        ],
        "rankings": [
            asdict(ranking) | {"pvalues": ranking.pvalues.to_dict()} for ranking in results.rankings
        ],
        "cost": results.cost.to_dict("records"),
    }
    return clean(content)


def _pairs(table: dict[str, dict[str, Any]]) -> dict[str, list[int]]:
    return {relation: [row["wins"], row["losses"]] for relation, row in table.items()}


def _percent(comparison: Comparison, table: pd.DataFrame) -> dict[str, Any]:
    found: dict[str, Any] = {"columns": tables.column_labels(comparison)}
    for name in ("percent", "n", "pvalue", "adjusted", "effect"):
        found[name] = tables.grid(comparison, table, name, None)
    colours = tables.grid(comparison, table, "colour", "-")
    return found | {"colours": {source: "".join(row) for source, row in colours.items()}}


def clean(value: Any) -> Any:
    """Convert numpy types to JSON types, and numbers that are not finite to None.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.evaluation.report.results import clean
    >>> clean({"a": np.float64("nan"), "b": (np.int64(1), True)})
    {'a': None, 'b': [1, True]}
    """
    if isinstance(value, dict):
        return {str(key): clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [clean(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
