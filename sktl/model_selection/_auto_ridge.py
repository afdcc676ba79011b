"""Ridge models on mixtures of blocks of features, the candidates that cost least."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from sktl.model_selection._auto_candidates import (
    Candidate,
    Problem,
    from_relative,
    relative_scale,
)
from sktl.training.kernel_ridge import Block, ridge_of_penalty
from sktl.training.probabilities import fit_slope, softmax
from sktl.training.probe_model import UNSEEN_PENALTY, ProbeModel, left_out_fit

# What the name of a candidate ends with whose targets are relative to the last value.
RELATIVE = ", relative to the last value"
# Weight of all blocks of a kind in the mean of kernels, by the name of the mixture.
# The first are fitted even where the time is over.
_AMPLITUDES = {"amplitude": 0.25}
_CONVOLUTIONS = {"multirocket": 1.0, "hydra": 1.0}
_SPECTROGRAMS = {"spectrogram": 1.0}
_STATISTICS = {"catch22": 0.5, "timing": 0.25, "spectrum": 0.25}
MIXTURES: dict[str, dict[str, float]] = {
    "rocket, amplitudes": {"random": 1.0} | _AMPLITUDES,
    "amplitudes": {"amplitude": 1.0},
    "sources, rocket, amplitudes": {"sources": 1.0, "random": 1.0} | _AMPLITUDES,
    "multirocket, hydra": _CONVOLUTIONS,
    "multirocket, hydra, amplitudes": _CONVOLUTIONS | _AMPLITUDES,
    "sources, multirocket, hydra, amplitudes": {"sources": 1.0} | _CONVOLUTIONS | _AMPLITUDES,
    "spectrogram, amplitudes": _SPECTROGRAMS | _AMPLITUDES,
    "spectrogram, multirocket, hydra, amplitudes": _SPECTROGRAMS | _CONVOLUTIONS | _AMPLITUDES,
    "sources, spectrogram, multirocket, hydra, amplitudes": {"sources": 1.0}
    | _SPECTROGRAMS
    | _CONVOLUTIONS
    | _AMPLITUDES,
    "multirocket": {"multirocket": 1.0},
    "hydra": {"hydra": 1.0},
    "sources, amplitudes": {"sources": 1.0} | _AMPLITUDES,
    "catch22, timing, spectrum, amplitudes": _STATISTICS | _AMPLITUDES,
    "end amplitudes": {"end amplitudes": 1.0},
    "series": {"series": 1.0, "amplitude": 0.5},
    "values": {"values": 1.0},
    "profile": {"profile": 1.0},
    "shape": {"shape": 1.0},
    "values, multirocket, hydra": {"values": 2.0} | _CONVOLUTIONS,
    "spectrum": {"spectrum": 1.0} | _AMPLITUDES,
    "untrained, multirocket, hydra, amplitudes": {"untrained": 1.0} | _CONVOLUTIONS | _AMPLITUDES,
    "all": {"sources": 1.0} | _CONVOLUTIONS | _STATISTICS,
}
# Weights of kinds before it is known how well they predict. Of real targets with 10 to 500 labels,
# spectrograms raised F1 of speech by up to half and end amplitudes lowered errors of magnitudes by
# a sixth; no target lost more than 0.5 %.
PRIOR = {
    "spectrogram": 2.0, "sources": 1.0, "multirocket": 1.0, "hydra": 1.0, "random": 1.0,
    "spectrum": 0.5, "catch22": 0.5, "timing": 0.5, "covariance": 0.5, "series": 0.25,
    "values": 0.25, "profile": 0.25, "shape": 0.25, "amplitude": 0.25, "end amplitudes": 1.0,
}  # fmt: skip
# Kinds whose features are not standardised one by one.
COMMON_SCALE = ("profile",)
# Errors below are taken for this when blocks are weighed by their errors.
LEAST_ERROR = 0.02
# Instances by which single blocks are compared.
COMPARED_INSTANCES = 300
# Above so many independent instances each is left out alone, which costs least and differs little.
LEFT_OUT_ALONE = 500


class RidgeModel:
    """A probe model, and how its outputs become predictions.

    With a channel, the model predicts ``(y - last value) / range`` of that channel: reversible
    instance normalisation, as of forecasts.
    """

    def __init__(self, probe: ProbeModel, slope: float | None, scale: float, channel: int | None):
        self.probe, self.slope, self.scale, self.channel = probe, slope, scale, channel

    def __call__(self, X, tables):
        """Return probabilities or numbers."""
        outputs = self.probe.predict_rows(tables.rows)
        if self.slope is not None:
            return softmax(outputs, self.slope)
        return from_relative(outputs[:, 0] * self.scale, X, self.channel)


class RidgeFitter:
    """Fits ridge candidates to mixtures of blocks; every block's kernel is made once.

    Parameters
    ----------
    problem : Problem
        The data.
    tables : mapping of str to np.ndarray
        Name of a block to its features of the training instances.
    kinds : mapping of str to str
        Name of a block to its kind.
    channel : int or None
        The channel that y continues: candidates are also fitted relative to its last value.
    """

    def __init__(
        self,
        problem: Problem,
        tables: Mapping[str, np.ndarray],
        kinds: Mapping[str, str],
        channel: int | None,
    ):
        self.problem, self.kinds, self.channel = problem, kinds, channel
        self.blocks = {
            name: Block.fit(table, common_scale=kinds[name] in COMMON_SCALE)
            for name, table in tables.items()
        }
        n = len(problem.y)
        self.folds = None if problem.independent and n > LEFT_OUT_ALONE else problem.folds
        self.penalties = None if problem.comparable else (UNSEEN_PENALTY,)
        self._kernels: dict[str, np.ndarray] = {}

    def kernel(self, name: str) -> np.ndarray:
        """Return the kernel of a block."""
        if name not in self._kernels:
            self._kernels[name] = self.blocks[name].kernel()
        return self._kernels[name]

    def weights(self, mixture: Mapping[str, float]) -> dict[str, float]:
        """Return the weight of every block of a mixture of kinds; {} where a kind is missing."""
        kinds = list(self.kinds.values())
        if not set(mixture) <= set(kinds):
            return {}
        return {
            name: mixture[kind] / kinds.count(kind)
            for name, kind in self.kinds.items()
            if kind in mixture
        }

    def errors(self) -> dict[str, float]:
        """Return the out-of-fold error of every block alone, over the variance of the targets.

        It is measured on at most 300 instances.
        """
        targets = self._targets(self.channel)[0]
        n = len(targets)
        chosen = np.arange(n)
        if n > COMPARED_INSTANCES:
            rng = np.random.default_rng(self.problem.seed)
            chosen = np.sort(rng.choice(n, COMPARED_INSTANCES, replace=False))
        folds = self.problem.folds_among(chosen)
        return {
            name: left_out_fit(
                self.kernel(name)[np.ix_(chosen, chosen)], targets[chosen], folds
            ).error
            for name in self.blocks
        }

    def candidate(
        self, name: str, weights: Mapping[str, float], channel: int | None = None
    ) -> Candidate:
        """Fit a ridge model to weighted blocks.

        Parameters
        ----------
        name : str
            Name of the candidate.
        weights : mapping of str to float
            Name of a block to its weight.
        channel : int, optional
            Predict relative to this channel's last value.

        Returns
        -------
        Candidate
            With its out-of-fold predictions, in closed form.
        """
        started = time.perf_counter()
        problem = self.problem
        probe = ProbeModel(weights, problem.seed)
        targets, scale = self._targets(channel)
        fit = left_out_fit(self._mixed(probe), targets, self.folds, self.penalties)
        probe.keep(self.blocks, fit)
        if problem.n_classes is None:
            slope = None
            out = from_relative(fit.left_out[:, 0] * scale, problem.X, channel)
        else:
            slope = fit_slope(fit.left_out, problem.y)
            out = softmax(fit.left_out, slope)
        return Candidate(
            name + RELATIVE * (channel is not None),
            "ridge", out, tuple(probe.weights), time.perf_counter() - started,
            model=RidgeModel(probe, slope, scale, channel),
            on_all=lambda setting: setting.fitter.refitted(probe, slope, channel),
        )  # fmt: skip

    def refitted(self, probe: ProbeModel, slope: float | None, channel: int | None) -> RidgeModel:
        """Fit a probe's mixture and penalty, chosen on fewer instances, to all."""
        targets, scale = self._targets(channel)
        whole = ProbeModel(probe.weights, self.problem.seed)
        whole.keep(self.blocks, ridge_of_penalty(self._mixed(whole), targets, probe.penalty_))
        return RidgeModel(whole, slope, scale, channel)

    def _mixed(self, probe) -> Any:
        return sum(w * self.kernel(block) for block, w in probe.weights.items())

    def _targets(self, channel):
        targets = self.problem.targets()
        if self.problem.n_classes is not None:
            return targets, 1.0
        if channel is not None:
            last, span = relative_scale(self.problem.X, channel)
            targets = (targets - last[:, None]) / span[:, None]
        scale = float(targets.std()) or 1.0
        return targets / scale, scale


def weights_by_error(
    prior: Mapping[str, float], errors: Mapping[str, float], power: float
) -> dict[str, float]:
    """Weigh blocks by how much of the variance they explain out of fold, over what they leave.

    Parameters
    ----------
    prior : mapping of str to float
        Weights without any knowledge.
    errors : mapping of str to float
        Out-of-fold errors over the variance of the targets.
    power : float
        How sharply they decide.

    Returns
    -------
    dict of str to float
        Weights of the blocks that are better than the mean.
    """
    weights = {
        name: weight * (max(0.0, 1 - errors[name]) / max(errors[name], LEAST_ERROR)) ** power
        for name, weight in prior.items()
    }
    return {name: weight for name, weight in weights.items() if weight > 0}
