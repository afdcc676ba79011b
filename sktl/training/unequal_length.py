"""Preprocessing of series of unequal length: each at its own length, or all at one length."""

from __future__ import annotations

import warnings
from dataclasses import fields
from typing import Any

import numpy as np

from sktl._lengths import is_unequal, lengths_of
from sktl.training.preprocessing import Preprocessing, Standardisation, amplitude_scale

POLICIES = ("error", "pad", "crop", "resample")
"""Treatments of series of unequal length by networks of a fixed length."""


class UnequalPreprocessing(Preprocessing):
    """`Preprocessing` for series of unequal length, padded with NaN at the end.

    The mean that is subtracted is one number per channel, over all time points of all training
    instances, because not all series have all time points.
    """

    @classmethod
    def fit(cls, X, stream_max):
        """Fit on the training panel and transform it, see `Preprocessing.fit`."""
        scaled, amplitude = _scale(X)
        mean = np.asarray(np.nanmean(scaled, axis=(0, 2), dtype=np.float64), np.float32)
        fitted = cls(mean[:, None], stream_max, *amplitude_scale(amplitude, stream_max))
        return fitted, fitted._inputs(scaled, amplitude)

    def transform(self, X):
        """Convert a panel of any length to the inputs of a network; NaN at the end is kept.

        Parameters
        ----------
        X : np.ndarray of shape (n_instances, n_channels, n_timepoints)
            Panel in the unit of the training panel.

        Returns
        -------
        list of np.ndarray
            See `Preprocessing.transform`.

        Raises
        ------
        ValueError
            If the instances differ in the number of channels from the training instances.
        """
        if X.shape[1] != len(self.mask):
            raise ValueError(
                f"X must have the channels that the network was fitted with, {len(self.mask)}. "
                f"Received: {X.shape[1]} channels"
            )
        return self._inputs(*_scale(X))

    def description(self):
        """Describe the preprocessing in words, see `Preprocessing.description`."""
        return super().description() | {"mask": "mean of each channel of the training instances"}


class UnequalStandardisation(Standardisation):
    """`Standardisation` for series of unequal length, padded with NaN at the end, which stays."""

    @staticmethod
    def _present(values):
        return values[~np.isnan(values)]

    @staticmethod
    def _largest(X, how):
        return None if how is None else np.nanmax(np.abs(X), axis=(1, 2))


UNEQUAL = (UnequalPreprocessing, UnequalStandardisation)
"""Preprocessing types for series of unequal length."""


def unequal_form(kind: Any) -> Any:
    """Return the type of preprocessing that does for series of unequal length what `kind` does."""
    return UnequalStandardisation if kind is Standardisation else UnequalPreprocessing


def _scale(X):
    """Scale as `scale_instances` does, ignoring NaN."""
    low = np.nanmin(X, axis=(1, 2), keepdims=True)
    high = np.nanmax(X, axis=(1, 2), keepdims=True)
    span = high - low
    scaled = ((X - low) / np.where(span > 0, span, 1)).astype(np.float32, copy=False)
    return scaled, np.maximum(np.abs(low), np.abs(high))[:, 0, 0]


def policy_length(X: np.ndarray, policy: str) -> int:
    """Return the common length of series under a policy.

    Parameters
    ----------
    X : np.ndarray of shape (n_instances, n_channels, n_timepoints)
        Training series; shorter ones may be padded with NaN at the end.
    policy : {"pad", "crop", "resample"}
        See `at_length`.

    Returns
    -------
    int
        Number of time points of the shortest series for "crop", of the longest one otherwise.
    """
    lengths = lengths_of(X)
    return int(lengths.min() if policy == "crop" else lengths.max())


def at_length(X: np.ndarray, n_timepoints: int, policy: str) -> np.ndarray:
    """Convert series to one length.

    Parameters
    ----------
    X : np.ndarray of shape (n_instances, n_channels, any)
        Series; shorter ones may be padded with NaN at the end.
    n_timepoints : int
        The new length.
    policy : {"pad", "crop", "resample"}
        "pad" repeats the last value of shorter series. "crop" keeps the first time points of longer
        ones. "resample" interpolates linearly between the first and the last time point. Series
        that are too long for "pad" are cropped, and series that are too short for "crop" are
        padded, with a warning.

    Returns
    -------
    np.ndarray of shape (n_instances, n_channels, n_timepoints)
        The series; X itself if all of them have this length.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.training.unequal_length import at_length
    >>> X = np.array([[[1.0, 3.0, np.nan]], [[1.0, 2.0, 6.0]]])
    >>> for policy, n_timepoints in (("pad", 3), ("crop", 2), ("resample", 3)):
    ...     print(policy, at_length(X, n_timepoints, policy)[:, 0].tolist())
    pad [[1.0, 3.0, 3.0], [1.0, 2.0, 6.0]]
    crop [[1.0, 3.0], [1.0, 2.0]]
    resample [[1.0, 2.0, 3.0], [1.0, 2.0, 6.0]]
    """
    if X.shape[2] == n_timepoints and not is_unequal(X):
        return X
    lengths = lengths_of(X)
    if policy == "resample":
        return _resampled(X, lengths, n_timepoints)
    if policy == "pad" and (lengths > n_timepoints).any():
        _warn(lengths > n_timepoints, "longer than the longest", n_timepoints, "cropped", policy)
    if policy == "crop" and (lengths < n_timepoints).any():
        padded = "padded with their last value"
        _warn(lengths < n_timepoints, "shorter than the shortest", n_timepoints, padded, policy)
    places = np.minimum(np.arange(n_timepoints), lengths[:, None] - 1)
    return np.take_along_axis(X, places[:, None], axis=2)


def _resampled(X, lengths, n_timepoints):
    places = np.linspace(0, 1, n_timepoints) * (lengths[:, None] - 1)
    below = np.floor(places).astype(int)
    above = np.minimum(below + 1, lengths[:, None] - 1)
    share = (places - below)[:, None]
    values = [np.take_along_axis(X, at[:, None], axis=2) for at in (below, above)]
    X = values[0] * (1 - share) + values[1] * share
    return X.astype(values[0].dtype) if values[0].dtype.kind == "f" else X


def _warn(which, are, n_timepoints, become, policy):
    warnings.warn(
        f"{which.sum()} of {len(which)} series are {are} training series of {n_timepoints} time "
        f"points and were {become} to its length. Received: unequal_length={policy!r}",
        UserWarning,
        stacklevel=2,
    )


def rounded_up(n_timepoints: int) -> int:
    """Round a length up, by at most an eighth, so that few lengths need a compiled network."""
    step = max(1, 1 << max(0, n_timepoints.bit_length() - 4))
    return -(-n_timepoints // step) * step


def of_other_length(preprocessing: Any, n_timepoints: int) -> Any:
    """Return the preprocessing for series that differ in length from the training series.

    Parameters
    ----------
    preprocessing : Preprocessing or Standardisation
        Preprocessing fitted to series of equal length.
    n_timepoints : int
        Number of time points of the longest series.

    Returns
    -------
    UnequalPreprocessing or UnequalStandardisation
        The first subtracts the mean of each time point, and after the end of the training series
        the mean of the channel.
    """
    if isinstance(preprocessing, Standardisation):
        values = (getattr(preprocessing, field.name) for field in fields(preprocessing))
        return UnequalStandardisation(*values)
    mean = preprocessing.mask[:, :n_timepoints]
    missing = n_timepoints - mean.shape[1]
    later = np.repeat(preprocessing.mask.mean(axis=1, keepdims=True), missing, axis=1)
    return UnequalPreprocessing(
        np.concatenate([mean, later], axis=1),
        preprocessing.stream_max,
        preprocessing.center,
        preprocessing.scale,
        preprocessing.floor,
    )
