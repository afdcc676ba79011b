"""What a worker does with a group of trials, and how groups reach workers."""

from __future__ import annotations

import os
import platform
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from itertools import groupby, islice
from typing import Any

from sktl.experiments._execute import facts
from sktl.experiments._files import NO_FAULT_OF_A_TRIAL, StoreError, store_error
from sktl.experiments._locks import lock
from sktl.experiments._plan import unit_of
from sktl.experiments._store import Store
from sktl.experiments._trial import Trial, canonical
from sktl.experiments._versions import versions

BACKENDS = ("loky", "dask", "ray", "sequential")


@dataclass(frozen=True)
class Job:
    """A group of trials for one worker.

    Attributes
    ----------
    folder : str
        The store.
    trials : list of tuple of (Trial, int or None)
        What to do, each with the time stamp of an earlier failure that is to be repeated.
    execute : callable
        Function of (trial, store) that gives the results.
    run : str
        Name of the run.
    retries : int
        Further attempts after an error.
    threads : int
        Threads of a network.
    versions : dict of str to str
        What the trials' keys were made of.
    parent : int or None
        The process without which the work is pointless, where it started this worker itself.
    """

    folder: str
    trials: list[tuple[Trial, int | None]]
    execute: Callable[[Trial, Store], dict[str, Any]]
    run: str
    retries: int
    threads: int
    versions: dict[str, str]
    parent: int | None


def work(job: Job) -> list[tuple[str, str]]:
    """Do the trials of a group that are still to be done and that nobody else is doing.

    Parameters
    ----------
    job : Job
        The group.

    Returns
    -------
    list of tuple of (str, str)
        Key and status of the trials that have a record now.

    Raises
    ------
    StoreError
        If the store cannot be written.
    RuntimeError
        If this worker has other versions than the trials were planned with.
    """
    if job.parent not in (None, os.getpid()):
        _end_with(job.parent)
    prepare_process(job.threads, job.versions["backend"])
    _check_versions(job.versions)
    store = Store(job.folder)
    if not store.locks.is_dir():
        raise StoreError(
            "A worker must see the folder of the store under the same path. "
            f"Received: {store.folder} on {socket.gethostname()}"
        )
    done: list[tuple[str, str]] = []
    for unit, trials in groupby(job.trials, key=lambda pair: unit_of(pair[0])):
        with lock(store.locks / f"{unit[:16]}.lock") as held:
            if held is not None:
                done += [_finish(trial, old, store, job, held) for trial, old in trials]
    return done


def _finish(trial, failed_before, store, job, held):
    if store.stamp(trial) != failed_before:  # somebody else was faster
        record = store.read(trial)
        if record is not None:
            return trial.key, record["status"]
    held.note(run=job.run, key=trial.key)
    record = store.write(trial, attempt(trial, store, job))
    return trial.key, record["status"]


@cache
def _end_with(parent):
    """End this process soon after its parent: else it would keep memory and cores for nothing."""

    def watch():
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _check_versions(planned):
    here = versions()
    different = [name for name in planned if planned[name] != here.get(name)]
    if different:
        pairs = (f"{name} {here.get(name)} instead of {planned[name]}" for name in different)
        raise RuntimeError(
            "All workers must have the versions that the trials were planned with. "
            f"Received: {', '.join(pairs)} on {socket.gethostname()}"
        )


def attempt(trial: Trial, store: Store, job: Job) -> dict[str, Any]:
    """Execute a trial, again after an error, and return the content of its record."""
    started, clock, cpu = datetime.now(UTC), time.monotonic(), time.process_time()
    results: dict[str, Any] = {}
    attempts = 0
    while results.get("status") != "ok" and attempts <= job.retries and not _final(results):
        attempts += 1
        try:
            results = {"status": "ok", "error": None, **job.execute(trial, store)}
            _check_numbers(results)
        except StoreError:
            raise
        except Exception as error:
            if isinstance(error, OSError) and error.errno in NO_FAULT_OF_A_TRIAL:
                raise store_error(error, store.folder) from error
            tail = traceback.format_exc().splitlines()[-12:]
            results = failure(f"{type(error).__name__}: {error}") | {"traceback": tail}
            # The same seed would diverge again.
            results["diverged"] = isinstance(error, FloatingPointError)
    results = facts(trial) | results
    results["seconds"] = round(time.monotonic() - clock, 3)
    results["provenance"] = {
        "run": job.run,
        "started": started.isoformat(timespec="seconds"),
        "host": socket.gethostname(),
        "process": os.getpid(),
        "cpu_seconds": round(time.process_time() - cpu, 3),
        "attempts": attempts,
        "threads": job.threads,
        "python": platform.python_version(),
        "platform": platform.platform(),
    }
    return results


def _check_numbers(results):
    """Refuse results that JSON cannot hold: NaN is no score."""
    try:
        canonical(results)
    except ValueError as error:
        raise FloatingPointError(f"A result is not finite: {error}") from error


def _final(results):
    return bool(results.get("diverged"))


def failure(reason: str) -> dict[str, Any]:
    """Return what the record of a failed trial says; scores are absent, not invented."""
    return {"status": "failed", "error": reason, "test_score": None}


def prepare_process(threads: int, backend: str) -> None:
    """Set the number of threads before keras is loaded; afterwards nothing can.

    Parameters
    ----------
    threads : int
        Threads of a network.
    backend : str
        The backend of keras that the trials' keys name.

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
def engine(backend: str, n_jobs: int, scheduler_address: str | None = None) -> Iterator[Callable]:
    """Give a function that sends work to workers.

    Parameters
    ----------
    backend : {"loky", "dask", "ray", "sequential"}
        Processes of this machine, an existing cluster, or this process.
    n_jobs : int
        Workers at a time; of a cluster, -1 for all it has.
    scheduler_address : str, optional
        Address of the Dask scheduler or Ray cluster; default: one on this machine.

    Yields
    ------
    callable
        As ``map``, but the results come in any order.

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
        yield map
    elif backend == "dask":
        with _dask(n_jobs, scheduler_address) as send:
            yield send
    else:
        with _joblib(backend, n_jobs, scheduler_address) as send:
            yield send


@contextmanager
def _dask(n_jobs, address):
    # Not by joblib, which waits forever for a task that Dask gives up because its workers died.
    from dask.distributed import Client, as_completed

    # Workers with threads would train several networks in a process that is set up for one.
    local: dict[str, Any] = {"n_workers": n_jobs if n_jobs > 0 else default_jobs()}
    local |= {"threads_per_worker": 1, "processes": True, "dashboard_address": None}
    with Client(address, **({} if address else local)) as client:
        threads = {w["nthreads"] for w in client.scheduler_info(n_workers=-1)["workers"].values()}
        if threads - {1}:
            raise ValueError(
                "Each worker must have one thread: start it by dask worker --nthreads 1. "
                f"Received: workers with {max(threads)} threads at {address}"
            )

        def send(function, items):
            tasks = (client.submit(function, item, pure=False) for item in items)
            running = as_completed(islice(tasks, n_jobs if n_jobs > 0 else None))
            for task in running:
                yield task.result()
                for following in islice(tasks, 1):
                    running.add(following)

        yield send


@contextmanager
def _joblib(backend, n_jobs, address):
    from joblib import Parallel, delayed, parallel_config

    # Ray's backend gives all results at the end; records are written as they come all the same.
    return_as = "list" if backend == "ray" else "generator_unordered"

    def send(function, items):
        parallel = Parallel(return_as=return_as, pre_dispatch="n_jobs", batch_size=1)
        return parallel(delayed(function)(item) for item in items)

    cluster = _ray(address) if backend == "ray" else nullcontext()
    with cluster, parallel_config(backend, n_jobs=n_jobs):
        yield send


@contextmanager
def _ray(address):
    import ray
    from ray.util.joblib import register_ray

    ray.init(address=address, ignore_reinit_error=True, log_to_driver=False)
    register_ray()
    try:
        yield
    finally:
        ray.shutdown()


def is_death(error: BaseException) -> bool:
    """Say whether an error means that a worker died, not that it reported an error."""
    names = {cls.__name__ for cls in type(error).__mro__}
    return bool(
        names & {"BrokenProcessPool", "KilledWorker", "WorkerCrashedError", "RayActorError"}
    )


def default_jobs() -> int:
    """Return the number of cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
