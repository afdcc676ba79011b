"""How series are scaled for frozen features: each instance on its own, or as a source was trained.

What is shown to a network at once is a *view*: all channels, or each channel alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sktl._lengths import is_unequal, lengths_of
from sktl.training.preprocessing import Preprocessing, Standardisation
from sktl.training.unequal_length import of_other_length, unequal_form

SCALINGS = ("z-score", "min-max")
Scale = Callable[[np.ndarray], np.ndarray]


def scaled_instances(X: np.ndarray, how: str) -> np.ndarray:
    """Scale every instance on its own.

    Parameters
    ----------
    X : np.ndarray of shape (n_instances, n_channels, n_timepoints)
        Series in any unit; NaN may follow shorter ones, and stays.
    how : {"z-score", "min-max"}
        What divides an instance whose channels' means were subtracted: the standard deviation of
        all its channels, or their range.

    Returns
    -------
    np.ndarray of shape (n_instances, n_channels, n_timepoints), float32
        Dimensionless; a constant instance becomes 0.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.estimators.features.frozen_scaling import scaled_instances
    >>> scaled_instances(np.array([[[1.0, 3.0]], [[5.0, 5.0]]]), "z-score").tolist()
    [[[-1.0, 1.0]], [[0.0, 0.0]]]
    """
    X = np.asarray(X, np.float64)
    mean: Any
    std: Any
    ptp: Any
    largest: Any
    if is_unequal(X):
        mean, std, ptp, largest = np.nanmean, np.nanstd, _nanptp, np.nanmax
    else:
        mean, std, ptp, largest = np.mean, np.std, np.ptp, np.max
    centred = X - mean(X, axis=2, keepdims=True)
    if how == "z-score":
        size = std(centred, axis=(1, 2), keepdims=True)
    else:
        size = ptp(X, axis=(1, 2), keepdims=True)
    # Rounding leaves a constant a spread of a few units in the last place.
    constant = size <= 1e-12 * largest(np.abs(X), axis=(1, 2), keepdims=True)
    return (centred / np.where(constant, 1, size) * ~constant).astype(np.float32)


def _nanptp(X, axis, keepdims):
    return np.nanmax(X, axis=axis, keepdims=keepdims) - np.nanmin(X, axis=axis, keepdims=keepdims)


@dataclass(frozen=True, eq=False)
class SourceScaling:
    """The preprocessing under which a source was trained, fitted to training instances.

    Attributes
    ----------
    views : tuple of object
        The fitted preprocessing of each view.
    n_timepoints : int or None
        Time points of the training instances; None: they differ in length.
    """

    views: tuple[Any, ...]
    n_timepoints: int | None

    @classmethod
    def fit(cls, kind: Any, X: np.ndarray, views: Sequence[Any]) -> SourceScaling:
        """Fit the preprocessing of every view.

        Parameters
        ----------
        kind : object
            As of `sktl.estimators.transfer.stated_preprocessing`.
        X : np.ndarray of shape (n_instances, n_channels, n_timepoints)
            Training instances; NaN may follow shorter ones.
        views : sequence of (slice or list of int)
            Channels of each view.

        Returns
        -------
        SourceScaling
        """
        n_timepoints: int | None = X.shape[2]
        if is_unequal(X):
            lengths_of(X)  # NaN in the middle of a series is refused
            kind, n_timepoints = unequal_form(kind), None
        return cls(tuple(kind.fit(X[:, view], None)[0] for view in views), n_timepoints)

    def scales(self, X: np.ndarray, n_views: int) -> list[Scale]:
        """Return what scales series of the length of X, a function for each view.

        Parameters
        ----------
        X : np.ndarray of shape (n_instances, n_channels, n_timepoints)
            Series of any length; NaN may follow shorter ones.
        n_views : int
            Number of views.

        Returns
        -------
        list of callable
            Each turns the channels of its view into scaled ones, float32.

        Raises
        ------
        ValueError
            If the training instances had another number of views.
        """
        if n_views != len(self.views):
            raise ValueError(
                f"X must have {len(self.views)} channels as the training series. "
                f"Received: {n_views} channels"
            )
        fitted = self.views
        if self.n_timepoints is not None and (is_unequal(X) or X.shape[2] != self.n_timepoints):
            fitted = tuple(_for_length(one, X.shape[2]) for one in fitted)
        return [_series_of(one) for one in fitted]


def _for_length(fitted, n_timepoints):
    # Pictures have one length, and say so.
    any_length = isinstance(fitted, Preprocessing | Standardisation)
    return of_other_length(fitted, n_timepoints) if any_length else fitted


def _series_of(fitted) -> Scale:
    return lambda X: fitted.transform(np.asarray(X))[0]
