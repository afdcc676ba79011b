"""The training loop: shuffled epochs, a falling learning rate, early stopping, best weights.

Otović et al. 2022, section 2.4.3: Adam, the learning rate times 0.2 after 4 epochs without
improvement, stop after 10. What keras itself does in ``fit`` with the callbacks
``ReduceLROnPlateau`` and ``EarlyStopping`` is the oracle of the tests.
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

# Keras' own default; an improvement below it does not keep the learning rate up. It is for a loss
# of about one: of a monitor with a unit it is a share of the target's spread.
MIN_DELTA = 1e-4


@dataclass(frozen=True)
class Schedule:
    """Settings of a training: epochs, batches, learning rate, patience and monitor.

    Attributes
    ----------
    n_epochs, batch_size, learning_rate, drop_last
        See the estimators.
    monitor : str
        Column of the history that decides on the learning rate, the end and the best epoch.
    greater_is_better : bool
        Whether `monitor` should grow.
    early_stopping_patience, reduce_lr_patience : int or None
        See the estimators.
    reduce_lr_factor, min_learning_rate : float
        See the estimators.
    min_delta : float, default=1e-4
        What an improvement must exceed to keep the learning rate up, in the monitor's unit.
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
        """Return how many instances of a part make up the batches.

        Parameters
        ----------
        n_instances : int
            Instances of the part.
        part : str
            Its name, for the error.

        Returns
        -------
        int
            All, or with `drop_last` as many as fill whole batches.

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
    """Whether a score has stopped improving.

    Attributes
    ----------
    patience : int or None
        Epochs without improvement that make a plateau; None: there is never one.
    min_delta : float
        What counts as improvement must exceed this.
    """

    patience: int | None
    min_delta: float = 0.0
    best: float = field(default=math.inf, init=False)
    wait: int = field(default=0, init=False)

    def reached(self, value: float) -> bool:
        """Take the next value, smaller being better, and say whether patience is over.

        Parameters
        ----------
        value : float
            The score of one epoch.

        Returns
        -------
        bool
            True where the last `patience` values brought no improvement; waiting then begins anew.
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
    """How far a training has come: what `advance` needs to continue it.

    Attributes
    ----------
    rng : numpy.random.Generator
        Shuffles the instances before every epoch.
    network : list of np.ndarray or None
        What `CompiledNetwork.state` gave when the training paused; None: the network was reset.
    learning_rate : float
        Of the next epoch.
    stop, reduce : Plateau
        What ends the training, and what reduces the learning rate.
    rows : list of dict
        One row of the history an epoch.
    penalties : list of float
        The penalty on the kernels that each row's ``val_loss`` holds.
    best_epoch : int
        The epoch with the best monitored value so far, the first where several are equal.
    best_weights : dict of str to np.ndarray
        The weights after that epoch.
    best : float
        The monitored value of that epoch, its sign changed where greater is better.
    ended : bool
        Whether there is nothing left to train.
    start_counts : bool
        Whether the weights before the first epoch may be the best: epoch 0.
    dropout_seed : int
        Seed of the random streams of the network's layers.
    source : object
        Card of the source of the first weights.
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
        """Make the state before the first epoch.

        Parameters
        ----------
        schedule : Schedule
            How to train.
        rng, network, start_counts
            See the class.

        Returns
        -------
        TrainingState
            Without any epoch.
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
        """Epochs trained so far."""
        return max(0, len(self.rows) - self.start_counts)

    def of_epoch(self, epoch: int) -> tuple[dict[str, float], float]:
        """Return the row of an epoch and the penalty in its ``val_loss``.

        Parameters
        ----------
        epoch : int
            From 1, or from 0 where the start counts.

        Returns
        -------
        row : dict of str to float
        penalty : float
        """
        number = epoch - (not self.start_counts)
        return self.rows[number], self.penalties[number]

    def history(self) -> pd.DataFrame:
        """Return the rows as a table.

        Returns
        -------
        pandas.DataFrame
            One row per epoch, the index counting from 1, or from 0 where the start counts.
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
    """Continue a training from its state, and note in it how far it comes.

    Pausing changes nothing: epochs trained in several calls, on one network or on several, in one
    process or in several, give what they give in one call.

    Parameters
    ----------
    state : TrainingState
        Where the training stands; changed in place.
    network : CompiledNetwork
        The network; its weights end as those of the last epoch.
    training : tuple of (inputs, targets, weights)
        What `Preprocessing` gives, ``(n, n_outputs)`` targets and ``(n,)`` instance weights.
    validation : tuple of (inputs, targets) or None
        The same of the validation part; None: there is none.
    schedule : Schedule
        How to train.
    validation_scores : callable
        Gives named scores of the network's outputs on the validation part.
    progress : callable
        Called with every epoch's row of the history; the training ends where it returns True.
    until : int, optional
        Pause after this epoch, counted from the beginning. Default: train to the end.

    Raises
    ------
    FloatingPointError
        If the monitored value is not finite after the first epoch.
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
    # An ended training needs no network state any more, and is lighter to send without.
    state.network = None if state.ended else network.state()


def _diverged(epoch, schedule, value, usable):
    received = (
        f"{schedule.monitor}={value} at epoch {epoch} with learning_rate={schedule.learning_rate}"
    )
    if not usable:
        raise FloatingPointError(
            "Training diverged before a single usable epoch: lower learning_rate or omega, or "
            f"look for extreme values in X and y. Received: {received}"
        )
    warnings.warn(
        f"Training diverged and was ended; the best epoch before is used. Received: {received}",
        RuntimeWarning,
        stacklevel=3,
    )
