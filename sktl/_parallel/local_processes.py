"""Worker processes of this machine, by joblib's loky."""

from __future__ import annotations

import os
import threading
import time
from contextlib import contextmanager
from functools import cache

from sktl._parallel.workers import Workers


@contextmanager
def on_this_machine(n_jobs, address):
    """Give worker processes of this machine, see `sktl._parallel.engine`."""
    from joblib import Parallel, delayed, effective_n_jobs, parallel_config

    with parallel_config("loky", n_jobs=n_jobs):

        def send(function, items, shared, seconds):
            parallel = Parallel(
                return_as="generator_unordered", pre_dispatch="n_jobs", batch_size=1
            )
            call = delayed(_of_parent)
            return parallel(call(os.getpid(), function, item, *shared) for item in items)

        yield Workers(effective_n_jobs(), send)


def _of_parent(parent, function, item, *shared):
    if parent != os.getpid():
        _end_with(parent)
    return function(item, *shared)


@cache
def _end_with(parent):
    """End this process soon after its parent: else it would keep memory and cores for nothing."""

    def watch():
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
