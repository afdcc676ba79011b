"""Data prepared for training: split, scaled and encoded. Several training runs can share it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from sktl.training.targets import Targets
from sktl.training.unequal_length import UNEQUAL, at_length


@dataclass(frozen=True, eq=False)
class DataFacts:
    """Properties of the training data that predictions and the card of a source need.

    Attributes
    ----------
    shape : tuple of (int, int, int)
        Number of channels, time points and outputs of the network.
    channel_repeats : int
        Number of copies of a single channel.
    preprocessing : Preprocessing
        Preprocessing of the series, fitted on the training part.
    targets : ClassTargets or NumericTargets
        Encoding of y, fitted on the training part.
    n_instances : int
        Number of instances of the training part.
    data_sha256 : str
        Hash of the given series and targets, including the held-out part of an inner split.
    policy : {"pad", "crop", "resample"} or None
        Treatment of unequal lengths, see `sktl.training.unequal_length.at_length`.
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
        """The shape, followed by True if the network reads series of unequal length."""
        return (*self.shape, True) if isinstance(self.preprocessing, UNEQUAL) else self.shape

    def at_length(self, X: np.ndarray) -> np.ndarray:
        """Return series at the length of the network; without a policy they are not changed."""
        return X if self.policy is None else at_length(X, self.shape[1], self.policy)


@dataclass(frozen=True, eq=False)
class TrainingData:
    """A training part and its held-out validation part.

    It depends neither on `omega` nor on the weights of the source. Of the source, only the number
    of channels matters.

    Attributes
    ----------
    training : tuple of (inputs, targets, weights)
        The training part, see `sktl.training.loop.advance`.
    validation : tuple of (inputs, targets) or None
        The held-out part.
    y_validation : np.ndarray or None
        Labels or numbers of the held-out part, not encoded.
    facts : DataFacts
        Properties of the data.
    rows : np.ndarray of int or None
        Indices of the training part in the given data; None: it was not given as a panel.
    frames_validation : np.ndarray of shape (n_instances, 2) or None
        Reference values of the held-out targets, see `instance_frames`; None: there are none.
    weights_validation : np.ndarray of shape (n_instances,) or None
        Instance weights of a held-out part that comes from an inner split. None: the user gave the
        held-out part, and nothing may be fitted to it.
    """

    training: tuple[list[np.ndarray], np.ndarray, np.ndarray]
    validation: tuple[list[np.ndarray], np.ndarray] | None
    y_validation: np.ndarray | None
    facts: DataFacts
    rows: np.ndarray | None = None
    frames_validation: np.ndarray | None = None
    weights_validation: np.ndarray | None = None

    def served_by(self, network: Any) -> Any:
        """Return the network that trains on the data; subclasses may read the data from a file."""
        return network

    def scores(self, outputs: np.ndarray) -> dict[str, float]:
        """Return the scores of outputs for the held-out part, or for its first instances."""
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
        Hexadecimal digest.
    """
    return _with_targets(hashlib.sha256(np.ascontiguousarray(X).data), y)


def data_hashes(X: np.ndarray, y: np.ndarray) -> list[str]:
    """Return all sha256 digests that the cards of sources can have for a panel and its targets.

    A classifier hashes whole numbers as integers and a regressor as floats. Both digests are needed
    to recognise sources of the other task that were trained on the same data.

    Parameters
    ----------
    X, y
        See `data_hash`.

    Returns
    -------
    list of str
        One to three digests; the first one is that of `data_hash`.
    """
    digest, y = hashlib.sha256(np.ascontiguousarray(X).data), np.asarray(y)
    forms = [y]
    if y.dtype.kind in "iuf" and (np.abs(y) < 2**53).all() and (y == np.rint(y)).all():
        forms += [y.astype(np.int64), y.astype(np.float64)]
    return list(dict.fromkeys(_with_targets(digest.copy(), form) for form in forms))


def _with_targets(digest, y):
    digest.update(np.asarray(y).astype(str).tobytes())
    return digest.hexdigest()
