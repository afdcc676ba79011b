"""Write the page of pre-training on generated series from its records; nothing is trained.

    python -m benchmarks.studies.synthetic_pretraining_page results/synthetic_pretraining
    python -m benchmarks.studies.synthetic_pretraining_page TABLE.csv

A folder of records of the profiles "uea" and "uea converged" is first copied into the table beside
the page. A repeat (seed) of a training counts once all its problems, networks and methods are
there; what is left out is named.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.studies.synthetic_pretraining_data import NINE
from benchmarks.studies.synthetic_pretraining_tables import MORE_TRAINING, markdown
from benchmarks.studies.synthetic_pretraining_words import ANSWERS, TEXT, TRAININGS
from sktl._files import write_whole
from sktl.evaluation import statistics
from sktl.experiments import Store

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/results/synthetic_pretraining.md"
NONE, COPIES, GAN = "no pre-training", "copies", "WGAN-GP"
FREE = ("augmentation", "mixup", "class mean")
METHODS = (NONE, MORE_TRAINING, COPIES, "noise", *FREE, GAN)
BASELINES = ("most frequent", "random forest", "MiniRocket")
KEY = ["problem", "network", "seed"]
SHAPE = ("n_classes", "n_channels", "length", "n_train", "n_test")
SCORE = "f1_macro"
# Training instances of a class: what few and what more is, decided before any result was there.
FEW = 12
# Pairs below which no test is made.
FEWEST = 5


def rows_of(folder):
    """Give the records of a folder as a table, one row a trial."""
    rows = []
    for record in Store(folder).iter_records():
        setting = record["trial"]["parameters"]
        baseline = record["kind"] == "baseline"
        training = "published" if setting.get("patience") is None else "to its end"
        row = {
            "training": "" if baseline else training,
            "problem": record["target"],
            "network": "" if baseline else record["architecture"],
            "seed": record["rerun"],
            "method": record["architecture"] if baseline
            else {None: NONE, "resampling": COPIES}.get(record["source"], record["source"]),
        }  # fmt: skip
        row |= {name: record.get(name) for name in (SCORE, "f1_weighted", "accuracy")}
        row["before_fine_tuning"] = record.get("before_fine_tuning_macro")
        rows.append(row | {name: record[name] for name in (*SHAPE, "seconds")})
    order = ["training", "seed", "problem", "network", "method"]
    # A trial that was run again after a change of the generators' code counts once.
    table = pd.DataFrame(rows).drop_duplicates(order, keep="last")
    return table.sort_values(order, ignore_index=True).round(6)


def complete(table):
    """Keep what has all methods, of a training's complete repeats; say how much is left out.

    Where no repeat is complete, the problems and networks of the first that are.
    """
    fits = table[table["training"] != ""]
    cell = ["training", "seed", "problem", "network"]
    fits = fits[fits.groupby(cell)["method"].transform("size") == len(METHODS)]
    kept = []
    for _, own in fits.groupby("training"):
        cells = own.groupby("seed")[["problem", "network"]].apply(
            lambda one: len(one.drop_duplicates())
        )
        most = len(NINE) * own["network"].nunique()
        whole = cells.index[cells == most] if (cells == most).any() else cells.index[:1]
        kept.append(own[own["seed"].isin(whole)])
    kept = pd.concat(kept) if kept else fits
    return kept, int((table["training"] != "").sum()) - len(kept)


def compare(x, y):
    """Compare paired scores: assumptions first, then t, Welch and Wilcoxon."""
    difference = np.asarray(x) - np.asarray(y)
    row = {"pairs": len(difference), "mean": difference.mean()}
    row["w/t/l"] = "/".join(
        str(int(one.sum())) for one in (difference > 0, difference == 0, difference < 0)
    )
    if len(difference) < FEWEST or np.ptp(difference) == 0:
        return row | {"p": np.nan, "p Wilcoxon": np.nan}
    shapiro = statistics.shapiro_wilk(difference).pvalue
    levene = statistics.levene(x, y).pvalue
    t, welch = statistics.paired_t(x, y).pvalue, statistics.welch_t(x, y).pvalue
    wilcoxon = statistics.wilcoxon_signed_rank(x, y).pvalue
    return row | {
        "Shapiro p": shapiro, "Levene p": levene, "t p": t, "Welch p": welch,
        # What the assumptions allow: normal differences and equal variances for the paired t.
        "p": wilcoxon if shapiro < 0.05 else t if levene >= 0.05 else welch,
        "decides": "Wilcoxon" if shapiro < 0.05 else "t" if levene >= 0.05 else "Welch",
        "p Wilcoxon": wilcoxon,
    }  # fmt: skip


def holm(table):
    """Correct the deciding p-values of a table as one family."""
    known = table["p"].notna()
    table["p, Holm"] = np.nan
    if known.any():
        table.loc[known, "p, Holm"] = statistics.holm(table.loc[known, "p"])[1]
    return table


def wide(own):
    """Give a row a pair (problem, network, seed) and a column a method."""
    return own.pivot_table(SCORE, KEY, "method", sort=False)[list(METHODS)].assign(
        free=lambda scores: scores[list(FREE)].mean(axis=1)
    )


def groups(scores, facts):
    """Give the pairs that one may ask about, by name."""
    per_class = (facts["n_train"] / facts["n_classes"]).reindex(
        scores.index.get_level_values("problem")
    ).to_numpy()  # fmt: skip
    networks = scores.index.get_level_values("network")
    yield "all", scores
    for name in networks.unique():
        yield name, scores[networks == name]
    yield f"at most {FEW} instances a class", scores[per_class <= FEW]
    yield f"more than {FEW}", scores[per_class > FEW]


def when(scores, facts):
    """Make the table that answers: for each group, made data against what gives nothing new."""
    asked = ((GAN, NONE), (GAN, MORE_TRAINING), (GAN, COPIES), ("free", MORE_TRAINING),
             ("free", COPIES))  # fmt: skip
    found = holm(pd.DataFrame(
        {"group": name, "one": one, "other": other, **compare(own[one], own[other])}
        for name, own in groups(scores, facts) if len(own) > 2 for one, other in asked
    ))  # fmt: skip
    rows = []
    for name, own in found.groupby("group", sort=False):
        row = {"pairs of": f"{name} ({own['pairs'].iloc[0]})"}
        helps = {}
        for _, one in own.iterrows():
            label = {"free": "free generators"}.get(one["one"], one["one"])
            p = "" if np.isnan(one["p, Holm"]) else f", p {p_text(one['p, Holm'])}"
            row[f"{label} less {one['other']}"] = f"{one['mean']:+.3f}{p}"
            if one["other"] != NONE:
                helps.setdefault(label, []).append(one["mean"] > 0 and one["p, Holm"] < 0.05)
        named = [label for label, proofs in helps.items() if all(proofs)]
        rows.append(row | {"made data helps": f"yes: {', '.join(named)}" if named else "not shown"})
    return pd.DataFrame(rows)


def p_text(value):
    """Write a p-value."""
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def against(scores, other):
    """Test every method against another, in all pairs."""
    return holm(pd.DataFrame(
        {"method": name, **compare(scores[name], scores[other])}
        for name in METHODS if name not in (NONE, other)
    )).fillna("")  # fmt: skip


def by_problem(scores, other):
    """Test the GAN and copies against another method in each problem, one family in all."""
    rows = []
    for problem, own in scores.groupby("problem", sort=False):
        for name in (GAN, "free"):
            found = compare(own[name], own[other])
            rows.append({"problem": problem, "method": {"free": "free generators"}.get(name, name),
                         **found})  # fmt: skip
    return holm(pd.DataFrame(rows)).fillna("")


def over_problems(scores):
    """Compare means of problems, which are independent of each other."""
    means = scores.groupby("problem", sort=False).mean()
    pairs = ((GAN, NONE), (MORE_TRAINING, NONE), (GAN, MORE_TRAINING), (GAN, COPIES),
             ("free", MORE_TRAINING))  # fmt: skip
    return holm(pd.DataFrame(
        {"compared": f"{'free generators' if one == 'free' else one} less {other}",
         **compare(means[one], means[other])} for one, other in pairs
    )).fillna("")  # fmt: skip


def factors(scores, facts):
    """Correlate what the GAN gives beyond more training with the problem's shape."""
    gain = (scores[GAN] - scores[MORE_TRAINING]).groupby("problem").mean()
    shape = facts.assign(per_class=facts["n_train"] / facts["n_classes"]).drop(columns="n_test")
    return pd.DataFrame([
        {"rank correlation with": name.replace("_", " "),
         "Spearman": gain.corr(shape[name].reindex(gain.index), method="spearman")}
        for name in shape
    ])  # fmt: skip


def scores_table(own, naive):
    """Give mean scores of all methods beside the baselines, a row a problem and network."""
    table = own.pivot_table(SCORE, ["problem", "network"], "method", sort=False)[list(METHODS)]
    seeds = own["seed"].unique()
    naive = naive[naive["seed"].isin(seeds)]
    known = naive.pivot_table(SCORE, "problem", "method")
    known = known[[name for name in BASELINES if name in known]]
    joined = table.reset_index().join(known, on="problem")
    columns = [*known, *METHODS]
    return joined[["problem", "network"]].join(joined[columns].map("{:.3f}".format))


def draw(parts, path):
    """Draw, for each problem, what every method gains over no pre-training."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    shown = (MORE_TRAINING, COPIES, "noise", "free", GAN)
    colours = ("0.45", "#56B4E9", "#E69F00", "#009E73", "#D55E00")
    figure, axes = plt.subplots(
        1, len(parts), figsize=(5.2 * len(parts), 4.2), squeeze=False, sharey=True,
        layout="constrained",
    )  # fmt: skip
    for axis, (training, scores) in zip(axes[0], parts.items(), strict=True):
        gains = scores.sub(scores[NONE], axis=0).groupby("problem", sort=False).mean()
        places = np.arange(len(gains))[::-1]
        for number, (name, colour) in enumerate(zip(shown, colours, strict=True)):
            label = "free generators" if name == "free" else name
            at = places + 0.3 - 0.15 * number
            axis.plot(gains[name], at, "o", color=colour, markersize=5, label=label)
        axis.axvline(0, color="0.3", linewidth=0.8)
        axis.set_yticks(places, gains.index)
        axis.set(title=TRAININGS[training], xlabel="gain of macro F1 over no pre-training")
        for edge in places[:-1] - 0.5:
            axis.axhline(edge, color="0.9", linewidth=0.6)
    named = axes[0, 0].get_legend_handles_labels()
    figure.legend(*named, loc="outside lower center", ncols=3, fontsize=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def section(training, own, naive, facts):
    """Write all tables of a training."""
    scores, seeds = wide(own), own["seed"].nunique()
    tables = {
        "Macro F1 on the test sets, means of the repeats": scores_table(own, naive),
        "Against no pre-training": against(scores, NONE),
        "Against more training, which sees no made series": against(scores, MORE_TRAINING),
        "Problem by problem, against more training": by_problem(scores, MORE_TRAINING),
        "Means of the problems, which are independent": over_problems(scores),
    }  # fmt: skip
    if len(facts) >= FEWEST:
        title = "What the GAN gives beyond more training, by the problem's shape"
        tables[title] = factors(scores, facts)
    text = "\n\n".join(f"**{title}**\n\n{markdown(table)}" for title, table in tables.items())
    repeats = f"{seeds} repeat{'s' * (seeds > 1)}, {len(scores)} pairs, {len(own)} fits"
    cells = scores.groupby(["problem", "network"]).ngroups
    if cells < len(NINE) * own["network"].nunique():
        repeats += f", a part: {cells} of {len(NINE) * 2} problems and networks"
    return f"## {TRAININGS[training]}: {repeats}\n\n{text}"


def coverage(parts):
    """Say which part of the plan the page is made from."""
    said = []
    for training, title in TRAININGS.items():
        if training not in parts:
            said.append(f"{title}: not run yet.")
            continue
        places = parts[training].index.droplevel("network").unique()
        problems, seeds = (places.get_level_values(one).unique() for one in ("problem", "seed"))
        lacks = [name for name in NINE if name not in set(problems)]
        rest = f" Not run yet: {', '.join(lacks)}." if lacks else ""
        said.append(
            f"{title}: {len(problems)} of {len(NINE)} problems, both networks, "
            f"{len(seeds)} of 3 repeats.{rest}"
        )
    return "\n".join(f"- {one}" for one in said)


def decision(parts, naive):
    """Say whether made data has earned a place among AutoTransfer's candidates."""
    verdicts = []
    for training, scores in parts.items():
        beyond = holm(pd.DataFrame(
            compare(scores[GAN], scores[other]) for other in (MORE_TRAINING, COPIES)
        ))  # fmt: skip
        proven = bool(((beyond["mean"] > 0) & (beyond["p, Holm"] < 0.05)).all())
        problems = scores.index.get_level_values("problem").unique()
        own = naive[naive["problem"].isin(problems) & (naive["method"] == "MiniRocket")]
        best = own.groupby("problem")[SCORE].mean().mean()
        verdicts.append((training, proven, scores[GAN].groupby("problem").mean().mean(), best))
    earned = any(proven and ours >= best for _, proven, ours, best in verdicts)
    facts = "; ".join(
        f"{TRAININGS[training].lower()}: {'' if proven else 'not significantly '}more than more "
        f"training and copies give, mean macro F1 {ours:.3f} against MiniRocket's {best:.3f}"
        for training, proven, ours, best in verdicts
    )
    return ANSWERS[earned].format(facts=facts)


def write(records, page=PAGE):
    """Write the page, its figure and the table of the records beside it."""
    beside = page.with_name("synthetic_pretraining_records.csv")
    records = Path(records)
    if records.is_dir():
        page.parent.mkdir(parents=True, exist_ok=True)
        rows_of(records).to_csv(beside, index=False)
        records = beside
    table = pd.read_csv(records, keep_default_na=False, na_values=[""]).fillna(
        {"training": "", "network": ""}
    )
    fits, left_out = complete(table)
    if fits.empty:
        raise SystemExit("No repeat is complete: there is nothing to write.")
    naive = table[table["training"] == ""]
    facts = fits.groupby("problem", sort=False)[list(SHAPE)].first()
    by_training = {t: fits[fits["training"] == t] for t in TRAININGS if t in set(fits["training"])}
    parts = {training: wide(own) for training, own in by_training.items()}
    picture = page.parent / "images" / "synthetic_pretraining.svg"
    draw(parts, picture)
    answers = "\n\n".join(
        f"{TRAININGS[training]}:\n\n{markdown(when(scores, facts))}"
        for training, scores in parts.items()
    )  # fmt: skip
    shape = facts.assign(**{"a class": (facts["n_train"] / facts["n_classes"]).round(1)})
    renamed = {"n_classes": "classes", "n_channels": "channels", "n_train": "training",
               "n_test": "test"}  # fmt: skip
    text = TEXT.format(
        decision=decision(parts, naive), coverage=coverage(parts), answers=answers,
        problems=markdown(shape.rename(columns=renamed).reset_index()),
        sections="\n\n".join(section(t, own, naive, facts) for t, own in by_training.items()),
        n_fits=len(fits), left_out=left_out, hours=f"{fits['seconds'].sum() / 3600:.1f}",
    )  # fmt: skip
    write_whole(page, (text.rstrip() + "\n").encode())


def main():
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("records", type=Path, help="folder of records, or their table")
    parser.add_argument("--page", type=Path, default=PAGE)
    chosen = parser.parse_args()
    write(chosen.records, chosen.page)


if __name__ == "__main__":
    main()
