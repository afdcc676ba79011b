"""Fine-tuned networks among the candidates of `AutoTransfer`."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any

from sktl._lengths import is_unequal
from sktl.model_selection._auto_bagged import bagged
from sktl.model_selection._auto_candidates import Candidate
from sktl.model_selection._auto_workers import Bag, fitted
from sktl.training.quiet_import import import_keras

if TYPE_CHECKING:
    from sktl.model_selection._auto_makers import Setting

# Learning rate of the transferred layers, over that of the others.
OMEGA = 0.25
# Building and tracing take some seconds: with fewer a fold a network is not begun.
LEAST_SECONDS = 4.0
FINE_TUNED = ", fine-tuned"


class Timed:
    """An estimator whose training ends, with its best epoch, when its time is over.

    Parameters
    ----------
    estimator : estimator
        One of `sktl.estimators`.
    seconds : float
        For its fit.
    """

    def __init__(self, estimator: Any, seconds: float):
        self._estimator, self._seconds = estimator, seconds

    def fit(self, X, y):
        """Fit the estimator and return it."""
        import_keras()  # which a worker has not loaded yet
        until = time.perf_counter() + self._seconds
        with warnings.catch_warnings():
            # Of short epochs and the like: the leaderboard says what came of it.
            warnings.simplefilter("ignore", UserWarning)
            return self._estimator.fit(X, y, callbacks=lambda row: time.perf_counter() > until)


def networks(setting: Setting) -> Iterator[Candidate]:
    """Fine-tune networks from the best sources, one of each architecture.

    Their output layers start as linear probes, which are kept where training does not help.
    """
    errors, kinds, problem = setting.errors, setting.kinds, setting.problem
    ranked = sorted((n for n in errors if kinds[n] == "sources"), key=errors.__getitem__)
    if is_unequal(problem.X):
        # Those that need a length of their own would need a policy, which nobody has stated.
        # Those with a layer for so many time points could not predict a longer series.
        ranked = [n for n in ranked if _takes_any_length(_class(problem, n.split("/", 1)[0]))]
    first = {name.split("/", 1)[0]: name for name in reversed(ranked)}
    best = sorted(first.values(), key=errors.__getitem__)[: setting.n_networks]
    folds = len(problem.folds)
    if setting.workers is not None:
        yield from _on_workers(setting, best)
        return
    for number, block in enumerate(best):
        name = block + FINE_TUNED
        seconds = (setting.deadline - time.perf_counter()) / (len(best) - number) / folds
        if seconds < LEAST_SECONDS:
            why = f"left out: it would have taken {LEAST_SECONDS * folds:.0f} s or more"
            yield Candidate(name, "network", problem=why)
            continue
        setting.tell(name)
        architecture, source = block.split("/", 1)
        make = _maker(problem, architecture, source, seconds)
        yield bagged(name, "network", make, problem, None, setting.channel, setting.deadline)


def _on_workers(setting, best):
    """Fine-tune all networks at the same time, each fit in an equal part of the workers' time."""
    problem, folds = setting.problem, len(setting.problem.folds)
    rounds = -(-len(best) * folds // setting.workers.n)
    left = setting.deadline - time.perf_counter()
    if best and left < LEAST_SECONDS * rounds:
        why = f"left out: it would have taken {LEAST_SECONDS * rounds:.0f} s or more"
        yield from (Candidate(block + FINE_TUNED, "network", problem=why) for block in best)
        return
    bags = []
    for block in best:
        architecture, source = block.split("/", 1)
        make = _maker(problem, architecture, source, left / rounds)
        # A fit to all instances comes afterwards, here, and gets the time of one process.
        whole = _maker(problem, architecture, source, left / len(best) / folds)
        bags.append(Bag(block + FINE_TUNED, "network", make, None, whole))
    yield from fitted(setting, bags)


def _class(problem, architecture):
    kind = "Regressor" if problem.n_classes is None else "Classifier"
    return getattr(import_module("sktl.estimators"), architecture + kind)


def _takes_any_length(kind):
    return kind.get_class_tag("capability:unequal_length") and not kind._reads_time_points


def _maker(problem, architecture, source, seconds) -> Callable[[], Timed]:
    cls = _class(problem, architecture)
    options = {"random_state": problem.seed, "sampling_rate": problem.sampling_rate}
    return lambda: Timed(cls(source=source, omega=OMEGA, **options), seconds)
