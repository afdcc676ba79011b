"""Models fitted to the training parts of the folds, which predict new series together."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from sktl._lengths import series_of
from sktl.model_selection._auto_candidates import (
    Candidate,
    Problem,
    from_relative,
    relative_scale,
)

# Instances whose prediction is timed.
TIMED = 100


class BaggedModel:
    """The mean of the models that were fitted to the training parts of the folds."""

    def __init__(self, models, columns, n_classes, channel):
        self.models, self.columns = models, columns
        self.n_classes, self.channel = n_classes, channel

    def __call__(self, X, tables):
        """Return the mean of probabilities or numbers."""
        inputs = series_of(X) if self.columns is None else joined(tables, self.columns)
        return np.mean(
            [_predict(m, inputs, X, self.n_classes, self.channel) for m in self.models], axis=0
        )


def joined(tables: Mapping[str, np.ndarray], columns: Sequence[str]) -> np.ndarray:
    """Join the tables of blocks, (n_instances, n_features)."""
    return np.concatenate([tables[name] for name in columns], axis=1)


def relative_targets(X: np.ndarray, y: np.ndarray, channel: int | None) -> np.ndarray:
    """Return y relative to the last value and the range of a channel; without one, y."""
    if channel is None:
        return y
    last, span = relative_scale(X, channel)
    return (y - last) / span


def _predict(model, inputs, X, n_classes, channel):
    if n_classes is None:
        return from_relative(np.asarray(model.predict(inputs), float), X, channel)
    probabilities = np.zeros((len(inputs), n_classes))
    # A fold may lack a class.
    probabilities[:, np.asarray(model.classes_, int)] = model.predict_proba(inputs)
    return probabilities


def bagged(
    name: str,
    kind: str,
    make: Callable[[], Any],
    problem: Problem,
    tables: Mapping[str, np.ndarray] | None,
    channel: int | None,
    deadline: float,
    make_whole: Callable[[], Any] | None = None,
) -> Candidate:
    """Fit a model to the training part of every fold; new series get the mean of them.

    Parameters
    ----------
    name, kind : str
        Of the candidate.
    make : callable
        Makes a new scikit-learn or sktime estimator.
    problem : Problem
        The data.
    tables : mapping of str to np.ndarray or None
        Tables that are joined for the estimator; None: it takes the series.
    channel : int or None
        Predict relative to this channel's last value.
    deadline : float
        `time.perf_counter` at which to give up.
    make_whole : callable, optional
        Makes the estimator that is fitted where more instances are at hand in the end; default
        `make`.

    Returns
    -------
    Candidate
        With `problem` set where the time did not suffice or a fit failed.
    """
    started = time.perf_counter()
    columns = None if tables is None else tuple(tables)
    candidate = Candidate(name, kind, blocks=columns or ())
    X, y = problem.X, problem.y
    inputs = X if tables is None else joined(tables, tuple(tables))
    y = relative_targets(X, y, channel)
    models: list[Any] = []
    for train, test in problem.folds:
        if models:
            per_fold = (time.perf_counter() - started) / len(models)
            if time.perf_counter() + per_fold * (len(problem.folds) - len(models)) > deadline:
                needed = per_fold * len(problem.folds)
                candidate.problem = f"left out: it would have taken {needed:.0f} s"
                break
        try:
            models.append(fit_fold(make, inputs, y, (train, test), problem, columns, channel))
        except Exception as error:  # whatever it is, the others may do
            candidate.problem = f"failed: {error}"
            break
    if candidate.problem is None:
        complete(candidate, models, problem, tables, channel, make_whole or make)
    candidate.seconds = time.perf_counter() - started
    return candidate


def fit_fold(
    make: Callable[[], Any],
    inputs: Any,
    y: np.ndarray,
    fold: tuple[np.ndarray, np.ndarray],
    problem: Problem,
    columns: Sequence[str] | None,
    channel: int | None,
) -> tuple[Any, np.ndarray]:
    """Fit a model to the training part of a fold.

    Parameters
    ----------
    make : callable
        Makes the model.
    inputs : np.ndarray
        Joined tables of all instances, or their series.
    y : np.ndarray of shape (n_instances,)
        What the model learns, see `relative_targets`.
    fold : tuple of (training, test) indices
        The fold.
    problem, columns, channel
        See `bagged`; `columns` are the names of the tables, None: the series.

    Returns
    -------
    model : object
        Fitted.
    predicted : np.ndarray
        For the test part, in the unit of the problem.
    """
    train, test = fold
    known, new = inputs[train], inputs[test]
    if columns is None:
        known, new = series_of(known), series_of(new)
    model = _fitted(make, known, y[train])
    return model, _predict(model, new, problem.X[test], problem.n_classes, channel)


def _fitted(make, inputs, y):
    model = make().fit(inputs, y)
    if hasattr(model, "n_jobs"):
        # Threads add the predictions of trees in any order, which changes the last bits.
        model.n_jobs = None
    return model


def complete(
    candidate: Candidate,
    models: Sequence[tuple[Any, np.ndarray]],
    problem: Problem,
    tables: Mapping[str, np.ndarray] | None,
    channel: int | None,
    make_whole: Callable[[], Any],
) -> None:
    """Give a candidate what `fit_fold` gave of every fold, in the order of the folds.

    Parameters
    ----------
    candidate : Candidate
        Gets predictions and model.
    models : sequence of (model, np.ndarray)
        Of each fold.
    problem, tables, channel, make_whole
        See `bagged`.
    """
    columns = None if tables is None else tuple(tables)
    out = np.full((len(problem.y), *models[0][1].shape[1:]), np.nan)
    for (_, test), (_, predicted) in zip(problem.folds, models, strict=True):
        out[test] = predicted
    candidate.out_of_fold = out
    fitted = [model for model, _ in models]
    candidate.model = BaggedModel(fitted, columns, problem.n_classes, channel)
    few = problem.X[:TIMED]
    begun = time.perf_counter()
    candidate.model(few, {n: t[:TIMED] for n, t in (tables or {}).items()})
    candidate.seconds_new = (time.perf_counter() - begun) / len(few)

    def on_all(setting):
        X, y = setting.problem.X, setting.problem.y
        inputs = series_of(X) if columns is None else joined(setting.tables, columns)
        model = _fitted(make_whole, inputs, relative_targets(X, y, channel))
        return BaggedModel([model], columns, problem.n_classes, channel)

    candidate.on_all = on_all
