"""Compiled networks that wait for the next fit of their shape.

Building and tracing a network takes seconds, a short fit hardly more. Everything that changes
from fit to fit (weights, optimizer state, learning rate, omega, random streams) is a variable of
a `CompiledNetwork`, so fits of one shape take turns on one.
"""

from __future__ import annotations

import gc
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from sktl.layers.fast_forms import plain_forms
from sktl.training.keras_settings import fixed_keras_settings

Network = TypeVar("Network")

# Idle networks kept for the next fit; one more, and the least recently used quarter is dropped.
MAX_IDLE = 16

_idle: OrderedDict[Hashable, list[Any]] = OrderedDict()
_lock = threading.Lock()


@contextmanager
def lease(key: Hashable, make: Callable[[], Network]) -> Iterator[Network]:
    """Lease a compiled network, which is not shared until it is returned.

    It is built, traced and used under `fixed_keras_settings`.

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
    # The environment may ask for other layers since the network was built.
    key = key, plain_forms()
    with _lock:
        waiting = _idle.get(key)
        network = waiting.pop() if waiting else None
        if waiting == []:
            del _idle[key]
    with fixed_keras_settings():
        network = network or make()
        yield network
    # Not given back after an error: its state is unknown then.
    with _lock:
        _idle.setdefault(key, []).append(network)
        _idle.move_to_end(key)
        full = sum(map(len, _idle.values())) > MAX_IDLE
        while full and sum(map(len, _idle.values())) > MAX_IDLE * 3 // 4:
            oldest = next(iter(_idle))
            _idle[oldest].pop(0)
            if not _idle[oldest]:
                del _idle[oldest]
    if full:
        _release()


def clear() -> None:
    """Drop all idle networks, so that the next fit builds and compiles its own."""
    with _lock:
        _idle.clear()
    _release()


def _release():
    """Free the memory of dropped networks at once."""
    gc.collect()
    # TensorFlow keeps the kernels of every function that was called, of those that are gone, too.
    # Those of the others are made again when they are called. A TensorFlow without this private
    # way keeps more memory, and nothing else.
    context = sys.modules.get("tensorflow.python.eager.context")
    clear = context and getattr(context.context(), "clear_kernel_cache", None)
    if clear:
        clear()
