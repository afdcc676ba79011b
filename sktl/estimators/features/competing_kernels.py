"""Hydra: random kernels that compete at every time point, counted as words are in a dictionary."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import numpy as np

from sktl._lengths import by_length
from sktl.estimators.features.random_convolutions import continued

N_TAPS = 9
N_KERNELS = 8
# Groups of competing kernels for every dilation, half of them on the series, half on differences.
N_GROUPS = 64
MOST_CHANNELS = 8


class HydraBlock:
    """Features of competing random convolutions: Hydra.

    Kernels are in groups of eight. At every time point the kernels of a group compete: the one
    of largest response gets its response added to its feature, and the one of smallest response is
    counted. There are 64 groups for each power of two as dilation, half of them on the series and
    half on their differences. Each group of several channels sees the sum of some drawn at random.
    The features are the roots of the counts, scaled by the training series with zeros kept, as the
    authors do.

    Parameters
    ----------
    random_state : int, default=0
        Seed of the kernels.

    References
    ----------
    .. [1] A. Dempster, D. F. Schmidt, G. I. Webb (2023). Hydra: competing convolutional kernels
       for fast and accurate time series classification. Data Mining and Knowledge Discovery 37,
       1779-1805.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.estimators.features.competing_kernels import HydraBlock
    >>> X = np.random.default_rng(0).normal(size=(4, 2, 20))
    >>> HydraBlock().fit(X).transform(X).shape
    (4, 2048)
    """

    kind = name = "hydra"

    def __init__(self, random_state: int = 0):
        self.random_state = random_state

    def fit(self, X: np.ndarray) -> HydraBlock:
        """Draw the kernels for series like X, (n_instances, n_channels, n_timepoints)."""
        n_channels, length = X.shape[1], max(X.shape[2], N_TAPS + 1)
        rng = np.random.default_rng(self.random_state)
        self.dilations_ = 2 ** np.arange(int(np.log2((length - 1) / (N_TAPS - 1))) + 1)
        shape = (len(self.dilations_), 2, N_GROUPS // 2)
        kernels = rng.normal(size=(*shape, N_KERNELS, N_TAPS))
        kernels -= kernels.mean(axis=-1, keepdims=True)
        kernels /= np.abs(kernels).sum(axis=-1, keepdims=True)
        self.kernels_ = kernels.astype(np.float32)
        n_mixed = int(np.clip(n_channels // 2, 2, MOST_CHANNELS)) if n_channels > 1 else 1
        self.channels_ = rng.integers(0, n_channels, (*shape, n_mixed))
        counts = self.counts(X)
        self.center_ = counts.mean(axis=0)
        # Features that are mostly zero say little where they are not.
        self.scale_ = counts.std(axis=0) + (counts == 0).mean(axis=0) ** 4 + 1e-8
        return self

    def counts(self, X: np.ndarray) -> np.ndarray:
        """Return the roots of the counts, (n_instances, n_features), not scaled.

        Parameters
        ----------
        X : np.ndarray of shape (n_instances, n_channels, n_timepoints)
            Series; those below ten time points are continued with their last value. NaN may
            follow shorter ones.
        """
        return by_length(self._counts, X)

    def _counts(self, X):
        X = continued(np.ascontiguousarray(X, np.float32), N_TAPS + 1)
        features = np.zeros((len(X), *self.kernels_.shape[:4], 2), np.float32)
        compete = compiled()
        compete(X[0], self.kernels_, self.channels_, self.dilations_, features[0])
        with ThreadPoolExecutor(n_threads()) as pool:  # the compiled code needs no lock
            for _ in pool.map(
                lambda i: compete(
                    X[i], self.kernels_, self.channels_, self.dilations_, features[i]
                ),
                range(1, len(X)),
            ):
                pass
        return np.sqrt(np.maximum(features, 0)).reshape(len(X), -1)

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Return the scaled features of series, (n_instances, n_features)."""
        counts = self.counts(X)
        return ((counts - self.center_) * (counts != 0) / self.scale_).astype(np.float32)


def n_threads() -> int:
    """Return how many threads numba may use."""
    from numba import get_num_threads

    return get_num_threads()


@lru_cache(maxsize=1)
def compiled():
    """Return the function of numba that computes the features, without compiling it."""
    from numba import njit

    return njit(cache=True, nogil=True, fastmath=True)(_compete)


def _compete(series, kernels, channels, dilations, features):
    """Add up the responses of winners, and count losers, of one instance; compiled by numba."""
    length = series.shape[1]
    middle = kernels.shape[4] // 2
    highest, lowest = np.empty(length, np.float32), np.empty(length, np.float32)
    winner, loser = np.empty(length, np.int32), np.empty(length, np.int32)
    response, seen = np.empty(length, np.float32), np.empty(length, np.float32)
    for d in range(len(dilations)):
        for side in range(2):
            n = length - side
            for g in range(kernels.shape[2]):
                seen[:] = 0
                for c in channels[d, side, g]:
                    for t in range(n):
                        if side == 0:
                            seen[t] += series[c, t]
                        else:
                            seen[t] += series[c, t + 1] - series[c, t]
                highest[:], lowest[:] = -np.inf, np.inf
                for k in range(kernels.shape[3]):
                    response[:] = 0
                    for tap in range(kernels.shape[4]):
                        weight = kernels[d, side, g, k, tap]
                        shift = (tap - middle) * dilations[d]
                        first, last = max(0, -shift), max(0, min(n, n - shift))
                        if first < last:
                            # Slices: numba would check every index for being negative.
                            part, of = response[first:last], seen[first + shift : last + shift]
                            for t in range(len(part)):
                                part[t] += weight * of[t]
                    for t in range(n):
                        value = response[t]
                        winner[t] = k if value > highest[t] else winner[t]
                        highest[t] = max(highest[t], value)
                        loser[t] = k if value < lowest[t] else loser[t]
                        lowest[t] = min(lowest[t], value)
                for t in range(n):
                    features[d, side, g, winner[t], 0] += highest[t]
                    features[d, side, g, loser[t], 1] += 1
