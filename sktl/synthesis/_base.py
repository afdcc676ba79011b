"""What all generators share: checks, targets, samples, files."""

from __future__ import annotations

import difflib
import hashlib
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
    """Learns a small labelled panel and gives more instances that are meant to look like it.

    A new generator gives two methods: ``_fit(X, targets, rng)`` returns all that was learnt as a
    dictionary of arrays, and ``_sample(targets, rng)`` makes one instance for each target from
    ``self._learnt``. Targets are class numbers (int) or numbers (float64). Everything else,
    files included, is done here.

    Parameters
    ----------
    task : {"auto", "classification", "regression"}, default="auto"
        What y is; "auto" takes floating-point numbers for numbers to predict, all else for classes.
    random_state : int, numpy.random.RandomState, numpy.random.Generator or None, default=None
        Seed of the fit.

    Attributes
    ----------
    classes_ : np.ndarray or None
        The labels; None for regression.
    shape_ : tuple of int
        Channels and time points of an instance.
    n_instances_ : int
        Instances that it was fitted on.
    card_ : dict
        What a saved file says of itself.
    """

    # Whether what was learnt, and so a saved file, holds training series as they are.
    _holds_series: ClassVar[bool] = True
    _learnt: dict[str, np.ndarray]

    def __init__(self, task="auto", random_state=None):
        self.task = task
        self.random_state = random_state

    def fit(self, X, y):
        """Learn a panel.

        Parameters
        ----------
        X : np.ndarray of shape (n_instances, n_channels, n_timepoints)
            Series of equal length, finite, in any unit; two dimensions stand for one channel.
        y : array-like of shape (n_instances,)
            Class labels, or numbers.

        Returns
        -------
        self

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
        """Make new instances.

        Parameters
        ----------
        n : int, optional
            How many; their targets are those of the training instances, as often as these have
            them. May be left out where `y` is given.
        y : array-like of shape (n,), optional
            The targets that are wanted: labels known from `fit`, or numbers.
        random_state : int, numpy.random.RandomState, numpy.random.Generator or None, default=None
            Seed.

        Returns
        -------
        X : np.ndarray of shape (n, n_channels, n_timepoints), float32
            Series, in the unit of the training panel.
        y : np.ndarray of shape (n,)
            Their labels or numbers.

        Raises
        ------
        ValueError
            If `n` and `y` do not agree, or a label is unknown.
        """
        if not hasattr(self, "_learnt"):
            raise ValueError(f"This {type(self).__name__} has learnt nothing: call fit or load.")
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
                raise ValueError(f"y must have n values. Received: n={n}, {len(targets)} in y")
        X = self._sample(targets, rng).astype(np.float32)
        return X, (targets if self.classes_ is None else self.classes_[targets])

    def _encoded(self, y):
        if y.ndim != 1 or not len(y):
            raise ValueError(f"y must be one-dimensional, not empty. Received: shape {y.shape}")
        if self.classes_ is None:
            return y.astype(np.float64)
        unknown = sorted(set(y.tolist()) - set(self.classes_.tolist()), key=str)
        if unknown:
            raise ValueError(
                f"y must hold labels known from fit, {self.classes_.tolist()}. Received: {unknown}"
            )
        return np.searchsorted(self.classes_, y)

    def _fit(self, X, targets, rng) -> dict[str, np.ndarray]:
        """Return what is to be known, as arrays."""
        raise NotImplementedError

    def _sample(self, targets, rng) -> np.ndarray:
        """Make one instance for each target."""
        raise NotImplementedError

    def _check_samples(self, X, targets, rng) -> None:
        """Say where the samples cannot be trusted."""

    def _json_parameters(self) -> dict[str, Any]:
        return {
            name: value if isinstance(value, int | float | str | None) else repr(value)
            for name, value in self.get_params(deep=False).items()
        }

    def save(self, path) -> Path:
        """Save what was learnt: arrays and a card in one file, written whole or not at all.

        Parameters
        ----------
        path : str or path-like
            The file, ``.npz``. The card says whether it holds training series.

        Returns
        -------
        pathlib.Path
            The file.

        Raises
        ------
        ValueError
            If nothing was learnt yet, or the name does not end in ``.npz``.
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
        """Load a generator that `save` wrote.

        Parameters
        ----------
        path : str or path-like
            The file.

        Returns
        -------
        BaseGenerator
            Of the class that was saved; ``BaseGenerator.load`` loads any.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ValueError
            If it is damaged, of a later format, or of a class that is unknown or another.
        """
        path = Path(path)
        with refusing(f"{path} is damaged or no saved generator"):
            learnt = read_npz(path)
            card = read_json(str(learnt.pop("card")))
            kind, known = str(card["generator"]), card["format"]
        if known != FORMAT:
            raise ValueError(f"{path} has a format this version cannot read. Received: {known}")
        kinds = {one.__name__: one for one in _subclasses(cls)}
        if kind not in kinds:
            near = difflib.get_close_matches(kind, kinds, 1)
            raise ValueError(
                f"{path} must hold one of {sorted(kinds)}; import the module of your own class "
                f"first.{f' Did you mean {near[0]}?' if near else ''} Received: {kind!r}"
            )
        with refusing(f"{path} is damaged or no saved generator"):
            return kinds[kind]._restored(card, learnt, path.name)

    @classmethod
    def _restored(cls, card, learnt, origin):
        own = cls._get_param_names()
        values = {name: value for name, value in card["parameters"].items() if name in own}
        if isinstance(values.get("random_state"), str):  # a generator's name, not its state
            values["random_state"] = None
        loaded = cls(**values)
        loaded.classes_ = _labels(card)
        loaded.shape_ = card["n_channels"], card["n_timepoints"]
        loaded.n_instances_ = card["n_instances"]
        loaded.card_, loaded._learnt, loaded._origin = card, learnt, origin
        return loaded


def _labels(card) -> np.ndarray | None:
    """Return the labels of a card, of the type that they had."""
    labels = card["classes"]
    if labels is None:
        return None
    found, kind = np.array(labels), np.dtype(card["label_type"])
    # A longer type than the labels need would take any memory.
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
    """Take every training target equally often, the odd ones at random, in random order."""
    whole, rest = divmod(n, len(targets))
    odd = rng.choice(targets, rest, replace=False)
    return rng.permutation(np.concatenate([np.tile(targets, whole), odd]))


def _subclasses(cls):
    yield cls
    for child in cls.__subclasses__():
        yield from _subclasses(child)
