"""Series with their classes or values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sktl.plotting._canvas import checked_lengths, is_numeric_target, several_axes, style


def plot_instances(
    X: Any,
    y: Any = None,
    *,
    n: int = 6,
    sampling_rate: float | None = None,
    channels: Sequence[str] | None = None,
    label: str = "",
    random_state: int | None = 0,
    axes: Any = None,
) -> np.ndarray:
    """Plot some instances of a panel, all channels of each, with its class or value.

    Parameters
    ----------
    X : np.ndarray of shape (n_instances, n_channels, n_timepoints) or (n_instances, n_timepoints)
        Series of equal length, in any unit.
    y : array-like of shape (n_instances,), optional
        Class labels or numbers. Of classes, instances are drawn in turn; of floating-point
        numbers, those at equal steps of rank from the smallest to the largest.
    n : int, default=6
        Instances, at most.
    sampling_rate : float, optional
        Samples per second (Hz); the time axis is in seconds then.
    channels : sequence of str, optional
        Names of the channels.
    label : str, default=""
        What y is, before each class or value.
    random_state : int or None, default=0
        Draws the instances.
    axes : sequence of matplotlib.axes.Axes, optional
        One for each instance. Default: a new figure, three a row.

    Returns
    -------
    numpy.ndarray of matplotlib.axes.Axes
        One panel per instance. Channels stand above one another, the first at the top, each about
        its mean. All channels of a panel have one scale; panels have scales of their own.

    Raises
    ------
    ValueError
        If the shapes do not go together, or another number of axes is given.

    Examples
    --------
    >>> from sktime.datasets import load_basic_motions
    >>> from sktl.plotting import plot_instances
    >>> X, y = load_basic_motions(split="train", return_type="numpy3D")
    >>> axes = plot_instances(X, y, n=4, sampling_rate=10)
    >>> sorted(ax.get_title() for ax in axes)
    ['badminton', 'running', 'standing', 'walking']
    """
    X = np.asarray(X, float)
    X = X[:, None] if X.ndim == 2 else X
    if X.ndim != 3 or not X.size:
        raise ValueError(
            f"X must have the shape (instances, channels, time points). Received: shape {X.shape}"
        )
    if y is not None:
        y = np.asarray(y)
        checked_lengths(X=X, y=y)
    if channels is not None and len(channels) != X.shape[1]:
        raise ValueError(
            f"channels must name all {X.shape[1]} channels. Received: channels={channels!r}"
        )
    if n < 1:
        raise ValueError(f"n must be at least 1. Received: n={n!r}")
    chosen = _choose(len(X), y, n, np.random.default_rng(random_state))
    columns = 2 if len(chosen) in (2, 4) else 3
    axes = several_axes(axes, len(chosen), columns, 3.4, 1.6 + 0.25 * min(X.shape[1], 8))
    time = np.arange(X.shape[2]) / (sampling_rate or 1)
    classes = None if y is None or is_numeric_target(y) else np.unique(y).tolist()
    for place, (ax, number) in enumerate(zip(axes, chosen, strict=True)):
        colour = style(0 if classes is None else classes.index(y[number]))[0]
        _draw(ax, X[number], time, colour, channels)
        if y is not None:
            value = f"{y[number]:.3g}" if classes is None else str(y[number])
            ax.set_title(f"{label} {value}".strip(), fontsize="medium")
        if place >= len(axes) - columns:
            ax.set_xlabel("time (s)" if sampling_rate else "time point")
    return axes


def _choose(n_instances, y, n, rng):
    """Return the numbers of the instances that are drawn."""
    n = min(n, n_instances)
    order = rng.permutation(n_instances)
    if y is None:
        return order[:n]
    if is_numeric_target(y):
        by_rank = np.argsort(y, kind="stable")
        return by_rank[np.linspace(0, n_instances - 1, n).round().astype(int)]
    # Each class's first instances come before any class's second.
    labels = y[order]
    turn = np.zeros(n_instances, int)
    for label in np.unique(labels):
        turn[labels == label] = np.arange((labels == label).sum())
    picked = order[np.lexsort((labels, turn))[:n]]
    return picked[np.argsort(y[picked], kind="stable")]


def _draw(ax, series, time, colour, channels):
    with np.errstate(invalid="ignore"):
        centred = series - np.nanmean(series, axis=1, keepdims=True)
    size = np.nanmax(np.abs(centred)) or 1.0
    step = 1.0 if len(series) == 1 else 1.6 * size
    for number, values in enumerate(centred):
        base = -number * step if len(series) > 1 else 0.0
        ax.plot(time, values + base, color=colour, linewidth=0.8)
    if len(series) == 1:
        ax.ticklabel_format(axis="y", scilimits=(-3, 4))
        return
    names = channels or [str(number) for number in range(len(series))]
    ax.set_yticks(-step * np.arange(len(series)), names)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.set_ylim(-step * (len(series) - 1) - 1.1 * size, 1.1 * size)
