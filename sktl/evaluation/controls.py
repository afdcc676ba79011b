"""Controls: what the same comparison says when it is made fair, or when there is no transfer.

- fixed omega = 1: no search at all;
- best-of-k references: the reference may search as long as transfer does;
- the null: "transfers" that are drawn from the references, so that no true gain exists.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

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
        What was compared, in words.
    wins, losses, ties : float
        Counts; of a null, means over its repetitions.
    pvalue : float
        Two-tailed sign test; NaN for a null.
    critical : int or None
        Wins needed by the paper's count.
    without : tuple of str
        Reruns left out.
    low, high : float
        Of a null: the 2.5 % and 97.5 % points of its wins; NaN else.
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

    @property
    def n(self) -> int:
        """Number of cells."""
        return round(self.wins + self.losses + self.ties)

    @property
    def significant(self) -> bool:
        """Whether the exact sign test is below 0.05; False for a null."""
        return self.pvalue <= 0.05


def _counted(name: str, statement: str, outcomes: np.ndarray, without: tuple[str, ...]) -> Control:
    wins, losses, ties = (int((outcomes == sign).sum()) for sign in (1, -1, 0))
    test = sign_test_counts(wins, losses, ties)
    return Control(
        name, statement, wins, losses, ties, test.pvalue, test.details["critical"], without
    )


def of_comparison(comparison: Comparison, name: str) -> Control:
    """Count the wins of a comparison.

    Parameters
    ----------
    comparison : Comparison
    name : str

    Returns
    -------
    Control
    """
    return _counted(
        name,
        comparison.rule,
        comparison.cells["outcome"].to_numpy(),
        comparison.exclude_reruns,
    )


def expected_best(values: np.ndarray, selection: np.ndarray, k: int) -> float:
    """Expected value of the best by ``selection`` among k draws with replacement.

    Parameters
    ----------
    values, selection : numpy.ndarray of shape (n,)
        What is scored, and what is chosen by (greater is better).
    k : int
        Draws.

    Returns
    -------
    float

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.evaluation.controls import expected_best
    >>> expected_best(np.array([0.0, 1.0]), np.array([0.0, 1.0]), k=2)
    0.75
    """
    order = np.argsort(selection, kind="stable")
    share = np.arange(len(values) + 1) / len(values)
    return float(np.sum(values[order] * np.diff(share**k)))


def best_of_k_references(records: Records, exclude_reruns: Iterable[object] = ()) -> Control:
    """Give the reference the same budget as the search over omega.

    Transfer takes the best of its k omegas in each rerun; the reference the expected best of k
    draws, with replacement, from all references of its architecture, target and size. Both
    choose by the validation score where all of the group have one, else both by the test score.

    Parameters
    ----------
    records : Records
    exclude_reruns : iterable

    Returns
    -------
    Control

    Notes
    -----
    The draws run over reruns, hence also over training subsets, which leans a little towards the
    reference; few references make its best too weak, which leans towards transfer. References
    with their own `repeat` make it exact.
    """
    comparison = compare(records, "published", exclude_reruns=exclude_reruns)
    search = comparison.search
    references = _references(records, comparison)
    validated = bool(search["validation_score"].notna().all() and references["validated"].all())
    if validated:
        sign = np.where(search["greater_is_better"], 1, -1)
        search = search.assign(selection=sign * search["validation_score"])
        chosen = search.loc[search.groupby([*CELL, "rerun"])["selection"].idxmax()]
    else:
        chosen = comparison.pairs
    k = search.groupby(CELL)["omega"].nunique()
    ours = chosen.groupby(CELL)["value"].mean()
    groups = {key: group for key, group in references.groupby(GROUP)}
    outcomes = []
    for cell, value in ours.items():
        architecture, _, target, size = cell
        group = groups[(architecture, target, size)]
        values = group["value"].to_numpy()
        selection = group["selection"].to_numpy() if validated else values
        outcomes.append(np.sign(value - expected_best(values, selection, int(k[cell]))))
    by = "validation" if validated else "test"
    statement = f"best omega by {by} score against the best of as many references by {by} score"
    return _counted(
        "best-of-k references", statement, np.array(outcomes), comparison.exclude_reruns
    )


def _references(records: Records, comparison: Comparison) -> pd.DataFrame:
    table = records.table
    table = table[
        (table["kind"] == "reference") & ~table["rerun"].isin(comparison.exclude_reruns)
    ].copy()
    sign = np.where(table["greater_is_better"], 1, -1)
    table["selection"] = sign * table["validation_score"]
    table["validated"] = table["validation_score"].notna()
    return table


def null(
    records: Records,
    protocol: str = "published",
    exclude_reruns: Iterable[object] = (),
    repetitions: int = 200,
    random_state: int | np.random.RandomState | np.random.Generator | None = 0,
) -> Control:
    """Wins of "transfers" that are draws from the references: none of them is a true gain.

    For every architecture, target and size, each omega of each rerun is drawn, with replacement,
    from the references; then the protocol chooses as it does for real transfers.

    Parameters
    ----------
    records : Records
    protocol : {"published", "honest"}, default="published"
    exclude_reruns : iterable
    repetitions : int, default=200
    random_state : int, RandomState, Generator or None, default=0

    Returns
    -------
    Control
        Mean counts over the repetitions, with the range of their middle 95 %.
    """
    if protocol not in PROTOCOLS:
        raise ValueError(
            f"protocol must be one of {list(PROTOCOLS)}. Received: protocol={protocol!r}"
        )
    rng = _generator(random_state)
    comparison = compare(records, "published", exclude_reruns=exclude_reruns)
    sizes = comparison.search.groupby(GROUP)["omega"].nunique()
    wins, ties, n_groups = np.zeros(repetitions), np.zeros(repetitions), 0
    for key, group in _references(records, comparison).groupby(GROUP):
        if key not in sizes.index or len(group) < 2:
            continue
        n_groups += 1
        n, k = group["rerun"].nunique(), int(sizes[key])
        values = group["value"].to_numpy()
        drawn = rng.integers(len(values), size=(repetitions, n, k))
        scores = values[drawn]
        if protocol == "published":
            best = scores.max(axis=2)
        else:
            if group["validated"].all():
                selection = group["selection"].to_numpy()[drawn]
            else:
                selection = scores.sum(axis=1, keepdims=True) - scores
            place = selection.argmax(axis=2)[..., None]
            best = np.take_along_axis(scores, place, axis=2)[..., 0]
        difference = best.mean(axis=1) - values.mean()
        # Equal draws can differ from their mean by rounding.
        tied = np.isclose(difference, 0, atol=1e-12 * np.abs(values).max())
        wins += (difference > 0) & ~tied
        ties += tied
    low, high = np.quantile(wins, [0.025, 0.975])
    mean, tie = float(wins.mean()), float(ties.mean())
    return Control(
        f"null ({protocol})",
        f"references drawn as if they were transfers, chosen as protocol {protocol} does",
        mean,
        n_groups - mean - tie,
        tie,
        float("nan"),
        sign_test_counts(n_groups, 0).details["critical"],
        comparison.exclude_reruns,
        float(low),
        float(high),
    )


def _generator(
    random_state: int | np.random.RandomState | np.random.Generator | None,
) -> np.random.Generator:
    if isinstance(random_state, np.random.RandomState):
        return np.random.default_rng(random_state.randint(2**31))
    return np.random.default_rng(random_state)


def all_controls(
    records: Records,
    exclude_reruns: Iterable[object] = (),
    suspects: Iterable[object] = (),
    random_state: int | np.random.RandomState | np.random.Generator | None = 0,
) -> list[Control]:
    """Both protocols and all controls, with the suspect reruns and without them.

    Best-of-k references are given without the suspects only: a rerun far off spoils the mean of
    the transfers, but never the best reference.

    Parameters
    ----------
    records : Records
    exclude_reruns : iterable
        Left out of everything.
    suspects : iterable
        Reruns that :func:`sktl.evaluation.defects.suspect_reruns` found.
    random_state : int, RandomState, Generator or None, default=0
        Of the nulls.

    Returns
    -------
    list of Control
    """
    rng = _generator(random_state)
    given = rerun_names(exclude_reruns)
    suspects = tuple(name for name in rerun_names(suspects) if name not in given)
    found = []
    for without in [given, (*given, *suspects)] if suspects else [given]:
        for protocol in ("published", "honest"):
            found.append(of_comparison(compare(records, protocol, None, without), protocol))
        if np.isclose(records.table["omega"], 1).any():
            found.append(of_comparison(compare(records, "honest", 1.0, without), "omega = 1"))
        if not set(suspects) - set(without):
            found.append(best_of_k_references(records, without))
        for protocol in ("published", "honest"):
            found.append(null(records, protocol, without, random_state=rng))
    return found
