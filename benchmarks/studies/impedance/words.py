"""Numbers as text, and what they say."""

import numpy as np
import pandas as pd
from scipy.stats import t as student


def interval(values):
    """Return the mean and half the 95 % interval of Student's t; NaN for a single value."""
    values = np.asarray(values, dtype=float)
    if len(values) < 2:
        return float(values.mean()), float("nan")
    half = student.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return float(values.mean()), float(half)


def text(values, factor=100.0, digits=2):
    """Write a mean and its interval, which is left out where all values are equal."""
    values = pd.Series(values, dtype=float).dropna()
    if values.empty:
        return "–"
    mean, half = interval(factor * values)
    spread = np.isfinite(half) and half >= 0.5 * 10**-digits
    return f"{mean:.{digits}f}" + (f" ± {half:.{digits}f}" if spread else "")


def gain(table, of="transfer", over="scratch"):
    """Compare r2 of two methods, seed by seed, where both are there."""
    pairs = table.pivot_table("r2", "seed", "method")
    if of not in pairs or over not in pairs:
        return pd.Series(dtype=float)
    return (pairs[of] - pairs[over]).dropna()


def verdict(table, what, of="transfer", over="scratch", names=("transfer", "training on them")):
    """Say in a sentence whether one method beats another; nothing where they are not there."""
    gains = gain(table, of, over)
    if gains.empty:
        return None
    mean, half = interval(100 * gains)
    if not np.isfinite(half):
        return f"{what}: {names[0]} against {names[1]}, {mean:+.2f} points of r2 with one seed."
    if abs(mean) <= half:
        word = "does not differ clearly from"
    else:
        word = "beats" if mean > 0 else "is worse than"
    return (
        f"{what}: {names[0]} {word} {names[1]}, {mean:+.2f} ± {half:.2f} points of r2 (better in "
        f"{(gains > 0).sum()} of {len(gains)} seeds)."
    )
