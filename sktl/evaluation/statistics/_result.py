"""What every test returns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True)
class TestResult:
    """Outcome of a statistical test.

    Parameters
    ----------
    name : str
        The test, in words.
    statistic : float
        Its statistic; NaN where it is not defined.
    pvalue : float
        Two-sided p-value unless the test says otherwise.
    details : dict
        What else the test yields (counts, critical values, ranks).

    Examples
    --------
    >>> from sktl.evaluation.statistics import sign_test
    >>> result = sign_test([3, 4, 5, 6, 7], [1, 1, 1, 1, 9])
    >>> result.name, result.statistic, result.pvalue
    ('sign test, two-tailed', 4.0, 0.375)
    """

    name: str
    statistic: float
    pvalue: float
    details: dict[str, Any] = field(default_factory=dict)

    __test__ = False  # pytest: no test class


def finite(values: ArrayLike, name: str, at_least: int = 1) -> np.ndarray:
    """Return ``values`` as a finite 1-D float array, or say what is wrong."""
    array = np.asarray(values, dtype=float)
    if array.ndim != 1 or array.size < at_least or not np.isfinite(array).all():
        raise ValueError(
            f"{name} must be one-dimensional, finite and have at least {at_least} value(s). "
            f"Received: shape {array.shape}, {int(np.sum(~np.isfinite(array)))} non-finite"
        )
    return array


def pairs(x: ArrayLike, y: ArrayLike, at_least: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Return two paired finite 1-D arrays of one length."""
    first, second = finite(x, "x", at_least), finite(y, "y", at_least)
    if first.size != second.size:
        raise ValueError(f"x and y must be paired. Received: {first.size} and {second.size} values")
    return first, second


def blocks(scores: ArrayLike) -> np.ndarray:
    """Return a finite (n_blocks, n_treatments) array with at least 2 x 2 values."""
    array = np.asarray(scores, dtype=float)
    if array.ndim != 2 or min(array.shape) < 2 or not np.isfinite(array).all():
        raise ValueError(
            "scores must be a finite array (n_blocks >= 2, n_treatments >= 2): leave out "
            f"incomplete blocks by name first. Received: shape {array.shape}"
        )
    return array
