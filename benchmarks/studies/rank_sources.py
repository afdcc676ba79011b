"""Do the ranks of rank_sources agree with what fine-tuning gained?

    python -m benchmarks.studies.rank_sources --shared ../shared/data --out results/ranks.csv

The gains are those of `sources_on_real_data.py` (docs/source_records.csv): the bundled sources,
fine-tuned on real targets with few labels, omega chosen by validation. Every source is ranked
here on the very instances it was fine-tuned on, and on no others; nothing is trained. Prints, for
every target, size and architecture, Spearman's rank correlation between each score and the mean
gain over the sources, tests whether its mean is zero, and says what it would have gained to take
the first source of the ranking, against a source at random and the best in hindsight.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import spearmanr, ttest_1samp

from benchmarks.studies.sources_on_real_data import UNTRAINED, drawn, network, recipe_of
from sktl.model_selection import rank_sources

SCORES = ("logme", "h_score", "probe", "probe_loo")
CELL = ["target", "n_train", "architecture"]
# Fewer have hardly a rank.
LEAST_SOURCES = 4


def gains(records):
    """Return a row for every rerun of a source: its gain over scratch in percent of scratch."""
    better = np.where(records["metric"] == "mae", -1, 1)
    records = records.assign(signed=better * records["test_score"])
    keys = [*CELL, "rerun"]
    scratch = records[records["kind"] == "reference"].groupby(keys)["signed"].mean()
    transfers = records[(records["kind"] == "transfer") & (records["source"] != UNTRAINED)]
    transfers = transfers.reset_index(drop=True)
    selected = (
        (np.where(transfers["metric"] == "mae", -1, 1) * transfers["validation_score"])
        .groupby([transfers[name] for name in [*keys, "source"]])
        .idxmax()
    )
    chosen = transfers.loc[selected].join(scratch.rename("scratch"), on=keys)
    gain = 100 * (chosen["signed"] - chosen["scratch"]) / chosen["scratch"].abs()
    chosen = chosen.assign(gain=gain)[[*keys, "source", "gain"]]
    return chosen[chosen.groupby(keys)["source"].transform("size") >= LEAST_SOURCES]


def ranked(table, shared):
    """Add the scores of `rank_sources` to every row."""
    parts = []
    for (target, n_train, architecture, rerun), group in table.groupby([*CELL, "rerun"]):
        (X, y), *_ = drawn(target, shared, n_train, rerun, recipe_of(target, architecture))
        names = [f"{source}-simulated" for source in group["source"]]
        estimator = network(architecture, y, target)
        scores = rank_sources(X, y, estimator, names, include_scratch=False, random_state=rerun)
        scores = scores.set_index("source").loc[names, list(SCORES)].astype(float)
        parts.append(group.assign(**{name: scores[name].to_numpy() for name in SCORES}))
        print(f"{architecture} {target} {n_train} rerun {rerun}", flush=True)
    return pd.concat(parts)


def report(table):
    """Print the correlations and what a choice by rank is worth."""
    means = table.groupby([*CELL, "source"])[["gain", *SCORES]].mean()
    rows = []
    for cell, group in means.groupby(level=CELL):
        row = dict(zip(CELL, cell, strict=True))
        row |= {name: spearmanr(group[name], group["gain"]).statistic for name in SCORES}
        row |= {f"first by {name}": group["gain"][group[name].idxmax()] for name in SCORES}
        rows.append(row | {"at random": group["gain"].mean(), "best": group["gain"].max()})
    rows = pd.DataFrame(rows).set_index(CELL)
    print("\nSpearman's rank correlation between score and gain over the sources")
    print(rows[list(SCORES)].round(2).to_string())
    for name in SCORES:
        known = rows[name].dropna()
        low, high = ttest_1samp(known, 0).confidence_interval()
        # Cells of one target share instances: the mean of a target counts once.
        by_target = known.groupby("target").mean()
        print(
            f"{name}: mean {known.mean():.2f}, 95% interval {low:.2f} to {high:.2f}, positive in "
            f"{(known > 0).sum()} of {len(known)}; over {len(by_target)} targets "
            f"{by_target.mean():.2f}, p = {ttest_1samp(by_target, 0).pvalue:.3f}"
        )
    print("\nGain over scratch in percent, by how the source is chosen: median and mean of cells")
    columns = [*(f"first by {name}" for name in SCORES), "at random", "best"]
    print(rows[columns].agg(["median", "mean"]).T.round(1).to_string())


def main():
    """Rank all that was fine-tuned and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shared", type=Path, default=Path("../shared/data"))
    root = Path(__file__).resolve().parents[2]
    parser.add_argument("--records", type=Path, default=root / "docs" / "source_records.csv")
    parser.add_argument("--targets", nargs="+", help="not all of the records")
    parser.add_argument("--out", type=Path, help="CSV with a row a source and rerun")
    arguments = parser.parse_args()
    started = time.process_time()
    table = gains(pd.read_csv(arguments.records))
    if arguments.targets:
        table = table[table["target"].isin(arguments.targets)]
    table = ranked(table, arguments.shared)
    if arguments.out:
        table.to_csv(arguments.out, index=False)
    report(table)
    print(f"\n{len(table)} rankings of a source in {time.process_time() - started:.0f} s of CPU")


if __name__ == "__main__":
    main()
