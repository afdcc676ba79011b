"""What predicts in the end: the average of the candidates, or something simpler, and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sktl.model_selection._auto_candidates import Candidate, Problem, Tables
from sktl.model_selection._auto_networks import FINE_TUNED
from sktl.model_selection._auto_ridge import RELATIVE
from sktl.model_selection._ensemble import (
    log_probabilities,
    loss_weights,
    losses,
    noise_weights,
    pooled,
    shrinkage,
    standard_error,
    without_least,
)
from sktl.training.probabilities import fit_slope, softmax

AVERAGE = "average"
# What weighs more: the first row of which two could be fitted. They are of different kinds; near
# copies of one would outvote the others. Chosen for classes; the errors of seven real targets that
# are numbers fell by 0.8 % in the mean, by up to 3 %, and rose for none.
EXPERTS = (
    (
        "multirocket, hydra",
        "spectrogram, multirocket, hydra, amplitudes",
        "all, by their errors",
        "all, by their squared errors",
        "trees on intervals",
        "trees on catch22",
    ),
    ("rocket, amplitudes", "all, by their errors", "all, by their squared errors"),
)
# What predicts where models cannot be compared, the first that could be fitted. On one label a
# class of five real targets, three draws, sources beside raised F1 from 0.61 to 0.66 in the mean of
# four; on the fifth, none had been kept. Spectrograms beside: by 0 to 0.02 more on three targets.
UNCOMPARED = (
    "sources, spectrogram, multirocket, hydra, amplitudes",
    "sources, multirocket, hydra, amplitudes",
    "sources, rocket, amplitudes",
    EXPERTS[0][0],
    EXPERTS[1][0],
)
SIMPLE = ("constant", "last value")
# Standard errors by which the average must be better than the last value. Windows of one series
# overlap, so that the errors of forecasts are less certain than they seem.
SURE = 3.0
# Gains below this share of the constant's loss are not called better than chance.
LITTLE = 0.05
# Members of the average that `decision_` names.
MOST_NAMED = 6


def _experts(names):
    """Return the experts among candidates; none where there are no two."""
    for row in EXPERTS:
        present = [name for name in row if name in names]
        if len(present) > 1:
            return present + [name for name in names if name.endswith(FINE_TUNED)]
    return []


@dataclass
class Average:
    """An average of candidates.

    Attributes
    ----------
    weights : dict of str to float
        Name of a candidate to its weight.
    slope : float or None
        Slope of the logarithms of averaged probabilities; None: as they are.
    """

    weights: dict[str, float]
    slope: float | None = None

    @classmethod
    def weighed(cls, predictions: Mapping[str, np.ndarray], y: np.ndarray, groups=None) -> Average:
        """Weigh all candidates, and the experts more than the others.

        Classes by noise, see `noise_weights`, numbers by losses, see `loss_weights`. Where all
        losses are alike, the experts have half of the weight.

        Parameters
        ----------
        predictions : mapping of str to np.ndarray
            Name of a candidate to its out-of-fold predictions.
        y : np.ndarray of shape (n_instances,)
            Numbers of classes, or numbers.
        groups : np.ndarray of shape (n_instances,), optional
            Instances of one group are not independent.

        Returns
        -------
        Average
            The average; all candidates are alike where no two experts are among them.
        """
        found = list(predictions.values())
        classifies = found[0].ndim == 2
        weights = noise_weights(found, y, groups=groups) if classifies else loss_weights(found, y)
        names = [name.removesuffix(RELATIVE) for name in predictions]
        expert = np.isin(names, _experts(names))
        if 0 < expert.sum() < len(expert):
            weights[expert] *= np.sum(~expert) / expert.sum()
        weights = without_least(weights)
        average = cls(dict(zip(predictions, weights.tolist(), strict=True)))
        if classifies:
            average.slope = fit_slope(log_probabilities(average.of(predictions)), y)
        return average

    def of(self, predictions: Mapping[str, np.ndarray]) -> np.ndarray:
        """Return the average of predictions by the name of their candidate."""
        names = [name for name, weight in self.weights.items() if weight > 0]
        together = pooled([predictions[n] for n in names], [self.weights[n] for n in names])
        if self.slope is None:
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

    def _seconds_new(self, candidate, rows, seconds):
        """Return the time of a new instance: of the average's members, blocks counted once."""
        of = [candidate]
        if candidate.kind == AVERAGE:
            of = [c for c in rows if self.average.weights.get(c.name, 0) > 0]
        blocks = {name for c in of for name in c.blocks}
        return sum(c.seconds_new for c in of) + sum(seconds.get(name, 0.0) for name in blocks)

    def leaderboard(
        self, rows: Sequence[Candidate], seconds: Mapping[str, float] | None = None
    ) -> pd.DataFrame:
        """Return one row per candidate, the best first.

        Parameters
        ----------
        rows : sequence of Candidate
            All candidates.
        seconds : mapping of str to float, optional
            Name of a block to the time of its features of a new instance.

        Returns
        -------
        pandas.DataFrame
            The table.
        """
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
                    "predict_seconds": (
                        1000 * self._seconds_new(candidate, rows, seconds or {})
                        if known
                        else np.nan
                    ),
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
    """Average the candidates that predict the folds best, drawn towards what is simpler.

    The average is judged by nested folds: each fold is predicted with weights that were chosen on
    the others, among candidates whose form was not chosen by errors. Judged on what chose them,
    even averages that fit nothing but noise look useful. Towards the median it is drawn by
    `shrinkage`; the last value is kept unless the average is better by three standard errors.
    The median is that of all instances: left out, it moves away from what is left out.

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
    if fitted and not problem.comparable:
        names = [c.name for c in fitted]
        name = next((name for name in UNCOMPARED if name in names), names[0])
        why = (
            f"{name} predicts, as models cannot be compared: no instance can be left out, for the "
            "others have none of its class."
        )
        return Decision(Average({name: 1.0}), by_name, groups, why)
    if not fitted:
        best = min(by_name, key=lambda name: by_name[name].mean())
        why = f"Only {best} could be used."
        return Decision(Average({best: 1.0}), by_name, groups, why)
    predictions = {c.name: c.out_of_fold[known] for c in fitted}
    parts = _parts(problem, known)
    average = Average.weighed(predictions, y, groups)
    # What was chosen by the errors on these folds would flatter the average.
    honest = {c.name: predictions[c.name] for c in fitted if not c.chosen} or predictions
    nested = _nested(honest, y, groups, parts)
    by_name[AVERAGE] = losses(nested, y)
    simple = [c for c in usable if c.kind in SIMPLE]
    of = sum(map(bool, average.weights.values()))
    members = f"Largest weights: {_named(average.weights)}."
    loss = "mean absolute error" if problem.n_classes is None else "log loss"
    scores = f"{loss} {by_name[AVERAGE].mean():.4g} on left-out instances"
    allowed = [c for c in simple if may_replace(c)]
    if allowed:
        drawn_to = min(allowed, key=lambda c: by_name[c.name].mean())
        name = drawn_to.name
        share = _share(drawn_to, problem.X[known], nested, y, groups)
        scores += f" ({name}: {by_name[name].mean():.4g})"
        if share == 0:
            why = (
                f"{name} predicts: the average of {of} models is not better by more than noise, "
                f"{scores}."
            )
            return Decision(Average({name: 1.0}), by_name, groups, why)
        average.weights = {n: share * w for n, w in average.weights.items()}
        if share < 1:
            average.weights[name] = 1 - share
            scores += f"; as that may be noise, the {name} has {1 - share:.0%} of the weight"
        why = f"The average of {of} models predicts: {scores}. {members}"
        return Decision(average, by_name, groups, why)
    constant = losses(simple[0].predict(problem.X[known], Tables({}, {})), y)
    scores += f" ({simple[0].name}: {constant.mean():.4g})"
    why = f"The average of {of} models predicts: {scores}. {members}"
    gain = constant - by_name[AVERAGE]
    if gain.mean() <= max(LITTLE * constant.mean(), standard_error(gain, groups)):
        why += " That is not better than chance by more than noise."
    return Decision(average, by_name, groups, why)


def _named(weights):
    """Name the members that weigh most."""
    ranked = sorted((n for n, w in weights.items() if w), key=weights.__getitem__, reverse=True)
    # Names of candidates have commas.
    return "; ".join(f"{name} ({weights[name]:.0%})" for name in ranked[:MOST_NAMED])


def _share(simple, X, predicted, y, groups):
    """Return the share of the average where what is simple has the rest."""
    found = simple.predict(X, Tables({}, {}))
    if simple.kind == "constant":
        return shrinkage(predicted, y, float(found[0]), groups)
    gain = losses(found, y) - losses(predicted, y)
    return float(gain.mean() > SURE * standard_error(gain, groups))


def _nested(predictions, y, groups, parts):
    """Return the predictions of averages that were chosen without the instances they predict."""
    found = np.empty_like(next(iter(predictions.values())))
    for part in parts:
        others = np.setdiff1d(np.arange(len(y)), part) if len(parts) > 1 else part
        of_others = None if groups is None else groups[others]
        of_training = {n: p[others] for n, p in predictions.items()}
        chosen = Average.weighed(of_training, y[others], of_others)
        found[part] = chosen.of({n: p[part] for n, p in predictions.items()})
    return found


def _parts(problem, known):
    """Return which instances are left out together, as numbers among the known ones."""
    part = np.full(len(problem.y), -1)
    for number, (_, test) in enumerate(problem.folds):
        # Of folds that overlap the first counts.
        part[test[part[test] < 0]] = number
    part = part[known]
    return [np.flatnonzero(part == number) for number in np.unique(part)]
