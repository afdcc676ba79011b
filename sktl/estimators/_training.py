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

import numpy as np
import pandas as pd

from sktl.estimators._compiled import CompiledNetwork

# Keras' own default; an improvement below it does not keep the learning rate up.
MIN_DELTA = 1e-4


@dataclass(frozen=True)
class Schedule:
    """How long, how fast and on whose advice a network trains.

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


def train(
    network: CompiledNetwork,
    training: tuple[list[np.ndarray], np.ndarray, np.ndarray],
    validation: tuple[list[np.ndarray], np.ndarray] | None,
    schedule: Schedule,
    validation_scores: Callable[[np.ndarray], dict[str, float]],
    rng: np.random.Generator,
    progress: Callable[[dict[str, float]], None],
) -> tuple[pd.DataFrame, int, dict[str, np.ndarray]]:
    """Train a network that was reset.

    Parameters
    ----------
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
    rng : numpy.random.Generator
        Shuffles the instances before every epoch.
    progress : callable
        Called with every epoch's row of the history.

    Returns
    -------
    history : pandas.DataFrame
        One row an epoch, the index counting from 1.
    best_epoch : int
        The epoch with the best monitored value, the first where several are equal.
    weights : dict of str to np.ndarray
        The weights after that epoch.

    Raises
    ------
    FloatingPointError
        If the monitored value is not finite after the first epoch.
    """
    inputs, targets, weights = training
    data = network.place(inputs, targets, weights)
    n_instances = schedule.usable(len(targets), "training")
    if validation is not None:
        n_validation = schedule.usable(len(validation[1]), "validation")
        held_out = network.place([part[:n_validation] for part in validation[0]])

    learning_rate = schedule.learning_rate
    stop = Plateau(schedule.early_stopping_patience)
    reduce = Plateau(schedule.reduce_lr_patience, MIN_DELTA)
    rows: list[dict[str, float]] = []
    best_epoch, best_weights, best = 0, {}, math.inf
    for epoch in range(1, schedule.n_epochs + 1):
        order = rng.permutation(len(targets))[:n_instances]
        row = {"loss": network.train(data, order, schedule.batch_size)}
        if validation is not None:
            outputs = network.predict(held_out)
            row["val_loss"] = network.mean_loss(validation[1][:n_validation], outputs)
            row["val_loss"] += network.penalty()
            row |= validation_scores(outputs)
        row["learning_rate"] = learning_rate
        rows.append(row)
        progress(row)

        value = row[schedule.monitor]
        if not math.isfinite(value):
            _diverged(epoch, schedule, value)
            break
        value = -value if schedule.greater_is_better else value
        if value < best:
            best_epoch, best_weights, best = epoch, network.weights(), value
        if stop.reached(value):
            break
        if reduce.reached(value) and learning_rate > schedule.min_learning_rate:
            learning_rate *= schedule.reduce_lr_factor
            learning_rate = max(learning_rate, schedule.min_learning_rate)
            network.set_learning_rate(learning_rate)
    index = pd.RangeIndex(1, len(rows) + 1, name="epoch")
    return pd.DataFrame(rows, index=index), best_epoch, best_weights


def _diverged(epoch, schedule, value):
    received = (
        f"{schedule.monitor}={value} at epoch {epoch} with learning_rate={schedule.learning_rate}"
    )
    if epoch == 1:
        raise FloatingPointError(
            "Training diverged before a single usable epoch: lower learning_rate or omega, or "
            f"look for extreme values in X and y. Received: {received}"
        )
    warnings.warn(
        f"Training diverged and was ended; the best epoch before is used. Received: {received}",
        RuntimeWarning,
        stacklevel=3,
    )
