"""The architectures, found by searching the modules of this package."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from sktl._checks import check_choice


def architectures(task: str | None = None) -> dict[str, Any]:
    """Return the classes of all architectures.

    Parameters
    ----------
    task : {"classification", "regression"}, optional
        Those of one task. Default: of both, the regressor where there are two.

    Returns
    -------
    dict of str to type
        Name of the architecture to its class, in alphabetical order.

    Examples
    --------
    >>> from sktl.estimators.lookup import architectures
    >>> [name for name in architectures() if name not in architectures("classification")]
    ['TCNSequence']
    """
    package = import_module("sktl.estimators")
    classes = (getattr(package, name) for name in package.__all__)
    found = [cls for cls in classes if hasattr(cls, "architecture")]
    chosen = {cls.architecture: cls for cls in found if task in (None, cls._task)}
    return dict(sorted(chosen.items()))


def estimator_class(architecture: str, task: str) -> Any:
    """Return the class of an architecture for a task.

    Parameters
    ----------
    architecture : str
        Such as ``"MagNet"``.
    task : {"classification", "regression"}
        What it predicts.

    Returns
    -------
    type
        The classifier or regressor.

    Raises
    ------
    ValueError
        If there is no such architecture, or it does not do this.

    Examples
    --------
    >>> from sktl.estimators.lookup import estimator_class
    >>> estimator_class("MagNet", "regression").__name__
    'MagNetRegressor'
    """
    check_choice("architecture", architecture, tuple(architectures()))
    check_choice("task", task, ("classification", "regression"))
    try:
        return architectures(task)[architecture]
    except KeyError:
        raise ValueError(
            f"{architecture} has no estimator for {task}. Received: task={task!r}"
        ) from None
