"""The page of the study: tables, figures and what they say."""

from pathlib import Path

import pandas as pd

from benchmarks.studies.impedance import pictures, tables
from benchmarks.studies.impedance.experiment import MAIN
from benchmarks.studies.impedance.scoring import rock, write
from benchmarks.studies.impedance.settings import VARIANTS
from benchmarks.studies.impedance.words import interval, verdict
from sktl.evaluation.report.document import Bullets, Document, Section
from sktl.evaluation.report.writers import to_html, to_markdown

PAPER_PCC, PAPER_R2 = 0.9796, 0.9597
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
    compared = table[table["method"].isin(tables.NAMES) & table["variant"].isna()]
    compared = compared[~compared["part"].isin(["guard", "frozen"])]
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
            *(tables.methods(compared, experiment.main, noise) for noise in profile.noises),
            *main_pictures(experiment),
        ]),
        Section("How many traces", [tables.curve_table(compared, experiment.counts),
                                    *curve(compared, experiment.counts)]),
        Section("Probes and LP-FT", tables.heads(table, compared, experiment.main)),
        Section("Why the printed values differ", tables.variants(experiment, table, compared)),
        Section("The guard against negative transfer", tables.guard(table)),
        Section("Noise on the source", [tables.source_table(table, profile),
                                        *noise_pictures(experiment)]),
        Section("How it was done", [*settings(profile), part_run(experiment)]),
    ]  # fmt: skip
    found = [section for section in found if section.blocks]
    done = f"{table['unit'].nunique()} of {len(experiment.units())} units"
    origin = f"{COMMAND}, {done}; the end of the page says which are missing"
    title = f"Impedance inversion: {source.name} to {target.name}"
    return Document(
        title,
        protocol,
        origin,
        found,
    )


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
    said += [cheap(compared, experiment.main), below(table, experiment), guarded(table)]
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


def cheap(compared, n):
    """Say what the simplest methods reach."""
    part = compared[(compared["n"] == n) & (compared["noise"] == 0)]
    means = part.groupby("method")["r2"].mean()
    names = ("interpolation", "mean", "transfer")
    if not set(names) <= set(means.index):
        return None
    between, mean, transfer = (f"{100 * means[name]:.2f}" for name in names)
    return (
        f"No seismics at all: interpolation between {n} traces has r2 {between} %, their mean "
        f"{mean} %; transfer {transfer} %. The section varies little from trace to trace."
    )


def below(table, experiment):
    """Say what the water layer does to the scores."""
    y = experiment.target.y
    share = 1 - rock(y).mean()
    rows = tables.below_water(experiment)
    if not rows or share < 0.01:
        return None
    return (
        f"{100 * share:.0f} % of the target's samples are water, which every method gets right: "
        f"below it, transfer has PCC {rows[0][5]} % and r2 {rows[0][6]} %, training on the traces "
        f"alone r2 {rows[0][4]} % (first seed)."
    )


def guarded(table):
    """Say what the guard kept."""
    part = table[table["part"].isin(["guard", "frozen"])]
    lost = part[part["transfer"] < part["r2"] - 1e-9] if len(part) else part
    if part.empty:
        return None
    worse = part[part["r2"] < part["transfer"] - 1e-9]
    return (
        f"The guard decided {len(part)} times: in {len(lost)} it kept something better than "
        f"transfer, in {len(worse)} something worse, else transfer itself. Transfer was worse than "
        f"scratch in {(part['transfer'] < part['scratch']).sum()}."
    )


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
