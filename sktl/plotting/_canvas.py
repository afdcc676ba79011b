"""Axes and colours, shared by all plots."""

from __future__ import annotations

from typing import Any

import numpy as np

# Colours that stay apart for people with colour blindness (Wong 2011, Nature Methods 8, 441).
BLUE, VERMILION, GREEN, ORANGE = "#0072b2", "#d55e00", "#009e73", "#e69f00"
PURPLE, SKY, BLACK, GREY = "#cc79a7", "#56b4e9", "#000000", "#767676"
COLOURS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, BLACK)
# More classes than colours differ by their markers.
MARKERS = "osD^vP*X<>h"
# Of numbers; its lightness rises evenly, so that it can be read without any colour.
COLOUR_MAP = "cividis"


def pyplot() -> Any:
    """Import matplotlib.pyplot, or say how to get it."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            "Plots need matplotlib: pip install 'sktl[plots]'. Received: no matplotlib"
        ) from error
    return plt


def one_axes(ax: Any, width: float = 6.4, height: float = 4.0) -> Any:
    """Return the axes that were given, or those of a new figure."""
    plt = pyplot()
    if ax is None:
        _, ax = plt.subplots(figsize=(width, height), layout="constrained")
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def several_axes(axes: Any, n: int, columns: int, width: float, height: float) -> np.ndarray:
    """Return n axes: those that were given, or those of a new figure with rows of `columns`.

    Raises
    ------
    ValueError
        If another number of axes was given.
    """
    plt = pyplot()
    if axes is None:
        columns = min(columns, n)
        rows = -(-n // columns)
        size = (width * columns, height * rows)
        _, made = plt.subplots(rows, columns, figsize=size, squeeze=False, layout="constrained")
        flat = made.ravel()
        for empty in flat[n:]:
            empty.set_axis_off()
        axes = flat[:n]
    found = np.atleast_1d(np.asarray(axes, dtype=object)).ravel()
    if len(found) != n:
        raise ValueError(f"axes must hold {n} axes, one per panel. Received: {len(found)}")
    for ax in found:
        ax.spines[["top", "right"]].set_visible(False)
    return found


def log_where_wide(ax: Any, values: np.ndarray) -> None:
    """Make the vertical axis logarithmic where values span more than a factor of 5.

    Its numbers are written plainly: 0.5, not 5 times 10 to the power of -1.
    """
    # Zeros go down to the edge.
    values = values[np.isfinite(values) & (values > 0)]
    if not values.size or values.max() <= 5 * values.min():
        return
    from matplotlib.ticker import LogLocator, NullFormatter

    ax.set_yscale("log")
    decades = np.log10(values.max() / values.min())
    if decades < 3:
        ax.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if decades < 2 else (1.0, 3.0)))
        ax.yaxis.set_major_formatter("{x:g}")
        ax.yaxis.set_minor_formatter(NullFormatter())


def style(number: int) -> tuple[str, str]:
    """Return colour and marker of a series or class by its number."""
    colour = COLOURS[number % len(COLOURS)]
    return colour, MARKERS[(number // len(COLOURS) + number) % len(MARKERS)]


def is_numeric_target(y: np.ndarray) -> bool:
    """Return True if y holds floating-point numbers, as for a regression."""
    return np.asarray(y).dtype.kind == "f"


def checked_lengths(**arrays: Any) -> None:
    """Refuse arrays of different lengths."""
    lengths = {name: len(values) for name, values in arrays.items()}
    if len(set(lengths.values())) > 1:
        received = ", ".join(f"{count} of {name}" for name, count in lengths.items())
        raise ValueError(f"{' and '.join(lengths)} must be equally long. Received: {received}")
