"""Makers of candidates: each gives what it fits while time is left.

A further kind of candidate is one function more in `MAKERS`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial

import numpy as np

from sktl._parallel import Workers
from sktl.estimators.features.spectrogram import FORMS, SpectrogramBlock
from sktl.model_selection._auto_candidates import Candidate, Problem
from sktl.model_selection._auto_networks import networks
from sktl.model_selection._auto_ridge import MIXTURES, PRIOR, RidgeFitter, weights_by_error
from sktl.model_selection._auto_workers import Bag, fitted

# Ridge models that are fitted even where the time is over: something must predict.
ALWAYS_FITTED = 3
# Mixtures that come before those by errors.
FIRST = 4
# Blocks that are for trees alone: too many features with heavy tails.
TREES_ALONE = ("intervals",)
# Blocks of the forests of extremely randomised trees, and of the random forest.
FORESTS = {
    "intervals": ("intervals", "amplitude"),
    "catch22": ("catch22", "timing", "amplitude", "spectrum"),
    "spectrograms": (*(SpectrogramBlock(form).name for form in FORMS), "amplitude"),
}
RANDOM_FOREST = ("catch22", "amplitude")
# Instances from which threads save more than they take.
THREADS_FROM = 60
# Trees of a forest, of all folds together.
N_TREES = 240
# Forests on many columns, and how many of these a split looks at: a tenth, as QUANT's authors do,
# but no more than this. With 15,000 features and 10 to 100 instances of four real data sets that
# took half of the time, and errors differed by chance.
MANY_COLUMNS = ("intervals", "spectrograms")
SHARE_LOOKED_AT, MOST_LOOKED_AT = 0.1, 500


@dataclass
class Setting:
    """What makers of candidates get.

    Attributes
    ----------
    problem, tables, kinds, channel
        See `RidgeFitter`.
    deadline : float
        `time.perf_counter` at which the fit should end.
    tell : callable
        Takes what is being done.
    n_networks : int
        Networks that are fine-tuned at most.
    workers : Workers or None
        What fits forests and networks to folds; None: this process.
    """

    problem: Problem
    tables: Mapping[str, np.ndarray]
    kinds: Mapping[str, str]
    channel: int | None
    deadline: float
    tell: Callable[[str], None]
    n_networks: int = 0
    workers: Workers | None = None
    fitter: RidgeFitter = field(init=False)

    def __post_init__(self):
        tables = {name: t for name, t in self.tables.items() if name not in TREES_ALONE}
        kinds = {name: self.kinds[name] for name in tables}
        self.fitter = RidgeFitter(self.problem, tables, kinds, self.channel)

    @cached_property
    def errors(self) -> dict[str, float]:
        """Out-of-fold error of every block alone, see `RidgeFitter.errors`."""
        return self.fitter.errors()


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
        candidate = setting.fitter.candidate(name, weights, setting.channel)
        candidate.chosen = name not in MIXTURES
        yield candidate
        count += 1


def _mixtures(fitter, errors):
    """Give the name of every mixture and the weights of its blocks, what predicts most first."""
    mixtures = [(name, fitter.weights(mixture)) for name, mixture in MIXTURES.items()]
    yield from mixtures[:FIRST]
    prior = fitter.weights({k: w for k, w in PRIOR.items() if k in fitter.kinds.values()})
    yield "all, by their errors", weights_by_error(prior, errors, 1.0)
    yield "all, by their squared errors", weights_by_error(prior, errors, 2.0)
    yield from mixtures[FIRST:]
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
    """Fit forests of trees to the blocks that are for them."""
    from sklearn.ensemble import (
        ExtraTreesClassifier,
        ExtraTreesRegressor,
        RandomForestRegressor,
    )

    problem = setting.problem

    def bag(name, kind, blocks, **options):
        options |= {
            "n_estimators": max(8, N_TREES // len(problem.folds)),
            "random_state": problem.seed,
            "n_jobs": -1 if len(problem.y) >= THREADS_FROM and setting.workers is None else None,
        }
        present = tuple(n for n in blocks if n in setting.tables)
        whole = partial(kind, **options | {"n_estimators": N_TREES})
        return Bag(name, "trees", partial(kind, **options), present, whole)

    bags = []
    for name, blocks in FORESTS.items():
        if blocks[0] not in setting.tables:
            continue
        share = None
        if name in MANY_COLUMNS:
            width = sum(setting.tables[n].shape[1] for n in blocks if n in setting.tables)
            share = min(max(1, int(SHARE_LOOKED_AT * width)), MOST_LOOKED_AT)
        if problem.n_classes is None:
            of = {"kind": ExtraTreesRegressor, "max_features": share or 0.3}
        else:
            of = {
                "kind": ExtraTreesClassifier, "max_features": share or "sqrt",
                "criterion": "entropy",
            }  # fmt: skip
        bags.append(bag(f"trees on {name}", blocks=blocks, **of))
    if problem.n_classes is None and "catch22" in setting.tables:
        bags.append(bag("random forest on catch22", RandomForestRegressor, RANDOM_FOREST))
    yield from fitted(setting, bags)


MAKERS: tuple[Callable[[Setting], Iterator[Candidate]], ...] = (ridges, forests, networks)
"""In the order in which they get their time."""
