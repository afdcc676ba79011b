"""Tables of the page."""

from benchmarks.studies.impedance import pictures
from benchmarks.studies.impedance.data import few_split
from benchmarks.studies.impedance.scoring import score
from benchmarks.studies.impedance.settings import GUARD, VARIANTS
from benchmarks.studies.impedance.words import gain, text
from sktl.evaluation.report.document import Table

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
SCORES = ["pcc", "pcc2", "r2"]


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
        if part.empty:
            continue
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
        + (" The source's network was trained without noise." if noise else ""),
    )


def curve_table(table, counts):
    """Make a row for every number of traces, without noise."""
    rows, shown = [], [m for m in NAMES if m != "mean"]
    for n in counts:
        part = table[(table["n"] == n) & (table["noise"] == 0)]
        if set(part["method"]) <= {"direct"}:
            continue
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


def heads(table, compared, n):
    """Make the table of output layers."""
    part = table[table["part"].isin(["heads", "probes"])].drop_duplicates(["method", "seed"])
    if part.empty:
        return []
    usual = compared[(compared["n"] == n) & (compared["noise"] == 0)]
    usual = usual[usual["method"].isin(["scratch", "transfer"])]
    done = [m for m in HEADS if (part["method"] == m).any()]
    rows = [[HEADS[m], *cells(part[part["method"] == m])] for m in done]
    rows += [[NAMES[m], *cells(usual[usual["method"] == m])] for m in ("transfer", "scratch")]
    return [Table(
        "heads", f"Transfer of the convolutions without the output layer, {n} traces",
        ["", *("PCC", "PCC²", "r2")], rows,
        "A probe is the linear layer at every time point, fitted in closed form to the features of "
        "the last block and the series; nothing else is trained. LP-FT goes on from there at omega "
        "1. The last two rows are those of the first table, where the output layer transfers too. "
        "A row without an interval has one seed.",
    )]  # fmt: skip


def variants(experiment, table, compared):
    """Make the table of other forward models, networks and trainings."""
    part = table[table["variant"].notna()].drop_duplicates(["variant", "method", "seed"])
    if part.empty:
        return []
    n, rows = experiment.main, []
    usual = compared[(compared["n"] == n) & (compared["noise"] == 0)]
    named = {name: variant.words for name, variant in VARIANTS.items()}
    for name, words in ({None: "as in the first table"} | named).items():
        one = usual if name is None else part[part["variant"] == name]
        if one.empty:
            continue
        by = {m: one[one["method"] == m] for m in ("direct", "scratch", "transfer")}
        scores = [text(by[m][c]) for m in by for c in ("pcc", "r2")]
        seeds = (str(by[m]["seed"].nunique()) for m in ("direct", "transfer"))
        rows.append([words, *scores, ", ".join(seeds)])
        rows += below_water(experiment) if name is None else []
    header = [f"{m}, {s}" for m in ("direct", "alone", "transfer") for s in ("PCC", "r2")]
    kept = {m: experiment.kept(f"noncausal-no-dropout-{m}") for m in ("scratch", "transfer")}
    found = [direct_words(part), Table(
        "variants", f"{n} traces under other conditions, percent",
        ["", *header, "seeds (direct, trained)"], rows,
        "Omega is 1 in all but the first rows. Where the source is other, too, its network was "
        "pre-trained for 20 epochs instead of 60. With one seed, differences of a point or two are "
        "within what seeds do.",
    )]  # fmt: skip
    if all(values is not None for values in kept.values()):
        what = "non-causal network, no dropout, five traces, first seed"
        found.append(pictures.sections(experiment.target.y, kept, "sections-noncausal", what))
    return found


def direct_words(part):
    """Say how near direct prediction comes to the printed value."""
    means = part[part["method"] == "direct"].groupby("variant")["pcc"].mean()
    if means.empty:
        return "Direct prediction was not run under other conditions."
    name = means.idxmin()
    return (
        "The publication does not say how its traces were made. Direct prediction correlates with "
        "8.31 % there. A correlation does not depend on the unit, so no scaling explains it; and "
        f"of the other forward models below, the lowest has {100 * means[name]:.2f} % "
        f"({VARIANTS[name].words}): none of them alone explains it, and combinations were not "
        "run. Its training loss on the five traces, 0.001082, is a hundredth of the one here, "
        "which includes dropout and weight decay; that suggests a closer fit to the five traces."
    )


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
    return [["the same, only samples below the water scored", *written, "1, 1"]]


def guard(table):
    """Make the table of what OmegaSearch kept."""
    part = table[table["part"].isin(["guard", "frozen"])]
    if part.empty:
        return []
    rows, ways = [], {"guard": "fine-tuned", "frozen": "linear probe"}
    for way, case in ((w, c) for w in ways for c in range(len(GUARD))):
        one = part[(part["part"] == way) & (part["case"] == case)]
        if one.empty:
            continue
        kept = ", ".join(f"{k} ({c})" for k, c in one["kept"].value_counts().items())
        scores = [text(one[column]) for column in ("scratch", "transfer", "r2")]
        gains = text(one["transfer"] - one["scratch"])
        seeds = str(one["seed"].nunique())
        rows.append([f"{ways[way]}, {list(GUARD)[case]}", *scores, gains, kept, seeds])
    return [
        "Transfer is kept only where it beats the better of scratch and two simple baselines (the "
        "mean of the five traces, a linear filter) by more than one standard error of the "
        "difference, on the five validation traces. The test traces have no part in it. A linear "
        "probe trains the output layer alone, on the features of the source or, for scratch, on "
        "random ones.",
        Table(
            "guard", "What OmegaSearch keeps of transfer, scratch and baselines; r2 in percent",
            ["", "scratch", "transfer", "what was kept", "transfer - scratch", "kept (seeds)",
             "seeds"], rows,
        ),
    ]  # fmt: skip


def source_table(table, profile):
    """Make the table of the noise test on the source."""
    part = table[table["method"] == "source"]
    n_test = int(part["n_test"].max()) if len(part) else 0
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
