"""Times of what happens within the series."""

from __future__ import annotations

import numpy as np

from sktl._lengths import by_length


class TimingBlock:
    """Times at which shares of the energy, amplitudes and extremes are reached.

    Of every channel, and of all together, as shares of the length: when 2 to 90 % of the energy
    have passed, when a tenth to all of the largest size is first reached, and of every channel
    when its highest and lowest values come. Means over time, which most features are, lose it.
    """

    kind = name = "timing"
    energies = (0.02, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9)
    sizes = (0.1, 0.3, 0.6, 1.0)

    def fit(self, X: np.ndarray) -> TimingBlock:
        """Return itself."""
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Return the times, (n_instances, n_features)."""
        return by_length(self._times, X)

    def _times(self, X):
        X = np.asarray(X, np.float64)
        X = X - X.mean(axis=2, keepdims=True)
        energy = X**2
        if X.shape[1] > 1:
            energy = np.concatenate([energy, energy.sum(axis=1, keepdims=True)], axis=1)
        passed = np.cumsum(energy, axis=2)
        whole = passed[:, :, -1:]
        times = [(passed < share * whole).sum(axis=2) for share in self.energies]
        size = np.sqrt(energy)
        largest = size.max(axis=2, keepdims=True)
        times += [(size >= share * largest).argmax(axis=2) for share in self.sizes]
        times += [X.argmax(axis=2), X.argmin(axis=2)]
        return np.concatenate(times, axis=1) / X.shape[2]
