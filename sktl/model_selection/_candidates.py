"""Candidates of a search, and their training: all to the end, or as a race."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sktl.estimators.training_run import TrainingRun
from sktl.estimators.transfer import Form
from sktl.training.loop import TrainingState
from sktl.training.randomness import random_streams
from sktl.training.training_data import DataFacts, TrainingData

Advance = Callable[[list["Candidate"], int | None], list["Candidate"]]


@dataclass(frozen=True)
class Part:
    """A division of the data on which all candidates are compared.

    Attributes
    ----------
    data : dict of tuple to TrainingData
        The data in every form that a candidate needs, see `Candidate`.
    rows : np.ndarray of int
        Which of the given instances what has no inner split may be fitted to: those that do not
        compare.
    test : tuple of (X, y) or None
        A fold that training does not see; None: the held-out part of `data` is what compares the
        candidates.
    """

    data: dict[Form, TrainingData]
    rows: np.ndarray
    test: tuple[np.ndarray, np.ndarray] | None = None

    @property
    def any_data(self) -> TrainingData:
        """The first data; all have as many instances, and targets alike."""
        return next(iter(self.data.values()))

    @property
    def facts(self) -> DataFacts:
        """Those of the first data."""
        return self.any_data.facts

    def compared(self, X: np.ndarray, X_held_out: np.ndarray | None) -> np.ndarray:
        """Return the series that compare, of what was given: X, and perhaps a held-out part."""
        if self.test is not None:
            return self.test[0]
        # An inner split holds out in the order that was given.
        return np.delete(X, self.rows, axis=0) if X_held_out is None else X_held_out


class Scored:
    """What has a score for each part, or a reason why not."""

    scores: list[dict[str, float]]
    error: str | None

    def mean(self, scoring: str) -> float:
        """Return the mean of a score over the parts; NaN where there is none."""
        if self.error or not self.scores:
            return math.nan
        return float(np.mean([score[scoring] for score in self.scores]))


@dataclass
class Candidate(Scored):
    """One source and omega, and how far its trainings have come.

    Attributes
    ----------
    estimator : BaseTransferEstimator
        Has the candidate's parameters; its random state is a number.
    form : tuple of (int, object)
        How often a single channel is repeated, and the preprocessing: which of the parts' data it
        trains on.
    states : list of TrainingState
        One per part; empty before the training.
    scores : list of dict
        What each part says: ``val_loss`` without the penalty, ``val_score``, ``epoch``.
    seconds : float
        Time of its training so far.
    error : str or None
        Why it could not be trained.
    """

    estimator: Any
    form: Form
    states: list[TrainingState] = field(default_factory=list)
    scores: list[dict[str, float]] = field(default_factory=list)
    seconds: float = 0.0
    error: str | None = None

    @property
    def params(self) -> dict[str, Any]:
        """What distinguishes the candidate."""
        return {"source": self.estimator.source, "omega": self.estimator.omega}

    @property
    def kind(self) -> str:
        """What it is to the guard: "scratch" or "transfer"."""
        return "scratch" if self.estimator.source is None else "transfer"

    @property
    def ended(self) -> bool:
        """Whether nothing is left to train."""
        return self.error is not None or (bool(self.states) and all(s.ended for s in self.states))

    @property
    def n_epochs(self) -> int:
        """Epochs trained, over all parts."""
        return sum(state.n_epochs for state in self.states)

    def advance(self, parts: Sequence[Part], until: int | None) -> None:
        """Train until an epoch or to the end, and score."""
        started = time.perf_counter()
        estimator = self.estimator
        try:
            if not self.states:
                source = estimator.load_source()
                begun = [run.start(source).state for run in self.runs(parts)]
                self.states = [state for state in begun if state is not None]
            runs = [run.advance(until) for run in self.runs(parts)]
            self.scores = [self._score(*pair) for pair in zip(parts, runs, strict=True)]
        except FloatingPointError as error:
            self.error = str(error)
        self.seconds += time.perf_counter() - started

    def runs(self, parts: Sequence[Part]) -> list[TrainingRun]:
        """Return the trainings on the parts, each where it stands."""
        states: list[Any] = list(self.states) or [None] * len(parts)
        streams = [random_streams(self.estimator.random_state) for _ in parts]
        return [
            TrainingRun(self.estimator, part.data[self.form], drawn, state)
            for part, drawn, state in zip(parts, streams, states, strict=True)
        ]

    def outputs(self, parts: Sequence[Part]) -> list[np.ndarray]:
        """Return what the networks of the best epochs give for the instances that compare."""
        found = []
        for part, run in zip(parts, self.runs(parts), strict=True):
            if part.test is not None:
                found.append(run.finish().outputs(part.test[0]))
            else:
                trained = run.finish(learn_of_held_out=False)
                assert run.data.validation is not None  # the search has checked it
                found.append(trained.outputs_of_inputs(run.data.validation[0]))
        return found

    def _score(self, part, run):
        number = run.state.best_epoch
        if part.test is None:
            row, penalty = run.state.of_epoch(number)
            loss = row["val_loss"] - penalty
            return {"val_loss": loss, "val_score": row["val_score"], "epoch": number}
        return run.finish().evaluate(*part.test) | {"epoch": number}


def advance_all(n_jobs: int | None, parts: Sequence[Part]) -> Advance:
    """Make the function that trains several candidates, in parallel or one after the other.

    Parameters
    ----------
    n_jobs : int or None
        See joblib.
    parts : sequence of Part
        The data.

    Returns
    -------
    callable
        Takes candidates and the epoch to pause after (None: the end), gives them trained.
    """
    from joblib import Parallel, delayed, effective_n_jobs

    parallel = effective_n_jobs(n_jobs) > 1

    def advance(candidates, until):
        if not parallel or len(candidates) == 1:
            return [_advance(candidate, parts, until) for candidate in candidates]
        tasks = (delayed(_advance_alone)(candidate, parts, until) for candidate in candidates)
        return Parallel(n_jobs=n_jobs)(tasks)

    return advance


def _advance(candidate, parts, until):
    candidate.advance(parts, until)
    return candidate


def _advance_alone(candidate, parts, until):
    # Workers that each take all cores stand in each other's way; TensorFlow reads this once.
    for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        os.environ.setdefault(name, "1")
    return _advance(candidate, parts, until)


def race(
    candidates: list[Candidate],
    advance: Advance,
    value: Callable[[Candidate], float],
    first_epochs: int,
    factor: float,
) -> list[Candidate]:
    """Train candidates by successive halving that continues training.

    After `first_epochs` epochs the best ``1 / factor`` of the transfers stay, after `factor`
    times as many epochs the best of those, and so on; the last trains to its end. Scratch is
    never dropped: what it is compared with must be its best. When all is done and a dropped
    candidate is still the best seen, it is trained to its end as well.

    Parameters
    ----------
    candidates : list of Candidate
        Not trained.
    advance : callable
        See `advance_all`.
    value : callable
        What is compared, smaller is better; infinite for a failed candidate.
    first_epochs : int
        Epochs before the first comparison.
    factor : float
        Above 1.

    Returns
    -------
    list of Candidate
        In the given order; those that were dropped have not `ended`.

    References
    ----------
    .. [1] K. Jamieson, A. Talwalkar (2016). Non-stochastic best arm identification and
       hyperparameter optimization. AISTATS 2016.
    """
    done = list(candidates)

    def train(numbers, until):
        trained = advance([done[number] for number in numbers], until)
        for number, candidate in zip(numbers, trained, strict=True):
            done[number] = candidate

    scratch = [n for n, c in enumerate(done) if c.estimator.source is None]
    alive = [n for n in range(len(done)) if n not in scratch]
    epochs = float(first_epochs)
    while len(alive) > 1 and not all(done[n].states and done[n].ended for n in alive):
        train(alive, int(epochs))
        best_first = sorted(alive, key=lambda number: value(done[number]))
        alive = sorted(best_first[: math.ceil(len(alive) / factor)])
        epochs *= factor
    train(scratch + alive, None)
    while not done[best := min(range(len(done)), key=lambda n: value(done[n]))].ended:
        train([best], None)
    return done
