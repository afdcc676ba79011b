"""What makes a network a classifier or a regressor: targets, loss, score, predictions."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from sklearn.metrics import accuracy_score, f1_score, mean_absolute_error
from sklearn.utils.class_weight import compute_sample_weight
from sktime.classification.base import BaseClassifier
from sktime.regression.base import BaseRegressor

from sktl.estimators.base import BaseTransferEstimator, parameters
from sktl.training.preprocessing import standardisation
from sktl.training.target_scaling import InstanceScaling, instance_frames


@parameters
class BaseTransferClassifier(BaseTransferEstimator, BaseClassifier):
    """What makes a network a classifier.

    Parameters
    ----------
    class_weight : dict, "balanced" or None, default=None
        Weight of each class in the training loss, as in scikit-learn.

    Attributes
    ----------
    classes_ : np.ndarray of shape (n_classes,)
        The labels, in the order of the probabilities.

    Examples
    --------
    >>> from sktime.datasets import load_unit_test
    >>> from sktl.estimators import {name}
    >>> X, y = load_unit_test(return_type="numpy3D")
    >>> classifier = {name}(n_epochs=2, random_state=0).fit(X, y)
    >>> classifier.predict(X).shape
    (42,)
    """

    _task = "classification"
    _kind = "classifier"
    _loss = "categorical_crossentropy"
    _output_activation = "softmax"
    _score_name = "f1_weighted"
    _monitors: ClassVar = {"val_loss": False, "val_score": True, "val_accuracy": True}
    _target_attributes = ("classes_",)
    _tags: ClassVar = {"capability:predict_proba": True}

    class_weight: Any = None

    def __post_init__(self):
        # A dataclass calls this after it has assigned; sktime's own constructor calls it again.
        if "_is_fitted" not in vars(self):
            BaseClassifier.__init__(self)

    def _strata(self, y):
        return y

    def _fit_targets(self, y, frames=None):
        return self._targets(y), self._instance_weights(y)

    def _instance_weights(self, y):
        return compute_sample_weight(self.class_weight, y).astype(np.float32)

    def _targets(self, y, frames=None):
        return (np.asarray(y)[:, None] == self.classes_).astype(np.float32)

    def _check_held_out_targets(self, y):
        unknown = sorted(set(y.tolist()) - set(self.classes_.tolist()), key=str)
        if unknown:
            raise ValueError(
                "validation_data must only hold classes of y. "
                f"Received: {unknown}, while y has {self.classes_.tolist()}"
            )
        return y

    def _frames(self, X):
        return None

    def _validation_scores(self, y, outputs, frames=None):
        # By number: labels that are floats are no classes to scikit-learn.
        y, predicted = np.searchsorted(self.classes_, y), outputs.argmax(axis=1)
        return {
            "val_score": float(f1_score(y, predicted, average="weighted", zero_division=0)),
            "val_accuracy": float(accuracy_score(y, predicted)),
        }

    def _predict_proba(self, X):
        return self._outputs(X)

    def _card_task(self):
        return {"classes": self.classes_.tolist()}


@parameters
class BaseTransferRegressor(BaseTransferEstimator, BaseRegressor):
    """What makes a network a regressor.

    Parameters
    ----------
    target_scaling : {"standard", "instance", None}, default="standard"
        Train on y standardised by the training instances; on y relative to its own instance,
        ``(y - last value) / range`` of channel 0, standardised as well; or on y as it is.
        "instance" is the reversible instance normalisation of forecasting (Kim et al. 2022), for
        a y that continues the series in its unit, such as the next price; `fit` refuses any other.
        Predictions are in the unit of y in every case.

    References
    ----------
    .. [1] T. Kim, J. Kim, Y. Tae, C. Park, J.-H. Choi, J. Choo (2022). Reversible instance
       normalization for accurate time-series forecasting against distribution shift.
       International Conference on Learning Representations.

    Examples
    --------
    >>> from sktime.datasets import load_unit_test
    >>> from sktl.estimators import {name}
    >>> X, y = load_unit_test(return_type="numpy3D")
    >>> regressor = {name}(n_epochs=2, random_state=0).fit(X, y.astype(float))
    >>> regressor.predict(X).shape
    (42,)
    """

    _task = "regression"
    _kind = "regressor"
    _loss = "mean_squared_error"
    # Numbers such as magnitudes follow the logarithm of an amplitude.
    _stream_max = "log"
    _score_name = "mae"
    _monitors: ClassVar = {"val_loss": False, "val_score": False}
    _target_attributes = ("_center", "_scale", "_spreads", "_instance_scaling")

    target_scaling: str | None = "standard"

    def __post_init__(self):
        if "_is_fitted" not in vars(self):
            BaseRegressor.__init__(self)

    def _strata(self, y):
        return None

    def _instance_weights(self, y):
        return np.ones(len(y), np.float32)

    def _unit_of(self, monitor):
        of_y, of_targets = self._spreads
        if monitor == "val_score":
            return of_y
        return of_targets**2 if self._loss == "mean_squared_error" else of_targets

    def _frames(self, X):
        return instance_frames(X) if self.target_scaling == "instance" else None

    def _fit_targets(self, y, frames=None):
        nothing: Any = None
        self._center, self._scale, self._instance_scaling = 0.0, 1.0, nothing
        if self.target_scaling is not None:
            y_checked = np.asarray(self._check_held_out_targets(y), float)
            if frames is not None:
                self._instance_scaling = InstanceScaling.fit(y_checked, frames)
                y_checked = self._instance_scaling.relative(y_checked, frames)
            self._center, self._scale = standardisation(y_checked)
        targets = self._targets(y, frames)
        # Three digits are enough for what they do, and make those of standardised targets 1.
        self._spreads = tuple(float(f"{standardisation(v)[1]:.3g}") for v in (y, targets))
        return targets, self._instance_weights(y)

    def _targets(self, y, frames=None):
        y = np.asarray(y, float)
        if frames is not None:
            y = self._instance_scaling.relative(y, frames)
        y = ((y - self._center) / self._scale).astype(np.float32)
        return y[:, None] if y.ndim == 1 else y

    def _check_held_out_targets(self, y):
        if not np.isfinite(np.asarray(y, float)).all():
            raise ValueError("y must be finite. Received: NaN or infinite values")
        return y

    def _validation_scores(self, y, outputs, frames=None):
        return {"val_score": float(mean_absolute_error(y, self._unscaled(outputs, frames)))}

    def _unscaled(self, outputs, frames=None):
        outputs = self._of_shape_of_y(outputs).astype(np.float64) * self._scale + self._center
        return outputs if frames is None else self._instance_scaling.absolute(outputs, frames)

    @staticmethod
    def _of_shape_of_y(outputs):
        return outputs[:, 0]

    def _predict(self, X):
        return self._unscaled(self._outputs(X), self._frames(X))
