"""Several numbers at once, each in its own unit, some of them not known."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from sktl.training.preprocessing import standardisation


def known_squared_error(targets, outputs):
    """Return the squared error of each instance over the targets that are known.

    Parameters
    ----------
    targets : tensor of shape (n_instances, n_targets)
        NaN where a target is not known.
    outputs : tensor of shape (n_instances, n_targets)
        What a network gives.

    Returns
    -------
    tensor of shape (n_instances,)
        Sum over the known targets, divided by the number of all: every known number counts alike.
    """
    from keras import ops

    targets = ops.convert_to_tensor(targets)
    error = ops.where(ops.isnan(targets), 0.0, ops.nan_to_num(targets) - outputs)
    return ops.mean(ops.square(error), axis=-1)


def relative_errors(y: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Return the mean absolute error of each column over that of its best constant.

    Parameters
    ----------
    y : np.ndarray of shape (n_instances, n_targets)
        NaN where a target is not known.
    predicted : np.ndarray of shape (n_instances, n_targets)
        Predictions.

    Returns
    -------
    np.ndarray of shape (n_targets,)
        1 is as good as the median of the column.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.training.column_targets import relative_errors
    >>> y = np.array([[1.0, 10.0], [3.0, np.nan], [5.0, 30.0]])
    >>> relative_errors(y, np.array([[2.0, 10.0], [3.0, 0.0], [4.0, 30.0]])).tolist()
    [0.5, 0.0]
    """
    median = np.nanmedian(y, axis=0)
    return np.nanmean(np.abs(y - predicted), axis=0) / np.nanmean(np.abs(y - median), axis=0)


@dataclass(frozen=True, eq=False)
class ColumnTargets:
    """Columns of numbers, each standardised by what is known of it in the training part.

    Attributes
    ----------
    center, scale : np.ndarray of shape (n_targets,) or None
        What is subtracted, and what the rest is divided by; None: not fitted.
    has_columns : bool
        That y has two axes: True.
    monitors, score_name
        See `sktl.training.targets.ClassTargets`.
    """

    center: Any = None
    scale: Any = None

    monitors: ClassVar[dict[str, bool]] = {"val_loss": False, "val_score": False}
    score_name: ClassVar[str] = "relative_mae"
    has_columns: ClassVar[bool] = True

    def fit(self, y: np.ndarray, frames: np.ndarray | None = None) -> ColumnTargets:
        """Return what knows the scale of each column of y."""
        columns = [column[~np.isnan(column)] for column in np.asarray(self.check(y), float).T]
        if any(not len(column) for column in columns):
            raise ValueError(
                "Every column of y must be known for some instance. Received: "
                f"{[len(column) for column in columns]} known values"
            )
        center, scale = np.array([standardisation(column) for column in columns]).T
        return replace(self, center=center, scale=scale)

    def frames(self, X: np.ndarray) -> None:
        """Return None: the columns are relative to nothing."""
        return

    def strata(self, y: np.ndarray) -> None:
        """Return None: numbers are split at random."""
        return

    def check(self, y: np.ndarray) -> np.ndarray:
        """Return y, or refuse infinite values."""
        if np.isinf(np.asarray(y, float)).any():
            raise ValueError("y must be finite, or NaN where it is not known. Received: infinity")
        return y

    def weights(self, y: np.ndarray) -> np.ndarray:
        """Return the weight of each instance in the training loss: 1."""
        return np.ones(len(y), np.float32)

    def encode(self, y: np.ndarray, frames: np.ndarray | None = None) -> np.ndarray:
        """Return what the network should give, NaN where it is not known, float32."""
        return ((np.asarray(y, float) - self.center) / self.scale).astype(np.float32)

    def decode(self, outputs: np.ndarray, frames: np.ndarray | None = None) -> np.ndarray:
        """Return outputs in the units of y."""
        return outputs.astype(np.float64) * self.scale + self.center

    def scores(
        self, y: np.ndarray, outputs: np.ndarray, frames: np.ndarray | None = None
    ) -> dict[str, float]:
        """Return ``val_score``, the mean over the columns of `relative_errors`."""
        return {"val_score": float(relative_errors(y, self.decode(outputs)).mean())}

    def errors(
        self, y: np.ndarray, outputs: np.ndarray, frames: np.ndarray | None = None
    ) -> np.ndarray:
        """Return the mean absolute error of each instance, in standard deviations."""
        return np.nanmean(np.abs(self.encode(y) - outputs), axis=1).astype(float)

    def unit(self, monitor: str, loss: str) -> float:
        """Return the size of values of a monitor that are neither good nor bad."""
        return 1.0
