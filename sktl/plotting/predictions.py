"""True against predicted."""

from __future__ import annotations

from typing import Any

import numpy as np

from sktl.plotting._canvas import (
    BLACK,
    BLUE,
    SKY,
    checked_lengths,
    is_numeric_target,
    one_axes,
)


def plot_predictions(
    y_true: Any,
    y_pred: Any,
    *,
    coverage: float = 0.9,
    unit: str = "",
    normalize: str | None = None,
    ax: Any = None,
) -> Any:
    """Plot true against predicted values with an error band, or a confusion matrix.

    Floating-point numbers are taken as values, everything else as class labels.

    Parameters
    ----------
    y_true : array-like of shape (n_instances,)
        True values or labels, of instances that had no part in the fit.
    y_pred : array-like of shape (n_instances,)
        What was predicted for them.
    coverage : float, default=0.9
        Share of the instances that the band holds: its half width is this quantile of the absolute
        errors. Above 0, at most 1. Not used for labels.
    unit : str, default=""
        Unit of y, for the names of the axes.
    normalize : {"true", "pred", "all", None}, default=None
        What the confusion matrix is divided by, as in scikit-learn; None: counts.
    ax : matplotlib.axes.Axes, optional
        Where to draw. Default: a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        Of values: one point per instance, the diagonal of perfect predictions, and the band.
        Of labels: scikit-learn's `ConfusionMatrixDisplay`.

    Raises
    ------
    ValueError
        If the lengths differ, nothing is given, values are not finite, or `coverage` is impossible.

    Examples
    --------
    >>> from sktl.plotting import plot_predictions
    >>> ax = plot_predictions([1.0, 2.0, 3.0], [1.1, 1.8, 3.0], unit="magnitude")
    >>> ax.get_title()
    'mean absolute error 0.1, R² 0.97'
    >>> ax = plot_predictions(["rock", "paper"], ["rock", "rock"])
    >>> ax.get_title()
    '1 of 2 correct (50 %)'
    """
    y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
    checked_lengths(y_true=y_true, y_pred=y_pred)
    if y_true.ndim != 1 or y_pred.ndim != 1 or not len(y_true):
        raise ValueError(
            "y_true and y_pred must have one dimension and an instance or more. "
            f"Received: shapes {y_true.shape} and {y_pred.shape}"
        )
    if is_numeric_target(y_true):
        return _values(y_true, y_pred.astype(float), coverage, unit, ax)
    return _labels(y_true, y_pred, normalize, ax)


def _values(y_true, y_pred, coverage, unit, ax):
    if not 0 < coverage <= 1:
        raise ValueError(f"coverage must be above 0 and at most 1. Received: coverage={coverage!r}")
    if not (np.isfinite(y_true).all() and np.isfinite(y_pred).all()):
        raise ValueError("y_true and y_pred must be finite. Received: NaN or infinite values")
    ax = one_axes(ax, 4.8, 4.6)
    errors = np.abs(y_pred - y_true)
    half = float(np.quantile(errors, coverage))
    lowest = min(y_true.min(), y_pred.min())
    highest = max(y_true.max(), y_pred.max())
    room = 0.05 * ((highest - lowest) or 1.0)
    ends = np.array([lowest - room, highest + room])
    ax.fill_between(ends, ends - half, ends + half, color=SKY, alpha=0.3, linewidth=0,
                    label=f"±{half:.3g} holds {coverage:.0%}")  # fmt: skip
    ax.plot(ends, ends, color=BLACK, linewidth=1, label="perfect")
    # Where points lie on one another, the darker places hold more.
    alpha = float(np.clip(60 / len(y_true), 0.15, 0.8))
    ax.plot(y_true, y_pred, "o", color=BLUE, alpha=alpha, markersize=5, markeredgewidth=0)
    ax.set_xlim(ends)
    ax.set_ylim(ends)
    ax.set_aspect("equal")
    given = f" ({unit})" if unit else ""
    ax.set_xlabel(f"true{given}")
    ax.set_ylabel(f"predicted{given}")
    spread = np.mean((y_true - y_true.mean()) ** 2)
    explained = f", R² {1 - np.mean(errors**2) / spread:.2f}" if spread > 0 else ""
    ax.set_title(f"mean absolute error {errors.mean():.3g}{explained}", fontsize="medium")
    ax.legend(frameon=False, fontsize="small", loc="upper left")
    return ax


def _labels(y_true, y_pred, normalize, ax):
    from sklearn.metrics import ConfusionMatrixDisplay

    if "O" in (y_true.dtype.kind, y_pred.dtype.kind):
        y_true, y_pred = y_true.astype(str), y_pred.astype(str)
    names = [str(label) for label in np.unique(np.concatenate([y_true, y_pred]))]
    side = float(np.clip(2.2 + 0.5 * len(names), 3.6, 12))
    ax = one_axes(ax, side + 0.4, side)
    longest = max(map(len, names))
    display = ConfusionMatrixDisplay.from_predictions(
        y_true,
        y_pred,
        normalize=normalize,
        values_format=None if normalize is None else ".2f",
        cmap="Blues",
        colorbar=False,
        xticks_rotation=90 if longest > 4 and len(names) > 3 else 0,
        ax=ax,
    )
    for spine in display.ax_.spines.values():
        spine.set_visible(False)
    right = int((y_true == y_pred).sum())
    ax.set_xlabel("predicted")
    ax.set_ylabel("true")
    ax.set_title(f"{right} of {len(y_true)} correct ({right / len(y_true):.0%})".replace("%", " %"),
                 fontsize="medium")  # fmt: skip
    return ax
