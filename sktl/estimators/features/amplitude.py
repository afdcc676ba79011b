"""Logarithms of the sizes of channels and instances."""

from __future__ import annotations

import numpy as np

from sktl._lengths import by_length


class AmplitudeBlock:
    """Logarithms of the size of each channel and of the whole instance.

    Magnitudes and loudness are logarithms, and what scales the instances removes them. Of each
    channel and of the instance: largest absolute value, range and standard deviation, to base 10.
    A size of zero counts as the smallest positive one of the training series.
    """

    kind = name = "amplitude"

    def fit(self, X: np.ndarray) -> AmplitudeBlock:
        """Learn the smallest positive sizes, X of shape (n_instances, n_channels, n_timepoints)."""
        sizes = by_length(_sizes, X)
        positive = np.where(sizes > 0, sizes, np.inf).min(axis=0)
        self.floor_ = np.where(np.isfinite(positive), positive, 1.0)
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Return the logarithms, (n_instances, 3 * (n_channels + 1)); one channel gives three."""
        return np.log10(np.maximum(by_length(_sizes, X), self.floor_))

    @staticmethod
    def names(n_channels: int) -> list[str]:
        """Name the columns, for series of so many channels."""
        of = [f"channel{c}" for c in range(n_channels)] + ["instance"] * (n_channels > 1)
        return [f"amplitude/{kind}/{who}" for kind in ("largest", "range", "std") for who in of]


def _sizes(X):
    X = np.asarray(X, np.float64)
    low, high = X.min(axis=2), X.max(axis=2)
    columns = [np.maximum(np.abs(low), np.abs(high)), high - low, X.std(axis=2)]
    if X.shape[1] > 1:
        low, high = low.min(axis=1), high.max(axis=1)
        whole = [np.maximum(np.abs(low), np.abs(high)), high - low, X.std(axis=(1, 2))]
        columns = [np.column_stack(pair) for pair in zip(columns, whole, strict=True)]
    return np.column_stack(columns)
