"""What "auto" means: the published settings, or settings after the number of instances.

The published experiment trained on 1,500 and 9,000 instances. With its batches of 32, forty
instances make two steps per epoch: batch normalisation's running averages do not arrive, a penalty
on the kernels outweighs the loss, and early stopping ends before anything is learnt. What matters
is the number of steps, so that is what the adaptive settings are made after.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

AUTO = "auto"
SCHEDULES = ("adaptive", "published")
# Parameters of the training that the schedule gives where they are "auto".
_PUBLISHED: dict[str, Any] = {
    "n_epochs": 250,
    "batch_size": 32,
    "early_stopping_patience": 10,
    "reduce_lr_patience": 4,
    "stream_max": "standard",
    "head": "random",
}
FEWEST_STEPS = 5
_SMALLEST_BATCH, _LARGEST_BATCH, _FEW_INSTANCES = 4, 32, 1000
# Below so many steps per epoch the architectures' settings for few steps are taken.
_MANY_STEPS = 100
# Steps, and at least so many epochs: where epochs are long, as published or a little longer.
_STEPS = {
    "n_epochs": (1000, 250),
    "early_stopping_patience": (100, 12),
    "reduce_lr_patience": (40, 4),
}


def auto_parameters(network: Mapping[str, tuple[Any, Any]]) -> frozenset[str]:
    """Name the parameters that may be "auto"."""
    return frozenset(_PUBLISHED) | frozenset(network)


def resolve(
    params: Mapping[str, Any],
    n_instances: int | None,
    network: Mapping[str, tuple[Any, Any]],
    stream_max: str = "standard",
) -> dict[str, Any]:
    """Give the values of the parameters that a schedule decides on.

    Parameters
    ----------
    params : mapping of str to object
        Parameters of an estimator, ``schedule`` among them; what is not "auto" stays.
    n_instances : int or None
        Training instances; None: not known yet, so as published.
    network : mapping of str to (object, object)
        Further parameters, of the network: the published value, and that for few steps.
    stream_max : {"standard", "log"}, default="standard"
        What the adaptive schedule takes for the task.

    Returns
    -------
    dict of str to object
        All parameters that may be "auto", with their values.

    Examples
    --------
    >>> from sktl.training.schedule import resolve
    >>> params = {"schedule": "adaptive", "batch_size": "auto", "n_epochs": 20, "l2": "auto"}
    >>> few = resolve(params, 40, {"l2": (1e-3, 0.0)})
    >>> few["batch_size"], few["n_epochs"], few["early_stopping_patience"], few["l2"]
    (8, 20, 20, 0.0)
    """
    chosen = {name: params.get(name, AUTO) for name in auto_parameters(network)}

    def fill(values):
        for name, value in values.items():
            if is_auto(chosen[name]):
                chosen[name] = value

    if params["schedule"] == "adaptive":
        fill({"stream_max": stream_max, "head": "probe"})
        if n_instances is not None:
            fill({"batch_size": adaptive_batch(n_instances)})
            steps = -(-n_instances // chosen["batch_size"])
            fill({name: max(least, -(-total // steps)) for name, (total, least) in _STEPS.items()})
            if steps < _MANY_STEPS:
                fill({name: few for name, (_, few) in network.items()})
    fill(_PUBLISHED)
    fill({name: published for name, (published, _) in network.items()})
    return chosen


def adaptive_batch(n_instances: int) -> int:
    """Return the batch size after the number of training instances.

    Parameters
    ----------
    n_instances : int
        Training instances.

    Returns
    -------
    int
        The largest power of two that gives five steps per epoch, between 4 and 16; 32 from 1,000
        instances on.

    Examples
    --------
    >>> from sktl.training.schedule import adaptive_batch
    >>> [adaptive_batch(n) for n in (8, 34, 40, 85, 1500)]
    [4, 4, 8, 16, 32]
    """
    if n_instances >= _FEW_INSTANCES:
        return _LARGEST_BATCH
    wanted = max(1, n_instances // FEWEST_STEPS)
    return min(max(1 << (wanted.bit_length() - 1), _SMALLEST_BATCH), _LARGEST_BATCH // 2)


def is_auto(value: Any) -> bool:
    """Return True for "auto", whatever the type of the value."""
    return isinstance(value, str) and value == AUTO


def warn_of_few_steps(n_instances: int, batch_size: int) -> None:
    """Warn where an epoch has so few steps that smaller batches would be better."""
    steps = -(-n_instances // batch_size)
    if steps < FEWEST_STEPS and batch_size > adaptive_batch(n_instances):
        warnings.warn(
            f"An epoch has {steps} step{'s' if steps > 1 else ''}, too few for a network to learn "
            "in the epochs that early stopping waits: take smaller batches, such as "
            f"batch_size={adaptive_batch(n_instances)}, which schedule='adaptive' does. Received: "
            f"batch_size={batch_size} with {n_instances} training instances",
            UserWarning,
            stacklevel=6,
        )


def warn_of_first_epoch(best_epoch: int, n_epochs: int, longest: int) -> None:
    """Warn where early stopping ended a training whose best epoch was the first."""
    if best_epoch == 1 < n_epochs < longest:
        warnings.warn(
            f"None of {n_epochs} epochs was better than the first on the monitored value: the "
            "network learnt nothing that holds beyond the training instances. Look at history_; "
            "longer patience, a smaller learning_rate or another validation part may help",
            UserWarning,
            stacklevel=6,
        )
