"""What users give as X: panels that would be misread are refused, or named in a warning."""

from __future__ import annotations

import re
import warnings
from typing import Any

import numpy as np
import pandas as pd

from sktl._lengths import refuse_unequal

_NUMBERED = re.compile(r"(?:(?:var|dim|channel|c)_?)?(\d+)")


def as_panel(X: Any, series: bool = False) -> Any:
    """Return what sktime can read, or say why it would be misread.

    Parameters
    ----------
    X : sktime panel
        An array of shape (n_instances, n_channels, n_timepoints), also of objects, or a list of
        such instances, or a data frame.
    series : bool, default=False
        Whether single series (a vector, a matrix, a plain data frame) are let through.

    Returns
    -------
    object
        Arrays and lists of arrays as an array of floats or integers in the machine's byte order;
        lists of arrays that differ in length as a list of data frames; data frames as they are,
        those of a list with their columns in the order of the first.

    Raises
    ------
    ValueError
        If values are hidden by a mask, complex, or no numbers, if the rows of a frame are twice
        there or out of time order, or columns are missing.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl._panels import as_panel
    >>> as_panel(np.ma.masked_invalid([[[1.0, np.nan]]]))
    Traceback (most recent call last):
    ValueError: X must have no masked values: fill the gaps first, X.filled(...) does. Received: \
1 masked values of 2
    """
    if isinstance(X, pd.DataFrame):
        _check_frame(X, series)
        return X
    if isinstance(X, list | tuple) and len(X):
        if all(isinstance(one, pd.DataFrame) for one in X):
            return _alike(X)
        X = _stacked(X)
        return _array(X, series) if isinstance(X, np.ndarray) else X
    if isinstance(X, np.ndarray):
        return _array(X, series)
    foreign = not type(X).__module__.startswith(("pandas", "polars", "xarray", "dask", "gluonts"))
    if foreign and hasattr(X, "__array__"):
        return _array(np.asarray(X), series)
    return X


def _array(X, series):
    if np.ma.isMaskedArray(X):
        hidden = np.ma.count_masked(X)
        if hidden:
            raise ValueError(
                "X must have no masked values: fill the gaps first, X.filled(...) does. "
                f"Received: {hidden} masked values of {X.size}"
            )
        X = X.data
    if X.dtype.kind == "O":
        X = _of_objects(X)
        if isinstance(X, list):
            return X
    kind = X.dtype.kind
    if kind not in "fiub":
        raise ValueError(f"X must hold real numbers. Received: values of type {X.dtype}")
    if X.ndim not in ((1, 2, 3) if series else (2, 3)) or 0 in X.shape:
        raise ValueError(
            "X must have the shape (n_instances, n_channels, n_timepoints), none of them 0. "
            f"Received: shape {X.shape}"
        )
    if kind == "b":
        return X.astype(np.float64)
    if kind == "f" and X.dtype.itemsize not in (4, 8):
        return X.astype(np.float32 if X.dtype.itemsize < 4 else np.float64)
    return X if X.dtype.isnative else X.astype(X.dtype.newbyteorder("="))


def _stacked(X):
    """Make an array of a list of instances."""
    if any(np.ma.isMaskedArray(one) for one in X):
        shapes = {np.shape(one) for one in X}
        return np.ma.array(X) if len(shapes) == 1 else _unequal(X)
    try:
        return np.array(X)
    except ValueError:
        return _unequal(X)


def _of_objects(X):
    try:
        return np.array(X.tolist(), dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        pass
    for value in X.flat:
        if isinstance(value, np.ndarray | list | tuple | pd.Series):
            return _unequal(list(X.flat))
        try:
            float(value)
        except (TypeError, ValueError, OverflowError):
            raise ValueError(
                f"X must hold numbers. Received: {value!r} ({type(value).__name__})"
            ) from None
    return _unequal(X)


def _unequal(series):
    """Make frames of series that differ in length."""
    arrays = [_array(one if np.ma.isMaskedArray(one) else np.asarray(one), True) for one in series]
    shapes = sorted({one.shape for one in arrays}, key=str)
    received = f"Received: instances of the shapes {', '.join(map(str, shapes[:5]))}"
    if len({shape[:-1] for shape in shapes}) > 1 or arrays[0].ndim > 2:
        swapped = len({shape[1:] for shape in shapes}) == 1 and arrays[0].ndim == 2
        turned = ": where time comes first, give [x.T for x in X]" if swapped else ""
        raise ValueError(
            "X must hold instances with equal channels, each of the shape (n_channels, "
            f"n_timepoints){turned}. {received}"
        )
    return [pd.DataFrame(np.atleast_2d(one).T) for one in arrays]


def _check_frame(X, series):
    if not X.columns.is_unique:
        twice = X.columns[X.columns.duplicated()].tolist()
        raise ValueError(f"X must have each column once. Received: {twice} more than once")
    if X.index.nlevels == 1:
        if not series and all(pd.api.types.is_numeric_dtype(kind) for kind in X.dtypes):
            raise ValueError(
                "X must be a panel: a data frame of numbers needs an index of two levels, "
                "instance and time. A table with one series a row is X.to_numpy()[:, None, :]. "
                f"Received: a data frame of shape {X.shape} with one level"
            )
        return
    if not X.index.is_unique:
        again = X.index[X.index.duplicated()]
        raise ValueError(
            "X must have one row for each instance and time. Received: "
            f"{len(again)} rows that are there twice, such as {again[0]}"
        )
    for column, kind in X.dtypes.items():
        if isinstance(kind, np.dtype) and kind.kind == "c":
            raise ValueError(f"X must hold real numbers. Received: {column!r} of type {kind}")
        if pd.api.types.is_object_dtype(kind) or pd.api.types.is_string_dtype(kind):
            raise ValueError(
                f"X must hold numbers. Received: column {column!r} of type {kind}; "
                f"X.astype(float) converts text and objects that are numbers"
            )
    if X.index.nlevels != 2:
        return
    instances = X.index.get_level_values(0)
    codes = pd.factorize(instances)[0]
    if (np.diff(codes) < 0).any():
        raise ValueError(
            "X must have the rows of each instance together, instances in the order of y: "
            "X.sort_index() puts them in the order of the index. Received: rows of several "
            "instances mixed"
        )
    times = X.index.get_level_values(1)
    later = np.asarray(times[1:] > times[:-1])
    if not (later | (np.diff(codes) > 0)).all():
        where = int(np.argmin(later | (np.diff(codes) > 0)))
        raise ValueError(
            "X must have the rows of each instance in the order of time: X.sort_index() does it. "
            f"Received: {times[where]} before {times[where + 1]} in instance {instances[where]}"
        )


def _alike(frames):
    """Give the frames of a list the columns of the first, in its order."""
    names = channel_names(frames[0])
    return list(frames) if names is None else [in_order(one, names) for one in frames]


def as_array(X: Any) -> np.ndarray:
    """Return a panel as an array, where sktime's own conversion is not at work.

    Parameters
    ----------
    X : sktime panel
        See `as_panel`.

    Returns
    -------
    np.ndarray
        Of the shape of an array that is given, else (n_instances, n_channels, n_timepoints).

    Raises
    ------
    TypeError, ValueError
        As `as_panel`, or as sktime where it cannot read `X`.
    """
    X = as_panel(X)
    if not isinstance(X, np.ndarray):
        refuse_unequal(X, "pad or cut them first")
        from sktime.datatypes import convert_to

        X = np.asarray(convert_to(X, "numpy3D", as_scitype="Panel"))
    return X


def channel_names(X: Any) -> list | None:
    """Return the names of a panel's channels, None where it has none.

    Parameters
    ----------
    X : sktime panel
        Any.

    Returns
    -------
    list or None
        Names of the columns of a data frame, unless they are numbers in their order (0, 1, ...,
        var_0, var_1, ..., dim_0, ...), as conversions give them.

    Examples
    --------
    >>> import pandas as pd
    >>> from sktl._panels import channel_names
    >>> frame = pd.DataFrame({"Z": [1.0], "N": [2.0]})
    >>> channel_names(frame), channel_names(frame.set_axis(["var_0", "var_1"], axis=1))
    (['Z', 'N'], None)
    """
    if isinstance(X, list) and X and isinstance(X[0], pd.DataFrame):
        X = X[0]
    if not isinstance(X, pd.DataFrame):
        return None
    names = X.columns.tolist()
    found = [_NUMBERED.fullmatch(str(name)) for name in names]
    numbers = [int(one[1]) if one else -1 for one in found]
    return None if numbers == list(range(len(names))) else names


def in_order(X: Any, names: list | None) -> Any:
    """Put the channels of a panel in the order of those of the training.

    Parameters
    ----------
    X : sktime panel
        Any; what has no names of channels is returned as it is.
    names : list or None
        Those of the training.

    Returns
    -------
    sktime panel
        With the columns `names`, in their order.

    Raises
    ------
    ValueError
        If channels are missing, or there are others.

    Examples
    --------
    >>> import pandas as pd
    >>> from sktl._panels import in_order
    >>> in_order(pd.DataFrame({"N": [1.0], "Z": [2.0]}), ["Z", "N"]).columns.tolist()
    ['Z', 'N']
    """
    given = channel_names(X)
    if names is None or given is None or given == names:
        return X
    missing = [name for name in names if name not in given]
    others = [name for name in given if name not in names]
    if missing or others:
        raise ValueError(
            f"X must have the channels of the training, {names}. Received: {given} "
            f"(missing: {missing}, not known: {others})"
        )
    return [one[names] for one in X] if isinstance(X, list) else X[names]


def aligned(validation_data: Any, X: Any) -> Any:
    """Put the channels of validation data in the order of those of X, where both have names."""
    if not isinstance(validation_data, tuple | list) or len(validation_data) != 2:
        return validation_data
    held_out, y = validation_data
    return in_order(as_panel(held_out), channel_names(X)), y


def check_same_order(X: Any, y: Any) -> None:
    """Refuse a y whose index names the instances of X in another order.

    Parameters
    ----------
    X, y : object
        Panel and targets; what has no index is not looked at.

    Raises
    ------
    ValueError
        If both have an index of the same instances, in different orders.

    Examples
    --------
    >>> import pandas as pd
    >>> from sktl._panels import check_same_order
    >>> X = pd.DataFrame({"Z": [1.0, 2.0]}, index=pd.MultiIndex.from_product([["a", "b"], [0]]))
    >>> check_same_order(X, pd.Series([1, 2], index=["a", "b"]))
    >>> check_same_order(X, pd.Series([1, 2], index=["b", "a"]))
    Traceback (most recent call last):
    ValueError: y must be in the order of X, its index is in another: give y.loc[[...]] in the \
order of X's instances, or y.to_numpy() if the order is right. Received: y starts with ['b', 'a'], \
X with ['a', 'b']
    """
    if not isinstance(X, pd.DataFrame) or not isinstance(y, pd.Series | pd.DataFrame):
        return
    instances = X.index.get_level_values(0).unique() if X.index.nlevels > 1 else X.index
    if len(instances) != len(y) or y.index.nlevels > 1 or instances.equals(y.index):
        return
    if y.index.is_unique and instances.is_unique and set(instances) == set(y.index):
        raise ValueError(
            "y must be in the order of X, its index is in another: give y.loc[[...]] in the order "
            "of X's instances, or y.to_numpy() if the order is right. Received: y starts with "
            f"{y.index[:3].tolist()}, X with {instances[:3].tolist()}"
        )


def warn_of_2d(X: Any) -> None:
    """Warn of an array with two axes, which is taken as series of one channel.

    Parameters
    ----------
    X : sktime panel
        Any.
    """
    if isinstance(X, np.ndarray) and X.ndim == 2:
        warnings.warn(
            f"X of shape {X.shape} is taken as {X.shape[0]} series of one channel and {X.shape[1]} "
            "time points; X[:, None, :] says so without this warning",
            UserWarning,
            stacklevel=3,
        )


def warn_of_orientation(X: np.ndarray) -> None:
    """Warn of a panel with more channels than time points.

    Parameters
    ----------
    X : np.ndarray of shape (n_instances, n_channels, n_timepoints)
        Panel.
    """
    if X.shape[1] > X.shape[2]:
        warnings.warn(
            f"X has more channels ({X.shape[1]}) than time points ({X.shape[2]}). Its shape must "
            "be (n_instances, n_channels, n_timepoints): where time comes before the channels, "
            f"give X.transpose(0, 2, 1). Received: shape {X.shape}",
            UserWarning,
            stacklevel=3,
        )


def check_source_channels(X: np.ndarray, n_channels: int, source: str) -> None:
    """Refuse a panel whose time points are as many as the channels of a source.

    Parameters
    ----------
    X : np.ndarray of shape (n_instances, n_channels, n_timepoints)
        Panel.
    n_channels : int
        Channels of the source.
    source : str
        Its name.

    Raises
    ------
    ValueError
        If X has more channels than that, and exactly as many time points.
    """
    if X.shape[1] > X.shape[2] == n_channels:
        raise ValueError(
            f"X must have the shape (n_instances, n_channels, n_timepoints). It has "
            f"{X.shape[1]} channels of {X.shape[2]} time points, and the source {source!r} has "
            f"{n_channels} channels: time and channels seem to be swapped, X.transpose(0, 2, 1) "
            f"swaps them back. Received: shape {X.shape}"
        )
