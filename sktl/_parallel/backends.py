"""The choice between processes of this machine, a cluster, and this process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sktl._parallel.dask_cluster import on_dask
from sktl._parallel.local_processes import on_this_machine
from sktl._parallel.ray_cluster import on_ray
from sktl._parallel.workers import Workers

BACKENDS = ("loky", "dask", "ray", "sequential")
_EXTRAS = {"dask": ("distributed", "distributed"), "ray": ("ray", "ray")}


@contextmanager
def engine(backend: str, n_jobs: int, scheduler_address: str | None = None) -> Iterator[Workers]:
    """Give workers for as long as the block lasts.

    Parameters
    ----------
    backend : {"loky", "dask", "ray", "sequential"}
        Processes of this machine, a cluster, or this process.
    n_jobs : int
        Workers at a time; of a cluster, -1 for all it has.
    scheduler_address : str, optional
        Address of the Dask scheduler or Ray cluster; default: the cluster to which this process
        is connected, otherwise one on this machine.

    Yields
    ------
    Workers
        What sends work to them.

    Raises
    ------
    ValueError
        If the backend is unknown, or there are to be no workers.
    ImportError
        If the backend is not installed.
    """
    if backend not in BACKENDS:
        raise ValueError(f"backend must be one of {BACKENDS}. Received: backend={backend!r}")
    if n_jobs == 0:
        raise ValueError("n_jobs must be -1, for all, or at least 1. Received: n_jobs=0")
    if backend == "sequential":
        yield Workers(1, lambda function, items, shared, _: (function(i, *shared) for i in items))
        return
    opened = {"loky": on_this_machine, "dask": on_dask, "ray": on_ray}[backend]
    try:
        with opened(n_jobs, scheduler_address) as workers:
            yield workers
    except ModuleNotFoundError as error:
        module, extra = _EXTRAS.get(backend, ("", ""))
        if (error.name or "").partition(".")[0] not in (module, backend):
            raise
        raise ImportError(
            f"backend={backend!r} needs {module}, which is not installed: pip install "
            f"'sktl[{extra}]'"
        ) from error
