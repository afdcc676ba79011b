"""The tables of the experiment on synthetic pre-training, made of its records alone."""

import math

import numpy as np
import pandas as pd

from sktl.evaluation import statistics

TRAINING = ("batch_ratio", "epochs", "learning_rate", "patience")
FACTORS = ("share", "multiple", *TRAINING)
MORE_TRAINING = "more training"
METRICS = ("f1_weighted", "f1_macro", "accuracy")
SHAPE = ("n_classes", "n_channels", "length", "n_train")


def pairs_of(records):
    """Pair every pre-trained network with its reference: one row a pair."""
    references, rows = {}, []
    for record in records:
        settings = record["trial"]["parameters"]
        place = record["target"], record["architecture"], record["rerun"]
        key = (*place, *(settings.get(k) for k in TRAINING))
        if record["kind"] == "reference":
            references[key] = record
        elif record["kind"] == "transfer":
            rows.append((record, key, settings))
    return pd.DataFrame(
        {
            "dataset": record["target"],
            "network": record["architecture"],
            "seed": record["rerun"],
            "generator": record["source"],
            # pandas would leave out a group that is named None.
            **{
                factor: str(settings[factor] or "none")
                if factor == "patience"
                else settings[factor]
                for factor in FACTORS
            },
            **{name: record[name] for name in SHAPE},
            **{metric: record[metric] for metric in METRICS},
            **{f"reference {metric}": references[key][metric] for metric in METRICS},
            "before fine-tuning": record.get("before_fine_tuning", math.nan),
        }
        for record, key, settings in rows
    )


def tested(x, y):
    """Shapiro-Wilk of the differences, Levene, then t or Welch, and Wilcoxon beside them."""
    difference = x - y
    if len(x) < 3 or np.ptp(difference) == 0:
        return {"n": len(x), "mean gain": difference.mean()}
    equal = statistics.levene(x, y).pvalue > 0.05
    t = (statistics.paired_t if equal else statistics.welch_t)(x, y)
    return {
        "n": len(x),
        "mean gain": difference.mean(),
        "wins/ties/losses": f"{(x > y).sum()}/{(x == y).sum()}/{(x < y).sum()}",
        "Shapiro p": statistics.shapiro_wilk(difference).pvalue,
        "Levene p": statistics.levene(x, y).pvalue,
        "test": t.name.split(",")[0],
        "p": t.pvalue,
        "Wilcoxon p": statistics.wilcoxon_signed_rank(x, y).pvalue,
    }


def corrected(rows):
    """Give a table of tests with p-values corrected by Holm, one family a column."""
    table = pd.DataFrame(rows)
    for name in ("p", "Wilcoxon p"):
        if name in table:
            table[f"{name}, Holm"] = statistics.holm(table[name])[1]
    return table


def report(records):
    """Give the tables, by title."""
    pairs = pairs_of(records)
    naive = pd.DataFrame(r for r in records if r["kind"] == "baseline")
    tables = {}
    place = ["dataset", "network"]
    for metric in METRICS:
        table = pairs.pivot_table(metric, place, "generator", sort=False)
        table.insert(0, "reference", pairs.groupby(place)[f"reference {metric}"].mean())
        if len(naive):
            columns = naive.pivot_table(metric, "target", "architecture", sort=False)
            table = columns.rename_axis("dataset").join(table, how="right").reindex(table.index)
        tables[f"Mean {metric} on test data"] = table.reset_index()
    before = pairs.pivot_table("before fine-tuning", place, "generator", sort=False).reset_index()
    tables["Mean f1_weighted before the fine-tuning: trained on generated series alone"] = before
    f1 = "f1_weighted"
    # One pair a problem, network and seed: settings that share a reference are no new evidence.
    unit = ["dataset", "network", "seed"]
    units = pairs.groupby(["generator", *unit], sort=False)[[f1, f"reference {f1}"]].mean()
    rows = [{"generator": name, **tested(own[f1].to_numpy(), own[f"reference {f1}"].to_numpy())}
            for name, own in units.groupby("generator", sort=False)]  # fmt: skip
    tables["Pre-trained against not, f1_weighted"] = corrected(rows)
    wide = pairs.pivot_table(f1, unit, "generator", sort=False).dropna()
    if "WGAN-GP" in wide:
        rows = [{"against": name, **tested(wide["WGAN-GP"].to_numpy(), wide[name].to_numpy())}
                for name in wide if name != "WGAN-GP"]  # fmt: skip
        tables["WGAN-GP against the generators it has to beat, f1_weighted"] = corrected(rows)
    pairs["gain"] = pairs[f1] - pairs[f"reference {f1}"]
    for factor in ("dataset", "network", *FACTORS):
        if len(set(pairs[factor])) > 1:
            by = pairs.pivot_table("gain", factor, "generator", sort=False).reset_index()
            tables[f"Mean gain of f1_weighted by {factor}"] = by
    cells = pairs.groupby(["generator", "dataset", "network", *FACTORS], sort=False)
    percent = cells[[f1, f"reference {f1}"]].mean()
    percent = 100 * (percent[f1] / percent[f"reference {f1}"] - 1)
    spread = percent.groupby("generator", sort=False).agg(["min", "median", "max", "size"])
    tables["Percent gain of f1_weighted over the cells (mean of the seeds)"] = spread.reset_index()
    shape = pairs.groupby(["generator", "dataset"], sort=False)[["gain", *SHAPE]].mean()
    if len(set(pairs["dataset"])) >= 4:
        rows = {name: own.corr("spearman")["gain"].drop("gain")
                for name, own in shape.groupby("generator", sort=False)}  # fmt: skip
        title = "Rank correlation of the gain with the problem's shape, over datasets"
        table = pd.DataFrame(rows).T.rename_axis("generator").reset_index()
        tables[title] = table.assign(datasets=len(set(pairs["dataset"])))
    figures = [{"dataset": r["target"], "generator": r["source"], **r["quality"]}
               for r in records if "quality" in r]  # fmt: skip
    if figures:
        columns = ["dataset", "generator"]
        tables["Quality of the samples (seed 0; TRTR: trained and tested on real)"] = pd.DataFrame(
            figures
        ).drop_duplicates(columns)
    return tables


def markdown(table):
    """Write a table in Markdown."""

    def cell(value):
        if isinstance(value, float):
            return "" if math.isnan(value) else f"{value:.3g}" if abs(value) < 1e-3 else (
                f"{value:.3f}".rstrip("0").rstrip("."))  # fmt: skip
        return str(value)

    lines = [[*map(str, table.columns)], ["---"] * len(table.columns)]
    lines += [[cell(value) for value in row] for row in table.itertuples(index=False)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
