"""Write the page of the S&P 500 as a target of the published grid; nothing is trained.

    python -m benchmarks.studies.sp500_grid_page results/sp500
    python -m benchmarks.studies.sp500_grid_page TABLE.csv

The first copies the records of ``sktl grid --out results/sp500`` into the table beside the page.
What is compared is balanced: a rerun counts once all its omegas, sources and its reference are
there; before one is, the sources of the first that are. The rest is counted and left out. Beside
ours stand the authors' own raw results (``--published``), computed by the same functions.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.studies.sp500_grid_data import (
    NEEDED,
    SOURCES,
    complete,
    paper_records,
    rows_of,
)
from benchmarks.studies.sp500_grid_words import FAIR, NOT_YET, ROW, SCATTER, TEXT, VERDICTS
from benchmarks.studies.synthetic_pretraining_tables import markdown
from sktl._files import write_whole
from sktl.evaluation import all_controls, compare, percent_table
from sktl.evaluation.domains import ordered, title
from sktl.evaluation.records import Records
from sktl.experiments import ARCHITECTURES
from sktl.training.optimizer import OMEGA_GRID

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/results/sp500.md"
PUBLISHED = ROOT.parent / "shared/published/published_results.csv.gz"
# Reruns of the paper in which all models are at chance level.
CHANCE = ("6",)
SIZES, RERUNS = (1500, 9000), 7
BEST = f"best of {len(OMEGA_GRID)} from scratch, by validation"
PROTOCOLS = {"published": "paper's protocol", "honest": "ω by validation"}


def chosen_omegas(pairs):
    """Say which omegas were chosen, the most frequent first."""
    counts = pairs["omega"].value_counts(sort=False).sort_index()
    counts = counts.sort_values(ascending=False, kind="stable")
    return ", ".join(f"{omega:g}" + f" ({n})" * (n > 1) for omega, n in counts.items())


def in_percent(value):
    """Write a gain."""
    return f"{value:+.1f} %"


def dollars(value):
    """Write a mean absolute error."""
    return f"{value:.1f}"


def best_of_references(records):
    """Give the test score of each rerun's best reference by validation, where it has several."""
    table = records.table[records.table["kind"] == "reference"]
    place = ["n_train", "architecture", "rerun"]
    counts = table.groupby(place)["repeat"].transform("nunique")
    several = table[counts == len(OMEGA_GRID)]
    best = several.loc[several.groupby(place)["validation_score"].idxmin()]
    return best.set_index(place)["test_score"]


def cell_table(ours, paper, architecture, size):
    """Compare scratch and transfer, a row a source: the paper's, and ours by both protocols."""

    def cells(comparison):
        own = comparison.cells
        own = own[(own["architecture"] == architecture) & (own["n_train"] == size)]
        return own.set_index("source")

    theirs = {protocol: cells(paper[protocol]) for protocol in PROTOCOLS}
    mine = {protocol: cells(ours[protocol]) for protocol in PROTOCOLS}
    rows = []
    for source in ordered(mine["honest"].index):
        own = ours["honest"].pairs
        own = own[(own["architecture"] == architecture) & (own["n_train"] == size)]
        row = {"source": f"{title(SOURCES[source])}: {source}"}
        for who, by in (("paper", theirs), ("here", mine)):
            name = SOURCES[source] if who == "paper" else source
            row[f"{who}: scratch"] = dollars(by["published"].loc[name, "reference"])
            for protocol, text in PROTOCOLS.items():
                label = text if who == "here" or protocol == "published" else "ω by other reruns"
                found = by[protocol].loc[name]
                gain = in_percent(found["gain"])
                row[f"{who}: {label}"] = f"{dollars(found['test_score'])} ({gain})"
        row["ω by validation"] = chosen_omegas(own[own["source"] == source])
        rows.append(row)
    return pd.DataFrame(rows)


def source_table(ours, paper):
    """Give the mean change of a source over architectures and reruns with its test."""
    tables = {
        "paper, its protocol": percent_table(paper["published"]),
        "here, paper's protocol": percent_table(ours["published"]),
        "here, ω by validation": percent_table(ours["honest"]),
    }
    rows = []
    for size in sorted(tables["here, ω by validation"]["n_train"].unique()):
        for source in ordered(set(ours["honest"].pairs["source"])):
            row = {"training instances": size, "source": source}
            for name, table in tables.items():
                wanted = SOURCES[source] if name.startswith("paper") else source
                found = table[(table["source"] == wanted) & (table["n_train"] == size)]
                for _, one in found.iterrows():
                    row[name] = f"{in_percent(one['percent'])} (n {one['n']})"
                    row[f"q, {name}"] = p_text(one["adjusted"])
            rows.append(row)
    return pd.DataFrame(rows).fillna("")


def p_text(value):
    """Write a p-value."""
    return "" if np.isnan(value) else "<0.001" if value < 0.001 else f"{value:.3f}"


def fair(controls):
    """Say what is left of the wins where both sides have equal chances."""
    by = {one.name: one for one in controls if not one.problem}
    said = []
    for name, words in FAIR.items():
        if name in by:
            said.append(words.format(wins=f"{by[name].wins:.0f}", n=by[name].n))
    return "; ".join(said) + ("." if "best-of-k references" in by else f"; {NOT_YET}")


def scatter(table):
    """Say how widely the test errors of single trainings scatter."""
    own = table[(table["kind"] == "transfer") & (table["n_train"] == SIZES[0])]
    said = []
    for name in ordered(own["architecture"]):
        values = own.loc[own["architecture"] == name, "test_score"]
        said.append(
            f"{title(name)} {dollars(values.min())}, {dollars(values.median())}, "
            f"{dollars(values.max())} ({len(values)} trainings)"
        )
    return SCATTER.format("; ".join(said))


def control_table(records):
    """Count wins of transfer in cells under both protocols and the controls."""
    rows = []
    for who, controls in records.items():
        for control in controls:
            if control.problem:
                continue
            without = f", without rerun {', '.join(control.without)}" if control.without else ""
            whole = f"{control.wins:.3g} of {control.n}"
            nothing = np.isnan(control.pvalue)
            rows.append(
                {"records": who, "omega": control.name + without, "transfer wins": whole,
                 "p, sign test": "" if nothing else p_text(control.pvalue),
                 "95 % of the null": f"{control.low:.3g} to {control.high:.3g}" if nothing else ""}
            )  # fmt: skip
    return pd.DataFrame(rows)


def last_value_table(records, ours, paper):
    """Hold the networks against the baselines: mean errors, and how many times the last value."""
    table = records.table
    naive = table[table["kind"] == "baseline"].pivot_table("test_score", "n_train", "architecture")
    equal, rows = best_of_references(records), []
    for (size, architecture), own in ours["honest"].pairs.groupby(["n_train", "architecture"]):
        theirs = paper["published"].pairs
        theirs = theirs[(theirs["n_train"] == size) & (theirs["architecture"] == architecture)]
        last = naive.loc[size, "last value"]
        best = own.groupby("source")["test_score"].mean()
        row = {"training instances": size, "network": title(architecture)}
        row |= {name: dollars(naive.loc[size, name]) for name in
                ("last value", "linear", "MiniRocket", "constant") if name in naive}  # fmt: skip
        row["scratch"] = dollars(own["reference"].mean())
        if (size, architecture) in equal.index.droplevel("rerun"):
            row[BEST] = dollars(equal.loc[size, architecture].mean())
        row["transfer, ω by validation"] = dollars(own["test_score"].mean())
        row["best source"] = f"{dollars(best.min())} ({best.idxmin()})"
        row["best source, times the last value"] = f"{best.min() / last:.1f}"
        row["paper's transfer"] = dollars(theirs["test_score"].mean())
        rows.append(row)
    return pd.DataFrame(rows).fillna("").sort_values(["training instances", "network"])


def coverage(table, balanced):
    """Say how much of the plan has been run, and how much of it this page shows."""
    rows = []
    for size in SIZES:
        for architecture in ARCHITECTURES:
            planned = RERUNS * (1 + NEEDED * len(OMEGA_GRID))
            run, shown = (
                one[(one["architecture"] == architecture) & (one["n_train"] == size)]
                for one in (table, balanced)
            )
            transfers = shown[shown["kind"] == "transfer"]
            further = run[(run["kind"] == "reference") & (run["repeat"] > 0)]
            rows.append(
                {"training instances": size, "network": title(architecture),
                 "fits run": f"{len(run) - len(further)} of {planned}",
                 "further references": len(further),
                 "reruns shown": f"{transfers['rerun'].nunique()} of {RERUNS}",
                 "sources shown": f"{transfers['source'].nunique()} of {NEEDED}",
                 "seconds a fit": f"{run['seconds'].mean():.1f}" if len(run) else ""}
            )  # fmt: skip
    return pd.DataFrame(rows)


def draw(ours, paper, records, last, path):
    """Draw the error of every rerun, from scratch and transferred, beside the paper's."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    chosen = paper["published"].pairs, ours["honest"].pairs
    names = ordered(set(chosen[1]["architecture"]))
    figure, axes = plt.subplots(
        1, len(names), figsize=(3.4 * len(names) + 1, 3.6), squeeze=False, sharey=True,
        layout="constrained",
    )  # fmt: skip
    rng = np.random.default_rng(0)
    for axis, name in zip(axes[0], names, strict=True):
        for place, (pairs, one) in enumerate(zip(chosen, records, strict=True)):
            references = one.table[one.table["kind"] == "reference"]
            for shift, colour, table in ((0, "0.45", references), (0.45, "#0072B2", pairs)):
                own = table[(table["architecture"] == name) & (table["n_train"] == SIZES[0])]
                at = 1.2 * place + shift + rng.uniform(-0.09, 0.09, len(own))
                axis.plot(at, own["test_score"], "o", color=colour, markersize=3, alpha=0.6)
        axis.axhline(last, color="#D55E00", linewidth=1.2)
        axis.set_xticks([0, 0.45, 1.2, 1.65], ["scratch", "transfer"] * 2, rotation=60)
        axis.set(yscale="log", title=title(name), xlabel="paper                here")
    axes[0, 0].set_ylabel("mean absolute error, dollars")
    axes[0, 0].annotate("last value", (0, last), (0, 3), textcoords="offset points", fontsize=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def write(records, published=PUBLISHED, page=PAGE):
    """Write the page, its figure and the table of the records beside it."""
    beside = page.with_name("sp500_records.csv")
    records = Path(records)
    page.parent.mkdir(parents=True, exist_ok=True)
    if records.is_dir():
        rows_of(records).to_csv(beside, index=False)
        records = beside
    table = pd.read_csv(records, float_precision="round_trip")
    balanced, left_out = complete(table)
    if not (balanced["kind"] == "transfer").any():
        raise SystemExit("No source of any rerun has all its omegas: there is nothing to write.")
    mine = Records.from_frame(balanced.reset_index(drop=True), origin=records.name)
    theirs = paper_records(published, sorted(set(balanced["n_train"])))
    by = {
        who: {protocol: compare(one, protocol) for protocol in PROTOCOLS}
        for who, one in (("here", mine), ("paper", theirs))
    }
    ours, paper = by["here"], by["paper"]
    baselines = mine.table[mine.table["kind"] == "baseline"]
    last = baselines.loc[baselines["architecture"] == "last value", "test_score"].mean()
    picture = page.parent / "images" / "sp500.svg"
    draw(ours, paper, (theirs, mine), last, picture)
    found = ours["honest"].cells.groupby(["n_train", "architecture"])
    parts = []
    for (size, architecture), _ in sorted(found, key=lambda one: str(one[0])):
        heading = f"### {title(architecture)}, {size:,} training instances"
        parts.append(f"{heading}\n\n{markdown(cell_table(ours, paper, architecture, size))}")
    controls = {"paper": all_controls(theirs, suspects=CHANCE), "here": all_controls(mine)}
    wins = {protocol: int((ours[protocol].cells["outcome"] > 0).sum()) for protocol in PROTOCOLS}
    nearest = ours["honest"].pairs.groupby(["architecture", "source"])["test_score"].mean()
    text = TEXT.format(
        coverage=markdown(coverage(table, balanced)), cells="\n\n".join(parts),
        by_source=markdown(source_table(ours, paper)),
        controls=markdown(control_table(controls)), fair=fair(controls["here"]),
        scatter=scatter(mine.table),
        last_value=markdown(last_value_table(mine, ours, paper)),
        n_cells=len(ours["honest"].cells), wins=wins["published"], honest_wins=wins["honest"],
        nearest=f"{nearest.min():.1f}", nearest_who=ROW.format(
            title(nearest.idxmin()[0]), nearest.idxmin()[1]), last=f"{last:.1f}",
        verdict=VERDICTS[bool(nearest.min() >= last)], times=f"{nearest.min() / last:.1f}",
        paper_best=f"{theirs.table['test_score'].min():.1f}",
        n_fits=int((balanced["kind"] != "baseline").sum()), left_out=left_out,
        hours=f"{table['seconds'].sum() / 3600:.1f}",
    )  # fmt: skip
    write_whole(page, (text.rstrip() + "\n").encode())


def main():
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("records", type=Path, help="folder of the grid, or its table")
    parser.add_argument("--published", type=Path, default=PUBLISHED,
                        help="the authors' results as one table")  # fmt: skip
    parser.add_argument("--page", type=Path, default=PAGE)
    chosen = parser.parse_args()
    write(chosen.records, chosen.published, chosen.page)


if __name__ == "__main__":
    main()
