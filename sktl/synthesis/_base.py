"""Base class of all generators: validation, targets, sampling, saving and loading."""

from __future__ import annotations

import difflib
import hashlib
import inspect
import json
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator

from sktl._checks import check_finite
from sktl._files import replacing
from sktl._panels import as_array, check_same_order
from sktl._random import draw_seed
from sktl._targets import as_targets
from sktl._untrusted import read_json, read_npz, refusing

FORMAT = 1
TASKS = ("auto", "classification", "regression")


class BaseGenerator(BaseEstimator):
    """Base class of generators, which learn a labelled panel and generate similar instances.

    A subclass implements two methods: ``_fit(X, targets, rng)`` returns the learnt state as a
    dictionary of arrays, and ``_sample(targets, rng)`` generates one instance per target from
    ``self._learnt``. Targets are class indices (int) or numbers (float64). The base class does the
    rest, including saving and loading.

    Parameters
    ----------
    task : {"auto", "classification", "regression"}, default="auto"
        Meaning of y; with "auto", floating-point numbers are regression targets and everything else
        is a class label.
    random_state : int, numpy.random.RandomState, numpy.random.Generator or None, default=None
        Seed of the fit.

    Attributes
    ----------
    classes_ : np.ndarray or None
        The labels; None for regression.
    shape_ : tuple of int
        Channels and time points of an instance.
    n_instances_ : int
        Number of training instances.
    card_ : dict
        Description that `save` stores in the file.
    """

    # True if the learnt state, and so a saved file, contains training series unchanged.
    _holds_series: ClassVar[bool] = True
    _learnt: dict[str, np.ndarray]

    def __init__(self, task="auto", random_state=None):
        self.task = task
        self.random_state = random_state

    def fit(self, X, y):
        """Fit the generator to a panel.

        Parameters
        ----------
        X : np.ndarray of shape (n_instances, n_channels, n_timepoints)
            Series of equal length, finite, in any unit; a 2-dimensional array has one channel.
        y : array-like of shape (n_instances,)
            Class labels, or numbers.

        Returns
        -------
        self
            The fitted generator.

        Raises
        ------
        TypeError, ValueError
            If a parameter or the data cannot be used.
        """
        check_same_order(X, y)
        X = _panel(X)
        y = as_targets(y, "regression" if self.task == "regression" else "classification")
        y = np.asarray(y)
        if y.shape != (len(X),):
            raise ValueError(
                f"y must have one value per instance. Received: {y.shape} for {len(X)} instances"
            )
        if self.task not in TASKS:
            raise ValueError(f"task must be one of {TASKS}. Received: task={self.task!r}")
        numbers = np.issubdtype(y.dtype, np.floating)
        regression = numbers if self.task == "auto" else self.task == "regression"
        classes, targets = None, y
        if regression:
            targets = y.astype(np.float64)
            if not np.isfinite(targets).all():
                raise ValueError("y must be finite. Received: NaN or infinite values")
        else:
            classes, targets = np.unique(y, return_inverse=True)
        self.classes_ = classes
        self.shape_, self.n_instances_ = X.shape[1:], len(X)
        rng = np.random.default_rng(draw_seed(self.random_state))
        if hasattr(self, "_learnt"):
            del self._learnt
        digest = hashlib.sha256(np.ascontiguousarray(X).data)
        digest.update(targets.tobytes())
        learnt = self._fit(X, targets, rng)
        self._learnt = {name: np.asarray(array) for name, array in learnt.items()}
        self._learnt["training_targets"] = targets
        self.card_ = {
            "format": FORMAT,
            "generator": type(self).__name__,
            "parameters": self._json_parameters(),
            "task": "regression" if regression else "classification",
            "classes": None if classes is None else classes.tolist(),
            "label_type": None if classes is None else classes.dtype.str,
            "n_channels": self.shape_[0],
            "n_timepoints": self.shape_[1],
            "n_instances": self.n_instances_,
            "data_sha256": digest.hexdigest(),
            "holds_training_series": self._holds_series,
            "versions": {name: version(name) for name in ("sktl", "keras", "numpy")},
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        self._check_samples(X, targets, rng)
        return self

    def sample(self, n=None, y=None, *, random_state=None):
        """Generate new instances.

        Parameters
        ----------
        n : int, optional
            Number of instances. Their targets have the distribution of the training targets. Not
            needed if `y` is given.
        y : array-like of shape (n,), optional
            Targets of the instances: labels known from `fit`, or numbers.
        random_state : int, numpy.random.RandomState, numpy.random.Generator or None, default=None
            Seed.

        Returns
        -------
        X : np.ndarray of shape (n, n_channels, n_timepoints), float32
            Generated series, in the unit of the training panel.
        y : np.ndarray of shape (n,)
            Labels or numbers of the series.

        Raises
        ------
        ValueError
            If the generator is not fitted, `n` and `y` do not agree, or a label is unknown.
        """
        if not hasattr(self, "_learnt"):
            raise ValueError(
                "sample needs a fitted generator: call fit or load first. Received: "
                f"{type(self).__name__}, not fitted"
            )
        rng = np.random.default_rng(draw_seed(random_state))
        origin = getattr(self, "_origin", None)
        if origin is None:
            return self._made(n, y, rng)
        with refusing(f"{origin} is damaged or these targets do not fit"):
            return self._made(n, y, rng)

    def _made(self, n, y, rng):
        if y is None:
            if not isinstance(n, int | np.integer) or isinstance(n, bool) or n < 1:
                raise ValueError(f"n must be a whole number above 0. Received: n={n!r}")
            targets = _draw(self._learnt["training_targets"], int(n), rng)
        else:
            targets = self._encoded(np.asarray(y))
            if n is not None and n != len(targets):
                raise ValueError(f"y must have n values. Received: n={n}, y with {len(targets)}")
        X = self._sample(targets, rng).astype(np.float32)
        return X, (targets if self.classes_ is None else self.classes_[targets])

    def _encoded(self, y):
        if y.ndim != 1 or not len(y):
            raise ValueError(f"y must be one-dimensional and not empty. Received: shape {y.shape}")
        if self.classes_ is None:
            return y.astype(np.float64)
        unknown = sorted(set(y.tolist()) - set(self.classes_.tolist()), key=str)
        if unknown:
            raise ValueError(
                f"y must have labels known from fit, {self.classes_.tolist()}. Received: {unknown}"
            )
        return np.searchsorted(self.classes_, y)

    def _fit(self, X, targets, rng) -> dict[str, np.ndarray]:
        """Return the learnt state as arrays."""
        raise NotImplementedError

    def _sample(self, targets, rng) -> np.ndarray:
        """Generate one instance for each target."""
        raise NotImplementedError

    def _check_samples(self, X, targets, rng) -> None:
        """Warn if the samples are not reliable."""

    def _json_parameters(self) -> dict[str, Any]:
        return {
            name: value if isinstance(value, int | float | str | None) else repr(value)
            for name, value in self.get_params(deep=False).items()
        }

    def save(self, path) -> Path:
        """Save the fitted generator as one file with its arrays and card, written atomically.

        Parameters
        ----------
        path : str or path-like
            Name of the file, ending in ``.npz``. The card states whether the file contains training
            series.

        Returns
        -------
        pathlib.Path
            The file.

        Raises
        ------
        ValueError
            If the generator is not fitted, or the name does not end in ``.npz``.
        """
        path = Path(path)
        if not hasattr(self, "_learnt") or path.suffix != ".npz":
            raise ValueError(
                "save needs a fitted generator and a file name that ends in .npz. "
                f"Received: {'fitted' if hasattr(self, '_learnt') else 'not fitted'}, {path}"
            )
        content: dict[str, Any] = {"card": np.array(json.dumps(self.card_)), **self._learnt}
        with replacing(path) as new, new.open("wb") as file:
            np.savez_compressed(file, **content)
        return path

    @classmethod
    def load(cls, path):
        """Load a generator from a file that `save` has written.

        Parameters
        ----------
        path : str or path-like
            The file.

        Returns
        -------
        BaseGenerator
            Generator of the saved class; ``BaseGenerator.load`` accepts every class.

        Raises
        ------
        FileNotFoundError
            If the file does not exist.
        ValueError
            If the file is damaged, its format is not supported, or its class is unknown or not a
            subclass of this one.
        """
        path = Path(path)
        with refusing(f"{path} is damaged or not a saved generator"):
            learnt = read_npz(path)
            card = read_json(str(learnt.pop("card")))
            kind, known = str(card["generator"]), card["format"]
        if known != FORMAT:
            raise ValueError(
                f"{path} must have format {FORMAT}, which this version reads. "
                f"Received: format {known}"
            )
        kinds = {one.__name__: one for one in _subclasses(cls)}
        if kind not in kinds:
            near = difflib.get_close_matches(kind, kinds, 1)
            raise ValueError(
                f"{path} must contain one of {sorted(kinds)}; import the module of your own class "
                f"first.{f' Did you mean {near[0]}?' if near else ''} Received: {kind!r}"
            )
        with refusing(f"{path} is damaged or not a saved generator"):
            return kinds[kind]._restored(card, learnt, path.name)

    @classmethod
    def _restored(cls, card, learnt, origin):
        own = inspect.signature(cls).parameters
        values = {name: value for name, value in card["parameters"].items() if name in own}
        if isinstance(values.get("random_state"), str):  # the repr of a random generator
            values["random_state"] = None
        loaded = cls(**values)
        loaded.classes_ = _labels(card)
        loaded.shape_ = card["n_channels"], card["n_timepoints"]
        loaded.n_instances_ = card["n_instances"]
        loaded.card_, loaded._learnt, loaded._origin = card, learnt, origin
        return loaded


def _labels(card) -> np.ndarray | None:
    """Return the labels of a card with their original data type."""
    labels = card["classes"]
    if labels is None:
        return None
    found, kind = np.array(labels), np.dtype(card["label_type"])
    # A data type longer than the labels could allocate any amount of memory.
    if found.ndim != 1 or kind.kind not in "biufUS" or kind.itemsize > found.dtype.itemsize + 8:
        raise ValueError(f"labels {labels!r:.80} of the type {card['label_type']!r:.80}")
    return found.astype(kind)


def _panel(X) -> np.ndarray:
    X = as_array(X)
    X = X[:, None] if X.ndim == 2 else X
    X = X.astype(np.float64)
    check_finite(X)
    return X


def _draw(targets: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """Return n training targets in random order, each of them equally often up to one."""
    whole, rest = divmod(n, len(targets))
    odd = rng.choice(targets, rest, replace=False)
    return rng.permutation(np.concatenate([np.tile(targets, whole), odd]))


def _subclasses(cls):
    yield cls
    for child in cls.__subclasses__():
        yield from _subclasses(child)
