"""Workers as the parameters `backend` and `backend_params` ask for them."""

from __future__ import annotations

import difflib
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import sktl
from sktl._parallel.backends import BACKENDS, engine
from sktl._parallel.process import default_jobs, keras_backend, prepare_process
from sktl._parallel.workers import Workers

_PARAMETERS = ("n_jobs", "scheduler_address", "threads")


@contextmanager
def workers_for(
    backend: str | None, backend_params: Mapping[str, Any] | None = None
) -> Iterator[Workers | None]:
    """Give the workers that a parameter ``backend`` asks for.

    Parameters
    ----------
    backend : {"loky", "dask", "ray"} or None
        See `engine`; None: no workers.
    backend_params : mapping, optional
        ``n_jobs`` (default: all there are) and ``scheduler_address``, see `engine`, and
        ``threads`` (default 1) of each worker.

    Yields
    ------
    Workers or None
        Their jobs run in processes prepared by `prepare_process`.

    Raises
    ------
    ValueError, ImportError
        If there can be no such workers.
    """
    given = dict(backend_params or {})
    unknown = [name for name in given if name not in _PARAMETERS]
    if unknown:
        near = difflib.get_close_matches(str(unknown[0]), _PARAMETERS, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ValueError(
            f"backend_params may hold {list(_PARAMETERS)}.{hint} "
            f"Received: backend_params with {unknown[0]!r}"
        )
    if backend is None:
        if given:
            raise ValueError(
                f"backend_params need a backend. Received: backend=None, backend_params={given}"
            )
        yield None
        return
    if backend not in BACKENDS[:3]:
        raise ValueError(
            f"backend must be None or one of {BACKENDS[:3]}. Received: backend={backend!r}"
        )
    threads = given.get("threads", 1)
    if isinstance(threads, bool) or not isinstance(threads, int) or threads < 1:
        raise ValueError(f"threads must be at least 1. Received: threads={threads!r}")
    n_jobs = given.get("n_jobs") or (default_jobs() if backend == "loky" else -1)
    place = threads, keras_backend(), _packages(keras_backend())
    with engine(backend, n_jobs, given.get("scheduler_address")) as workers:

        def send(function, items, shared, seconds):
            return workers.send(_prepared, items, (place, function, *shared), seconds)

        yield Workers(workers.n, send)


def _prepared(item, place, function, *shared):
    """Do a job in a worker that is prepared for it, and is one like the process that asks."""
    threads, backend, packages = place
    prepare_process(threads, backend)
    here = _packages(backend)
    different = [name for name in packages if packages[name] != here[name]]
    if different:
        pairs = (f"{name} {here[name]} instead of {packages[name]}" for name in different)
        raise RuntimeError(
            "Workers must have the versions of the process that asks them. "
            f"Received: {', '.join(pairs)} on {socket.gethostname()}"
        )
    return function(item, *shared)


def _packages(backend):
    found = {"sktl": sktl.__version__}
    for name in ("keras", "numpy", "scikit-learn", "sktime", backend):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed under this name"
    return found
