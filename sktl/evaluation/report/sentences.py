"""Sentences of a report: conclusions, exclusions and controls."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from sktl._words import counted
from sktl.evaluation.controls import Control
from sktl.evaluation.domains import size_label, title
from sktl.evaluation.figures import percent_text
from sktl.evaluation.report.results import Results
from sktl.evaluation.tables import RELATIONS


def p_text(pvalue: float | None) -> str:
    """Return a p-value as text.

    Examples
    --------
    >>> from sktl.evaluation.report.sentences import p_text
    >>> p_text(0.0123), p_text(1e-9), p_text(float("nan"))
    ('p = 0.012', 'p < 0.001', 'no p-value')
    """
    if pvalue is None or np.isnan(pvalue):
        return "no p-value"
    return "p < 0.001" if pvalue < 0.001 else f"p = {pvalue:.2g}"


def _sign(row: dict[str, Any]) -> str:
    ties = f", {counted(row['ties'], 'tie')}" if row["ties"] else ""
    if not row["significant"]:
        verdict = "not significant"
    else:
        verdict = f"significant {'for' if row['wins'] > row['losses'] else 'against'} transfer"
    return (
        f"{row['wins']:,} of {counted(row['cells'], 'cell')} ({row['percent_won']} %; "
        f"{counted(row['losses'], 'loss', 'losses')}{ties}; {p_text(row['pvalue'])}, {verdict})"
    )


def conclusions(results: Results) -> list[str]:
    """Return the conclusions of a report, one sentence each."""
    comparison = results.comparison
    said = [
        f"Score: transfer is better than training from scratch in {_sign(results.wins['total'])}."
    ]
    for relation in ("intra", "seis>other", "other>seis", "other>other"):
        if results.wins[relation]["n"]:
            said.append(f"{RELATIONS[relation]}: better in {_sign(results.wins[relation])}.")
    if comparison.convergence:
        which = comparison.convergence.split("_")[0]
        said.append(
            f"Convergence rate of the {which} curves: better in "
            f"{_sign(results.convergence_wins['total'])}."
        )
    else:
        said.append("Convergence is not compared: the records have no convergence rates.")
    effect = results.effect
    if "low" in effect:
        said.append(
            f"The median gain over the cells is {percent_text(effect['median_gain_percent'])} % "
            f"(95 % bootstrap interval {percent_text(effect['low'])} to "
            f"{percent_text(effect['high'])} %). Bayesian signed-rank test: transfer is better by "
            f"more than {effect['rope_percent']:g} % with probability {effect['p_better']:.2f}, "
            f"and worse by more than that with probability {effect['p_worse']:.2f}."
        )
    said += _significant_pairs("score", results.score)
    if comparison.convergence:
        said += _significant_pairs("convergence", results.convergence)
    for ranking in results.rankings:
        if ranking.problem:
            said.append(f"Not ranked: {ranking.question}: {ranking.problem}.")
            continue
        best = min(ranking.ranks, key=ranking.ranks.__getitem__)
        verdict = "differ" if ranking.pvalue <= 0.05 else "do not differ significantly"
        said.append(
            f"Ranks of {ranking.question}: they {verdict} (Friedman with Iman-Davenport, "
            f"{p_text(ranking.pvalue)}, {counted(ranking.n_blocks, 'block')}); {best} has the best "
            "mean rank."
        )
    said += _under_controls(results)
    said.append(
        "Caution: cells of one architecture, target and size share their references. They are not "
        "independent, and p-values over cells are too small."
    )
    return said


def _under_controls(results: Results) -> list[str]:
    """Return the numbers of wins under the controls."""
    told: dict[tuple[str, ...], list[str]] = {}
    for control in results.controls:
        if control.problem:
            continue
        verdict = "" if control.name.startswith("null") else f", {control_text(control)}"
        text = f"{control.name} {control.wins:.3g} of {control.n}{verdict}"
        told.setdefault(control.without, []).append(text)
    return [
        "Wins under other comparisons"
        + (f", without rerun {', '.join(without)}" if without else "")
        + f": {'; '.join(texts)}. In a null there is no true gain."
        for without, texts in told.items()
    ]


def _significant_pairs(name: str, table: pd.DataFrame) -> list[str]:
    said = [
        f"Pairs of source and target by {name} (Wilcoxon, Benjamini-Krieger-Yekutieli): of "
        f"{counted(len(table), 'pair')}, {(table['colour'] == 'g').sum()} significantly better, "
        f"{(table['colour'] == 'r').sum()} significantly worse, "
        f"{(table['colour'] == '.').sum()} not significant"
        + (f", {n} mixed" if (n := int((table["colour"] == "m").sum())) else "")
        + "."
    ]
    worse = table[table["colour"] == "r"]
    if len(worse):
        shown = [
            f"{title(row.source)} to {title(row.target)} {size_label(row.n_train)} "
            f"({percent_text(row.percent)} %)"
            for row in worse.head(8).itertuples()
        ]
        more = f" and {len(worse) - 8} more" if len(worse) > 8 else ""
        said.append(f"Transfer makes {name} significantly worse: {', '.join(shown)}{more}.")
    return said


def exclusions(results: Results) -> list[str]:
    """Return the exclusions as sentences."""
    comparison = results.comparison
    said = [str(item) + "." for item in (*results.records.exclusions, *comparison.exclusions)]
    if comparison.exclude_reruns:
        said.insert(0, f"Rerun {', '.join(comparison.exclude_reruns)}: left out on request.")
    return said or ["Nothing was left out."]


def control_text(control: Control) -> str:
    """Return the result of a control in words, or the reason why it was not computed."""
    if control.problem:
        return f"not computed: {control.problem.partition('. Left out')[0]}"
    if control.name.startswith("null"):
        return f"no true gain; 95 % of draws: {control.low:.0f} to {control.high:.0f} wins"
    if control.significant:
        return "significant for transfer" if control.wins > control.losses else (
            "significant against transfer")  # fmt: skip
    return "not significant"
