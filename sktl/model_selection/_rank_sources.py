"""Ranking of sources by what their frozen features say of a target, before any fine-tuning."""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sktl._checks import check_choice, check_finite
from sktl._panels import as_array, check_same_order, warn_of_orientation
from sktl._random import draw_seed
from sktl._targets import as_targets
from sktl.estimators.base import BaseTransferEstimator
from sktl.estimators.features.feature_maps import feature_network
from sktl.estimators.lookup import estimator_class
from sktl.estimators.preparation import data_needs
from sktl.estimators.transfer import form_of
from sktl.model_selection._transferability import h_score, logme
from sktl.sources import expand_sources
from sktl.training.compiled_network import CompiledNetwork, prediction_batch
from sktl.training.folds import checked_groups, folds_of, of_seen_classes
from sktl.training.keras_settings import fixed_keras_settings
from sktl.training.kernel_ridge import Block
from sktl.training.preprocessing import SINGLE_ROUNDING, standardisation
from sktl.training.probe_head import evenly
from sktl.training.probe_model import left_out_fit
from sktl.training.randomness import random_streams
from sktl.training.training_data import data_hashes

if TYPE_CHECKING:
    import pandas as pd

SCORES = ("logme", "h_score", "probe", "probe_loo")

# Time points of all series together: enough for a handful of features.
ROWS = 2000


def rank_sources(
    X,
    y,
    architecture: Any = "MagNet",
    sources: Sequence | str = "available",
    *,
    task: str | None = None,
    by: str = "logme",
    include_scratch: bool = True,
    n_bins: int = 5,
    random_state: int | None = 0,
    groups: Any = None,
) -> pd.DataFrame:
    """Score sources on a target without any fine-tuning.

    The transferred layers, with the source's weights, turn every series into features: of each
    filter of the architecture's last feature layer (and what follows it without weights of its
    own, such as pooling) the mean, the standard deviation and the maximum over time, and the
    stream max beside; an LSTM's last output and the features of a picture are taken as they are.
    They are standardised and compared with y in four ways. The scores describe the source
    before fine-tuning: validate a choice with `OmegaSearch`.

    Where y is a series, its values are compared with the maps at the same time points, which are
    not summarised: about 2,000 points, evenly spread over all instances. Whole instances are left
    out.

    Give only training data: a source chosen on the test set looks better than it is.

    Parameters
    ----------
    X : sktime panel, or np.ndarray of shape (n_instances, n_channels, n_timepoints)
        Series of equal length, in any unit.
    y : array-like of shape (n_instances,) or (n_instances, n_outputs)
        Class labels, or numbers in any unit; for `TCNSequenceRegressor` also series.
    architecture : str or estimator of sktl.estimators, default="MagNet"
        Name of an architecture with its default parameters, or an estimator with others.
    sources : sequence of (str or path-like), "available" or group, default="available"
        Sources to rank; "available": all that load without a download, but no groups and nothing
        that was trained on the very X and y; the name of a group, such as "UCR": its members. See
        `sktl.sources.expand_sources`.
    task : {"classification", "regression"}, optional
        What y is. Default: the estimator's task; with the name of an architecture regression if
        y holds floating-point numbers, classification otherwise.
    by : {"logme", "h_score", "probe", "probe_loo"}, default="logme"
        What orders the table.
    include_scratch : bool, default=True
        Score randomly initialised layers as well, as the source None: a source ranked below it is
        worse than none.
    n_bins : int, default=5
        Bins with equally many instances into which the H-score puts the numbers of a regression.
    random_state : int, RandomState, Generator or None, default=0
        Draws the layers that do not come from a source and the folds of the probe.
    groups : array-like of shape (n_instances,), optional
        Instances of one group (a recording, a person) are left out together by ``probe_loo``.

    Returns
    -------
    pandas.DataFrame
        One row per source, the best first: ``source``; ``rank`` (by `by`); ``logme``, see `logme`;
        ``h_score``, see `h_score`; ``probe``, the score of a linear model on the features in
        five-fold cross-validation (fewer folds where a class has fewer instances, NaN where none
        has two) on features standardised by each fold's training part: weighted F1 of a logistic
        regression, or R2 of a ridge regression; ``probe_loo``, the share of the variance of y
        (of classes as columns of 0 and 1) that a ridge regression explains of instances, or
        groups, that are left out one by one, in closed form;
        ``n_features`` that vary; ``seconds``; and ``problem``, why one of the
        "available" sources cannot be used (None otherwise; its scores are NaN, its rank last).

    Raises
    ------
    TypeError, ValueError
        If a parameter or the data cannot be used, or one of the sources that were named.

    Examples
    --------
    >>> import tempfile
    >>> from sktime.datasets import load_unit_test
    >>> from sktl.estimators import MagNetClassifier
    >>> from sktl.model_selection import rank_sources
    >>> X, y = load_unit_test(return_type="numpy3D")
    >>> network = MagNetClassifier(n_epochs=2, random_state=0)
    >>> source = network.fit(X, y).save_pretrained(tempfile.mkdtemp() + "/mine")
    >>> table = rank_sources(X, y, network, sources=[source])
    >>> table.columns[:5].tolist(), len(table)
    (['source', 'rank', 'logme', 'h_score', 'probe'], 2)
    """
    import pandas as pd

    check_choice("by", by, SCORES)
    check_same_order(X, y)
    X, y = _panel(X), _targets(y, architecture, task)
    if len(X) != len(y):
        raise ValueError(f"X and y must be equally long. Received: {len(X)} and {len(y)}")
    template = _template(architecture, task, y)
    several = template.get_tag("capability:multioutput", False, raise_error=False)
    if y.ndim != 1 and not several:
        raise ValueError(
            "Sources are ranked by a label or a number per instance: y must have one dimension. "
            f"Received: shape {y.shape}"
        )
    template.set_params(random_state=draw_seed(random_state))
    names = _names(sources, template.architecture, data_hashes(X, y))
    groups, times = checked_groups(groups, len(y)), None
    if y.ndim == 2:
        y = template._checked_targets(X, y)
        y, groups, times = _time_points(y, groups, X.shape[2])
    folds = folds_of(len(y), None, groups)
    target = _Target(y, template._task, n_bins, template.random_state, folds, times is not None)
    tolerant = isinstance(sources, str)
    rows = []
    for source in [None] * include_scratch + names:
        started = time.perf_counter()
        row: dict[str, Any] = {"source": source, "problem": None}
        try:
            estimator = template.clone().set_params(source=source)
            estimator.check_parameters()
            loaded = estimator.load_source()
            if loaded and loaded.origin == "bundled":
                # What stands in for published weights has a name of its own.
                row["source"] = loaded.card.name
            features = _features(estimator, loaded, X, times)
            row |= target.scores(features) | {"n_features": features.shape[1]}
        except (ValueError, OSError) as error:
            if not tolerant or source is None:
                raise
            row["problem"] = str(error)
        rows.append(row | {"seconds": time.perf_counter() - started})
    columns = ["source", "rank", *SCORES, "n_features", "seconds", "problem"]
    table = pd.DataFrame(rows, columns=columns)
    for name in ("source", "problem"):
        # Else pandas takes a column of text and turns None into NaN.
        table[name] = pd.Series([row[name] for row in rows], dtype=object)
    ranks = table[by].rank(method="min", ascending=False, na_option="bottom")
    table["rank"] = ranks.astype(int)
    return table.sort_values("rank", kind="stable", ignore_index=True)


def _time_points(y, groups, n_timepoints):
    """Choose time points of series: their values, their instances as groups, and where they are."""
    n_instances, n_outputs = y.shape
    chosen = evenly(n_outputs, max(1, ROWS // n_instances))
    groups = np.arange(n_instances) if groups is None else groups
    # A column belongs to the last time point of its block.
    times = (chosen + 1) * (n_timepoints // n_outputs) - 1
    return y[:, chosen].ravel(), np.repeat(groups, len(chosen)), times


def _panel(X):
    X = as_array(X)
    X = X[:, None] if X.ndim == 2 else X
    check_finite(X)
    warn_of_orientation(X)
    return X


def _targets(y, architecture, task):
    task = getattr(architecture, "_task", task)
    # Text is no number: without a task it tells classes.
    return as_targets(y, task if task == "regression" else "classification")


def _template(architecture, task, y):
    if isinstance(architecture, BaseTransferEstimator):
        if task not in (None, architecture._task):
            raise ValueError(
                f"task must be the estimator's, {architecture._task!r}. Received: task={task!r}"
            )
        return architecture.clone()
    if not isinstance(architecture, str):
        raise TypeError(
            "architecture must be a name or an estimator of sktl.estimators. "
            f"Received: architecture={architecture!r}"
        )
    if task is None:
        task = "regression" if y.dtype.kind == "f" else "classification"
    return estimator_class(architecture, task)()


def _names(sources, architecture, searched):
    found = expand_sources(sources, architecture, searched)
    return [source for source in found if source is not None]


@fixed_keras_settings()
def _features(estimator, source, X, times=None):
    """Return the features of the transferred layers before any training, those that vary.

    A row is an instance, or one of the time points of an instance.
    """
    import keras

    repeats, preprocessing = form_of(estimator, X, source)
    X = np.repeat(X, repeats, axis=1)
    stream_max = data_needs(estimator, None).stream_max
    _, inputs = preprocessing.fit(X, stream_max)
    drawn = random_streams(estimator.random_state)["weights"]
    body = feature_network(estimator, source, X.shape[1:], drawn)
    summaries, size = [], prediction_batch(body)
    for at in range(0, len(X), size):
        batch = [part[at : at + size] for part in inputs]
        parts: list[np.ndarray] = []
        outputs = body(CompiledNetwork.to_tensors(batch), training=False)
        for output in keras.tree.flatten(outputs):
            values = keras.ops.convert_to_numpy(output).astype(float)
            if times is not None:
                parts.append(values[:, times].reshape(-1, values.shape[2]))
            elif values.ndim == 3:
                parts += [values.mean(axis=1), values.std(axis=1), values.max(axis=1)]
            else:
                parts.append(values)
        amplitudes = [np.repeat(part, 1 if times is None else len(times), 0) for part in batch[1:]]
        summaries.append(np.concatenate([*parts, *amplitudes], axis=1))
    columns = np.concatenate(summaries).T
    varying = [c for c in columns if _standardised(c).std() > 0.5]
    return np.array(varying).reshape(-1, columns.shape[1]).T


def _standardised(column):
    # Features come from a network of single precision.
    center, scale = standardisation(column, SINGLE_ROUNDING)
    return (column - center) / scale


class _Target:
    """What features are compared with."""

    def __init__(self, y, task, n_bins, seed, folds, fixed=False):
        self._seed, self._folds = seed, folds
        # Rows of one instance are left out together, by the probe too.
        self._split = folds if fixed else None
        self._classifies = task == "classification"
        self._y = self._labels = y
        if self._classifies:
            # By number: labels that are floats are no classes to scikit-learn.
            classes, codes = np.unique(y, return_inverse=True)
            self._y = self._labels = codes
            if len(classes) < 2:
                raise ValueError(f"y must hold two classes or more. Received: {classes.tolist()}")
            self._columns = (codes[:, None] == np.arange(len(classes))).astype(float)
            if folds is not None:
                self._folds = of_seen_classes(folds, codes)
        else:
            self._y = y = y.astype(float)
            if not np.isfinite(y).all() or np.ptp(y) == 0:
                raise ValueError("y must be finite and vary. Received: NaN, infinite or constant y")
            center, scale = standardisation(y)
            self._columns = (y - center) / scale
            inner = np.quantile(y, np.linspace(0, 1, n_bins + 1)[1:-1])
            self._labels = np.searchsorted(inner, y)

    def scores(self, features):
        """Return the scores of features that vary."""
        if not features.shape[1]:
            # Layers that see nothing: all is left to the constant.
            features = np.zeros((len(self._y), 1))
        standardised = np.array([_standardised(column) for column in features.T]).T
        kernel = Block.fit(features).kernel()
        columns = self._columns.reshape(len(self._y), -1)
        return {
            "logme": logme(standardised, self._columns, intercept=True),
            "h_score": h_score(standardised, self._labels),
            "probe": self._probe(features),
            "probe_loo": 1 - left_out_fit(kernel, columns, self._folds).error,
        }

    def _probe(self, features):
        from sklearn.linear_model import LogisticRegression, RidgeCV
        from sklearn.model_selection import KFold, StratifiedKFold, cross_val_score
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        model, folds, scoring = RidgeCV(np.logspace(-3, 6, 19)), KFold, "r2"
        if self._classifies:
            model, folds = LogisticRegression(max_iter=1000), StratifiedKFold
            scoring = "f1_weighted"
        if self._split is not None:
            model = make_pipeline(StandardScaler(), model)
            return cross_val_score(model, features, self._y, cv=self._split, scoring=scoring).mean()
        # Every fold needs an instance of each class, or two numbers for an R2.
        smallest = largest = len(self._y) // 2
        if self._classifies:
            counts = np.unique(self._y, return_counts=True)[1]
            smallest, largest = counts.min(), counts.max()
        if largest < 2:
            return np.nan
        n_folds = min(5, max(2, smallest))
        split = folds(n_folds, shuffle=True, random_state=self._seed)
        with warnings.catch_warnings():
            # Of a class with one instance: it is in one fold, and the score says so.
            warnings.filterwarnings("ignore", "The least populated class", UserWarning)
            model = make_pipeline(StandardScaler(), model)
            return cross_val_score(model, features, self._y, cv=split, scoring=scoring).mean()
