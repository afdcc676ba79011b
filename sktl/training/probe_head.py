"""Initialisation of the output layer as a linear probe (LP-FT).

A random output layer first sends random gradients to the transferred layers, which distort the
pretrained features. An output layer that starts as the linear solution on these features avoids it.

References
----------
A. Kumar, A. Raghunathan, R. Jones, T. Ma, P. Liang (2022). Fine-tuning can distort pretrained
features and underperform out-of-distribution. International Conference on Learning
Representations.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sktl.training.kernel_ridge import Spectrum, best_penalty

# Relative to the mean squared singular value of the standardised features.
_PENALTIES = np.logspace(-4, 4, 17)
# Smallest deviation of a feature, relative to the root mean square of all. Without it one of 48
# starts on 35 earthquakes had six times the error; 0.1 and more cost accuracy elsewhere.
_LEAST_SPREAD = 0.03
# Grid of factors of the class scores before the softmax.
_SHARPNESS = np.logspace(-1, 2, 25)
# Largest number of instances used; more would take longer and hardly change the probe.
MOST = 5000


@dataclass(frozen=True)
class Probe:
    """A linear map from features to targets, with its leave-one-out predictions.

    Attributes
    ----------
    kernel : np.ndarray of shape (n_features, n_outputs)
        Weights of the features, which need no standardisation.
    bias : np.ndarray of shape (n_outputs,)
        Intercepts.
    left_out : np.ndarray of shape (n_instances, n_outputs)
        Leave-one-out predictions.
    """

    kernel: np.ndarray
    bias: np.ndarray
    left_out: np.ndarray


def ridge(
    features: np.ndarray,
    targets: np.ndarray,
    weights: np.ndarray,
    emphasis: np.ndarray | None = None,
) -> Probe:
    """Fit a ridge regression with the penalty of the smallest leave-one-out error.

    Parameters
    ----------
    features : np.ndarray of shape (n_instances, n_features)
        Features; they are standardised internally, those that hardly vary by a common deviation.
    targets : np.ndarray of shape (n_instances, n_outputs)
        Numeric targets, or 0 and 1 for classes.
    weights : np.ndarray of shape (n_instances,)
        Weights of the instances, not negative and not all 0.
    emphasis : np.ndarray of shape (n_features,), optional
        Factors of the standardised features; a larger factor means a smaller penalty.

    Returns
    -------
    Probe
        The fitted linear map.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.training.probe_head import ridge
    >>> x = np.arange(20.0)[:, None]
    >>> probe = ridge(x, 3 * x + 1, np.ones(20))
    >>> probe.kernel.round(2).tolist(), probe.bias.round(1).tolist()
    ([[3.0]], [1.0])
    """
    features, targets = np.asarray(features, np.float64), np.asarray(targets, np.float64)
    counts = np.asarray(weights) > 0
    if not counts.all():
        # Instances of weight 0 do not influence the fit: their predictions are out-of-sample.
        probe = ridge(features[counts], targets[counts], weights[counts], emphasis)
        left_out = features @ probe.kernel + probe.bias
        left_out[counts] = probe.left_out
        return Probe(probe.kernel, probe.bias, left_out)
    share = np.asarray(weights, np.float64)
    share = share / share.sum()
    center, level = share @ features, share @ targets
    spread = np.sqrt(share @ (features - center) ** 2)
    # Constant features are left out, so that rounding errors are not amplified.
    varies = spread > 1e-6 * (np.abs(center) + spread.max(initial=0)) + 1e-30
    # A feature that hardly varies here may vary by far more in new instances.
    spread = np.maximum(spread, _LEAST_SPREAD * np.linalg.norm(spread) / max(1, len(spread)) ** 0.5)
    if emphasis is not None:
        spread = spread / emphasis
    z = (features[:, varies] - center[varies]) / spread[varies]
    root = np.sqrt(share * len(share))[:, None]
    u, d, vt = np.linalg.svd(root * z, full_matrices=False)
    rotated = u.T @ (root * (targets - level))
    unit = np.mean(d**2) if len(d) else 1.0
    penalties = _PENALTIES * max(unit, 1e-30)
    weighted = np.asarray(weights, np.float64)
    penalty, left_out, _ = best_penalty(Spectrum(u, d**2), targets, penalties, weights=weighted)
    kernel = np.zeros((features.shape[1], targets.shape[1]))
    solution = vt.T @ ((d / (d**2 + penalty))[:, None] * rotated)
    kernel[varies] = solution / spread[varies][:, None]
    return Probe(kernel, level - center @ kernel, left_out)


def output_layer(
    features: np.ndarray,
    targets: np.ndarray,
    weights: np.ndarray,
    classifies: bool,
    emphasis: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Fit the kernel and bias of a dense output layer.

    For a softmax, the ridge scores on 0 and 1 are multiplied by the factor with the smallest
    leave-one-out log loss. If the features are not informative, the class frequencies result.

    Parameters
    ----------
    features, targets, weights, emphasis
        See `ridge`.
    classifies : bool
        True if a softmax follows.

    Returns
    -------
    kernel : np.ndarray of shape (n_features, n_outputs), float32
        Weights.
    bias : np.ndarray of shape (n_outputs,), float32
        Intercepts.
    """
    probe = ridge(features, targets, weights, emphasis)
    kernel, bias = probe.kernel, probe.bias
    if classifies:
        share = weights / weights.sum()
        level = share @ targets
        prior = np.log(np.maximum(level, 1e-6))
        deviations = probe.left_out - level

        def loss(sharpness):
            logits = prior + sharpness * deviations
            logits = logits - logits.max(axis=1, keepdims=True)
            chosen = (logits * targets).sum(axis=1) - np.log(np.exp(logits).sum(axis=1))
            return -(share @ chosen)

        sharpness = min(_SHARPNESS, key=loss)
        kernel, bias = sharpness * kernel, prior + sharpness * (bias - level)
    return kernel.astype(np.float32), bias.astype(np.float32)


def probe_start(
    network,
    start: dict[str, np.ndarray],
    training: tuple,
    classifies: bool,
    fit: Callable = output_layer,
) -> dict[str, np.ndarray]:
    """Return initial weights of the output layer from a linear probe.

    Parameters
    ----------
    network : CompiledNetwork or FrozenNetwork
        The network with the weights `start`; not changed.
    start : dict of str to np.ndarray
        Initial weights of the network.
    training : tuple of (inputs, targets, weights)
        The training part, see `sktl.training.loop.advance`.
    classifies : bool
        True if a softmax follows.
    fit : callable, default=output_layer
        Returns the kernel and the bias.

    Returns
    -------
    dict of str to np.ndarray
        ``"head/kernel"`` and ``"head/bias"`` to values.
    """
    inputs, targets, weights = training
    chosen = evenly(len(targets), MOST)
    features = network.features(network.to_tensors([part[chosen] for part in inputs]))
    emphasis = np.ones(features.shape[1])
    if len(inputs) > 1 and network.joins_amplitude:
        # The stream max is one of hundreds of features; this gives it the weight of all others.
        emphasis[-1] = max(1, len(emphasis) - 1) ** 0.5
    kernel, bias = fit(features, targets[chosen], weights[chosen], classifies, emphasis)
    return {"head/kernel": kernel, "head/bias": bias}


def evenly(n_instances: int, most: int) -> np.ndarray:
    """Return evenly spaced indices of at most `most` instances."""
    if n_instances <= most:
        return np.arange(n_instances)
    return np.linspace(0, n_instances - 1, most).round().astype(int)
