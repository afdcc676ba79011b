"""The records table: one row per trial, checked, with a list of all exclusions.

A *trial* is one training run: architecture, source (none: from scratch, a *reference*), target,
number of training instances, omega, rerun. Its columns are in :mod:`sktl.evaluation.schema`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from sktl._words import counted
from sktl.evaluation import domains as _domains
from sktl.evaluation.metrics import BOUNDED, DIRECTIONS, convergence_rate
from sktl.evaluation.schema import IDENTITY, typed


@dataclass(frozen=True)
class Exclusion:
    """Trials that were left out, and why.

    Examples
    --------
    >>> from sktl.evaluation.records import Exclusion
    >>> str(Exclusion("no reference", 3, ["tcn lomax>stead 1k5 rerun 0"]))
    '3 left out: no reference (tcn lomax>stead 1k5 rerun 0, ...)'
    """

    reason: str
    count: int
    examples: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        shown = ", ".join(self.examples)
        more = ", ..." if self.count > len(self.examples) else ""
        return f"{self.count} left out: {self.reason}" + (f" ({shown}{more})" if shown else "")


@dataclass
class Records:
    """A checked records table.

    Parameters
    ----------
    table : pandas.DataFrame
        Usable trials, with every column of the schema but ``curves``, and ``value``, the test
        score with the sign turned so that greater is better.
    failed : pandas.DataFrame
        Trials that failed or have no finite score.
    curves : mapping of int to dict
        ``{"test": array, "validation": array}`` by index of ``table``; may be empty.
    exclusions : list of Exclusion
        Trials that were left out.
    notes : list of str
        Assumptions made when reading.
    origin : str
        Origin of the records, such as a file name.

    Examples
    --------
    >>> import pandas as pd
    >>> from sktl.evaluation.records import Records
    >>> rows = pd.DataFrame({
    ...     "architecture": "tcn", "source": [None, "lomax"], "target": "stead", "n_train": 1500,
    ...     "omega": [None, 1.0], "rerun": 0, "metric": "mae", "test_score": [0.5, 0.4]})
    >>> Records.from_frame(rows).table[["kind", "rerun", "value"]].values.tolist()
    [['reference', '0', -0.5], ['transfer', '0', -0.4]]
    """

    table: pd.DataFrame
    failed: pd.DataFrame
    curves: Mapping[int, Mapping[str, np.ndarray]] = field(default_factory=dict)
    exclusions: list[Exclusion] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    origin: str = "a table"

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        curves: Mapping[int, Mapping[str, np.ndarray]] | None = None,
        domains: Mapping[str, str] | None = None,
        exclusions: list[Exclusion] | None = None,
        notes: list[str] | None = None,
        origin: str = "a table",
    ) -> Records:
        """Check a table and return it as records.

        Parameters
        ----------
        frame : pandas.DataFrame
            One row per trial, see :data:`sktl.evaluation.schema.COLUMNS`; further columns are kept.
        curves : mapping, optional
            Curves by index of ``frame``.
        domains : mapping of str to str, optional
            Domains of datasets; they override the columns and sktl's own.
        exclusions, notes : list, optional
            Exclusions and assumptions of the reader.
        origin : str
            Origin of the records, for messages.

        Returns
        -------
        Records
            The checked records.

        Raises
        ------
        ValueError
            If a required column is missing, a value cannot be read, a target has several metrics,
            directions or units, a trial has two different rows, or no usable trial is left.
        """
        out, notes, curves = list(exclusions or []), list(notes or []), curves or {}
        if not frame.index.is_unique:
            if curves:
                raise ValueError(
                    "frame must have a unique index if curves are given, because they refer to it. "
                    "Received: an index with duplicates"
                )
            frame = frame.reset_index(drop=True)
        if "kind" in frame and (frame["kind"] == "pretraining").any():
            sources = frame["kind"] == "pretraining"
            pretrained = counted(int(sources.sum()), "pre-training run")
            notes.append(f"Not compared: {pretrained} of sources.")
            frame = frame[~sources]
        table = typed(frame)
        table.loc[table["kind"] == "reference", "omega"] = np.nan
        _fill_rates(table, curves)

        def leave_out(mask: pd.Series, reason: str) -> None:
            nonlocal table
            if mask.any():
                out.append(excluded(table[mask], reason))
                table = table[~mask]

        diverged = table["diverged"].eq(True)
        if diverged.any():
            late = int((diverged & (table["status"] == "ok")).sum())
            count = int(diverged.sum())
            notes.append(
                f"{counted(count, 'training run')} diverged: {late} after a usable epoch (scored "
                f"at the best epoch) and {count - late} before the first one (failed)."
            )
        transfer = table["kind"] == "transfer"
        leave_out(transfer & table["source"].isna(), "transfer without a source")
        leave_out((table["kind"] == "reference") & table["source"].notna(),
                  "reference with a source")  # fmt: skip
        leave_out((table["kind"] == "transfer") & table["omega"].isna(), "transfer without omega")
        leave_out((table["kind"] == "transfer") & (table["source"] == table["target"]),
                  "source and target are the same dataset")  # fmt: skip
        _check_metrics(table)
        bad = (table["status"] == "failed") | ~np.isfinite(table["test_score"])
        failed = table[bad].copy()
        leave_out(table["status"] == "failed", "the trial failed")
        leave_out(~np.isfinite(table["test_score"]), "the test score is missing or not finite")
        copies = table.duplicated([*IDENTITY, "test_score", "validation_score"])
        leave_out(copies, "copy of another trial, with the same scores")
        _check_duplicates(table)
        bounded = table["metric"].isin(BOUNDED)
        error = table["metric"].isin([name for name, up in DIRECTIONS.items() if not up])
        score = table["test_score"]
        leave_out((bounded & ~score.between(0, 1)) | (error & (score < 0)),
                  "the score is impossible for its metric")  # fmt: skip
        if not (table["kind"] != "baseline").any():
            raise ValueError(
                f"no usable trial in {origin}. Left out: " + ("; ".join(map(str, out)) or "nothing")
            )
        table = table.copy()
        table["value"] = np.where(table["greater_is_better"], 1, -1) * table["test_score"]
        notes += _set_domains(table, domains)
        return cls(table, failed, curves, out, notes, origin)


def excluded(rows: pd.DataFrame, reason: str) -> Exclusion:
    """Return the exclusion of rows, with at most three of them as examples."""
    return Exclusion(reason, len(rows), [label(row) for _, row in rows.head(3).iterrows()])


def label(row: pd.Series) -> str:
    """Return a short name of a trial, e.g. ``tcn lomax>stead 1k5 omega 0.5 rerun 3``."""
    route = f"{row['source']}>{row['target']}" if _given(row, "source") else str(row["target"])
    text = f"{row['architecture']} {route} {_domains.size_label(row['n_train'])}"
    if _given(row, "omega"):
        text += f" omega {row['omega']:g}"
    return text + (f" rerun {row['rerun']}" if _given(row, "rerun") else "")


def _given(row: pd.Series, name: str) -> bool:
    return name in row and pd.notna(row[name])


def _fill_rates(table: pd.DataFrame, curves: Mapping) -> None:
    """Compute missing convergence rates from curves."""
    for part in ("test", "validation"):
        column = f"{part}_convergence_rate"
        upwards = table.loc[table[column].isna(), "greater_is_better"]
        rates = {
            index: convergence_rate(curves[index][part], bool(up))
            for index, up in upwards.items()
            if index in curves and part in curves[index]
        }
        if rates:
            table[column] = table[column].fillna(pd.Series(rates))


def _check_metrics(table: pd.DataFrame) -> None:
    for column in ("metric", "unit", "greater_is_better"):
        for target, found in table.groupby("target")[column]:
            counts = found.value_counts()
            if len(counts) > 1:
                named = ", ".join(f"{name} in {counted(n, 'trial')}" for name, n in counts.items())
                raise ValueError(
                    f"all trials of a target must have one {column} to be comparable. "
                    f"Received: target={target!r} with {named}"
                )
    known = table["metric"].map(DIRECTIONS)
    wrong = known.notna() & (known != table["greater_is_better"])
    if wrong.any():
        row = table[wrong].iloc[0]
        raise ValueError(
            f"greater_is_better of {row['metric']!r} must be {known[wrong].iloc[0]}. "
            f"Received: greater_is_better={row['greater_is_better']} in row {row.name}"
        )


def _check_duplicates(table: pd.DataFrame) -> None:
    again = table.duplicated(IDENTITY, keep=False)
    if again.any():
        first = table[again].sort_values(IDENTITY)
        pair = first[first[IDENTITY].eq(first[IDENTITY].iloc[0]).sum(axis=1)
                     == first[IDENTITY].iloc[0].notna().sum()]  # fmt: skip
        raise ValueError(
            "a trial must have one row (a further reference of the same rerun needs its own "
            f"`repeat`). Received: {int(again.sum())} rows that share a trial, e.g. "
            f"{label(pair.iloc[0])} with the test scores "
            f"{', '.join(f'{score:g}' for score in pair['test_score'].head(3))}"
        )


def _set_domains(table: pd.DataFrame, given: Mapping[str, str] | None) -> list[str]:
    """Fill the two domain columns and return a note on datasets without a known domain."""
    unknown = set()
    for side in ("source", "target"):
        column = f"{side}_domain"
        for name in table[side].dropna().unique():
            rows = table[side] == name
            stated = _domains.domain_of(name, given if given else None)
            if given and _domains.plain(name) in map(_domains.plain, given):
                table.loc[rows, column] = stated
            elif table.loc[rows, column].isna().any():
                if stated is None:
                    unknown.add(name)
                table.loc[rows, column] = table.loc[rows, column].fillna(stated or "other")
    if not unknown:
        return []
    return [
        "The domain of "
        + ", ".join(sorted(unknown))
        + " is not known; it counts as other. Give it by the columns source_domain and "
        "target_domain, or --domain NAME=seis."
    ]
