"""Logarithms of the sizes of channels and instances, and of their ends."""

from __future__ import annotations

from typing import Self

import numpy as np

from sktl._lengths import by_length

# Time points of the shortest end.
FEWEST_POINTS = 4


class _Logarithms:
    """Logarithms of sizes; zero counts as the smallest positive one of the training series."""

    def fit(self, X: np.ndarray) -> Self:
        """Learn the smallest positive sizes, X of shape (n_instances, n_channels, n_timepoints)."""
        sizes = by_length(self._sizes, X)
        positive = np.where(sizes > 0, sizes, np.inf).min(axis=0)
        self.floor_ = np.where(np.isfinite(positive), positive, 1.0)
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Return the logarithms, (n_instances, n_features)."""
        return np.log10(np.maximum(by_length(self._sizes, X), self.floor_))

    def _sizes(self, X: np.ndarray) -> np.ndarray:
        raise NotImplementedError


class AmplitudeBlock(_Logarithms):
    """Logarithms of the size of each channel and of the whole instance.

    Magnitudes and loudness are logarithms, and what scales the instances removes them. Of each
    channel and of the instance: largest absolute value, range and standard deviation, to base 10;
    one channel gives three.
    """

    kind = name = "amplitude"

    @staticmethod
    def names(n_channels: int) -> list[str]:
        """Name the columns, for series of so many channels."""
        of = [f"channel{c}" for c in range(n_channels)] + ["instance"] * (n_channels > 1)
        return [f"amplitude/{kind}/{who}" for kind in ("largest", "range", "std") for who in of]

    def _sizes(self, X):
        X = np.asarray(X, np.float64)
        low, high = X.min(axis=2), X.max(axis=2)
        columns = [np.maximum(np.abs(low), np.abs(high)), high - low, X.std(axis=2)]
        if X.shape[1] > 1:
            low, high = low.min(axis=1), high.max(axis=1)
            whole = [np.maximum(np.abs(low), np.abs(high)), high - low, X.std(axis=(1, 2))]
            columns = [np.column_stack(pair) for pair in zip(columns, whole, strict=True)]
        return np.column_stack(columns)


class EndAmplitudeBlock(_Logarithms):
    """Logarithms of the size of each channel in the whole series, its last half, quarter and so on.

    The end of a seismogram, its coda, tells the magnitude better than its largest wave, which
    depends on the direction of the source [1]_; volatility to come depends most on the last one
    [2]_. Of each end of at least four time points: standard deviation, mean absolute change from
    one point to the next, and mean absolute value, to base 10.

    References
    ----------
    .. [1] K. Mayeda, W. R. Walter (1996). Moment, energy, stress drop, and source spectra of
       western United States earthquakes from regional coda envelopes. Journal of Geophysical
       Research 101, 11195-11208.
    .. [2] F. Corsi (2009). A simple approximate long-memory model of realized volatility. Journal
       of Financial Econometrics 7, 174-196.
    """

    kind = name = "end amplitudes"

    def fit(self, X: np.ndarray) -> Self:
        """Choose the ends, and learn the smallest positive sizes, of series like X."""
        self.n_ends_ = 1 + int(np.log2(max(1, X.shape[2] / FEWEST_POINTS)))
        return super().fit(X)

    def _sizes(self, X):
        X = np.asarray(X, np.float64)
        columns = []
        for k in range(self.n_ends_):
            end = X[:, :, -max(X.shape[2] >> k, min(FEWEST_POINTS, X.shape[2])) :]
            # A single time point has no changes.
            changes = np.diff(end, axis=2) if end.shape[2] > 1 else np.zeros_like(end)
            columns += [end.std(axis=2), np.abs(changes).mean(axis=2), np.abs(end).mean(axis=2)]
        return np.concatenate(columns, axis=1)
