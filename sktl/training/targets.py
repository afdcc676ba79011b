"""Encoding of y as targets of a network, and decoding of its outputs.

There is one class per task. It is created from the estimator's parameters. `fit` returns a copy
that is fitted to the training part of y; this encodes y, and decodes and scores outputs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from sktl.training.column_targets import ColumnTargets
from sktl.training.preprocessing import standardisation
from sktl.training.target_scaling import InstanceScaling, instance_frames


@dataclass(frozen=True, eq=False)
class ClassTargets:
    """Class labels, encoded with one column of 0 and 1 per class.

    Attributes
    ----------
    class_weight : dict, "balanced" or None, default=None
        Weight of each class in the training loss, as in scikit-learn.
    classes : np.ndarray of shape (n_classes,) or None, default=None
        The labels, in the order of the columns; None: `fit` determines them.
    monitors : dict of str to bool
        History columns that can be monitored, and whether greater is better.
    score_name : str
        Name of the metric in ``val_score``.
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
        """Return a copy with the classes of y."""
        return self if self.classes is not None else replace(self, classes=np.unique(y))

    def frames(self, X: np.ndarray) -> None:
        """Return None: labels have no reference values."""
        return

    def strata(self, y: np.ndarray) -> np.ndarray:
        """Return the strata of an inner validation split: the labels."""
        return y

    def check(self, y: np.ndarray) -> np.ndarray:
        """Return y of a held-out part; raise ValueError if it has unknown classes."""
        unknown = sorted(set(y.tolist()) - set(self.classes.tolist()), key=str)
        if unknown:
            raise ValueError(
                f"validation_data must only have the classes of y, {self.classes.tolist()}. "
                f"Received: {unknown}"
            )
        return y

    def weights(self, y: np.ndarray) -> np.ndarray:
        """Return the weight of each instance in the training loss, float32."""
        from sklearn.utils.class_weight import compute_sample_weight

        return compute_sample_weight(self.class_weight, y).astype(np.float32)

    def encode(self, y: np.ndarray, frames: np.ndarray | None = None) -> np.ndarray:
        """Return y as target columns of shape (n_instances, n_classes), float32."""
        return (np.asarray(y)[:, None] == self.classes).astype(np.float32)

    def numbers(self, outputs: np.ndarray) -> np.ndarray:
        """Return the index of the predicted class of each instance, the most probable one."""
        return outputs.argmax(axis=1)

    def decode(self, outputs: np.ndarray, frames: np.ndarray | None = None) -> np.ndarray:
        """Return the predicted label of each instance."""
        return self.classes[self.numbers(outputs)]

    def scores(
        self, y: np.ndarray, outputs: np.ndarray, frames: np.ndarray | None = None
    ) -> dict[str, float]:
        """Return ``val_score``, the weighted F1, and ``val_accuracy``."""
        from sklearn.metrics import accuracy_score, f1_score

        # As integers: scikit-learn does not accept float labels as classes.
        y, predicted = np.searchsorted(self.classes, y), self.numbers(outputs)
        return {
            "val_score": float(f1_score(y, predicted, average="weighted", zero_division=0)),
            "val_accuracy": float(accuracy_score(y, predicted)),
        }

    def errors(
        self, y: np.ndarray, outputs: np.ndarray, frames: np.ndarray | None = None
    ) -> np.ndarray:
        """Return the error of each instance: 1 for a wrong class, 0 for the right one."""
        return (self.decode(outputs) != np.asarray(y)).astype(float)

    def unit(self, monitor: str, loss: str) -> float:
        """Return the typical size of a monitored value, which is 1 for classification."""
        return 1.0


@dataclass(frozen=True, eq=False)
class OrdinalTargets(ClassTargets):
    """Numeric class labels in their order; the median class is predicted."""

    def __post_init__(self):
        if self.classes is not None and not np.issubdtype(self.classes.dtype, np.number):
            raise ValueError(
                "output='ordinal' needs labels that are numbers, in the order of the classes; "
                f"text labels have no order. Received: classes {self.classes.tolist()!r:.200}"
            )

    def numbers(self, outputs: np.ndarray) -> np.ndarray:
        """Return the index of the median class of each instance."""
        above = 1 - np.cumsum(outputs[:, :-1], axis=1)
        return (above > 0.5).sum(axis=1)


@dataclass(frozen=True, eq=False)
class NumericTargets:
    """Numeric targets, standardised or relative to their instance.

    Attributes
    ----------
    scaling : {"standard", "instance", None}, default="standard"
        See `target_scaling` of the regressors.
    center, scale : float
        Mean and standard deviation of the (relative) targets of the training part.
    instance_scaling : InstanceScaling or None
        Conversion of y to values relative to its instance, and back.
    spreads : tuple of (float, float)
        Standard deviation of y, and of the encoded targets.
    has_columns : bool
        True if y is two-dimensional.
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
        """Return a copy that is fitted to y.

        Parameters
        ----------
        y : np.ndarray of shape (n_instances,) or (n_instances, n_outputs)
            Targets of the training part.
        frames : np.ndarray of shape (n_instances, 2) or None
            Return value of `frames` for its series.

        Returns
        -------
        NumericTargets
            The fitted copy.

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
        # Rounded to three digits, so that the spread of standardised targets is exactly 1.
        of_y, of_targets = (float(f"{standardisation(v)[1]:.3g}") for v in (y, trained_on))
        return replace(fitted, spreads=(of_y, of_targets))

    def frames(self, X: np.ndarray) -> np.ndarray | None:
        """Return the reference values of y, see `instance_frames`; None if there are none."""
        return instance_frames(X) if self.scaling == "instance" else None

    def strata(self, y: np.ndarray) -> None:
        """Return None: the inner split of numeric targets is not stratified."""
        return

    def check(self, y: np.ndarray) -> np.ndarray:
        """Return y; raise ValueError if a value is not finite."""
        if not np.isfinite(np.asarray(y, float)).all():
            raise ValueError("y must be finite. Received: NaN or infinite values")
        return y

    def weights(self, y: np.ndarray) -> np.ndarray:
        """Return the weight of each instance in the training loss: 1."""
        return np.ones(len(y), np.float32)

    def encode(self, y: np.ndarray, frames: np.ndarray | None = None) -> np.ndarray:
        """Return y as encoded targets of shape (n_instances, n_outputs), float32."""
        y = np.asarray(y, float)
        if frames is not None:
            y = self.instance_scaling.relative(y, frames)
        y = ((y - self.center) / self.scale).astype(np.float32)
        return y[:, None] if y.ndim == 1 else y

    def decode(self, outputs: np.ndarray, frames: np.ndarray | None = None) -> np.ndarray:
        """Return outputs in the unit and shape of y."""
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
        """Return the absolute error of each instance, averaged over the outputs."""
        errors = np.abs(self.decode(outputs, frames) - y)
        return errors.reshape(len(y), -1).mean(axis=1)

    def unit(self, monitor: str, loss: str) -> float:
        """Return the typical size of a monitored value, in its unit."""
        of_y, of_targets = self.spreads
        if monitor == "val_score":
            return of_y
        return of_targets**2 if loss == "mean_squared_error" else of_targets


Targets = ClassTargets | NumericTargets | ColumnTargets
