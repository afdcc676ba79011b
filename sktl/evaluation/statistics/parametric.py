"""Tests that assume normal distributions, and the tests of that assumption (all from scipy)."""

from __future__ import annotations

from numpy.typing import ArrayLike
from scipy import stats

from sktl.evaluation.statistics._result import TestResult, finite, pairs

__all__ = ["levene", "paired_t", "shapiro_wilk", "welch_t"]


def paired_t(x: ArrayLike, y: ArrayLike) -> TestResult:
    """Two-sided t-test of the mean difference of paired values.

    Parameters
    ----------
    x, y : array-like of shape (n_pairs,)
        Finite paired values, at least two pairs. NaN comes out where all differences are equal
        to zero.

    Returns
    -------
    TestResult
        ``details``: ``df``, degrees of freedom.

    Examples
    --------
    >>> from sktl.evaluation.statistics import paired_t
    >>> round(paired_t([5.0, 6.0, 7.5], [4.0, 5.5, 6.0]).statistic, 4)
    3.4641
    """
    first, second = pairs(x, y, at_least=2)
    result = stats.ttest_rel(first, second)
    return TestResult(
        "paired t, two-sided",
        float(result.statistic),
        float(result.pvalue),
        {"df": float(result.df)},
    )


def welch_t(x: ArrayLike, y: ArrayLike) -> TestResult:
    """Two-sided t-test of two means without assuming equal variances (Welch).

    Parameters
    ----------
    x, y : array-like of shape (n_x,) and (n_y,)
        Finite values, at least two each.

    Returns
    -------
    TestResult
        ``details``: ``df``, Welch-Satterthwaite degrees of freedom.

    Examples
    --------
    >>> from sktl.evaluation.statistics import welch_t
    >>> round(welch_t([1.0, 2.0, 3.0], [2.0, 4.0, 6.0, 8.0]).pvalue, 4)
    0.0999
    """
    result = stats.ttest_ind(finite(x, "x", 2), finite(y, "y", 2), equal_var=False)
    return TestResult(
        "Welch t, two-sided",
        float(result.statistic),
        float(result.pvalue),
        {"df": float(result.df)},
    )


def shapiro_wilk(x: ArrayLike) -> TestResult:
    """Shapiro-Wilk test; a small p-value speaks against a normal distribution.

    Parameters
    ----------
    x : array-like of shape (n,)
        At least three finite values.

    Returns
    -------
    TestResult

    Examples
    --------
    >>> from sktl.evaluation.statistics import shapiro_wilk
    >>> shapiro_wilk([1.0, 2.0, 3.0, 4.0, 50.0]).pvalue < 0.01
    True
    """
    result = stats.shapiro(finite(x, "x", 3))
    return TestResult("Shapiro-Wilk", float(result.statistic), float(result.pvalue))


def levene(*samples: ArrayLike) -> TestResult:
    """Levene's test of equal variances, around the medians (Brown-Forsythe).

    Parameters
    ----------
    *samples : array-like
        Two or more samples of at least two finite values.

    Returns
    -------
    TestResult

    Raises
    ------
    ValueError
        With fewer than two samples.

    Examples
    --------
    >>> from sktl.evaluation.statistics import levene
    >>> levene([1.0, 2.0, 3.0, 4.0], [1.0, 20.0, 40.0, 60.0]).pvalue < 0.05
    True
    """
    if len(samples) < 2:
        raise ValueError(f"levene needs two or more samples. Received: {len(samples)}")
    result = stats.levene(
        *(finite(sample, f"sample {i}", 2) for i, sample in enumerate(samples)), center="median"
    )
    return TestResult("Levene (median)", float(result.statistic), float(result.pvalue))
