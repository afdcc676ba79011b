"""A map of features."""

from __future__ import annotations

from typing import Any

import numpy as np

from sktl.plotting._canvas import (
    BLUE,
    COLOUR_MAP,
    checked_lengths,
    is_numeric_target,
    one_axes,
    style,
)


def plot_features(features: Any, y: Any = None, *, label: str = "y", ax: Any = None) -> Any:
    """Plot a map of features: their first two principal components, by class or value.

    Parameters
    ----------
    features : pandas.DataFrame or array-like of shape (n_instances, n_features)
        Such as `sktl.transformations.SourceFeatures` gives. Each is standardised; constant ones
        are left out.
    y : array-like of shape (n_instances,), optional
        Class labels, or floating-point numbers.
    label : str, default="y"
        What y is, for the legend or the colour bar.
    ax : matplotlib.axes.Axes, optional
        Where to draw. Default: a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        One point per instance; the axes say which share of the variance each component holds.
        Classes differ by colour and marker.

    Raises
    ------
    ValueError
        If the shapes do not go together, values are not finite, or fewer than two features vary.

    Examples
    --------
    >>> from sktime.datasets import load_basic_motions
    >>> from sktl.plotting import plot_features
    >>> from sktl.transformations import SourceFeatures
    >>> X, y = load_basic_motions(split="train", return_type="numpy3D")
    >>> features = SourceFeatures(["EMG-simulated"], ["MagNet"]).fit_transform(X)
    >>> ax = plot_features(features, y, label="motion")
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['badminton', 'running', 'standing', 'walking']
    """
    table = np.asarray(features, float)
    if table.ndim != 2 or not np.isfinite(table).all():
        raise ValueError(
            "features must be finite, of shape (instances, features). "
            f"Received: shape {table.shape}{'' if table.ndim != 2 else ', NaN or infinite values'}"
        )
    if y is not None:
        y = np.asarray(y)
        checked_lengths(features=table, y=y)
    points, shares = _components(table)
    ax = one_axes(ax, 6.0, 4.4)
    if y is None:
        ax.plot(*points.T, "o", color=BLUE, alpha=0.7, markeredgewidth=0)
    elif is_numeric_target(y):
        drawn = ax.scatter(*points.T, c=y, cmap=COLOUR_MAP, s=28, linewidths=0)
        ax.figure.colorbar(drawn, ax=ax, label=label)
    else:
        for number, one in enumerate(np.unique(y)):
            colour, marker = style(number)
            ax.plot(*points[y == one].T, marker, color=colour, alpha=0.8, label=str(one),
                    markeredgecolor="white", markeredgewidth=0.4)  # fmt: skip
        ax.legend(title=label, frameon=False, fontsize="small", loc="upper left",
                  bbox_to_anchor=(1.0, 1.0))  # fmt: skip
    ax.set_xlabel(f"component 1 ({shares[0]:.0%} of the variance)")
    ax.set_ylabel(f"component 2 ({shares[1]:.0%})")
    return ax


def _components(table):
    """Return the first two principal components of standardised features, and their shares."""
    center, scale = table.mean(axis=0), table.std(axis=0)
    varies = scale > 1e-7 * np.abs(table).max(axis=0, initial=0)
    if len(table) < 3 or varies.sum() < 2:
        raise ValueError(
            "A map needs three instances and two features that vary. "
            f"Received: {len(table)} instances, {varies.sum()} features that vary"
        )
    standardised = (table[:, varies] - center[varies]) / scale[varies]
    left, sizes, _ = np.linalg.svd(standardised, full_matrices=False)
    shares = sizes**2 / (sizes**2).sum()
    return left[:, :2] * sizes[:2], shares[:2]
