"""Naive baselines: what a network must beat to be worth its training.

Each is a function of (training series, targets, task, seed) that returns a predictor. All of
them see the raw series and, as the networks do, the stream max.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Predictor = Callable[[np.ndarray], np.ndarray]
_BATCH = 1024


def constant(X: np.ndarray, y: np.ndarray, task: str, seed: int) -> Predictor:
    """Predict the median of the training targets, the best constant under the mean absolute error.

    Parameters
    ----------
    X : np.ndarray of shape (n_instances, n_channels, n_timepoints)
        Training series.
    y : np.ndarray of shape (n_instances,)
        Their targets.
    task : {"regression", "classification"}
        What is predicted.
    seed : int
        Seed of what is random.

    Returns
    -------
    callable
        Panel to predictions.
    """
    middle = np.median(y)
    return lambda panel: np.full(len(panel), middle)


def class_prior(X: np.ndarray, y: np.ndarray, task: str, seed: int) -> Predictor:
    """Predict the most frequent class of the training instances. See `constant`."""
    names, counts = np.unique(y, return_counts=True)
    most = names[counts.argmax()]
    return lambda panel: np.full(len(panel), most)


def last_value(X: np.ndarray, y: np.ndarray, task: str, seed: int) -> Predictor:
    """Predict that the next value equals the last one. See `constant`."""
    return lambda panel: panel[:, 0, -1].astype(float)


def linear(X: np.ndarray, y: np.ndarray, task: str, seed: int) -> Predictor:
    """Fit a ridge model to the series as they are and the logarithm of the stream max.

    The strength of the penalty is chosen by leave-one-out on the training part. See `constant`.
    """
    return _ridge(X, y, task, lambda panel: panel.reshape(len(panel), -1))


def minirocket(X: np.ndarray, y: np.ndarray, task: str, seed: int) -> Predictor:
    """Fit a ridge model to the features of MiniRocket and the logarithm of the stream max.

    See `constant`; needs numba.

    References
    ----------
    .. [1] A. Dempster, D. F. Schmidt, G. I. Webb (2021). MiniRocket. KDD 2021, 248-257.
    """
    from sktime.transformations.panel.rocket import MiniRocketMultivariate

    rocket = MiniRocketMultivariate(random_state=seed, n_jobs=1).fit(X)
    return _ridge(X, y, task, lambda panel: np.asarray(rocket.transform(panel), np.float32))


#: Name to function and the tasks it is for; a forecast's target continues the series.
BASELINES: dict[str, tuple[Callable, str]] = {
    "constant": (constant, "regression"),
    "class prior": (class_prior, "classification"),
    "last value": (last_value, "forecast"),
    "linear": (linear, "any"),
    "MiniRocket": (minirocket, "any"),
}


def baselines_for(task: str, forecast: bool) -> list[str]:
    """Name the baselines that make sense for a dataset.

    Parameters
    ----------
    task : {"regression", "classification"}
        What is predicted.
    forecast : bool
        Whether the target is the next value of the series.

    Returns
    -------
    list of str
        Names of `BASELINES`.
    """
    fitting = {task, "any"} | ({"forecast"} if forecast else set())
    return [name for name, (_, needed) in BASELINES.items() if needed in fitting]


def _ridge(X, y, task, features):
    from sklearn.linear_model import RidgeClassifierCV, RidgeCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    def matrix(panel):
        loudest = np.log10(np.abs(panel).max(axis=(1, 2)) + 1e-30)
        return np.column_stack([features(panel), loudest])

    ridge = RidgeClassifierCV if task == "classification" else RidgeCV
    model = make_pipeline(StandardScaler(), ridge(alphas=np.logspace(-3, 5, 9)))
    model.fit(matrix(X), y)

    def predict(panel):
        starts = range(0, len(panel), _BATCH)
        return np.concatenate([model.predict(matrix(panel[at : at + _BATCH])) for at in starts])

    return predict
