"""Corrections for testing many hypotheses at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["holm", "two_stage_bky"]


def _adjust(pvalues: ArrayLike, method: str, alpha: float) -> tuple[np.ndarray, np.ndarray]:
    from statsmodels.stats.multitest import multipletests

    raw = np.asarray(pvalues, dtype=float)
    known = ~np.isnan(raw)
    if raw.ndim != 1 or np.any((raw[known] < 0) | (raw[known] > 1)):
        raise ValueError("pvalues must be one-dimensional and lie between 0 and 1 (or be NaN)")
    reject, adjusted = np.zeros(raw.shape, dtype=bool), np.full(raw.shape, np.nan)
    if known.any():
        found = multipletests(raw[known], alpha=alpha, method=method)
        reject[known], adjusted[known] = found[0], np.minimum(found[1], 1.0)
    return reject, adjusted


def two_stage_bky(pvalues: ArrayLike, alpha: float = 0.05) -> tuple[np.ndarray, np.ndarray]:
    """Two-stage Benjamini-Krieger-Yekutieli control of the false discovery rate.

    Parameters
    ----------
    pvalues : array-like of shape (n_tests,)
        One family of p-values. NaN (a test that could not be made) is left out of the family.
    alpha : float, default=0.05
        The rate; the adjusted values depend on it, because the first stage does.

    Returns
    -------
    reject : numpy.ndarray of bool
    adjusted : numpy.ndarray of float
        Adjusted p-values, NaN where NaN was given.

    References
    ----------
    Benjamini, Krieger, Yekutieli (2006), Biometrika 93, definition 6; computed by
    ``statsmodels.stats.multitest.multipletests(method="fdr_tsbky")``.

    Examples
    --------
    >>> from sktl.evaluation.statistics import two_stage_bky
    >>> two_stage_bky([0.001, 0.02, 0.04, 0.9])[0].tolist()
    [True, True, True, False]
    """
    return _adjust(pvalues, "fdr_tsbky", alpha)


def holm(pvalues: ArrayLike, alpha: float = 0.05) -> tuple[np.ndarray, np.ndarray]:
    """Holm's step-down control of the family-wise error rate.

    Parameters
    ----------
    pvalues : array-like of shape (n_tests,)
        One family of p-values; NaN is left out of the family.
    alpha : float, default=0.05

    Returns
    -------
    reject : numpy.ndarray of bool
    adjusted : numpy.ndarray of float

    Examples
    --------
    >>> from sktl.evaluation.statistics import holm
    >>> holm([0.01, 0.04, 0.03])[1].tolist()
    [0.03, 0.06, 0.06]
    """
    return _adjust(pvalues, "holm", alpha)
