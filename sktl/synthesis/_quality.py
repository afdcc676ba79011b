"""Metrics of generated series: usefulness, fidelity, coverage, novelty and spectrum."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from sktl._checks import check_number
from sktl._random import draw_seed

_FLOOR = 1e-10  # fraction of the largest power below which a spectrum is rounding error


class Coverage(NamedTuple):
    """Density and coverage of Naeem et al. (2020), see `coverage`.

    Attributes
    ----------
    density : float
        Mean number of real neighbourhoods that contain a sample, relative to real instances; may
        exceed 1.
    coverage : float
        Fraction of the real instances with a sample in their neighbourhood, 0 to 1.

    Examples
    --------
    >>> from sktl.synthesis import Coverage
    >>> Coverage(1.0, 0.9).coverage
    0.9
    """

    density: float
    coverage: float


def coverage(X_real, X_new, n_neighbors: int = 5) -> Coverage:
    """Compute density and coverage of generated series [1]_.

    The neighbourhood of a real instance has the radius of its distance to the k-th nearest real
    instance. Distances are Euclidean, with each channel divided by its standard deviation.

    Parameters
    ----------
    X_real, X_new : np.ndarray of shape (n_instances, n_channels, n_timepoints)
        Real and generated series in the same unit; preferably real series that the generator was
        not fitted to.
    n_neighbors : int, default=5
        Number k of neighbours.

    Returns
    -------
    Coverage
        Density and coverage. Copies of the real instances have a coverage of 1.

    Raises
    ------
    ValueError
        If there are not more than `n_neighbors` real instances, or the shapes do not match.

    References
    ----------
    .. [1] M. F. Naeem, S. J. Oh, Y. Uh, Y. Choi, J. Yoo (2020). Reliable fidelity and diversity
       metrics for generative models. ICML 2020.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.synthesis import coverage
    >>> X = np.random.default_rng(0).normal(size=(50, 2, 20))
    >>> coverage(X, X).coverage, coverage(X, X[:1] + np.zeros_like(X)).coverage < 0.5
    (1.0, True)
    """
    from scipy.spatial.distance import cdist

    check_number("n_neighbors", n_neighbors, least=1, whole=True)
    real, new = _points(X_real, X_new)
    if len(real) <= n_neighbors:
        raise ValueError(
            "coverage needs more real instances than n_neighbors. "
            f"Received: {len(real)} instances, n_neighbors={n_neighbors}"
        )
    radius = np.partition(cdist(real, real), n_neighbors, axis=1)[:, n_neighbors]
    within = cdist(real, new) < radius[:, None]
    return Coverage(
        float(within.sum() / (n_neighbors * len(new))), float(within.any(axis=1).mean())
    )


def novelty(X_training, X_new) -> float:
    """Compute the distance of samples from the training instances of their generator.

    Parameters
    ----------
    X_training, X_new : np.ndarray of shape (n_instances, n_channels, n_timepoints)
        Training series of the generator, and generated series in the same unit.

    Returns
    -------
    float
        Median distance from a sample to its nearest training instance, divided by the median
        distance from a training instance to its nearest other one: 0 for copies, about 1 for
        samples as new as real instances; NaN if the training instances are equal.

    Raises
    ------
    ValueError
        If the shapes do not match.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.synthesis import novelty
    >>> X = np.random.default_rng(0).normal(size=(50, 2, 20))
    >>> novelty(X, X), round(novelty(X, np.random.default_rng(1).normal(size=(50, 2, 20))), 1)
    (0.0, 1.0)
    """
    from scipy.spatial.distance import cdist

    training, new = _points(X_training, X_new)
    between = cdist(training, training)
    np.fill_diagonal(between, np.inf)
    usual = np.median(between.min(axis=1))
    nearest = np.median(cdist(new, training).min(axis=1))
    return float(nearest / usual) if np.isfinite(usual) and usual > 0 else float("nan")


def discriminative_score(X_real, X_new, *, n_splits: int = 5, random_state=None) -> float:
    """Compute how well a classifier distinguishes generated from real series [1]_.

    The classifier is a random forest on values and spectra, cross-validated on equal numbers of
    generated and real series.

    Parameters
    ----------
    X_real, X_new : np.ndarray of shape (n_instances, n_channels, n_timepoints)
        Real and generated series, preferably with the same distribution of targets.
    n_splits : int, default=5
        Number of folds.
    random_state : int, numpy.random.RandomState, numpy.random.Generator or None, default=None
        Seed of the subsample, the folds and the forest.

    Returns
    -------
    float
        Absolute difference of the accuracy from 0.5: 0 if they cannot be distinguished, 0.5 if all
        are classified correctly. Copies of instances in other folds give an accuracy below 0.5, so
        a score above 0.

    Raises
    ------
    ValueError
        If there are fewer than `n_splits` instances of one kind.

    References
    ----------
    .. [1] J. Yoon, D. Jarrett, M. van der Schaar (2019). Time-series generative adversarial
       networks. NeurIPS 2019. (With a recurrent network in the forest's place.)

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.synthesis import discriminative_score
    >>> X = np.random.default_rng(0).normal(size=(60, 1, 20))
    >>> discriminative_score(X[:30], X[30:] + 5, random_state=0)
    0.5
    """
    from sklearn.model_selection import StratifiedKFold, cross_val_score

    seed = draw_seed(random_state)
    rng = np.random.default_rng(seed)
    real, new = np.asarray(X_real, float), np.asarray(X_new, float)
    n = min(len(real), len(new))
    if n < n_splits:
        raise ValueError(
            f"discriminative_score needs at least {n_splits} real and {n_splits} generated series. "
            f"Received: {len(real)} real, {len(new)} generated"
        )
    both = np.concatenate([one[rng.permutation(len(one))[:n]] for one in (real, new)])
    folds = StratifiedKFold(n_splits, shuffle=True, random_state=seed % 2**32)
    scores = cross_val_score(
        _forest(True, seed), _features(both), np.repeat([0, 1], n), cv=folds, scoring="accuracy"
    )
    return float(abs(scores.mean() - 0.5))


def train_on_synthetic(
    X_train, y_train, X_new, y_new, X_test, y_test, *, estimator=None, random_state=None
) -> pd.DataFrame:
    """Train on generated series, on real series and on both, and test on real ones [1]_.

    Parameters
    ----------
    X_train, y_train : np.ndarray
        Real training panel and its class labels or floating-point numbers.
    X_new, y_new : np.ndarray
        Generated panel and its targets.
    X_test, y_test : np.ndarray
        Real test panel, unknown to the generator, and its targets.
    estimator : object, optional
        Estimator with ``fit(X, y)`` and ``predict(X)`` for panels. Default: a random forest on
        values and spectra.
    random_state : int, numpy.random.RandomState, numpy.random.Generator or None, default=None
        Seed of the forest.

    Returns
    -------
    pandas.DataFrame
        Rows ``real``, ``synthetic``, ``both``; columns ``accuracy``, ``f1_weighted`` and
        ``f1_macro`` for classification, ``mae`` for regression.

    References
    ----------
    .. [1] C. Esteban, S. L. Hyland, G. Rätsch (2017). Real-valued (medical) time series
       generation with recurrent conditional GANs. arXiv:1706.02633.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.synthesis import train_on_synthetic
    >>> X, y = np.repeat([[[0.0, 1.0]], [[5.0, 6.0]]], 10, axis=0), np.repeat(["a", "b"], 10)
    >>> train_on_synthetic(X, y, X + 0.1, y, X, y, random_state=0)["accuracy"].tolist()
    [1.0, 1.0, 1.0]
    """
    from sklearn.base import clone
    from sklearn.metrics import accuracy_score, f1_score, mean_absolute_error

    classes = not np.issubdtype(np.asarray(y_train).dtype, np.floating)
    panels = {
        "real": (X_train, y_train),
        "synthetic": (X_new, y_new),
        "both": (np.concatenate([X_train, X_new]), np.concatenate([y_train, y_new])),
    }
    seed, rows = draw_seed(random_state), {}
    for name, (X, y) in panels.items():
        if estimator is None:
            predicted = _forest(classes, seed).fit(_features(X), y).predict(_features(X_test))
        else:
            predicted = clone(estimator).fit(X, y).predict(X_test)
        rows[name] = (
            {
                "accuracy": accuracy_score(y_test, predicted),
                "f1_weighted": f1_score(y_test, predicted, average="weighted", zero_division=0),
                "f1_macro": f1_score(y_test, predicted, average="macro", zero_division=0),
            }
            if classes
            else {"mae": mean_absolute_error(y_test, predicted)}
        )
    return pd.DataFrame(rows).T


def spectral_distance(X_real, X_new) -> float:
    """Compute the difference of the mean power spectra of real and generated series.

    Parameters
    ----------
    X_real, X_new : np.ndarray of shape (n_instances, n_channels, n_timepoints)
        Real and generated series in the same unit.

    Returns
    -------
    float
        Root mean squared difference over channels and frequencies above zero, in dB; NaN if the
        real series have no power there (constant series, one time point).

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.synthesis import spectral_distance
    >>> X = np.random.default_rng(0).normal(size=(60, 1, 20))
    >>> round(spectral_distance(X, 10 * X), 6)
    20.0
    """
    real, new = (mean_spectrum(X) for X in (X_real, X_new))
    floor = _FLOOR * real.max(axis=1, keepdims=True, initial=0)
    present = real > floor
    if not present.any():
        return float("nan")
    decibel = 10 * np.log10(np.maximum(new, np.maximum(floor, np.finfo(float).tiny)) / np.where(
        present, real, 1))  # fmt: skip
    return float(np.sqrt(np.mean(decibel[present] ** 2)))


def mean_spectrum(X) -> np.ndarray:
    """Return the mean power spectrum of a panel.

    Parameters
    ----------
    X : np.ndarray of shape (n_instances, n_channels, n_timepoints)
        Series.

    Returns
    -------
    np.ndarray of shape (n_channels, n_timepoints // 2)
        Power, in the squared unit of X, at the positive frequencies, multiples of
        1 / n_timepoints cycles per sample.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.synthesis import mean_spectrum
    >>> int(mean_spectrum(np.sin(np.pi / 2 * np.arange(8))[None, None]).argmax())
    1
    """
    return (np.abs(np.fft.rfft(np.asarray(X, float), axis=2)) ** 2).mean(axis=0)[:, 1:]


def quality(
    generator, X_train, y_train, X_test, y_test, *, multiple: float = 2, random_state=None
) -> pd.Series:
    """Compute all metrics of a fitted generator.

    Parameters
    ----------
    generator : BaseGenerator
        Generator fitted to the training panel or to a part of it.
    X_train, y_train, X_test, y_test : np.ndarray
        Real panels and their class labels or floating-point numbers.
    multiple : float, default=2
        Number of samples per training instance.
    random_state : int, numpy.random.RandomState, numpy.random.Generator or None, default=None
        Seed.

    Returns
    -------
    pandas.Series
        ``TRTR``, ``TSTR`` and ``TRSTR`` (weighted F1 or mean absolute error on the test panel after
        training on real series, on generated ones and on both); ``discriminative``, ``density``,
        ``coverage`` and ``spectrum_db`` compared with the test panel; ``novelty``.

    Examples
    --------
    >>> from sktime.datasets import load_unit_test
    >>> from sktl.synthesis import AugmentationGenerator, quality
    >>> panels = [load_unit_test(part, return_type="numpy3D") for part in ("train", "test")]
    >>> generator = AugmentationGenerator().fit(*panels[0])
    >>> bool(quality(generator, *panels[0], *panels[1], random_state=0)["coverage"] > 0.5)
    True
    """
    rng = np.random.default_rng(draw_seed(random_state))
    X_new, y_new = generator.sample(max(1, round(multiple * len(y_train))), random_state=rng)
    scores = train_on_synthetic(X_train, y_train, X_new, y_new, X_test, y_test, random_state=rng)
    scores = scores["mae" if "mae" in scores else "f1_weighted"]
    reached = coverage(X_test, X_new, min(5, len(X_test) - 1))
    return pd.Series(
        {
            "TRTR": scores["real"],
            "TSTR": scores["synthetic"],
            "TRSTR": scores["both"],
            "discriminative": discriminative_score(X_test, X_new, random_state=rng),
            "density": reached.density,
            "coverage": reached.coverage,
            "novelty": novelty(X_train, X_new),
            "spectrum_db": spectral_distance(X_test, X_new),
        }
    )


def _points(X_real, X_new):
    """Return both panels as points, each channel divided by the real one's deviation."""
    real, new = np.asarray(X_real, float), np.asarray(X_new, float)
    if real.ndim != 3 or new.ndim != 3 or real.shape[1:] != new.shape[1:] or not len(new):
        raise ValueError(
            "Both panels must have shape (n_instances, n_channels, n_timepoints), with the same "
            f"channels and time points. Received: {real.shape} and {new.shape}"
        )
    scale = real.std(axis=(0, 2))
    scale = np.where(scale > 0, scale, 1.0)[:, None]
    return tuple((X / scale).reshape(len(X), -1) for X in (real, new))


def _features(X):
    X = np.asarray(X, float)
    power = np.abs(np.fft.rfft(X, axis=2)) ** 2
    spectra = np.log10(power + 1e-12)
    return np.concatenate([X.reshape(len(X), -1), spectra.reshape(len(X), -1)], axis=1)


def _forest(classes, seed):
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    kind = RandomForestClassifier if classes else RandomForestRegressor
    return kind(100, random_state=seed % 2**32, n_jobs=1)
