"""Compiled networks that wait for the next fit of their shape.

Building and tracing a network takes seconds, a short fit hardly more. Everything that changes
from fit to fit (weights, optimizer state, learning rate, omega, random streams) is a variable of
a `CompiledNetwork`, so fits of one shape take turns on one.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

Network = TypeVar("Network")

# Idle networks kept for the next fit, the least recently used dropped first.
MAX_IDLE = 16

_idle: OrderedDict[Hashable, list[Any]] = OrderedDict()
_lock = threading.Lock()


@contextmanager
def borrow(key: Hashable, make: Callable[[], Network]) -> Iterator[Network]:
    """Lend a compiled network; nobody else has it until it is given back.

    Parameters
    ----------
    key : hashable
        All that shapes the network.
    make : callable
        Makes the network where none is idle.

    Yields
    ------
    object
        What `make` gives, such as a `CompiledNetwork`, with the weights of whoever used it last.
    """
    with _lock:
        waiting = _idle.get(key)
        network = waiting.pop() if waiting else None
        if waiting == []:
            del _idle[key]
    network = network or make()
    yield network
    # Not given back after an error: its state is unknown then.
    with _lock:
        _idle.setdefault(key, []).append(network)
        _idle.move_to_end(key)
        while sum(map(len, _idle.values())) > MAX_IDLE:
            oldest = next(iter(_idle))
            _idle[oldest].pop(0)
            if not _idle[oldest]:
                del _idle[oldest]


def forget() -> None:
    """Drop all idle networks, so that the next fit builds and compiles its own."""
    with _lock:
        _idle.clear()
