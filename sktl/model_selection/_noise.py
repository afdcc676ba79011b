"""What of a difference between candidates is noise, and what no network is worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sktl.estimators.training_run import TrainingRun
from sktl.model_selection._candidates import Part


@dataclass(frozen=True)
class Judged:
    """How a candidate does on the instances that compare the candidates.

    Attributes
    ----------
    value : float
        Mean over the parts of what is compared, with the sign that makes smaller better.
    errors : np.ndarray of shape (n_instances,)
        Error of every instance, whose mean differences are as noisy as those of the value: the
        loss; for ``scoring="val_score"`` the absolute error, or 1 for a wrong class.
    """

    value: float
    errors: np.ndarray


def standard_error(first: Judged, second: Judged) -> float:
    """Return the standard error of the mean difference of two candidates' errors.

    Parameters
    ----------
    first, second : Judged
        On the same instances.

    Returns
    -------
    float
        Infinite for fewer than two instances.
    """
    difference = first.errors - second.errors
    if len(difference) < 2:
        return float("inf")
    return float(np.std(difference, ddof=1) / np.sqrt(len(difference)))


def judge(candidate: Any, parts: Sequence[Part], scoring: str) -> Judged:
    """Apply a trained candidate to the instances that compare the candidates.

    Parameters
    ----------
    candidate : Candidate or Baseline
        Trained without an error.
    parts : sequence of Part
        What it was trained on.
    scoring : {"val_loss", "val_score"}
        What is compared.

    Returns
    -------
    Judged
        Of its best epochs.
    """
    found = zip(candidate.runs(parts), parts, candidate.outputs(parts), strict=True)
    return _together([judge_outputs(*one, scoring) for one in found])


def chance(candidate: Any, parts: Sequence[Part], scoring: str) -> dict[str, Any]:
    """Compare a candidate with a constant, see `OmegaSearch.decision_`.

    Parameters
    ----------
    candidate, parts, scoring
        See `judge`.

    Returns
    -------
    dict of str to object
        ``chance`` and ``at_chance``.
    """
    kept = judge(candidate, parts, scoring)
    constant = judge_constant(candidate, parts, scoring)
    sign = -1 if parts[0].facts.targets.monitors[scoring] else 1
    beyond = constant.value - kept.value > standard_error(kept, constant)
    return {"chance": sign * constant.value, "at_chance": not beyond}


def judge_constant(candidate: Any, parts: Sequence[Part], scoring: str) -> Judged:
    """Do the same for the mean target, or the shares of the classes, of the training part.

    Parameters
    ----------
    candidate, parts, scoring
        See `judge`.

    Returns
    -------
    Judged
        Of the constant.
    """
    judged = []
    for part, run in zip(parts, candidate.runs(parts), strict=True):
        n_instances = len(part.test[1] if part.test else _held_out(run.data)[1])
        constant = run.data.training[1].mean(axis=0)
        outputs = np.repeat(constant[None], n_instances, axis=0)
        judged.append(judge_outputs(run, part, outputs, scoring))
    return _together(judged)


def _held_out(data):
    # Without a fold of its own, a part has a validation part: the search has checked it.
    assert data.validation is not None
    return data.validation


def judge_outputs(run: TrainingRun, part: Part, outputs: np.ndarray, scoring: str) -> Judged:
    """Judge what was given for the instances of a part that compare the candidates.

    Parameters
    ----------
    run : TrainingRun
        Whose loss, data and targets judge.
    part : Part
        Of this data.
    outputs : np.ndarray of shape (n_instances, n_outputs)
        As of a network.
    scoring : {"val_loss", "val_score"}
        What is compared.

    Returns
    -------
    Judged
        Of the outputs. With `drop_last` of the instances that the training validates on.
    """
    data, targets = run.data, run.data.facts.targets
    y: Any
    if part.test is not None:
        X, y = part.test
        frames = targets.frames(data.facts.at_length(X))
        encoded = targets.encode(y, frames)
    else:
        y, frames = data.y_validation, data.frames_validation
        encoded = _held_out(data)[1]
        if run.estimator.drop_last:
            used = slice(len(y) - len(y) % run.schedule["batch_size"])
            y, encoded, outputs = y[used], encoded[used], outputs[used]
            frames = None if frames is None else frames[used]
    if scoring == "val_loss":
        errors = run.losses(encoded, outputs)
        return Judged(float(errors.mean()), errors)
    value = targets.scores(y, outputs, frames)["val_score"]
    sign = -1 if targets.monitors[scoring] else 1
    return Judged(sign * value, targets.errors(y, outputs, frames))


def _together(judged):
    value = float(np.mean([one.value for one in judged]))
    return Judged(value, np.concatenate([one.errors for one in judged]))
