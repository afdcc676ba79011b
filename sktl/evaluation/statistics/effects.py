"""How large a difference is, with bootstrap intervals."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from sktl._random import RandomState, draw_seed
from sktl.evaluation.statistics._result import finite, pairs

__all__ = [
    "Interval",
    "bootstrap_interval",
    "cliffs_delta",
    "cohens_d_paired",
    "rank_biserial",
]


class Interval(NamedTuple):
    """An estimate and the ends of its confidence interval.

    Examples
    --------
    >>> from sktl.evaluation.statistics import Interval
    >>> Interval(1.0, 0.5, 1.5).low
    0.5
    """

    estimate: float
    low: float
    high: float


def rank_biserial(x: ArrayLike, y: ArrayLike) -> float:
    """Matched-pairs rank-biserial correlation, the effect size of the signed-rank test.

    Parameters
    ----------
    x, y : array-like of shape (n_pairs,)

    Returns
    -------
    float
        From -1 (every pair has x < y) to 1; 0 where no pair differs.

    Examples
    --------
    >>> from sktl.evaluation.statistics import rank_biserial
    >>> rank_biserial([1, 2, 3, 9], [2, 4, 6, 1])
    -0.2
    """
    first, second = pairs(x, y)
    difference = (first - second)[first != second]
    if difference.size == 0:
        return 0.0
    ranks = stats.rankdata(np.abs(difference))
    return float(np.sum(ranks * np.sign(difference)) / np.sum(ranks))


def cliffs_delta(x: ArrayLike, y: ArrayLike) -> float:
    """Cliff's delta: P(x > y) - P(x < y) over all pairs of two unpaired samples.

    Parameters
    ----------
    x, y : array-like of shape (n_x,) and (n_y,)

    Returns
    -------
    float
        From -1 to 1.

    Examples
    --------
    >>> from sktl.evaluation.statistics import cliffs_delta
    >>> cliffs_delta([1, 2, 3], [0, 2])
    0.5
    """
    first, second = finite(x, "x"), finite(y, "y")
    return float(np.mean(np.sign(first[:, None] - second[None, :])))


def cohens_d_paired(x: ArrayLike, y: ArrayLike) -> float:
    """Cohen's d of paired values: mean difference over the differences' standard deviation.

    Parameters
    ----------
    x, y : array-like of shape (n_pairs,)

    Returns
    -------
    float
        NaN where all differences are equal.

    Examples
    --------
    >>> from sktl.evaluation.statistics import cohens_d_paired
    >>> cohens_d_paired([2.0, 4.0, 6.0], [1.0, 2.0, 3.0])
    2.0
    """
    first, second = pairs(x, y, at_least=2)
    difference = first - second
    spread = float(np.std(difference, ddof=1))
    return float(np.mean(difference)) / spread if spread > 0 else float("nan")


def bootstrap_interval(
    values: ArrayLike,
    statistic: Callable = np.mean,
    confidence: float = 0.95,
    n_resamples: int = 2000,
    random_state: RandomState = None,
) -> Interval:
    """Estimate of a statistic with its percentile bootstrap interval (``scipy``).

    Parameters
    ----------
    values : array-like of shape (n,)
        Finite values; for a paired effect, the differences.
    statistic : callable, default=numpy.mean
        Takes an array and ``axis``.
    confidence : float, default=0.95
    n_resamples : int, default=2000
    random_state : int, RandomState, Generator or None

    Returns
    -------
    Interval
        NaN ends with fewer than two values.

    Examples
    --------
    >>> from sktl.evaluation.statistics import bootstrap_interval
    >>> low, high = bootstrap_interval([1.0, 2.0, 3.0, 4.0], random_state=0)[1:]
    >>> 1.0 <= low < 2.5 < high <= 4.0
    True
    """
    sample = finite(values, "values")
    estimate = float(statistic(sample, axis=0))
    if sample.size < 2:
        return Interval(estimate, float("nan"), float("nan"))
    found = stats.bootstrap(
        (sample,),
        statistic,
        confidence_level=confidence,
        n_resamples=n_resamples,
        method="percentile",
        vectorized=True,
        rng=np.random.default_rng(draw_seed(random_state)),
    ).confidence_interval
    return Interval(estimate, float(found.low), float(found.high))
