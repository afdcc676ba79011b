"""Workers of a Dask cluster."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager, suppress
from itertools import islice
from typing import Any

from sktl._parallel.process import default_jobs
from sktl._parallel.workers import Workers


@contextmanager
def on_dask(n_jobs, address):
    """Give the workers of the Dask cluster at an address, see `sktl._parallel.engine`."""
    # Not by joblib, which waits forever for a task that Dask gives up because its workers died.
    from dask import config
    from dask.distributed import Client, as_completed, default_client

    # Workers with threads would train several networks in a process that is set up for one.
    local: dict[str, Any] = {"n_workers": n_jobs if n_jobs > 0 else default_jobs()}
    local |= {"threads_per_worker": 1, "processes": True, "dashboard_address": None}
    with ExitStack() as stack:
        client = None
        if address is None:
            with suppress(ValueError):  # this process is connected to no cluster
                client = default_client()
        if client is None and address is None:
            # So long after a death Dask's local cluster looks whether the worker is there, and
            # gives it up for good if it happens to be starting anew. Without any a run hangs.
            patience = {"distributed.deploy.lost-worker-timeout": "1000 days"}
            stack.enter_context(config.set(patience))
            client = stack.enter_context(Client(**local))
        elif client is None:
            client = stack.enter_context(Client(address))
        found = client.scheduler_info(n_workers=-1)["workers"].values()
        if {worker["nthreads"] for worker in found} - {1}:
            threads = max(worker["nthreads"] for worker in found)
            raise ValueError(
                "Each worker must have one thread: start it by dask worker --nthreads 1, or as "
                f"Client(threads_per_worker=1). Received: workers with {threads} threads at "
                f"{client.scheduler.address}"
            )
        most = n_jobs if n_jobs > 0 else None

        def send(function, items, shared, seconds):
            if shared:
                client.wait_for_workers(1, timeout=seconds)
            # On every worker, so that the death of one loses nothing.
            kept = [client.scatter(one, broadcast=True, hash=False) for one in shared]
            tasks = (client.submit(function, item, *kept, pure=False) for item in items)
            running = as_completed(islice(tasks, most), timeout=seconds)
            for task in running:
                yield task.result()
                for following in islice(tasks, 1):
                    running.add(following)

        yield Workers(min(most or len(found), len(found)) or 1, send)
