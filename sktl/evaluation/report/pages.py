"""Arrange results as a document: sections, tables of texts, figures with alternative texts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sktl.evaluation import figures, tables, training_figures
from sktl.evaluation.controls import Control
from sktl.evaluation.domains import ordered, size_label, title
from sktl.evaluation.report import sentences as words
from sktl.evaluation.report.document import Block, Bullets, Document, Picture, Section, Table
from sktl.evaluation.report.results import Results

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_WAYS = ("worse", "better")
_SIGNS = {"g": "*", "r": "*", "m": "≠", ".": "", "-": ""}


def document(
    results: Results, conclusions: list[str], step: Callable[[str], object] = str
) -> Document:
    """Make the document; ``step`` is told what is being drawn."""
    sections = [
        Section("Conclusions", [Bullets(conclusions)]),
        Section("Warnings", [_warnings(results)]),
        Section("Left out", [Bullets(words.exclusions(results) + results.records.notes)]),
        Section("Controls", _controls(results)),
        Section("Wins and losses", list(_wins(results))),
        Section("Sources and targets", list(_sources(results, step))),
        Section("Learning-rate multiplier", list(_omegas(results, step))),
        Section("Rankings", list(_rankings(results, step))),
        Section("Training", list(_training(results, step))),
    ]
    statement = results.comparison.statement
    return Document("Transfer against training from scratch", statement, _origin(results), sections)


def _origin(results: Results) -> str:
    table, cells = results.records.table, results.comparison.cells
    kinds = table["kind"].value_counts()
    counts = ", ".join(f"{kinds[kind]:,} {kind} trials" for kind in kinds.index)
    simulated = table["simulated"]
    text = f"{results.records.origin}: {counts}; {len(cells)} cells"
    if (simulated == True).any():  # noqa: E712  (None and NaN are neither)
        text += ". SIMULATED data: this says nothing about the real datasets"
    return text + "."


def _warnings(results: Results) -> Block:
    if not results.defects:
        return "None of the defects that sktl looks for was found in the records."
    return Bullets([f"{defect.name.capitalize()}: {defect.text}" for defect in results.defects])


def _controls(results: Results) -> list[Block]:
    def name(control: Control) -> str:
        left_out = f", without rerun {', '.join(control.without)}" if control.without else ""
        return control.name + left_out

    def counts(control: Control) -> list[str]:
        if control.problem:
            return ["–"] * 5
        numbers = [f"{count:.3g}" for count in (control.wins, control.losses, control.ties)]
        return [*numbers, str(control.n), f"{tables.percent_of(control.wins, control.n)} %"]

    rows = [
        [name(control), *counts(control), words.control_text(control)]
        for control in results.controls
    ]
    how = {
        control.name: control.statement
        + (f"; without {', '.join(control.left_out)}, where it takes two usable references to "
           "draw from" if control.left_out else "")
        for control in results.controls if not control.problem
    }  # fmt: skip
    return [
        Table(
            "controls",
            "The same records compared in other ways. A null has no true gain: what it wins is "
            "due to the way of choosing alone.",
            ["comparison", "wins", "losses", "ties", "of", "share", "sign test"],
            rows,
        ),
        *([Bullets([f"{name}: {statement}." for name, statement in how.items()])] if how else []),
    ]


def _wins(results: Results) -> Iterator[Block]:
    header = ["", "wins", "losses", "ties", "cells", "needed", "p", "significant"]
    for name, what, table in (
        ("table3", "Table 3: cells in which transfer has the better score", results.wins),
        ("table4", "Table 4: cells in which transfer converges faster", results.convergence_wins),
    ):
        rows = [
            [
                tables.RELATIONS[relation], _share(row["wins"], row["cells"]),
                _share(row["losses"], row["cells"]), str(row["ties"]), str(row["cells"]),
                str(row["critical"]) if row["critical"] is not None else "–",
                words.p_text(row["pvalue"]).removeprefix("p ").removeprefix("= ")
                if row["n"] else "–",
                ("yes" if row["significant"] else "no") if row["n"] else "–",
            ]
            for relation, row in table.items()
        ]  # fmt: skip
        note = (
            "Percentages are of the cells. needed: critical count of the paper, "
            "(N + 1.96 √N) / 2; p: exact two-tailed test."
        )
        yield Table(name, what, header, rows, note)
    changes = results.changes
    total = sum(changes.values())
    yield Table(
        "table5",
        "Table 5: change of the convergence rate against change of the score, in cells",
        ["", "score worse", "score better"],
        [[f"convergence {way}", *(_share(changes[f"cr {way}, score {to}"], total) for to in _WAYS)]
         for way in _WAYS],
        f"{changes['ties']} cells with a tie or without a convergence rate. "
        + ("The paper prints 10, 77, 13, 140: these cannot be derived from the published results; "
           "above are the counts that the rule of Tables 3 and 4 gives."
           if results.records.origin.endswith("(published)") else ""),
    )  # fmt: skip
    names = ordered(results.comparison.cells["architecture"])
    yield Table(
        "table10",
        "Table 10: cells in which each architecture's transfer has the better score",
        ["", *map(title, names)],
        [[tables.RELATIONS[relation], *(_share(row[n][0], sum(row[n]), True) for n in names)]
         for relation, row in results.architectures.items()],
    )  # fmt: skip


def _share(part: int, whole: int, name_whole: bool = False) -> str:
    """Write a count with its computed percentage, as the paper does: 43 (90 %)."""
    count = f"{part}/{whole}" if name_whole else str(part)
    return f"{count} ({tables.percent_of(part, whole)} %)" if whole else "–"


def _sources(results: Results, step: Callable[[str], object]) -> Iterator[Block]:
    for of, numbers, table in (
        ("score", (6, 7), results.score),
        ("convergence", (8, 9), results.convergence),
    ):
        if not table["percent"].notna().any():
            yield f"No tables {numbers[0]} and {numbers[1]}: the records hold no {of} rates."
            continue
        worst, best = table.loc[table["percent"].idxmin()], table.loc[table["percent"].idxmax()]
        colours = table["colour"].value_counts()
        step(f"heat map of {of}")
        yield _picture(
            f"heat_map_{of}",
            f"Mean gain in {of} of each source on each target. Bold and framed: significant.",
            figures.heat_map(results.comparison, of, table),
            f"Heat map of the mean gain in {of} in percent, sources as rows, targets with sizes as "
            f"columns. Best: {_pair(best)}; worst: {_pair(worst)}. Significantly better: "
            f"{colours.get('g', 0)}, significantly worse: {colours.get('r', 0)}, of {len(table)}.",
        )
        seismic = set(table.loc[table["target_domain"] == "seis", "target"])
        other = set(table["target"]) - seismic
        for number, kept, where in (
            (numbers[0], seismic, "seismological targets"),
            (numbers[1], other, "other targets"),
        ):
            if kept:
                yield _percent(
                    results, table, f"Table {number}: mean change of {of}, {where}", kept
                )


def _pair(row: pd.Series) -> str:
    route = f"{title(row['source'])} to {title(row['target'])} {size_label(row['n_train'])}"
    return f"{route} ({figures.percent_text(row['percent'])} %)"


def _percent(results: Results, table: pd.DataFrame, caption: str, targets: set[str]) -> Table:
    places = tables.columns(results.comparison)
    kept = [i for i, (target, _) in enumerate(places) if target in targets]
    percent = tables.grid(results.comparison, table, "percent", np.nan)
    colours = tables.grid(results.comparison, table, "colour", "-")
    rows, marks = [], []
    for source, values in percent.items():
        cells = [
            "–" if np.isnan(values[i])
            else figures.percent_text(values[i]) + _SIGNS[colours[source][i]]
            for i in kept
        ]  # fmt: skip
        rows.append([title(source), *cells])
        marks.append([""] + [colours[source][i].strip(".-") for i in kept])
    mixed = "."
    if (table["colour"] == "m").any():
        mixed = "; ≠ significant, but mean and ranks point different ways."
    return Table(
        caption.partition(":")[0].lower().replace(" ", ""),
        f"{caption}, in percent (positive: transfer is better)",
        ["source", *(f"{title(places[i][0])} {size_label(places[i][1])}" for i in kept)],
        rows,
        f"* significant at 0.05 (Wilcoxon signed-rank over architectures and reruns, n up to "
        f"{table['n'].max()}; Benjamini-Krieger-Yekutieli over the {len(table)} pairs)"
        + mixed,
        marks,
    )  # fmt: skip


def _omegas(results: Results, step: Callable[[str], object]) -> Iterator[Block]:
    table = results.omegas
    best = ", ".join(
        f"{title(str(name))} best at ω = {row.idxmax():g} ({figures.percent_text(row.max())} %)"
        for name, row in table.iterrows()
    )
    step("gain by omega")
    yield _picture(
        "figure8",
        "Figure 8: mean gain over all trials of each architecture and ω, whatever ω was chosen.",
        figures.figure_8(results.comparison),
        f"Bars of the mean gain in percent against omega, one panel an architecture: {best}.",
    )
    yield _picture(
        "gain_against_omega",
        "Median gain (line) and quartiles (band) against ω: a few targets rule the means above.",
        figures.gain_against_omega(results.comparison),
        "Lines of the median gain with quartiles against omega, one panel an architecture.",
    )
    yield Table(
        "figure8",
        "Figure 8 as numbers: mean gain in percent",
        ["architecture", *(f"ω = {omega:g}" for omega in table.columns)],
        [[title(str(name)), *("–" if np.isnan(v) else figures.percent_text(v) for v in row)]
         for name, row in table.iterrows()],
    )  # fmt: skip


def _rankings(results: Results, step: Callable[[str], object]) -> Iterator[Block]:
    for ranking in results.rankings:
        if ranking.problem:
            yield f"No ranking of {ranking.question}: it {ranking.problem}."
            continue
        step(f"ranking of {ranking.name}")
        order = sorted(ranking.ranks, key=ranking.ranks.__getitem__)
        listed = ", ".join(f"{name} {ranking.ranks[name]:.2f}" for name in order)
        lost = f"; {ranking.n_left_out} incomplete blocks left out" if ranking.n_left_out else ""
        yield _picture(
            f"critical_difference_{ranking.name}",
            f"Mean ranks of {ranking.question} ({ranking.n_blocks} blocks{lost}); 1 is best. "
            "A bar joins what Nemenyi's test cannot tell apart (critical difference "
            f"{ranking.critical_difference:.2f}). Friedman: {words.p_text(ranking.pvalue)}.",
            figures.critical_difference(ranking.ranks, ranking.pvalues),
            f"Critical-difference diagram. Mean ranks from best to worst: {listed}.",
        )


def _training(results: Results, step: Callable[[str], object]) -> Iterator[Block]:
    step("learning curves")
    curves = training_figures.learning_curves(results.records, results.comparison)
    if curves is None:
        yield "No learning curves: the records hold none."
    else:
        part = training_figures.curve_part(results.records, results.comparison)
        yield _picture(
            "learning_curves",
            f"{str(part).capitalize()} score per epoch: median (line) and quartiles (band) of the "
            "trials still training, while at least half of them are.",
            curves,
            f"Median {part} score against epoch of transfer (solid) and training from scratch "
            f"(dashed), one panel for each of {len(tables.columns(results.comparison))} targets "
            "with sizes.",
        )
    bars = training_figures.cost(results.cost)
    if bars is not None:
        yield _picture(
            "cost",
            "Cost of training; the table below has the numbers.",
            bars,
            "Bars of training cost of each architecture, from scratch and with transfer.",
        )
    shown = {"seconds": "seconds", "epochs": "epochs", "n_parameters": "parameters"}
    rows = [
        [
            title(row["architecture"]), row["kind"], f"{row['trials']:,}", str(row["failed"]),
            f"{100 * row['share']:.1f} %",
            *("–" if pd.isna(row[name]) else f"{row[name]:,.4g}" if name != "n_parameters"
              else f"{row[name]:,.0f}" for name in shown),
        ]
        for _, row in results.cost.iterrows()
    ]  # fmt: skip
    header = ["architecture", "kind", "trials", "failed", "share failed", *shown.values()]
    yield Table("cost", "Trials, failures and median cost of one training", header, rows)


def _picture(name: str, caption: str, figure: Figure, alt: str) -> Picture:
    return Picture(name, caption, figures.to_svg(figure), alt)
