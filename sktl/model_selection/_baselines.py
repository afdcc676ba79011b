"""Baselines in a search: any classifier or regressor that is compared with the networks."""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from sktime.classification.base import BaseClassifier
from sktime.regression.base import BaseRegressor

from sktl._lengths import is_unequal, series_of
from sktl.estimators.training_run import TrainingRun
from sktl.model_selection._candidates import Part, Scored
from sktl.model_selection._noise import judge_outputs
from sktl.training.training_data import DataFacts


@dataclass(frozen=True, eq=False)
class FittedBaseline:
    """A fitted baseline, and what brings series and predictions into the forms that it needs.

    Attributes
    ----------
    estimator : object
        Fitted classifier or regressor.
    facts : DataFacts
        Of data that a network trains on: the classes, and what encodes numbers.
    """

    estimator: Any
    facts: DataFacts

    @classmethod
    def fit(cls, estimator, X: np.ndarray, y: np.ndarray, facts: DataFacts) -> FittedBaseline:
        """Fit a copy of an estimator to a panel (n_instances, n_channels, n_timepoints) and y."""
        from sklearn.base import clone

        fitted = cls(clone(estimator, safe=False), facts)
        fitted.estimator.fit(fitted._series(X), y)
        return fitted

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return labels or numbers of a panel's instances."""
        return np.asarray(self.estimator.predict(self._series(X)))

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return probabilities (n_instances, n_classes), 1 for what is predicted where it has none.

        Raises
        ------
        ValueError
            If there is not one column for each class that the estimator was fitted to.
        """
        classes = self.facts.targets.classes  # type: ignore[union-attr]
        if not hasattr(self.estimator, "predict_proba"):
            return (self.predict(X)[:, None] == classes).astype(float)
        found = np.asarray(self.estimator.predict_proba(self._series(X)), float)
        known = np.asarray(getattr(self.estimator, "classes_", classes))
        if found.shape != (len(X), len(known)):
            raise ValueError(
                "predict_proba must give a row for each instance and a column for each class, "
                f"{(len(X), len(known))}. Received: shape {found.shape}"
            )
        # The training part of a fold can lack a class.
        columns = np.zeros((len(X), len(classes)))
        columns[:, np.searchsorted(classes, known)] = found
        return columns

    def outputs(self, X: np.ndarray) -> np.ndarray:
        """Return what a network would have to give to predict the same, float32.

        Parameters
        ----------
        X : np.ndarray of shape (n_instances, n_channels, n_timepoints)
            Panel.

        Returns
        -------
        np.ndarray of shape (n_instances, n_outputs)
            Probabilities of the classes, or numbers in the network's unit.

        Raises
        ------
        ValueError
            If predictions have another shape than y, or are not finite.
        """
        targets = self.facts.targets
        if hasattr(targets, "classes"):
            outputs = self.predict_proba(X).astype(np.float32)
        else:
            y = self.predict(X)
            wanted = (len(X), self.facts.shape[2])[: 1 + targets.has_columns]
            if y.shape != wanted:
                raise ValueError(f"Predictions must have the shape {wanted}. Received: {y.shape}")
            outputs = targets.encode(y, targets.frames(self.facts.at_length(X)))
        if not np.isfinite(outputs).all():
            raise ValueError("Predictions must be finite. Received: NaN or infinite values")
        return outputs

    def _series(self, X):
        X = self.facts.at_length(X)
        if not is_unequal(X):
            return X
        return [pd.DataFrame(one.T) for one in series_of(X)]


@dataclass
class Baseline(Scored):
    """A baseline among the candidates of a search.

    Attributes
    ----------
    name : str
        What `cv_results_` calls it.
    estimator : object
        Classifier or regressor, not fitted.
    network : estimator of sktl.estimators
        Whose loss compares.
    predicted : list of np.ndarray
        One a part: outputs for the instances that compare, as of a network.
    scores, seconds, error
        See `Candidate`.
    """

    name: str
    estimator: Any
    network: Any
    predicted: list[np.ndarray] = field(default_factory=list)
    scores: list[dict[str, float]] = field(default_factory=list)
    seconds: float = 0.0
    error: str | None = None

    kind: ClassVar[str] = "baseline"
    # What a network has, and a baseline has not.
    states: ClassVar[tuple] = ()
    n_epochs: ClassVar[int] = 0
    ended: ClassVar[bool] = True

    @property
    def params(self) -> dict[str, Any]:
        """What distinguishes the candidate."""
        return {"baseline": self.name}

    def compare(self, parts: Sequence[Part], X: np.ndarray, y: np.ndarray, X_held_out) -> None:
        """Fit to each training part, and score on the instances that compare.

        Parameters
        ----------
        parts : sequence of Part
            What the networks train on.
        X, y : np.ndarray
            What the parts were made of.
        X_held_out : np.ndarray or None
            Series that were given to compare the candidates.
        """
        started = time.perf_counter()
        try:
            for part, run in zip(parts, self.runs(parts), strict=True):
                fitted = self.fit(X[part.rows], y[part.rows], part.facts)
                outputs = fitted.outputs(part.compared(X, X_held_out))
                self.predicted.append(outputs)
                self.scores.append(self._score(run, part, outputs))
        except Exception as error:  # whatever it is, the others may do
            self.error = f"{type(error).__name__}: {error}"
            warnings.warn(
                f"The baseline {self.name} is no candidate, because it failed. {self.error}",
                stacklevel=2,
            )
        self.seconds = time.perf_counter() - started

    def fit(self, X: np.ndarray, y: np.ndarray, facts: DataFacts) -> FittedBaseline:
        """Fit it to a panel and y."""
        return FittedBaseline.fit(self.estimator, X, y, facts)

    def runs(self, parts: Sequence[Part]) -> list[TrainingRun]:
        """Return trainings on the parts that have not begun: their loss, data and targets."""
        return [TrainingRun(self.network, part.any_data, {}) for part in parts]

    def outputs(self, parts: Sequence[Part]) -> list[np.ndarray]:
        """Return what it predicted for the instances of each part that compare."""
        return self.predicted

    def _score(self, run, part, outputs):
        scores = {"epoch": np.nan}
        for name in ("val_loss", "val_score"):
            judged = judge_outputs(run, part, outputs, name)
            scores[name] = -judged.value if part.facts.targets.monitors[name] else judged.value
        if self.network._kind == "classifier" and not hasattr(self.estimator, "predict_proba"):
            scores["val_loss"] = np.nan
        return scores


def make_baselines(baselines: Any, network: Any, scoring: str) -> list[Baseline]:
    """Name the baselines of a search, and refuse those that it cannot compare.

    Parameters
    ----------
    baselines : sequence of estimators or of (str, estimator)
        See `OmegaSearch`.
    network : estimator of sktl.estimators
        What they are compared with.
    scoring : {"val_loss", "val_score"}
        What is compared.

    Returns
    -------
    list of Baseline
        Each with a name of its own.

    Raises
    ------
    TypeError
        If one cannot be used.
    """
    if not isinstance(baselines, list | tuple):
        raise TypeError(
            "baselines must be a list of estimators, or of pairs (name, estimator). "
            f"Received: baselines={baselines!r}"
        )
    made: dict[str, Baseline] = {}
    for given in baselines:
        pair = isinstance(given, tuple) and len(given) == 2 and isinstance(given[0], str)
        asked, estimator = given if pair else (type(given).__name__, given)
        _check(estimator, network._kind, scoring)
        name, number = asked, 1
        while name in made:
            number += 1
            name = f"{asked} {number}"
        made[name] = Baseline(name, estimator, network)
    return list(made.values())


def _check(estimator, kind, scoring):
    usable = hasattr(estimator, "fit") and hasattr(estimator, "predict")
    if isinstance(estimator, type) or not usable:
        raise TypeError(
            f"A baseline must be a {kind} with fit and predict, not fitted. Received: {estimator!r}"
        )
    if isinstance(estimator, BaseRegressor if kind == "classifier" else BaseClassifier):
        raise TypeError(
            f"The baselines of a search for a {kind} must be {kind}s. Received: {estimator!r}"
        )
    lacks = kind == "classifier" and not hasattr(estimator, "predict_proba")
    if lacks and scoring == "val_loss":
        raise TypeError(
            "scoring='val_loss' needs the probabilities of a baseline: give one with "
            f"predict_proba, or scoring='val_score'. Received: {estimator!r}"
        )
