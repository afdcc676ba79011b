"""Bayesian comparison of paired values."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from sktl._random import RandomState, draw_seed
from sktl.evaluation.statistics._result import pairs

__all__ = ["Posterior", "bayesian_signed_rank"]


class Posterior(NamedTuple):
    """Posterior probabilities that sum to 1.

    Examples
    --------
    >>> from sktl.evaluation.statistics import Posterior
    >>> Posterior(0.7, 0.2, 0.1).greater
    0.7
    """

    greater: float
    equivalent: float
    smaller: float


def bayesian_signed_rank(
    x: ArrayLike,
    y: ArrayLike,
    rope: float,
    n_samples: int = 10_000,
    random_state: RandomState = None,
) -> Posterior:
    """Bayesian signed-rank test with a region of practical equivalence (``baycomp``).

    Parameters
    ----------
    x, y : array-like of shape (n_pairs,)
        Finite paired values, one pair a case, at least two.
    rope : float
        Differences within ``[-rope, rope]`` count as equivalent, in the unit of ``x``; > 0.
    n_samples : int, default=10_000
        Draws from the posterior. Work and memory of one grow with ``n_pairs ** 2``.
    random_state : int, RandomState, Generator or None

    Returns
    -------
    Posterior
        Probabilities that ``x`` is practically greater, equivalent, and practically smaller.

    References
    ----------
    Benavoli, Mangili, Corani, Zaffalon, Ruggeri (2014), ICML.

    Examples
    --------
    >>> from sktl.evaluation.statistics import bayesian_signed_rank
    >>> result = bayesian_signed_rank([5, 6, 7, 8, 9], [1, 1, 1, 1, 1], rope=0.5, random_state=0)
    >>> result.greater > 0.95
    True
    """
    from baycomp import SignedRankTest

    first, second = pairs(x, y, at_least=2)
    if not rope > 0:
        raise ValueError(f"rope must be greater than 0. Received: rope={rope!r}")
    seed = draw_seed(random_state)
    samples = SignedRankTest.sample(first, second, rope=rope, nsamples=n_samples, random_state=seed)
    # A draw counts for the region with the greatest weight, as baycomp's own `probs` does.
    winners = np.bincount(np.argmax(samples, axis=1), minlength=3) / n_samples
    return Posterior(*(float(share) for share in winners))
