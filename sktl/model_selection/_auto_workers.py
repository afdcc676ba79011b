"""Candidates of `AutoTransfer` on workers: each fit of a candidate to a fold is a job of its own.

What stays in the process that asks: the features, because which of them are worth their time is
measured where predictions will be made, and their computation uses all cores already; and ridge
models, which are solved in milliseconds from kernels that they share.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sktl.model_selection._auto_bagged import (
    bagged,
    complete,
    fit_fold,
    joined,
    relative_targets,
)
from sktl.model_selection._auto_candidates import Candidate, Problem

if TYPE_CHECKING:
    from sktl.model_selection._auto_makers import Setting

# Seconds after the deadline for which fits are waited for: loading Keras is not counted.
GRACE = 60.0


@dataclass(frozen=True)
class Bag:
    """A candidate that is fitted to the training part of every fold.

    Attributes
    ----------
    name, kind : str
        Of the candidate.
    make : callable
        Makes a new estimator.
    columns : tuple of str or None
        Names of the tables that it takes; None: the series.
    make_whole : callable or None
        See `sktl.model_selection._auto_bagged.bagged`.
    """

    name: str
    kind: str
    make: Callable[[], Any]
    columns: tuple[str, ...] | None
    make_whole: Callable[[], Any] | None = None

    def tables(self, tables: Mapping[str, np.ndarray]) -> dict[str, np.ndarray] | None:
        """Return those of some tables that it takes."""
        return None if self.columns is None else {name: tables[name] for name in self.columns}


def fitted(setting: Setting, bags: Sequence[Bag]) -> Iterator[Candidate]:
    """Fit candidates, in this process one after the other, or on workers.

    Parameters
    ----------
    setting : Setting
        With the workers, if any.
    bags : sequence of Bag
        What is fitted.

    Yields
    ------
    Candidate
        In their order; with workers, the same to the bit where they have as many threads.
    """
    if setting.workers is not None and bags:
        yield from _on_workers(setting, bags)
        return
    for bag in bags:
        setting.tell(bag.name)
        yield bagged(
            bag.name, bag.kind, bag.make, setting.problem, bag.tables(setting.tables),
            setting.channel, setting.deadline, bag.make_whole,
        )  # fmt: skip


@dataclass(frozen=True)
class _Shared:
    """What all jobs need."""

    problem: Problem
    tables: Mapping[str, np.ndarray]
    channel: int | None


def _on_workers(setting, bags):
    problem, deadline = setting.problem, setting.deadline
    candidates = [Candidate(bag.name, bag.kind, blocks=bag.columns or ()) for bag in bags]
    left = deadline - time.perf_counter()
    if left <= 0:
        for candidate in candidates:
            candidate.problem = "left out: the time was over"
        yield from candidates
        return
    needed = {name: setting.tables[name] for bag in bags for name in bag.columns or ()}
    shared = _Shared(problem, needed, setting.channel)
    # All folds of a candidate before the next one, so that the first are complete in any case.
    jobs = [(b, f, bag.make, bag.columns) for b, bag in enumerate(bags)
            for f in range(len(problem.folds))]  # fmt: skip
    models: list[dict[int, Any]] = [{} for _ in bags]
    problem_of_all = None
    setting.tell(_progress(bags, 0, len(jobs)))
    try:
        ended = setting.workers(_fit_one, jobs, shared, seconds=left + GRACE)
        for done, (b, f, seconds, found, failure) in enumerate(ended, start=1):
            candidates[b].seconds += seconds
            if failure is None:
                models[b][f] = found
            else:
                candidates[b].problem = f"failed: {failure}"
            setting.tell(_progress(bags, done, len(jobs)))
    except TimeoutError:
        problem_of_all = "left out: the time was over"
    except Exception as error:  # of the workers; other candidates may do
        problem_of_all = f"failed: {type(error).__name__}: {error}"
    for candidate, bag, of_folds in zip(candidates, bags, models, strict=True):
        if candidate.problem is None and len(of_folds) < len(problem.folds):
            candidate.problem = problem_of_all
        if candidate.problem is None:
            in_order = [of_folds[f] for f in range(len(problem.folds))]
            complete(
                candidate, in_order, problem, bag.tables(setting.tables), setting.channel,
                bag.make_whole or bag.make,
            )  # fmt: skip
        yield candidate


def _progress(bags, done, total):
    names = bags[0].name if len(bags) == 1 else f"{len(bags)} candidates"
    return f"{names} on workers, {done} of {total} fits"


def _fit_one(job, shared):
    """Fit a candidate to a fold; give its numbers, seconds, model and predictions, or why not."""
    number, fold, make, columns = job
    problem = shared.problem
    started = time.perf_counter()
    found = failure = None
    try:
        inputs = problem.X if columns is None else joined(shared.tables, columns)
        y = relative_targets(problem.X, problem.y, shared.channel)
        found = fit_fold(make, inputs, y, problem.folds[fold], problem, columns, shared.channel)
    except Exception as error:  # whatever it is, the others may do
        failure = str(error)
    return number, fold, time.perf_counter() - started, found, failure
