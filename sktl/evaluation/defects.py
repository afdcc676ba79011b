"""Warnings about defects that can be recognised from the records."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sktl._words import counted
from sktl.evaluation.domains import ordered, size_label, title
from sktl.evaluation.protocols import Comparison
from sktl.evaluation.records import Records
from sktl.evaluation.schema import CELL


@dataclass(frozen=True)
class Defect:
    """A warning.

    Parameters
    ----------
    name : str
        Name of the kind of defect.
    text : str
        Description of the defect and its consequence.
    """

    name: str
    text: str


def suspect_reruns(records: Records) -> dict[str, float]:
    """Find reruns with outlying scores.

    In a cell (of references or of one omega) a rerun is an outlier if its score lies outside the
    range of the other reruns by more than the width of that range. A rerun is suspect if it is an
    outlier in more than half of at least six cells of four or more reruns. With normal scatter,
    less than 1 % of such tables have a suspect rerun; with three cells, 21 % would.

    Parameters
    ----------
    records : Records
        Checked records.

    Returns
    -------
    dict of str to float
        Name of a suspect rerun to the fraction of cells in which it is an outlier.
    """
    table = records.table[records.table["kind"] != "baseline"]
    keys = [*CELL, "omega", "kind"]
    wide = table[table["repeat"] == 0].pivot_table(
        "value", table[keys].fillna("").apply(tuple, axis=1), "rerun"
    )
    found = {}
    for rerun in wide.columns:
        others = wide.drop(columns=rerun)
        usable = wide[rerun].notna() & (others.notna().sum(axis=1) >= 3)
        if usable.sum() < 6:
            continue
        low, high = others[usable].min(axis=1), others[usable].max(axis=1)
        distance = np.maximum(low - wide.loc[usable, rerun], wide.loc[usable, rerun] - high)
        share = float((distance > high - low).mean())
        if share > 0.5:
            found[str(rerun)] = share
    return found


def find_defects(records: Records, comparison: Comparison) -> list[Defect]:
    """Find defects that weaken a comparison.

    Parameters
    ----------
    records : Records
        Checked records.
    comparison : Comparison
        Comparison of transfer and references.

    Returns
    -------
    list of Defect
        Defects, the most serious first; empty if there are none.
    """
    left = ~records.table["rerun"].isin(comparison.exclude_reruns)
    table = records.table[left]
    found = [
        *_rerun_far_off(records, comparison),
        *_selection_on_test(table, comparison),
        *_different_training(table),
        *_validation_is_test(table),
        *_stopped_on_test(records, table),
        *_missing_cells(comparison),
        *_unequal_counts(comparison),
        *_lone_omega(comparison),
        *_behind_baseline(table),
        *_disagreement(comparison),
    ]
    return [Defect(name, text) for name, text in found]


def _rerun_far_off(records: Records, comparison: Comparison):
    for rerun, share in suspect_reruns(records).items():
        if rerun not in comparison.exclude_reruns:
            yield (
                "rerun far off",
                f"Rerun {rerun} lies far outside the range of the others in {share:.0%} of the "
                f"cells. It is included here; --exclude-rerun {rerun} leaves it out. The table of "
                "controls shows the counts without it.",
            )


def _selection_on_test(table: pd.DataFrame, comparison: Comparison):
    omegas = int(comparison.search.groupby(CELL)["omega"].nunique().max())
    if omegas < 2 or comparison.omega is not None:
        return
    if comparison.protocol == "published":
        yield (
            "selection on test",
            f"Omega is chosen by the test score, best of {omegas}, against a single reference. "
            "This alone gives wins without a true gain (see the null).",
        )
    elif "leave-one-rerun-out" in comparison.rule:
        yield (
            "no validation scores",
            "Without validation scores omega is chosen by the test scores of the other reruns. "
            "All reruns share one test set, so a small optimism may remain.",
        )


def _different_training(table: pd.DataFrame):
    for column in ("loss", "monitor", "task"):
        sides = {
            kind: table[table["kind"] == kind].groupby("target")[column].unique()
            for kind in ("reference", "transfer")
        }
        different = []
        for target, ours in sides["transfer"].items():
            theirs = sides["reference"].get(target)
            mine = {name for name in ours if pd.notna(name)}
            other = set() if theirs is None else {name for name in theirs if pd.notna(name)}
            if mine and other and mine != other:
                different.append(
                    f"{title(str(target))}: {', '.join(sorted(other))} against "
                    f"{', '.join(sorted(mine))}"
                )
        if different:
            yield (
                f"different {column}",
                f"Reference and transfer have a different {column} ({'; '.join(different)}). "
                "The comparison is therefore not fair.",
            )


def _validation_is_test(table: pd.DataFrame):
    both = table[table["validation_score"].notna()]
    if len(both) > 1 and np.isclose(both["validation_score"], both["test_score"], rtol=1e-9).all():
        yield (
            "validation is test",
            "Every validation score equals the test score: the validation set seems to be the "
            "test set, so omega is in effect chosen by the test score.",
        )


def _stopped_on_test(records: Records, table: pd.DataFrame):
    pairs = [
        (score, curve["test"].max() if up else curve["test"].min())
        for score, up, curve in (
            (score, up, records.curves[index])
            for index, score, up in zip(
                table.index, table["test_score"], table["greater_is_better"], strict=True
            )
            if index in records.curves
        )
        if len(curve.get("test", ())) > 5
    ]
    scores, bests = np.array(pairs, dtype=float).reshape(-1, 2).T
    best = np.isclose(scores, bests, rtol=1e-12)
    if len(best) >= 5 and np.mean(best) > 0.9:
        yield (
            "epoch chosen on test",
            f"In {np.mean(best):.0%} of the trials the score is the best of the whole test curve: "
            "the epoch seems to be chosen on the test set.",
        )


def _missing_cells(comparison: Comparison):
    search = comparison.search
    sources = ordered(search["source"])
    places = search[["target", "n_train"]].drop_duplicates().sort_values(["target", "n_train"])
    for architecture, part in search.groupby("architecture"):
        present = set(part[["source", "target", "n_train"]].itertuples(index=False, name=None))
        missing = [
            f"{title(source)} to {title(target)} {size_label(size)}"
            for target, size in places.itertuples(index=False)
            for source in sources
            if source != target and (source, target, size) not in present
        ]
        if missing:
            more = f" and {len(missing) - 4} more" if len(missing) > 4 else ""
            yield (
                "missing cells",
                f"{title(str(architecture))} lacks {counted(len(missing), 'cell')} of the sources "
                f"and targets in the records: {', '.join(missing[:4])}{more}.",
            )


def _unequal_counts(comparison: Comparison):
    search = comparison.search
    for column, what in (("rerun", "reruns"), ("omega", "omegas")):
        counts = search.groupby(CELL)[column].nunique()
        if counts.min() < counts.max():
            yield (
                "unequal counts",
                f"Cells have between {counts.min()} and {counts.max()} {what}. "
                + (
                    "Cells with more omegas win more easily."
                    if column == "omega"
                    else "All cells have the same weight."
                ),
            )
    trials = search.groupby([*CELL, "rerun"]).size()
    full = search.groupby(CELL)["omega"].nunique().reindex(trials.index.droplevel("rerun"))
    lacking = int((trials.to_numpy() < full.to_numpy()).sum())
    if lacking:
        yield (
            "unequal counts",
            f"In {counted(lacking, 'rerun')} of a cell, omegas are missing that other reruns have.",
        )


def _lone_omega(comparison: Comparison):
    """Find an omega that beats both of its neighbours far more often than by chance (1/3)."""
    for architecture, part in comparison.search.groupby("architecture"):
        wide = part.pivot_table("value", [*CELL, "rerun"], "omega").dropna()
        if wide.shape[1] < 5 or len(wide) < 30:
            continue
        inner = wide.iloc[:, 1:-1].to_numpy()
        peaks = (inner > wide.iloc[:, :-2].to_numpy()) & (inner > wide.iloc[:, 2:].to_numpy())
        shares = peaks.mean(axis=0)
        place = int(shares.argmax())
        if shares[place] > 0.6:
            yield (
                "lone omega",
                f"{title(str(architecture))} at omega = {wide.columns[place + 1]:g} beats both "
                f"neighbouring omegas in {shares[place]:.0%} of the reruns (by chance: one third). "
                "The training with the other omegas may have an error.",
            )


def _behind_baseline(table: pd.DataFrame):
    baselines = table[table["kind"] == "baseline"]
    networks = table[table["kind"] != "baseline"]
    bare = ordered(set(networks["target"]) - set(baselines["target"]))
    if bare:
        yield (
            "no baseline",
            f"There is no naive baseline for {', '.join(map(title, bare))} (such as the last value "
            "or the most frequent class), so the report cannot show whether networks are useful "
            "there.",
        )
    # Means over the reruns, because a single rerun can be good by chance.
    keys = ["target", "n_train", "architecture", "source", "omega"]
    ours, theirs = (
        part.groupby(keys, dropna=False)[["value", "test_score"]].mean().reset_index()
        for part in (networks, baselines)
    )
    for (target, n_train), rows in theirs.groupby(["target", "n_train"]):
        rivals = ours[(ours["target"] == target) & (ours["n_train"] == n_train)]
        best = rows.loc[rows["value"].idxmax()]
        if len(rivals) and best["value"] > rivals["value"].max():
            yield (
                "behind a baseline",
                f"On {title(str(target))} {size_label(n_train)} the baseline "
                f"{best['architecture']} ({best['test_score']:.4g}, mean of the reruns) is better "
                "than every network "
                f"({rivals.loc[rivals['value'].idxmax(), 'test_score']:.4g} at best).",
            )


def _disagreement(comparison: Comparison):
    from sktl.evaluation.tables import percent_table

    table = percent_table(comparison, "convergence")
    mixed = table[(table["adjusted"] <= 0.05) & ~table["agree"]]
    if len(mixed):
        cells = ", ".join(
            f"{title(row.source)} to {title(row.target)} {size_label(row.n_train)}"
            for row in mixed.itertuples()
        )
        treated = "coloured by the mean" if comparison.protocol == "published" else "marked mixed"
        yield (
            "mean against ranks",
            f"Convergence: in {counted(len(mixed), 'significant pair')} of source and target, the "
            f"mean change and the ranks have opposite signs ({cells}); here they are {treated}.",
        )


def share_failed(records: Records) -> pd.DataFrame:
    """Return the fraction of failed trials of each architecture and kind.

    Parameters
    ----------
    records : Records
        Checked records.

    Returns
    -------
    pandas.DataFrame
        Columns architecture, kind, trials, failed, share.
    """
    good = records.table.groupby(["architecture", "kind"]).size()
    bad = records.failed.groupby(["architecture", "kind"]).size()
    table = pd.DataFrame({"good": good, "failed": bad}).fillna(0).astype(int)
    table["trials"] = table["good"] + table["failed"]
    table["share"] = table["failed"] / table["trials"]
    return table.drop(columns="good").reset_index()
