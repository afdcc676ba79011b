"""What predicts in the end: the average of the candidates, or something simpler, and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sktl.model_selection._auto_candidates import Candidate, Problem
from sktl.model_selection._ensemble import (
    log_probabilities,
    losses,
    noise_weights,
    pooled,
    simplest_within_noise,
    standard_error,
    voting_ensemble,
)
from sktl.training.probabilities import fit_slope, softmax

AVERAGE = "average"
# What is averaged for classification, those of the first row of which two could be fitted.
# Different kinds; near copies of one would outvote the others.
EXPERTS = (
    ("multirocket, hydra", "all, by their errors", "trees on intervals", "trees on catch22"),
    ("rocket, amplitudes", "all, by their errors"),
)
SIMPLE = ("constant", "last value")
# Standard errors by which the average must be better than what is simple. Windows of one series
# overlap, so that the errors of forecasts are less certain than they seem.
WIDTHS = {"constant": 1.0, "last value": 3.0}


@dataclass
class Average:
    """An average of candidates.

    Attributes
    ----------
    weights : dict of str to float
        Name of a candidate to its weight.
    slope : float or None
        Slope of the logarithms of averaged probabilities; None: numbers.
    """

    weights: dict[str, float]
    slope: float | None = None

    @classmethod
    def choose(
        cls, predictions: Mapping[str, np.ndarray], y: np.ndarray, groups: np.ndarray | None
    ) -> Average:
        """Weigh candidates by their out-of-fold predictions.

        Numbers: the eight best get a vote each, and more while that helps. Classes: the experts
        share nearly evenly with few instances, and the best of them take over with many. (Choosing
        among all by the log loss of few instances chose by their sureness and not by their
        accuracy: on real targets of 12 to 100 instances errors were 2 % higher.)

        Parameters
        ----------
        predictions : mapping of str to np.ndarray
            Name of a candidate to its out-of-fold predictions.
        y : np.ndarray of shape (n_instances,)
            Numbers of classes, or numbers.
        groups : np.ndarray of shape (n_instances,) or None
            Instances of one group are not independent.

        Returns
        -------
        Average
            The average.
        """
        if next(iter(predictions.values())).ndim == 1:
            found = voting_ensemble(list(predictions.values()), y)
            return cls(dict(zip(predictions, found.tolist(), strict=True)))
        experts = list(predictions)
        for row in EXPERTS:
            present = [name for name in row if name in predictions]
            if len(present) > 1:
                experts = present
                break
        found = noise_weights([predictions[name] for name in experts], y, groups=groups)
        chosen = cls(dict(zip(experts, found.tolist(), strict=True)), 1.0)
        chosen.slope = fit_slope(log_probabilities(chosen.of(predictions)), y)
        return chosen

    def of(self, predictions: Mapping[str, np.ndarray]) -> np.ndarray:
        """Return the average of predictions by the name of their candidate."""
        names = [name for name, weight in self.weights.items() if weight > 0]
        together = pooled([predictions[n] for n in names], [self.weights[n] for n in names])
        if self.slope is None or self.slope == 1:
            return together
        return softmax(log_probabilities(together), self.slope)


@dataclass
class Decision:
    """What predicts, and why.

    Attributes
    ----------
    average : Average
        What predicts; a single candidate is an average, too.
    losses : dict of str to np.ndarray of shape (n_known,)
        Out-of-fold loss of every instance by every usable candidate, and by the average, whose
        weights were chosen without the fold.
    groups : np.ndarray of shape (n_known,) or None
        Their groups.
    why : str
        In words.
    """

    average: Average
    losses: dict[str, np.ndarray]
    groups: np.ndarray | None
    why: str

    def _weight(self, candidate):
        usable = candidate.out_of_fold is not None
        return self.average.weights.get(candidate.name, 0.0 if usable else np.nan)

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
                    "weight": self._weight(candidate),
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
    if not fitted:
        best = min(by_name, key=lambda name: by_name[name].mean())
        why = f"Only {best} could be used."
        return Decision(Average({best: 1.0}), by_name, groups, why)
    predictions = {c.name: c.out_of_fold[known] for c in fitted}
    average = Average.choose(predictions, y, groups)
    by_name[AVERAGE] = _nested_losses(predictions, y, groups, _parts(problem, known))
    simple = [c for c in usable if c.kind in SIMPLE]
    members = ", ".join(f"{n} ({w:.0%})" for n, w in average.weights.items() if w)
    score = by_name[AVERAGE].mean()
    for candidate in filter(may_replace, simple):
        name = candidate.name
        kept, _ = simplest_within_noise(
            {n: by_name[n] for n in (name, AVERAGE)}, [name, AVERAGE], groups,
            WIDTHS[candidate.kind],
        )  # fmt: skip
        if kept == name:
            why = (
                f"{name} predicts: the average of {members} is not better beyond noise "
                f"({score:.4g} against {by_name[name].mean():.4g} out of fold)."
            )
            return Decision(Average({name: 1.0}), by_name, groups, why)
    constant = by_name[simple[0].name]
    difference = constant - by_name[AVERAGE]
    why = (
        f"The average of {members} predicts: out of fold {score:.4g}, "
        f"{simple[0].name} {constant.mean():.4g}."
    )
    if difference.mean() <= standard_error(difference, groups):
        why += " That is not better than chance beyond noise."
    return Decision(average, by_name, groups, why)


def _nested_losses(predictions, y, groups, parts):
    """Return the losses of averages that were chosen without the instances they predict."""
    found = np.empty(len(y))
    for part in parts:
        others = np.setdiff1d(np.arange(len(y)), part) if len(parts) > 1 else part
        of_others = None if groups is None else groups[others]
        chosen = Average.choose(
            {n: p[others] for n, p in predictions.items()}, y[others], of_others
        )
        found[part] = losses(chosen.of({n: p[part] for n, p in predictions.items()}), y[part])
    return found


def _parts(problem, known):
    """Return which instances are left out together, as numbers among the known ones."""
    part = np.full(len(problem.y), -1)
    for number, (_, test) in enumerate(problem.folds):
        # Of folds that overlap the first counts.
        part[test[part[test] < 0]] = number
    part = part[known]
    return [np.flatnonzero(part == number) for number in np.unique(part)]
