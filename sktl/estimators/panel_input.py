"""What users give as X and y, read before sktime's methods see it and after they have converted it.

Only public methods of sktime are called and replaced: `fit`, `predict` and their kin read what was
given, and the tag ``X_inner_mtype`` lets sktime hand on panels of unequal length as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from sktime.classification.base import BaseClassifier
from sktime.datatypes import convert

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


class PanelInput:
    """Reads X and y for a classifier or regressor of sktime."""

    _kind: ClassVar[str]
    _tags: ClassVar[dict[str, Any]] = {
        # Sktime hands on what is in this list as it is, and converts all else to the first.
        "X_inner_mtype": ["numpy3D", "df-list", "pd-multiindex", "nested_univ"],
    }
    # What to do with series of unequal length where they are not taken.
    _unequal_choices: ClassVar[str] = "cut or continue them, or use another estimator"
    # What the estimator has.
    get_tag: Any
    check_is_fitted: Any
    is_fitted: Any

    def _fit_with(self, X, y, **given):
        """Call sktime's fit; meanwhile `_given` has what it does not hand on to `_fit`."""
        y, X = self._targets_of(y), self._read(X)
        warn_of_2d(X)
        token = _fit_arguments.set(given)
        try:
            super().fit(X, y)  # type: ignore[misc]
        finally:
            _fit_arguments.reset(token)
        # Not before: sktime's fit resets. A y in a frame makes predictions one with its columns.
        self._channel_names, self._y_is_frame = channel_names(X), isinstance(y, pd.DataFrame)
        return self

    @property
    def _given(self) -> Mapping[str, Any]:
        """What `fit` was given beside X and y."""
        return _fit_arguments.get()

    def predict(self, X):
        """Predict the targets of series.

        Parameters
        ----------
        X : sktime panel, or np.ndarray of shape (n_instances, n_channels, n_timepoints)
            Series; channels that have names are put in the order of the training.

        Returns
        -------
        np.ndarray of shape (n_instances,) or table of shape (n_instances, n_outputs)
            Class labels, or numbers in the unit of y.

        Raises
        ------
        NotFittedError
            If `fit` has not been called.
        ValueError
            If X cannot be read, or does not go with the training series.
        """
        return super().predict(self._as_trained(X))  # type: ignore[misc]

    def _read(self, X):
        """Return X as sktime can read it, or refuse it."""
        X = as_panel(X)
        if not self.get_tag("capability:unequal_length"):
            refuse_unequal(
                X, f"{type(self).__name__} supports no unequal lengths; {self._unequal_choices}"
            )
        return X

    def _as_trained(self, X):
        """Return new series as sktime can read them, with the channels of the training."""
        self.check_is_fitted()
        return in_order(self._read(X), vars(self).get("_channel_names"))

    def _as_array(self, X):
        """Return as an array what sktime hands to `_fit` and `_predict`.

        NaN follows a series that is shorter than others.
        """
        if not isinstance(X, np.ndarray):
            equal = not is_unequal(X)
            X = convert(X, _mtype(X), "numpy3D", as_scitype="Panel") if equal else panel_of(X)
        if not self.is_fitted:
            warn_of_orientation(X)
        return X

    def _targets_of(self, y, name="y"):
        """Return y as an array of labels or numbers, or refuse it."""
        return as_targets(y, "classification" if self._kind == "classifier" else "regression", name)

    def _checked_together(self, X, y, validation_data=None):
        """Check what needs X and y as they were given; return validation data in X's order."""
        check_same_order(X, y)
        return aligned(validation_data, X)


def _mtype(X):
    """Return sktime's name for a panel that has been checked."""
    if isinstance(X, list):
        return "df-list"
    return "pd-multiindex" if X.index.nlevels == 2 else "nested_univ"


class PanelClassifier(BaseClassifier):
    """The methods by which a classifier takes series, and a regressor does not."""

    # What `PanelInput` has.
    _as_trained: Any
    _read: Any
    _targets_of: Any

    def predict_proba(self, X):
        """Predict the probabilities of the classes of series.

        Parameters
        ----------
        X : sktime panel, or np.ndarray of shape (n_instances, n_channels, n_timepoints)
            Series; channels that have names are put in the order of the training.

        Returns
        -------
        np.ndarray of shape (n_instances, n_classes)
            The columns are in the order of `classes_`; the sum of a row is 1.

        Raises
        ------
        NotFittedError
            If `fit` has not been called.
        ValueError
            If X cannot be read, or does not go with the training series.
        """
        return super().predict_proba(self._as_trained(X))

    def fit_predict(self, X, y, cv=None, change_state=True):
        """Fit and predict class labels, see sktime's method; out of fold with `cv`.

        Parameters
        ----------
        X : sktime panel, or np.ndarray of shape (n_instances, n_channels, n_timepoints)
            Series.
        y : array-like of shape (n_instances,)
            Class labels.
        cv : int or splitter of scikit-learn, optional
            Folds.
        change_state : bool, default=True
            Whether this estimator is fitted, too, and not its clones alone.

        Returns
        -------
        np.ndarray of shape (n_instances,)
            Class labels.
        """
        return super().fit_predict(self._read(X), self._targets_of(y), cv, change_state)

    def fit_predict_proba(self, X, y, cv=None, change_state=True):
        """Fit and predict probabilities, see `fit_predict`.

        Parameters
        ----------
        X : sktime panel, or np.ndarray of shape (n_instances, n_channels, n_timepoints)
            Series.
        y : array-like of shape (n_instances,)
            Class labels.
        cv : int or splitter of scikit-learn, optional
            Folds.
        change_state : bool, default=True
            Whether this estimator is fitted, too, and not its clones alone.

        Returns
        -------
        np.ndarray of shape (n_instances, n_classes)
            The columns are in the order of `classes_`.
        """
        return super().fit_predict_proba(self._read(X), self._targets_of(y), cv, change_state)
