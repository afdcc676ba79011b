"""Workers of a Ray cluster."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from itertools import islice
from typing import Any

from sktl._parallel.process import default_jobs
from sktl._parallel.workers import Workers


@contextmanager
def on_ray(n_jobs, address):
    """Give the workers of the Ray cluster at an address, see `sktl._parallel.engine`."""
    # Not by joblib, whose backend for Ray gives all results at the end.
    import ray

    ours = not ray.is_initialized()
    if ours:
        chosen: dict[str, Any] = {"address": address, "log_to_driver": False}
        if address is None and "RAY_ADDRESS" not in os.environ:
            chosen |= {"num_cpus": n_jobs if n_jobs > 0 else default_jobs()}
        ray.init(**chosen)
    try:
        n = max(1, int(ray.cluster_resources().get("CPU", 1)))
        most = n_jobs if n_jobs > 0 else None

        def send(function, items, shared, seconds):
            until = None if seconds is None else time.monotonic() + seconds
            kept = [ray.put(one) for one in shared]
            remote = ray.remote(num_cpus=1)(function)
            tasks = (remote.remote(item, *kept) for item in items)
            waiting = list(islice(tasks, most))
            try:
                while waiting:
                    left = None if until is None else max(0.0, until - time.monotonic())
                    done, waiting = ray.wait(waiting, num_returns=1, timeout=left)
                    if not done:
                        raise TimeoutError(f"{len(waiting)} jobs have not ended in {seconds:.0f} s")
                    result = ray.get(done[0])
                    waiting += islice(tasks, 1)
                    yield result
            finally:
                for task in waiting:
                    ray.cancel(task)

        yield Workers(min(most or n, n), send)
    finally:
        if ours:
            ray.shutdown()
