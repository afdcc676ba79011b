"""Logarithms of the covariance matrices of the channels, as features of several channels."""

from __future__ import annotations

import numpy as np

from sktl._lengths import by_length

# Share of the mean variance that is added to each channel's: with fewer time points than channels
# a covariance matrix has no logarithm.
ADDED = 1e-3


class CovarianceBlock:
    """How the channels vary together: log-Euclidean covariances of the series and its differences.

    The matrix logarithm makes the sizes of channels, and of what they have in common, additive;
    linear models on it are a standard for EEG and EMG [1]_ [2]_.

    References
    ----------
    .. [1] V. Arsigny, P. Fillard, X. Pennec, N. Ayache (2006). Log-Euclidean metrics for fast and
       simple calculus on diffusion tensors. Magnetic Resonance in Medicine 56, 411-421.
    .. [2] A. Barachant, S. Bonnet, M. Congedo, C. Jutten (2013). Classification of covariance
       matrices using a Riemannian-based kernel for BCI applications. Neurocomputing 112, 172-178.
    """

    kind = name = "covariance"

    def fit(self, X: np.ndarray) -> CovarianceBlock:
        """Return itself."""
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Return the upper triangles, (n_instances, n_channels * (n_channels + 1)).

        Entries off the diagonal are multiplied by the square root of two, so that distances of
        rows are those of matrices.
        """
        return by_length(_features, X)


def _features(X):
    X = np.asarray(X, np.float64)
    # A single time point has no differences.
    differences = np.diff(X, axis=2) if X.shape[2] > 1 else np.zeros_like(X)
    return np.concatenate([_logarithms(X), _logarithms(differences)], axis=1)


def _logarithms(X):
    X = X - X.mean(axis=2, keepdims=True)
    n_channels = X.shape[1]
    covariance = X @ X.transpose(0, 2, 1) / X.shape[2]
    variance = np.trace(covariance, axis1=1, axis2=2) / n_channels
    added = ADDED * np.where(variance > 0, variance, 1.0)
    values, vectors = np.linalg.eigh(covariance + added[:, None, None] * np.eye(n_channels))
    logarithm = (vectors * np.log(values)[:, None]) @ vectors.transpose(0, 2, 1)
    row, column = np.triu_indices(n_channels)
    return logarithm[:, row, column] * np.where(row == column, 1.0, np.sqrt(2))
