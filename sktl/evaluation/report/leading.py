"""The first section of a report: every method's scores, as a picture and as a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pandas as pd

from sktl.evaluation import figures
from sktl.evaluation.domains import size_label, title
from sktl.evaluation.report.document import Block, Picture, Table
from sktl.evaluation.report.results import Results
from sktl.evaluation.scores import (
    MOST_PANELS,
    Scores,
    decimals_for,
    mean_text,
    metric_text,
    score_figure,
)


def score_blocks(results: Results, step: Callable[[str], object]) -> Iterator[Block]:
    """Yield the figure and the table of scores; ``step`` is called with the current step."""
    scores = results.scores
    step("scores")
    if len(scores.places) > MOST_PANELS:
        shown = f"Ranks of all methods over {len(scores.places)} pairs of data set and size"
    else:
        shown = "Test scores of all methods: mean and standard deviation over reruns; best circled"
    yield Picture(
        "scores",
        shown + ". Orange: from scratch, blue: transfer, green: baselines.",
        figures.to_svg(score_figure(scores)),
        f"{shown}. Best: {_best_in_words(scores)}.",
    )
    yield _table(scores, results.comparison.statement)


def _best_in_words(scores: Scores) -> str:
    best = scores.cells[scores.cells["best"]].groupby(["target", "n_train"])["method"].first()
    listed = [
        f"{best[place]} on {title(place[0])} {size_label(place[1])}" for place in scores.places[:12]
    ]
    more = len(scores.places) - len(listed)
    return "; ".join(listed) + (f" and {more} more" if more else "")


def _table(scores: Scores, statement: str) -> Table:
    found = scores.cells.set_index(["target", "n_train", "method"])
    rows, marks = [], []
    for target, size in scores.places:
        here = found.loc[(target, size)]
        decimals = decimals_for(here["mean"])
        row, mark = [f"{title(target)} {size_label(size)}", metric_text(here.iloc[0])], ["", ""]
        for method in scores.methods:
            cell = here.loc[method] if method in here.index else None
            row.append("–" if cell is None else mean_text(cell["mean"], cell["std"], decimals))
            mark.append("b" if cell is not None and cell["best"] else "")
        rows.append(row)
        marks.append(mark)
    if scores.ranks:
        best = min(scores.ranks.values())
        ranks = [scores.ranks.get(method) for method in scores.methods]
        rows.append(["average rank", "↓", *("–" if r is None else f"{r:.2f}" for r in ranks)])
        marks.append(["", "", *("b" if r == best else "" for r in ranks)])
    caption = "Test scores, mean ± standard deviation over reruns; the best of a row is bold"
    header = ["data set", "metric", *scores.methods]
    return Table("scores", caption, header, rows, _note(scores, statement), marks)


def _note(scores: Scores, statement: str) -> str:
    said = ["The number after a data set is its number of training instances."]
    if scores.choice:
        said.append(f"Transfer: in each rerun the source is chosen {scores.choice}. {statement}")
    if scores.ranks:
        said.append("Only methods with a score in every row have an average rank.")
    if scores.left_out:
        said.append(
            "Without validation scores or further reruns no source can be chosen. Transfer is "
            f"therefore missing for {', '.join(scores.left_out)}."
        )
    reruns = scores.cells["n"]
    said.append(_reruns(scores.cells, int(reruns.max())))
    return " ".join(said)


def _reruns(cells: pd.DataFrame, most: int) -> str:
    fewer = cells[cells["n"] < most]
    text = f"Reruns: {most}"
    if len(fewer):
        listed = [
            f"{row.method} on {title(row.target)} {size_label(row.n_train)} {row.n}"
            for row in fewer.head(6).itertuples()
        ]
        text += f" (fewer: {', '.join(listed)}{', ...' if len(fewer) > 6 else ''})"
    return text + "."
