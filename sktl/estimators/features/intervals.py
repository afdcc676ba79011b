"""Quantiles of intervals, for forests of trees."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from sktl._lengths import refuse_unequal


class IntervalBlock:
    """Quantiles of intervals of the series, its differences and its spectrum: QUANT.

    The series, its smoothed first differences, its second differences and the size of its Fourier
    coefficients are halved up to five times, and the intervals shifted by half of their length
    beside. Of every interval each fourth of its sorted values is interpolated, and from every other
    one the mean of the interval is subtracted [1]_.

    References
    ----------
    .. [1] A. Dempster, D. F. Schmidt, G. I. Webb (2024). QUANT: a minimalist interval method for
       time series classification. Data Mining and Knowledge Discovery 38, 2377-2402.
    """

    kind = name = "intervals"
    depth = 6
    # Values of an interval for one quantile; longer and wider series get fewer.
    divisor = 4
    most_features = 50_000

    def fit(self, X: np.ndarray) -> IntervalBlock:
        """Choose how many quantiles there are, for series like X, of equal length."""
        refuse_unequal(X, "the intervals depend on the length")
        # The intervals of a depth hold every value about twice, of four forms of the series.
        of_all = 7 * self.depth * X.shape[1] * X.shape[2]
        while of_all / self.divisor > self.most_features and self.divisor < X.shape[2]:
            self.divisor *= 2
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Return the quantiles, (n_instances, n_features), float32."""
        X = np.asarray(X, np.float32)
        forms = [X]
        if X.shape[2] > 2:
            padded = np.pad(np.diff(X, axis=2), ((0, 0), (0, 0), (2, 2)), mode="edge")
            forms.append(sliding_window_view(padded, 5, axis=2).mean(axis=3))
            forms.append(np.diff(X, n=2, axis=2))
        forms.append(np.abs(np.fft.rfft(X, axis=2)).astype(np.float32))
        columns = []
        for form in forms:
            for start, stop in _intervals(form.shape[2], self.depth):
                columns.append(self._quantiles(form[:, :, start:stop]).reshape(len(X), -1))
        return np.concatenate(columns, axis=1)

    def _quantiles(self, part):
        length = part.shape[2]
        if length == 1:
            return part
        count = 1 + (length - 1) // self.divisor
        ordered = np.sort(part, axis=2)
        at = (length - 1) * (np.linspace(0, 1, count) if count > 1 else np.array([0.5]))
        below = np.floor(at).astype(int)
        share = (at - below).astype(np.float32)
        above = np.minimum(below + 1, length - 1)
        quantiles = ordered[:, :, below] * (1 - share) + ordered[:, :, above] * share
        if count > 1:
            quantiles[:, :, 1::2] -= part.mean(axis=2, keepdims=True)
        return quantiles


def _intervals(length, depth):
    """Give the halves, quarters and so on of a length, and those shifted by half of theirs."""
    for level in range(min(depth, int(np.log2(length)) + 1)):
        edges = np.linspace(0, length, 2**level + 1).astype(int)
        parts = np.column_stack([edges[:-1], edges[1:]])
        yield from parts
        if level and np.median(np.diff(edges)) > 1:
            yield from np.minimum(parts[:-1] + int(np.ceil(length / 2**level / 2)), length)
