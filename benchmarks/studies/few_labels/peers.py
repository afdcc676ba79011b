"""The methods that a user could pick instead: one function each, on the same instances.

All train on all labelled instances, with the defaults of their authors' packages. Features of
aeon are computed once a cell: MultiRocket-Hydra takes MultiRocket's, and its time with them. For
regression, the logarithms of the amplitudes stand beside the features.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.studies.few_labels.readers import Instances
from benchmarks.studies.few_labels.targets import DEVELOPMENT, Parts, Target

ALPHAS = np.logspace(-3, 3, 10)  # as aeon's classifiers of the Rocket family
N_TREES = 200  # as aeon's QUANT and catch22
SHORTEST = 10  # Rocket kernels have nine points, and MultiRocket takes differences


@dataclass
class Predictions:
    """What a method gives for the test instances, and what it took.

    Parameters
    ----------
    y : np.ndarray of shape (n_instances,)
        Labels or numbers.
    probabilities : np.ndarray of shape (n_instances, n_classes), optional
        By sorted class; None where the method gives none.
    classes : np.ndarray of shape (n_classes,), optional
    fit, predict : tuple of float
        Wall seconds and seconds of the processor.
    details : dict
        Facts worth keeping.
    """

    y: np.ndarray
    probabilities: np.ndarray | None = None
    classes: np.ndarray | None = None
    fit: tuple[float, float] = (0.0, 0.0)
    predict: tuple[float, float] = (0.0, 0.0)
    details: dict = field(default_factory=dict)


class Stopwatch:
    """Measure wall seconds and seconds of the processor."""

    def __enter__(self) -> Stopwatch:
        self._began = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *error: object) -> None:
        self.seconds = (
            time.perf_counter() - self._began[0],
            time.process_time() - self._began[1],
        )


def _plus(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    return one[0] + other[0], one[1] + other[1]


def amplitude_features(X: np.ndarray) -> np.ndarray:
    """Return the log10 amplitude of the instance and of every channel, and their log std.

    Parameters
    ----------
    X : np.ndarray of shape (n_instances, n_channels, n_timepoints)

    Returns
    -------
    np.ndarray of shape (n_instances, 2 * n_channels + 2)
    """
    X = np.asarray(X, dtype=float)
    tiny = np.finfo(np.float32).tiny
    most = np.abs(X).max(axis=2)
    spread = X.std(axis=2)
    parts = [most, most.max(axis=1, keepdims=True), spread, X.std(axis=(1, 2))[:, None]]
    return np.log10(np.maximum(np.concatenate(parts, axis=1), tiny))


def _aeon(name: str, seed: int):
    try:
        from aeon.transformations.collection import (
            convolution_based,
            feature_based,
            interval_based,
        )
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "the study's peers need aeon, and MultiRocket-Hydra and QUANT need torch: "
            f"pip install aeon torch ({error})"
        ) from error
    if name == "QUANT":
        return interval_based.QUANTTransformer()
    if name == "catch22":
        return feature_based.Catch22(catch24=True, outlier_norm=True, replace_nans=True)
    kind = {
        "MiniRocket": convolution_based.MiniRocket,
        "MultiRocket": convolution_based.MultiRocket,
        "Hydra": convolution_based.HydraTransformer,
    }[name]
    return kind(random_state=seed)


def _sparse_scaled(train: np.ndarray, test: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Scale Hydra's counts as its authors do (Dempster et al., 2023)."""
    train, test = (np.sqrt(np.maximum(one, 0)) for one in (train, test))
    sigma = train.std(axis=0, ddof=1) + (train == 0).mean(axis=0) ** 4 + 1e-8
    mu = train.mean(axis=0)
    return tuple((one - mu) * (one != 0) / sigma for one in (train, test))  # type: ignore[return-value]


@dataclass
class Cell:
    """A target's drawn instances, and the features computed of them so far."""

    target: Target
    parts: Parts
    seed: int
    by_processor: bool = False  # whether AutoTransfer's time limit is that of the processor
    known: dict[str, tuple] = field(default_factory=dict)

    @property
    def regression(self) -> bool:
        """Whether numbers are predicted."""
        return self.target.task == "regression"

    def features(self, name: str) -> tuple:
        """Return training and test features of aeon, and the times of fitting and of using."""
        if name not in self.known:
            X_train, X_test = self.parts.X_train, self.parts.X_test
            if name == "catch22":
                X_train, X_test = X_train.astype(float), X_test.astype(float)
            short = SHORTEST - X_train.shape[2]
            if short > 0:
                X_train, X_test = (
                    np.pad(X, ((0, 0), (0, 0), (0, short))) for X in (X_train, X_test)
                )
            transformer = _aeon(name, self.seed)
            with Stopwatch() as fitted:
                train = np.asarray(transformer.fit_transform(X_train, self.parts.y_train))
            with Stopwatch() as used:
                test = np.asarray(transformer.transform(X_test))
            self.known[name] = train, test, fitted.seconds, used.seconds
        return self.known[name]


def _fitted(cell: Cell, model, train, test, before=((0.0, 0.0), (0.0, 0.0))) -> Predictions:
    """Fit a model of scikit-learn's interface and predict."""
    with Stopwatch() as fit:
        model.fit(train, cell.parts.y_train)
    with Stopwatch() as predict:
        y = model.predict(test)
        gives = getattr(model, "predict_proba", None)
        probabilities = gives(test) if gives and not cell.regression else None
    return Predictions(
        y,
        probabilities,
        model.classes_ if probabilities is not None else None,
        _plus(before[0], fit.seconds),
        _plus(before[1], predict.seconds),
    )


def _ridge(cell: Cell):
    from sklearn.linear_model import RidgeClassifierCV, RidgeCV

    return make_pipeline(
        StandardScaler(), (RidgeCV if cell.regression else RidgeClassifierCV)(alphas=ALPHAS)
    )


def constant(cell: Cell) -> Predictions:
    """Predict the training median, or the most frequent class with the shares of all."""
    y = cell.parts.y_train
    n = len(cell.parts.y_test)
    with Stopwatch() as fit:
        if cell.regression:
            return Predictions(np.full(n, np.median(y)))
        classes, counts = np.unique(y, return_counts=True)
    shares = np.tile(counts / counts.sum(), (n, 1))
    return Predictions(np.full(n, classes[counts.argmax()]), shares, classes, fit.seconds)


def last_value(cell: Cell) -> Predictions | None:
    """Predict the last value, where the target continues the series."""
    return Predictions(cell.parts.X_test[:, 0, -1]) if cell.target.continues else None


def amplitudes(cell: Cell) -> Predictions:
    """Ridge on the logarithms of the amplitudes."""
    with Stopwatch() as fit:
        train = amplitude_features(cell.parts.X_train)
    with Stopwatch() as predict:
        test = amplitude_features(cell.parts.X_test)
    return _fitted(cell, _ridge(cell), train, test, (fit.seconds, predict.seconds))


def _with_amplitudes(cell: Cell, blocks: list[tuple]) -> tuple:
    """Join blocks of features; log amplitudes stand beside them for regression."""
    train, test = [block[0] for block in blocks], [block[1] for block in blocks]
    if cell.regression:
        train.append(amplitude_features(cell.parts.X_train).astype(np.float32))
        test.append(amplitude_features(cell.parts.X_test).astype(np.float32))
    times = [(0.0, 0.0), (0.0, 0.0)]
    for block in blocks:
        times = [_plus(so_far, one) for so_far, one in zip(times, block[2:], strict=True)]
    return np.concatenate(train, axis=1), np.concatenate(test, axis=1), times


def rocket(name: str) -> Callable[[Cell], Predictions]:
    """Return the method that puts a ridge on features of the Rocket family."""

    def run(cell: Cell) -> Predictions:
        train, test, times = _with_amplitudes(cell, [cell.features(name)])
        return _fitted(cell, _ridge(cell), train, test, times)

    return run


def multirocket_hydra(cell: Cell) -> Predictions:
    """Ridge on MultiRocket's features and Hydra's, each scaled as their authors do."""
    rocket, hydra = cell.features("MultiRocket"), cell.features("Hydra")
    with Stopwatch() as scaling:
        scaled = _sparse_scaled(*hydra[:2])
    train, test, times = _with_amplitudes(cell, [rocket])
    times = [_plus(one, more) for one, more in zip(times, hydra[2:], strict=True)]
    with Stopwatch() as rest:
        scaler = StandardScaler().fit(train)
        train = np.concatenate([scaler.transform(train), scaled[0]], axis=1)
        test = np.concatenate([scaler.transform(test), scaled[1]], axis=1)
    times[0] = _plus(_plus(times[0], scaling.seconds), rest.seconds)
    return _fitted(cell, _ridge(cell)[-1], train, test, times)


def quant(cell: Cell) -> Predictions:
    """QUANT: extremely randomised trees on quantiles of intervals."""
    from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

    train, test, times = _with_amplitudes(cell, [cell.features("QUANT")])
    options = {"n_estimators": N_TREES, "max_features": 0.1, "random_state": cell.seed}
    if cell.regression:
        model = ExtraTreesRegressor(**options)
    else:
        model = ExtraTreesClassifier(criterion="entropy", **options)
    return _fitted(cell, model, train, test, times)


def catch22(cell: Cell) -> Predictions:
    """Put a random forest on catch22, mean and standard deviation."""
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    train, test, times = _with_amplitudes(cell, [cell.features("catch22")])
    kind = RandomForestRegressor if cell.regression else RandomForestClassifier
    return _fitted(cell, kind(n_estimators=N_TREES, random_state=cell.seed), train, test, times)


def dtw(cell: Cell) -> Predictions:
    """Take the nearest neighbour under dynamic time warping with a band of a tenth."""
    if cell.regression:
        from aeon.regression.distance_based import KNeighborsTimeSeriesRegressor as Neighbours
    else:
        from aeon.classification.distance_based import KNeighborsTimeSeriesClassifier as Neighbours
    model = Neighbours(n_neighbors=1, distance="dtw", distance_params={"window": 0.1})
    train, test = (X.astype(float) for X in (cell.parts.X_train, cell.parts.X_test))
    # Its probabilities are zeros and ones.
    with Stopwatch() as fit:
        model.fit(train, cell.parts.y_train)
    with Stopwatch() as predict:
        y = model.predict(test)
    return Predictions(y, fit=fit.seconds, predict=predict.seconds)


def inception_time(cell: Cell) -> Predictions:
    """InceptionTime of aeon, five networks, as published: few cells, for it takes long."""
    from aeon.classification.deep_learning import InceptionTimeClassifier
    from aeon.regression.deep_learning import InceptionTimeRegressor

    kind = InceptionTimeRegressor if cell.regression else InceptionTimeClassifier
    model = kind(random_state=cell.seed)
    return _fitted(cell, model, cell.parts.X_train, cell.parts.X_test)


# The cheap ones first.
PEERS: dict[str, Callable[[Cell], Predictions | None]] = {
    "best constant": constant,
    "last value": last_value,
    "amplitudes + ridge": amplitudes,
    "MiniRocket + ridge": rocket("MiniRocket"),
    "MultiRocket + ridge": rocket("MultiRocket"),
    "MultiRocket-Hydra + ridge": multirocket_hydra,
    "QUANT": quant,
    "catch22 + forest": catch22,
    "1-NN DTW": dtw,
    "InceptionTime": inception_time,
}
RARE = ("InceptionTime",)
"""Methods that run only when they are named."""


def score(cell: Cell, found: Predictions) -> dict:
    """Return the scores of predictions.

    Returns
    -------
    dict
        ``test_score`` in the target's metric; for classification also ``accuracy`` and, where
        there are probabilities, ``log_loss`` (of classes that were never seen: clipped at 1e-6).
    """
    from sktl.evaluation.metrics import mean_absolute_error, weighted_f1

    y = cell.parts.y_test
    if cell.regression:
        return {"test_score": mean_absolute_error(y, found.y)}
    scores = {"test_score": weighted_f1(y, found.y), "accuracy": float(np.mean(y == found.y))}
    if found.probabilities is not None and found.classes is not None:
        right = y[:, None] == found.classes[None]
        of_truth = np.where(right, found.probabilities, 0).sum(axis=1)
        scores["log_loss"] = float(-np.log(np.clip(of_truth, 1e-6, 1)).mean())
    return scores


def warm_up(methods: list[Callable[[Cell], Predictions | None]]) -> None:
    """Run methods once on tiny series, so that nothing loads or compiles while a cell is timed.

    What depends on the length of the series, as networks of Keras do, compiles in the cell.
    """
    rng = np.random.default_rng(0)
    for n_channels in (1, 2):
        for task in ("classification", "regression"):
            labels = (np.arange(12) % 2).astype(str)
            y = labels if task == "classification" else np.linspace(0.1, 1.3, 12)
            X = rng.normal(size=(12, n_channels, 32)).astype(np.float32)
            whole = Instances(X, y)
            target = Target(
                "warm-up", DEVELOPMENT, "", task, (12,), lambda _, whole=whole: whole, ""
            )
            cell = Cell(target, Parts(X, y, None, X[:6], y[:6], None), 0)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                for method in methods:
                    method(cell)
