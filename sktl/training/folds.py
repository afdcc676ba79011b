"""Cross-validation folds, as pairs of training and test indices."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any

import numpy as np

Folds = Sequence[tuple[np.ndarray, np.ndarray]]


def checked_groups(groups: Any, n_instances: int) -> np.ndarray | None:
    """Validate groups and return them as an array.

    Parameters
    ----------
    groups : array-like of shape (n_instances,) or None
        Group label of each instance.
    n_instances : int
        Number of instances.

    Returns
    -------
    np.ndarray of shape (n_instances,), or None
        The groups.

    Raises
    ------
    ValueError
        If `groups` does not have one label per instance.
    """
    if groups is None:
        return None
    groups = np.asarray(groups)
    if groups.shape != (n_instances,):
        raise ValueError(
            f"groups must have one label for each of the {n_instances} instances. "
            f"Received: shape {groups.shape}"
        )
    return groups


def folds_of(
    n_instances: int, cv: Any = None, groups: Any = None, y: Any = None, stratify: bool = False
) -> list[tuple[np.ndarray, np.ndarray]] | None:
    """Return the folds of a cross-validation.

    Parameters
    ----------
    n_instances : int
        Number of instances.
    cv : int, scikit-learn splitter, iterable of (training, test) or None
        None with groups: leave one group out, or ten folds of groups if there are more than ten.
        None without groups: leave one instance out.
    groups : array-like of shape (n_instances,), optional
        Group labels; instances of one group are left out together.
    y : array-like, optional
        Targets, for splitters that stratify.
    stratify : bool, default=False
        If True, y are class labels, and an integer `cv` gives stratified folds.

    Returns
    -------
    list of (training, test) indices, or None
        None stands for leave-one-out.

    Raises
    ------
    ValueError
        If `cv` is None and there is only one group.
    """
    from sklearn.model_selection import GroupKFold, LeaveOneGroupOut, check_cv

    X = np.zeros((n_instances, 1))
    if cv is None:
        if groups is None:
            return None
        count = len(np.unique(groups))
        if count < 2:
            raise ValueError(
                "groups must have at least two different labels, so that one group can be left "
                "out. Received: one group"
            )
        cv = LeaveOneGroupOut() if count <= 10 else GroupKFold(10)
    elif isinstance(cv, Integral) and groups is not None:
        cv = GroupKFold(int(cv))
    splitter = check_cv(cv, y, classifier=stratify)
    return [(indices(train), indices(test)) for train, test in splitter.split(X, y, groups)]


def indices(chosen: Any) -> np.ndarray:
    """Convert a boolean mask or a list of indices to an array of indices.

    Parameters
    ----------
    chosen : array-like of int or bool
        Indices of instances, or a mask with one entry per instance.

    Returns
    -------
    np.ndarray of int
        Indices.

    Examples
    --------
    >>> from sktl.training.folds import indices
    >>> indices([False, True, True]).tolist(), indices([2, 0]).tolist()
    ([1, 2], [2, 0])
    """
    chosen = np.asarray(chosen)
    return np.flatnonzero(chosen) if chosen.dtype == bool else chosen.astype(int)


def folds_among(
    folds: Folds | None, chosen: np.ndarray, n_instances: int, labels: np.ndarray | None = None
) -> Folds | None:
    """Restrict folds to a subset of the instances.

    Parameters
    ----------
    folds : sequence of (training, test) indices, or None
        Folds of all instances.
    chosen : np.ndarray of int
        Indices of the subset, without duplicates.
    n_instances : int
        Number of all instances.
    labels : np.ndarray of shape (n_instances,), optional
        Class labels: test parts keep only classes of their training parts, see `of_seen_classes`.

    Returns
    -------
    list of (training, test) indices, or None
        Positions in `chosen`, without folds whose training or test part is empty. None stands for
        leave-one-out and is returned if no fold remains.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.training.folds import folds_among
    >>> folds = [(np.array([0, 1]), np.array([2, 3])), (np.array([0]), np.array([1]))]
    >>> [[part.tolist() for part in fold] for fold in folds_among(folds, np.array([0, 3]), 4)]
    [[[0], [1]]]
    """
    if folds is None:
        return None
    position = np.full(n_instances, -1)
    position[chosen] = np.arange(len(chosen))
    among = [(position[train], position[test]) for train, test in folds]
    among = [(train[train >= 0], test[test >= 0]) for train, test in among]
    among = [(train, test) for train, test in among if len(train) and len(test)]
    if among and labels is not None:
        return of_seen_classes(among, labels[chosen])
    return among or None


def comparable(folds: Folds | None, labels: np.ndarray) -> bool:
    """Return whether folds can tell models apart: a class must not be in left-out parts alone.

    Parameters
    ----------
    folds : sequence of (training, test) indices, or None
        None: leave-one-out.
    labels : np.ndarray of shape (n_instances,)
        Class labels.

    Returns
    -------
    bool
        Whether any tested instance is of a class that is trained on.
    """
    if folds is None:
        return len(np.unique(labels)) < len(labels)
    return any(np.isin(labels[test], labels[train]).any() for train, test in folds)


def of_seen_classes(folds: Folds, labels: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Leave out of test parts the instances of classes that the training part does not have.

    No model can predict them, and the surest errs most: with few labels, above all of few groups,
    they would decide which model and penalty seem best.

    Parameters
    ----------
    folds : sequence of (training, test) indices
        Folds.
    labels : np.ndarray of shape (n_instances,)
        Class labels.

    Returns
    -------
    list of (training, test) indices
        Without folds whose test part is empty; as they were if none remains, see `comparable`.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.training.folds import of_seen_classes
    >>> folds = [(np.array([0, 1]), np.array([2, 3])), (np.array([2, 3]), np.array([0, 1]))]
    >>> kept = of_seen_classes(folds, np.array(["a", "a", "a", "b"]))
    >>> [[part.tolist() for part in fold] for fold in kept]
    [[[0, 1], [2]], [[2, 3], [0, 1]]]
    """
    kept = [(train, test[np.isin(labels[test], labels[train])]) for train, test in folds]
    return [(train, test) for train, test in kept if len(test)] or list(folds)
