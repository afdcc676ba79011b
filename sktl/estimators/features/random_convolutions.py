"""Features of random convolutions: MiniRocket, MultiRocket, or those of any transformer."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd

from sktl._checks import check_choice
from sktl._lengths import UnequalLengthError, is_unequal, lengths_of, series_of

# Kernels of MiniRocket have nine taps.
SHORTEST_ROCKET = 9


class RandomBlock:
    """Features of random convolutions: MiniRocket or MultiRocket of sktime, or any transformer.

    Parameters
    ----------
    transformer : {"minirocket", "multirocket"} or sktime transformer
        Panel to table. Series shorter than the kernels are padded with their last value. Fitted to
        series of unequal length, "minirocket" is the authors' form for these, and a transformer
        needs sktime's tag ``capability:unequal_length``.
    random_state : int
        Seed of the named ones.
    kind : str, default="random"
        Blocks of one kind are weighed together.
    n_kernels : int, optional
        Kernels of the named ones instead of their authors' number.

    References
    ----------
    .. [1] A. Dempster, D. F. Schmidt, G. I. Webb (2021). MiniRocket: a very fast (almost)
       deterministic transform for time series classification. KDD 2021, 248-257.
    .. [2] C. W. Tan, A. Dempster, C. Bergmeir, G. I. Webb (2022). MultiRocket: multiple pooling
       operators and transformations for fast and effective time series classification. Data
       Mining and Knowledge Discovery 36, 1623-1646.
    """

    def __init__(
        self,
        transformer: Any = "minirocket",
        random_state: int = 0,
        kind: str = "random",
        n_kernels: int | None = None,
    ):
        self.transformer, self.random_state, self.kind = transformer, random_state, kind
        self.n_kernels = n_kernels
        self.name = transformer if isinstance(transformer, str) else type(transformer).__name__

    def fit(self, X: np.ndarray) -> RandomBlock:
        """Draw the kernels for series like X, (n_instances, n_channels, n_timepoints)."""
        self.unequal_, self.length_ = is_unequal(X), X.shape[2]
        with warnings.catch_warnings():
            # That there is another form for one channel, which this one agrees with, or for series
            # of equal length, as very short ones are once they are continued.
            warnings.filterwarnings("ignore", "X is (univariate|of equal length)", UserWarning)
            self.fitted_ = self._make().fit(self._long_enough(X))
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Return the features of series, (n_instances, n_features)."""
        if not self.unequal_ and (is_unequal(X) or X.shape[2] != self.length_):
            lengths = lengths_of(X)
            raise ValueError(
                f"The random convolutions were drawn for series of {self.length_} time points: fit "
                "with series of unequal length, or give random_features=None. Received: series of "
                f"{lengths.min()} to {lengths.max()} time points"
            )
        table = np.asarray(self.fitted_.transform(self._long_enough(X)), np.float32)
        return np.where(np.isfinite(table), table, 0)

    def _make(self):
        if not isinstance(self.transformer, str):
            if self.unequal_ and not self.transformer.get_tag("capability:unequal_length"):
                raise ValueError(
                    "The transformer cannot take series of unequal length. Received: "
                    f"random_features={self.transformer!r}"
                )
            return self.transformer.clone()
        check_choice("random_features", self.transformer, ("minirocket", "multirocket"))
        from numba import get_num_threads
        from sktime.transformations.panel import rocket

        if self.unequal_ and self.transformer == "multirocket":
            raise UnequalLengthError(
                "MultiRocket cannot take series of unequal length, MiniRocket can. Received: "
                "random_features='multirocket'"
            )
        kind = {
            "minirocket": "MiniRocketMultivariate" + "Variable" * self.unequal_,
            "multirocket": "MultiRocketMultivariate",
        }
        # With n_jobs=-1 sktime asks numba for a thread a processor, whatever numba may use.
        make = getattr(rocket, kind[self.transformer])
        chosen = {} if self.n_kernels is None else {"num_kernels": self.n_kernels}
        return make(random_state=self.random_state, n_jobs=get_num_threads(), **chosen)

    def _long_enough(self, X):
        if is_unequal(X):
            return [
                pd.DataFrame(continued(one[None].astype(np.float64), SHORTEST_ROCKET + 1)[0].T)
                for one in series_of(X)
            ]
        return continued(np.asarray(X, np.float64), SHORTEST_ROCKET + 1)


def continued(X: np.ndarray, length: int) -> np.ndarray:
    """Continue series that are shorter than a length with their last value.

    Parameters
    ----------
    X : np.ndarray of shape (n_instances, n_channels, n_timepoints)
        Series.
    length : int
        Fewest time points.

    Returns
    -------
    np.ndarray of shape (n_instances, n_channels, max(n_timepoints, length))
        The series.
    """
    missing = max(0, length - X.shape[2])
    return np.pad(X, ((0, 0), (0, 0), (0, missing)), mode="edge") if missing else X
