"""Seeds per chunk: instance ``i`` of a seed is the same however many are asked for.

A simulator makes its instances in chunks of a fixed size. Chunk ``c`` is drawn from a generator
seeded by ``(seed, c)`` alone, so a run can stop, stream, or start in the middle, and the first
100 of 100,000 instances are the 100 of a small run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from sktl._random import RandomState


def chunk_generator(seed: int, *key: int) -> np.random.Generator:
    """Return the generator of one chunk (or of one subject, session, ...) of a seed."""
    return np.random.default_rng([seed, *key])


def check_n_instances(n_instances: int) -> int:
    """Return ``n_instances`` as an int, or say why it cannot be one."""
    if not isinstance(n_instances, int | np.integer) or n_instances < 1:
        raise ValueError(
            f"n_instances must be a positive integer. Received: n_instances={n_instances!r}"
        )
    return int(n_instances)


def batches(
    chunks: Iterable[tuple[np.ndarray, ...]], n_instances: int, batch_size: int
) -> Iterator[tuple[np.ndarray, ...]]:
    """Cut a stream of chunks into batches.

    Parameters
    ----------
    chunks : iterable of tuple of numpy.ndarray
        The arrays of one chunk after the other, at least ``n_instances`` in all.
    n_instances : int
        Instances in all.
    batch_size : int
        Instances per batch; the last batch may be shorter.

    Yields
    ------
    tuple of numpy.ndarray
        The same arrays, ``batch_size`` instances at a time.
    """
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1. Received: batch_size={batch_size!r}")
    held: list[tuple[np.ndarray, ...]] = []
    n_held, n_left = 0, n_instances
    for arrays in chunks:
        held.append(tuple(array[:n_left] for array in arrays))
        n_held += len(held[-1][0])
        n_left -= len(held[-1][0])
        if n_held >= batch_size or not n_left:
            joined: tuple[Any, ...] = tuple(map(np.concatenate, zip(*held, strict=True)))
            while n_held >= batch_size or (n_held and not n_left):
                yield tuple(array[:batch_size] for array in joined)
                joined = tuple(array[batch_size:] for array in joined)
                n_held = len(joined[0])
            held = [joined]
        if not n_left:
            return


def at_once(
    iterate: Callable[..., Iterator[tuple[np.ndarray, ...]]],
    n_instances: int,
    random_state: RandomState,
    return_groups: bool,
    **options: Any,
) -> tuple[np.ndarray, ...]:
    """Return all instances of an iterator over (X, y, groups) as one batch.

    Parameters
    ----------
    iterate : callable
        ``iterate(n_instances, random_state, batch_size=..., **options)``.
    n_instances : int
        Instances in all.
    random_state : int, numpy Generator or RandomState, or None
        Seed.
    return_groups : bool
        Whether groups are wanted.
    **options
        Passed on.

    Returns
    -------
    tuple of numpy.ndarray
        X and y, and groups if wanted.
    """
    size = check_n_instances(n_instances)
    batch = next(iterate(size, random_state, batch_size=size, **options))
    return batch if return_groups else batch[:2]
