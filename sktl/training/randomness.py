"""Independent random streams from one ``random_state``, and the inner validation split."""

from __future__ import annotations

import numpy as np

from sktl._random import draw_seed

STREAMS = ("split", "weights", "order", "dropout")


def random_streams(random_state) -> dict[str, np.random.Generator]:
    """Return an independent random generator for each random part of a fit.

    Parameters
    ----------
    random_state : int, numpy.random.RandomState, numpy.random.Generator or None
        The seed; a generator is advanced by one number. None: a random seed.

    Returns
    -------
    dict of str to numpy.random.Generator
        Generators by the names in `STREAMS`; the use of one does not affect the others.

    Raises
    ------
    TypeError
        If `random_state` is none of these.

    Examples
    --------
    >>> from sktl.training.randomness import random_streams
    >>> first, second = random_streams(0), random_streams(0)
    >>> bool(first["order"].random() == second["order"].random())
    True
    """
    children = np.random.SeedSequence(draw_seed(random_state)).spawn(len(STREAMS))
    return {
        name: np.random.default_rng(child) for name, child in zip(STREAMS, children, strict=True)
    }


def validation_split(
    n_instances: int, share: float, labels: np.ndarray | None, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Split off a validation part, stratified by class if there are labels.

    The classes contribute in proportion to their size, rounded by the largest remainders. Every
    class keeps at least one training instance.

    Parameters
    ----------
    n_instances : int
        Number of instances.
    share : float
        Fraction of the instances to hold out, between 0 and 1; at least one instance.
    labels : np.ndarray of shape (n_instances,) or None
        Class labels; None: no stratification.
    rng : numpy.random.Generator
        Random generator of the split.

    Returns
    -------
    training, validation : np.ndarray of int
        Indices in ascending order.

    Raises
    ------
    ValueError
        If no instance can be held out: there is one only, or no class has two.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.training.randomness import validation_split
    >>> labels = np.array(["a"] * 8 + ["b"] * 4)
    >>> _, held = validation_split(12, 0.25, labels, np.random.default_rng(0))
    >>> labels[held].tolist()
    ['a', 'a', 'b']
    """
    groups = (
        np.zeros(n_instances, int) if labels is None else np.unique(labels, return_inverse=True)[1]
    )
    sizes = np.bincount(groups)
    wanted = max(1, round(share * n_instances))
    if sizes.max() < 2:
        raise ValueError(
            "An inner validation split needs two instances; for classification, two of one class. "
            "Pass validation_data to fit, or validation_size=None to train on all. Received: "
            f"{n_instances} instances" + ("" if labels is None else f" of {len(sizes)} classes")
        )
    quota = np.minimum(share * sizes, sizes - 1)
    taken = np.floor(quota).astype(int)
    # Ties between classes of equal remainder are broken at random.
    remainders = np.lexsort((rng.random(len(sizes)), taken - quota))
    while taken.sum() < wanted and np.any(taken < sizes - 1):
        for group in remainders:
            if taken.sum() < wanted and taken[group] < sizes[group] - 1:
                taken[group] += 1
    held = np.zeros(n_instances, bool)
    for group, count in enumerate(taken):
        held[rng.choice(np.flatnonzero(groups == group), count, replace=False)] = True
    return np.flatnonzero(~held), np.flatnonzero(held)
