"""Base class of estimators that train clones of a network in their own way."""

from __future__ import annotations

from typing import ClassVar

from sktl.estimators.base import BaseTransferEstimator
from sktl.estimators.sklearn_mixin import ScikitLearnMixin


class NetworkWrapper(ScikitLearnMixin):
    """A classifier or regressor around an estimator of sktl.estimators.

    A wrapper has two classes, for the two kinds of estimators; calling the one that holds them in
    `_classes` makes that of the estimator's kind.
    """

    _kind: ClassVar[str]
    _classes: ClassVar[dict[str, type]]

    def __new__(cls, estimator=None, *args, **kwargs):
        """Make the wrapper of the estimator's kind."""
        if "_classes" in vars(cls):
            kind = getattr(estimator, "_kind", None)
            if kind not in cls._classes:
                raise TypeError(
                    "estimator must be a classifier or regressor of sktl.estimators. "
                    f"Received: estimator={estimator!r}"
                )
            cls = cls._classes[kind]
        return super().__new__(cls)

    def _check_estimator(self):
        estimator = self.estimator
        if getattr(estimator, "_kind", None) != self._kind or not isinstance(
            estimator, BaseTransferEstimator
        ):
            raise TypeError(
                f"estimator must be a {self._kind} of sktl.estimators. "
                f"Received: estimator={estimator!r}"
            )
