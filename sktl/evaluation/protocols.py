"""Protocols, which choose one omega from a search and compare it with a reference.

``published``
    In each rerun the omega with the best *test* score, compared with the single reference of that
    rerun, as in Otović et al. This favours transfer: the best of ten against one.
``honest`` (default)
    In each rerun the omega with the best *validation* score. For cells without validation scores:
    leave-one-rerun-out, the omega with the best mean test score in the *other* reruns.

A fixed omega can be used instead of a protocol; it needs no search.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from sktl._words import counted
from sktl.evaluation.records import Exclusion, Records, excluded
from sktl.evaluation.schema import CELL, GROUP, rerun_names

PROTOCOLS = ("published", "honest")
_RUN = [*CELL, "rerun"]


@dataclass
class Comparison:
    """Transfer against reference under one protocol.

    Parameters
    ----------
    pairs : pandas.DataFrame
        One row per cell and rerun: the chosen omega, ``test_score`` and ``reference``, ``gain``
        and ``convergence_gain`` in percent of the reference (positive: transfer is better).
    cells : pandas.DataFrame
        One row per cell: means over its reruns, ``outcome`` and ``convergence_outcome`` (1 win,
        0 tie, -1 loss), ``relation`` of the two domains.
    search : pandas.DataFrame
        Every transfer trial with its reference and gain, for all values of omega.
    protocol : str
        Name of the protocol.
    omega : float or None
        The fixed omega.
    rule : str
        Description of how omega was chosen.
    convergence : str or None
        The column of the convergence rates used.
    exclude_reruns : tuple of str
        Reruns that were left out.
    exclusions : list of Exclusion
        Trials that this comparison left out, in addition to those of the records.

    Examples
    --------
    >>> import pandas as pd
    >>> from sktl.evaluation.protocols import compare
    >>> from sktl.evaluation.records import Records
    >>> rows = pd.DataFrame({
    ...     "architecture": "tcn", "source": [None, "lomax"], "target": "stead", "n_train": 1500,
    ...     "omega": [None, 1.0], "rerun": 0, "metric": "mae", "test_score": [0.5, 0.4]})
    >>> compare(Records.from_frame(rows)).cells[["gain", "outcome"]].round(6).values.tolist()
    [[20.0, 1.0]]
    """

    pairs: pd.DataFrame
    cells: pd.DataFrame
    search: pd.DataFrame
    protocol: str
    omega: float | None
    rule: str
    convergence: str | None
    exclude_reruns: tuple[str, ...] = ()
    exclusions: list[Exclusion] = field(default_factory=list)

    @property
    def statement(self) -> str:
        """Description of the protocol in one sentence, printed on every output."""
        text = f"Protocol {self.protocol}: {self.rule}"
        if self.exclude_reruns:
            text += f"; without rerun {', '.join(self.exclude_reruns)}"
        return text + "."


def compare(
    records: Records,
    protocol: str = "honest",
    omega: float | None = None,
    exclude_reruns: Iterable[object] = (),
) -> Comparison:
    """Compare transfer with training from scratch.

    Parameters
    ----------
    records : Records
        Checked records.
    protocol : {"honest", "published"}, default="honest"
        See the module.
    omega : float, optional
        Use this omega in every cell instead of choosing one.
    exclude_reruns : iterable
        Names or numbers of reruns to leave out.

    Returns
    -------
    Comparison
        Pairs of transfer and reference, and their means by cell.

    Raises
    ------
    ValueError
        If the protocol, omega or a rerun is unknown, or no pair is left.
    """
    if protocol not in PROTOCOLS:
        raise ValueError(
            f"protocol must be one of {list(PROTOCOLS)}. Received: protocol={protocol!r}"
        )
    table, reruns = _without(records.table, exclude_reruns)
    out: list[Exclusion] = []
    references = table[table["kind"] == "reference"].sort_values("repeat")
    references = references.drop_duplicates([*GROUP, "rerun"])
    transfers = table[table["kind"] == "transfer"].sort_values([*_RUN, "omega", "repeat"])
    again = transfers.duplicated([*_RUN, "omega"])
    if again.any():
        out.append(excluded(transfers[again], "repeat of a transfer; the first one counts"))
        transfers = transfers[~again]
    search = _with_reference(transfers, references, out)
    if search.empty:
        chosen, rule = search, ""
    elif omega is not None:
        chosen, rule = _fixed(search, omega, out), f"omega fixed at {omega:g}"
    elif protocol == "published":
        chosen = _best(search, "value")
        rule = "omega by the best test score of each rerun, against one reference"
    else:
        chosen, rule = _honest(search, out)
    if chosen.empty:
        raise ValueError(
            f"no transfer can be compared with a reference in {records.origin}. Left out: "
            + ("; ".join(map(str, records.exclusions + out)) or "nothing")
        )
    column = _convergence_column(chosen, protocol)
    pairs = _pairs(chosen, column, out)
    return Comparison(
        pairs, _cells(pairs), search, protocol, omega, rule, column, reruns, out
    )  # fmt: skip


def _without(table: pd.DataFrame, reruns: Iterable[object]) -> tuple[pd.DataFrame, tuple[str, ...]]:
    names = rerun_names(reruns)
    known = sorted(table["rerun"].unique())
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(
            f"exclude_reruns must name reruns of the records: {known}. Received: {unknown}"
        )
    return table[~table["rerun"].isin(names)], names


def _with_reference(
    transfers: pd.DataFrame, references: pd.DataFrame, out: list[Exclusion]
) -> pd.DataFrame:
    """Join every transfer with the reference of its rerun, and list those without one."""
    columns = ["test_score", "value", "test_convergence_rate", "validation_convergence_rate"]
    joined = transfers.join(
        references.set_index([*GROUP, "rerun"])[columns].add_prefix("reference_"),
        on=[*GROUP, "rerun"],
    ).rename(columns={"reference_test_score": "reference"})
    lonely = joined["reference"].isna()
    known = sorted(references["architecture"].unique())
    for name, rows in joined[lonely].groupby("architecture"):
        reason = "no reference of the same architecture, target, size and rerun"
        if name not in known:
            near = difflib.get_close_matches(str(name), known, n=1)
            reason = f"no reference of the architecture {name!r} at all" + (
                f" (did you mean {near[0]!r}?)" if near else ""
            )
        out.append(excluded(rows, reason))
    joined = joined[~lonely].copy()
    joined["gain"] = _percent(
        joined["value"] - joined["reference_value"], joined["reference_value"].abs()
    )
    return joined


def _percent(difference: pd.Series, base: pd.Series) -> pd.Series:
    return 100 * difference / base.where(base != 0)


def _best(search: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return the best trial of each cell and rerun; the smallest omega if several are equal."""
    return search.loc[search.groupby(_RUN)[column].idxmax()] if len(search) else search


def _fixed(search: pd.DataFrame, omega: float, out: list[Exclusion]) -> pd.DataFrame:
    known = sorted(search["omega"].unique().tolist())
    chosen = search[np.isclose(search["omega"], omega)]
    if chosen.empty and known:
        raise ValueError(
            f"omega must be one of {known}, the values in the records. Received: omega={omega}"
        )
    runs = pd.MultiIndex.from_frame(search[_RUN])
    lacking = search[~runs.isin(pd.MultiIndex.from_frame(chosen[_RUN]))].drop_duplicates(_RUN)
    if len(lacking):
        out.append(excluded(lacking.drop(columns="omega"), f"no trial with omega {omega:g}"))
    return chosen


def _honest(search: pd.DataFrame, out: list[Exclusion]) -> tuple[pd.DataFrame, str]:
    validated = search["validation_score"].notna().groupby([search[c] for c in CELL]).transform(all)
    own = search[validated].copy()
    own["selection"] = own["validation_score"] * np.where(own["greater_is_better"], 1, -1)
    rest = search[~validated]
    by_validation = "omega by the best validation score of each rerun"
    by_others = (
        "omega by leave-one-rerun-out (best mean test score in the other reruns), because the "
        "records have no validation scores"
    )
    if rest.empty:
        return _best(own, "selection"), by_validation
    chosen = _leave_one_rerun_out(rest, out)
    if own.empty:
        return chosen, by_others
    cells = len(rest.drop_duplicates(CELL))
    return (
        pd.concat([_best(own, "selection"), chosen]).sort_values(_RUN),
        f"{by_validation}; in {counted(cells, 'cell')} without complete validation scores "
        "by leave-one-rerun-out on test scores",
    )


def _leave_one_rerun_out(search: pd.DataFrame, out: list[Exclusion]) -> pd.DataFrame:
    omegas = search.groupby(CELL)["omega"].transform("nunique")
    reruns = search.groupby(CELL)["rerun"].transform("nunique")
    blind = (omegas > 1) & (reruns == 1)
    if blind.any():
        out.append(
            excluded(
                search[blind],
                "one rerun and no validation score: omega cannot be chosen without the test",
            )
        )
    search = search[~blind]
    by = [search[name] for name in [*CELL, "omega"]]
    group = search["value"].groupby(by)
    others = group.transform("count") - 1
    mean = (group.transform("sum") - search["value"]) / others.where(others > 0)
    # An omega that was used only in this rerun is chosen only if there is no other.
    return _best(search.assign(selection=mean.fillna(-np.inf)), "selection")


def _convergence_column(chosen: pd.DataFrame, protocol: str) -> str | None:
    order = ["test_convergence_rate", "validation_convergence_rate"]
    for name in order if protocol == "published" else order[::-1]:
        if (chosen[name].notna() & chosen[f"reference_{name}"].notna()).mean() > 0.5:
            return name
    return None


def _pairs(chosen: pd.DataFrame, column: str | None, out: list[Exclusion]) -> pd.DataFrame:
    pairs = chosen.copy()
    if column is None:
        pairs["convergence"] = pairs["reference_convergence"] = np.nan
    else:
        both = pairs[column].notna() & pairs[f"reference_{column}"].notna()
        pairs["convergence"] = pairs[column].where(both)
        pairs["reference_convergence"] = pairs[f"reference_{column}"].where(both)
        if not both.all():
            reason = "from convergence alone: a curve is flat, has one epoch or is missing"
            out.append(excluded(pairs[~both], reason))
    pairs["convergence_gain"] = _percent(
        pairs["convergence"] - pairs["reference_convergence"], pairs["reference_convergence"]
    )
    undefined = pairs["gain"].isna()
    if undefined.any():
        out.append(excluded(pairs[undefined], "from percentages alone: the reference's score is 0"))
    return pairs


def _cells(pairs: pd.DataFrame) -> pd.DataFrame:
    grouped = pairs.groupby(CELL)
    columns = [
        "test_score", "reference", "value", "reference_value", "convergence",
        "reference_convergence", "gain", "convergence_gain",
    ]  # fmt: skip
    cells = grouped[columns].mean()
    cells["n_reruns"] = grouped.size()
    for name in ("metric", "source_domain", "target_domain"):
        cells[name] = grouped[name].first()
    cells["outcome"] = np.sign(cells["value"] - cells["reference_value"])
    cells["convergence_outcome"] = np.sign(cells["convergence"] - cells["reference_convergence"])
    cells = cells.reset_index()
    source, target = (
        np.where(cells[f"{side}_domain"] == "seis", "seis", "other")
        for side in ("source", "target")
    )
    relation = pd.Series(source, index=cells.index) + ">" + target
    cells["relation"] = relation.replace("seis>seis", "intra")
    return cells
