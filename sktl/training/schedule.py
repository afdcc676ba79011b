"""Values of "auto" parameters: the published settings, or settings that depend on n_instances.

The published experiment trained on 1,500 and 9,000 instances. With its batch size of 32, an epoch
of forty instances has two steps. The running averages of batch normalisation then do not converge,
the kernel penalty outweighs the loss, and early stopping ends the training before the network has
learnt. The adaptive settings therefore fix the number of steps instead of the number of epochs.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

AUTO = "auto"
SCHEDULES = ("adaptive", "published")
# Published values of the training parameters that may be "auto".
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
# With fewer steps per epoch, the architectures' settings for few steps are used.
_MANY_STEPS = 100
# Number of steps, and smallest number of epochs: the published one, or slightly more.
_STEPS = {
    "n_epochs": (1000, 250),
    "early_stopping_patience": (100, 12),
    "reduce_lr_patience": (40, 4),
}


def auto_parameters(network: Mapping[str, tuple[Any, Any]]) -> frozenset[str]:
    """Return the names of the parameters that may be "auto"."""
    return frozenset(_PUBLISHED) | frozenset(network)


def resolve(
    params: Mapping[str, Any],
    n_instances: int | None,
    network: Mapping[str, tuple[Any, Any]],
    stream_max: str = "standard",
) -> dict[str, Any]:
    """Return the values of the parameters that may be "auto".

    Parameters
    ----------
    params : mapping of str to object
        Parameters of an estimator, including ``schedule``; values other than "auto" are kept.
    n_instances : int or None
        Number of training instances; None: not known yet, the published values are returned.
    network : mapping of str to (object, object)
        Further parameters of the network: the published value, and the value for few steps.
    stream_max : {"standard", "log"}, default="standard"
        Value of ``stream_max`` in the adaptive schedule for the task.

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
    """Return the batch size of the adaptive schedule.

    Parameters
    ----------
    n_instances : int
        Number of training instances.

    Returns
    -------
    int
        The largest power of two with at least five steps per epoch, limited to 4 to 16; 32 for
        1,000 instances or more.

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
    """Return True if the value is "auto"; values of any type are allowed."""
    return isinstance(value, str) and value == AUTO


def warn_of_few_steps(n_instances: int, batch_size: int) -> None:
    """Warn if an epoch has so few steps that smaller batches would be better."""
    steps = -(-n_instances // batch_size)
    if steps < FEWEST_STEPS and batch_size > adaptive_batch(n_instances):
        warnings.warn(
            f"An epoch has {steps} step{'s' if steps > 1 else ''}, too few for a network to learn "
            "within the patience of early stopping. Use smaller batches, such as "
            f"batch_size={adaptive_batch(n_instances)}, the choice of schedule='adaptive'. "
            f"Received: batch_size={batch_size} with {n_instances} training instances",
            UserWarning,
            stacklevel=6,
        )


def warn_of_first_epoch(best_epoch: int, n_epochs: int, longest: int) -> None:
    """Warn if early stopping ended a training run whose best epoch was the first."""
    if best_epoch == 1 < n_epochs < longest:
        warnings.warn(
            f"None of {n_epochs} epochs improved the monitored value after the first: the network "
            "learnt nothing that generalises beyond the training instances. See history_. A longer "
            "patience, a smaller learning_rate or another validation part may help",
            UserWarning,
            stacklevel=6,
        )
