"""Training on instances that stay in their file, for what does not fit in memory.

The instances come in the order in which a fit in memory takes them, so the result is the same; a
thread reads and scales the next block while the network trains on one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np

from sktl.datasets import Reader
from sktl.training.prepared_data import Prepared
from sktl.training.preprocessing import Preprocessing, amplitude_scale, scale_instances
from sktl.training.randomness import random_streams

Result = TypeVar("Result")
# Values of a block: larger ones leave the cache and cost page faults, smaller ones calls.
_BLOCK = 2**21


class StoredPart:
    """One part of a dataset, read when asked for.

    Parameters
    ----------
    reader : Reader
        Gives the instances.
    indices : np.ndarray of int
        Which of the reader's instances.
    form : callable
        Turns a panel as it is stored into one that is trained on.
    kind : type
        Of the targets: ``float`` or ``str``.
    """

    def __init__(
        self,
        reader: Reader,
        indices: np.ndarray,
        form: Callable[[np.ndarray], np.ndarray],
        kind: type,
    ):
        self._reader, self._indices, self._form, self._kind = reader, indices, form, kind

    def __len__(self) -> int:
        return len(self._indices)

    def __getitem__(self, part: slice) -> StoredPart:
        return StoredPart(self._reader, self._indices[part], self._form, self._kind)

    @property
    def y(self) -> np.ndarray:
        """The targets."""
        return self._reader.y[self._indices].astype(self._kind)

    def read(self, positions: np.ndarray) -> np.ndarray:
        """Read some instances, all of them usable, in the order of their positions."""
        return self._form(self._reader.read(self._indices[positions])[0])

    def batches(self, size: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Iterate over panels and targets; what cannot be used is left out then and later."""
        for X, y in self._reader.iter_batches(size, self._indices):
            yield self._form(X), y.astype(self._kind)
        self._indices = self._reader.usable(self._indices)


class ReadingNetwork:
    """A compiled network whose data is placed a block at a time.

    Parameters
    ----------
    network : CompiledNetwork
        What trains and predicts.
    transform : callable
        Turns a panel into the network's inputs.
    """

    def __init__(self, network: Any, transform: Callable[[np.ndarray], list[np.ndarray]]):
        self._network, self._transform = network, transform

    def __getattr__(self, name: str) -> Any:
        return getattr(self._network, name)

    def place(self, inputs: list[StoredPart], *columns: np.ndarray) -> tuple:
        """Keep what `train` and `predict` will read."""
        return inputs[0], columns

    def train(self, data: tuple, order: np.ndarray, batch_size: int) -> float:
        """Train one epoch; see `CompiledNetwork.train`."""
        total = 0.0
        for block in self._blocks(data, order, batch_size):
            loss = self._network.train(block, np.arange(len(block[-1])), batch_size)
            total += loss * len(block[-1])
        return total / len(order)

    def predict(self, data: tuple) -> np.ndarray:
        """Apply the network; see `CompiledNetwork.predict`."""
        blocks = self._blocks(data, np.arange(len(data[0])), self._network.prediction_batch)
        return np.concatenate([self._network.predict(block) for block in blocks])

    def _blocks(self, data, order, multiple):
        """Give the tensors of consecutive instances; only the last block has odd ones."""
        panel, columns = data

        def read(positions):
            inputs = self._transform(panel.read(positions))
            return self._network.place(inputs, *(column[positions] for column in columns))

        values = panel.read(order[:1]).size
        size = max(1, _BLOCK // (values * multiple)) * multiple
        # No block is smaller than a batch: an incomplete batch is filled up as in memory.
        cuts = range(size, len(order) - multiple + 1, size)
        return ahead(read, np.split(order, cuts))


def ahead(read: Callable[[Any], Result], items: Sequence[Any]) -> Iterator[Result]:
    """Give what reading each of some items gives, while a thread reads the next."""
    with ThreadPoolExecutor(1) as thread:
        coming = thread.submit(read, items[0])
        for item in items[1:]:
            result = coming.result()
            coming = thread.submit(read, item)
            yield result
        yield coming.result()


def fit_stored(estimator: Any, training: StoredPart, validation: StoredPart) -> Any:
    """Fit an estimator to instances that stay in their file.

    Parameters
    ----------
    estimator : estimator
        One of `sktl.estimators`, without a source.
    training, validation : StoredPart
        What it trains on, and what decides on the learning rate, the end and the best epoch.

    Returns
    -------
    estimator
        The same, fitted as `fit` fits it to the same instances in memory, but that
        ``head="auto"`` is "random": the probe needs the training part in memory.

    Raises
    ------
    ValueError
        If the estimator needs the whole panel at once to scale it.
    """
    if estimator._preprocessing_type is not Preprocessing:
        raise ValueError(
            f"{type(estimator).__name__} needs its training part in memory: take fewer instances, "
            f"or allow more. Received: {len(training)} instances that exceed `memory`"
        )
    if estimator.head == "probe":
        raise ValueError(
            "head='probe' needs the training part in memory: take fewer instances, or allow more. "
            f"Received: {len(training)} instances that exceed `memory`"
        )
    trainer = estimator.clone()
    if trainer.head == "auto":
        trainer.set_params(head="random")
    # What fit would have told it, as for the candidates of an OmegaSearch.
    trainer._n_repeats = 1
    trainer._preprocessing, trainer._data_hash, frames = scan(training, trainer)
    trainer._given_hash = trainer._data_hash
    # One pass finds what cannot be used, before the targets are taken.
    frames_validation = _joined([trainer._frames(X) for X, _ in validation.batches(256)])
    y, y_validation = training.y, validation.y
    if trainer._kind == "classifier":
        trainer.classes_ = np.unique(y)
    trainer._check_held_out_targets(y_validation)
    targets, weights = trainer._fit_targets(y, frames)
    trainer._n_training_instances = len(y)
    trainer._shape = (*trainer._preprocessing.mask.shape, targets.shape[1])
    held_out: Any = ([validation], trainer._targets(y_validation, frames_validation))
    part: Any = ([training], targets, weights)
    prepared = Prepared(part, held_out, y_validation, trainer._learnt_of_data(), frames_validation)
    state = trainer._begin(prepared, None, random_streams(trainer.random_state))

    def reading(network):
        return ReadingNetwork(network, trainer._preprocessing.transform)

    with trainer._progress() as progress:
        trainer._advance(prepared, state, progress, through=reading)
    # Sktime's fit checks its data: an instance of every class is enough for that.
    few = np.unique(y, return_index=True)[1] if trainer._kind == "classifier" else np.arange(2)
    return estimator._fit_trained(training.read(few), y[few], prepared, state)


def _joined(frames):
    return None if frames[0] is None else np.concatenate(frames)


def scan(training, trainer):
    """Fit the preprocessing, hash the data and take its frames, in one pass."""
    digest, amplitudes, frames = hashlib.sha256(), [], []
    total: Any = 0.0
    for X, _ in training.batches(256):
        digest.update(np.ascontiguousarray(X).data)
        scaled, amplitude = scale_instances(X)
        amplitudes.append(amplitude)
        frames.append(trainer._frames(X))
        # One after the other, as numpy's own mean over the first axis does.
        for instance in scaled:
            total = total + instance.astype(np.float64)
    digest.update(training.y.astype(str).tobytes())
    mask = (total / len(training)).astype(np.float32)
    stream_max = trainer._resolved()["stream_max"]
    scaling = amplitude_scale(np.concatenate(amplitudes), stream_max)
    preprocessing = Preprocessing(mask, stream_max, *scaling)
    return preprocessing, digest.hexdigest(), _joined(frames)
