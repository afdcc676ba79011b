"""The output layer for classes that have an order, as a linear probe: see `probe_head`."""

from __future__ import annotations

import numpy as np

from sktl.layers.ordinal import even_scores
from sktl.training.probe_head import ridge


def ordinal_layer(
    features: np.ndarray,
    targets: np.ndarray,
    weights: np.ndarray,
    classifies: bool = True,
    emphasis: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Fit the kernel and bias of the dense layer of `sktl.layers.ordinal.ordinal_output`.

    A ridge regression of the class's number finds one direction in the features; the thresholds
    along it, and one slope for all, are most likely for the instances left out (a model of
    continuation ratios), with a penalty that counts as one instance.

    Parameters
    ----------
    features, targets, weights, emphasis
        See `sktl.training.probe_head.ridge`; targets have a column of 0 and 1 for each class.
    classifies : bool, default=True
        Not used; there for the form of `sktl.training.probe_head.output_layer`.

    Returns
    -------
    kernel : np.ndarray of shape (n_features, n_classes - 1)
    bias : np.ndarray of shape (n_classes - 1,)
        float32.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.training.ordinal_head import ordinal_layer
    >>> x, numbers = np.arange(60.0)[:, None], np.repeat([0, 1, 2], 20)
    >>> kernel, bias = ordinal_layer(x, np.eye(3)[numbers], np.ones(60))
    >>> kernel.shape, bool((kernel > 0).all())
    ((1, 2), True)
    """
    numbers = np.asarray(targets).argmax(axis=1)
    probe = ridge(features, numbers[:, None].astype(float), weights, emphasis)
    place = probe.left_out[:, 0]
    center, spread = place.mean(), place.std()
    spread = spread if spread > 1e-12 else 1.0
    slope, thresholds = continuation_ratios(
        (place - center) / spread, numbers, targets.shape[1], weights
    )
    kernel = np.repeat(slope / spread * probe.kernel, len(thresholds), axis=1)
    bias = thresholds + slope * (probe.bias[0] - center) / spread
    return kernel.astype(np.float32), bias.astype(np.float32)


def continuation_ratios(
    place: np.ndarray, numbers: np.ndarray, n_classes: int, weights: np.ndarray
) -> tuple[float, np.ndarray]:
    """Fit one slope and a threshold for every class but the last to a single feature.

    The logit of passing class k, having reached it, is ``threshold_k + slope * place`` more than
    what makes all classes equally probable.

    Parameters
    ----------
    place : np.ndarray of shape (n_instances,)
        The feature, standardised.
    numbers : np.ndarray of int of shape (n_instances,)
        Number of the class, from 0.
    n_classes : int
        Number of classes.
    weights : np.ndarray of shape (n_instances,)
        Weights of the instances, not below 0.

    Returns
    -------
    slope : float
        Not below 0.
    thresholds : np.ndarray of shape (n_classes - 1,)
    """
    from scipy.optimize import minimize
    from scipy.special import expit

    steps = np.arange(n_classes - 1)
    share = np.asarray(weights, float) * len(numbers) / np.sum(weights)
    reached = share[:, None] * (numbers[:, None] >= steps)
    passed = (numbers[:, None] > steps).astype(float)
    even = even_scores(n_classes).astype(float)

    def loss(values):
        scores = even + values[1:] + values[0] * place[:, None]
        losses = reached * (np.logaddexp(0, scores) - passed * scores)
        slopes = reached * (expit(scores) - passed)
        gradient = np.concatenate([[(slopes * place[:, None]).sum()], slopes.sum(axis=0)])
        return losses.sum() + values @ values / 2, gradient + values

    # Where features say nothing, a mean without an instance is the lower the higher that one is.
    bounds = [(0, None), *[(None, None)] * len(steps)]
    found = minimize(loss, np.zeros(n_classes), jac=True, bounds=bounds, method="L-BFGS-B").x
    return float(found[0]), found[1:]
