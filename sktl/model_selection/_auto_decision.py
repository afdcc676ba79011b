"""What predicts in the end: the average of the candidates, or something simpler, and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sktl.model_selection._auto_candidates import Candidate, Problem
from sktl.model_selection._ensemble import (
    losses,
    nested_losses,
    simplest_within_noise,
    standard_error,
    voting_ensemble,
)

AVERAGE = "average"
SIMPLE = ("constant", "last value")
# Standard errors by which the average must be better than what is simple. Windows of one series
# overlap, so that the errors of forecasts are less certain than they seem.
WIDTHS = {"constant": 1.0, "last value": 3.0}


@dataclass
class Decision:
    """What predicts, and why.

    Attributes
    ----------
    weights : dict of str to float
        Name of every usable candidate to its weight in what predicts.
    losses : dict of str to np.ndarray of shape (n_known,)
        Out-of-fold loss of every instance by every usable candidate, and by the average, whose
        weights were chosen without the fold.
    groups : np.ndarray of shape (n_known,) or None
        Their groups.
    why : str
        In words.
    """

    weights: dict[str, float]
    losses: dict[str, np.ndarray]
    groups: np.ndarray | None
    why: str

    def leaderboard(self, rows: Sequence[Candidate]) -> pd.DataFrame:
        """Return one row a candidate, the best first."""
        of_average = [Candidate(AVERAGE, AVERAGE)] if AVERAGE in self.losses else []
        table = []
        for candidate in [*rows, *of_average]:
            name = candidate.name
            known = name in self.losses
            table.append(
                {
                    "candidate": name,
                    "kind": candidate.kind,
                    "score": self.losses[name].mean() if known else np.nan,
                    "standard_error": (
                        standard_error(self.losses[name], self.groups) if known else np.nan
                    ),
                    "weight": self.weights.get(name, np.nan),
                    "seconds": candidate.seconds,
                    "problem": candidate.problem,
                }
            )
        frame = pd.DataFrame(table).sort_values("score", kind="stable", na_position="last")
        return frame.reset_index(drop=True)


def decide(
    rows: Sequence[Candidate],
    problem: Problem,
    groups: np.ndarray | None,
    may_replace: Callable[[Candidate], bool],
) -> Decision:
    """Average the candidates that predict the folds best, or keep what is simpler.

    The average is judged by nested folds: each fold is predicted with weights that were chosen on
    the others. Judged on what chose them, even averages that fit nothing but noise look useful.

    Parameters
    ----------
    rows : sequence of Candidate
        All candidates.
    problem : Problem
        The data.
    groups : np.ndarray of shape (n_instances,) or None
        Instances of one group are not independent.
    may_replace : callable
        Whether a simple candidate may predict instead of the average.

    Returns
    -------
    Decision
        The decision.
    """
    usable = [c for c in rows if c.out_of_fold is not None]
    shape = (len(problem.y), -1)
    known = np.all([np.isfinite(c.out_of_fold.reshape(shape)).all(axis=1) for c in usable], axis=0)
    y = problem.y[known]
    groups = None if groups is None else groups[known]
    by_name = {c.name: losses(c.out_of_fold[known], y) for c in usable}
    fitted = [c for c in usable if c.kind not in SIMPLE]
    weights = dict.fromkeys(by_name, 0.0)
    if not fitted:
        best = min(by_name, key=lambda name: by_name[name].mean())
        weights[best] = 1.0
        return Decision(weights, by_name, groups, f"Only {best} could be used.")
    predictions = [c.out_of_fold[known] for c in fitted]
    found = voting_ensemble(predictions, y)
    weights |= {c.name: float(w) for c, w in zip(fitted, found, strict=True)}
    parts = _parts(problem, known)
    by_name[AVERAGE] = nested_losses(voting_ensemble, predictions, y, parts)
    simple = [c for c in usable if c.kind in SIMPLE]
    members = ", ".join(f"{n} ({w:.0%})" for n, w in weights.items() if w)
    score = by_name[AVERAGE].mean()
    for candidate in filter(may_replace, simple):
        name = candidate.name
        kept, _ = simplest_within_noise(
            {n: by_name[n] for n in (name, AVERAGE)}, [name, AVERAGE], groups,
            WIDTHS[candidate.kind],
        )  # fmt: skip
        if kept == name:
            weights = {n: float(n == name) for n in weights}
            why = (
                f"{name} predicts: the average of {members} is not better beyond noise "
                f"({score:.4g} against {by_name[name].mean():.4g} out of fold)."
            )
            return Decision(weights, by_name, groups, why)
    constant = by_name[simple[0].name]
    difference = constant - by_name[AVERAGE]
    why = (
        f"The average of {members} predicts: out of fold {score:.4g}, "
        f"{simple[0].name} {constant.mean():.4g}."
    )
    if difference.mean() <= standard_error(difference, groups):
        why += " That is not better than chance beyond noise."
    return Decision(weights, by_name, groups, why)


def _parts(problem, known):
    """Return which instances are left out together, as numbers among the known ones."""
    part = np.full(len(problem.y), -1)
    for number, (_, test) in enumerate(problem.folds):
        # Of folds that overlap the first counts.
        part[test[part[test] < 0]] = number
    part = part[known]
    return [np.flatnonzero(part == number) for number in np.unique(part)]
