"""Training on instances that stay in their file, for what does not fit in memory.

The instances come in the order in which a fit in memory takes them, so the result is the same; a
thread reads and scales the next block while the network trains on one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from sktl.datasets import Reader
from sktl.estimators.preparation import DataNeeds, data_needs, prepare
from sktl.estimators.training_run import TrainingRun
from sktl.estimators.transfer import form_of
from sktl.training.preprocessing import Preprocessing, amplitude_scale, scale_instances
from sktl.training.randomness import random_streams
from sktl.training.training_data import DataFacts, TrainingData

Result = TypeVar("Result")
# Values of a block: larger ones leave the cache and cost page faults, smaller ones calls.
_BLOCK = 2**21


class FilePart:
    """One part of a dataset, read when asked for.

    Parameters
    ----------
    reader : Reader
        Gives the instances.
    indices : np.ndarray of int
        Which of the reader's instances.
    form : callable
        Turns a panel as it is stored into one that is trained on.
    kind : type or dtype
        Of the targets: ``float``, ``str``, or as they are stored.
    """

    def __init__(
        self,
        reader: Reader,
        indices: np.ndarray,
        form: Callable[[np.ndarray], np.ndarray],
        kind: Any,
    ):
        self._reader, self._indices, self._form, self._kind = reader, indices, form, kind

    def __len__(self) -> int:
        return len(self._indices)

    def __getitem__(self, part: slice) -> FilePart:
        return FilePart(self._reader, self._indices[part], self._form, self._kind)

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

    def to_tensors(self, inputs: list[FilePart], *columns: np.ndarray) -> Any:
        """Keep what `train` and `predict` will read; what is in memory becomes tensors."""
        if isinstance(inputs[0], np.ndarray):
            return self._network.to_tensors(inputs, *columns)
        return inputs[0], columns

    def train(self, data: Any, order: np.ndarray, batch_size: int) -> float:
        """Train one epoch; see `CompiledNetwork.train`."""
        if not isinstance(data, tuple):
            return self._network.train(data, order, batch_size)
        total = 0.0
        for block in self._blocks(data, order, batch_size):
            loss = self._network.train(block, np.arange(len(block[-1])), batch_size)
            total += loss * len(block[-1])
        return total / len(order)

    def predict(self, data: Any) -> np.ndarray:
        """Apply the network; see `CompiledNetwork.predict`."""
        if not isinstance(data, tuple):
            return self._network.predict(data)
        blocks = self._blocks(data, np.arange(len(data[0])), self._network.prediction_batch)
        return np.concatenate([self._network.predict(block) for block in blocks])

    def _blocks(self, data, order, multiple):
        """Give the tensors of consecutive instances; only the last block has odd ones."""
        panel, columns = data

        def read(positions):
            inputs = self._transform(panel.read(positions))
            return self._network.to_tensors(inputs, *(column[positions] for column in columns))

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


def reads_from_file(estimator: Any) -> bool:
    """Return True if an estimator can train on a part that stays in its file."""
    return data_needs(estimator, None).preprocessing is Preprocessing


def fit_from_file(estimator: Any, training: FilePart, validation: FilePart) -> Any:
    """Fit an estimator to instances that stay in their file.

    Parameters
    ----------
    estimator : estimator
        One of `sktl.estimators`, without a source.
    training, validation : FilePart
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
    needs = data_needs(estimator, None)
    if not reads_from_file(estimator):
        raise ValueError(
            f"{type(estimator).__name__} needs its training part in memory: take fewer instances, "
            f"or allow more. Received: {len(training)} instances that exceed `memory`"
        )
    if estimator.head == "probe":
        raise ValueError(
            "head='probe' needs the training part in memory: take fewer instances, or allow more. "
            f"Received: {len(training)} instances that exceed `memory`"
        )
    trained = estimator.clone()
    if trained.head == "auto":
        trained.set_params(head="random")
    # One pass finds what cannot be used, before the targets are taken.
    scanned = Scan.of(training, needs)
    frames_validation = _joined([needs.targets.frames(X) for X, _ in validation.batches(256)])
    y, y_validation = training.y, validation.y
    targets = needs.targets.fit(y, scanned.frames)
    encoded = targets.encode(y, scanned.frames)
    stream_max = data_needs(trained, len(y)).stream_max
    preprocessing = scanned.preprocessing(stream_max)
    facts = DataFacts(
        (*scanned.mean.shape, encoded.shape[1]), 1, preprocessing, targets, len(y), scanned.sha256
    )
    part: Any = [training], encoded, targets.weights(y)
    held_out: Any = [validation], targets.encode(targets.check(y_validation), frames_validation)
    data = FileData(part, held_out, y_validation, facts, frames_validation=frames_validation)
    run = TrainingRun(trained, data, random_streams(trained.random_state))
    run.start().advance(progress_bar=True)
    # Sktime's fit checks its data: an instance of every class is enough for that.
    classes = getattr(targets, "classes", None)
    few = np.arange(2) if classes is None else np.unique(y, return_index=True)[1]
    return run.fit_estimator(estimator, training.read(few), y[few])


def fit_held_out_in_file(estimator: Any, X: np.ndarray, y: np.ndarray, validation: FilePart) -> Any:
    """Fit an estimator to instances in memory, while those held out stay in their file.

    Parameters
    ----------
    estimator : estimator
        One of `sktl.estimators`, with or without a source.
    X : np.ndarray of shape (n_instances, n_channels, n_timepoints)
        Training panel.
    y : np.ndarray of shape (n_instances,)
        Its labels or numbers.
    validation : FilePart
        What decides on the learning rate, the end and the best epoch; it has as many channels as
        the network, and is read at every epoch.

    Returns
    -------
    estimator
        The same, fitted as ``fit(X, y, validation_data=...)`` fits it.
    """
    estimator.check_parameters()
    streams, source = random_streams(estimator.random_state), estimator.load_source()
    # One pass finds what cannot be used.
    unfitted = data_needs(estimator, None).targets
    frames = _joined([unfitted.frames(panel) for panel, _ in validation.batches(256)])
    # Some of the held-out part shows that it goes with X; the whole takes its place below.
    few = np.arange(min(2, len(validation)))
    prepared = prepare(
        estimator, X, y, streams["split"],
        form=form_of(estimator, X, source),
        validation_data=(validation.read(few), validation.y[few]),
    )  # fmt: skip
    targets = prepared.facts.targets
    held_out: Any = [validation], targets.encode(targets.check(validation.y), frames)
    data = FileData(
        prepared.training, held_out, validation.y, prepared.facts, prepared.rows, frames
    )
    run = TrainingRun(estimator, data, streams).start(source)
    run.advance(progress_bar=True)
    return run.fit_estimator(estimator, X, y)


def _joined(frames):
    return None if frames[0] is None else np.concatenate(frames)


@dataclass(frozen=True, eq=False)
class FileData(TrainingData):
    """Data whose series are `FilePart`s."""

    def served_by(self, network: Any) -> ReadingNetwork:
        """Return a network that reads the series where it needs them."""
        return ReadingNetwork(network, self.facts.preprocessing.transform)


@dataclass(frozen=True, eq=False)
class Scan:
    """What one pass over a training part finds.

    Attributes
    ----------
    mean : np.ndarray of shape (n_channels, n_timepoints)
        Mean of the scaled instances.
    amplitudes : np.ndarray of shape (n_instances, 1)
        Stream max of each.
    frames : np.ndarray of shape (n_instances, 2) or None
        What the targets are relative to.
    sha256 : str
        As `sktl.training.training_data.data_hash` of the whole part.
    """

    mean: np.ndarray
    amplitudes: np.ndarray
    frames: np.ndarray | None
    sha256: str

    @classmethod
    def of(cls, training: FilePart, needs: DataNeeds) -> Scan:
        """Read a part once.

        Parameters
        ----------
        training : FilePart
            The part.
        needs : DataNeeds
            Of the estimator that will train on it.

        Returns
        -------
        Scan
        """
        digest, amplitudes, frames = hashlib.sha256(), [], []
        total: Any = 0.0
        for X, _ in training.batches(256):
            digest.update(np.ascontiguousarray(X).data)
            scaled, amplitude = scale_instances(X)
            amplitudes.append(amplitude)
            frames.append(needs.targets.frames(X))
            # One after the other, as numpy's own mean over the first axis does.
            for instance in scaled:
                total = total + instance.astype(np.float64)
        digest.update(training.y.astype(str).tobytes())
        mean = (total / len(training)).astype(np.float32)
        return cls(mean, np.concatenate(amplitudes), _joined(frames), digest.hexdigest())

    def preprocessing(self, stream_max: str | None) -> Preprocessing:
        """Return the preprocessing that a fit to the whole part in memory gives."""
        return Preprocessing(self.mean, stream_max, *amplitude_scale(self.amplitudes, stream_max))
