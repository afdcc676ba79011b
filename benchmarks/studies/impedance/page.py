"""The page of the study: tables, figures and what they say."""

from pathlib import Path

import pandas as pd

from benchmarks.studies.impedance import pictures
from benchmarks.studies.impedance.data import few_split
from benchmarks.studies.impedance.experiment import MAIN
from benchmarks.studies.impedance.scoring import score, write
from benchmarks.studies.impedance.settings import GUARD, VARIANTS
from benchmarks.studies.impedance.words import gain, interval, text, verdict
from sktl.evaluation.report.document import Bullets, Document, Section, Table
from sktl.evaluation.report.writers import to_html, to_markdown

NAMES = {
    "direct": "pre-trained network, direct prediction",
    "rescaled": "the same with the z-scores of these traces",
    "scratch": "TCN trained on these traces alone",
    "transfer": "TCN transferred, fine-tuned on these traces",
    "unet": "U-Net trained on these traces alone",
    "linear": "linear filter of the trace",
    "interpolation": "interpolated between these traces, no seismics",
    "mean": "mean of these traces, no seismics",
}
HEADS = {
    "probe": "linear probe on the frozen features of Marmousi-2",
    "random probe": "linear probe on frozen random features",
    "LP-FT": "LP-FT: fine-tuned from that probe",
    "random head": "fine-tuned from a random output layer",
}
# Wang et al. (2022), Table 1, in percent.
PAPER = {
    "direct": ("8.31", "0.69"), "scratch": ("97.19", "94.47"), "transfer": ("97.96", "95.97"),
}  # fmt: skip
PAPER_PCC, PAPER_R2 = 0.9796, 0.9597
SCORES = ["pcc", "pcc2", "r2"]
COMMAND = "python -m benchmarks.studies.impedance --data-home FOLDER --out results/impedance"


def frame(records):
    """Return the records as a table with the part of the study that they belong to."""
    table = pd.DataFrame(records).reindex(columns=sorted({key for row in records for key in row}))
    for column in ("noise", "n", "loss", "variant", "case", "omega"):
        if column not in table:
            table[column] = None
    table["part"] = table["unit"].str.split("-").str[0]
    # Records of the trainings may have simple peers of their own: those of their unit count.
    simple = table["method"].isin(["interpolation", "linear"]) & (table["part"] == "few")
    table = table[~simple].copy()
    table["noise"] = table["noise"].astype(float).fillna(0.0)
    return table


def document(experiment, records):
    """Arrange the records as a document."""
    table = frame(records)
    source, target, profile = experiment.source, experiment.target, experiment.profile
    compared = table[table["method"].isin(NAMES) & ~table["part"].isin(["variant", "guard"])]
    protocol = (
        f"Source {source.name} ({source.about}); target {target.name} ({target.about}). "
        f"{profile.seeds} seeds unless a cell says otherwise, ± half a 95 % interval over them; "
        "epochs and omega chosen on validation traces, as many as training traces; scores on all "
        "other traces."
    )
    few = f"{experiment.main} traces"
    found = [
        Section("The answer", [Bullets(answers(experiment, table, compared))]),
        Section(f"{few.capitalize()}, beside the publication", [
            *(methods(compared, experiment.main, noise) for noise in profile.noises),
            *main_pictures(experiment),
        ]),
        Section("How many traces", [curve_table(compared, experiment.counts),
                                    *curve(compared, experiment.counts)]),
        Section("Probes and LP-FT", heads(table, compared, experiment.main)),
        Section("Why the printed values differ", variants(experiment, table, compared)),
        Section("The guard against negative transfer", guard(table)),
        Section("Noise on the source", [source_table(table, profile), *noise_pictures(experiment)]),
        Section("How it was done", [*settings(profile), part_run(experiment)]),
    ]  # fmt: skip
    found = [section for section in found if section.blocks]
    title = f"Impedance inversion: {source.name} to {target.name}"
    return Document(title, protocol, f"{COMMAND}, {table['unit'].nunique()} units", found)


def answers(experiment, table, compared):
    """Say what was found."""
    said = []
    for noise in experiment.profile.noises:
        part = compared[(compared["n"] == experiment.main) & (compared["noise"] == noise)]
        what = f"{experiment.main} traces, {100 * noise:g} % noise"
        said.append(verdict(part, what))
        said.append(verdict(part, what, over="interpolation", names=("transfer", "interpolation")))
        said.append(verdict(part, what, over="unet", names=("transfer", "a U-Net on them")))
    for n in (n for n in experiment.counts if n != experiment.main):
        part = compared[(compared["n"] == n) & (compared["noise"] == 0)]
        said.append(verdict(part, f"{n} trace{'s' * (n > 1)}"))
    best = best_variant(table, compared, experiment.main)
    if best is not None and experiment.main == MAIN and experiment.target.name == "Overthrust":
        name, pcc, squared = best
        reached = pcc > PAPER_PCC and squared > PAPER_R2
        said.append(
            f"The printed values of transfer, PCC 97.96 % and r2 95.97 %, are "
            f"{'exceeded' if reached else 'not reached'}: the best transfer of this page, "
            f"{name}, has PCC {100 * pcc:.2f} % and r2 {100 * squared:.2f} %."
        )
    return [one for one in said if one]


def best_variant(table, compared, n):
    """Return the name, PCC and r2 of the transfer with the highest mean r2."""
    usual = compared[
        (compared["n"] == n) & (compared["noise"] == 0) & (compared["method"] == "transfer")
    ]
    others = table[(table["part"] == "variant") & (table["method"] == "transfer")]
    means = {"as in the first table": usual[["pcc", "r2"]].mean()}
    means |= {
        VARIANTS[name].words: part[["pcc", "r2"]].mean() for name, part in others.groupby("variant")
    }
    means = {name: mean for name, mean in means.items() if mean.notna().all()}
    if not means:
        return None
    name = max(means, key=lambda name: means[name]["r2"])
    return name, means[name]["pcc"], means[name]["r2"]


def cells(part):
    """Write the scores of a method; with the number of seeds where it is smaller than usual."""
    return [text(part[column]) for column in SCORES]


def methods(table, n, noise):
    """Make the rows of the paper's Table 1, and the peers."""
    rows = []
    for method, name in NAMES.items():
        part = table[
            (table["method"] == method) & (table["n"] == n) & (table["noise"] == noise)
        ].drop_duplicates(["seed"])
        printed = PAPER.get(method, ("–",) * 2) if not noise else ("–",) * 2
        loss = text(part["loss"], 1.0, 4)
        rows.append([name, *cells(part), loss, str(part["seed"].nunique()), *printed])
    return Table(
        f"methods-{noise:g}",
        f"Inversion of the target with {n} traces, {100 * noise:g} % noise, scores in percent",
        ["", "PCC", "PCC²", "r2", "training loss", "seeds", "PCC, paper", "r2, paper"],
        rows,
        "r2 = 1 - SSE / SST; the paper's r2 equal its PCC squared. Loss: mean square in z-scores "
        "at the chosen epoch, with dropout and weight decay in the TCN."
        + (" Noise in the source's and the target's traces alike." if noise else ""),
    )


def curve_table(table, counts):
    """Make a row for every number of traces, without noise."""
    rows, shown = [], [m for m in NAMES if m != "mean"]
    for n in counts:
        part = table[(table["n"] == n) & (table["noise"] == 0)]
        r2s = [text(part.loc[part["method"] == m, "r2"]) for m in shown]
        gains = gain(part)
        chosen = part.loc[part["method"] == "transfer", "omega"].astype(float)
        omegas = ", ".join(f"{o:g} ({k})" for o, k in chosen.value_counts().items())
        won = f"{(gains > 0).sum()} of {len(gains)}" if len(gains) else "–"
        rows.append([str(n), *r2s, text(gains), won, omegas or "–"])
    names = {"rescaled": "direct, rescaled", "scratch": "these traces alone", "unet": "U-Net"}
    header = [names.get(m, m) for m in shown]
    return Table(
        "curve", "r2 in percent against the number of traces, without noise",
        ["traces", *header, "transfer - alone", "seeds won", "omega chosen (seeds)"], rows,
    )  # fmt: skip


def curve(table, counts):
    """Draw the same."""
    part = table[(table["noise"] == 0) & table["n"].isin(counts)]
    means, halves = (
        part.pivot_table(
            "r2", "n", "method", aggfunc=lambda values, which=which: interval(values)[which]
        )
        for which in (0, 1)
    )
    means.index, halves.index = means.index.astype(int), halves.index.astype(int)
    halves = halves.reindex(index=means.index, columns=means.columns)
    if {"scratch", "transfer"} <= set(means):
        yield pictures.curve(means, halves)


def main_pictures(experiment):
    """Draw the sections, their errors and single traces of the first seed."""
    target = experiment.target
    for noise in experiment.profile.noises:
        mark = f"-{noise:g}" if noise else ""
        kept = {m: experiment.kept(f"{m}{mark}") for m in ("direct", "scratch", "transfer")}
        if experiment.main == MAIN and all(values is not None for values in kept.values()):
            what = f"{target.name} with five traces, {100 * noise:g} % noise, first seed"
            yield pictures.sections(target.y, kept, f"sections{mark}", what)
            if not noise:
                yield pictures.traces(target.y, kept, "traces")


def heads(table, compared, n):
    """Make the table of output layers."""
    part = table[table["part"] == "heads"]
    if part.empty:
        return []
    usual = compared[(compared["n"] == n) & (compared["noise"] == 0)]
    usual = usual[usual["method"].isin(["scratch", "transfer"])]
    rows = [[HEADS[m], *cells(part[part["method"] == m])] for m in HEADS]
    rows += [[NAMES[m], *cells(usual[usual["method"] == m])] for m in ("transfer", "scratch")]
    return [Table(
        "heads", f"Transfer of the convolutions without the output layer, {n} traces",
        ["", *("PCC", "PCC²", "r2")], rows,
        "A probe is the linear layer at every time point, fitted in closed form to the features of "
        "the last block and the series; nothing else is trained. LP-FT goes on from there at omega "
        "1. The last two rows are those of the first table, where the output layer transfers too.",
    )]  # fmt: skip


def variants(experiment, table, compared):
    """Make the table of other forward models, networks and trainings."""
    part = table[table["part"] == "variant"]
    if part.empty:
        return []
    n, rows = experiment.main, []
    usual = compared[(compared["n"] == n) & (compared["noise"] == 0) & (compared["seed"] == 0)]
    for name, words in {None: "as in the first table", **{
        k: v.words for k, v in VARIANTS.items()
    }}.items():  # fmt: skip
        one = usual if name is None else part[part["variant"] == name]
        if one.empty:
            continue
        by = {m: one[one["method"] == m] for m in ("direct", "scratch", "transfer")}
        scores = [text(by[m][c]) for m in by for c in ("pcc", "r2")]
        rows.append([words, *scores, str(by["transfer"]["seed"].nunique())])
        rows += below_water(experiment) if name is None else []
    header = [f"{m}, {s}" for m in ("direct", "alone", "transfer") for s in ("PCC", "r2")]
    kept = {m: experiment.kept(f"noncausal-no-dropout-{m}") for m in ("scratch", "transfer")}
    found = [Table(
        "variants", f"{n} traces under other conditions, percent", ["", *header, "seeds"], rows,
        "Omega is 1 in all but the first row. One seed where it says so: differences of a point "
        "or two are within what seeds do.",
    )]  # fmt: skip
    if all(values is not None for values in kept.values()):
        what = "non-causal network, no dropout, five traces, first seed"
        found.append(pictures.sections(experiment.target.y, kept, "sections-noncausal", what))
    return found


def below_water(experiment):
    """Score the first seed's predictions below the water only."""
    y = experiment.target.y
    test = few_split(len(y), experiment.main)["test"]
    kept = [experiment.kept(m) for m in ("direct", "scratch", "transfer")]
    if any(values is None for values in kept):
        return []
    scores = [score("", y[test], values[test]) for values in kept]
    if "r2_rock" not in scores[0]:
        return []
    written = [text([one[c]]) for one in scores for c in ("pcc_rock", "r2_rock")]
    return [["the same, only samples below the water scored", *written, "1"]]


def guard(table):
    """Make the table of what OmegaSearch kept."""
    part = table[table["part"] == "guard"]
    if part.empty:
        return []
    rows = []
    for case, name in enumerate(GUARD):
        one = part[part["case"] == case]
        if not one.empty:
            kept = ", ".join(f"{k} ({c})" for k, c in one["kept"].value_counts().items())
            scores = [text(one[column]) for column in ("scratch", "transfer", "r2")]
            rows.append([name, *scores, text(one["transfer"] - one["scratch"]), kept,
                         str(one["seed"].nunique())])  # fmt: skip
    return [
        "Transfer is kept only where it beats the better of scratch and two simple baselines (the "
        "mean of the five traces, a linear filter) by more than one standard error of the "
        "difference, on the five validation traces. The test traces have no part in it.",
        Table(
            "guard", "What OmegaSearch keeps of transfer, scratch and baselines; r2 in percent",
            ["", "scratch", "transfer", "what was kept", "transfer - scratch", "kept (seeds)",
             "seeds"], rows,
        ),
    ]  # fmt: skip


def source_table(table, profile):
    """Make the table of the noise test on the source."""
    part = table[table["method"] == "source"]
    n_test = int(part["n_test"].iloc[0])
    rows = []
    for level in profile.noises:
        one = part[part["noise"] == level]
        rows.append([f"{100 * level:g} %", *cells(one), text(one["loss"], 1.0, 4)])
    return Table(
        "noise", f"Inversion of the source's {n_test:,} test traces, scores in percent",
        ["noise", "PCC", "PCC²", "r2", "training loss"], rows,
        "Noise: Gaussian, its standard deviation a share of that of the section; in training and "
        "test traces alike.",
    )  # fmt: skip


def noise_pictures(experiment):
    """Draw the source's profiles without and with noise."""
    kept = {
        f"{100 * level:g} % noise": experiment.kept(f"source-{level:g}")
        for level in experiment.profile.noises
    }
    if all(values is not None for values in kept.values()):
        name = experiment.source.name
        yield pictures.sections(experiment.source.y, kept, "source", f"{name}, first seed")


def settings(profile):
    """Say with what the numbers were made."""
    omegas = ", ".join(f"{omega:g}" for omega in profile.omegas)
    return [
        f"Network: {profile.network} TCN of Mustafa et al. (2019), dropout {profile.dropout}, Adam "
        f"at {profile.learning_rate:g}, weight decay 1e-4. Pre-training: batches of 32, at most "
        f"{profile.source_epochs} epochs on {profile.n_source_train} traces. Few traces: at most "
        f"{profile.target_epochs} epochs of five batches (of one trace each for fewer traces), "
        f"ended after {profile.patience} without improvement; omegas tried by transfer: {omegas}. "
        "Transfer copies all layers, the linear output too. The few traces are evenly spaced, the "
        "validation traces halfway between them: five traces are ten labelled ones, for every "
        "network alike. Seeds change the noise and the trainings, pre-training included. Ricker "
        "wavelet of 25 Hz, 4 ms, no conversion but depth to two-way time.",
        "U-Net: MONAI's BasicUNet with one dimension and its default widths (32 to 256), trained "
        "with the same batches, epochs and validation traces. Linear filter: ridge regression on "
        "windows of 201 samples, its penalty chosen on the validation traces.",
    ]


def part_run(experiment):
    """Say which part of the study was run."""
    missing = experiment.missing()
    n_units = len(experiment.units())
    said = f"Run: {n_units - len(missing)} of {n_units} units."
    if experiment.lacks_unet:
        said += " The U-Net was left out: torch and monai were not installed."
    if missing:
        heads = pd.Series([name.rsplit("-seed", 1)[0] for name in missing]).value_counts(sort=False)
        listed = ", ".join(f"{name} ({count})" for name, count in heads.items())
        said += f" Not run (seeds): {listed}. The same command goes on from here."
    return said


def write_page(experiment, records):
    """Write page, Markdown, table of records and pictures; return the page's path."""
    page = document(experiment, records)
    out = experiment.out
    for drawn in page.pictures:
        write(out / "figures" / f"{drawn.name}.svg", drawn.svg)
    write(out / "records.csv", pd.DataFrame(records).to_csv(index=False))
    write(out / "report.md", to_markdown(page))
    return write(out / "report.html", to_html(page))


def write_docs(experiment, records, folder):
    """Write the page of the documentation, its pictures and records; return the page's path."""
    page, folder = document(experiment, records), Path(folder)
    for drawn in page.pictures:
        write(folder / "images" / f"impedance_{drawn.name}.svg", drawn.svg)
    write(folder / "impedance_records.csv", pd.DataFrame(records).to_csv(index=False))
    body = to_markdown(page).replace("](figures/", "](images/impedance_")
    return write(folder / "impedance.md", body.rsplit("\n\n---\n", 1)[0] + "\n")
