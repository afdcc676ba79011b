"""Run a plan: what the store lacks, in parallel, until nothing is left that can be done."""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from os import PathLike
from typing import Any

from sktl._parallel import default_jobs, engine, is_death
from sktl.experiments._execute import execute as execute_trial
from sktl.experiments._execute import facts
from sktl.experiments._from_file import default_memory
from sktl.experiments._locks import abandoned
from sktl.experiments._plan import Plan, groups, shard_of
from sktl.experiments._store import Store
from sktl.experiments._trial import SIMULATED, Trial, Weights
from sktl.experiments._versions import versions
from sktl.experiments._workers import Job, failure, work

# A worker that dies without a trial at hand, again and again, cannot be helped by starting over.
_MOST_DEATHS = 5
_WAIT = 1.0


@dataclass
class Summary:
    """What a run did.

    Attributes
    ----------
    planned : int
        Trials of the plan, or of the shard.
    found : int
        Trials whose records were there before.
    done, failed : int
        Trials run now (by this run, or meanwhile by others on the same store), by their end.
        Among the failed are those found whose training diverges: they are not run again, because
        the same seed would diverge again.
    without_source : int
        Transfers left out because no pre-training of their source succeeded.
    retired, damaged : int
        Records that were moved aside because their content or versions are no longer the
        planned ones, or because they were damaged.
    deaths : int
        Workers that died.
    seconds : float
        Wall time.
    errors : list of str
        Why trials failed, at most five.
    """

    planned: int = 0
    found: int = 0
    done: int = 0
    failed: int = 0
    without_source: int = 0
    retired: int = 0
    damaged: int = 0
    deaths: int = 0
    seconds: float = 0.0
    errors: list[str] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether every planned trial succeeded."""
        return not self.failed and not self.without_source


def run(
    plan: Plan,
    store: Store | str | PathLike[str],
    *,
    n_jobs: int | None = None,
    backend: str = "loky",
    scheduler_address: str | None = None,
    shard: tuple[int, int] | None = None,
    retries: int = 1,
    threads: int = 1,
    progress: bool = False,
    memory: float | None = None,
    execute: Callable[..., dict[str, Any]] = execute_trial,
) -> Summary:
    """Run the trials of a plan that a store lacks.

    With one worker, or the backend ``"sequential"``, this process itself trains, and its
    environment is set to the number of threads and the backend of keras.

    Parameters
    ----------
    plan : Plan
        What there is to do.
    store : Store or path-like
        Where records are kept. Finished trials that are there are not run again; failed ones are,
        unless their training diverged.
    n_jobs : int, optional
        Workers at a time; default: one for every core (of a cluster: all it has).
    backend : {"loky", "dask", "ray", "sequential"}, default="loky"
        Processes of this machine, workers of a Dask or Ray cluster, or this process itself.
    scheduler_address : str, optional
        Address of the Dask scheduler or Ray cluster; default: one on this machine.
    shard : tuple of (int, int), optional
        ``(i, n)``: only the i-th of n parts of the references, transfers and baselines, i from 1.
        Every shard sees to the pre-training, shared with the others that use the same store.
    retries : int, default=1
        Further attempts after an error, and after the death of a worker.
    threads : int, default=1
        Threads of each network.
    progress : bool, default=False
        Show a bar with the time left.
    memory : float, optional
        Gigabytes that each worker may take for the instances of a trial. Real data that would take
        more stays in its file, and every epoch reads it: scores are the same. Default: half of the
        machine's in equal shares, for the workers of this machine, or those of a cluster for a
        worker on each core.
    execute : callable, optional
        Function of (trial, store) that gives a trial's results; for tests.

    Returns
    -------
    Summary
        What was done.

    Raises
    ------
    StoreError
        If the store cannot be written; finished trials are safe.
    ValueError
        If an argument is impossible or the store has other settings.
    RuntimeError
        If workers die again and again.
    """
    started = time.monotonic()
    store = store if isinstance(store, Store) else Store(store)
    if n_jobs is None:
        n_jobs = default_jobs() if backend == "loky" else -1
    if memory is None and backend in ("loky", "sequential") and execute is execute_trial:
        here = n_jobs if n_jobs > 0 else default_jobs()
        memory = default_memory(here if backend == "loky" else 1)
    if memory is not None:
        execute = partial(execute, memory=memory)
    store.create(plan.settings())
    for dataset in plan.own:
        store.keep(plan.dataset(dataset.name), dataset)
    damaged = len(store.damaged())
    loaded = plan.loaded_weights()
    summary = Summary()
    with ExitStack() as stack:
        send = stack.enter_context(engine(backend, n_jobs, scheduler_address))
        runner = _Runner(store, summary, send, retries, threads, execute)
        pretraining = list(plan.pretraining())
        weights = runner.sources(pretraining, progress) | loaded
        trials = list(plan.trials(weights))
        summary.without_source = plan.counts()["transfer"] - _transfers(trials)
        runner.learn(trials)
        if shard is not None:
            trials = shard_of(trials, shard)
        runner.finish(trials, progress, "trials")
    summary.planned = len(pretraining) + len(trials)
    summary.found = summary.planned - summary.done - summary.failed
    for trial in (*pretraining, *trials):
        if trial.key in runner.diverged:
            runner.count(trial, "failed")
    summary.damaged = len(store.damaged()) - damaged
    summary.seconds = time.monotonic() - started
    return summary


def _transfers(trials):
    return sum(trial.kind == "transfer" for trial in trials)


class _Runner:
    """Finishes lists of trials."""

    def __init__(self, store, summary, send, retries, threads, execute):
        self._store: Store = store
        self._summary: Summary = summary
        self._send = send
        self._common: dict[str, Any] = {
            "folder": str(store.folder),
            "execute": execute,
            "run": uuid.uuid4().hex,
            "retries": retries,
            "threads": threads,
            "versions": versions(),
        }
        self._deaths: Counter[str] = Counter()
        self._finished: set[str] = set()
        # When the records of earlier failures, which are to be repeated, were written.
        self._failed_before: dict[str, int] = {}
        # Of earlier failures those that are not repeated, because they would fail again.
        self.diverged: set[str] = set()

    def learn(self, trials: Iterable[Trial]) -> None:
        """Put the store in order, and learn which trials it has."""
        found, moved = self._store.sort_out(trials)
        self._summary.retired += moved
        for key, state in found.items():
            if state.final:
                self._finished.add(key)
                if state.status != "ok":
                    self.diverged.add(key)
            elif key not in self._finished:
                self._failed_before[key] = state.stamp

    def sources(self, trials: list[Trial], progress: bool) -> dict[tuple[str, str], Weights]:
        """Pre-train, and return the best source of every architecture and dataset."""
        self.learn(trials)
        for _ in range(2):
            self.finish(trials, progress, "pre-training")
            weights, unusable = best_sources(self._store, trials)
            for trial in unusable:
                self._store.set_aside(trial)
                self._finished.discard(trial.key)
            if not unusable:
                break
        return weights

    def finish(self, trials: list[Trial], progress: bool, title: str) -> None:
        """Run trials until each has a record: a success, or a failure of this run."""
        from tqdm import tqdm

        waiting = {trial.key: trial for trial in trials if trial.key not in self._finished}
        suspects: set[str] = set()
        fruitless = 0
        with tqdm(
            total=len(trials),
            initial=len(trials) - len(waiting),
            desc=title,
            unit="trial",
            smoothing=0,
            disable=not progress,
        ) as bar:
            while waiting:
                before = len(waiting)
                calm = [trial for key, trial in waiting.items() if key not in suspects]
                # Suspects run alone, so that nobody else is blamed when they kill again.
                queue = groups(calm) if calm else [[next(iter(waiting.values()))]]
                try:
                    for results in self._send(work, [self._job(group) for group in queue]):
                        for key, status in results:
                            if key in waiting:
                                self.count(waiting.pop(key), status)
                                bar.update()
                except Exception as error:
                    if not is_death(error):
                        raise
                    self._summary.deaths += 1
                    suspects |= self._blame(waiting)
                    fruitless = fruitless + 1 if len(waiting) == before else 0
                    if fruitless > _MOST_DEATHS:
                        raise RuntimeError(
                            f"Workers died {fruitless} times in a row and finished nothing: {error}"
                        ) from error
                else:
                    if len(waiting) == before:
                        time.sleep(_WAIT)  # another process is at the rest

    def _job(self, group: list[Trial]) -> Job:
        trials = [(trial, self._failed_before.get(trial.key)) for trial in group]
        return Job(trials=trials, **self._common)

    def count(self, trial: Trial, status: str) -> None:
        """Count a trial in the summary."""
        if status == "ok":
            self._finished.add(trial.key)
            self._summary.done += 1
            return
        self._summary.failed += 1
        record = self._store.read(trial)
        if record and len(self._summary.errors) < 5:
            self._summary.errors.append(f"{trial}: {record['error']}")

    def _blame(self, waiting: dict[str, Trial]) -> set[str]:
        """Find the trials whose worker died; give those up that have killed too often."""
        time.sleep(_WAIT / 2)  # the system needs a moment to release what the dead held
        noted = set()
        for note in abandoned(self._store.locks):
            key = note.get("key")
            if note.get("run") != self._common["run"] or key not in waiting:
                continue
            noted.add(key)
            self._deaths[key] += 1
            if self._deaths[key] > self._common["retries"]:
                reason = f"its worker died {self._deaths[key]} times (killed, or out of memory)"
                trial = waiting.pop(key)
                self._store.write(trial, facts(trial) | failure(reason))
                self.count(trial, "failed")
        return noted


def best_sources(
    store: Store, trials: Iterable[Trial]
) -> tuple[dict[tuple[str, str], Weights], list[Trial]]:
    """Choose the best pre-trained network of every architecture and dataset, by validation.

    Parameters
    ----------
    store : Store
        Where the pre-trainings and their weights lie.
    trials : iterable of Trial
        The pre-trainings.

    Returns
    -------
    weights : dict of (architecture, dataset) to Weights
        Datasets under their plain names. Without those that have no success.
    unusable : list of Trial
        Would-be bests whose weights are damaged or gone.
    """
    from sktl.sources import load_source

    ranked: dict[tuple[str, str], list[tuple[float, int, Trial]]] = {}
    for trial in trials:
        record = store.read(trial)
        if record and record["status"] == "ok":
            worse = -1 if record["metric"] == "f1_weighted" else 1
            name = (trial.architecture, trial.data.name.removesuffix(SIMULATED))
            place = (worse * record["validation_score"], trial.rerun, trial)
            ranked.setdefault(name, []).append(place)
    weights, unusable = {}, []
    for name, places in ranked.items():
        best = min(places, key=lambda place: place[:2])[2]
        folder = store.source_folder(best)
        try:
            card = load_source(folder, best.architecture).card
        except (ValueError, OSError):
            unusable.append(best)
        else:
            weights[name] = Weights(str(folder), str(card.weights_sha256))
    return weights, unusable
