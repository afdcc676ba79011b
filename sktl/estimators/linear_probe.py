"""Linear probes: ridge models on the frozen features of several sources."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from sktime.regression.base import BaseRegressor

from sktl._checks import check_finite
from sktl._lengths import values_of
from sktl._random import draw_seed
from sktl._targets import refuse_columns
from sktl.estimators.features.amplitude import AmplitudeBlock
from sktl.estimators.features.frozen_source import POOLING
from sktl.estimators.features.random_convolutions import RandomBlock
from sktl.estimators.features.source_blocks import source_blocks
from sktl.estimators.panel_input import PanelClassifier
from sktl.estimators.sklearn_mixin import ScikitLearnMixin
from sktl.training.folds import (
    checked_groups,
    comparable,
    folds_among,
    folds_of,
    of_seen_classes,
)
from sktl.training.kernel_ridge import Block
from sktl.training.preprocessing import standardisation
from sktl.training.probabilities import fit_slope, softmax
from sktl.training.probe_model import (
    KERNEL_INSTANCES,
    UNSEEN_PENALTY,
    ProbeModel,
    left_out_fit,
)

__all__ = ["LinearProbeClassifier", "LinearProbeRegressor"]

WEIGHTS = {"sources": 1.0, "random": 1.0, "amplitude": 0.25}
"""Weight of all blocks of a kind together in the mean of kernels."""

# Instances by which the worth of single blocks is measured.
WORTH_INSTANCES = 500


class _LinearProbe(ScikitLearnMixin):
    """Ridge on the frozen features of sources, beside amplitudes and random convolutions.

    Every source is a block of features, standardised by the training instances; the kernels of
    the blocks are averaged, and the penalty is chosen by the left-out squared error in closed
    form. No network is trained: seconds for hundreds of instances.

    Parameters
    ----------
    sources : {"bundled", "available"}, sequence of (str or None), or None, default="bundled"
        Sources whose features are used, see `sktl.sources.list_sources`: those that come with the
        package, all that load without a download, or names, each for every architecture that has
        it (None among them: kernels drawn at random). None: no source.
    architectures : sequence of str, optional
        Only sources of these; default: all.
    random_features : {"minirocket", "multirocket"}, sktime transformer or None, \
default="minirocket"
        Random convolutions as a further block, for series that no source suits.
    amplitude : bool, default=True
        Logarithms of the amplitude of each channel as a further block.
    weights : dict, optional
        Weight of all blocks of a kind together; default: ``{"sources": 1, "random": 1,
        "amplitude": 0.25}``.
    pooling : tuple of str, default=("mean", "std", "max", "positive")
        What summarises each filter's map over time.
    channels : {"joint", "each"}, default="joint"
        Show a source all channels at once, or one after the other.
    cv : int, splitter, iterable of (training, test) or None, default=None
        What is left out to choose the penalty: every instance alone, or with `groups` in `fit`
        every group; or the test parts of a scikit-learn splitter. Instances of classes that the
        training part of a fold does not have are not counted.
    random_state : int, numpy.random.RandomState, numpy.random.Generator or None, default=0
        Seed of the random convolutions.
    preprocessing : {"own", "source"}, default="own"
        What a source sees: every instance scaled to z-scores on its own, or series scaled by the
        rule under which the source was trained, as its card states it, with statistics of the
        training series. `fit` refuses sources whose cards state none.

    Attributes
    ----------
    left_out_error_ : float
        Mean squared error of left-out instances over the variance of the targets (classes are
        coded -1 and 1): 1 is as good as the mean.
    weights_ : pandas.DataFrame
        One row per block: ``weight``, ``n_features``, ``error_alone`` (as `left_out_error_`, of the
        block alone) and ``worth`` (how much the error grows without the block, as a share);
        measured on at most 500 instances.

    See Also
    --------
    sktl.transformations.SourceFeatures : the features as a table.

    References
    ----------
    .. [1] G. Alain, Y. Bengio (2017). Understanding intermediate layers using linear classifier
       probes. ICLR 2017 workshop.
    """

    _tags: ClassVar[dict[str, Any]] = {
        "capability:random_state": True,
        "property:randomness": "derandomized",
        "capability:unequal_length": True,
    }
    # What the task gives.
    _encode: ClassVar[Callable[..., Any]]
    _learn_of_left_out: ClassVar[Callable[..., Any]]

    def __init__(
        self,
        sources="bundled",
        architectures=None,
        random_features="minirocket",
        amplitude=True,
        weights=None,
        pooling=POOLING,
        channels="joint",
        cv=None,
        random_state=0,
        preprocessing="own",
    ):
        self.sources = sources
        self.architectures = architectures
        self.random_features = random_features
        self.amplitude = amplitude
        self.weights = weights
        self.pooling = pooling
        self.channels = channels
        self.cv = cv
        self.random_state = random_state
        self.preprocessing = preprocessing
        super().__init__()

    def fit(self, X, y, groups=None):
        """Fit the probe.

        Parameters
        ----------
        X : sktime panel, or np.ndarray of shape (n_instances, n_channels, n_timepoints)
            Training series, in any unit, as a list of arrays or a frame where they differ in
            length.
        y : array-like of shape (n_instances,) or, for regressors, (n_instances, n_outputs)
            Class labels, or numbers in any unit.
        groups : array-like of shape (n_instances,), optional
            Instances of one group (a recording, a person, an earthquake) are not independent;
            they are left out together.

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError
            If a parameter or the data cannot be used.
        """
        self._checked_together(X, y)
        if groups is not None and self._kind == "classifier":
            refuse_columns(y, "groups")
        return self._fit_with(X, y, groups=groups)

    def _fit(self, X, y):
        X = self._as_array(X)
        check_finite(values_of(X))
        self._n_channels = X.shape[1]
        seed = draw_seed(self.random_state)
        self._blocks = {block.name: block.fit(X) for block in self._make_blocks(seed)}
        weights = self._block_weights()
        targets = self._encode(y)
        groups = checked_groups(self._given.get("groups"), len(X))
        classifies = self._kind == "classifier"
        folds = folds_of(len(X), self.cv, groups, y, classifies)
        penalties = None
        if classifies:
            penalties = None if comparable(folds, y) else (UNSEEN_PENALTY,)
            folds = None if folds is None else of_seen_classes(folds, y)
        model = ProbeModel(weights, seed)
        if len(X) <= KERNEL_INSTANCES:
            tables = self._tables(X)
            self._model = model.fit(tables, targets, folds, penalties)
        else:
            self._model = model.fit_parts(lambda index: self._tables(X[index]), targets, folds)
            tables = None
        self.left_out_error_ = self._model.error_
        self._learn_of_left_out(self._model.left_out_, y)
        labels = np.asarray(y) if classifies else None
        self.weights_ = self._worth(X, targets, tables, weights, folds, labels, seed)
        return self

    def _make_blocks(self, seed):
        blocks: list[Any] = []
        if self.sources is not None:
            blocks += source_blocks(
                self.sources, self.architectures, self.pooling, self.channels, random_state=seed,
                preprocessing=self.preprocessing,
            )  # fmt: skip
        if self.random_features is not None:
            blocks.append(RandomBlock(self.random_features, seed))
        if self.amplitude:
            blocks.append(AmplitudeBlock())
        if not blocks:
            raise ValueError(
                "A linear probe needs features: sources, random_features or amplitude. "
                "Received: sources=None, random_features=None, amplitude=False"
            )
        return blocks

    def _block_weights(self):
        given = WEIGHTS | (dict(self.weights) if self.weights is not None else {})
        unknown = set(given) - set(WEIGHTS)
        if unknown or any(not 0 <= value < np.inf for value in given.values()):
            raise ValueError(
                f"weights must map {', '.join(map(repr, WEIGHTS))} to numbers of at least 0. "
                f"Received: weights={self.weights!r}"
            )
        kinds = [block.kind for block in self._blocks.values()]
        weights = {n: given[b.kind] / kinds.count(b.kind) for n, b in self._blocks.items()}
        if not any(weights.values()):
            raise ValueError(f"A block must have a weight. Received: weights={self.weights!r}")
        return weights

    def _tables(self, X):
        return {name: block.transform(X) for name, block in self._blocks.items()}

    def _outputs(self, X):
        X = self._as_array(X)
        if X.shape[1] != self._n_channels:
            raise ValueError(
                f"X must have {self._n_channels} channels as the training series. "
                f"Received: {X.shape[1]} channels"
            )
        check_finite(values_of(X))
        return self._model.predict(self._tables(X))

    def _worth(self, X, targets, tables, weights, folds, labels, seed):
        """Compare the blocks by their left-out errors, alone and left away."""
        chosen = np.arange(len(X))
        if len(X) > WORTH_INSTANCES:
            rng = np.random.default_rng(seed)
            chosen = np.sort(rng.choice(len(X), WORTH_INSTANCES, replace=False))
        if tables is None:
            parts, chosen_tables = targets[chosen], self._tables(X[chosen])
        else:
            parts, chosen_tables = targets[chosen], {n: t[chosen] for n, t in tables.items()}
        folds = folds_among(folds, chosen, len(X), labels)
        kernels = {name: Block.fit(table).kernel() for name, table in chosen_tables.items()}
        whole = sum(weights[name] * kernel for name, kernel in kernels.items())
        error = left_out_fit(whole, parts, folds).error
        rows = []
        for name, kernel in kernels.items():
            alone = left_out_fit(kernel, parts, folds).error
            rest = whole - weights[name] * kernel
            without = left_out_fit(rest, parts, folds).error if len(kernels) > 1 else np.nan
            rows.append(
                {
                    "block": name,
                    "weight": weights[name] / sum(weights.values()),
                    "n_features": chosen_tables[name].shape[1],
                    "error_alone": alone,
                    "worth": without / max(error, np.finfo(float).tiny) - 1,
                }
            )
        return pd.DataFrame(rows).set_index("block")

    @classmethod
    def get_test_params(cls, parameter_set="default"):
        """Return parameters that make a fit short, for the suites of sktime.

        Parameters
        ----------
        parameter_set : str, default="default"
            Not used.

        Returns
        -------
        list of dict
            Two sets of parameters.
        """
        few = {"sources": ["EMG-simulated"], "architectures": ["MagNet"], "random_features": None}
        return [few, few | {"amplitude": False, "pooling": ("mean", "max")}]


class LinearProbeClassifier(_LinearProbe, PanelClassifier):
    """Linear probe for classification: ridge on classes coded -1 and 1.

    Probabilities are the softmax of the scores, with a slope fitted to left-out instances.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.estimators import LinearProbeClassifier
    >>> y = np.arange(12) % 2
    >>> X = np.sin((1 + y[:, None, None]) * np.arange(40) + np.arange(12)[:, None, None])
    >>> probe = LinearProbeClassifier(["EMG-simulated"], ["MagNet"], random_features=None)
    >>> probe.fit(X, y).predict(X[:4]).tolist()
    [0, 1, 0, 1]
    """

    _kind = "classifier"
    _tags: ClassVar = {"capability:predict_proba": True}

    def _encode(self, y):
        return np.where(np.asarray(y)[:, None] == self.classes_, 1.0, -1.0)

    def _learn_of_left_out(self, left_out, y):
        self._slope = fit_slope(left_out, np.searchsorted(self.classes_, y))

    def _predict(self, X):
        return self.classes_[self._outputs(X).argmax(axis=1)]

    def _predict_proba(self, X):
        return softmax(self._outputs(X), self._slope)


class LinearProbeRegressor(_LinearProbe, BaseRegressor):
    """Linear probe for regression.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.estimators import LinearProbeRegressor
    >>> y = np.arange(12.0)
    >>> X = 10 ** y[:, None, None] * np.random.default_rng(0).normal(size=(12, 1, 40))
    >>> probe = LinearProbeRegressor(sources=None, random_features=None)
    >>> bool(np.abs(probe.fit(X, y).predict(X) - y).max() < 0.5)
    True
    """

    _kind = "regressor"
    _tags: ClassVar = {"capability:multioutput": True, "y_inner_mtype": "numpy2D"}

    def _encode(self, y):
        y = np.asarray(y, float)
        self._scale = np.array([standardisation(column)[1] for column in y.T])
        return y / self._scale

    def _learn_of_left_out(self, left_out, y):
        pass

    def _predict(self, X):
        return self._outputs(X) * self._scale
