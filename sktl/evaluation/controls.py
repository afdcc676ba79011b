"""Controls: comparisons with equal chances for both sides, or without any true gain.

- fixed omega = 1: no search;
- best-of-k references: references are selected from as many trials as transfer;
- the null: "transfers" are sampled from the references, so that there is no true gain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

import numpy as np

from sktl._random import RandomState, draw_seed
from sktl.evaluation.null_draws import expected_best, null_outcomes, reference_groups
from sktl.evaluation.protocols import PROTOCOLS, Comparison, compare
from sktl.evaluation.records import Records
from sktl.evaluation.schema import CELL, GROUP, rerun_names
from sktl.evaluation.statistics import sign_test_counts


@dataclass(frozen=True)
class Control:
    """Wins of one way of comparing.

    Parameters
    ----------
    name : str
        ``published``, ``honest``, ``omega = 1``, ``best-of-k references``, ``null (published)``
        or ``null (honest)``.
    statement : str
        Description of the comparison.
    wins, losses, ties : float
        Counts; for a null, means over its repetitions.
    pvalue : float
        Two-tailed sign test; NaN for a null.
    critical : int or None
        Number of wins needed by the paper's criterion.
    without : tuple of str
        Reruns left out.
    low, high : float
        For a null: the 2.5 % and 97.5 % quantiles of its wins; NaN otherwise.
    left_out : tuple of str
        Architectures with target and size that have too few references to sample from.
    problem : str
        Reason why the control could not be computed; empty otherwise.
    """

    name: str
    statement: str
    wins: float
    losses: float
    ties: float
    pvalue: float
    critical: int | None
    without: tuple[str, ...] = ()
    low: float = float("nan")
    high: float = float("nan")
    left_out: tuple[str, ...] = ()
    problem: str = ""

    @property
    def n(self) -> int:
        """Number of cells."""
        return round(self.wins + self.losses + self.ties)

    @property
    def significant(self) -> bool:
        """True if the exact sign test has p of at most 0.05; False for a null."""
        return self.pvalue <= 0.05


def _counted(
    name: str,
    statement: str,
    outcomes: np.ndarray,
    without: tuple[str, ...],
    left_out: tuple[str, ...] = (),
) -> Control:
    wins, losses, ties = (int((outcomes == sign).sum()) for sign in (1, -1, 0))
    test = sign_test_counts(wins, losses, ties)
    critical = test.details["critical"]
    return Control(
        name, statement, wins, losses, ties, test.pvalue, critical, without, left_out=left_out
    )


def of_comparison(comparison: Comparison, name: str) -> Control:
    """Count the wins of a comparison.

    Parameters
    ----------
    comparison : Comparison
        The comparison.
    name : str
        Name of the control.

    Returns
    -------
    Control
        Counts and sign test.
    """
    return _counted(
        name,
        comparison.rule,
        comparison.cells["outcome"].to_numpy(),
        comparison.exclude_reruns,
    )


def best_of_k_references(records: Records, exclude_reruns: Iterable[object] = ()) -> Control:
    """Compare transfer with references that have the same search budget.

    Transfer is the best of its k omegas in each rerun. The reference is the expected best of k
    samples, with replacement, from all references of its architecture, target and size. Both are
    selected by the validation score if all trials have one, otherwise both by the test score.

    Parameters
    ----------
    records : Records
        Checked records.
    exclude_reruns : iterable
        Names of reruns to leave out.

    Returns
    -------
    Control
        Counts and sign test.

    Raises
    ------
    ValueError
        If no architecture, target and size has two usable references.

    Notes
    -----
    The samples come from all reruns, so also from different training subsets, which slightly
    favours the reference. With few references their best is too weak, which favours transfer. With
    repeated references (`repeat`) in each rerun the control is exact.
    """
    comparison = compare(records, "published", exclude_reruns=exclude_reruns)
    groups, left_out = reference_groups(records, comparison)
    search = comparison.search
    validated = search["validation_score"].notna().all() and all(
        group["selection"].notna().all() for group in groups.values()
    )
    if validated:
        sign = np.where(search["greater_is_better"], 1, -1)
        search = search.assign(selection=sign * search["validation_score"])
        chosen = search.loc[search.groupby([*CELL, "rerun"])["selection"].idxmax()]
    else:
        chosen = comparison.pairs
    k = search.groupby(CELL)["omega"].nunique()
    by = "selection" if validated else "value"
    outcomes = []
    for cell, value in chosen.groupby(CELL)["value"].mean().items():
        architecture, _, target, size = cell
        group = groups.get((architecture, target, size))
        if group is not None:
            best = expected_best(group["value"].to_numpy(), group[by].to_numpy(), int(k[cell]))
            outcomes.append(np.sign(value - best))
    by = "validation" if validated else "test"
    statement = f"best omega by {by} score against the best of as many references by {by} score"
    without = comparison.exclude_reruns
    return _counted("best-of-k references", statement, np.array(outcomes), without, left_out)


def null(
    records: Records,
    protocol: str = "published",
    exclude_reruns: Iterable[object] = (),
    repetitions: int = 200,
    random_state: RandomState = 0,
) -> Control:
    """Count the wins of "transfers" that are sampled from the references, without true gain.

    For every architecture, target and size, each omega of each rerun is sampled, with replacement,
    from the references. The protocol then chooses as for real transfers.

    Parameters
    ----------
    records : Records
        Checked records.
    protocol : {"published", "honest"}, default="published"
        Protocol of the selection.
    exclude_reruns : iterable
        Names of reruns to leave out.
    repetitions : int, default=200
        Number of repetitions.
    random_state : int, RandomState, Generator or None, default=0
        Seed of the samples.

    Returns
    -------
    Control
        Mean counts over the repetitions, with the central 95 % interval of the wins.

    Raises
    ------
    ValueError
        If the protocol is unknown, or no architecture, target and size has two usable references.
    """
    if protocol not in PROTOCOLS:
        raise ValueError(
            f"protocol must be one of {list(PROTOCOLS)}. Received: protocol={protocol!r}"
        )
    rng = np.random.default_rng(draw_seed(random_state))
    comparison = compare(records, "published", exclude_reruns=exclude_reruns)
    groups, left_out = reference_groups(records, comparison)
    sizes = comparison.search.groupby(GROUP)["omega"].nunique()
    outcomes = np.array(
        [
            null_outcomes(group, protocol, int(sizes[key]), repetitions, rng)
            for key, group in groups.items()
        ]
    )
    wins, losses, ties = ((outcomes == sign).sum(axis=0) for sign in (1, -1, 0))
    low, high = np.quantile(wins, [0.025, 0.975])
    return Control(
        f"null ({protocol})",
        f"references in place of transfers, sampled and then chosen by protocol {protocol}",
        float(wins.mean()),
        float(losses.mean()),
        float(ties.mean()),
        float("nan"),
        sign_test_counts(len(groups), 0).details["critical"],
        comparison.exclude_reruns,
        float(low),
        float(high),
        left_out,
    )


def all_controls(
    records: Records,
    exclude_reruns: Iterable[object] = (),
    suspects: Iterable[object] = (),
    random_state: RandomState = 0,
) -> list[Control]:
    """Compute both protocols and all controls, with and without the suspect reruns.

    Best-of-k references are computed only without the suspect reruns: an outlying rerun changes the
    mean of the transfers, but never the best reference.

    Parameters
    ----------
    records : Records
        Checked records.
    exclude_reruns : iterable
        Names of reruns to leave out of everything.
    suspects : iterable
        Reruns found by :func:`sktl.evaluation.defects.suspect_reruns`.
    random_state : int, RandomState, Generator or None, default=0
        Seed of the nulls.

    Returns
    -------
    list of Control
        Controls; one that could not be computed has the reason in ``problem``.
    """
    rng = np.random.default_rng(draw_seed(random_state))
    given = rerun_names(exclude_reruns)
    odd = tuple(name for name in rerun_names(suspects) if name not in given)
    found = []
    for without in [given, (*given, *odd)] if odd else [given]:
        ways: dict[str, Callable[[], Control]] = {
            protocol: partial(_of_protocol, records, protocol, None, without)
            for protocol in PROTOCOLS
        }
        if np.isclose(records.table["omega"], 1).any():
            ways["omega = 1"] = partial(_of_protocol, records, "honest", 1.0, without)
        if not set(odd) - set(without):
            ways["best-of-k references"] = partial(best_of_k_references, records, without)
        for protocol in PROTOCOLS:
            ways[f"null ({protocol})"] = partial(null, records, protocol, without, random_state=rng)
        for name, make in ways.items():
            try:
                found.append(make())
            except ValueError as error:  # such as the honest protocol of one rerun
                nothing = (0, 0, 0, float("nan"), None)
                found.append(Control(name, "", *nothing, without, problem=str(error)))
    return found


def _of_protocol(
    records: Records, protocol: str, omega: float | None, without: tuple[str, ...]
) -> Control:
    name = protocol if omega is None else f"omega = {omega:g}"
    return of_comparison(compare(records, protocol, omega, without), name)
