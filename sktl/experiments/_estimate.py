"""How long a plan will take, from timed pilots and from what the store already has."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from sktl._parallel import engine, keras_backend, prepare_process
from sktl.experiments._execute import quiet_about_steps
from sktl.experiments._plan import Plan
from sktl.experiments._store import Store, identity_of
from sktl.experiments._trial import Trial
from sktl.experiments._versions import versions

# Mean over the 17,136 trainings of Otović et al., of at most 250.
TYPICAL_EPOCHS = 58
_BASELINE_SECONDS = 3.0
_LENGTHS = (50, 200)


@dataclass(frozen=True)
class Estimate:
    """What is still to be done, and how long it takes.

    Attributes
    ----------
    pending : dict of str to int
        Trials without a record, by kind.
    seconds : float
        Time of one worker for all of them, early stopping ending most at `TYPICAL_EPOCHS`.
    longest : float
        The same where no training stops early.
    measured : int
        How many of the pending trials were timed by like trials in the store, not by pilots.
    """

    pending: Mapping[str, int]
    seconds: float
    longest: float
    measured: int


@dataclass(frozen=True)
class Pilot:
    """What one architecture costs on this machine, in seconds, lengths in time points.

    Attributes
    ----------
    start : float
        Building and compiling a network.
    train, predict : tuple of (float, float)
        One instance in one epoch: constant and slope over the length.
    """

    start: float
    train: tuple[float, float]
    predict: tuple[float, float]

    def seconds(self, n_train: int, n_held_out: int, length: int, epochs: float) -> float:
        """Return the time of one training, without its start."""
        a, b = (constant + slope * length for constant, slope in (self.train, self.predict))
        return epochs * (n_train * a + n_held_out * b) + n_held_out * b


def pilot(architecture: str, threads: int, backend: str) -> tuple[str, Pilot]:
    """Time an architecture on noise of two lengths.

    Parameters
    ----------
    architecture : str
        The network.
    threads : int
        Threads it may use.
    backend : str
        Backend of keras.

    Returns
    -------
    tuple of (str, Pilot)
        The architecture and its costs.
    """
    prepare_process(threads, backend)
    from sktl import estimators

    rng = np.random.default_rng(0)
    starts, costs = [], []
    for length in _LENGTHS:
        X = rng.normal(size=(288, 3, length)).astype(np.float32)
        y = X.mean(axis=(1, 2))

        def fit(n_train, epochs, X=X, y=y):
            begun = time.perf_counter()
            with quiet_about_steps():
                getattr(estimators, f"{architecture}Regressor")(
                    n_epochs=epochs, early_stopping_patience=None, schedule="published",
                    random_state=0,
                ).fit(
                    X[:n_train], y[:n_train], validation_data=(X[n_train:], y[n_train:])
                )  # fmt: skip
            return time.perf_counter() - begun

        first = fit(256, 1)
        shares = np.array([[256, 32], [64, 224]])
        again = [fit(n, 1) for n, _ in shares]
        longer = [fit(n, 5) for n, _ in shares]
        starts.append(max(0.0, first - again[0]))
        per_epoch = (np.array(longer) - again) / 4
        costs.append(np.maximum(np.linalg.solve(shares, per_epoch), 1e-7))
    slopes = np.maximum((costs[1] - costs[0]) / (_LENGTHS[1] - _LENGTHS[0]), 0)
    constants = np.maximum(costs[0] - slopes * _LENGTHS[0], 0)
    train, predict = zip(constants.tolist(), slopes.tolist(), strict=True)
    return architecture, Pilot(float(np.mean(starts)), train, predict)


def estimate(plan: Plan, store: Store, n_jobs: int = 1, threads: int = 1) -> Estimate:
    """Estimate how long a plan will take; writes nothing.

    Parameters
    ----------
    plan : Plan
        What is to be done.
    store : Store
        Where it will be kept; its records time the trials that are like them.
    n_jobs : int, default=1
        Pilots at a time.
    threads : int, default=1
        Threads of each network.

    Returns
    -------
    Estimate
        The time of one worker.
    """
    times, recorded = _recorded(store)
    # Trials are recognised by what they are called: the sources' weights are not known yet.
    todo = [t for t in (*plan.pretraining(), *plan.trials()) if t.identity not in recorded]
    networks = (t for t in todo if t.kind != "baseline" and _like(t.identity) not in times)
    unknown = sorted({trial.architecture for trial in networks})
    pilots: dict[str, Pilot] = {}
    if unknown:
        with engine("loky", n_jobs) as send:
            timed = partial(pilot, threads=threads, backend=keras_backend())
            pilots = dict(send(timed, unknown))
    return _total(plan, todo, times, pilots)


def _like(identity: tuple) -> tuple:
    """Return what trials of equal length have in common."""
    kind, architecture, _, data, n_train, *_ = identity
    return kind, architecture, data, n_train


def _recorded(store: Store):
    times, identities = defaultdict(list), set()
    for record in store.iter_records():
        if record["status"] == "ok" and record["versions"] == versions():
            identity = identity_of(record["trial"])
            identities.add(identity)
            times[_like(identity)].append(record["seconds"])
    return {like: float(np.mean(seconds)) for like, seconds in times.items()}, identities


def _total(plan: Plan, todo: Iterable[Trial], times, pilots) -> Estimate:
    pending: Counter[str] = Counter()
    seconds = longest = 0.0
    measured = 0
    started = set()
    most = int(plan.training.get("n_epochs", 250))
    for trial in todo:
        pending[trial.kind] += 1
        like = _like(trial.identity)
        if like in times:
            measured += 1
            seconds += times[like]
            longest += times[like]
        elif trial.kind == "baseline":
            seconds += _BASELINE_SECONDS
            longest += _BASELINE_SECONDS
        else:
            costs = pilots[trial.architecture]
            total, length = plan.size(trial.data.name)
            size = trial.n_train or int(0.7 * total), int(0.15 * total), length
            begin = 0.0 if like in started else costs.start
            started.add(like)
            seconds += begin + costs.seconds(*size, min(most, TYPICAL_EPOCHS))
            longest += begin + costs.seconds(*size, most)
    return Estimate(dict(pending), seconds, longest, measured)
