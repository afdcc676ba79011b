"""Shares of the power in bands of frequency."""

from __future__ import annotations

import numpy as np

from sktl._lengths import refuse_unequal


class SpectrumBlock:
    """Logarithms of the power in up to 32 bands of frequency, as shares of the instance's power.

    The bands widen with frequency.
    """

    kind = name = "spectrum"

    def fit(self, X: np.ndarray) -> SpectrumBlock:
        """Return itself; refuse series of unequal length."""
        refuse_unequal(X, "its bands depend on the length")
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Return the logarithms, (n_instances, n_channels * n_bands)."""
        X = np.asarray(X, np.float64)
        power = np.abs(np.fft.rfft(X - X.mean(axis=2, keepdims=True), axis=2))[:, :, 1:] ** 2
        n = power.shape[2]
        if not n:
            return np.zeros((len(X), X.shape[1]))
        edges = np.unique(np.geomspace(1, n + 1, min(32, n) + 1).round().astype(int)) - 1
        bands = np.add.reduceat(power, edges[:-1], axis=2) / np.diff(edges)
        total = bands.sum(axis=(1, 2), keepdims=True)
        return np.log10(bands / np.where(total > 0, total, 1) + 1e-8).reshape(len(X), -1)
