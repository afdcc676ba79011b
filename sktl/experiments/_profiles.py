"""Two named plans: a small one, and the whole experiment of the paper."""

from __future__ import annotations

from typing import Any

from sktl.experiments._plan import Plan

# Chosen so that two cores finish in less than 15 minutes; docs/experiments.md has the figures.
_QUICK: dict[str, Any] = {
    "sizes": (128,),
    "omegas": (0.1, 0.5, 1.0),
    "reruns": 2,
    "repeats": 1,
    "data": "simulated",
    "n_instances": 800,
    "max_timepoints": 100,
    "training": {"n_epochs": 20, "batch_size": 16},
}
_SIMULATED_PAPER = 15_000  # enough for 9,000 training instances


def quick(**changes: Any) -> Plan:
    """Return the quick plan: everything of the whole grid, but small.

    Four architectures, six datasets as sources and targets, simulated and shortened; 128 training
    instances, three omegas, two reruns.

    Parameters
    ----------
    **changes
        Other parameters of `Plan`.

    Returns
    -------
    Plan
        The plan.

    Examples
    --------
    >>> from sktl.experiments import quick
    >>> dict(quick().counts())
    {'pretraining': 24, 'reference': 48, 'transfer': 720, 'baseline': 38}
    """
    return Plan(**_merged(_QUICK, changes))


def paper(**changes: Any) -> Plan:
    """Return the experiment of Otović et al. (2022): 240 + 336 + 16,800 trials, and baselines.

    Parameters
    ----------
    **changes
        Other parameters of `Plan`.

    Returns
    -------
    Plan
        The plan, on real data unless changed.

    Examples
    --------
    >>> from sktl.experiments import paper
    >>> paper().counts()["transfer"]
    16800
    """
    simulated = {"n_instances": _SIMULATED_PAPER} if changes.get("data") == "simulated" else {}
    return Plan(**_merged({"training": {"n_epochs": 250}} | simulated, changes))


PROFILES = {"quick": quick, "paper": paper}


def _merged(defaults, changes):
    training = {**defaults.get("training", {}), **changes.get("training", {})}
    return {**defaults, **changes, "training": training}
