"""The course of a training."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from sktl.plotting._canvas import BLUE, GREY, VERMILION, log_where_wide, several_axes

# Not drawn in the panel of scores.
_LOSSES, _RATE = ("loss", "val_loss"), "learning_rate"
_SCORES = {"classifier": "Weighted F1", "regressor": "Mean absolute error"}


def plot_history(estimator: Any, *, axes: Any = None) -> np.ndarray:
    """Plot losses, score and learning rate of a training by epoch, and mark the best epoch.

    Parameters
    ----------
    estimator : fitted estimator of sktl.estimators, or search
        What has ``history_`` and ``best_epoch_``; of a search its ``best_estimator_``.
    axes : sequence of matplotlib.axes.Axes, optional
        One for each panel: losses, score (where there is a validation part) and learning rate.
        Default: a new figure.

    Returns
    -------
    numpy.ndarray of matplotlib.axes.Axes
        The panels. The vertical line is the epoch whose weights are used; at 0 it is the linear
        probe, from which the training started.

    Raises
    ------
    TypeError
        If the estimator has no history.
    ValueError
        If another number of axes is given.

    Examples
    --------
    >>> from sktime.datasets import load_unit_test
    >>> from sktl.estimators import MagNetClassifier
    >>> from sktl.plotting import plot_history
    >>> X, y = load_unit_test(return_type="numpy3D")
    >>> network = MagNetClassifier(n_epochs=3, random_state=0).fit(X, y)
    >>> axes = plot_history(network)
    >>> [ax.get_title() for ax in axes]
    ['Loss', 'Weighted F1', 'Learning rate']
    """
    estimator = getattr(estimator, "best_estimator_", estimator)
    history = getattr(estimator, "history_", None)
    if not isinstance(history, pd.DataFrame):
        raise TypeError(
            "plot_history needs a fitted estimator of sktl.estimators, or a search. "
            f"Received: {type(estimator).__name__} without history_"
        )
    panels = ["loss", "val_score", _RATE] if "val_score" in history else ["loss", _RATE]
    axes = several_axes(axes, len(panels), 3, 3.6, 3.0)
    score = _SCORES.get(getattr(estimator, "_kind", ""), "Score")
    for ax, panel in zip(axes, panels, strict=True):
        draw = {"loss": _losses, "val_score": _score, _RATE: _rate}[panel]
        draw(ax, history, score)
        ax.set_xlabel("epoch")
        ax.xaxis.get_major_locator().set_params(integer=True)
        best = estimator.best_epoch_
        ax.axvline(best, color=GREY, linestyle=":", linewidth=1.2)
    _name_best(axes[0], best)
    return axes


def _losses(ax, history, score):
    for name, colour, mark in zip(_LOSSES, (BLUE, VERMILION), ("-", "--"), strict=True):
        if name in history:
            label = {"loss": "training", "val_loss": "validation"}[name]
            ax.plot(history.index, history[name], mark, color=colour, label=label)
    values = history[[name for name in _LOSSES if name in history]].to_numpy(float)
    log_where_wide(ax, values)
    ax.set_title("Loss")


def _score(ax, history, score):
    ax.plot(history.index, history["val_score"], "--", color=VERMILION, label="validation")
    ax.set_title(score)


def _rate(ax, history, score):
    ax.step(history.index, history[_RATE], where="mid", color=BLUE)
    ax.set_yscale("log")
    lowest, highest = history[_RATE].min(), history[_RATE].max()
    ax.set_ylim(lowest / 5, highest * 5)
    ax.minorticks_off()
    ax.set_title("Learning rate")


def _name_best(ax, best):
    label = "the probe is best" if best == 0 else f"best epoch: {best}"
    ax.plot([], [], ":", color=GREY, label=label)
    ax.legend(frameon=False, fontsize="small")
