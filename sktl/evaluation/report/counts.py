"""Sections of a report that count cells: controls, wins and losses."""

from __future__ import annotations

from collections.abc import Iterator

from sktl._words import counted
from sktl.evaluation import tables
from sktl.evaluation.controls import Control
from sktl.evaluation.domains import ordered, title
from sktl.evaluation.report import sentences as words
from sktl.evaluation.report.document import OTOVIC2022, Block, Bullets, Table
from sktl.evaluation.report.results import Results

_WAYS = ("worse", "better")


def control_blocks(results: Results) -> list[Block]:
    """Return the table of controls and the descriptions of the comparisons."""

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
        + (f"; without {', '.join(control.left_out)}, with fewer than two usable references"
           if control.left_out else "")
        for control in results.controls if not control.problem
    }  # fmt: skip
    return [
        Table(
            "controls",
            "The same records under other comparisons. In a null there is no true gain: its wins "
            "are due to the selection alone.",
            ["comparison", "wins", "losses", "ties", "of", "share", "sign test"],
            rows,
        ),
        *([Bullets([f"{name}: {statement}." for name, statement in how.items()])] if how else []),
    ]


def win_blocks(results: Results, style: str) -> Iterator[Block]:
    """Yield the tables of cells won and lost, by relation of the domains and by architecture.

    Empty rows and tables are left out, unless the style is that of the paper.
    """
    paper = style == OTOVIC2022
    header = ["", "wins", "losses", "ties", "cells", "needed", "p", "significant"]
    kept = _relations(results, paper)
    for name, number, what, table in (
        ("wins", "Table 3", "Cells in which transfer has the better score", results.wins),
        ("convergence_wins", "Table 4", "Cells in which transfer converges faster",
         results.convergence_wins),
    ):  # fmt: skip
        if not table["total"]["cells"] and not paper:
            continue
        rows = [
            [
                tables.RELATIONS[relation], _share(row["wins"], row["cells"]),
                _share(row["losses"], row["cells"]), str(row["ties"]), str(row["cells"]),
                str(row["critical"]) if row["critical"] is not None else "–",
                words.p_text(row["pvalue"]).removeprefix("p ").removeprefix("= ")
                if row["n"] else "–",
                ("yes" if row["significant"] else "no") if row["n"] else "–",
            ]
            for relation, row in table.items() if relation in kept
        ]  # fmt: skip
        note = (
            "Percentages refer to all cells of the row. needed: critical count, "
            "(N + 1.96 √N) / 2; p: exact two-tailed sign test."
        )
        yield Table(name, what, header, rows, note, paper=number)
    changes = results.changes
    total = sum(changes.values())
    if changes["ties"] < total or paper:
        yield Table(
            "changes",
            "Change of the convergence rate against change of the score, in cells",
            ["", "score worse", "score better"],
            [[f"convergence {way}",
              *(_share(changes[f"cr {way}, score {to}"], total) for to in _WAYS)]
             for way in _WAYS],
            f"{counted(changes['ties'], 'cell')} with a tie or without a convergence rate."
            + (" The paper prints 10, 77, 13, 140, which cannot be derived from the published "
               "results; the counts above follow the rule of Tables 3 and 4."
               if paper and results.records.origin.endswith("(published)") else ""),
            paper="Table 5",
        )  # fmt: skip
    names = ordered(results.comparison.cells["architecture"])
    if len(names) > 1 or paper:
        yield Table(
            "wins_by_architecture",
            "Cells in which each architecture's transfer has the better score",
            ["", *map(title, names)],
            [[tables.RELATIONS[relation], *(_share(row[n][0], sum(row[n]), True) for n in names)]
             for relation, row in results.architectures.items() if relation in kept],
            paper="Table 10",
        )  # fmt: skip


def _relations(results: Results, paper: bool) -> set[str]:
    """Return the relations to print; with a single one, only the total."""
    filled = {name for name, row in results.wins.items() if row["cells"] or paper}
    return filled if paper or len(filled - {"total", "cross"}) > 1 else {"total"}


def _share(part: int, whole: int, name_whole: bool = False) -> str:
    """Return a count with its computed percentage in the style of the paper: 43 (90 %)."""
    count = f"{part}/{whole}" if name_whole else str(part)
    return f"{count} ({tables.percent_of(part, whole)} %)" if whole else "–"
