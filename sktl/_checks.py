"""Checks of parameters and series, made by ``fit`` because constructors only assign."""

from __future__ import annotations

import difflib
import math
import numbers
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Choice:
    """One of some values.

    Parameters
    ----------
    allowed : tuple
        The values.
    """

    allowed: tuple

    def check(self, name: str, value: Any, auto: bool = False) -> None:
        """Refuse a value that is none of them."""
        check_choice(name, value, (*["auto"] * auto, *self.allowed))


@dataclass(frozen=True)
class Number:
    """A number between bounds.

    Parameters
    ----------
    low, high : float
        The bounds.
    with_low, with_high : bool
        Whether the bounds themselves are allowed.
    none : bool, default=False
        Whether None is.
    """

    low: float = 0
    high: float = math.inf
    with_low: bool = True
    with_high: bool = False
    none: bool = False

    def check(self, name: str, value: Any, auto: bool = False) -> None:
        """Refuse what is no number, or outside of the bounds."""
        if value is None and self.none:
            return
        allowed = f"a number in {'[' if self.with_low else '('}{self.low:g}, {self.high:g}"
        allowed += ("]" if self.with_high else ")") + " or None" * self.none + " or 'auto'" * auto
        if not _is(numbers.Real, value):
            raise TypeError(f"{name} must be {allowed}. Received: {name}={value!r}")
        above = value >= self.low if self.with_low else value > self.low
        below = value <= self.high if self.with_high else value < self.high
        if not (above and below):
            raise ValueError(f"{name} must be {allowed}. Received: {name}={value!r}")


@dataclass(frozen=True)
class Count:
    """A whole number from 1 on, or several.

    Parameters
    ----------
    none : bool, default=False
        Whether None is allowed.
    """

    none: bool = False

    def check(self, name: str, value: Any, auto: bool = False) -> None:
        """Refuse what is no whole number, or below 1."""
        several = value if isinstance(value, tuple | list) else (value,)
        if value is None and self.none:
            return
        more = " or None" * self.none + " or 'auto'" * auto
        if not several or not all(_is(numbers.Integral, item) for item in several):
            raise TypeError(f"{name} must be a whole number{more}. Received: {name}={value!r}")
        if min(several) < 1:
            raise ValueError(f"{name} must be at least 1{more}. Received: {name}={value!r}")


Bound = Choice | Number | Count


def check_parameters(
    params: Mapping[str, Any], bounds: Mapping[str, Bound], auto: Collection[str] = ()
) -> None:
    """Refuse parameters that no fit can use.

    Parameters
    ----------
    params : mapping of str to object
        Name to value; names without a bound are passed over.
    bounds : mapping of str to Choice, Number or Count
        Name to what is allowed.
    auto : collection of str, default=()
        Names of those that may be "auto".

    Raises
    ------
    TypeError
        If a number is no number.
    ValueError
        If a value is outside of what is allowed.

    Examples
    --------
    >>> from sktl._checks import Number, check_parameters
    >>> check_parameters({"omega": -1}, {"omega": Number()})
    Traceback (most recent call last):
    ValueError: omega must be a number in [0, inf). Received: omega=-1
    """
    for name in (name for name in params if name in bounds):
        may = name in auto
        if not (may and isinstance(params[name], str) and params[name] == "auto"):
            bounds[name].check(name, params[name], may)


def check_choice(name: str, value, allowed) -> None:
    """Refuse a value that is not one of the allowed ones.

    Parameters
    ----------
    name : str
        Name of the parameter.
    value : object
        What was given.
    allowed : sequence
        What may be given.

    Raises
    ------
    ValueError
        If it is none of them; a near name is suggested.
    """
    if not any(value is choice or value == choice for choice in allowed):
        near = difflib.get_close_matches(str(value), [c for c in allowed if c is not None], 1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ValueError(
            f"{name} must be one of {', '.join(map(repr, allowed))}.{hint} "
            f"Received: {name}={value!r}"
        )


def _is(kind, value) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)


def check_number(
    name: str,
    value,
    *,
    least: float,
    whole: bool = False,
    above: bool = False,
    wanted: str | None = None,
) -> None:
    """Refuse a parameter that is no number, or too small.

    Parameters
    ----------
    name : str
        Name of the parameter.
    value : object
        What was given.
    least : float
        The smallest number allowed.
    whole : bool, default=False
        Whether it must be whole.
    above : bool, default=False
        Whether `least` itself is refused.
    wanted : str, optional
        What the error says is allowed; by default told by the others.

    Raises
    ------
    ValueError
        If it cannot be used.
    """
    kind = numbers.Integral if whole else numbers.Real
    usable = _is(kind, value) and math.isfinite(value)
    if not usable or not (value > least if above else value >= least):
        number = "a whole number" if whole else "a number"
        wanted = wanted or f"{number} {'above' if above else 'of at least'} {least:g}"
        raise ValueError(f"{name} must be {wanted}. Received: {name}={value!r}")


def check_finite(X: np.ndarray) -> None:
    """Refuse series with missing or infinite values.

    Parameters
    ----------
    X : np.ndarray
        Series.

    Raises
    ------
    ValueError
        If a value is NaN or infinite; the message counts them.
    """
    finite = np.isfinite(X)
    if not finite.all():
        raise ValueError(
            "X must be finite: fill or remove such values first. Received: "
            f"{np.count_nonzero(~finite)} NaN or infinite values of {X.size}"
        )
    if X.size and X.dtype.itemsize > 4:
        largest = max(-float(X.min()), float(X.max()))
        if largest > np.finfo(np.float32).max:
            raise ValueError(
                "X must be finite as float32, up to 3.4e38: divide by its unit, or replace what "
                f"stands for missing values. Received: X with {largest:.3g}"
            )


def letters_of(name: str) -> str:
    """Return the letters and digits of a name, in lower case: what tells names apart."""
    return re.sub("[^a-z0-9]", "", name.lower())
