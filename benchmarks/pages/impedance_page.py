"""The page of benchmarks.studies.impedance: tables, figures and what they say."""

import os

import numpy as np
import pandas as pd
from scipy.stats import t as student

from sktl.evaluation.figures import OTHER, SCRATCH, TRANSFER, panels, to_svg
from sktl.evaluation.report.document import Bullets, Document, Picture, Section, Table
from sktl.evaluation.report.writers import to_html, to_markdown

NAMES = {
    "direct": "pre-trained network, direct prediction",
    "rescaled": "pre-trained network, z-scores of the few traces",
    "scratch": "trained on the few traces only",
    "transfer": "transferred and fine-tuned",
    "interpolation": "interpolated between the few traces, no seismics",
    "linear": "linear filter of the trace",
}
COLOURS = {"scratch": SCRATCH, "transfer": TRANSFER, "interpolation": OTHER}
# Wang et al. (2022), Table 1, in percent; the second geology is Overthrust there.
PAPER = {
    "direct": ("8.31", "0.69", "–"),
    "scratch": ("97.19", "94.47", "0.019556"),
    "transfer": ("97.96", "95.97", "0.001082"),
}
N_PAPER = 5


def interval(values):
    """Return the mean and half the 95 % interval of Student's t; NaN for a single value."""
    values = np.asarray(values, dtype=float)
    if len(values) < 2:
        return float(values.mean()), float("nan")
    half = student.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return float(values.mean()), float(half)


def text(values, factor=100.0, digits=2):
    """Write a mean and its interval."""
    values = pd.Series(values).dropna()
    if values.empty:
        return "–"
    mean, half = interval(factor * values)
    return f"{mean:.{digits}f}" + (f" ± {half:.{digits}f}" if np.isfinite(half) else "")


def gain(table, n):
    """Compare r2 of transfer and of training on the few traces, seed by seed."""
    pairs = table[table["n"] == n].pivot_table("r2", "seed", "method")
    return (pairs["transfer"] - pairs["scratch"]).dropna()


def verdict(table, n):
    """Say in a sentence whether transfer wins."""
    gains = gain(table, n)
    mean, half = interval(100 * gains)
    wins = f"{(gains > 0).sum()} of {len(gains)} seeds"
    if not np.isfinite(half):
        return f"With {n} traces and one seed no interval can be given; r2 differs by {mean:+.2f}."
    if abs(mean) <= half:
        word = "does not differ clearly from"
    else:
        word = "beats" if mean > 0 else "is worse than"
    return (
        f"With {n} traces, transfer {word} training on them alone: r2 differs by {mean:+.2f} "
        f"± {half:.2f} percentage points (better in {wins})."
    )


def document(experiment, records):
    """Arrange the records as a document."""
    table = pd.DataFrame(records)
    profile, source, target = experiment.profile, experiment.source, experiment.target_of(0)
    counts = experiment.counts
    main = N_PAPER if N_PAPER in counts else counts[-1]
    protocol = (
        f"Source {source.name} ({source.about}); target {target.name} ({target.about}). "
        f"{profile.seeds} seeds, ± half a 95 % interval over them; epochs and omega chosen on "
        "validation traces, as many as training traces; scores on all other traces."
    )
    sections = [
        Section("Conclusions", [Bullets([verdict(table, n) for n in counts])]),
        Section("Second geology", [methods(table, main), *pictures(experiment, target, main)]),
        Section("How many traces", [curve_table(table, counts), curve(table, counts)]),
        Section("Noise", [noise(table, profile), *noise_pictures(experiment)]),
        Section("How it was done", [settings(profile)]),
    ]
    return Document("Impedance inversion with a transferred TCN", protocol, "own run", sections)


def methods(table, n):
    """Make the rows of the paper's Table 1, and two more."""
    rows = []
    for method, name in NAMES.items():
        part = table[(table["method"] == method) & (table["n"] == n)]
        printed = PAPER.get(method, ("–",) * 3)
        loss = "–" if part.get("loss") is None else text(part["loss"], 1.0, 4)
        rows.append([name, *(text(part[c]) for c in ("pcc", "pcc2", "r2")), loss, *printed])
    return Table(
        "methods",
        f"Inversion of the second geology with {n} traces, scores in percent",
        ["", "PCC", "PCC²", "r2", "training loss", "PCC, paper", "r2, paper", "loss, paper"],
        rows,
        "r2 = 1 - SSE / SST. The paper's r2 equal its PCC squared. Its second geology is "
        "Overthrust and its seismics are its own: compare the pattern, not the digits. Loss: mean "
        "square in z-scores at the chosen epoch, with dropout and weight decay.",
    )


def curve_table(table, counts):
    """Make a row for every number of traces."""
    rows = []
    for n in counts:
        part = table[table["n"] == n]
        r2s = [text(part.loc[part["method"] == m, "r2"]) for m in NAMES]
        gains = gain(table, n)
        omegas = part.loc[part["method"] == "transfer", "omega"]
        chosen = ", ".join(f"{o:g}" for o in omegas)
        rows.append([str(n), *r2s, text(gains), f"{(gains > 0).sum()}/{len(gains)}", chosen])
    return Table(
        "curve",
        "r2 in percent against the number of traces",
        ["traces", *NAMES, "transfer - scratch", "seeds won", "omegas chosen"],
        rows,
    )


def curve(table, counts):
    """Draw r2 against the number of traces."""
    figure, (axis,) = panels(1, 1, 6.0, 3.4)
    for method, colour in COLOURS.items():
        part = [table[(table["method"] == method) & (table["n"] == n)]["r2"] for n in counts]
        middle, half = zip(*(interval(values) for values in part), strict=True)
        axis.errorbar(counts, middle, np.nan_to_num(half), color=colour, marker="o", capsize=3,
                      label=NAMES[method])  # fmt: skip
    low = min(table.loc[table["method"].isin(["scratch", "transfer"]), "r2"].min() - 0.05, 0.5)
    axis.set(xscale="log", xlabel="traces of the second geology", ylabel="r2", ylim=(low, 1))
    axis.set_xticks(counts, [str(n) for n in counts])
    axis.minorticks_off()
    axis.legend(frameon=False, fontsize=8)
    return picture("curve", figure, "r2 on all other traces; bars: 95 % intervals over the seeds",
                   "Lines of r2 against the number of traces for three methods")  # fmt: skip


def pictures(experiment, target, n):
    """Draw the profiles, their errors and single traces of the first seed."""
    kept = {m: experiment.kept(m) for m in ("direct", "scratch", "transfer")}
    if n != N_PAPER or any(values is None for values in kept.values()):
        return
    yield sections_of(target.y, kept, f"target-{n}", "second geology, first seed")
    figure, axes = panels(2, 1, 7.0, 2.3)
    for axis, place in zip(axes, places(len(target.y)), strict=True):
        time = 4 * np.arange(target.y.shape[1])
        axis.plot(time, target.y[place] / 1e6, color="black", label="true", linewidth=1.5)
        for method in ("direct", "scratch", "transfer"):
            axis.plot(time, kept[method][place] / 1e6, label=method, linewidth=1,
                      color=COLOURS.get(method, "#999999"))  # fmt: skip
        axis.set(title=f"trace {place}", xlabel="two-way time in ms", ylabel="Z in 1e6 kg/(m² s)")
    axes[0].legend(frameon=False, fontsize=8, ncols=4)
    yield picture("traces", figure, "Impedance of two traces that no training saw, first seed",
                  "Impedance against time, true and by three methods")  # fmt: skip


def places(n_traces):
    """Choose two traces to show: the paper's 70 and 350 where there are as many."""
    return (70, 350) if n_traces > 350 else (n_traces // 8, 3 * n_traces // 8)


def sections_of(y, kept, name, what):
    """Draw a row of the truth and each prediction, and a row of their errors."""
    figure, axes = panels(2 * len(kept) + 2, len(kept) + 1, 2.7, 2.1)
    step = max(1, len(y) // 240), max(1, y.shape[1] // 200)

    def thin(values):
        return values[:: step[0], :: step[1]].T / 1e6

    low, high = np.percentile(y, [1, 99]) / 1e6
    extent = (0, len(y), 4 * y.shape[1], 0)
    shown = {"vmin": low, "vmax": high, "cmap": "viridis", "aspect": "auto", "extent": extent}
    image = axes[0].imshow(thin(y), **shown)
    axes[0].set(title="true", ylabel="time in ms")
    reach = (high - low) / 2
    for number, (method, predicted) in enumerate(kept.items(), start=1):
        axes[number].imshow(thin(predicted), **shown)
        axes[number].set(title=method)
        below = axes[len(kept) + 1 + number]
        error = below.imshow(thin(predicted - y), vmin=-reach, vmax=reach, cmap="RdBu",
                             aspect="auto", extent=extent)  # fmt: skip
        below.set(title=f"error, {method}", xlabel="trace")
    axes[len(kept) + 1].set_axis_off()
    figure.colorbar(image, ax=axes[: len(kept) + 1], label="1e6 kg/(m² s)")
    figure.colorbar(error, ax=axes[len(kept) + 1 :], label="1e6 kg/(m² s)")
    return picture(name, figure, f"Impedance and error: {what}",
                   "Sections of impedance, true and predicted, and of the errors")  # fmt: skip


def noise(table, profile):
    """Make the table of the noise test on the source."""
    n_test = int(table.loc[table["method"] == "source", "n_test"].iloc[0])
    rows = []
    for level in profile.noises:
        part = table[(table["method"] == "source") & (table["noise"] == level)]
        scores = [text(part[column]) for column in ("pcc", "pcc2", "r2")]
        rows.append([f"{100 * level:g} %", *scores, text(part["loss"], 1.0, 4)])
    return Table(
        "noise", f"Inversion of the source's {n_test:,} test traces, scores in percent",
        ["noise", "PCC", "PCC²", "r2", "training loss"], rows,
        "Noise: Gaussian, its standard deviation a share of that of the section; in training and "
        "test traces alike.",
    )  # fmt: skip


def noise_pictures(experiment):
    """Draw the source's profiles without and with noise."""
    kept = {f"{100 * level:g} % noise": experiment.kept(f"source-{level:g}")
            for level in experiment.profile.noises}  # fmt: skip
    if all(values is not None for values in kept.values()):
        yield sections_of(experiment.source.y, kept, "source", "source, first seed")


def settings(profile):
    """Say with what the numbers were made."""
    omegas = ", ".join(f"{omega:g}" for omega in profile.omegas)
    return (
        f"Network: {profile.network} TCN of Mustafa et al. (2019), dropout {profile.dropout}, Adam "
        f"at {profile.learning_rate:g}, weight decay 1e-4. Pre-training: batches of 32, at most "
        f"{profile.source_epochs} epochs on {profile.n_source_train} traces. Few traces: at most "
        f"{profile.target_epochs} epochs of five batches (of one trace each for fewer traces), "
        f"ended after {profile.patience} without improvement; omegas tried by transfer: {omegas}. "
        "Transfer copies all layers, the linear output too. The few traces are evenly spaced, the "
        "validation traces halfway between them; seeds change the noise and the trainings, "
        "pre-training included. Ricker wavelet of 25 Hz, 4 ms."
    )


def picture(name, figure, caption, alt):
    """Make a picture of the page."""
    return Picture(name, caption, to_svg(figure), alt)


def write_page(experiment, records):
    """Write page, Markdown, table of records and pictures; return the page's path."""
    page = document(experiment, records)
    out = experiment.out
    (out / "figures").mkdir(parents=True, exist_ok=True)
    for drawn in page.pictures:
        replaced(out / "figures" / f"{drawn.name}.svg", drawn.svg)
    replaced(out / "records.csv", pd.DataFrame(records).to_csv(index=False))
    replaced(out / "report.md", to_markdown(page))
    return replaced(out / "report.html", to_html(page))


def replaced(path, content):
    """Write a text, whole or not at all, and return its path."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.write_text(content, encoding="utf-8")
    os.replace(part, path)
    return path
