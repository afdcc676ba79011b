"""Targets as a network sees them, and what its outputs say in the unit of y.

One class a task. Each is made of the estimator's parameters, learns from the training part of y
what it needs (`fit` gives another that knows it), encodes y, and scores outputs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from sktl.training.preprocessing import standardisation
from sktl.training.target_scaling import InstanceScaling, instance_frames


@dataclass(frozen=True, eq=False)
class ClassTargets:
    """Class labels, one column of 0 and 1 for each class.

    Attributes
    ----------
    class_weight : dict, "balanced" or None, default=None
        Weight of each class in the training loss, as in scikit-learn.
    classes : np.ndarray of shape (n_classes,) or None, default=None
        The labels, in the order of the columns; None: `fit` finds them.
    monitors : dict of str to bool
        What can decide on a training, and whether greater is better.
    score_name : str
        What ``val_score`` is.
    """

    class_weight: Any = None
    classes: Any = None

    monitors: ClassVar[dict[str, bool]] = {
        "val_loss": False,
        "val_score": True,
        "val_accuracy": True,
    }
    score_name: ClassVar[str] = "f1_weighted"

    def fit(self, y: np.ndarray, frames: np.ndarray | None = None) -> ClassTargets:
        """Return what knows the classes of y."""
        return self if self.classes is not None else replace(self, classes=np.unique(y))

    def frames(self, X: np.ndarray) -> None:
        """Return None: labels are relative to nothing."""
        return

    def strata(self, y: np.ndarray) -> np.ndarray:
        """Return what an inner split keeps the shares of."""
        return y

    def check(self, y: np.ndarray) -> np.ndarray:
        """Return y of a held-out part, or refuse classes that the training part does not have."""
        unknown = sorted(set(y.tolist()) - set(self.classes.tolist()), key=str)
        if unknown:
            raise ValueError(
                "validation_data must only hold classes of y. "
                f"Received: {unknown}, while y has {self.classes.tolist()}"
            )
        return y

    def weights(self, y: np.ndarray) -> np.ndarray:
        """Return the weight of each instance in the training loss, float32."""
        from sklearn.utils.class_weight import compute_sample_weight

        return compute_sample_weight(self.class_weight, y).astype(np.float32)

    def encode(self, y: np.ndarray, frames: np.ndarray | None = None) -> np.ndarray:
        """Return the columns that the network should give, (n_instances, n_classes), float32."""
        return (np.asarray(y)[:, None] == self.classes).astype(np.float32)

    def numbers(self, outputs: np.ndarray) -> np.ndarray:
        """Return the number of the class that is predicted for each instance: the most probable."""
        return outputs.argmax(axis=1)

    def decode(self, outputs: np.ndarray, frames: np.ndarray | None = None) -> np.ndarray:
        """Return the label that is predicted for each instance."""
        return self.classes[self.numbers(outputs)]

    def scores(
        self, y: np.ndarray, outputs: np.ndarray, frames: np.ndarray | None = None
    ) -> dict[str, float]:
        """Return ``val_score``, the weighted F1, and ``val_accuracy``."""
        from sklearn.metrics import accuracy_score, f1_score

        # By number: labels that are floats are no classes to scikit-learn.
        y, predicted = np.searchsorted(self.classes, y), self.numbers(outputs)
        return {
            "val_score": float(f1_score(y, predicted, average="weighted", zero_division=0)),
            "val_accuracy": float(accuracy_score(y, predicted)),
        }

    def errors(
        self, y: np.ndarray, outputs: np.ndarray, frames: np.ndarray | None = None
    ) -> np.ndarray:
        """Return 1 for each wrong class, 0 for each right one."""
        return (self.decode(outputs) != np.asarray(y)).astype(float)

    def unit(self, monitor: str, loss: str) -> float:
        """Return the size of values of a monitor that are neither good nor bad."""
        return 1.0


@dataclass(frozen=True, eq=False)
class OrdinalTargets(ClassTargets):
    """Class labels that are numbers, in their order; the median class is predicted."""

    def __post_init__(self):
        if self.classes is not None and not np.issubdtype(self.classes.dtype, np.number):
            raise ValueError(
                "output='ordinal' needs labels that are numbers, in the order of the classes; "
                f"texts have none. Received: classes {self.classes.tolist()!r:.200}"
            )

    def numbers(self, outputs: np.ndarray) -> np.ndarray:
        """Return the number of the median class: the first not below which lies half or more."""
        above = 1 - np.cumsum(outputs[:, :-1], axis=1)
        return (above > 0.5).sum(axis=1)


@dataclass(frozen=True, eq=False)
class NumericTargets:
    """Numbers, standardised by the training part or relative to their own instance.

    Attributes
    ----------
    scaling : {"standard", "instance", None}, default="standard"
        See `target_scaling` of the regressors.
    center, scale : float
        What is subtracted, and what the rest is divided by.
    instance_scaling : InstanceScaling or None
        What takes y to its instance's frame and back.
    spreads : tuple of (float, float)
        Spread of y, and of what the network is trained on.
    has_columns : bool
        Whether y has two axes.
    monitors, score_name
        See `ClassTargets`.
    """

    scaling: str | None = "standard"
    center: float = 0.0
    scale: float = 1.0
    instance_scaling: Any = None
    spreads: tuple[float, float] = (1.0, 1.0)
    has_columns: bool = False

    monitors: ClassVar[dict[str, bool]] = {"val_loss": False, "val_score": False}
    score_name: ClassVar[str] = "mae"

    def fit(self, y: np.ndarray, frames: np.ndarray | None = None) -> NumericTargets:
        """Return what knows the scale of y.

        Parameters
        ----------
        y : np.ndarray of shape (n_instances,) or (n_instances, n_outputs)
            Targets of the training part.
        frames : np.ndarray of shape (n_instances, 2) or None
            What `frames` gives for its series.

        Returns
        -------
        NumericTargets
            What was fitted.

        Raises
        ------
        ValueError
            If y is not finite, or with ``scaling="instance"`` does not continue the series.
        """
        fitted = replace(self, has_columns=np.ndim(y) == 2, instance_scaling=None)
        relative = np.asarray(self.check(y), float)
        if self.scaling is not None:
            if frames is not None:
                fitted = replace(fitted, instance_scaling=InstanceScaling.fit(relative, frames))
                relative = fitted.instance_scaling.relative(relative, frames)
            center, scale = standardisation(relative)
            fitted = replace(fitted, center=center, scale=scale)
        trained_on = fitted.encode(y, frames)
        # Three digits are enough for what they do, and make those of standardised targets 1.
        of_y, of_targets = (float(f"{standardisation(v)[1]:.3g}") for v in (y, trained_on))
        return replace(fitted, spreads=(of_y, of_targets))

    def frames(self, X: np.ndarray) -> np.ndarray | None:
        """Return what y is relative to, None where it is relative to nothing."""
        return instance_frames(X) if self.scaling == "instance" else None

    def strata(self, y: np.ndarray) -> None:
        """Return None: numbers are split at random."""
        return

    def check(self, y: np.ndarray) -> np.ndarray:
        """Return y, or refuse values that are not finite."""
        if not np.isfinite(np.asarray(y, float)).all():
            raise ValueError("y must be finite. Received: NaN or infinite values")
        return y

    def weights(self, y: np.ndarray) -> np.ndarray:
        """Return the weight of each instance in the training loss: 1."""
        return np.ones(len(y), np.float32)

    def encode(self, y: np.ndarray, frames: np.ndarray | None = None) -> np.ndarray:
        """Return what the network should give, (n_instances, n_outputs), float32."""
        y = np.asarray(y, float)
        if frames is not None:
            y = self.instance_scaling.relative(y, frames)
        y = ((y - self.center) / self.scale).astype(np.float32)
        return y[:, None] if y.ndim == 1 else y

    def decode(self, outputs: np.ndarray, frames: np.ndarray | None = None) -> np.ndarray:
        """Return outputs in the unit and the shape of y."""
        outputs = outputs if self.has_columns else outputs[:, 0]
        outputs = outputs.astype(np.float64) * self.scale + self.center
        return outputs if frames is None else self.instance_scaling.absolute(outputs, frames)

    def scores(
        self, y: np.ndarray, outputs: np.ndarray, frames: np.ndarray | None = None
    ) -> dict[str, float]:
        """Return ``val_score``, the mean absolute error in the unit of y."""
        from sklearn.metrics import mean_absolute_error

        return {"val_score": float(mean_absolute_error(y, self.decode(outputs, frames)))}

    def errors(
        self, y: np.ndarray, outputs: np.ndarray, frames: np.ndarray | None = None
    ) -> np.ndarray:
        """Return the absolute error of each instance, the mean of several outputs."""
        errors = np.abs(self.decode(outputs, frames) - y)
        return errors.reshape(len(y), -1).mean(axis=1)

    def unit(self, monitor: str, loss: str) -> float:
        """Return the size of values of a monitor that are neither good nor bad."""
        of_y, of_targets = self.spreads
        if monitor == "val_score":
            return of_y
        return of_targets**2 if loss == "mean_squared_error" else of_targets


Targets = ClassTargets | NumericTargets
