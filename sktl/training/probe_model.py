"""A ridge model on weighted blocks of features: the core of the linear probes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from sktl.training.kernel_ridge import PENALTIES, Block, RidgeFit, Spectrum, fit_ridge

Folds = Sequence[tuple[np.ndarray, np.ndarray]]

# Above so many instances the kernel is not formed whole.
KERNEL_INSTANCES = 3000


class ProbeModel:
    """A ridge model on the weighted mean of the blocks' kernels.

    Up to 3,000 instances the model is exact. Above, blocks are standardised by 3,000 instances
    drawn at random, and, where the features outnumber these, the kernel is approximated by the
    Nyström method with them as landmarks [1]_; a batch of instances is held at a time.

    Parameters
    ----------
    weights : mapping of str to float
        Name of every block to its weight; they are divided by their sum.
    random_state : int, default=0
        Draws the landmarks.

    References
    ----------
    .. [1] C. Williams, M. Seeger (2001). Using the Nyström method to speed up kernel machines.
       NIPS 2000.
    """

    def __init__(self, weights: Mapping[str, float], random_state: int = 0):
        total = sum(weights.values())
        self.weights = {name: weight / total for name, weight in weights.items() if weight > 0}
        self.random_state = random_state

    def fit(
        self,
        tables: Mapping[str, np.ndarray],
        targets: np.ndarray,
        folds: Folds | None = None,
    ) -> ProbeModel:
        """Fit to the features of up to 3,000 instances.

        Parameters
        ----------
        tables : mapping of str to np.ndarray of shape (n_instances, n_features)
            Name of a block to its features.
        targets : np.ndarray of shape (n_instances, n_outputs)
            Numbers.
        folds : sequence of (training, test) indices, optional
            See `left_out_fit`.

        Returns
        -------
        ProbeModel
            Itself.
        """
        blocks = {name: Block.fit(tables[name]) for name in self.weights}
        kernel = sum(w * blocks[name].kernel() for name, w in self.weights.items())
        return self.keep(blocks, left_out_fit(kernel, targets, folds))

    def fit_parts(
        self,
        tables_of: Callable[[np.ndarray], Mapping[str, np.ndarray]],
        targets: np.ndarray,
        folds: Folds | None = None,
        part: int = 2048,
    ) -> ProbeModel:
        """Fit to more instances than a kernel holds, a part of the features at a time.

        Parameters
        ----------
        tables_of : callable
            Indices of instances to the features of all blocks.
        targets : np.ndarray of shape (n_instances, n_outputs)
            Numbers.
        folds : sequence of (training, test) indices, optional
            Each must train on all instances that it does not test.
        part : int, default=2048
            Instances whose features are held at once.

        Returns
        -------
        ProbeModel
            Itself.
        """
        n = len(targets)
        rng = np.random.default_rng(self.random_state)
        landmarks = np.sort(rng.choice(n, KERNEL_INSTANCES, replace=False))
        blocks = {name: Block.fit(t) for name, t in tables_of(landmarks).items()}
        root = {name: np.float32(np.sqrt(weight)) for name, weight in self.weights.items()}
        anchors = np.concatenate([root[name] * blocks[name].rows for name in self.weights], axis=1)
        basis = None
        if anchors.shape[1] > KERNEL_INSTANCES:
            values, vectors = np.linalg.eigh((anchors @ anchors.T).astype(np.float64))
            kept = values > values.max() * 1e-6
            basis = anchors.T @ (vectors[:, kept] / np.sqrt(values[kept])).astype(np.float32)
        rows = []
        for at in range(0, n, part):
            tables = tables_of(np.arange(at, min(at + part, n)))
            joined = [root[name] * blocks[name].transform(tables[name]) for name in self.weights]
            together = np.concatenate(joined, axis=1)
            rows.append(together if basis is None else together @ basis)
        features = np.concatenate(rows)
        fit = fit_ridge(
            Spectrum.of_rows(features), targets, None if folds is None else [t for _, t in folds]
        )
        coefficients = features.T @ fit.coefficients
        offset = fit.center - features.mean(axis=0, dtype=np.float64) @ coefficients
        if basis is not None:
            coefficients = basis @ coefficients
        widths = np.cumsum([blocks[name].rows.shape[1] for name in self.weights])[:-1]
        split = np.split(coefficients, widths)
        return self._set(
            {name: root[name] * c for name, c in zip(self.weights, split, strict=True)},
            blocks, offset, fit,
        )  # fmt: skip

    def keep(self, blocks: Mapping[str, Block], fit: RidgeFit) -> ProbeModel:
        """Keep a fit as weights of the blocks' features, which need no training instance.

        Parameters
        ----------
        blocks : mapping of str to Block
            The fitted blocks, with their training rows.
        fit : RidgeFit
            A fit on the weighted mean of their kernels.

        Returns
        -------
        ProbeModel
            Itself.
        """
        coefficients, offset = {}, fit.center
        for name, weight in self.weights.items():
            rows = blocks[name].rows
            coefficients[name] = weight * (rows.T.astype(np.float64) @ fit.coefficients)
            offset = offset - rows.mean(axis=0, dtype=np.float64) @ coefficients[name]
        return self._set(coefficients, blocks, offset, fit)

    def _set(self, coefficients, blocks, offset, fit):
        self.coefficients_, self.offset_ = coefficients, offset
        self.blocks_ = {name: blocks[name].without_rows() for name in coefficients}
        self.left_out_, self.error_, self.penalty_ = fit.left_out, fit.error, fit.penalty
        return self

    def predict(self, tables: Mapping[str, np.ndarray]) -> np.ndarray:
        """Predict from the features of all blocks.

        Parameters
        ----------
        tables : mapping of str to np.ndarray of shape (n_instances, n_features)
            Name of a block to its features.

        Returns
        -------
        np.ndarray of shape (n_instances, n_outputs)
            Predictions.
        """
        return self.predict_rows(
            {name: block.transform(tables[name]) for name, block in self.blocks_.items()}
        )

    def predict_rows(self, rows: Mapping[str, np.ndarray]) -> np.ndarray:
        """Predict from blocks that are standardised, see `Block.transform`.

        Parameters
        ----------
        rows : mapping of str to np.ndarray of shape (n_instances, n_used)
            Name of a block to its rows.

        Returns
        -------
        np.ndarray of shape (n_instances, n_outputs)
            Predictions.
        """
        parts = (rows[name] @ coefficients for name, coefficients in self.coefficients_.items())
        return sum(parts, start=self.offset_)


def left_out_fit(
    kernel: np.ndarray,
    targets: np.ndarray,
    folds: Folds | None = None,
    penalties: Sequence[float] | None = None,
) -> RidgeFit:
    """Fit a ridge model to a kernel, with the penalty that predicts left-out instances best.

    Parameters
    ----------
    kernel : np.ndarray of shape (n_instances, n_instances)
        Inner products.
    targets : np.ndarray of shape (n_instances, n_outputs)
        Numbers.
    folds : sequence of (training, test) indices, optional
        Default: every instance is left out alone. Folds that train on all other instances cost
        no refit; others, such as those of a time series split, are fitted one by one.
    penalties : sequence of float, optional
        See `fit_ridge`.

    Returns
    -------
    RidgeFit
        The fit on all instances.
    """
    more = {} if penalties is None else {"penalties": penalties}
    spectrum = Spectrum.of_kernel(kernel)
    n = len(targets)
    if folds is None or all(len(train) + len(test) == n for train, test in folds):
        return fit_ridge(
            spectrum, targets, None if folds is None else [t for _, t in folds], **more
        )
    return _with_refits(spectrum, kernel, targets, folds, more)


def _with_refits(spectrum, kernel, targets, folds, more):
    """Choose the penalty by folds whose training parts are not all other instances."""
    penalties = np.asarray(more.get("penalties", PENALTIES))
    n = len(targets)
    total, count = np.zeros((len(penalties), *targets.shape)), np.zeros(n)
    for train, test in folds:
        part = Spectrum.of_kernel(kernel[np.ix_(train, train)])
        center = targets[train].mean(axis=0)
        projected = part.vectors.T @ (targets[train] - center)
        scale = max(part.values.sum() / len(train), np.finfo(float).tiny)
        centred = kernel[np.ix_(test, train)] - kernel[np.ix_(train, train)].mean(axis=0)
        cross = centred @ part.vectors
        for k, penalty in enumerate(penalties):
            weights = projected / (part.values + penalty * scale)[:, None]
            total[k, test] += cross @ weights + center
        count[test] += 1
    tested = count > 0
    left_out = np.full_like(total, np.nan)
    left_out[:, tested] = total[:, tested] / count[tested, None]
    errors = np.mean((left_out - targets)[:, tested] ** 2, axis=(1, 2))
    best = len(errors) - 1 - int(np.argmin(errors[::-1]))
    whole = fit_ridge(spectrum, targets, penalties=[penalties[best]])
    spread = max(float(np.mean((targets - targets.mean(axis=0)) ** 2)), np.finfo(float).tiny)
    return RidgeFit(
        whole.penalty,
        whole.coefficients,
        whole.center,
        left_out[best],
        float(errors[best]) / spread,
    )


def folds_of(
    n_instances: int, cv: Any = None, groups: Any = None, y: Any = None
) -> list[tuple[np.ndarray, np.ndarray]] | None:
    """Return the folds that leave instances out.

    Parameters
    ----------
    n_instances : int
        Number of instances.
    cv : int, scikit-learn splitter, iterable of (training, test) or None
        None: each group is left out, or up to ten folds of groups where there are more; without
        groups every instance alone.
    groups : array-like of shape (n_instances,), optional
        Instances of one group are left out together.
    y : array-like, optional
        Targets, for splitters that stratify.

    Returns
    -------
    list of (training, test) indices, or None
        None: every instance alone.
    """
    from sklearn.model_selection import GroupKFold, LeaveOneGroupOut, check_cv

    X = np.zeros((n_instances, 1))
    if cv is None:
        if groups is None:
            return None
        count = len(np.unique(groups))
        if count < 2:
            raise ValueError(
                "groups must hold two or more, so that one can be left out. Received: one group"
            )
        cv = LeaveOneGroupOut() if count <= 10 else GroupKFold(10)
    elif isinstance(cv, int) and groups is not None:
        cv = GroupKFold(cv)
    splitter = check_cv(cv)
    return [(np.asarray(train), np.asarray(test)) for train, test in splitter.split(X, y, groups)]
