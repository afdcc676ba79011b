"""Workers behind one call: processes of this machine, or those of a Dask or Ray cluster."""

from __future__ import annotations

import difflib
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from itertools import islice
from pathlib import Path
from typing import Any

import sktl
from sktl._untrusted import read_json

BACKENDS = ("loky", "dask", "ray", "sequential")
_PARAMETERS = ("n_jobs", "scheduler_address", "threads")
_EXTRAS = {"dask": ("distributed", "distributed"), "ray": ("ray", "ray")}


@dataclass(frozen=True)
class Workers:
    """What sends work to workers.

    Attributes
    ----------
    n : int
        How many work at a time.
    send : callable
        Function of (function, items, shared, seconds), see `__call__`.
    """

    n: int
    send: Callable[..., Iterator[Any]]

    def __call__(
        self,
        function: Callable,
        items: Iterable[Any],
        *shared: Any,
        seconds: float | None = None,
    ) -> Iterator[Any]:
        """Give the results of a function of each item, in any order.

        Parameters
        ----------
        function : callable
            Takes an item and all that is shared.
        items : iterable
            One job each.
        *shared : object
            What all jobs need; it travels to each worker once.
        seconds : float, optional
            Give up after so long. Processes of this machine are waited for all the same.

        Yields
        ------
        object
            As the jobs end.

        Raises
        ------
        TimeoutError
            If jobs of a cluster have not ended in time.
        Exception
            What a job raises.
        """
        yield from self.send(function, items, shared, seconds)


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
    opened = {"loky": _loky, "dask": _dask, "ray": _ray}[backend]
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


def keras_backend() -> str:
    """Return the backend that keras will use, without importing it.

    Returns
    -------
    str
        From ``KERAS_BACKEND``, else from keras' own configuration file, else ``"tensorflow"``.
    """
    if os.environ.get("KERAS_BACKEND"):
        return os.environ["KERAS_BACKEND"]
    folder = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    try:
        return str(read_json((folder / "keras.json").read_text())["backend"])
    except (OSError, ValueError, KeyError, TypeError):
        return "tensorflow"


def prepare_process(threads: int, backend: str) -> None:
    """Set the number of threads before keras is loaded; afterwards nothing can.

    Parameters
    ----------
    threads : int
        Threads of a network.
    backend : str
        The backend of keras that the work is planned for.

    Raises
    ------
    RuntimeError
        If this process already runs keras on another backend.
    """
    if "keras" in sys.modules:
        import keras

        if keras.backend.backend() != backend:
            raise RuntimeError(
                f"This worker runs keras on {keras.backend.backend()!r}; start it anew with "
                f"KERAS_BACKEND={backend}. Received: trials for {backend!r}"
            )
        return
    os.environ["KERAS_BACKEND"] = backend
    for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS",
                 "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):  # fmt: skip
        os.environ[name] = str(threads)
    if threads == 1 and backend == "jax":
        os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    _keep_networks()


def _keep_networks():
    """Stop loky from replacing workers that grow: compiled networks are meant to stay."""
    loky = sys.modules.get("joblib.externals.loky.process_executor")
    if hasattr(loky, "_USE_PSUTIL"):
        loky._USE_PSUTIL = False  # type: ignore[union-attr]


@contextmanager
def _dask(n_jobs, address):
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


@contextmanager
def _ray(n_jobs, address):
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


@contextmanager
def _loky(n_jobs, address):
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


def is_death(error: BaseException) -> bool:
    """Return True if an error means that a worker died, not that it reported an error.

    Parameters
    ----------
    error : Exception
        What `Workers` raised.
    """
    names = {cls.__name__ for cls in type(error).__mro__}
    return bool(
        names
        & {
            "BrokenProcessPool", "KilledWorker", "WorkerCrashedError", "RayActorError",
            "OutOfMemoryError", "NodeDiedError",
        }
    )  # fmt: skip


def default_jobs() -> int:
    """Return the number of cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
