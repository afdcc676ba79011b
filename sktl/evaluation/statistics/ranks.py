"""Comparisons of several treatments over blocks by ranks: Friedman and its post-hoc tests."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from sktl.evaluation.statistics._result import TestResult, blocks

__all__ = ["conover", "friedman", "mean_ranks", "nemenyi", "nemenyi_critical_difference"]


def mean_ranks(scores: ArrayLike, greater_is_better: bool = True) -> np.ndarray:
    """Mean rank of each treatment over the blocks; 1 is best, ties share their mean rank.

    Parameters
    ----------
    scores : array-like of shape (n_blocks, n_treatments)
    greater_is_better : bool, default=True

    Returns
    -------
    numpy.ndarray of shape (n_treatments,)

    Examples
    --------
    >>> from sktl.evaluation.statistics import mean_ranks
    >>> mean_ranks([[0.9, 0.8, 0.7], [0.6, 0.6, 0.5]]).tolist()
    [1.25, 1.75, 3.0]
    """
    values = blocks(scores)
    return np.mean(stats.rankdata(-values if greater_is_better else values, axis=1), axis=0)


def friedman(scores: ArrayLike) -> TestResult:
    """Friedman test with the less conservative F statistic of Iman and Davenport.

    Parameters
    ----------
    scores : array-like of shape (n_blocks, n_treatments)
        Complete blocks of finite values, at least two blocks and three treatments.

    Returns
    -------
    TestResult
        ``statistic`` and ``pvalue`` are Iman and Davenport's F and its p-value; ``details``:
        ``chi2`` and ``chi2_pvalue`` (Friedman's, corrected for ties), ``df1``, ``df2``. Where
        all values of all blocks tie, chi2 is 0 and both p-values are 1.

    Examples
    --------
    >>> from sktl.evaluation.statistics import friedman
    >>> scores = [[1, 2, 3], [1, 3, 2], [1, 2, 3], [1, 2, 3], [2, 1, 3]]
    >>> result = friedman(scores)
    >>> round(result.details["chi2"], 3), round(result.statistic, 3), round(result.pvalue, 4)
    (6.4, 7.111, 0.0168)
    """
    values = blocks(scores)
    n, k = values.shape
    if k < 3:
        raise ValueError(f"friedman needs three treatments or more. Received: {k}")
    df1, df2 = k - 1, (k - 1) * (n - 1)
    if np.all(np.ptp(values, axis=1) == 0):
        chi2, pvalue = 0.0, 1.0
    else:
        chi2, pvalue = map(float, stats.friedmanchisquare(*values.T))
    rest = n * (k - 1) - chi2
    # All blocks in the same order: F is infinite.
    f = (n - 1) * chi2 / rest if rest > 1e-12 else math.inf
    return TestResult(
        "Friedman with Iman-Davenport",
        f,
        float(stats.f.sf(f, df1, df2)),
        {"chi2": chi2, "chi2_pvalue": pvalue, "df1": df1, "df2": df2},
    )


def nemenyi(scores: ArrayLike) -> np.ndarray:
    """Pairwise p-values of Nemenyi's test after Friedman's (``scikit-posthocs``).

    Parameters
    ----------
    scores : array-like of shape (n_blocks, n_treatments)

    Returns
    -------
    numpy.ndarray of shape (n_treatments, n_treatments)
        Symmetric, 1 on the diagonal.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.evaluation.statistics import nemenyi
    >>> scores = np.arange(3.0) + np.zeros((10, 1))
    >>> bool(nemenyi(scores)[0, 2] < 0.001)
    True
    """
    import scikit_posthocs

    return scikit_posthocs.posthoc_nemenyi_friedman(blocks(scores)).to_numpy()


def conover(scores: ArrayLike, correction: str | None = "holm") -> np.ndarray:
    """Pairwise p-values of Conover's test after Friedman's (``scikit-posthocs``).

    Parameters
    ----------
    scores : array-like of shape (n_blocks, n_treatments)
    correction : str or None, default="holm"
        A method of ``statsmodels.stats.multitest.multipletests``; None leaves them uncorrected.

    Returns
    -------
    numpy.ndarray of shape (n_treatments, n_treatments)

    Examples
    --------
    >>> from sktl.evaluation.statistics import conover
    >>> x = [[31, 27, 24], [31, 28, 31], [45, 29, 46], [21, 18, 48], [42, 36, 46], [32, 17, 40]]
    >>> conover(x).shape
    (3, 3)
    """
    import scikit_posthocs

    return scikit_posthocs.posthoc_conover_friedman(blocks(scores), p_adjust=correction).to_numpy()


def nemenyi_critical_difference(n_blocks: int, n_treatments: int, alpha: float = 0.05) -> float:
    """Difference of mean ranks from which Nemenyi's test calls two treatments different.

    Parameters
    ----------
    n_blocks, n_treatments : int
    alpha : float, default=0.05

    Returns
    -------
    float
        In mean ranks.

    Examples
    --------
    >>> from sktl.evaluation.statistics import nemenyi_critical_difference
    >>> round(nemenyi_critical_difference(14, 4), 2)
    1.25
    """
    q = stats.studentized_range.isf(alpha, n_treatments, np.inf) / math.sqrt(2)
    return float(q * math.sqrt(n_treatments * (n_treatments + 1) / (6 * n_blocks)))
