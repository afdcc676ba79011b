"""Summaries of feature maps over time, in one pass outside the graph of the network.

In TensorFlow's graph the same reductions, each a pass of its own, took longer on several cores.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from sktl._checks import check_choice

POOLING = ("mean", "std", "max", "positive")
"""What summarises a filter's map over time; "positive" is the share of positive values."""


def summaries(
    maps: np.ndarray, pooling: tuple[str, ...], lengths: np.ndarray | None = None
) -> np.ndarray:
    """Summarise feature maps over time.

    Parameters
    ----------
    maps : np.ndarray of shape (n_instances, n_timepoints, n_filters), float32
        Feature maps.
    pooling : tuple of str
        Summaries, of `POOLING`.
    lengths : np.ndarray of shape (n_instances,), optional
        Time points of each series before its padding, at least one. Default: all.

    Returns
    -------
    np.ndarray of shape (n_instances, len(pooling) * n_filters), float32
        The first summary of all filters, then the second one, and so on.

    Raises
    ------
    ValueError
        If a summary is unknown.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.estimators.features.summaries import summaries
    >>> maps = np.array([[[1.0, -2.0], [3.0, -2.0]]], dtype="float32")
    >>> summaries(maps, ("mean", "positive")).tolist()
    [[2.0, -2.0, 1.0, 0.0]]
    """
    for kind in pooling:
        check_choice("pooling", kind, POOLING)
    if lengths is None:
        lengths = np.full(len(maps), maps.shape[1])
    found = np.empty((len(maps), len(POOLING), maps.shape[2]), np.float32)
    _compiled()(np.ascontiguousarray(maps, np.float32), np.asarray(lengths, np.int64), found)
    return found[:, [POOLING.index(kind) for kind in pooling]].reshape(len(maps), -1)


@lru_cache(maxsize=1)
def _compiled():
    from numba import njit

    return njit(cache=True, nogil=True)(_summarise)


def _summarise(maps, lengths, found):
    """Write the four summaries of every map into `found`; compiled by numba."""
    n_filters = maps.shape[2]
    total, squares = np.empty(n_filters), np.empty(n_filters)
    highest, positive = np.empty(n_filters, np.float32), np.empty(n_filters, np.int64)
    for i in range(len(maps)):
        # Sums of differences to the first value: a constant map has a deviation of exactly zero.
        first, count = maps[i, 0], lengths[i]
        total[:], squares[:], positive[:], highest[:] = 0, 0, 0, -np.inf
        for t in range(count):
            values = maps[i, t]
            for f in range(n_filters):
                value = values[f]
                difference = np.float64(value - first[f])
                total[f] += difference
                squares[f] += difference * difference
                highest[f] = max(highest[f], value)
                positive[f] += value > 0
        for f in range(n_filters):
            mean = total[f] / count
            found[i, 0, f] = first[f] + mean
            found[i, 1, f] = np.sqrt(max(squares[f] / count - mean * mean, 0.0))
            found[i, 2, f] = highest[f]
            found[i, 3, f] = positive[f] / count
