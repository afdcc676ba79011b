"""What a worker does with a group of trials."""

from __future__ import annotations

import os
import platform
import socket
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from sktl._parallel import prepare_process
from sktl.experiments._execute import facts
from sktl.experiments._files import NO_FAULT_OF_A_TRIAL, StoreError, store_error
from sktl.experiments._locks import lock
from sktl.experiments._plan import unit_of
from sktl.experiments._store import Store
from sktl.experiments._trial import Trial, canonical
from sktl.experiments._versions import versions


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
    """

    folder: str
    trials: list[tuple[Trial, int | None]]
    execute: Callable[[Trial, Store], dict[str, Any]]
    run: str
    retries: int
    threads: int
    versions: dict[str, str]


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
