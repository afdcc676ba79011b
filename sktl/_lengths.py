"""Panels whose series differ in length: one array, in which NaN follows the end of a series.

NaN among the values of users is refused where it comes in, so inside it means one thing: the series
has ended. What forgets to look at the ends gives NaN, and never a number that is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd


class UnequalLengthError(ValueError):
    """Series differ in length where they must not."""


def is_unequal(X: Any) -> bool:
    """Return True if the series of a panel differ in length.

    Parameters
    ----------
    X : np.ndarray of shape (n_instances, n_channels, n_timepoints), frame or list of frames
        Panel; of anything else, and of arrays without NaN, the answer is False.

    Returns
    -------
    bool
        Of an array: whether NaN follows a series.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl._lengths import is_unequal
    >>> is_unequal(np.array([[[1.0, 2.0]], [[3.0, np.nan]]])), is_unequal(np.zeros((2, 1, 2)))
    (True, False)
    """
    if isinstance(X, np.ndarray):
        return X.ndim == 3 and X.dtype.kind == "f" and bool(np.isnan(X[:, :, -1]).any())
    if isinstance(X, list):
        frames = bool(X) and all(isinstance(one, pd.DataFrame) for one in X)
        return frames and len({len(one) for one in X}) > 1
    if not isinstance(X, pd.DataFrame):
        return False
    if X.index.nlevels == 2:
        return len(np.unique(np.bincount(pd.factorize(X.index.get_level_values(0))[0]))) > 1
    if X.index.nlevels == 1 and all(map(pd.api.types.is_object_dtype, X.dtypes)):
        return len({np.size(cell) for column in X for cell in X[column]}) > 1
    return False


def panel_of(X: Any) -> np.ndarray:
    """Make an array of series of unequal length.

    Parameters
    ----------
    X : list of frames, frame with two levels or with series in its cells, or list of arrays
        Series; an array has the shape (n_channels, n_timepoints).

    Returns
    -------
    np.ndarray of shape (n_instances, n_channels, longest)
        NaN follows each series; float32 where all are, else float64.

    Raises
    ------
    ValueError
        If values are missing, or the channels of an instance differ in length.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl._lengths import lengths_of, panel_of
    >>> X = panel_of([np.ones((1, 2)), np.ones((1, 3))])
    >>> X.shape, lengths_of(X).tolist()
    ((2, 1, 3), [2, 3])
    """
    series = _series(X)
    if any(np.isnan(one).any() for one in series):
        missing = sum(np.count_nonzero(np.isnan(one)) for one in series)
        raise ValueError(
            "X must be finite: fill or remove such values first. Received: "
            f"{missing} NaN values of {sum(one.size for one in series)}"
        )
    longest = max(one.shape[1] for one in series)
    single = all(one.dtype == np.float32 for one in series)
    shape = (len(series), len(series[0]), longest)
    panel = np.full(shape, np.nan, np.float32 if single else np.float64)
    for row, one in zip(panel, series, strict=True):
        row[:, : one.shape[1]] = one
    return panel


def _series(X) -> list[np.ndarray]:
    if isinstance(X, pd.DataFrame) and X.index.nlevels == 2:
        codes = pd.factorize(X.index.get_level_values(0))[0]
        ends = np.cumsum(np.bincount(codes))
        return np.split(_numbers(X.to_numpy()).T, ends[:-1], axis=1)
    if isinstance(X, pd.DataFrame):
        rows = [[_numbers(np.ravel(cell)) for cell in row] for row in X.to_numpy()]
        for number, row in enumerate(rows):
            if len({len(one) for one in row}) > 1:
                raise ValueError(
                    "The channels of an instance must be equally long. Received: channels of "
                    f"{', '.join(str(len(one)) for one in row)} time points in instance {number}"
                )
        return [np.array(row) for row in rows]
    return [
        _numbers(one.to_numpy().T if isinstance(one, pd.DataFrame) else np.asarray(one))
        for one in X
    ]


def _numbers(values):
    return values if values.dtype in (np.float32, np.float64) else values.astype(np.float64)


def lengths_of(X: np.ndarray) -> np.ndarray:
    """Count the time points of each series of an array.

    Parameters
    ----------
    X : np.ndarray of shape (n_instances, n_channels, n_timepoints)
        Panel; NaN may follow a series.

    Returns
    -------
    np.ndarray of shape (n_instances,)
        At least 1.

    Raises
    ------
    ValueError
        If there is NaN elsewhere.
    """
    if not is_unequal(X):
        return np.full(len(X), X.shape[2])
    absent = np.isnan(X)
    lengths = X.shape[2] - absent[:, 0].sum(axis=1)
    if not (absent == (np.arange(X.shape[2]) >= lengths[:, None, None])).all() or 0 in lengths:
        raise ValueError(
            "X must be finite: fill or remove such values first. Received: NaN before the end"
        )
    return lengths


def values_of(X: np.ndarray) -> np.ndarray:
    """Return the values of an array: itself, or what is not past the ends, of one axis."""
    if not is_unequal(X):
        return X
    present = np.arange(X.shape[2]) < lengths_of(X)[:, None]
    return X.transpose(0, 2, 1)[present]


def series_of(X: np.ndarray) -> Any:
    """Return the series of an array, which `fit` and `predict` take: lists where they differ."""
    if not is_unequal(X):
        return X
    return [one[:, :n] for one, n in zip(X, lengths_of(X), strict=True)]


def last_values(X: np.ndarray) -> np.ndarray:
    """Return the last value of each channel, (n_instances, n_channels), float64."""
    if not is_unequal(X):
        return X[:, :, -1].astype(np.float64)
    last = lengths_of(X) - 1
    return np.take_along_axis(X, last[:, None, None], axis=2)[:, :, 0].astype(np.float64)


def lengthened(X: np.ndarray, n_timepoints: int) -> np.ndarray:
    """Let NaN follow the series of an array, up to a length."""
    missing = n_timepoints - X.shape[2]
    if missing <= 0:
        return X
    X = X if X.dtype.kind == "f" else X.astype(np.float64)
    return np.pad(X, ((0, 0), (0, 0), (0, missing)), constant_values=np.nan)


def together(panels: Sequence[np.ndarray]) -> np.ndarray:
    """Join the instances of arrays, which may differ in length."""
    longest = max(X.shape[2] for X in panels)
    return np.concatenate([lengthened(X, longest) for X in panels])


def by_length(function: Callable[[np.ndarray], np.ndarray], X: np.ndarray) -> np.ndarray:
    """Apply a function to the series of each length, and give its rows in the order of X.

    Parameters
    ----------
    function : callable
        Takes an array of series of equal length; gives a row for each.
    X : np.ndarray of shape (n_instances, n_channels, n_timepoints)
        Panel; NaN may follow a series.

    Returns
    -------
    np.ndarray of shape (n_instances, ...)
        Rows.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl._lengths import by_length
    >>> by_length(lambda X: X.mean(axis=2), np.array([[[1.0, 2.0]], [[3.0, np.nan]]])).tolist()
    [[1.5], [3.0]]
    """
    if not is_unequal(X):
        return function(X)
    lengths = lengths_of(X)
    rows: Any = None
    for length in np.unique(lengths):
        chosen = lengths == length
        found = function(X[chosen][:, :, :length])
        if rows is None:
            rows = np.empty((len(X), *found.shape[1:]), found.dtype)
        rows[chosen] = found
    return rows


def refuse_unequal(X: Any, what: str) -> None:
    """Refuse series of unequal length where they cannot be used.

    Parameters
    ----------
    X : array, frame or list of frames
        See `is_unequal`.
    what : str
        What takes series of equal length only, and what can be done.

    Raises
    ------
    UnequalLengthError
        If they differ in length.
    """
    if is_unequal(X):
        array = isinstance(X, np.ndarray)
        lengths = lengths_of(X) if array else [one.shape[1] for one in _series(X)]
        raise UnequalLengthError(
            f"X must hold series of equal length: {what}. Received: series of {min(lengths)} to "
            f"{max(lengths)} time points"
        )
