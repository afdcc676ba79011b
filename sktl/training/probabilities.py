"""Class probabilities from the scores of a ridge regression on classes coded as -1 and 1."""

from __future__ import annotations

import numpy as np


def softmax(scores: np.ndarray, slope: float) -> np.ndarray:
    """Return the softmax of scores times a slope, (n_instances, n_classes)."""
    scaled = slope * (scores - scores.max(axis=1, keepdims=True))
    weights = np.exp(scaled)
    return weights / weights.sum(axis=1, keepdims=True)


def fit_slope(scores: np.ndarray, labels: np.ndarray) -> float:
    """Fit the slope of a softmax to out-of-fold scores.

    The slope minimises the log loss. As in Platt's method [1]_ the target probability of a label is
    ``(n + 1) / (n + 2)``, with n instances of its class, so that a separation of few instances does
    not give probabilities close to 1.

    Parameters
    ----------
    scores : np.ndarray of shape (n_instances, n_classes)
        Out-of-fold scores; rows with NaN are ignored.
    labels : np.ndarray of int of shape (n_instances,)
        Index of the true class.

    Returns
    -------
    float
        The slope; 1 if no instance has out-of-fold scores.

    References
    ----------
    .. [1] J. Platt (1999). Probabilistic outputs for support vector machines. Advances in Large
       Margin Classifiers.
    """
    from scipy.optimize import minimize_scalar

    known = np.isfinite(scores).all(axis=1)
    scores, labels = scores[known], labels[known]
    if not len(labels):
        return 1.0
    n_classes = scores.shape[1]
    counts = np.bincount(labels, minlength=n_classes)
    certainty = (counts + 1) / (counts + 2)
    soft = np.full(scores.shape, 0.0)
    soft += ((1 - certainty) / max(1, n_classes - 1))[labels][:, None]
    soft[np.arange(len(labels)), labels] = certainty[labels]

    def loss(log_slope):
        p = softmax(scores, np.exp(log_slope))
        return -np.mean(np.sum(soft * np.log(np.maximum(p, 1e-12)), axis=1))

    return float(np.exp(minimize_scalar(loss, bounds=(-3, 5), method="bounded").x))
