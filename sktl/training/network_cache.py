"""Cache of compiled networks for further fits of the same shape.

Building and tracing a network takes seconds, often as long as a short fit. Everything that differs
between fits (weights, optimizer state, learning rate, omega, random streams) is a variable of a
`CompiledNetwork`, so fits of one shape can use the same network one after the other.
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

# Largest number of idle networks; beyond it the least recently used quarter is dropped.
MAX_IDLE = 16

_idle: OrderedDict[Hashable, list[Any]] = OrderedDict()
_lock = threading.Lock()


@contextmanager
def lease(key: Hashable, make: Callable[[], Network]) -> Iterator[Network]:
    """Lease a compiled network for exclusive use.

    It is built, traced and used under `fixed_keras_settings`.

    Parameters
    ----------
    key : hashable
        Everything that determines the structure of the network.
    make : callable
        Builds the network if no idle one has this key.

    Yields
    ------
    object
        Return value of `make`, such as a `CompiledNetwork`, with the weights of its last use.
    """
    # The environment variable for plain layers may have changed since the network was built.
    key = key, plain_forms()
    with _lock:
        waiting = _idle.get(key)
        network = waiting.pop() if waiting else None
        if waiting == []:
            del _idle[key]
    with fixed_keras_settings():
        network = network or make()
        yield network
    # After an error the network is not returned to the cache: its state is unknown.
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
    """Drop all idle networks; the next fit builds and compiles a new one."""
    with _lock:
        _idle.clear()
    _release()


def _release():
    """Free the memory of dropped networks."""
    gc.collect()
    # TensorFlow also keeps the kernels of functions that were deleted. Kernels that are still
    # needed are created again at the next call. Without this private method, a TensorFlow only
    # keeps more memory.
    module = sys.modules.get("tensorflow.python.eager.context")
    context = getattr(module, "context", None)
    clear = context and getattr(context(), "clear_kernel_cache", None)
    if clear:
        clear()
