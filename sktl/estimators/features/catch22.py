"""Canonical characteristics of the channels, by sktime."""

from __future__ import annotations

import warnings
from functools import lru_cache

import numpy as np

from sktl._lengths import by_length
from sktl.layers.fast_forms import plain_forms


class Catch22Block:
    """The 22 canonical characteristics of sktime of every channel, scaled to z-scores.

    Two of them count thresholds in steps of 0.01: of series in large units they take minutes.

    References
    ----------
    .. [1] C. H. Lubba, S. S. Sethi, P. Knaute, S. R. Schultz, B. D. Fulcher, N. S. Jones (2019).
       catch22: canonical time-series characteristics. Data Mining and Knowledge Discovery 33,
       1821-1852.
    """

    kind = name = "catch22"

    def fit(self, X: np.ndarray) -> Catch22Block:
        """Return itself."""
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Return the characteristics, (n_instances, 22 * n_channels)."""
        return by_length(self._characteristics, X)

    @staticmethod
    def _characteristics(X):
        X = np.asarray(X, np.float64)
        X = X - X.mean(axis=2, keepdims=True)
        spread = X.std(axis=2, keepdims=True)
        X = X / np.where(spread > 0, spread, 1)
        # Constant series have no characteristics; they count as 0.
        inside = not plain_forms() and _may_call_inside()
        table = _series_by_series(X) if inside else _by_sktime(X)
        table = np.nan_to_num(table, posinf=0.0, neginf=0.0)
        return np.clip(table, -1e30, 1e30).astype(np.float32)


def _by_sktime(X):
    from sktime.transformations.panel.catch22 import Catch22

    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return np.asarray(Catch22(replace_nans=True).fit_transform(X), np.float64)


def _series_by_series(X):
    """Do as `_by_sktime` without its tables of pandas, which take nine tenths of the time."""
    from sktime.transformations.panel.catch22 import Catch22

    transformer = Catch22(replace_nans=True)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        rows = [
            transformer._transform_case(x, transformer.f_idx)[0] for x in X.reshape(-1, X.shape[2])
        ]
    return np.asarray(rows, np.float64).reshape(len(X), -1)


@lru_cache(maxsize=1)
def _may_call_inside():
    """Return True if the private method that `_series_by_series` calls does as the public one."""
    X = np.random.default_rng(0).normal(size=(2, 2, 30))
    expected = np.nan_to_num(_by_sktime(X))
    try:
        found = np.nan_to_num(_series_by_series(X))
    except (AttributeError, TypeError, ValueError, IndexError):
        return False
    return found.shape == expected.shape and np.allclose(found, expected)
