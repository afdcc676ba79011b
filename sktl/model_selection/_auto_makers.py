"""Makers of candidates: each gives what it fits while time is left.

A further kind of candidate, such as a fine-tuned network, is one function more in `MAKERS`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from sktl.model_selection._auto_bagged import bagged
from sktl.model_selection._auto_candidates import Candidate, Problem
from sktl.model_selection._auto_ridge import MIXTURES, PRIOR, RidgeFitter, weights_by_error

# Ridge models that are fitted even where the time is over: something must predict.
ALWAYS_FITTED = 3
# Blocks that are for trees alone: too many features with heavy tails.
TREES_ALONE = ("intervals",)
# Blocks of the forests.
FORESTS = {
    "intervals": ("intervals", "amplitude"),
    "catch22": ("catch22", "timing", "amplitude", "spectrum"),
}
# Trees of a forest, of all folds together.
N_TREES = 240


@dataclass
class Setting:
    """What makers of candidates get.

    Attributes
    ----------
    problem : Problem
        The data.
    tables : mapping of str to np.ndarray
        Name of a block to its features of the training instances.
    kinds : mapping of str to str
        Name of a block to its kind.
    channel : int or None
        The channel that y continues: models predict relative to its last value.
    deadline : float
        `time.perf_counter` at which the fit should end.
    tell : callable
        Takes what is being done.
    """

    problem: Problem
    tables: Mapping[str, np.ndarray]
    kinds: Mapping[str, str]
    channel: int | None
    deadline: float
    tell: Callable[[str], None]
    fitter: RidgeFitter = field(init=False)
    errors: dict[str, float] = field(init=False)

    def __post_init__(self):
        tables = {name: t for name, t in self.tables.items() if name not in TREES_ALONE}
        kinds = {name: self.kinds[name] for name in tables}
        self.fitter = RidgeFitter(self.problem, tables, kinds, self.channel)
        self.errors = self.fitter.errors()


def ridges(setting: Setting) -> Iterator[Candidate]:
    """Fit ridge models to mixtures of blocks."""
    count = 0
    for name, weights in _mixtures(setting.fitter, setting.errors):
        if not weights:
            continue
        if time.perf_counter() > setting.deadline and count >= ALWAYS_FITTED:
            yield Candidate(name, "ridge", problem="left out: the time was over")
            continue
        setting.tell(f"ridge on {name}")
        yield setting.fitter.candidate(name, weights, setting.channel)
        count += 1


def _mixtures(fitter, errors):
    """Give the name of every mixture and the weights of its blocks."""
    for name, mixture in MIXTURES.items():
        yield name, fitter.weights(mixture)
    prior = fitter.weights({k: w for k, w in PRIOR.items() if k in fitter.kinds.values()})
    yield "all, by their errors", weights_by_error(prior, errors, 1.0)
    yield "all, by their squared errors", weights_by_error(prior, errors, 2.0)
    ranked = [name for name in sorted(errors, key=errors.get) if errors[name] < 1]
    for count in (3, 6):
        yield f"best {count} blocks", dict.fromkeys(ranked[:count], 1.0)
    sources = [n for n in ranked if fitter.kinds[n] == "sources"]
    yield "best source", dict.fromkeys(sources[:1], 1.0)
    name = "multirocket, hydra, amplitudes"
    rest = fitter.weights(MIXTURES[name])
    if not rest:
        name = "rocket, amplitudes"
        rest = fitter.weights(MIXTURES[name])
    chosen = dict.fromkeys(sources[:4], 0.25)
    yield f"best 4 sources, {name}", rest | chosen if rest and chosen else {}


def forests(setting: Setting) -> Iterator[Candidate]:
    """Fit extremely randomised trees to the blocks that are for them."""
    for name, blocks in FORESTS.items():
        if name not in setting.tables:
            continue
        setting.tell(f"trees on {name}")
        tables = {n: setting.tables[n] for n in blocks if n in setting.tables}
        yield bagged(
            f"trees on {name}", "trees", _trees(setting.problem, name), setting.problem, tables,
            setting.channel, setting.deadline,
        )  # fmt: skip


def _trees(problem, name):
    from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

    options = {
        "n_estimators": max(8, N_TREES // len(problem.folds)),
        "random_state": problem.seed,
        "n_jobs": -1 if len(problem.y) > 500 else None,
    }
    # A tenth of QUANT's features, as its authors do.
    share = 0.1 if name == "intervals" else None
    if problem.n_classes is None:
        return lambda: ExtraTreesRegressor(max_features=share or 0.3, **options)
    return lambda: ExtraTreesClassifier(
        criterion="entropy", max_features=share or "sqrt", **options
    )


MAKERS: tuple[Callable[[Setting], Iterator[Candidate]], ...] = (ridges, forests)
"""In the order in which they get their time."""
