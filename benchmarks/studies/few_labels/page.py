"""Write docs/results/few_labels.md and its diagrams from the records; nothing is trained.

python -m benchmarks.studies.few_labels.page results/few_labels/records.csv
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

from benchmarks.performance.performance_page import markdown
from benchmarks.studies.few_labels import analysis
from benchmarks.studies.few_labels.analysis import MAIN, REFERENCE, Outcome
from benchmarks.studies.few_labels.targets import DEVELOPMENT, HELD_OUT, TARGETS
from benchmarks.studies.few_labels.words import HALF, NOT_MEASURED, TEXT, WHY
from sktl._files import write_whole
from sktl.evaluation.rankings import Ranking

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs/results/few_labels.md"


def number(value: float, digits: int = 3) -> str:
    """Return a number with the given significant digits as text; empty for NaN.

    Examples
    --------
    >>> number(0.12345), number(1234.5), number(float("nan"))
    ('0.123', '1234', '')
    """
    if pd.isna(value):
        return ""
    if abs(value) >= 10 ** (digits - 1):
        return f"{value:.0f}"
    return f"{value:#.{digits}g}"


def p_text(value: float) -> str:
    """Return a p-value as text."""
    return "p < 0.001" if value < 0.001 else f"p = {value:.3f}"


def cells_table(means: pd.DataFrame, is_error: dict[str, bool]) -> str:
    """Return the table of all cells, with the best score in bold."""
    best = analysis.ratios(means, is_error)
    rows = []
    for cell, scores in means.iterrows():
        target, n_train = cell  # type: ignore[misc]
        least = best.loc[cell].min()
        row = {"target": target, "n": n_train}
        for name, value in scores.items():
            text = number(value)
            row[name] = f"**{text}**" if text and best.loc[cell, name] <= least * 1.0005 else text
        rows.append(row)
    return markdown(pd.DataFrame(rows))


def ranks_table(ranking: Ranking, means: pd.DataFrame, is_error: dict[str, bool]) -> str:
    """Return the table of mean ranks, with frequencies of the best score and worst ratios."""
    losses = analysis.ratios(means, is_error)
    relative = losses.div(losses.min(axis=1), axis=0)
    rows = [
        {
            "method": name,
            "mean rank": f"{value:.2f}",
            "best or within 2 %": f"{(relative[name] <= 1 + analysis.TIE).mean():.0%}",
            "median ratio to the best": f"{relative[name].median():.2f}",
            "worst ratio": f"{relative[name].max():.2f}",
            "p against " + MAIN: (
                "" if name == MAIN or MAIN not in ranking.ranks
                else p_text(ranking.pvalues.loc[MAIN, name])
            ),
        }
        for name, value in sorted(ranking.ranks.items(), key=lambda pair: pair[1])
    ]  # fmt: skip
    return markdown(pd.DataFrame(rows))


def draw(ranking: Ranking, path: Path) -> None:
    """Write the critical-difference diagram to a file."""
    import matplotlib.pyplot as plt

    from sktl.evaluation.figures import critical_difference

    figure = critical_difference(ranking.ranks, ranking.pvalues)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, bbox_inches="tight", metadata={"Date": None})
    plt.close(figure)


def outcome_row(name: str, outcome: Outcome) -> dict:
    """Return a row of wins, ties and losses."""
    return {
        "against": name, "cells": outcome.cells, "wins": outcome.wins, "ties": outcome.ties,
        "losses": outcome.losses, "wins or ties": f"{outcome.share:.0%}",
        "worst ratio": f"{outcome.worst:.2f}",
    }  # fmt: skip


def outcomes(means: pd.DataFrame, is_error: dict[str, bool]) -> str:
    """Return wins, ties and losses of AutoTransfer against each peer and the best one."""
    peers = analysis.peers_in(means)
    rows = [outcome_row("**the best peer of each cell**", analysis.against(means, is_error, peers))]
    rows += [outcome_row(peer, analysis.against(means, is_error, [peer])) for peer in peers]
    return markdown(pd.DataFrame(rows))


def goals(means: pd.DataFrame, is_error: dict[str, bool], ranking: Ranking) -> str:
    """Return the table of the goals, which were set in advance, and the results."""
    best = analysis.against(means, is_error, analysis.peers_in(means))
    reference = analysis.against(means, is_error, [REFERENCE])
    others = {name: value for name, value in ranking.ranks.items() if name != MAIN}
    second = min(others, key=others.__getitem__)
    first = ranking.ranks[MAIN] < others[second]
    unclear = [name for name in others if ranking.pvalues.loc[MAIN, name] > 0.05]
    significance = (
        "significantly better than every peer"
        if first and not unclear
        else f"not significantly different from {', '.join(unclear)}"
    )
    over = int((best.table["ratio"] > 1.1).sum())
    rows = [
        ("best mean rank, significantly", first and not unclear,
         f"{ranking.ranks[MAIN]:.2f} (next: {second}, {others[second]:.2f}); {significance}"),
        ("wins or ties against the best peer in 70 % of the cells", best.share >= 0.7,
         f"{best.share:.0%} of {best.cells}"),
        ("wins or ties against MultiRocket in 85 % of the cells", reference.share >= 0.85,
         f"{reference.share:.0%} of {reference.cells}"),
        ("never more than 10 % worse than the best peer", over == 0,
         f"more than 10 % worse in {over} of {best.cells} cells; worst ratio {best.worst:.2f}"),
    ]  # fmt: skip
    return markdown(pd.DataFrame(
        [{"goal": goal, "met": "yes" if met else "**no**", "measured": text}
         for goal, met, text in rows]
    ))  # fmt: skip


def missed(means: pd.DataFrame, is_error: dict[str, bool]) -> str:
    """Return the cells that AutoTransfer loses by more than 2 %, with known reasons."""
    table = analysis.against(means, is_error, analysis.peers_in(means)).table
    lost = table[table["ratio"] > 1 + analysis.TIE].sort_values("ratio", ascending=False)
    if lost.empty:
        return "None."
    return markdown(pd.DataFrame([
        {"target": target, "n": n, "best peer": row["best"], "its score": number(row["theirs"]),
         MAIN: number(row["ours"]), "ratio": f"{row['ratio']:.2f}", "reason": WHY.get(target, "")}
        for (target, n), row in lost.iterrows()
    ]))  # fmt: skip


def targets_table(half: str, table: pd.DataFrame) -> str:
    """Return the table of the targets of a half."""
    draws = table.groupby("target")["rerun"].nunique()
    return markdown(pd.DataFrame([
        {"target": one.name, "domain": one.domain, "prediction": one.about,
         "score": f"MAE, {one.unit}" if one.task == "regression" else "F1",
         "sizes": ", ".join(map(str, one.sizes)), "draws": draws.get(one.name, 0)}
        for one in TARGETS.values() if one.half == half
    ]))  # fmt: skip


def coverage(table: pd.DataFrame) -> str:
    """Return how much of the plan AutoTransfer has run, in words."""
    ours = table[table["architecture"] == MAIN]
    parts = []
    for half in (HELD_OUT, DEVELOPMENT):
        planned = sum(len(one.sizes) for one in TARGETS.values() if one.half == half)
        means = analysis.scores(table, half, MAIN)
        draws = ours[ours["half"] == half].groupby(analysis.CELL)["rerun"].nunique()
        most = f"{draws.min()} to {draws.max()}" if len(draws) else "0"
        name = half.replace(" ", "-")
        parts.append(f"{len(means)} of {planned} {name} cells, {most} draws each (planned: 5)")
    return "; ".join(parts).replace("1 to 1 draws", "one draw")


def costs_table(table: pd.DataFrame) -> str:
    """Return the table of time and memory of all methods."""
    found = analysis.costs(table)
    rows = found.map(lambda value: number(value, 2)).assign(fits=found["fits"])
    return markdown(rows.rename_axis("method").reset_index())


def half_blocks(table: pd.DataFrame, half: str, picture: Path) -> tuple[str, str]:
    """Return the text about a half and the table of its cells, and write its diagram."""
    means = analysis.scores(table, half, MAIN)
    if means.empty:
        return NOT_MEASURED, NOT_MEASURED
    is_error = analysis.errors_of(table)
    ranking = analysis.ranked(means, is_error, half)
    if ranking.problem:
        raise ValueError(f"{half}: no ranking could be computed: {ranking.problem}")
    draw(ranking, picture)
    text = HALF.format(
        goals=goals(means, is_error, ranking),
        ranks=ranks_table(ranking, means, is_error),
        picture=f"{picture.parent.name}/{picture.name}",
        outcomes=outcomes(means, is_error),
        missed=missed(means, is_error),
        blocks=ranking.n_blocks,
        cd=f"{ranking.critical_difference:.2f}",
        friedman=p_text(ranking.pvalue),
        by_target=ranks_by_target_text(analysis.ranked_by_target(means, is_error, half)),
    )
    return text, cells_table(means, is_error)


def write(records: Path, page: Path = PAGE) -> None:
    """Write the page, its diagrams and the copy of the records beside it."""
    table = analysis.read(records)
    blocks = {}
    for half, key in ((HELD_OUT, "held_out"), (DEVELOPMENT, "development")):
        picture = page.parent / "images" / f"few_labels_{key}.svg"
        blocks[key], blocks[f"{key}_cells"] = half_blocks(table, half, picture)
        blocks[f"{key}_targets"] = targets_table(half, table)
    ours = table[table["architecture"] == MAIN]
    failed = analysis.left_out(records)
    blocks |= {
        "costs": costs_table(table),
        "left_out": markdown(failed) if len(failed) else "Nothing.",
        "own_sources": "; ".join(
            f"{', '.join(one.own_sources)} on {one.name}"
            for one in TARGETS.values()
            if one.own_sources
        ),
        "coverage": coverage(table),
        "n_fits": f"{len(table):,}",
        "n_cells": str(ours.groupby(analysis.CELL).ngroups),
        "n_runs": str(len(ours)),
        "versions": str(ours["versions"].iloc[-1]),
    }
    page.parent.mkdir(parents=True, exist_ok=True)
    write_whole(page, TEXT.format(**blocks).encode())
    copied = pd.read_csv(records).drop(columns="versions")
    copied.round(6).to_csv(page.with_name("few_labels_records.csv"), index=False)


def ranks_by_target_text(ranking: Ranking) -> str:
    """Return the ranking over targets instead of cells, in words."""
    if ranking.problem:
        return f"No ranking over targets could be computed: {ranking.problem}."
    order = sorted(ranking.ranks.items(), key=lambda pair: pair[1])
    unclear = [name for name in ranking.ranks
               if name != MAIN and ranking.pvalues.loc[MAIN, name] > 0.05]  # fmt: skip
    listed = ", ".join(f"{name} {value:.2f}" for name, value in order[:4])
    return (
        f"Cells of one target share data. Over the {ranking.n_blocks} targets instead of cells, "
        f"the best mean ranks are {listed} (Friedman: {p_text(ranking.pvalue)}, critical "
        f"difference {ranking.critical_difference:.2f}); {MAIN} does not differ significantly from "
        f"{', '.join(unclear) or 'none of them'}."
    )


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("records", type=Path)
    parser.add_argument("--page", type=Path, default=PAGE)
    arguments = parser.parse_args()
    write(arguments.records, arguments.page)


if __name__ == "__main__":
    main()
