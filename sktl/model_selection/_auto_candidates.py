"""What `AutoTransfer` compares: constants, ridge models on blocks of features, trees, networks.

Every candidate gives out-of-fold predictions on the same folds and predictions of new series:
probabilities for classification, numbers for regression.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sktl.training.folds import Folds
from sktl.training.kernel_ridge import Block
from sktl.training.probabilities import fit_slope, softmax
from sktl.training.probe_model import ProbeModel, left_out_fit

# Weight of all blocks of a kind in the mean of kernels, by the name of the mixture.
# The first are fitted even where the time is over.
MIXTURES: dict[str, dict[str, float]] = {
    "rocket, amplitudes": {"random": 1.0, "amplitude": 0.25},
    "amplitudes": {"amplitude": 1.0},
    "sources, rocket, amplitudes": {"sources": 1.0, "random": 1.0, "amplitude": 0.25},
    "sources, amplitudes": {"sources": 1.0, "amplitude": 0.25},
    "sources, rocket": {"sources": 1.0, "random": 1.0},
    "sources": {"sources": 1.0},
    "rocket": {"random": 1.0},
    "multirocket": {"multirocket": 1.0},
    "multirocket, amplitudes": {"multirocket": 1.0, "amplitude": 0.25},
    "sources, multirocket, amplitudes": {"sources": 1.0, "multirocket": 1.0, "amplitude": 0.25},
    "untrained, rocket, amplitudes": {"untrained": 1.0, "random": 1.0, "amplitude": 0.25},
    "series": {"series": 1.0, "amplitude": 0.5},
    "spectrum": {"spectrum": 1.0, "amplitude": 0.25},
    "all": {"sources": 1.0, "random": 1.0, "spectrum": 0.5, "amplitude": 0.25, "series": 0.25},
}
# Errors below are taken for this when blocks are weighed by their errors.
LEAST_ERROR = 0.02


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
    """

    X: np.ndarray
    y: np.ndarray
    n_classes: int | None
    folds: Folds
    seed: int

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
    problem : str or None
        Why it could not be used.
    model : object
        What predicts; see `predict`.
    """

    name: str
    kind: str
    out_of_fold: Any = None
    blocks: tuple[str, ...] = ()
    seconds: float = 0.0
    problem: str | None = None
    model: Any = field(default=None, repr=False)

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
    return Candidate(name, "constant", out, model=Constant(value(problem.y)))


class LastValue:
    """Predict the last value of a channel."""

    def __init__(self, channel: int):
        self.channel = channel

    def __call__(self, X, tables):
        """Return the last values."""
        return X[:, self.channel, -1].astype(float)


def last_value(problem: Problem, channel: int) -> Candidate:
    """Make the candidate that predicts a channel's last value."""
    model = LastValue(channel)
    return Candidate(f"last value of channel {channel}", "last value", model(problem.X, {}),
                     model=model)  # fmt: skip


class RidgeModel:
    """A probe model, and how its outputs become predictions.

    With a channel, the model predicts ``(y - last value) / range`` of that channel: reversible
    instance normalisation, as of forecasts.
    """

    def __init__(self, probe: ProbeModel, slope: float | None, scale: float, channel: int | None):
        self.probe, self.slope, self.scale, self.channel = probe, slope, scale, channel

    def __call__(self, X, tables):
        """Return probabilities or numbers."""
        outputs = self.probe.predict_rows(tables.rows)
        if self.slope is not None:
            return softmax(outputs, self.slope)
        return from_relative(outputs[:, 0] * self.scale, X, self.channel)


def relative_scale(X: np.ndarray, channel: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the last value and the range of a channel of every instance; a range of 0 is 1."""
    span = np.ptp(X[:, channel], axis=1).astype(float)
    return X[:, channel, -1].astype(float), np.where(span > 0, span, 1.0)


def from_relative(values, X, channel):
    """Turn predictions relative to the instance into predictions in the unit of y."""
    if channel is None:
        return values
    last, span = relative_scale(X, channel)
    return values * span + last


class RidgeFitter:
    """Fits ridge candidates to mixtures of blocks; every block's kernel is made once.

    Parameters
    ----------
    problem : Problem
        The data.
    tables : mapping of str to np.ndarray
        Name of a block to its features of the training instances.
    kinds : mapping of str to str
        Name of a block to its kind.
    channel : int or None
        The channel that y continues: candidates are also fitted relative to its last value.
    """

    def __init__(
        self,
        problem: Problem,
        tables: Mapping[str, np.ndarray],
        kinds: Mapping[str, str],
        channel: int | None,
    ):
        self.problem, self.kinds, self.channel = problem, kinds, channel
        self.blocks = {name: Block.fit(table) for name, table in tables.items()}
        self.kernels = {name: block.kernel() for name, block in self.blocks.items()}

    def weights(self, mixture: Mapping[str, float]) -> dict[str, float]:
        """Return the weight of every block of a mixture of kinds; {} where a kind is missing."""
        kinds = list(self.kinds.values())
        if not set(mixture) <= set(kinds):
            return {}
        return {
            name: mixture[kind] / kinds.count(kind)
            for name, kind in self.kinds.items()
            if kind in mixture
        }

    def errors(self) -> dict[str, float]:
        """Return the out-of-fold error of every block alone, over the variance of the targets."""
        targets = self._targets(self.channel)[0]
        return {
            name: left_out_fit(kernel, targets, self.problem.folds).error
            for name, kernel in self.kernels.items()
        }

    def candidate(
        self, name: str, weights: Mapping[str, float], channel: int | None = None
    ) -> Candidate:
        """Fit a ridge model to weighted blocks.

        Parameters
        ----------
        name : str
            Name of the candidate.
        weights : mapping of str to float
            Name of a block to its weight.
        channel : int, optional
            Predict relative to this channel's last value.

        Returns
        -------
        Candidate
            With its out-of-fold predictions, in closed form.
        """
        started = time.perf_counter()
        problem = self.problem
        probe = ProbeModel(weights, problem.seed)
        kernel: Any = sum(w * self.kernels[block] for block, w in probe.weights.items())
        targets, scale = self._targets(channel)
        fit = left_out_fit(kernel, targets, problem.folds)
        probe.keep(self.blocks, fit)
        if problem.n_classes is None:
            slope = None
            out = from_relative(fit.left_out[:, 0] * scale, problem.X, channel)
        else:
            slope = fit_slope(fit.left_out, problem.y)
            out = softmax(fit.left_out, slope)
        return Candidate(
            name if channel is None else f"{name}, relative to the last value",
            "ridge", out, tuple(probe.weights), time.perf_counter() - started,
            model=RidgeModel(probe, slope, scale, channel),
        )  # fmt: skip

    def _targets(self, channel):
        targets = self.problem.targets()
        if self.problem.n_classes is not None:
            return targets, 1.0
        if channel is not None:
            last, span = relative_scale(self.problem.X, channel)
            targets = (targets - last[:, None]) / span[:, None]
        scale = float(targets.std()) or 1.0
        return targets / scale, scale


def weights_by_error(
    prior: Mapping[str, float], errors: Mapping[str, float], power: float
) -> dict[str, float]:
    """Weigh blocks by how much of the variance they explain out of fold, over what they leave.

    Parameters
    ----------
    prior : mapping of str to float
        Weights without any knowledge.
    errors : mapping of str to float
        Out-of-fold errors over the variance of the targets.
    power : float
        How sharply they decide.

    Returns
    -------
    dict of str to float
        Weights of the blocks that are better than the mean.
    """
    weights = {
        name: weight * (max(0.0, 1 - errors[name]) / max(errors[name], LEAST_ERROR)) ** power
        for name, weight in prior.items()
    }
    return {name: weight for name, weight in weights.items() if weight > 0}


class BaggedModel:
    """The mean of the models that were fitted to the training parts of the folds."""

    def __init__(self, models, columns, n_classes, channel):
        self.models, self.columns = models, columns
        self.n_classes, self.channel = n_classes, channel

    def __call__(self, X, tables):
        """Return the mean of probabilities or numbers."""
        inputs = X if self.columns is None else joined(tables, self.columns)
        return np.mean(
            [_predict(m, inputs, X, self.n_classes, self.channel) for m in self.models], axis=0
        )


def joined(tables: Mapping[str, np.ndarray], columns: Sequence[str]) -> np.ndarray:
    """Join the tables of blocks, (n_instances, n_features)."""
    return np.concatenate([tables[name] for name in columns], axis=1)


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
    if channel is not None:
        last, span = relative_scale(X, channel)
        y = (y - last) / span
    models: list[Any] = []
    out = None
    for train, test in problem.folds:
        if models:
            per_fold = (time.perf_counter() - started) / len(models)
            if time.perf_counter() + per_fold * (len(problem.folds) - len(models)) > deadline:
                needed = per_fold * len(problem.folds)
                candidate.problem = f"left out: it would have taken {needed:.0f} s"
                break
        try:
            model = make().fit(inputs[train], y[train])
            predicted = _predict(model, inputs[test], X[test], problem.n_classes, channel)
        except Exception as error:  # whatever it is, the others may do
            candidate.problem = f"failed: {error}"
            break
        out = np.full((len(y), *predicted.shape[1:]), np.nan) if out is None else out
        out[test] = predicted
        models.append(model)
    if candidate.problem is None:
        candidate.out_of_fold = out
        candidate.model = BaggedModel(models, columns, problem.n_classes, channel)
    candidate.seconds = time.perf_counter() - started
    return candidate
