"""Which instances train, validate and test; every choice is a function of its seed alone."""

from __future__ import annotations

import hashlib

import numpy as np

PARTS = ("train", "validation", "test")
SHARES = (0.70, 0.15, 0.15)


def seed_of(*facts: object) -> int:
    """Return a seed that depends on the facts alone, on every machine and in every version.

    Examples
    --------
    >>> seed_of("STEAD", 1500, 0) == seed_of("STEAD", 1500, 0) != seed_of("STEAD", 1500, 1)
    True
    """
    digest = hashlib.sha256("|".join(map(str, facts)).encode()).digest()
    return int.from_bytes(digest[:4], "big")


def share_out(total: int, weights: np.ndarray) -> np.ndarray:
    """Share a number of instances in proportion to weights, by largest remainders.

    Examples
    --------
    >>> share_out(10, np.array([70, 15, 15]))
    array([7, 2, 1])
    """
    exact = total * np.asarray(weights, dtype=float) / np.sum(weights)
    counts = np.floor(exact + 1e-9).astype(int)
    rest = total - counts.sum()
    counts[np.argsort(-(exact - counts), kind="stable")[:rest]] += 1
    return counts


def _strata(n_instances: int, labels: np.ndarray | None) -> np.ndarray:
    """Return the number of each instance's class; one class without labels."""
    if labels is None:
        return np.zeros(n_instances, dtype=int)
    return np.unique(labels, return_inverse=True)[1]


def random_split(
    n_instances: int, labels: np.ndarray | None = None, seed: int = 0
) -> dict[str, np.ndarray]:
    """Split 70/15/15 at random, within each class where labels are given.

    Returns
    -------
    dict of str to np.ndarray
        Ascending indices of ``"train"``, ``"validation"`` and ``"test"``.
    """
    rng = np.random.default_rng(seed)
    strata = _strata(n_instances, labels)
    rest = rng.permutation(n_instances)
    parts = {}
    for name, size in zip(PARTS, share_out(n_instances, np.array(SHARES)), strict=True):
        counts = share_out(int(size), np.bincount(strata[rest]))
        first = [rest[strata[rest] == code][:count] for code, count in enumerate(counts)]
        parts[name] = np.sort(np.concatenate([rest[:0], *first]))
        rest = rest[~np.isin(rest, parts[name])]
    return parts


def grouped_split(groups: np.ndarray, seed: int = 0) -> dict[str, np.ndarray]:
    """Split 70/15/15 at random so that no group lies in two parts.

    Groups are taken in random order, each into the part that lacks most instances of its share.

    Raises
    ------
    ValueError
        If there are fewer than three groups.
    """
    names, inverse, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    if len(names) < len(PARTS):
        raise ValueError(
            f"split='grouped' needs at least {len(PARTS)} groups. Received: {len(names)} groups"
        )
    lacking = np.array(SHARES) * len(groups)
    belongs = np.empty(len(names), dtype=int)
    order = np.random.default_rng(seed).permutation(len(names))
    for taken, group in enumerate(order):
        # The last groups go to parts that would otherwise stay empty.
        empty = np.setdiff1d(np.arange(3), belongs[order[:taken]])
        choices = empty if len(empty) >= len(order) - taken else np.arange(3)
        part = choices[np.argmax(lacking[choices])]
        belongs[group] = part
        lacking[part] -= sizes[group]
    return {name: np.flatnonzero(belongs[inverse] == i) for i, name in enumerate(PARTS)}


def ordered_split(n_instances: int, gap: int) -> dict[str, np.ndarray]:
    """Split 70/15/15 in order, leaving out ``gap`` instances before validation and before test.

    Raises
    ------
    ValueError
        If a part would be empty.

    Examples
    --------
    >>> {part: len(indices) for part, indices in ordered_split(100, gap=3).items()}
    {'train': 70, 'validation': 12, 'test': 12}
    """
    cuts = np.cumsum([0, *share_out(n_instances, np.array(SHARES))])
    starts = cuts[:-1] + np.array([0, gap, gap])
    if not (starts < cuts[1:]).all():
        raise ValueError(
            f"A split in time order needs more instances. Received: n_instances={n_instances}"
        )
    return {name: np.arange(a, b) for name, a, b in zip(PARTS, starts, cuts[1:], strict=True)}


def draw(
    indices: np.ndarray, size: int, labels: np.ndarray | None, seed: int, usable: np.ndarray
) -> np.ndarray:
    """Draw instances at random, in proportion to the classes where labels are given.

    Every index has a random rank that depends on the seed alone, and the first ranks are drawn;
    an instance that proves unusable is replaced by the next one and changes no other.

    Parameters
    ----------
    indices : np.ndarray of int
        What to draw from.
    size : int
        How many.
    labels : np.ndarray, optional
        The class of each index.
    seed : int
        The only source of chance.
    usable : np.ndarray of bool
        Which of ``indices`` may be drawn.

    Returns
    -------
    np.ndarray of int
        Ascending.
    """
    if not len(indices) or not size:
        return indices[:0]
    rank = np.random.default_rng(seed).random(len(indices))
    strata = _strata(len(indices), labels)
    counts = share_out(size, np.bincount(strata))
    chosen = []
    for stratum, count in enumerate(counts):
        members = np.flatnonzero((strata == stratum) & usable)
        chosen.append(members[np.argsort(rank[members], kind="stable")[:count]])
    return np.sort(indices[np.concatenate(chosen)])
