"""The folds of `AutoTransfer`."""

from __future__ import annotations

import warnings
from dataclasses import replace
from numbers import Integral
from typing import Any

import numpy as np

from sktl.model_selection._auto_candidates import Problem
from sktl.training.folds import indices, of_seen_classes


def folds_for(cv: Any, problem: Problem, groups: np.ndarray | None) -> list:
    """Return the folds on which all candidates are compared.

    Parameters
    ----------
    cv : int, scikit-learn splitter, iterable of (training, test) or None
        None: ten folds for fewer than 100 instances, otherwise five.
    problem : Problem
        The data; its own folds are not looked at.
    groups : np.ndarray of shape (n_instances,) or None
        Instances of one group are left out together.

    Returns
    -------
    list of (training, test) indices
        The folds, without instances of classes that their training part does not have.

    Raises
    ------
    ValueError
        If there are too few instances, or groups, for the folds.
    """
    from sklearn.model_selection import (
        GroupKFold,
        KFold,
        StratifiedGroupKFold,
        StratifiedKFold,
        check_cv,
    )

    n, classifies = len(problem.y), problem.n_classes is not None
    count = 10 if n < 100 else 5
    if isinstance(cv, Integral):
        count = int(cv)
        most = n if groups is None else len(np.unique(groups))
        if not 2 <= count <= most:
            of = "instances" if groups is None else "groups"
            raise ValueError(
                f"cv must lie between 2 and the number of {of}, {most}. Received: cv={cv!r}"
            )
    splitter: Any
    if cv is not None and not isinstance(cv, Integral):
        splitter = check_cv(cv)
    elif groups is not None:
        n_groups = len(np.unique(groups))
        if n_groups < 2:
            raise ValueError(
                "groups must hold two or more, so that one can be left out. Received: one group"
            )
        count = min(count, n_groups)
        # No class may have fewer instances than there are folds in all.
        most = min(count, int(np.bincount(problem.y).max())) if classifies else 0
        splitter = StratifiedGroupKFold(most) if most > 1 else GroupKFold(count)
    else:
        kind = StratifiedKFold if classifies else KFold
        if n < 4:
            raise ValueError(f"At least four instances are needed. Received: {n}")
        if cv is None:
            count = min(count, n // 2)
        if classifies and np.bincount(problem.y).max() < count:
            # Fewer folds would train on much less than all, and stratified ones are impossible.
            kind = KFold
        splitter = kind(count, shuffle=True, random_state=problem.seed)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        folds = list(splitter.split(np.zeros((n, 1)), problem.y, groups))
    found = [(indices(a), indices(b)) for a, b in folds if len(b)]
    return of_seen_classes(found, problem.y) if classifies else found


def drawn(
    problem: Problem, groups: np.ndarray | None, n_instances: int
) -> tuple[Problem, np.ndarray | None, np.ndarray]:
    """Draw instances at random, at least one of every class, in the order in which they came.

    Parameters
    ----------
    problem : Problem
        The data.
    groups : np.ndarray of shape (n_instances,) or None
        Their groups.
    n_instances : int
        How many are drawn; all where there are no more.

    Returns
    -------
    problem : Problem
        The drawn instances, and the folds as they are among them.
    groups : np.ndarray of shape (n_instances,) or None
        Their groups.
    chosen : np.ndarray of int
        Their numbers.
    """
    n = len(problem.y)
    if n <= n_instances:
        return problem, groups, np.arange(n)
    order = np.random.default_rng(problem.seed).permutation(n)
    if problem.n_classes is not None:
        _, first = np.unique(problem.y[order], return_index=True)
        order = np.concatenate([order[first], np.delete(order, first)])
    chosen = np.sort(order[:n_instances])
    folds = problem.folds_among(chosen) or []
    problem = replace(problem, X=problem.X[chosen], y=problem.y[chosen], folds=folds)
    return problem, None if groups is None else groups[chosen], chosen
