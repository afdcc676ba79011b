"""The blocks of features that `AutoTransfer` has time for."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sktl.estimators.feature_blocks import (
    AmplitudeBlock,
    IntervalBlock,
    RandomBlock,
    SeriesBlock,
    SpectrumBlock,
    source_blocks,
)
from sktl.model_selection._auto_candidates import Candidate, Problem
from sktl.training.kernel_ridge import Block
from sktl.training.probe_model import left_out_fit

# Instances on which sources are compared and timed before all get their features.
TRIAL_INSTANCES = 100
# Instances whose time is taken.
TIMED_INSTANCES = 8


@dataclass(frozen=True)
class Preset:
    """How much is tried.

    Attributes
    ----------
    time_limit : float
        Seconds for a fit.
    trees : bool
        Try forests of trees.
    rocket : tuple of str
        Random convolutions.
    seconds_per_instance : float
        Time that the sources' features of a new instance may take.
    """

    time_limit: float
    trees: bool
    rocket: tuple[str, ...]
    seconds_per_instance: float


Presets = {
    "fast": Preset(20.0, False, ("minirocket",), 0.01),
    "balanced": Preset(60.0, True, ("minirocket",), 0.03),
    "best": Preset(600.0, True, ("minirocket", "multirocket"), 0.3),
}


@dataclass
class Collected:
    """Fitted blocks, their tables of the training instances, and what was left out and why."""

    blocks: dict[str, Any] = field(default_factory=dict)
    tables: dict[str, np.ndarray] = field(default_factory=dict)
    problems: list[Candidate] = field(default_factory=list)


def collect_blocks(
    problem: Problem,
    sources: Any,
    architectures: Any,
    preset: Preset,
    deadline: float,
    tell: Callable[[str], None],
) -> Collected:
    """Compute features: the cheap ones, then those of the sources that are worth their time.

    Every source gives features of up to 100 instances first, while a third of the time lasts.
    Those with the smallest left-out errors go on to all instances, as far as the rest of the time
    and the preset's time for a new instance allow.

    Parameters
    ----------
    problem : Problem
        The data.
    sources, architectures
        See `sktl.estimators.feature_blocks.source_blocks`; None: no source.
    preset : Preset
        What is tried.
    deadline : float
        `time.perf_counter` at which the whole fit should end.
    tell : callable
        Takes what is being done.

    Returns
    -------
    Collected
        The blocks.
    """
    collected = Collected()
    simple: list[Any] = [AmplitudeBlock(), SeriesBlock(), SpectrumBlock()]
    simple += [IntervalBlock()] if preset.trees else []
    simple += [RandomBlock(name, problem.seed) for name in preset.rocket]
    for block in simple:
        tell(block.name)
        _keep(collected, block, block.fit(problem.X).transform(problem.X))
    if sources is None:
        return collected
    blocks = source_blocks(sources, architectures, random_state=problem.seed)
    if isinstance(sources, str):
        names = {block.source.architecture for block in blocks}
        blocks += source_blocks([None], sorted(names), random_state=problem.seed)
    tried = _try(collected, blocks, problem, deadline, tell)
    _extend(collected, tried, problem, preset, deadline, tell)
    return collected


@dataclass
class _Tried:
    block: Any
    table: np.ndarray
    seconds: float  # an instance
    error: float


def _keep(collected, block, table):
    collected.blocks[block.name], collected.tables[block.name] = block, table


def _try(collected, blocks, problem, deadline, tell):
    """Compute the features of some instances, while a third of the time lasts."""
    n = len(problem.X)
    rng = np.random.default_rng(problem.seed)
    chosen = np.arange(n)
    if n > TRIAL_INSTANCES:
        chosen = np.sort(rng.choice(n, TRIAL_INSTANCES, replace=False))
    X, targets = problem.X[chosen], problem.targets()[chosen]
    started = time.perf_counter()
    until = started + (deadline - started) / 3
    timed: dict[str, float] = {}
    tried = []
    for block in sorted(blocks, key=lambda b: _effort(b.source.architecture)):
        architecture = block.source.architecture
        few = min(len(X), TIMED_INSTANCES)
        try:
            if architecture not in timed:
                if time.perf_counter() > until:
                    raise TimeoutError
                # The first call builds the network; what one instance takes, each call takes.
                block.transform(X[:1])
                seconds = []
                for part in (X[:1], X[:few]):
                    begun = time.perf_counter()
                    block.transform(part)
                    seconds.append(time.perf_counter() - begun)
                timed[architecture] = max(0.0, seconds[1] - seconds[0]) / max(1, few - 1)
            if time.perf_counter() + timed[architecture] * len(X) > until:
                raise TimeoutError
            tell(block.name)
            table = block.transform(X)
        except TimeoutError:
            _left_out(collected, block, "left out: the time did not suffice")
            continue
        except (ValueError, OSError) as problem_found:
            _left_out(collected, block, f"failed: {problem_found}")
            continue
        error = left_out_fit(Block.fit(table).kernel(), targets).error
        tried.append(_Tried(block, table, timed[architecture], error))
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
    spent_on_new = 0.0
    for one in sorted(tried, key=lambda t: t.error):
        needed = 0.0 if len(one.table) == n else one.seconds * n
        if time.perf_counter() - started + needed > left:
            _left_out(collected, one.block, f"left out: it would have taken {needed:.0f} s more")
        elif spent_on_new + one.seconds > preset.seconds_per_instance and spent_on_new:
            reason = "left out: other sources were better, and predictions must not take longer"
            _left_out(collected, one.block, reason)
        else:
            spent_on_new += one.seconds
            tell(one.block.name)
            table = one.table if len(one.table) == n else one.block.transform(problem.X)
            block = one.block
            if block.source.source is None:
                block.kind = "untrained"
            _keep(collected, block, table)


def _left_out(collected, block, why):
    collected.problems.append(Candidate(block.name, "block", problem=why))
