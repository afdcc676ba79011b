"""The blocks of features that `AutoTransfer` has time for."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sktl._lengths import UnequalLengthError
from sktl.estimators.features.amplitude import AmplitudeBlock, EndAmplitudeBlock
from sktl.estimators.features.catch22 import Catch22Block
from sktl.estimators.features.competing_kernels import HydraBlock
from sktl.estimators.features.covariance import CovarianceBlock
from sktl.estimators.features.intervals import IntervalBlock
from sktl.estimators.features.random_convolutions import RandomBlock
from sktl.estimators.features.source_blocks import SourceBlock, source_blocks
from sktl.estimators.features.spectrogram import FEWEST_POINTS, FORMS, SpectrogramBlock
from sktl.estimators.features.spectrum import SpectrumBlock
from sktl.estimators.features.timing import TimingBlock
from sktl.estimators.features.values import SeriesBlock, ValueBlock
from sktl.model_selection._auto_candidates import Candidate, Problem
from sktl.training.kernel_ridge import Block
from sktl.training.probe_model import left_out_fit

# Instances on which sources are compared and timed before all get their features.
TRIAL_INSTANCES = 100
# Share of the time that one architecture's sources may take though they are too slow to be kept,
# unless one of them is the best of all: for 10 labels, in one of two draws of real earthquakes,
# that lowered the error by a fifth.
HARDLY = 0.05
TOO_SLOW = "left out: others were better or faster, and predictions must not take longer"
# Share of the time that is left which Hydra, MiniRocket or catch22 may take, and MultiRocket, the
# strongest, before them.
SLOW_SHARE, STRONGEST_SHARE = 0.25, 0.45
# Multiply-adds a second by which the networks of sources are counted as seconds of a new instance:
# about what one core does. Measured times would choose other sources in every run.
SPEED = 25e9
# Instances whose time is taken.
TIMED_INSTANCES = 8
# A third of its authors' 6,250: on 24 real targets with up to 100 labels the errors were the same
# within 0.2 % in the mean, and most of the time for a new instance was this block's. Fewer where
# the time does not suffice.
MULTIROCKET_KERNELS = (2016, 1008, 504)


@dataclass(frozen=True)
class Preset:
    """How much is tried.

    Attributes
    ----------
    time_limit : float
        Seconds for a fit.
    more : bool
        Try forests of trees on quantiles of intervals and on catch22, and MultiRocket and Hydra
        beside MiniRocket.
    seconds_per_instance : float
        Time that the features of a new instance by all sources may take, at `SPEED`: others are
        left out.
    n_networks : int
        Networks that are fine-tuned at most.
    """

    time_limit: float
    more: bool
    seconds_per_instance: float
    n_networks: int


PRESETS = {
    "fast": Preset(20.0, False, 0.01, 0),
    "balanced": Preset(60.0, True, 0.03, 0),
    "best": Preset(600.0, True, 0.3, 3),
}


@dataclass
class Collected:
    """Fitted blocks, their tables of the training instances, and what was left out and why."""

    blocks: dict[str, Any] = field(default_factory=dict)
    tables: dict[str, np.ndarray] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)  # of a new instance
    problems: list[Candidate] = field(default_factory=list)


def collect_blocks(
    problem: Problem,
    sources: Any,
    architectures: Any,
    preset: Preset,
    deadline: float,
    tell: Callable[[str], None],
    searched: Collection[str] = (),
) -> Collected:
    """Compute features: the cheap ones, then those of the sources that are worth their time.

    Every source gives features of up to 100 instances first, while half of the time lasts: the
    fastest architectures before the others, and of these first the sources that were best there.
    Those with the smallest left-out errors go on to all instances, as far as the rest of the time
    and the preset's time for a new instance allow.

    Parameters
    ----------
    problem : Problem
        The data.
    sources, architectures
        See `sktl.estimators.features.source_blocks.source_blocks`; None: no source.
    preset : Preset
        What is tried.
    deadline : float
        `time.perf_counter` at which the whole fit should end.
    tell : callable
        Takes what is being done.
    searched : collection of str, default=()
        sha256 of the data: sources that were trained on it have seen the answers.

    Returns
    -------
    Collected
        The blocks.
    """
    collected = Collected()
    simple: list[Any] = [AmplitudeBlock(), EndAmplitudeBlock(), SeriesBlock()]
    simple += [SpectrumBlock(), TimingBlock()]
    simple += [ValueBlock(form) for form in ("values", "profile", "shape")]
    simple += [CovarianceBlock()] if problem.X.shape[1] > 1 else []
    if problem.X.shape[2] >= FEWEST_POINTS:
        simple += [SpectrogramBlock(form) for form in FORMS]
    simple += [IntervalBlock()] if preset.more else []
    mini = RandomBlock("minirocket", problem.seed)
    if preset.more:
        rockets = [
            RandomBlock("multirocket", problem.seed, "multirocket", count)
            for count in MULTIROCKET_KERNELS
        ]
        _try_slow(collected, rockets, problem, STRONGEST_SHARE, deadline, tell)
        for block in (HydraBlock(problem.seed), mini, Catch22Block()):
            # One kind of random convolutions is computed however long it takes.
            if block is not mini or "multirocket" in collected.blocks:
                _try_slow(collected, [block], problem, SLOW_SHARE, deadline, tell)
    if "multirocket" not in collected.blocks:
        simple.append(mini)
    for block in simple:
        tell(block.name)
        try:
            block.fit(problem.X)
            with _Timer() as timer:
                table = block.transform(problem.X)
            _keep(collected, block, table, timer.seconds / len(problem.X))
        except Exception as error:  # whatever it is, the others may do
            _left_out(collected, block, _reason(error))
    if sources is None:
        return collected
    blocks = source_blocks(sources, architectures, random_state=problem.seed, searched=searched)
    if isinstance(sources, str):
        names = {block.source.architecture for block in blocks}
        random = source_blocks([None], sorted(names), random_state=problem.seed)
        blocks += [SourceBlock(block.source, "untrained") for block in random]
    tried = _try(collected, blocks, problem, preset, deadline, tell)
    _extend(collected, tried, problem, preset, deadline, tell)
    return collected


def _try_slow(collected, forms, problem, share, deadline, tell):
    """Keep the first form of a block whose features take no more than a share of the time left."""
    few = problem.X[:TIMED_INSTANCES]
    for block in forms:
        tell(block.name)
        try:
            block.fit(problem.X).transform(few[:1])
            each = _seconds_per_instance(block, few)
            needed = each * len(problem.X)
            if needed <= share * (deadline - time.perf_counter()):
                _keep(collected, block, block.transform(problem.X), each)
                return
        except Exception as error:  # whatever it is, the others may do
            _left_out(collected, block, _reason(error))
            return
    _left_out(collected, block, f"left out: it would have taken {needed:.0f} s")


class _Timer:
    """Take the smaller of the clock's and the processor's seconds.

    Other work on the machine counts in the first, and that of several threads many times in the
    second.
    """

    def __enter__(self):
        self._begun = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *error):
        self.seconds = min(
            time.perf_counter() - self._begun[0], time.process_time() - self._begun[1]
        )


def _seconds_per_instance(block, X):
    """Time the features of some instances, less what any call takes."""
    seconds = []
    for part in (X[:1], X):
        with _Timer() as timer:
            block.transform(part)
        seconds.append(timer.seconds)
    return max(0.0, seconds[1] - seconds[0]) / max(1, len(X) - 1)


@dataclass
class _Tried:
    block: Any
    table: np.ndarray
    seconds: float  # an instance, measured
    nominal: float  # an instance, at SPEED
    error: float


def _keep(collected, block, table, seconds):
    collected.blocks[block.name], collected.tables[block.name] = block, table
    collected.seconds[block.name] = seconds


def _try(collected, blocks, problem, preset, deadline, tell):
    """Compute the features of some instances, while half of the time lasts.

    Architectures that take too long for a new instance are not tried after others were, unless
    that hardly takes time.
    """
    n = len(problem.X)
    rng = np.random.default_rng(problem.seed)
    chosen = np.arange(n)
    if n > TRIAL_INSTANCES:
        chosen = np.sort(rng.choice(n, TRIAL_INSTANCES, replace=False))
    X, targets = problem.X[chosen], problem.targets()[chosen]
    # Instances of one group must not vouch for each other here either.
    folds = problem.folds_among(chosen)
    started = time.perf_counter()
    until = started + (deadline - started) / 2
    tried: list[_Tried] = []
    for architecture in sorted({b.source.architecture for b in blocks}, key=_effort):
        errors: dict[Any, list[float]] = {}
        for one in tried:
            errors.setdefault(one.block.source.source, []).append(one.error)
        promise = {name: np.mean(found) for name, found in errors.items()}
        of_it = [b for b in blocks if b.source.architecture == architecture]
        of_it.sort(key=lambda b: promise.get(b.source.source, 0.0))
        seconds = None
        for block in of_it:
            tell(block.name)
            try:
                if seconds is None and time.perf_counter() < until:
                    # The first call builds the network.
                    block.transform(X[:1])
                    seconds = _seconds_per_instance(block, X[:TIMED_INSTANCES])
                if seconds is None or time.perf_counter() + seconds * len(X) > until:
                    _left_out(collected, block, "left out: the time did not suffice")
                    continue
                nominal = block.operations(X) / SPEED
                if (
                    nominal > preset.seconds_per_instance
                    and tried
                    and nominal * len(X) * len(of_it) > HARDLY * preset.time_limit
                ):
                    _left_out(collected, block, TOO_SLOW)
                    continue
                table = block.transform(X)
                error = left_out_fit(Block.fit(table).kernel(), targets, folds).error
            except Exception as problem_found:  # whatever it is, the others may do
                _left_out(collected, block, f"failed: {problem_found}")
                continue
            tried.append(_Tried(block, table, seconds, nominal, error))
    return tried


def _effort(architecture):
    order = ("ConvNetQuakeINGV", "MagNet", "TCN", "MLSTMFCN")
    return order.index(architecture) if architecture in order else len(order)


def _extend(collected, tried, problem, preset, deadline, tell):
    """Compute the features of all instances by the sources that are worth their time."""
    n = len(problem.X)
    started = time.perf_counter()
    # The rest is for the fits.
    left = 0.6 * (deadline - started)
    spent_on_new, any_kept = 0.0, False
    # Where errors say nothing, the more sources the better.
    worth = (lambda t: t.error) if problem.comparable else (lambda t: t.nominal)
    for one in sorted(tried, key=worth):
        needed = 0.0 if len(one.table) == n else one.seconds * n
        if time.perf_counter() - started + needed > left:
            _left_out(collected, one.block, f"left out: it would have taken {needed:.0f} s more")
        elif spent_on_new + one.nominal > preset.seconds_per_instance and any_kept:
            _left_out(collected, one.block, TOO_SLOW)
        else:
            block = one.block
            tell(block.name)
            try:
                table = one.table if len(one.table) == n else block.transform(problem.X)
            except Exception as error:
                _left_out(collected, block, f"failed: {error}")
                continue
            spent_on_new += one.nominal
            any_kept = True
            _keep(collected, block, table, one.seconds)


def _reason(error):
    # That series differ in length is no fault of a block that is not for such.
    return f"{'left out' if isinstance(error, UnequalLengthError) else 'failed'}: {error}"


def _left_out(collected, block, why):
    collected.problems.append(Candidate(block.name, "block", problem=why))
