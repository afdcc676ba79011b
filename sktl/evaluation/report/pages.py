"""Document of a report: sections with tables, sentences, and figures with alternative texts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sktl._words import counted
from sktl.evaluation import figures, tables, training_figures
from sktl.evaluation.domains import ordered, size_label, title
from sktl.evaluation.report import sentences as words
from sktl.evaluation.report.counts import control_blocks, win_blocks
from sktl.evaluation.report.document import (
    OTOVIC2022,
    Block,
    Bullets,
    Document,
    Picture,
    Section,
    Table,
    numbered,
)
from sktl.evaluation.report.leading import score_blocks
from sktl.evaluation.report.results import Results

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SIGNS = {"g": "*", "r": "*", "m": "≠", ".": "", "-": ""}


def document(
    results: Results,
    conclusions: list[str],
    step: Callable[[str], object] = str,
    style: str = "plain",
) -> Document:
    """Return the document of a report; ``step`` is called with the current step."""
    sections = [
        Section("Scores", list(score_blocks(results, step))),
        Section("Conclusions", [Bullets(conclusions)]),
        Section("Warnings", [_warnings(results)]),
        Section("Left out", [Bullets(words.exclusions(results) + results.records.notes)]),
        Section("Controls", control_blocks(results)),
        Section("Wins and losses", list(win_blocks(results, style))),
        Section("Sources and targets", list(_sources(results, step, style))),
        Section("Learning-rate multiplier", list(_omegas(results, step))),
        Section("Rankings", list(_rankings(results, step))),
        Section("Training", list(_training(results, step))),
    ]
    title, statement = "Transfer against training from scratch", results.comparison.statement
    return Document(title, statement, _origin(results), numbered(sections, style))


def _origin(results: Results) -> str:
    table, cells = results.records.table, results.comparison.cells
    kinds = table["kind"].value_counts()
    counts = ", ".join(counted(int(kinds[kind]), f"{kind} trial") for kind in kinds.index)
    simulated = table["simulated"]
    text = f"{results.records.origin}: {counts}; {counted(len(cells), 'cell')}"
    count = int((simulated == True).sum())  # noqa: E712  (None and NaN are neither)
    if count == len(table):
        text += ". SIMULATED data: no conclusions about the real datasets are possible"
    elif count:
        text += f". SIMULATED data, or sources trained on it, in {counted(count, 'trial')}"
    loaded = ordered(table.loc[table["source_loaded"] == True, "source"])  # noqa: E712  (as above)
    if loaded:
        text += f". Sources that existed and were not pre-trained here: {', '.join(loaded)}"
    return text + "."


def _warnings(results: Results) -> Block:
    if not results.defects:
        return "The records have none of the defects for which sktl checks."
    return Bullets([f"{defect.name.capitalize()}: {defect.text}" for defect in results.defects])


def _sources(results: Results, step: Callable[[str], object], style: str) -> Iterator[Block]:
    for of, numbers, table in (
        ("score", (6, 7), results.score),
        ("convergence", (8, 9), results.convergence),
    ):
        if not table["percent"].notna().any():
            yield f"No table of the change in {of}: it cannot be computed from these records."
            continue
        worst, best = table.loc[table["percent"].idxmin()], table.loc[table["percent"].idxmax()]
        colours = table["colour"].value_counts()
        # A heat map of one row or column shows no more than the table.
        if len(table["source"].unique()) > 1 and len(tables.columns(results.comparison)) > 1:
            step(f"heat map of {of}")
            yield _picture(
                f"heat_map_{of}",
                f"Mean gain in {of} of each source on each target. Bold and framed: significant.",
                figures.heat_map(results.comparison, of, table),
                f"Heat map of the mean gain in {of} in percent, sources as rows, targets with "
                f"sizes as columns. Best: {_pair(best)}; worst: {_pair(worst)}. Significantly "
                f"better: {colours.get('g', 0)}, significantly worse: {colours.get('r', 0)}, of "
                f"{counted(len(table), 'pair')}.",
            )
        everywhere = set(table["target"])
        if style != OTOVIC2022:
            yield _percent(results, table, f"{of}_gain", f"Mean change of {of}", everywhere)
            continue
        seismic = set(table.loc[table["target_domain"] == "seis", "target"])
        for number, kept, where in (
            (numbers[0], seismic, "seismological targets"),
            (numbers[1], everywhere - seismic, "other targets"),
        ):
            if kept:
                caption = f"Mean change of {of}, {where}"
                yield _percent(results, table, f"{of}_gain", caption, kept, f"Table {number}")


def _pair(row: pd.Series) -> str:
    route = f"{title(row['source'])} to {title(row['target'])} {size_label(row['n_train'])}"
    return f"{route} ({figures.percent_text(row['percent'])} %)"


def _percent(
    results: Results,
    table: pd.DataFrame,
    name: str,
    caption: str,
    targets: set[str],
    paper: str = "",
) -> Table:
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
        mixed = "; ≠ significant, but mean and ranks have opposite signs."
    return Table(
        name,
        f"{caption}, in percent (positive: transfer is better)",
        ["source", *(f"{title(places[i][0])} {size_label(places[i][1])}" for i in kept)],
        rows,
        f"* significant at 0.05 (Wilcoxon signed-rank over architectures and reruns, n up to "
        f"{table['n'].max()}; Benjamini-Krieger-Yekutieli over {counted(len(table), 'pair')})"
        + mixed,
        marks,
        paper,
    )  # fmt: skip


def _omegas(results: Results, step: Callable[[str], object]) -> Iterator[Block]:
    table = results.omegas
    if len(table.columns) < 2:
        yield f"Only one value of ω was used, {table.columns[0]:g}: there is nothing to compare."
        return
    best = ", ".join(
        f"{title(str(name))} best at ω = {row.idxmax():g} ({figures.percent_text(row.max())} %)"
        for name, row in table.iterrows()
    )
    step("gain by omega")
    yield _picture(
        "gain_by_omega",
        "Mean gain over all trials of each architecture and ω, whether that ω was chosen or not.",
        figures.figure_8(results.comparison),
        f"Bars of the mean gain in percent against omega, one panel per architecture: {best}.",
        "Figure 8",
    )
    yield _picture(
        "gain_against_omega",
        "Median gain (line) and quartiles (band) against ω. A few targets dominate the means.",
        figures.gain_against_omega(results.comparison),
        "Lines of the median gain with quartiles against omega, one panel per architecture.",
    )
    yield Table(
        "gain_by_omega",
        "Mean gain in percent over all trials of each architecture and ω",
        ["architecture", *(f"ω = {omega:g}" for omega in table.columns)],
        [[title(str(name)), *("–" if np.isnan(v) else figures.percent_text(v) for v in row)]
         for name, row in table.iterrows()],
        paper="Figure 8",
    )  # fmt: skip


def _rankings(results: Results, step: Callable[[str], object]) -> Iterator[Block]:
    for ranking in results.rankings:
        if ranking.problem:
            yield f"No ranking of {ranking.question}: it {ranking.problem}."
            continue
        step(f"ranking of {ranking.name}")
        order = sorted(ranking.ranks, key=ranking.ranks.__getitem__)
        listed = ", ".join(f"{name} {ranking.ranks[name]:.2f}" for name in order)
        lost = counted(ranking.n_left_out, "incomplete block") if ranking.n_left_out else ""
        lost = f"; {lost} left out" if lost else ""
        yield _picture(
            f"critical_difference_{ranking.name}",
            f"Mean ranks of {ranking.question} ({counted(ranking.n_blocks, 'block')}{lost}); 1 is "
            "best. A bar connects entries that do not differ significantly in Nemenyi's test "
            f"(critical difference {ranking.critical_difference:.2f}). Friedman: "
            f"{words.p_text(ranking.pvalue)}.",
            figures.critical_difference(ranking.ranks, ranking.pvalues),
            f"Critical-difference diagram. Mean ranks from best to worst: {listed}.",
        )


def _training(results: Results, step: Callable[[str], object]) -> Iterator[Block]:
    step("learning curves")
    curves = training_figures.learning_curves(results.records, results.comparison)
    if curves is None:
        yield "No learning curves: the records have none."
    else:
        part = training_figures.curve_part(results.records, results.comparison)
        yield _picture(
            "learning_curves",
            f"{str(part).capitalize()} score per epoch: median (line) and quartiles (band) of the "
            "trials still training, while at least half of them are.",
            curves,
            f"Median {part} score against epoch of transfer (solid) and training from scratch "
            "(dashed); one panel per target and size, "
            f"{counted(len(tables.columns(results.comparison)), 'panel')}.",
        )
    bars = training_figures.cost(results.cost)
    if bars is not None:
        yield _picture(
            "cost",
            "Cost of training; the numbers are in the table below.",
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
    yield Table("cost", "Trials, failures and median cost of a training run", header, rows)


def _picture(name: str, caption: str, figure: Figure, alt: str, paper: str = "") -> Picture:
    return Picture(name, caption, figures.to_svg(figure), alt, paper)
