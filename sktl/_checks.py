"""Checks of parameters and series, made by ``fit`` because constructors only assign."""

from __future__ import annotations

import difflib
import math
import numbers
from collections.abc import Collection
from typing import Any

import numpy as np

CHOICES: dict[str, tuple] = {
    "stream_max": ("standard", "log", "raw", None),
    "target_scaling": ("standard", "instance", None),
    "head": ("random", "probe"),
    "channel_adaptation": ("replicate", "replicate_scaled"),
}
# name: (lowest, lowest allowed, highest, highest allowed, None allowed)
NUMBERS: dict[str, tuple[float, bool, float, bool, bool]] = {
    "omega": (0, True, float("inf"), False, False),
    "validation_size": (0, False, 1, False, True),
    "learning_rate": (0, False, float("inf"), False, False),
    "reduce_lr_factor": (0, False, 1, False, False),
    "min_learning_rate": (0, True, float("inf"), False, False),
    "dropout": (0, True, 1, False, False),
    "l2": (0, True, float("inf"), False, False),
    "batch_norm_momentum": (0, True, 1, False, False),
    "weight_decay": (0, True, float("inf"), False, False),
    "line_width": (0, False, float("inf"), False, False),
    "sampling_rate": (0, False, float("inf"), False, True),
}
COUNTS: dict[str, bool] = {
    "n_epochs": False,
    "batch_size": False,
    "early_stopping_patience": True,
    "reduce_lr_patience": True,
    "n_layers": False,
    "n_blocks": False,
    "n_modules": False,
    "bottleneck": False,
    "kernel_size": False,
    "pool_size": False,
    "lstm_units": False,
    "reduction": False,
    "picture_size": False,
    "resize": True,
}


def check_parameters(params: dict[str, Any], auto: Collection[str] = ()) -> None:
    """Refuse parameters that no fit can use.

    Parameters
    ----------
    params : dict
        Name to value; names without a rule are passed over.
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
    >>> from sktl._checks import check_parameters
    >>> check_parameters({"omega": -1})
    Traceback (most recent call last):
    ValueError: omega must be a number in [0, inf). Received: omega=-1
    """
    for name, value in params.items():
        received = f"Received: {name}={value!r}"
        choice = " or 'auto'" * (name in auto)
        if choice and isinstance(value, str) and value == "auto":
            continue
        if name in CHOICES:
            check_choice(name, value, (*["auto"] * (name in auto), *CHOICES[name]))
        elif name in COUNTS or name in ("filters", "kernel_sizes", "head_units"):
            none = COUNTS.get(name, False)
            several = value if isinstance(value, tuple | list) else (value,)
            if value is None and none:
                continue
            if not several or not all(_is(numbers.Integral, item) for item in several):
                raise TypeError(
                    f"{name} must be a whole number{' or None' * none}{choice}. {received}"
                )
            if min(several) < 1:
                raise ValueError(
                    f"{name} must be at least 1{' or None' * none}{choice}. {received}"
                )
        elif name in NUMBERS:
            low, with_low, high, with_high, none = NUMBERS[name]
            if value is None and none:
                continue
            allowed = f"a number in {'[' if with_low else '('}{low:g}, {high:g}"
            allowed += ("]" if with_high else ")") + " or None" * none + choice
            if not _is(numbers.Real, value):
                raise TypeError(f"{name} must be {allowed}. {received}")
            above = value >= low if with_low else value > low
            below = value <= high if with_high else value < high
            if not (above and below):
                raise ValueError(f"{name} must be {allowed}. {received}")


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
