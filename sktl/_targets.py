"""What users give as y, turned into arrays of labels or numbers, or refused in one sentence."""

from __future__ import annotations

import numbers
from collections.abc import Iterable, Mapping, Set
from typing import Any

import numpy as np
import pandas as pd

TASKS = ("classification", "regression")


def as_targets(y: Any, task: str, name: str = "y") -> Any:
    """Return targets as arrays of labels or numbers.

    Parameters
    ----------
    y : array-like of shape (n_instances,) or (n_instances, n_outputs)
        A list, an array of any kind (also of objects), a series, index or extension array of
        pandas, a series of polars, a dataset of h5py; a data frame stays one.
    task : {"classification", "regression"}
        Labels are text, whole numbers, booleans or floats, all of one kind; of a regression come
        floats.
    name : str, default="y"
        What an error calls it.

    Returns
    -------
    np.ndarray or pandas.DataFrame
        Of the shape of `y`.

    Raises
    ------
    TypeError
        If `y` has no order.
    ValueError
        If a value is missing (None, NaN, NA, masked) or infinite, if labels are of several kinds,
        or numbers are none.

    Examples
    --------
    >>> from sktl._targets import as_targets
    >>> as_targets(["b", "a"], "classification").tolist()
    ['b', 'a']
    >>> as_targets([1, True, None], "classification")
    Traceback (most recent call last):
    ValueError: y must be finite: every instance needs its value. Received: 1 of 3 missing, NaN or \
infinite
    """
    if isinstance(y, pd.DataFrame):
        return _frame(y, task, name)
    if y is None or isinstance(y, str | bytes | Mapping | Set):
        raise TypeError(
            f"{name} must be array-like, one entry for each instance in the order of X. "
            f"Received: {type(y).__name__}"
        )
    if np.ma.isMaskedArray(y):
        _refuse_missing(np.ma.getmaskarray(y), name)
        y = y.data
    elif isinstance(y, pd.Series | pd.Index | pd.api.extensions.ExtensionArray):
        _refuse_missing(np.asarray(pd.isna(y)), name)
        y = np.asarray(y)
    elif hasattr(y, "to_numpy"):
        y = np.asarray(y.to_numpy())
    elif not hasattr(y, "__array__") and isinstance(y, Iterable):
        # Of mixed lists numpy would make text: of NaN "nan", of 1 "1".
        y = _objects(list(y))
    y = np.asarray(y)
    if y.ndim not in (1, 2):
        raise ValueError(
            f"{name} must have the shape (n_instances,) or (n_instances, n_outputs). "
            f"Received: shape {y.shape}"
        )
    if y.dtype.kind == "O":
        y = _of_one_kind(y, task, name)
    elif y.dtype.kind == "S":
        y = np.char.decode(y, errors="replace")
    elif y.dtype.kind == "T":
        y = y.astype(str)
    return _checked(y, task, name)


def refuse_columns(y: Any, name: str) -> None:
    """Refuse a y of several columns beside what goes with one.

    Sktime fits one clone to each column, and does not hand it on to them.

    Parameters
    ----------
    y : array-like of shape (n_instances,) or (n_instances, n_outputs)
        As given.
    name : str
        What goes with one column alone, for the error.

    Raises
    ------
    ValueError
        If y has several columns.

    Examples
    --------
    >>> from sktl._targets import refuse_columns
    >>> refuse_columns([[1, 2], [3, 4]], "groups")
    Traceback (most recent call last):
    ValueError: With groups y must have one column: fit an estimator to each of several. \
Received: y of shape (2, 2)
    """
    if np.ndim(y) == 2 and np.shape(y)[1] > 1:
        raise ValueError(
            f"With {name} y must have one column: fit an estimator to each of several. "
            f"Received: y of shape {np.shape(y)}"
        )


def _objects(values: list) -> np.ndarray:
    try:
        return np.array(values, dtype=object)
    except ValueError:  # rows of unequal length
        return np.empty((0, 0, 0))


def _frame(y, task, name):
    _refuse_missing(y.isna().to_numpy(), name)
    columns = [as_targets(y.iloc[:, at], task, name) for at in range(y.shape[1])]
    if task == "classification" and len(columns) == 1:
        return columns[0]
    frame = pd.DataFrame(dict(enumerate(columns)), index=y.index)
    frame.columns = y.columns
    return frame


def _refuse_missing(missing: np.ndarray, name: str) -> None:
    if missing.any():
        raise ValueError(
            f"{name} must be finite: every instance needs its value. Received: "
            f"{np.count_nonzero(missing)} of {missing.size} missing, NaN or infinite"
        )


def _is_missing(value: Any) -> bool:
    if value is None or value is pd.NA or value is pd.NaT:
        return True
    return isinstance(value, numbers.Real) and value != value


def _kind(value: Any) -> str:
    for kind, types in (
        ("text", str | bytes),
        ("boolean", bool | np.bool_),
        ("whole number", numbers.Integral),
        ("number", numbers.Real),
    ):
        if isinstance(value, types):
            return kind
    return type(value).__name__


def _of_one_kind(y, task, name):
    """Turn an array of objects into one of labels or numbers."""
    flat = list(y.flat)
    _refuse_missing(np.array([_is_missing(value) for value in flat], bool), name)
    if task == "regression":
        return np.array([_number(value, name) for value in flat], float).reshape(y.shape)
    first: dict[str, Any] = {}
    for value in flat:
        first.setdefault(_kind(value), value)
    kinds = set(first)
    if kinds == {"whole number", "number"}:
        kinds = {"number"}
    known = {"text": str, "boolean": bool, "whole number": None, "number": float}
    if len(kinds) > 1 or not kinds <= set(known):
        shown = " and ".join(f"{value!r} ({type(value).__name__})" for value in first.values())
        raise ValueError(
            f"{name} must hold labels of one kind: text, whole numbers, booleans or floats. "
            f"Received: {shown}"
        )
    flat = [value.decode(errors="replace") if isinstance(value, bytes) else value for value in flat]
    return np.array(flat, known[kinds.pop()] if kinds else float).reshape(y.shape)


def _number(value, name):
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(
            f"{name} must hold numbers. Received: {value!r} ({type(value).__name__})"
        ) from None


def _checked(y, task, name):
    kind = y.dtype.kind
    if kind in "cMmV":
        wanted = "numbers" if task == "regression" else "labels (text, numbers or booleans)"
        raise ValueError(f"{name} must hold {wanted}. Received: values of type {y.dtype}")
    if kind == "f":
        _refuse_missing(~np.isfinite(y), name)
        y = y.astype(np.float64) if y.dtype.itemsize not in (4, 8) else y
    if task == "regression" and kind == "U":
        y = np.array([_number(str(value), name) for value in y.flat], float).reshape(y.shape)
        _refuse_missing(~np.isfinite(y), name)
    if task == "regression" and kind == "b":
        y = y.astype(float)
    return y


def as_weights(sample_weight: Any) -> np.ndarray | None:
    """Return weights of instances as floats, None as it is.

    Parameters
    ----------
    sample_weight : array-like of shape (n_instances,) or None
        Numbers, not below 0.

    Returns
    -------
    np.ndarray or None
        float64.

    Raises
    ------
    TypeError, ValueError
        If a weight is no number, missing or below 0.

    Examples
    --------
    >>> from sktl._targets import as_weights
    >>> as_weights([1, 0.5])
    array([1. , 0.5])
    """
    if sample_weight is None:
        return None
    weights = np.asarray(as_targets(sample_weight, "regression", "sample_weight"), float)
    if weights.ndim != 1 or (weights < 0).any():
        raise ValueError(
            "sample_weight must have the shape (n_instances,) and no number below 0. "
            f"Received: shape {weights.shape}, the smallest {weights.min(initial=np.inf):g}"
        )
    return weights


def as_callbacks(callbacks: Any) -> tuple:
    """Return callbacks as a tuple.

    Parameters
    ----------
    callbacks : callable, sequence of callables or None
        What is called after every epoch.

    Returns
    -------
    tuple of callables

    Raises
    ------
    TypeError
        If one of them cannot be called.
    """
    if callbacks is None:
        return ()
    callbacks = (callbacks,) if callable(callbacks) else callbacks
    if not isinstance(callbacks, Iterable) or not all(map(callable, callbacks)):
        raise TypeError(
            "callbacks must be a function that takes the row of an epoch, or several. "
            f"Received: callbacks={callbacks!r}"
        )
    return tuple(callbacks)
