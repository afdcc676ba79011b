"""The training loop: shuffled epochs, learning-rate reduction, early stopping, best weights.

Otović et al. 2022, section 2.4.3: Adam; the learning rate is multiplied by 0.2 after 4 epochs
without improvement, and training stops after 10. The tests compare the loop with Keras' own ``fit``
and its callbacks ``ReduceLROnPlateau`` and ``EarlyStopping``.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from sktl.training.compiled_network import CompiledNetwork

# Keras' default: smaller improvements do not delay a reduction of the learning rate. It suits a
# loss of about one; for a monitor with a unit it is multiplied by the spread of the targets.
MIN_DELTA = 1e-4


@dataclass(frozen=True)
class Schedule:
    """Settings of a training run: epochs, batches, learning rate, patience and monitor.

    Attributes
    ----------
    n_epochs, batch_size, learning_rate, drop_last
        See the estimators.
    monitor : str
        Column of the history that controls learning rate, early stopping and the best epoch.
    greater_is_better : bool
        True if larger values of `monitor` are better.
    early_stopping_patience, reduce_lr_patience : int or None
        See the estimators.
    reduce_lr_factor, min_learning_rate : float
        See the estimators.
    min_delta : float, default=1e-4
        Smallest improvement that delays a reduction of the learning rate, in the monitor's unit.
    """

    n_epochs: int
    batch_size: int
    learning_rate: float
    monitor: str
    greater_is_better: bool
    early_stopping_patience: int | None
    reduce_lr_patience: int | None
    reduce_lr_factor: float
    min_learning_rate: float
    drop_last: bool
    min_delta: float = MIN_DELTA

    def usable(self, n_instances: int, part: str) -> int:
        """Return the number of instances of a part that are used per epoch.

        Parameters
        ----------
        n_instances : int
            Number of instances of the part.
        part : str
            Name of the part, for the error message.

        Returns
        -------
        int
            All instances; with `drop_last` as many as fill complete batches.

        Raises
        ------
        ValueError
            If `drop_last` leaves no batch.
        """
        used = n_instances - n_instances % self.batch_size if self.drop_last else n_instances
        if not used:
            raise ValueError(
                f"With drop_last=True the {part} part must fill at least one batch. "
                f"Received: {n_instances} {part} instances, batch_size={self.batch_size}"
            )
        return used


@dataclass
class Plateau:
    """Detects that a score has stopped improving.

    Attributes
    ----------
    patience : int or None
        Number of epochs without improvement that make a plateau; None: never detect one.
    min_delta : float
        Smallest decrease that counts as an improvement.
    best : float
        Best value so far.
    wait : int
        Epochs since the best value, or since the last plateau.
    """

    patience: int | None
    min_delta: float = 0.0
    best: float = field(default=math.inf, init=False)
    wait: int = field(default=0, init=False)

    def reached(self, value: float) -> bool:
        """Add the value of the next epoch and return True if a plateau is reached.

        Parameters
        ----------
        value : float
            Score of the epoch; smaller is better.

        Returns
        -------
        bool
            True if the last `patience` values were no improvement; counting then starts again.
        """
        if value < self.best - self.min_delta:
            self.best, self.wait = value, 0
            return False
        self.wait += 1
        if self.patience is None or self.wait < self.patience:
            return False
        self.wait = 0
        return True


@dataclass
class TrainingState:
    """State of a training run, from which `advance` continues.

    Attributes
    ----------
    rng : numpy.random.Generator
        Generator that shuffles the instances before every epoch.
    network : list of np.ndarray or None
        Return value of `CompiledNetwork.state` at the last pause; None: the network was just reset.
    learning_rate : float
        Learning rate of the next epoch.
    stop, reduce : Plateau
        Early stopping, and reduction of the learning rate.
    rows : list of dict
        History, one row per epoch.
    penalties : list of float
        Kernel penalty included in the ``val_loss`` of each row.
    best_epoch : int
        Epoch of the best monitored value so far; the first of several equal ones.
    best_weights : dict of str to np.ndarray
        Weights after that epoch.
    best : float
        Monitored value of that epoch, with the sign changed if greater is better.
    ended : bool
        True if training is complete.
    start_counts : bool
        True if the initial weights are evaluated as epoch 0 and can be the best ones.
    dropout_seed : int
        Seed of the random streams of the network's layers.
    source : object
        Card of the source of the initial weights.
    """

    rng: np.random.Generator
    network: list[np.ndarray] | None
    learning_rate: float
    stop: Plateau
    reduce: Plateau
    rows: list[dict[str, float]] = field(default_factory=list)
    penalties: list[float] = field(default_factory=list)
    best_epoch: int = 0
    best_weights: dict[str, np.ndarray] = field(default_factory=dict)
    best: float = math.inf
    ended: bool = False
    start_counts: bool = False
    dropout_seed: int = 0
    source: Any = None

    @classmethod
    def begin(
        cls,
        schedule: Schedule,
        rng: np.random.Generator,
        network: list[np.ndarray] | None = None,
        start_counts: bool = False,
    ) -> TrainingState:
        """Return the state before the first epoch.

        Parameters
        ----------
        schedule : Schedule
            Settings of the training run.
        rng, network, start_counts
            See the class.

        Returns
        -------
        TrainingState
            State with an empty history.
        """
        return cls(
            rng,
            network,
            schedule.learning_rate,
            Plateau(schedule.early_stopping_patience),
            Plateau(schedule.reduce_lr_patience, schedule.min_delta),
            start_counts=start_counts,
        )

    @property
    def n_epochs(self) -> int:
        """Number of epochs trained so far."""
        return max(0, len(self.rows) - self.start_counts)

    def of_epoch(self, epoch: int) -> tuple[dict[str, float], float]:
        """Return the history row of an epoch and the kernel penalty in its ``val_loss``.

        Parameters
        ----------
        epoch : int
            Number of the epoch, from 1, or from 0 with `start_counts`.

        Returns
        -------
        row : dict of str to float
            Losses, scores and learning rate.
        penalty : float
            Kernel penalty.
        """
        number = epoch - (not self.start_counts)
        return self.rows[number], self.penalties[number]

    def history(self) -> pd.DataFrame:
        """Return the history as a table.

        Returns
        -------
        pandas.DataFrame
            One row per epoch; the index starts at 1, or at 0 with `start_counts`.
        """
        first = int(not self.start_counts)
        index = pd.RangeIndex(first, len(self.rows) + first, name="epoch")
        return pd.DataFrame(self.rows, index=index)


def advance(
    state: TrainingState,
    network: CompiledNetwork,
    training: tuple[list[np.ndarray], np.ndarray, np.ndarray],
    validation: tuple[list[np.ndarray], np.ndarray] | None,
    schedule: Schedule,
    validation_scores: Callable[[np.ndarray], dict[str, float]],
    progress: Callable[[dict[str, float]], bool | None],
    until: int | None = None,
) -> None:
    """Continue a training run from its state and update the state.

    Pausing does not change the result: the same epochs give the same weights in one call or in
    several, also on different networks or in different processes.

    Parameters
    ----------
    state : TrainingState
        State of the training run; changed in place.
    network : CompiledNetwork
        The network; it ends with the weights of the last epoch.
    training : tuple of (inputs, targets, weights)
        Return value of `Preprocessing.transform`, targets of shape ``(n, n_outputs)`` and instance
        weights of shape ``(n,)``.
    validation : tuple of (inputs, targets) or None
        Inputs and targets of the validation part, if there is one.
    schedule : Schedule
        Settings of the training run.
    validation_scores : callable
        Returns named scores for the network's outputs on the validation part.
    progress : callable
        Called with the history row of every epoch; if it returns True, training ends.
    until : int, optional
        Pause after this epoch, counted from the start. Default: train to the end.

    Raises
    ------
    FloatingPointError
        If the monitored value is not finite after the first epoch.
    ValueError
        If `schedule.drop_last` leaves no complete batch.
    """
    last = schedule.n_epochs if until is None else min(until, schedule.n_epochs)
    first = len(state.rows) + (not state.start_counts)
    if state.ended or first > last:
        return
    inputs, targets, weights = training
    data = network.to_tensors(inputs, targets, weights)
    n_instances = schedule.usable(len(targets), "training")
    if validation is not None:
        n_validation = schedule.usable(len(validation[1]), "validation")
        held_out = network.to_tensors([part[:n_validation] for part in validation[0]])
    if state.network is not None:
        network.restore(state.network)

    for epoch in range(first, last + 1):
        if epoch:
            order = state.rng.permutation(len(targets))[:n_instances]
            row = {"loss": network.train(data, order, schedule.batch_size)}
        else:
            outputs = network.predict(data[: len(inputs)])
            row = {"loss": network.mean_loss(targets, outputs, weights) + network.penalty()}
        if validation is not None:
            outputs = network.predict(held_out)
            row["val_loss"] = network.mean_loss(validation[1][:n_validation], outputs)
            state.penalties.append(network.penalty())
            row["val_loss"] += state.penalties[-1]
            if np.isfinite(outputs).all():
                row |= validation_scores(outputs)
        row["learning_rate"] = state.learning_rate
        state.rows.append(row)
        asked_to_stop = progress(row) is True

        value = row.get(schedule.monitor, math.nan)
        if not math.isfinite(value):
            _diverged(epoch, schedule, value, usable=bool(state.best_weights))
            state.ended = True
            break
        value = -value if schedule.greater_is_better else value
        if value < state.best:
            state.best_epoch, state.best_weights, state.best = epoch, network.weights(), value
        if state.stop.reached(value) or asked_to_stop:
            state.ended = True
            break
        if state.reduce.reached(value) and state.learning_rate > schedule.min_learning_rate:
            state.learning_rate *= schedule.reduce_lr_factor
            state.learning_rate = max(state.learning_rate, schedule.min_learning_rate)
            network.set_learning_rate(state.learning_rate)
    state.ended |= state.n_epochs == schedule.n_epochs
    # A completed run needs no network state; without it the run is smaller to pickle.
    state.network = None if state.ended else network.state()


def _diverged(epoch, schedule, value, usable):
    received = (
        f"{schedule.monitor}={value} at epoch {epoch} with learning_rate={schedule.learning_rate}"
    )
    if not usable:
        raise FloatingPointError(
            "Training diverged before the first usable epoch. Lower learning_rate or omega, or "
            f"look for extreme values in X and y. Received: {received}"
        )
    warnings.warn(
        f"Training diverged and was stopped. The best epoch so far is used. Received: {received}",
        RuntimeWarning,
        stacklevel=3,
    )
