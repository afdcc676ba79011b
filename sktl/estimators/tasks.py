"""Classifiers and regressors: targets, loss and predictions of a network."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from sktime.regression.base import BaseRegressor

from sktl._checks import Bound, Choice
from sktl.estimators.base import BaseTransferEstimator, parameters
from sktl.estimators.panel_input import PanelClassifier
from sktl.training.ordinal_head import ordinal_layer
from sktl.training.probe_head import probe_start
from sktl.training.targets import ClassTargets, NumericTargets, OrdinalTargets

OUTPUTS = ("softmax", "ordinal")


@parameters
class BaseTransferClassifier(BaseTransferEstimator, PanelClassifier):
    """What makes a network a classifier.

    Parameters
    ----------
    class_weight : dict, "balanced" or None, default=None
        Weight of each class in the training loss, as in scikit-learn.
    output : {"softmax", "ordinal"}, default="softmax"
        "ordinal" is for classes that have an order, such as magnitudes or stages; their labels
        must be numbers. The output layer asks at each threshold whether the class lies above,
        given that it does not lie below (CORN, Shi et al. 2023), so that probabilities to lie
        above fall with the threshold and neighbours share what is learnt. The loss is the cross
        entropy either way, here the sum of the binary losses of an instance, and `predict` gives
        the median class instead of the most probable.

    Attributes
    ----------
    classes_ : np.ndarray of shape (n_classes,)
        The labels, in the order of the probabilities.

    References
    ----------
    .. [1] X. Shi, W. Cao, S. Raschka (2023). Deep neural networks for rank-consistent ordinal
       regression based on conditional probabilities. Pattern Analysis and Applications 26,
       941-955.

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
    _tags: ClassVar = {"capability:predict_proba": True}

    _bounds: ClassVar[dict[str, Bound]] = {"output": Choice(OUTPUTS)}

    class_weight: Any = None
    output: str = "softmax"

    def __post_init__(self):
        # A dataclass calls this after it has assigned; sktime's own constructor calls it again.
        if "_is_fitted" not in vars(self):
            PanelClassifier.__init__(self)

    @property
    def _output_activation(self) -> str | None:
        return self.output

    def _new_targets(self, y=None):
        kind = OrdinalTargets if self.output == "ordinal" else ClassTargets
        return kind(self.class_weight, None if y is None else np.unique(y))

    def _probe_start(self, network, start, training):
        if self.output != "ordinal":
            return super()._probe_start(network, start, training)
        return probe_start(network, start, training, True, ordinal_layer)

    def _predict(self, X):
        return self._facts.targets.decode(self._predict_proba(X))

    def _predict_proba(self, X):
        return self._outputs(X)


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

    _bounds: ClassVar[dict[str, Bound]] = {
        "target_scaling": Choice(("standard", "instance", None)),
    }

    target_scaling: str | None = "standard"

    def __post_init__(self):
        if "_is_fitted" not in vars(self):
            BaseRegressor.__init__(self)

    def _new_targets(self, y=None):
        return NumericTargets(self.target_scaling)

    def _predict(self, X):
        X, targets = self._as_array(X), self._facts.targets
        return targets.decode(self._outputs(X), targets.frames(X))
