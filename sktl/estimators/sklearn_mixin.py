"""What all our estimators tell sktime and scikit-learn of themselves."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from sktl._lengths import is_unequal, panel_of, refuse_unequal
from sktl._panels import (
    aligned,
    as_panel,
    channel_names,
    check_same_order,
    in_order,
    warn_of_2d,
    warn_of_orientation,
)
from sktl._targets import as_targets

_NOTHING: Mapping[str, Any] = MappingProxyType({})
# Sktime's fit resets the estimator, and hands X and y on to `_fit`, and nothing else; what more
# `fit` was given waits here in the meantime.
_fit_arguments: ContextVar[Mapping[str, Any]] = ContextVar("fit_arguments", default=_NOTHING)


class ScikitLearnReset:
    """Keeps what scikit-learn needs of a sktime object over the reset at the start of fit."""

    def reset(self):
        """Return to the state after construction, keeping what scikit-learn left for its own use.

        Returns
        -------
        self
        """
        # Scikit-learn >= 1.9 puts these on an estimator before it calls fit.
        names = ("_parent_callback_ctx", "_skl_callbacks")
        kept = {name: value for name, value in vars(self).items() if name in names}
        super().reset()  # type: ignore[misc]
        for name, value in kept.items():
            setattr(self, name, value)
        return self


class ScikitLearnMixin(ScikitLearnReset):
    """Lets `GridSearchCV`, `cross_val_score` and the like take a sktime estimator."""

    _kind: ClassVar[str]
    _tags: ClassVar[dict[str, Any]] = {
        "authors": ["sktl developers"],
        "maintainers": ["sktl developers"],
        "python_dependencies": ["keras>=3.15"],
        "X_inner_mtype": "numpy3D",
        "capability:multivariate": True,
    }

    def __getattr__(self, name):
        """Explain what is missing where there was nothing to learn."""
        known = vars(self).get("_class_dictionary", ())
        if len(known) == 1 and not name.startswith("__") and name.strip("_") != name:
            raise AttributeError(
                f"This {type(self).__name__} has no {name}: y had one class, "
                f"{self.classes_.tolist()[0]!r}, so nothing was trained, and this class is what it "
                "predicts"
            )
        # Raise the error that there was.
        return object.__getattribute__(self, name)

    def _fit_with(self, X, y, **given):
        """Call sktime's fit; meanwhile `_given` has what it does not hand on to `_fit`."""
        token = _fit_arguments.set(given)
        try:
            return super().fit(X, y)  # type: ignore[misc]
        finally:
            _fit_arguments.reset(token)

    @property
    def _given(self) -> Mapping[str, Any]:
        """What `fit` was given beside X and y."""
        return _fit_arguments.get()

    # What to do with series of unequal length where they are not taken.
    _unequal_choices: ClassVar[str] = "cut or continue them, or use another estimator"

    # What sktime's fit, predict and their kin call with X and y as they were given.
    def _internal_convert(self, X, y=None):
        X = as_panel(X)
        if not self.get_tag("capability:unequal_length"):
            refuse_unequal(
                X, f"{type(self).__name__} supports no unequal lengths; {self._unequal_choices}"
            )
        if "_channel_names" in vars(self):
            X = in_order(X, vars(self)["_channel_names"])
        else:
            self._channel_names = channel_names(X)
            warn_of_2d(X)
        return super()._internal_convert(X, y)  # type: ignore[misc]

    def _convert_X(self, X, X_mtype):  # noqa: N802 - sktime's name
        X = panel_of(X) if is_unequal(X) else super()._convert_X(X, X_mtype)  # type: ignore[misc]
        if not vars(self).get("_is_fitted"):
            warn_of_orientation(X)
        return X

    def _check_y(self, y=None, return_to_mtype=False):
        y = self._targets_of(y)
        return super()._check_y(y, return_to_mtype)  # type: ignore[misc]

    def _targets_of(self, y, name="y"):
        """Return y as an array of labels or numbers, or refuse it."""
        return as_targets(y, "classification" if self._kind == "classifier" else "regression", name)

    def _checked_together(self, X, y, validation_data=None):
        """Check what needs X and y as they were given; return validation data in X's order."""
        check_same_order(X, y)
        return aligned(validation_data, X)

    def score(self, X, y, **options) -> float:
        """Return the accuracy of a classifier, or R2 of a regressor.

        Parameters
        ----------
        X : sktime panel, or np.ndarray of shape (n_instances, n_channels, n_timepoints)
            Series.
        y : array-like of shape (n_instances,) or (n_instances, n_outputs)
            What is true.
        **options
            Of a regressor: ``multioutput``, see `sklearn.metrics.r2_score`.

        Returns
        -------
        float
            At most 1.
        """
        check_same_order(X, y)
        y = self._targets_of(y)
        if self._kind == "classifier" and np.ndim(y) == 1 and np.asarray(y).dtype.kind == "f":
            # Scikit-learn's accuracy takes floats for numbers to predict.
            return float(np.mean(self.predict(X) == np.asarray(y)))
        return super().score(X, y, **options)  # type: ignore[misc]

    def __sklearn_tags__(self):
        from sklearn.utils import ClassifierTags, InputTags, RegressorTags, Tags, TargetTags

        return Tags(
            estimator_type=self._kind,
            target_tags=TargetTags(
                required=True,
                multi_output=self.get_tag("capability:multioutput", False, raise_error=False),
            ),
            classifier_tags=ClassifierTags() if self._kind == "classifier" else None,
            regressor_tags=RegressorTags() if self._kind == "regressor" else None,
            input_tags=InputTags(two_d_array=False, three_d_array=True),
        )
