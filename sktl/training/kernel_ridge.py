"""Ridge regression on the mean of several kernels, with out-of-fold predictions in closed form.

The intercept is not penalised: kernels and targets are centred. With the hat matrix ``H`` of the
fit on all instances and its residuals ``e``, the residuals of the instances ``g`` in a fit without
them are exactly ``(I - H[g, g])^-1 e[g]`` (for one instance Allen's PRESS [1]_). Folds need no
refit.

References
----------
.. [1] D. M. Allen (1974). The relationship between variable selection and data augmentation and a
   method for prediction. Technometrics 16(1), 125-127.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from sktl.training.folds import Folds

PENALTIES = np.logspace(-6, 2, 33)
"""Grid of penalties, as multiples of the kernel's mean eigenvalue."""

# Features per matrix product, which bounds the memory.
KERNEL_COLUMNS = 4096

# Standardised features are clipped to this many standard deviations.
LARGEST = 10.0
# Largest number of matrix entries in the systems of equations that are solved in one call.
LARGEST_SOLVED = 2**20


@dataclass(frozen=True)
class Block:
    """A block of features, standardised by its training rows, and its linear kernel.

    Use `fit` to make one.

    Attributes
    ----------
    rows : np.ndarray of shape (n_instances, n_used), float32
        Standardised training rows divided by the square root of the number of features, so that
        ``rows @ rows.T`` is the kernel. Constant features are left out.
    used : np.ndarray of bool of shape (n_features,)
        Mask of the features that are not constant.
    center, scale : np.ndarray of shape (n_used,)
        Mean and divisor of each of these features.

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
        """Fit the standardisation to training rows.

        Parameters
        ----------
        features : np.ndarray of shape (n_instances, n_features)
            Training rows, finite.
        common_scale : bool, default=False
            Divide all features by one number, so that features with a larger variance have more
            weight.

        Returns
        -------
        Block
            The fitted block.
        """
        features = np.asarray(features)
        center = features.mean(axis=0, dtype=np.float64)
        scale = features.std(axis=0, dtype=np.float64)
        # Spread below the rounding error of the features' precision counts as constant.
        rounding = 1e-6 if features.dtype == np.float32 else 1e-9
        used = scale > rounding * np.abs(center)
        used &= scale > 0
        if common_scale and used.any():
            scale = np.full_like(scale, np.sqrt(np.mean(scale[used] ** 2)))
        fitted = cls(np.empty((0, 0)), used, center[used], scale[used])
        object.__setattr__(fitted, "rows", fitted.transform(features))
        return fitted

    def transform(self, features: np.ndarray) -> np.ndarray:
        """Standardise rows with the statistics of the training rows.

        Parameters
        ----------
        features : np.ndarray of shape (n_instances, n_features)
            Rows.

        Returns
        -------
        np.ndarray of shape (n_instances, n_used), float32
            Standardised rows, whose inner products are the kernel.
        """
        rows = (np.asarray(features)[:, self.used] - self.center) / self.scale
        rows = np.clip(rows, -LARGEST, LARGEST) / np.sqrt(max(1, self.used.sum()))
        return rows.astype(np.float32)

    def kernel(self) -> np.ndarray:
        """Return the inner products of the training rows, (n_instances, n_instances)."""
        # Double precision: rounding errors would add directions that a small penalty fits.
        n, width = self.rows.shape
        total = np.zeros((n, n))
        for at in range(0, width, KERNEL_COLUMNS):
            part = self.rows[:, at : at + KERNEL_COLUMNS].astype(np.float64)
            total += part @ part.T
        return total

    def without_rows(self) -> Block:
        """Return the standardisation without the training rows, for predictions."""
        return replace(self, rows=np.empty((0, len(self.center)), np.float32))


@dataclass(frozen=True)
class Spectrum:
    """Eigendecomposition of a centred kernel, which gives the fits of all penalties.

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
            Kernel matrix, not necessarily centred.

        Returns
        -------
        Spectrum
            Eigendecomposition of the centred kernel.
        """
        return cls._positive(*np.linalg.eigh(center_kernel(kernel)))

    @classmethod
    def of_rows(cls, rows: np.ndarray) -> Spectrum:
        """Decompose the linear kernel of rows through the covariance of their features.

        This is faster than `of_kernel` if there are more instances than features.

        Parameters
        ----------
        rows : np.ndarray of shape (n_instances, n_features)
            Features, not necessarily centred.

        Returns
        -------
        Spectrum
            Eigendecomposition of the centred kernel ``rows @ rows.T``.
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
    """A fitted kernel ridge regression.

    Attributes
    ----------
    penalty : float
        The selected penalty, in the unit of the kernel.
    coefficients : np.ndarray of shape (n_instances, n_outputs)
        Dual coefficients.
    center : np.ndarray of shape (n_outputs,)
        Mean of the training targets.
    left_out : np.ndarray of shape (n_instances, n_outputs)
        Out-of-fold predictions; NaN for instances in no test fold.
    error : float
        Mean squared error of `left_out` divided by the variance of the targets.
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
            Kernel matrix.
        training_kernel_mean : np.ndarray of shape (n_instances,)
            Mean of the training kernel over the training instances.

        Returns
        -------
        np.ndarray of shape (n_new, n_outputs)
            Predictions.
        """
        # The coefficients sum to zero, so the row means of the centring cancel.
        return (kernel - training_kernel_mean) @ self.coefficients + self.center


def center_kernel(kernel: np.ndarray) -> np.ndarray:
    """Return the kernel of the centred features.

    Parameters
    ----------
    kernel : np.ndarray of shape (n_instances, n_instances)
        Kernel matrix.

    Returns
    -------
    np.ndarray of shape (n_instances, n_instances), float64
        Centred kernel matrix.
    """
    kernel = np.asarray(kernel, np.float64)
    mean = kernel.mean(axis=0)
    return kernel - mean - mean[:, None] + mean.mean()


def fit_ridge(
    spectrum: Spectrum,
    targets: np.ndarray,
    folds: Folds | None = None,
    penalties: Sequence[float] = tuple(PENALTIES),
) -> RidgeFit:
    """Fit a ridge regression with the penalty of the smallest out-of-fold squared error.

    Parameters
    ----------
    spectrum : Spectrum
        Decomposition of the training kernel.
    targets : np.ndarray of shape (n_instances, n_outputs)
        Numeric targets.
    folds : sequence of (training, test) indices, optional
        In closed form, which takes longer the more instances a fold does not train on. Default:
        leave-one-out.
    penalties : sequence of float, default=PENALTIES
        Grid of penalties, as multiples of the mean eigenvalue of the kernel.

    Returns
    -------
    RidgeFit
        The fit on all instances, with its out-of-fold predictions.

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
    folds: Folds | None = None,
    weights: np.ndarray | None = None,
) -> tuple[float, np.ndarray, float]:
    """Find the penalty of a ridge regression with the smallest out-of-fold squared error.

    Parameters
    ----------
    spectrum : Spectrum
        Decomposition of the training kernel. With weights w (of mean 1), the kernel is that of the
        rows minus their weighted mean, times ``sqrt(w)``.
    targets : np.ndarray of shape (n_instances, n_outputs)
        Numeric targets.
    penalties : np.ndarray of shape (n_penalties,)
        Grid of penalties in ascending order, in the unit of the kernel.
    folds : sequence of (training, test) indices, optional
        See `fit_ridge`; not supported with weights.
    weights : np.ndarray of shape (n_instances,), optional
        Positive weights of the instances.

    Returns
    -------
    penalty : float
        The best penalty; the larger one if errors are equal, because its model is simpler.
    left_out : np.ndarray of shape (n_instances, n_outputs)
        Out-of-fold predictions.
    error : float
        Their mean squared error.
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
    """Fit a ridge regression with a given penalty, without out-of-fold predictions.

    Parameters
    ----------
    kernel : np.ndarray of shape (n_instances, n_instances)
        Kernel matrix, not necessarily centred.
    targets : np.ndarray of shape (n_instances, n_outputs)
        Numeric targets.
    penalty : float
        Positive penalty in the unit of the kernel, as `RidgeFit.penalty`.

    Returns
    -------
    RidgeFit
        The fit; its `left_out` and `error` are NaN.
    """
    from scipy.linalg import solve

    center = targets.mean(axis=0)
    penalised = center_kernel(kernel)
    penalised[np.diag_indices_from(penalised)] += penalty
    coefficients = solve(penalised, targets - center, assume_a="pos", overwrite_a=True)
    return RidgeFit(penalty, coefficients, center, np.full_like(targets, np.nan), float("nan"))


def _deleted(centred, vectors, values, projected, penalties, folds, of_constant):
    """Yield the out-of-fold residuals for every penalty."""
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
    for train, test in folds:
        # What is neither trained on nor tested is left out with the test part.
        left = np.setdiff1d(np.arange(n), train)
        tested = np.searchsorted(left, test)
        # The hat matrix of what is left out is part @ diag(root**2) @ part.T.
        part = np.column_stack([vectors[left], np.ones(len(left))])
        small = part.T @ part if len(left) > part.shape[1] else None
        # Solve for many penalties in one call: the overhead of calls dominates small systems.
        together = max(1, LARGEST_SOLVED // min(part.shape) ** 2)
        for at in range(0, len(shrunk), together):
            shares = shrunk[at : at + together]
            residuals = centred[left] - part[:, :-1] @ (shares[:, :, None] * projected)
            root = np.sqrt(np.column_stack([shares, np.full(len(shares), 1 / n)]))
            if small is None:
                scaled = part * root[:, None]
                inner = np.eye(len(left)) * (1 + 1e-9) - scaled @ scaled.transpose(0, 2, 1)
                residuals = np.linalg.solve(inner, residuals)
            else:  # Woodbury identity: the system has the size of the features, not of the fold
                inner = np.eye(part.shape[1]) * (1 + 1e-9)
                inner = inner - root[:, :, None] * small * root[:, None]
                solved = np.linalg.solve(inner, root[:, :, None] * (part.T @ residuals))
                residuals = residuals + part @ (root[:, :, None] * solved)
            deleted[at : at + together, test] += residuals[:, tested]
        count[test] += 1
    with np.errstate(invalid="ignore", divide="ignore"):
        yield from deleted / np.where(count > 0, count, np.nan)[:, None]
