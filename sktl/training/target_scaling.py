"""Targets relative to their instance: reversible instance normalisation.

If y continues a series, such as the next price, a network that predicts y itself must predict its
level. Prices rise over the years, so it must extrapolate. With targets relative to the instance, it
predicts only the change, and the level is added afterwards.

References
----------
T. Kim, J. Kim, Y. Tae, C. Park, J.-H. Choi, J. Choo (2022). Reversible instance normalization for
accurate time-series forecasting against distribution shift. International Conference on Learning
Representations. The paper uses the mean and the standard deviation of the instance. Here they are
the last value, which is the naive forecast, and the range, which also scales the series.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sktl._lengths import lengths_of

# Largest ratio of the standard deviation of y minus the last value to that of y. A ratio slightly
# below 1 can occur by chance.
_LARGEST_SHARE = 0.9


def instance_frames(X: np.ndarray) -> np.ndarray:
    """Return the reference values of y: last value and range of channel 0 of each instance.

    Parameters
    ----------
    X : np.ndarray of shape (n_instances, n_channels, n_timepoints)
        Panel, in the unit of y.

    Returns
    -------
    np.ndarray of shape (n_instances, 2)
        Last value and range (largest minus smallest value), float64.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.training.target_scaling import instance_frames
    >>> instance_frames(np.array([[[1.0, 5.0, 4.0]]])).tolist()
    [[4.0, 4.0]]
    """
    series, last = X[:, 0], lengths_of(X) - 1
    low, high = np.nanmin(series, axis=1), np.nanmax(series, axis=1)
    span = high.astype(np.float64) - low.astype(np.float64)
    return np.column_stack([series[np.arange(len(X)), last].astype(np.float64), span])


@dataclass(frozen=True)
class InstanceScaling:
    """Converts y to values relative to its instance, and back.

    Attributes
    ----------
    unit : float
        Range used for constant instances: the median range of the training instances.
    """

    unit: float

    @classmethod
    def fit(cls, y: np.ndarray, frames: np.ndarray) -> InstanceScaling:
        """Fit on the training instances.

        Parameters
        ----------
        y : np.ndarray of shape (n_instances,) or (n_instances, n_outputs)
            Targets.
        frames : np.ndarray of shape (n_instances, 2)
            Return value of `instance_frames`.

        Returns
        -------
        InstanceScaling
            The fitted scaling.

        Raises
        ------
        ValueError
            If y does not continue the series: y minus the last value of channel 0 must vary less
            than y itself.
        """
        changes, y = _columns(y) - frames[:, :1], _columns(y)
        spread, own = float(np.std(changes)), float(np.std(y))
        if not spread < _LARGEST_SHARE * own:
            raise ValueError(
                "target_scaling='instance' needs a y that continues channel 0 of X in the same "
                "unit, such as the next value: y minus the last value must vary less than y. "
                "Otherwise use target_scaling='standard'. Received: a standard deviation of "
                f"{spread:.4g} for y minus the last value against {own:.4g} for y, over "
                f"{len(y)} training instances"
            )
        ranges = frames[:, 1]
        positive = ranges[ranges > 0]
        return cls(float(np.median(positive)) if len(positive) else 1.0)

    def relative(self, y: np.ndarray, frames: np.ndarray) -> np.ndarray:
        """Return ``(y - last value) / range``, of the shape of y."""
        last, span = self._of(frames, y)
        return (y - last) / span

    def absolute(self, relative: np.ndarray, frames: np.ndarray) -> np.ndarray:
        """Return y from relative values; the inverse of `relative`."""
        last, span = self._of(frames, relative)
        return relative * span + last

    def _of(self, frames, y):
        shape = (-1,) + (1,) * (np.ndim(y) - 1)
        last, span = frames.T
        return last.reshape(shape), np.where(span > 0, span, self.unit).reshape(shape)


def _columns(y):
    y = np.asarray(y, np.float64)
    return y[:, None] if y.ndim == 1 else y
