"""A soak: thousands of tiny trials on a local Dask cluster whose workers are killed at random.

    python -m benchmarks.release.soak --trials 2000 --every 3 --out soak.json

Plan, groups, locks, store, scheduling and the worker's function are those of a real grid; the
training alone is a STAND-IN that sleeps for some milliseconds and returns made-up scores. Two
worker processes with a thread each work; every few seconds one of them is killed (SIGKILL) in the
middle of whatever it does, and Dask starts it anew. The same `run` is called until every trial has
succeeded.

Checked at the end: there is one intact record of each planned trial, equal to that of a run without
a kill, and no other; and nothing was done twice, that is, a trial was finished by more than one
process only where the process that finished it before was killed before its record was written.
"""

import argparse
import hashlib
import json
import os
import random
import signal
import tempfile
import threading
import time
from collections import defaultdict
from contextlib import suppress
from functools import partial
from pathlib import Path

import numpy as np

from sktl.experiments import Plan, Store, run, same_result


def plan_for(n_trials):
    """Return a plan of at least so many trials, in groups of a dozen sizes."""
    small = dict(
        architectures=("TCN", "MagNet"), sources=("EMG", "S&P 500"), targets=("EMG", "S&P 500"),
        sizes=(20, 30, 40, 50, 60, 70), omegas=(0.1, 0.5, 1.0), repeats=2, baselines=("linear",),
        data="simulated", n_instances=200,
    )  # fmt: skip
    for reruns in range(1, n_trials + 1):
        plan = Plan(reruns=reruns, **small)
        if sum(plan.counts().values()) >= n_trials:
            return plan
    raise ValueError(f"n_trials must be at least 1. Received: n_trials={n_trials}")


def stand_in(trial, store, seconds, log=None):
    """Stand for training: sleep, and return scores that depend on the trial alone."""
    from sktl.sources import Card, save_source

    time.sleep(seconds)
    value = int(hashlib.sha256(trial.key.encode()).hexdigest()[:12], 16) / 2**48
    if trial.kind == "pretraining":
        card = Card(trial.data.name, trial.architecture, "regression", 3, 8, 1)
        save_source(store.source_folder(trial), card, {"conv1/bias": np.full(4, value, "float32")})
    if log is not None:
        with open(log, "a") as file:  # a line is appended whole
            file.write(f"{trial.key} {os.getpid()}\n")
    return {"n_train": trial.n_train, "test_score": value, "validation_score": value / 2}


class Killer(threading.Thread):
    """Kills a random worker process of a cluster again and again, once it has finished a trial.

    Parameters
    ----------
    cluster : distributed.LocalCluster
        Its workers are processes.
    log : pathlib.Path
        What `stand_in` writes.
    every : float
        Seconds between two kills, in the mean.
    most : int or None
        How many kills; None: until it is stopped.
    """

    def __init__(self, cluster, log, every, most=None, seed=0):
        super().__init__(daemon=True)
        self._cluster, self._log, self._every, self._most = cluster, log, every, most
        self._rng, self._stop_now, self.killed = random.Random(seed), threading.Event(), []

    def run(self):
        """Kill until it is stopped."""
        while self._most is None or len(self.killed) < self._most:
            if self._stop_now.wait(self._rng.uniform(0.3, 1.7) * self._every):
                return
            known = {pid for pids in finished(self._log).values() for pid in pids}
            pids = [n.pid for n in self._cluster.workers.values() if n.pid in known]
            # One that has just been killed is not new again.
            pids = [pid for pid in pids if pid not in self.killed]
            if pids:
                pid = self._rng.choice(pids)
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                    self.killed.append(pid)

    def stop(self):
        """End it."""
        self._stop_now.set()
        self.join()


def soak(n_trials, every, folder, seconds=0.02, most_kills=None, seed=0):
    """Run a plan while workers are killed, and return what was found.

    Parameters
    ----------
    n_trials : int
        Trials at least.
    every : float
        Seconds between two kills, in the mean.
    folder : pathlib.Path
        Gets the two stores.
    seconds : float
        Of a trial.
    most_kills : int or None
        Kills at most.
    seed : int
        Of the killer.

    Returns
    -------
    dict
        Counts, and ``lost``, ``different``, ``foreign``, ``damaged`` and ``twice``, all to be 0.
    """
    import dask
    from distributed import LocalCluster

    plan, log = plan_for(n_trials), folder / "log"
    store, whole = Store(folder / "soak"), Store(folder / "whole")
    run(plan, whole, backend="sequential", execute=partial(stand_in, seconds=0.0))
    started, deaths, runs = time.monotonic(), 0, 0
    form = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
    # As sktl sets it for a cluster of its own: see the backend "dask" in sktl._parallel.
    patience = {"distributed.deploy.lost-worker-timeout": "1000 days"}
    with (
        dask.config.set(patience),
        LocalCluster(**form, local_directory=str(folder / "dask"), silence_logs=50) as cluster,
    ):
        killer = Killer(cluster, log, every, most_kills, seed)
        killer.start()
        summary = None
        while summary is None or not summary.complete:
            summary = run(
                plan, store, backend="dask", scheduler_address=cluster.scheduler_address,
                retries=3, execute=partial(stand_in, seconds=seconds, log=str(log)),
            )  # fmt: skip
            deaths, runs = deaths + summary.deaths, runs + 1
        killer.stop()
    lasted = time.monotonic() - started
    expected = {record["key"]: record for record in whole.iter_records()}
    found = {record["key"]: record for record in store.iter_records()}
    return {
        "trials": len(expected),
        "seconds": round(lasted, 1),
        "kills": len(killer.killed),
        "deaths noticed by the run": deaths,
        "calls of run": runs,
        "lost": len(expected.keys() - found.keys()),
        "foreign": len(found.keys() - expected.keys()),
        "different": sum(
            not same_result(found[key], expected[key]) for key in found.keys() & expected.keys()
        ),
        "damaged": len(store.damaged()),
        **_twice(log, found, set(killer.killed)),
    }


def finished(log):
    """Return the processes that finished each trial, by its key, as `stand_in` wrote them down."""
    processes = defaultdict(list)
    for line in log.read_text().splitlines() if log.exists() else ():
        key, pid = line.split()
        processes[key].append(int(pid))
    return processes


def _twice(log, found, killed):
    """Count trials that were finished more than once, and those of them without a death."""
    again = without_reason = 0
    for key, pids in finished(log).items():
        again += len(pids) > 1
        pids.remove(found[key]["provenance"]["process"])
        without_reason += any(pid not in killed for pid in pids)
    return {"finished again after a death": again - without_reason, "twice": without_reason}


def main():
    """Run the soak, print and keep what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=2000, metavar="N", help="at least")
    parser.add_argument("--every", type=float, default=3.0, help="seconds between two kills")
    parser.add_argument("--seconds", type=float, default=0.02, help="of the stand-in for training")
    parser.add_argument("--seed", type=int, default=0, help="of the kills (default: 0)")
    parser.add_argument("--out", type=Path, help="JSON file of what was found")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = soak(
            arguments.trials, arguments.every, Path(folder), arguments.seconds, seed=arguments.seed
        )
    text = json.dumps(found, indent=1)
    print(text)
    if arguments.out:
        arguments.out.write_text(text + "\n")
    faults = sum(found[name] for name in ("lost", "foreign", "different", "damaged", "twice"))
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
