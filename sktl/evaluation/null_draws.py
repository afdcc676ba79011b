"""Samples of references in the place of transfers, for controls without a true gain."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sktl.evaluation.domains import size_label, title
from sktl.evaluation.protocols import Comparison
from sktl.evaluation.records import Records
from sktl.evaluation.schema import GROUP


def reference_groups(
    records: Records, comparison: Comparison
) -> tuple[dict[tuple, pd.DataFrame], tuple[str, ...]]:
    """Collect the usable references of each architecture, target and size with transfers.

    Parameters
    ----------
    records : Records
        Checked records.
    comparison : Comparison
        Comparison of transfer and references.

    Returns
    -------
    groups : dict of tuple to pandas.DataFrame
        At least two references each, with ``selection``, the validation score with the sign
        changed so that greater is better.
    left_out : tuple of str
        Names of the groups with a single usable reference, which cannot be sampled.

    Raises
    ------
    ValueError
        If no group has two usable references.
    """
    table = records.table
    table = table[(table["kind"] == "reference") & ~table["rerun"].isin(comparison.exclude_reruns)]
    sign = np.where(table["greater_is_better"], 1, -1)
    table = table.assign(selection=sign * table["validation_score"])
    searched = set(comparison.search[GROUP].itertuples(index=False, name=None))
    groups, left_out = {}, []
    for key, group in table.groupby(GROUP):
        if key not in searched:
            continue
        if len(group) > 1:
            groups[key] = group
        else:
            architecture, target, size = key
            left_out.append(f"{title(architecture)} {title(target)} {size_label(size)}")
    if not groups:
        raise ValueError("no architecture, target and size has two usable references to draw from")
    return groups, tuple(left_out)


def expected_best(values: np.ndarray, selection: np.ndarray, k: int) -> float:
    """Return the expected value of the best by ``selection`` among k samples with replacement.

    Parameters
    ----------
    values, selection : numpy.ndarray of shape (n,)
        Values, and scores of the selection (greater is better).
    k : int
        Number of samples.

    Returns
    -------
    float
        Expected value.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.evaluation.null_draws import expected_best
    >>> expected_best(np.array([0.0, 1.0]), np.array([0.0, 1.0]), k=2)
    0.75
    """
    order = np.argsort(selection, kind="stable")
    share = np.arange(len(values) + 1) / len(values)
    return float(np.sum(values[order] * np.diff(share**k)))


def null_outcomes(
    group: pd.DataFrame, protocol: str, k: int, repetitions: int, rng: np.random.Generator
) -> np.ndarray:
    """Compare draws from references, chosen as transfers are, with these references' mean.

    Parameters
    ----------
    group : pandas.DataFrame
        Of :func:`reference_groups`.
    protocol : {"published", "honest"}
    k : int
        Omegas to choose from in each rerun.
    repetitions : int
    rng : numpy.random.Generator

    Returns
    -------
    numpy.ndarray of shape (repetitions,)
        1 win, 0 tie, -1 loss.
    """
    values = group["value"].to_numpy()
    drawn = rng.integers(len(values), size=(repetitions, group["rerun"].nunique(), k))
    scores = values[drawn]
    if protocol == "published":
        best = scores.max(axis=2)
    else:
        if group["selection"].notna().all():
            selection = group["selection"].to_numpy()[drawn]
        else:
            selection = scores.sum(axis=1, keepdims=True) - scores
        place = selection.argmax(axis=2)[..., None]
        best = np.take_along_axis(scores, place, axis=2)[..., 0]
    difference = best.mean(axis=1) - values.mean()
    # Equal draws can differ from their mean by rounding.
    difference[np.isclose(difference, 0, atol=1e-12 * np.abs(values).max())] = 0
    return np.sign(difference)
