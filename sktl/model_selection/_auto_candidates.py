"""What `AutoTransfer` compares, and the simplest of it: the best constant and the last value.

Every candidate gives out-of-fold predictions on the same folds and predictions of new series:
probabilities for classification, numbers for regression.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sktl._lengths import last_values
from sktl.training.folds import Folds, comparable, folds_among
from sktl.training.kernel_ridge import Block


@dataclass
class Problem:
    """The training data as all candidates see it.

    Attributes
    ----------
    X : np.ndarray of shape (n_instances, n_channels, n_timepoints)
        Series.
    y : np.ndarray of shape (n_instances,)
        Number of the class, or the number to predict.
    n_classes : int or None
        None: regression.
    folds : sequence of (training, test) indices
        Folds.
    seed : int
        Seed.
    independent : bool
        Whether the folds are drawn at random, because nobody said which instances belong together.
    sampling_rate : float or None
        Samples per second of the series (Hz), for networks to warn by.
    """

    X: np.ndarray
    y: np.ndarray
    n_classes: int | None
    folds: Folds
    seed: int
    independent: bool = False
    sampling_rate: float | None = None

    @property
    def comparable(self) -> bool:
        """Whether folds can tell models apart."""
        return self.n_classes is None or comparable(self.folds, self.y)

    def folds_among(self, chosen: np.ndarray) -> Folds | None:
        """Return the folds among some instances, as positions in `chosen`; None where none is."""
        labels = None if self.n_classes is None else self.y
        return folds_among(self.folds, chosen, len(self.y), labels)

    def targets(self) -> np.ndarray:
        """Return the columns of a ridge model: classes coded -1 and 1, or y itself."""
        if self.n_classes is None:
            return self.y[:, None].astype(float)
        return np.where(self.y[:, None] == np.arange(self.n_classes), 1.0, -1.0)


@dataclass
class Candidate:
    """One way to predict.

    Attributes
    ----------
    name, kind : str
        What it is, and its kind: "constant", "last value", "ridge", "trees" or "network".
    out_of_fold : np.ndarray or None
        Probabilities (n_instances, n_classes) or numbers (n_instances,); None where it failed.
    blocks : tuple of str
        Blocks of features that its predictions need.
    seconds : float
        Time of its fit, of blocks that it shares not counted.
    seconds_new : float
        Time of its prediction of a new instance, without its blocks.
    problem : str or None
        Why it could not be used.
    model : object
        What predicts; see `predict`.
    chosen : bool
        Whether its form was chosen by out-of-fold errors, which flatters its own.
    on_all : callable or None
        Takes a `Setting` of more instances than the candidate was fitted to; returns the model
        fitted to them. None: the model is the same.
    """

    name: str
    kind: str
    out_of_fold: Any = None
    blocks: tuple[str, ...] = ()
    seconds: float = 0.0
    seconds_new: float = 0.0
    problem: str | None = None
    model: Any = field(default=None, repr=False)
    chosen: bool = False
    on_all: Any = field(default=None, repr=False)

    def predict(self, X: np.ndarray, tables: Tables) -> np.ndarray:
        """Predict new series from themselves and the tables of their blocks."""
        return self.model(X, tables)


class Tables(dict):
    """Tables of blocks of new series, each standardised once for all ridge models.

    Parameters
    ----------
    tables : mapping of str to np.ndarray
        Name of a block to its features.
    blocks : mapping of str to Block
        The blocks that ridge models use, fitted.
    """

    def __init__(self, tables: Mapping[str, np.ndarray], blocks: Mapping[str, Block]):
        super().__init__(tables)
        self.rows = {name: block.transform(tables[name]) for name, block in blocks.items()}


class Constant:
    """Predict the share of each class, or the median, of the training instances."""

    def __init__(self, value: np.ndarray):
        self.value = value

    def __call__(self, X, tables):
        """Return the constant for every instance."""
        return np.repeat(self.value[None], len(X), axis=0)


def constant(problem: Problem) -> Candidate:
    """Make the best constant; out of fold it is that of the training part."""

    def value(y):
        if problem.n_classes is None:
            return np.asarray(np.median(y))
        return np.bincount(y, minlength=problem.n_classes) / len(y)

    out = np.full((len(problem.y), *value(problem.y).shape), np.nan)
    for train, test in problem.folds:
        out[test] = value(problem.y[train])
    name = "most frequent class" if problem.n_classes else "median"
    return Candidate(
        name, "constant", out, model=Constant(value(problem.y)),
        on_all=lambda setting: Constant(value(setting.problem.y)),
    )  # fmt: skip


class LastValue:
    """Predict the last value of a channel."""

    def __init__(self, channel: int):
        self.channel = channel

    def __call__(self, X, tables):
        """Return the last values."""
        return last_values(X)[:, self.channel]


def last_value(problem: Problem) -> Candidate:
    """Make the candidate that predicts the last value of the channel that is nearest to y."""
    distances = np.abs(last_values(problem.X) - problem.y[:, None]).mean(axis=0)
    model = LastValue(int(np.argmin(distances)))
    name = f"last value of channel {model.channel}"
    return Candidate(name, "last value", model(problem.X, {}), model=model)


def relative_scale(X: np.ndarray, channel: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the last value and the range of a channel of every instance; a range of 0 is 1."""
    series = X[:, channel]
    span = (np.nanmax(series, axis=1) - np.nanmin(series, axis=1)).astype(float)
    return last_values(X)[:, channel], np.where(span > 0, span, 1.0)


def from_relative(values, X, channel):
    """Turn predictions relative to the instance into predictions in the unit of y."""
    if channel is None:
        return values
    last, span = relative_scale(X, channel)
    return values * span + last
