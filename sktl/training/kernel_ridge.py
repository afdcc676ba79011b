"""Ridge regression on the mean of several kernels, with its left-out predictions in closed form.

The intercept is free: kernels and targets are centred. With the hat matrix ``H`` of the fit on all
instances and its residuals ``e``, the residuals of instances ``g`` in a fit without them are
``(I - H[g, g])^-1 e[g]``, exactly (for one instance Allen's PRESS [1]_), so folds cost no refit.

References
----------
.. [1] D. M. Allen (1974). The relationship between variable selection and data augmentation and a
   method for prediction. Technometrics 16(1), 125-127.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

PENALTIES = np.logspace(-6, 2, 33)
"""Penalties that are tried, as multiples of the kernel's mean eigenvalue."""

# Features that are multiplied at once, so that memory stays flat.
KERNEL_COLUMNS = 4096

# A standardised feature beyond this many standard deviations says no more than that.
LARGEST = 10.0
# Numbers in the systems of equations that are solved in one call.
LARGEST_SOLVED = 2**20


@dataclass(frozen=True)
class Block:
    """Standardisation of a table of features by its training rows, and the kernel it defines.

    Parameters
    ----------
    features : np.ndarray of shape (n_instances, n_features)
        Training rows.
    common_scale : bool, default=False
        Divide all features by one number, so that those which vary more count more.

    Attributes
    ----------
    rows : np.ndarray of shape (n_instances, n_used), float32
        Standardised training rows over the root of the number of features: ``rows @ rows.T`` is
        the kernel. Features that do not vary are left out.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.training.kernel_ridge import Block
    >>> block = Block.fit(np.array([[1.0, 5.0], [3.0, 5.0]]))
    >>> block.rows.tolist(), block.transform(np.array([[2.0, 7.0]])).tolist()
    ([[-1.0], [1.0]], [[0.0]])
    """

    rows: np.ndarray
    used: np.ndarray
    center: np.ndarray
    scale: np.ndarray

    @classmethod
    def fit(cls, features: np.ndarray, common_scale: bool = False) -> Block:
        """Standardise the training rows.

        Parameters
        ----------
        features : np.ndarray of shape (n_instances, n_features)
            Training rows, finite.
        common_scale : bool, default=False
            Divide all features by one number, so that those which vary more count more.

        Returns
        -------
        Block
            The fitted block.
        """
        features = np.asarray(features)
        center = features.mean(axis=0, dtype=np.float64)
        scale = features.std(axis=0, dtype=np.float64)
        # Features of networks have single precision, others (values far from zero) double.
        rounding = 1e-6 if features.dtype == np.float32 else 1e-9
        used = scale > rounding * np.abs(center)
        used &= scale > 0
        if common_scale and used.any():
            scale = np.full_like(scale, np.sqrt(np.mean(scale[used] ** 2)))
        fitted = cls(np.empty((0, 0)), used, center[used], scale[used])
        object.__setattr__(fitted, "rows", fitted.transform(features))
        return fitted

    def transform(self, features: np.ndarray) -> np.ndarray:
        """Standardise rows by the training rows.

        Parameters
        ----------
        features : np.ndarray of shape (n_instances, n_features)
            Rows.

        Returns
        -------
        np.ndarray of shape (n_instances, n_used), float32
            Rows whose inner products are the kernel.
        """
        rows = (np.asarray(features)[:, self.used] - self.center) / self.scale
        rows = np.clip(rows, -LARGEST, LARGEST) / np.sqrt(max(1, self.used.sum()))
        return rows.astype(np.float32)

    def kernel(self) -> np.ndarray:
        """Return the inner products of the training rows, (n_instances, n_instances)."""
        # In single precision rounding adds directions that a small penalty would fit.
        n, width = self.rows.shape
        total = np.zeros((n, n))
        for at in range(0, width, KERNEL_COLUMNS):
            part = self.rows[:, at : at + KERNEL_COLUMNS].astype(np.float64)
            total += part @ part.T
        return total

    def without_rows(self) -> Block:
        """Return the standardisation alone, which predictions need."""
        return replace(self, rows=np.empty((0, len(self.center)), np.float32))


@dataclass(frozen=True)
class Spectrum:
    """Eigenvectors and eigenvalues of a centred kernel, from which every penalty's fit follows.

    Attributes
    ----------
    vectors : np.ndarray of shape (n_instances, rank)
        Eigenvectors.
    values : np.ndarray of shape (rank,)
        Eigenvalues, positive.
    """

    vectors: np.ndarray
    values: np.ndarray

    @classmethod
    def of_kernel(cls, kernel: np.ndarray) -> Spectrum:
        """Decompose a kernel.

        Parameters
        ----------
        kernel : np.ndarray of shape (n_instances, n_instances)
            Inner products of the instances; it is centred here.

        Returns
        -------
        Spectrum
            Its decomposition.
        """
        return cls._positive(*np.linalg.eigh(center_kernel(kernel)))

    @classmethod
    def of_rows(cls, rows: np.ndarray) -> Spectrum:
        """Decompose the kernel of rows by their covariance, where instances outnumber features.

        Parameters
        ----------
        rows : np.ndarray of shape (n_instances, n_features)
            Features; they are centred here.

        Returns
        -------
        Spectrum
            As of the kernel ``rows @ rows.T``.
        """
        rows = rows - rows.mean(axis=0, dtype=np.float64).astype(rows.dtype)
        values, directions = np.linalg.eigh((rows.T @ rows).astype(np.float64))
        kept = values > values.max(initial=0) * 1e-7
        scale = np.sqrt(values[kept])
        return cls(rows @ (directions[:, kept] / scale).astype(rows.dtype), values[kept])

    @classmethod
    def _positive(cls, values, vectors):
        kept = values > values.max(initial=0) * 1e-10
        return cls(vectors[:, kept], values[kept])


@dataclass(frozen=True)
class RidgeFit:
    """A ridge model on a spectrum.

    Attributes
    ----------
    penalty : float
        The chosen penalty.
    coefficients : np.ndarray of shape (n_instances, n_outputs)
        Weights of the instances' centred kernels.
    center : np.ndarray of shape (n_outputs,)
        The training targets' mean.
    left_out : np.ndarray of shape (n_instances, n_outputs)
        Prediction of every instance by the fit without its fold; NaN for one in no fold.
    error : float
        Mean squared error of `left_out`, over the variance of the targets.
    """

    penalty: float
    coefficients: np.ndarray
    center: np.ndarray
    left_out: np.ndarray
    error: float

    def predict(self, kernel: np.ndarray, training_kernel_mean: np.ndarray) -> np.ndarray:
        """Predict from the kernel between new and training instances.

        Parameters
        ----------
        kernel : np.ndarray of shape (n_new, n_instances)
            Inner products.
        training_kernel_mean : np.ndarray of shape (n_instances,)
            Mean over the training instances of the kernel of the fit.

        Returns
        -------
        np.ndarray of shape (n_new, n_outputs)
            Predictions.
        """
        # The coefficients sum to zero: what a centred kernel subtracts from a row has no effect.
        return (kernel - training_kernel_mean) @ self.coefficients + self.center


def center_kernel(kernel: np.ndarray) -> np.ndarray:
    """Return the kernel of features whose mean over the instances is zero.

    Parameters
    ----------
    kernel : np.ndarray of shape (n_instances, n_instances)
        Inner products.

    Returns
    -------
    np.ndarray of shape (n_instances, n_instances), float64
        Inner products of the centred features.
    """
    kernel = np.asarray(kernel, np.float64)
    mean = kernel.mean(axis=0)
    return kernel - mean - mean[:, None] + mean.mean()


def fit_ridge(
    spectrum: Spectrum,
    targets: np.ndarray,
    folds: Sequence[np.ndarray] | None = None,
    penalties: Sequence[float] = tuple(PENALTIES),
) -> RidgeFit:
    """Fit a ridge model with the penalty whose left-out squared error is smallest.

    Parameters
    ----------
    spectrum : Spectrum
        Of the training instances' kernel.
    targets : np.ndarray of shape (n_instances, n_outputs)
        Numbers.
    folds : sequence of np.ndarray of int, optional
        Instances that are left out together, each predicted by the fit on all others. Default:
        every instance alone.
    penalties : sequence of float, default=PENALTIES
        As multiples of the mean eigenvalue of the kernel.

    Returns
    -------
    RidgeFit
        The model, with the predictions of its left-out instances.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.training.kernel_ridge import Spectrum, fit_ridge
    >>> x = np.linspace(-1, 1, 20)[:, None]
    >>> fit = fit_ridge(Spectrum.of_rows(x), 3 * x + 5)
    >>> bool(fit.error < 1e-6), fit.center.round(6).tolist()
    (True, [5.0])
    """
    values = spectrum.values
    center = targets.mean(axis=0)
    centred = targets - center
    scale = max(values.sum() / len(targets), np.finfo(float).tiny)
    spread = max(float(np.mean(centred**2)), np.finfo(float).tiny)
    tried = np.asarray(penalties) * scale
    penalty, left_out, error = best_penalty(spectrum, targets, tried, folds)
    projected = spectrum.vectors.T @ centred
    coefficients = spectrum.vectors @ (projected / (values + penalty)[:, None])
    return RidgeFit(penalty, coefficients, center, left_out, error / spread)


def best_penalty(
    spectrum: Spectrum,
    targets: np.ndarray,
    penalties: np.ndarray,
    folds: Sequence[np.ndarray] | None = None,
    weights: np.ndarray | None = None,
) -> tuple[float, np.ndarray, float]:
    """Find the penalty of a ridge model whose left-out squared error is smallest.

    Parameters
    ----------
    spectrum : Spectrum
        Of the kernel of the training instances; with weights w (of mean 1) of the kernel of
        ``sqrt(w)`` times the rows less their weighted mean.
    targets : np.ndarray of shape (n_instances, n_outputs)
        Numbers.
    penalties : np.ndarray of shape (n_penalties,)
        In the unit of the kernel, ascending.
    folds : sequence of np.ndarray of int, optional
        See `fit_ridge`; not with weights.
    weights : np.ndarray of shape (n_instances,), optional
        Weights of the instances, above 0.

    Returns
    -------
    penalty : float
        With equal errors the larger: it is the simpler model.
    left_out : np.ndarray of shape (n_instances, n_outputs)
        Predictions of instances by fits without their fold.
    error : float
        Mean squared error of those.
    """
    if weights is None:
        root, leverage = None, 1 / len(targets)
        centred = targets - targets.mean(axis=0)
    else:
        leverage = weights / weights.sum()
        root = np.sqrt(leverage * len(targets))[:, None]
        centred = root * (targets - leverage @ targets)
    vectors, values = spectrum.vectors, spectrum.values
    deleted_of_all = _deleted(
        centred, vectors, values, vectors.T @ centred, penalties, folds, leverage
    )
    best = None
    for penalty, deleted in zip(penalties, deleted_of_all, strict=True):
        if root is not None:
            deleted = deleted / root
        left_out = targets - deleted
        squares = (targets - left_out) ** 2
        error = np.nanmean(squares) if weights is None else leverage @ squares.mean(axis=1)
        if best is None or error <= best[2]:
            best = float(penalty), left_out, float(error)
    assert best is not None
    return best


def ridge_of_penalty(kernel: np.ndarray, targets: np.ndarray, penalty: float) -> RidgeFit:
    """Fit a ridge model with a given penalty, without any left-out predictions.

    Parameters
    ----------
    kernel : np.ndarray of shape (n_instances, n_instances)
        Inner products; it is centred here.
    targets : np.ndarray of shape (n_instances, n_outputs)
        Numbers.
    penalty : float
        Above 0, in the unit of the kernel, as `RidgeFit.penalty`.

    Returns
    -------
    RidgeFit
        The model; its left-out predictions and error are NaN.
    """
    from scipy.linalg import solve

    center = targets.mean(axis=0)
    penalised = center_kernel(kernel)
    penalised[np.diag_indices_from(penalised)] += penalty
    coefficients = solve(penalised, targets - center, assume_a="pos", overwrite_a=True)
    return RidgeFit(penalty, coefficients, center, np.full_like(targets, np.nan), float("nan"))


def _deleted(centred, vectors, values, projected, penalties, folds, of_constant):
    """Yield for every penalty the residuals of instances in fits without their folds."""
    n = len(centred)
    shrunk = values / (values + penalties[:, None])
    if folds is None:
        for share in shrunk:
            leverage = (vectors**2) @ share + of_constant
            residuals = centred - vectors @ (share[:, None] * projected)
            yield residuals / np.maximum(1 - leverage, 1e-9)[:, None]
        return
    deleted = np.zeros((len(penalties), *centred.shape))
    count = np.zeros(n)
    for fold in folds:
        # The hat matrix of the fold is part @ diag(root**2) @ part.T.
        part = np.column_stack([vectors[fold], np.ones(len(fold))])
        small = part.T @ part if len(fold) > part.shape[1] else None
        # Small systems of all penalties at once: most of the time is that of the calls.
        together = max(1, LARGEST_SOLVED // min(part.shape) ** 2)
        for at in range(0, len(shrunk), together):
            shares = shrunk[at : at + together]
            residuals = centred[fold] - part[:, :-1] @ (shares[:, :, None] * projected)
            root = np.sqrt(np.column_stack([shares, np.full(len(shares), 1 / n)]))
            if small is None:
                scaled = part * root[:, None]
                inner = np.eye(len(fold)) * (1 + 1e-9) - scaled @ scaled.transpose(0, 2, 1)
                residuals = np.linalg.solve(inner, residuals)
            else:  # the same by the Woodbury identity: as large as the features, not the fold
                inner = np.eye(part.shape[1]) * (1 + 1e-9)
                inner = inner - root[:, :, None] * small * root[:, None]
                solved = np.linalg.solve(inner, root[:, :, None] * (part.T @ residuals))
                residuals = residuals + part @ (root[:, :, None] * solved)
            deleted[at : at + together, fold] += residuals
        count[fold] += 1
    with np.errstate(invalid="ignore", divide="ignore"):
        yield from deleted / np.where(count > 0, count, np.nan)[:, None]
