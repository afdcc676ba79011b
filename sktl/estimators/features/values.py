"""The values of the series as features, for linear models of short, aligned series."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from sktl._lengths import refuse_unequal

# Longer series are averaged to so many points.
MOST_POINTS = 500
# Points of the moving average before differences are taken, where the series is long enough.
SMOOTHED = 5


def averaged(X: np.ndarray, most: int) -> np.ndarray:
    """Return a panel in float64, series of more time points averaged to so many intervals."""
    X = np.asarray(X, np.float64)
    length = X.shape[2]
    if length <= most:
        return X
    edges = np.linspace(0, length, most + 1).astype(int)
    return np.add.reduceat(X, edges[:-1], axis=2) / np.diff(edges)


class ValueBlock:
    """The values of aligned series and their smoothed first differences.

    Spectra, growth curves and load curves have their meaning at fixed points: a ridge model on
    values and differences is the standard of chemometrics [1]_. Longer series are averaged to
    500 points; before the differences are taken, a moving average of five points smooths series of
    at least fifteen.

    Parameters
    ----------
    form : {"values", "profile", "shape"}, default="values"
        "values": as they are. "profile": values and differences are each divided by one number
        instead of being standardised point by point, so that points which vary more count more.
        "shape": the mean of each channel of an instance is subtracted and its standard deviation
        divided by first (standard normal variate), which removes offsets and gains.

    References
    ----------
    .. [1] R. J. Barnes, M. S. Dhanoa, S. J. Lister (1989). Standard normal variate transformation
       and de-trending of near-infrared diffuse reflectance spectra. Applied Spectroscopy 43,
       772-777.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.estimators.features.values import ValueBlock
    >>> X = np.arange(12.0).reshape(2, 1, 6) ** 2
    >>> ValueBlock().fit(X).transform(X)[0].tolist()
    [0.0, 1.0, 4.0, 9.0, 16.0, 25.0, 1.0, 3.0, 5.0, 7.0, 9.0]
    """

    def __init__(self, form: str = "values"):
        self.form = form
        self.kind = self.name = form

    def fit(self, X: np.ndarray) -> ValueBlock:
        """Learn how much values and differences vary, X of shape (n, n_channels, n_timepoints)."""
        refuse_unequal(X, "its features are single time points")
        # Series of one time point have no differences.
        self.sizes_ = [
            float(np.sqrt(part.var(axis=0).mean())) if part.size else 0.0 for part in self._parts(X)
        ]
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Return the features of series, (n_instances, n_features)."""
        parts = self._parts(X)
        if self.form == "profile":
            parts = [p / (s or 1.0) for p, s in zip(parts, self.sizes_, strict=True)]
        return np.concatenate(parts, axis=1)

    def _parts(self, X):
        X = averaged(X, MOST_POINTS)
        if self.form == "shape":
            spread = X.std(axis=2, keepdims=True)
            X = (X - X.mean(axis=2, keepdims=True)) / np.where(spread > 0, spread, 1.0)
        smooth = X
        if X.shape[2] >= 3 * SMOOTHED:
            reach = SMOOTHED // 2
            padded = np.pad(X, ((0, 0), (0, 0), (reach, reach)), mode="edge")
            smooth = sliding_window_view(padded, SMOOTHED, axis=2).mean(axis=3)
        return [part.reshape(len(X), -1) for part in (X, np.diff(smooth, axis=2))]


class SeriesBlock:
    """The series themselves, relative to their last value, for linear forecasts.

    The last value is a feature as well. Long series are averaged to at most 200 time points.
    """

    kind = name = "series"

    def fit(self, X: np.ndarray) -> SeriesBlock:
        """Return itself; refuse series of unequal length."""
        refuse_unequal(X, "its features are single time points")
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Return the values, (n_instances, n_features)."""
        X = averaged(X, 200)
        last = X[:, :, -1]
        return np.concatenate([(X - last[:, :, None])[:, :, :-1].reshape(len(X), -1), last], axis=1)
