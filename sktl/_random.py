"""What ``random_state`` means, for everything that takes one."""

from __future__ import annotations

import numpy as np

RandomState = int | np.random.Generator | np.random.RandomState | None


def draw_seed(random_state) -> int:
    """Turn a random state into a number that stands for it.

    Parameters
    ----------
    random_state : int, numpy.random.RandomState, numpy.random.Generator or None
        A number stands for itself, a generator gives one of its own, None an unpredictable one.

    Returns
    -------
    int
        The seed.

    Raises
    ------
    TypeError
        If `random_state` is none of these.

    Examples
    --------
    >>> from sktl._random import draw_seed
    >>> draw_seed(7)
    7
    """
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31))
    if random_state is None or isinstance(random_state, np.random.Generator):
        return int(np.random.default_rng(random_state).integers(2**31))
    if isinstance(random_state, int | np.integer) and random_state >= 0:
        return int(random_state)
    raise TypeError(
        "random_state must be a non-negative int, a numpy RandomState or Generator, or None. "
        f"Received: random_state={random_state!r}"
    )
