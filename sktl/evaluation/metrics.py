"""Scores of one trained network: errors, F1, convergence rate, correlation.

Each function takes arrays and returns a float. :func:`greater_is_better` tells the better
direction of a metric in a records table.
"""

from __future__ import annotations

import difflib

import numpy as np
from numpy.typing import ArrayLike

#: Metrics a records table may name, and whether a greater value is better.
DIRECTIONS = {
    "f1_weighted": True,
    "f1_macro": True,
    "accuracy": True,
    "balanced_accuracy": True,
    "auc": True,
    "precision": True,
    "recall": True,
    "pcc": True,
    "r2": True,
    "share_within": True,
    "mae": False,
    "median_ae": False,
    "mape": False,
    "mse": False,
    "rmse": False,
    "log_loss": False,
}

#: Metrics whose values lie between 0 and 1.
BOUNDED = (
    "f1_weighted", "f1_macro", "accuracy", "balanced_accuracy", "auc", "precision", "recall",
    "share_within",
)  # fmt: skip


def greater_is_better(metric: str) -> bool:
    """Return True if a greater value of a named metric is better.

    Parameters
    ----------
    metric : str
        A name in :data:`DIRECTIONS`.

    Returns
    -------
    bool

    Raises
    ------
    ValueError
        If the name is unknown.

    Examples
    --------
    >>> from sktl.evaluation.metrics import greater_is_better
    >>> greater_is_better("f1_weighted"), greater_is_better("mae")
    (True, False)
    """
    if metric not in DIRECTIONS:
        near = difflib.get_close_matches(str(metric), DIRECTIONS, n=1)
        raise ValueError(
            f"metric must be one of {sorted(DIRECTIONS)}"
            + (f" (did you mean {near[0]!r}?)" if near else "")
            + "; for another, give the records a column greater_is_better. "
            + f"Received: metric={metric!r}"
        )
    return DIRECTIONS[metric]


def _pair(y_true: ArrayLike, y_pred: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    true, pred = np.asarray(y_true, dtype=float), np.asarray(y_pred, dtype=float)
    if true.shape != pred.shape or true.size == 0:
        raise ValueError(
            "y_true and y_pred must have the same shape and at least one value. "
            f"Received: shapes {true.shape} and {pred.shape}"
        )
    if not (np.isfinite(true).all() and np.isfinite(pred).all()):
        raise ValueError(
            "y_true and y_pred must be finite: a diverged network has no score, record it as "
            f"failed. Received: {np.sum(~np.isfinite(true))} non-finite values in y_true, "
            f"{np.sum(~np.isfinite(pred))} in y_pred"
        )
    return true, pred


def weighted_f1(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """F1 score of each class, averaged with the classes' shares of ``y_true`` as weights.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_instances,)
        Labels of any type. A class that is never predicted has F1 = 0.

    Returns
    -------
    float
        Between 0 and 1 (best), without unit.

    Examples
    --------
    >>> from sktl.evaluation.metrics import weighted_f1
    >>> round(weighted_f1(["a", "a", "b", "c"], ["a", "b", "b", "a"]), 4)
    0.4167
    """
    from sklearn.metrics import f1_score

    return float(f1_score(y_true, y_pred, average="weighted", zero_division=0))


def mean_absolute_error(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Mean absolute error (Otović et al., Eq. 6).

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_instances,) or (n_instances, n_outputs)
        Finite values.

    Returns
    -------
    float
        In the unit of ``y_true``; 0 is best.

    Raises
    ------
    ValueError
        If shapes differ, nothing is given, or a value is not finite.

    Examples
    --------
    >>> from sktl.evaluation.metrics import mean_absolute_error
    >>> mean_absolute_error([1.0, 2.0], [1.5, 1.0])
    0.75
    """
    true, pred = _pair(y_true, y_pred)
    return float(np.mean(np.abs(true - pred)))


def convergence_rate(curve: ArrayLike, greater_is_better: bool) -> float:
    """How fast a score curve reaches its best level, independent of its level and length.

    With the curve's trapezoid area over ``n = len(curve) - 1`` epoch steps,
    ``A = (area - n * min) / (n * (max - min))``; the rate is A where greater is better and
    1 - A where smaller is better. (Eq. 7 and 8 of Otović et al. with the baseline at the curve's
    minimum, as in their published results; Eq. 8 taken literally would be upside down.)

    Parameters
    ----------
    curve : array-like of shape (n_epochs,)
        The score after each epoch, in any unit.
    greater_is_better : bool
        True for F1 and accuracy, False for errors.

    Returns
    -------
    float
        Between 0 and 1 (fastest). NaN where the rate is not defined: a flat curve, fewer than
        two epochs, or a value that is not finite.

    Examples
    --------
    >>> from sktl.evaluation.metrics import convergence_rate
    >>> round(convergence_rate([0.0, 0.8, 0.8, 0.8, 0.8], greater_is_better=True), 6)
    0.875
    >>> convergence_rate([0.5, 0.5], greater_is_better=True)
    nan
    """
    values = np.asarray(curve, dtype=float)
    if values.ndim != 1:
        raise ValueError(f"curve must have one dimension. Received: shape {values.shape}")
    n_steps = values.size - 1
    if n_steps < 1 or not np.isfinite(values).all():
        return float("nan")
    lowest, span = values.min(), np.ptp(values)
    if span == 0:
        return float("nan")
    area = float((np.trapezoid(values) - n_steps * lowest) / (n_steps * span))
    return area if greater_is_better else 1 - area


def pearson_correlation(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Pearson correlation coefficient (PCC) of all values together.

    Parameters
    ----------
    y_true, y_pred : array-like of the same shape
        Finite values; more than one dimension is flattened.

    Returns
    -------
    float
        Between -1 and 1; NaN where either side is constant or has one value.

    Examples
    --------
    >>> from sktl.evaluation.metrics import pearson_correlation
    >>> round(pearson_correlation([1, 2, 3], [2, 4, 7]), 4)
    0.9934
    """
    true, pred = (values.ravel() for values in _pair(y_true, y_pred))
    if np.ptp(true) == 0 or np.ptp(pred) == 0:
        return float("nan")
    return float(np.corrcoef(true, pred)[0, 1])


def pcc_squared(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Square of :func:`pearson_correlation`: ignores scale and offset, unlike :func:`r2`.

    Parameters
    ----------
    y_true, y_pred : array-like of the same shape

    Returns
    -------
    float
        Between 0 and 1; NaN where either side is constant.

    Examples
    --------
    >>> from sktl.evaluation.metrics import pcc_squared, r2
    >>> y, prediction = [1.0, 2.0, 3.0], [11.0, 12.0, 13.0]
    >>> round(pcc_squared(y, prediction), 12), r2(y, prediction)
    (1.0, -149.0)
    """
    return pearson_correlation(y_true, y_pred) ** 2


def r2(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Coefficient of determination, 1 - SSE / SST over all values together.

    Parameters
    ----------
    y_true, y_pred : array-like of the same shape

    Returns
    -------
    float
        1 is best, 0 is as good as the mean, unbounded below; NaN where ``y_true`` is constant.

    Examples
    --------
    >>> from sktl.evaluation.metrics import r2
    >>> r2([1.0, 2.0, 3.0], [1.0, 2.0, 4.0])
    0.5
    """
    true, pred = _pair(y_true, y_pred)
    if np.ptp(true) == 0:
        return float("nan")
    return float(1 - np.sum((true - pred) ** 2) / np.sum((true - true.mean()) ** 2))


def share_within(y_true: ArrayLike, y_pred: ArrayLike, tolerance: float) -> float:
    """Share of predictions no further than ``tolerance`` from the truth.

    Parameters
    ----------
    y_true, y_pred : array-like of the same shape
    tolerance : float
        In the unit of ``y_true``, at least 0; an error equal to it (to 1e-9) counts as within.

    Returns
    -------
    float
        Between 0 and 1 (best).

    Examples
    --------
    >>> from sktl.evaluation.metrics import share_within
    >>> share_within([2.0, 2.0, 2.0, 2.0], [2.0, 2.2, 2.3, 1.8], tolerance=0.2)
    0.75
    """
    if not tolerance >= 0:
        raise ValueError(f"tolerance must be at least 0. Received: tolerance={tolerance!r}")
    true, pred = _pair(y_true, y_pred)
    # 2.2 - 2.0 is a little more than 0.2 in floating point.
    return float(np.mean(np.abs(true - pred) <= tolerance + 1e-9))
