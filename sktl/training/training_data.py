"""Data as a network trains on it: split, scaled, encoded; several trainings can share it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from sktl.training.targets import Targets
from sktl.training.unequal_length import UnequalPreprocessing, at_length


@dataclass(frozen=True, eq=False)
class DataFacts:
    """What predictions, and the card of a source, need of the data of a training.

    Attributes
    ----------
    shape : tuple of (int, int, int)
        Channels, time points and outputs of the network.
    channel_repeats : int
        How often a single channel is repeated.
    preprocessing : Preprocessing
        What series go through; fitted on the training part.
    targets : ClassTargets or NumericTargets
        What encodes y; fitted on the training part.
    n_instances : int
        Instances of the training part.
    data_sha256 : str
        Hash of the series and targets that were given, the held-out part of an inner split with
        them.
    policy : {"pad", "crop", "resample"} or None
        What brings series to one length, see `sktl.training.unequal_length.at_length`.
    """

    shape: tuple[int, int, int]
    channel_repeats: int
    preprocessing: Any
    targets: Targets
    n_instances: int
    data_sha256: str
    policy: str | None = None

    @property
    def network_shape(self) -> tuple:
        """The shape, with True at its end where the network reads series of unequal length."""
        unequal = isinstance(self.preprocessing, UnequalPreprocessing)
        return (*self.shape, True) if unequal else self.shape

    def at_length(self, X: np.ndarray) -> np.ndarray:
        """Return series at the length to which a policy brings them; without one as they are."""
        return X if self.policy is None else at_length(X, self.shape[1], self.policy)


@dataclass(frozen=True, eq=False)
class TrainingData:
    """A training part and what is held out of it.

    It depends on the estimator's parameters that neither `omega` nor the weights of the source
    touch; of the source it depends on the number of channels alone.

    Attributes
    ----------
    training : tuple of (inputs, targets, weights)
        The training part, see `sktl.training.loop.advance`.
    validation : tuple of (inputs, targets) or None
        The held-out part.
    y_validation : np.ndarray or None
        Its labels or numbers as they were given.
    facts : DataFacts
        What predictions need of it.
    rows : np.ndarray of int or None
        Which of the given instances the training part is; None: it was not given as a panel.
    frames_validation : np.ndarray of shape (n_instances, 2) or None
        What the targets of the held-out part are relative to; None: to nothing.
    weights_validation : np.ndarray of shape (n_instances,) or None
        Weights of the instances of a part that an inner split holds out, as of those that are
        trained on. None: the held-out part was given, and nothing may be fitted to it.
    """

    training: tuple[list[np.ndarray], np.ndarray, np.ndarray]
    validation: tuple[list[np.ndarray], np.ndarray] | None
    y_validation: np.ndarray | None
    facts: DataFacts
    rows: np.ndarray | None = None
    frames_validation: np.ndarray | None = None
    weights_validation: np.ndarray | None = None

    def served_by(self, network: Any) -> Any:
        """Return what trains on the data: the network itself, or one that reads from a file."""
        return network

    def scores(self, outputs: np.ndarray) -> dict[str, float]:
        """Score the outputs for the held-out part, or for its first instances."""
        used = slice(len(outputs))
        frames = None if self.frames_validation is None else self.frames_validation[used]
        y: Any = self.y_validation
        return self.facts.targets.scores(y[used], outputs, frames)


def data_hash(X: np.ndarray, y: np.ndarray) -> str:
    """Return the sha256 of a panel and its targets, for the card of a source.

    Parameters
    ----------
    X : np.ndarray of shape (n_instances, n_channels, n_timepoints)
        Panel.
    y : np.ndarray of shape (n_instances,)
        Labels or numbers.

    Returns
    -------
    str
        Hexadecimal digits.
    """
    return _with_targets(hashlib.sha256(np.ascontiguousarray(X).data), y)


def data_hashes(X: np.ndarray, y: np.ndarray) -> list[str]:
    """Return the sha256 of a panel and its targets as sources' cards may hold it.

    Whole numbers reach a classifier as they are, and a regressor as floats: a source of the other
    kind has seen the same answers.

    Parameters
    ----------
    X, y
        See `data_hash`.

    Returns
    -------
    list of str
        One to three, that of `data_hash` first.
    """
    digest, y = hashlib.sha256(np.ascontiguousarray(X).data), np.asarray(y)
    forms = [y]
    if y.dtype.kind in "iuf" and (np.abs(y) < 2**53).all() and (y == np.rint(y)).all():
        forms += [y.astype(np.int64), y.astype(np.float64)]
    return list(dict.fromkeys(_with_targets(digest.copy(), form) for form in forms))


def _with_targets(digest, y):
    digest.update(np.asarray(y).astype(str).tobytes())
    return digest.hexdigest()
