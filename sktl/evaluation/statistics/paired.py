"""Tests of paired values without a normal distribution: sign test, Wilcoxon signed-rank."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from sktl.evaluation.statistics._result import TestResult, pairs

__all__ = ["sign_test", "sign_test_counts", "wilcoxon_signed_rank"]


def sign_test_counts(wins: int, losses: int, ties: int = 0, alpha: float = 0.05) -> TestResult:
    """Two-tailed sign test from counts.

    Ties are split evenly between wins and losses; of an odd number, one is left out (Demšar
    2006). The test is given twice: by the critical count ``(N + z * sqrt(N)) / 2``, rounded up,
    of Demšar and of Otović et al., and by the exact binomial distribution. The exact critical
    count is the larger by one for some N (48, 60, 192); ``significant`` follows the exact test.

    Parameters
    ----------
    wins, losses, ties : int
        Counts, at least 0.
    alpha : float, default=0.05
        Level of significance.

    Returns
    -------
    TestResult
        ``statistic`` is the number of wins after the split; ``details`` holds ``n``, ``wins``,
        ``losses``, ``critical`` and ``critical_exact`` (None where no count is significant),
        ``significant_by_count`` and ``significant``. Without any case, p is 1.

    Examples
    --------
    >>> from sktl.evaluation.statistics import sign_test_counts
    >>> result = sign_test_counts(204, 36)
    >>> result.details["critical"], result.details["significant"], f"{result.pvalue:.1e}"
    (136, True, '1.1e-29')
    """
    if min(wins, losses, ties) < 0:
        raise ValueError(f"counts must not be negative. Received: {(wins, losses, ties)}")
    won, lost = wins + ties // 2, losses + ties // 2
    n = won + lost
    critical = exact = None
    pvalue = 1.0
    if n:
        pvalue = float(stats.binomtest(won, n).pvalue)
        critical = math.ceil((n + stats.norm.isf(alpha / 2) * math.sqrt(n)) / 2)
        exact = int(stats.binom.isf(alpha / 2, n, 0.5)) + 1
        critical, exact = (count if count <= n else None for count in (critical, exact))
    return TestResult(
        "sign test, two-tailed",
        float(won),
        pvalue,
        {
            "n": n,
            "wins": won,
            "losses": lost,
            "critical": critical,
            "critical_exact": exact,
            "significant_by_count": critical is not None and max(won, lost) >= critical,
            "significant": pvalue <= alpha,
        },
    )


def sign_test(x: ArrayLike, y: ArrayLike, alpha: float = 0.05) -> TestResult:
    """Two-tailed sign test of paired values: how often is ``x`` greater than ``y``.

    Parameters
    ----------
    x, y : array-like of shape (n_pairs,)
        Finite paired values.
    alpha : float, default=0.05

    Returns
    -------
    TestResult
        See :func:`sign_test_counts`.

    Examples
    --------
    >>> from sktl.evaluation.statistics import sign_test
    >>> sign_test([1, 2, 3, 4], [0, 1, 3, 5]).details["n"]
    3
    """
    first, second = pairs(x, y)
    return sign_test_counts(
        int(np.sum(first > second)),
        int(np.sum(first < second)),
        int(np.sum(first == second)),
        alpha,
    )


def wilcoxon_signed_rank(x: ArrayLike, y: ArrayLike) -> TestResult:
    """Two-sided Wilcoxon signed-rank test of paired values; zero differences are dropped.

    Parameters
    ----------
    x, y : array-like of shape (n_pairs,)
        Finite paired values.

    Returns
    -------
    TestResult
        ``statistic`` is the smaller rank sum. ``details``: ``n`` (pairs that differ) and
        ``direction``, +1 where the ranks favour ``x > y``, -1 where ``x < y``, 0 for neither.
        Where no pair differs, the statistic is 0 and p is 1.

    Notes
    -----
    ``scipy.stats.wilcoxon``, which takes the exact distribution up to 50 pairs without ties.

    Examples
    --------
    >>> from sktl.evaluation.statistics import wilcoxon_signed_rank
    >>> wilcoxon_signed_rank([1, 2, 3, 4, 5, 6], [2, 4, 6, 8, 10, 12]).pvalue
    0.03125
    """
    first, second = pairs(x, y)
    difference = first - second
    difference = difference[difference != 0]
    name = "Wilcoxon signed-rank, two-sided"
    if difference.size == 0:
        return TestResult(name, 0.0, 1.0, {"n": 0, "direction": 0})
    result = stats.wilcoxon(difference, zero_method="wilcox", alternative="two-sided")
    ranks = stats.rankdata(np.abs(difference))
    direction = int(np.sign(np.sum(ranks * np.sign(difference))))
    return TestResult(
        name,
        float(result.statistic),
        float(result.pvalue),
        {"n": int(difference.size), "direction": direction},
    )
