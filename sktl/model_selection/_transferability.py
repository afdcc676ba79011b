"""Scores of frozen features that need no training: LogME and the H-score."""

from __future__ import annotations

import math

import numpy as np

# The fixed point is reached in a few steps; where the evidence grows without end (features
# that explain the targets exactly, or not at all), this many show it.
MAX_ITERATIONS = 100


def logme(features: np.ndarray, targets: np.ndarray, intercept: bool = False) -> float:
    """Return the logarithm of the maximum evidence of a linear model on features.

    The targets are ``features @ w`` plus Gaussian noise of precision beta, w has a Gaussian prior
    of precision alpha; the evidence is integrated over w and maximised over alpha and beta by
    the fixed point of MacKay.

    Parameters
    ----------
    features : array of shape (n_instances, n_features)
        Features.
    targets : array of shape (n_instances,) or (n_instances, n_targets)
        Numbers, or a column for every class. The result is the mean over the columns.
    intercept : bool, default=False
        Add an unknown constant with a flat prior, which takes one instance's worth of evidence.
        The published model has none.

    Returns
    -------
    float
        The log evidence divided by the number of instances; greater is better. Infinite where
        fewer features than instances explain the targets exactly.

    References
    ----------
    .. [1] K. You, Y. Liu, J. Wang, M. Long (2021). LogME: practical assessment of pre-trained
       models for transfer learning. ICML 2021.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.model_selection import logme
    >>> signal, noise = np.random.default_rng(0).normal(size=(2, 100))
    >>> y = signal + 0.1 * noise
    >>> logme(signal[:, None], y) > logme(noise[:, None], y)
    True
    """
    features = np.asarray(features, float)
    targets = np.asarray(targets, float)
    targets = targets.reshape(len(targets), -1)
    if intercept:
        features, targets = _without_mean(features), _without_mean(targets)
    left, singular, _ = np.linalg.svd(features, full_matrices=False)
    kept = singular > singular.max(initial=0) * max(features.shape) * np.finfo(float).eps
    projected = left[:, kept].T @ targets
    # What no weights can explain; the difference of two sums would lose it to rounding.
    remainders = np.sum((targets - left[:, kept] @ projected) ** 2, axis=0)
    values = [
        _evidence(features.shape, singular[kept] ** 2, projected[:, k] ** 2, remainders[k])
        for k in range(targets.shape[1])
    ]
    return float(np.mean(values))


def _without_mean(columns):
    """Give n - 1 rows, orthogonal to the constant, of what n rows say."""
    mirror = np.full(len(columns), 1 / math.sqrt(len(columns)))
    mirror[0] += 1  # plus: no cancellation
    return (columns - np.outer(mirror, mirror @ columns) * (2 / (mirror @ mirror)))[1:]


def _evidence(shape, eigenvalues, projected, remainder):
    n = shape[0]
    if len(eigenvalues) < n and remainder <= 1e-24 * (remainder + projected.sum()):
        return math.inf
    alpha = beta = 1.0
    for _ in range(MAX_ITERATIONS):
        shrunk = alpha + beta * eigenvalues
        used = np.sum(beta * eigenvalues / shrunk)
        weights = np.sum(beta**2 * eigenvalues * projected / shrunk**2)
        residual = remainder + np.sum((alpha / shrunk) ** 2 * projected)
        before = alpha, beta
        # Without any use of the features the best prior has no width.
        alpha = used / weights if weights > 0 else math.inf
        if not alpha < 1e12 * beta * eigenvalues.max(initial=0):
            beta = n / (remainder + projected.sum())
            return 0.5 * (math.log(beta) - 1 - math.log(2 * math.pi))
        beta = (n - used) / residual
        if np.allclose((alpha, beta), before, rtol=1e-10, atol=0):
            break
    shrunk = alpha + beta * eigenvalues
    weights = np.sum(beta**2 * eigenvalues * projected / shrunk**2)
    residual = remainder + np.sum((alpha / shrunk) ** 2 * projected)
    return (
        n * math.log(beta)
        + len(eigenvalues) * math.log(alpha)
        - np.sum(np.log(shrunk))
        - beta * residual
        - alpha * weights
        - n * math.log(2 * math.pi)
    ) / (2 * n)


def h_score(features: np.ndarray, labels: np.ndarray, shrinkage: float | None = None) -> float:
    """Return how much of the features' spread lies between the classes.

    The trace of the inverse covariance of the features times the covariance of the classes' mean
    features [1]_: the sum of the squared canonical correlations between features and classes. It
    tends to the number of classes minus one where there are nearly as many features as
    instances, whatever the features; shrinking the covariance [2]_ prevents this.

    Parameters
    ----------
    features : array of shape (n_instances, n_features)
        Features.
    labels : array of shape (n_instances,)
        Class of every instance.
    shrinkage : float or None, default=None
        Between 0 (as in [1]_) and 1; None: as Ledoit and Wolf estimate it from the features.

    Returns
    -------
    float
        Between 0 and the number of classes minus one; greater is better.

    References
    ----------
    .. [1] Y. Bao et al. (2019). An information-theoretic approach to transferability in task
       transfer learning. ICIP 2019.
    .. [2] S. Ibrahim, N. Ponomareva, R. Mazumder (2022). Newer is not always better: rethinking
       transferability metrics, their peculiarities, stability and performance. ECML PKDD 2022.

    Examples
    --------
    >>> from sktl.model_selection import h_score
    >>> round(h_score([[0.0], [0.0], [1.0], [1.0]], ["a", "a", "b", "b"], shrinkage=0), 6)
    1.0
    """
    from sklearn.covariance import ledoit_wolf_shrinkage

    features = np.asarray(features, float)
    features = features - features.mean(axis=0)
    if shrinkage is None:
        shrinkage = float(ledoit_wolf_shrinkage(features, assume_centered=True))
    n, n_features = features.shape
    _, inverse = np.unique(np.asarray(labels), return_inverse=True)
    counts = np.bincount(inverse)
    means = np.stack([features[inverse == c].mean(axis=0) for c in range(len(counts))])
    between = (means * counts[:, None]).T @ means / n
    covariance = features.T @ features / n
    target = np.trace(covariance) / n_features * np.eye(n_features)
    covariance = (1 - shrinkage) * covariance + shrinkage * target
    inverted = np.linalg.pinv(covariance, hermitian=True, rcond=1e-12)
    return float((1 - shrinkage) * np.sum(inverted * between))
