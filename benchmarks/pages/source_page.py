"""Write the page of results of the bundled sources, and the results in their cards.

    python -m benchmarks.pages.source_page results/sources/records.csv

Nothing is trained: `docs/source_results.md` and the field `results` of every bundled card are
computed from the records of `sources_on_real_data.py`.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.performance.performance_page import markdown
from benchmarks.studies.sources_on_real_data import BLOCKS, TARGETS, UNTRAINED, without_blocks
from sktl._files import write_whole
from sktl.evaluation.controls import all_controls
from sktl.evaluation.protocols import compare
from sktl.evaluation.records import Records
from sktl.evaluation.schema import CELL, GROUP
from sktl.evaluation.statistics import bootstrap_interval, sign_test_counts
from sktl.sources import load_source, read_card, save_source

ROOT = Path(__file__).resolve().parents[2]
BUNDLED = ROOT / "sktl" / "sources" / "bundled"
PAGE = ROOT / "docs" / "source_results.md"
BASELINES = ("best constant", "last value", "MiniRocket")
# A run, in which all sources have the same instances.
RUN = [*GROUP, "rerun"]
OWN = {target: source for target, (source, *_) in TARGETS.items() if source}
TEXT = """# Results of the bundled sources on real targets

This page is written by `python -m benchmarks.pages.source_page`, from the records of `python -m
benchmarks.studies.sources_on_real_data` (all fits are in `docs/source_records.csv`).

## The sources

Four architectures on six **simulated** datasets, and two on three of them
[at once](#several-targets-at-once), trained by `python -m benchmarks.release.pretrain` on one CPU
core. The series are shorter than the official ones and have a lower sampling rate. The
score is that on held-out simulated instances. The column "no network" is the error of the best
constant, or one divided by the number of classes; "ratio" is the score divided by it.

{sources}

Select a source by `source="STEAD-simulated"`, or by `source="STEAD"`. The latter prefers your own
and published sources, and warns if it uses this one. Resample your series to the sampling rate of
the card (`sktl.pretraining.decimate`), because kernels have a length in samples, not in seconds.

## Real targets, few labels

{fits} fits on real data. A *case* is an architecture, source, target and training size; its value
is the mean over reruns.

- Transfer: networks are trained with the omegas {omegas}. The best by validation is used, and its
  test score counts.
- From scratch: the first run is the reference. The *control* is the best by validation of {k} runs,
  with the same budget and seeds as transfer.
- Every rerun ({reruns} per case) samples the instances again, and the speakers or subjects of the
  parts. Transfer and scratch use the same ones.
- Batch size 16, at most 250 epochs, patience 12 (learning rate: 4). If an epoch has fewer than four
  steps, these numbers are increased to 1,000, 48 and 16 steps.
- In transfer and from scratch, ConvNetQuake INGV has no L2 penalty and MLSTM-FCN
  `batch_norm_momentum=0.9`.

Measured (training sizes in brackets):

{measured}

### How often transfer wins

{outcomes}

Cases share targets and references. They are therefore not independent, and the p-values are too
small. Transfer converges faster than its reference in {faster} cases.

### Pretrained features, or only a smaller learning rate?

A small omega reduces overfitting to few instances, whatever the kernels are. For comparison, random
kernels were used as a source, with the same omegas, seeds and selection.

{untrained}

### Sources of the target's own domain

Gain in test score over the control, in percent of it (positive: transfer is better). The table has
the median over cases with its bootstrap interval.

{own}

### By architecture, by source, by target and size

{by_architecture}

{by_source}

{by_size}

{by_both}

If losses outnumber wins, the source hurts. `OmegaSearch` uses transfer only if it is better than
scratch on validation data.

### Batch normalisation and squeeze-and-excite blocks

As published, only the convolutions of MLSTM-FCN are transferred (rows above). With
`MLSTMFCNClassifier(transfer_blocks=True)`, the blocks after them are transferred too. The cases and
the control are the same:

{blocks}

### Scores

{scores}

MAE is in magnitude units or dollars; F1 is weighted. The networks on STEAD 50 have no information
on the amplitude, the baselines do. "Best scratch" is the control. The best source in hindsight is
chosen by the test score, which is not possible in practice.

## Several targets at once

`seismic-simulated` (ConvNetQuake INGV, TCN) was trained on the simulators of STEAD, LEN-DB and
LOMAX together and on six targets at once. The ConvNetQuake saw 35,000 instances in 13 epochs. Its
mean absolute error on held-out simulated instances, as a share of that of the best constant:
magnitude 0.24, log distance 0.20, S minus P 0.15, log depth 0.92, signal-to-noise ratio 0.38,
earthquake or noise 0.16.

As a linear probe beside log amplitudes, on the 50 real earthquakes of one station (mean absolute
error, the mean of 20 draws, 15 test earthquakes each):

| target | n_train | STEAD | LEN-DB | LOMAX | all three | **seismic** | random | amplitude |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
| magnitude | 10 | 0.286 | 0.296 | 0.294 | 0.285 | 0.303 | 0.329 | 0.234 |
| magnitude | 20 | 0.219 | 0.222 | 0.212 | 0.207 | 0.207 | 0.213 | 0.200 |
| magnitude | 35 | 0.178 | 0.193 | 0.170 | 0.167 | 0.161 | 0.169 | 0.181 |
| S minus P (s) | 10 | 1.877 | 1.990 | 1.777 | 1.806 | 1.791 | 1.910 | 2.538 |
| S minus P (s) | 20 | 1.745 | 1.882 | 1.638 | 1.650 | 1.547 | 1.811 | 2.056 |
| S minus P (s) | 35 | 1.660 | 1.796 | 1.604 | 1.512 | 1.336 | 1.737 | 2.013 |
| log10 distance | 10 | 0.109 | 0.114 | 0.104 | 0.105 | 0.103 | 0.110 | 0.144 |
| log10 distance | 20 | 0.102 | 0.109 | 0.096 | 0.097 | 0.089 | 0.105 | 0.121 |
| log10 distance | 35 | 0.099 | 0.103 | 0.094 | 0.090 | 0.079 | 0.102 | 0.111 |
| depth (km) | 10 | 3.565 | 3.582 | 3.601 | 3.568 | 3.618 | 3.556 | 4.065 |
| depth (km) | 20 | 3.484 | 3.489 | 3.449 | 3.442 | 3.513 | 3.463 | 3.485 |
| depth (km) | 35 | 3.470 | 3.408 | 3.368 | 3.358 | 3.415 | 3.557 | 3.480 |

Its error is 7 % below that of STEAD's source, 11 % below LEN-DB's, 4 % below LOMAX's and 3 %
below that of all three together (geometric means over all draws; draws share earthquakes). It is
better where it learned what the others did not: the distance, and the time between P and S. On
ten magnitudes it is worse, and nothing beats the amplitude; the depth, which it could not learn,
stays unknown.

As a start (LP-FT, omega 0.25, 20 earthquakes, the mean of three draws):

| target | STEAD | LEN-DB | LOMAX | seismic |
| --- | --- | --- | --- | --- |
| magnitude | 0.315 | 0.256 | 0.246 | 0.338 |
| S minus P (s) | 1.709 | 2.256 | 1.386 | 1.459 |

As a start it is like the others: 7 and 9 % below STEAD's and LEN-DB's, 17 % above LOMAX's. The
source was kept for what it gives to probes. Its training was stopped by hand after 13 of 20 epochs.

More instances and other architectures, as probes on the same targets, sizes and draws (difference
of the error to that of other sources and of random kernels of the same architecture):

| network | instances, epochs | simulated error | STEAD | LEN-DB | LOMAX | all three | random |
| --- | --- | --- | --- | --- | --- | --- | --- |
| **ConvNetQuake INGV** | 35,000, 13 | 0.341 | -7 % | -11 % | -4 % | -3 % | -9 % |
| ConvNetQuake INGV | 200,000, 10 | 0.297 | -6 % | -9 % | -3 % | -1 % | -7 % |
| **TCN**, from STEAD's | 100,000, 2 | 0.376 | -12 % | +1 % | -12 % | 0 % | +5 % |
| MagNet, from STEAD's | 200,000, 2 | 0.363 | -4 % | -3 % | +5 % | +1 % | +10 % |

Bold ones are bundled. Six times the instances lower the error on simulated earthquakes by 13 %, but
not that on real ones: perhaps the simulators are not real enough for more. The TCN's is better than
two of the three sources and as good as all three; MagNet's does not pay. In both architectures
random kernels are better than any single source: combine several, as `AutoTransferRegressor` does.
The simulators' parameters were adjusted with the same earthquakes in view: they are no test of it.
MLSTM-FCN is not measured. Made by `python -m benchmarks.studies.joint_source --seismic FOLDER`.

## One source for all

Where a target is of no domain of ours, a source could come from all data sets at once, by the
question which of them a series comes from (Ismail-Fawaz et al. 2023). Here: four real data sets
(EMG-Roshambo, EMG-Francic, DSPSpeech-20, S&P 500) and six simulated ones, 5,000 instances each, one
channel, cut to random lengths and resampled to 128 points; two questions, the set, or the class of
the set (94 classes). On left-out series F1 is 0.56 for the set and 0.12 or 0.13 for the class.

As linear probes beside log amplitudes, on eight real targets of other domains (BasicMotions, ERing,
Libras, ArrowHead, PLAID, JapaneseVowels, CO2, Covid3Month) with 12 to 100 labels, three draws, 16
cells (difference of the error, geometric mean over cells; in brackets the cells with the smaller
one):

| network | question | one bundled source, mean | all bundled | random kernels |
| --- | --- | --- | --- | --- |
| ConvNetQuake INGV | set | -9 % (12) | +1 % (6) | -10 % (11) |
| ConvNetQuake INGV | class | -5 % (11) | +5 % (6) | -6 % (10) |
| MagNet | set | -8 % (11) | -2 % (9) | -9 % (12) |
| MagNet | class | -9 % (12) | -3 % (9) | -10 % (11) |

As a probe the one source is better than a bundled source taken at random, and as good as ten or
eleven of them together. As a start (ConvNetQuake INGV, omega 0.25, two draws) it is better than
three bundled sources in the mean (set: -14 %, class: -12 %), but only as good as scratch (-2 and
0 %). Among the candidates of AutoTransfer it changes little on eleven development targets: F1 rises
by 0.3 %, and errors of numbers rise by 0.4 % in the mean, as all bundled sources are candidates
anyway. It is therefore not bundled; `python -m benchmarks.studies.one_source` makes it.

## The scaling of a source

The published FCNs of UCR problems were trained on z-scores of the whole training part. Six of them,
one for each of six types of problems, as linear probes beside log amplitudes, scaled as they were
trained (`preprocessing="source"`) and by our default (`"own"`, z-scores of each instance). The
instances are the same; one draw of each of 28 cells, on 15 targets that choices may be made on. The
error is the mean absolute error, or one minus the weighted F1:

|  | cells | smaller | larger | targets | smaller on | median error | p |
| --- | --- | --- | --- | --- | --- | --- | --- |
| UCR/CricketX | 28 | 11 | 14 | 15 | 5 | +2.3 % | 0.92 |
| UCR/ECG5000 | 28 | 11 | 14 | 15 | 5 | +1.6 % | 0.70 |
| UCR/ElectricDevices | 28 | 11 | 14 | 15 | 6 | +0.0 % | 0.65 |
| UCR/FordA | 28 | 11 | 13 | 15 | 5 | +0.0 % | 1.00 |
| UCR/PigArtPressure | 28 | 10 | 15 | 15 | 6 | +0.0 % | 0.81 |
| UCR/ShapesAll | 28 | 11 | 14 | 15 | 6 | +0.0 % | 0.81 |
| all six | 28 | 11 | 14 | 15 | 6 | +0.0 % | 0.55 |
| all six, MiniRocket | 28 | 10 | 14 | 15 | 5 | +0.0 % | 0.81 |

Neither is better in general, so the default stays. The scaling of the source keeps level and
amplitude. It has the smaller error in all cells whose target is a level or a spread (S&P 500,
NASDAQ, CO2, volatility), and mostly the larger one where classes are told by shape (Myo, PLAID,
Libras, three words) and on the magnitudes of STEAD 50. Scores (F1, or mean absolute error in the
target's unit):

|  | n_train | all six: own | all six: source's | MiniRocket: own | MiniRocket: source's | draws |
| --- | --- | --- | --- | --- | --- | --- |
| ArrowHead | 20 | 0.673 | 0.673 | 0.739 | 0.739 | 1 |
| ArrowHead | 30 | 0.801 | 0.801 | 0.831 | 0.831 | 1 |
| BasicMotions | 20 | 0.975 | 1 | 1 | 1 | 1 |
| CO2 | 20 | 12.2 | 8.02 | 15.7 | 10.3 | 1 |
| CO2 | 100 | 3.74 | 0.922 | 9.16 | 4.64 | 1 |
| Covid3Month | 20 | 0.0325 | 0.0328 | 0.0325 | 0.0327 | 1 |
| Covid3Month | 100 | 0.0313 | 0.0331 | 0.0299 | 0.0326 | 1 |
| ERing | 20 | 0.921 | 0.921 | 0.959 | 0.959 | 1 |
| JapaneseVowels | 20 | 0.706 | 0.666 | 0.84 | 0.833 | 1 |
| JapaneseVowels | 100 | 0.886 | 0.913 | 0.96 | 0.976 | 1 |
| Libras | 20 | 0.454 | 0.207 | 0.56 | 0.503 | 1 |
| Libras | 100 | 0.757 | 0.728 | 0.862 | 0.835 | 1 |
| Myo | 20 | 0.0957 | 0.049 | 0.0797 | 0.044 | 1 |
| Myo | 100 | 0.0913 | 0.0562 | 0.0882 | 0.0479 | 1 |
| NASDAQ | 20 | 3.04e+03 | 1.19e+03 | 2.85e+03 | 1.31e+03 | 1 |
| NASDAQ | 100 | 2.51e+03 | 161 | 1.99e+03 | 292 | 1 |
| PLAID | 20 | 0.571 | 0.172 | 0.568 | 0.238 | 1 |
| PLAID | 100 | 0.756 | 0.461 | 0.779 | 0.737 | 1 |
| S&P 500 | 20 | 1.22e+03 | 843 | 1.12e+03 | 932 | 1 |
| S&P 500 | 100 | 1.26e+03 | 819 | 1.15e+03 | 894 | 1 |
| S&P 500 volatility | 20 | 0.355 | 0.305 | 0.333 | 0.317 | 1 |
| S&P 500 volatility | 100 | 0.314 | 0.308 | 0.309 | 0.308 | 1 |
| STEAD 50 | 20 | 0.133 | 0.139 | 0.132 | 0.155 | 1 |
| STEAD 50 | 35 | 0.132 | 0.145 | 0.128 | 0.155 | 1 |
| STEAD 50 S-P | 20 | 1.76 | 2.57 | 1.78 | 2.11 | 1 |
| STEAD 50 S-P | 35 | 1.63 | 1.62 | 1.64 | 1.43 | 1 |
| three words | 20 | 0.589 | 0.589 | 0.595 | 0.551 | 1 |
| three words | 100 | 0.793 | 0.686 | 0.818 | 0.767 | 1 |

Several draws and fine-tuned networks are not measured. Made by `python -m
benchmarks.studies.source_scaling --draws 0`.

## Impedance

Impedance inversion predicts a series from a series with a separate network, which has no bundled
source. See [its page](impedance.md).

## Not measured

Larger training sizes for the slower networks, other values of omega, and sources at official
lengths, which need a GPU.
"""


def cards():
    """Return the cards of all bundled sources."""
    return [read_card(path.parent) for path in sorted(BUNDLED.glob("*/*-simulated/card.json"))]


def table(frame, **formats):
    """Return a Markdown table."""
    for name, form in formats.items():
        frame = frame.assign(
            **{name: [("" if pd.isna(v) else form.format(v)) for v in frame[name]]}
        )
    return markdown(frame)


def list_of_sources():
    """Return the table of the sources and their training."""
    rows = [
        {
            "source": card.name.removesuffix("-simulated"),
            "architecture": card.architecture,
            "instances": f"{card.n_instances:,}",
            "length": card.n_timepoints,
            "rate (Hz)": "daily" if card.sampling_rate is None else f"{card.sampling_rate:g}",
            "epochs": card.training["epochs"],
            "score": f"{card.score['metric']} {card.score['value']:.3g}",
            "no network": f"{card.training['constant']:.3g}",
            "ratio": f"{card.training['relative']:.2f}",
        }
        for card in cards()
    ]
    return table(pd.DataFrame(rows).sort_values(["source", "architecture"]))


def budget_matched(records, comparison):
    """Join every chosen transfer with its control, the best of as many scratch runs."""
    runs = records.table[records.table["kind"] == "reference"].copy()
    sign = np.where(runs["greater_is_better"], 1, -1)
    runs["selection"] = sign * runs["validation_score"]
    best = runs.loc[runs.groupby(RUN)["selection"].idxmax()].set_index(RUN)
    best = best[["value", "selection"]].add_prefix("control_")
    pairs = comparison.pairs.join(best, on=RUN)
    kept = pairs["selection"] > pairs["control_selection"]
    return pairs.assign(guarded_value=pairs["value"].where(kept, pairs["control_value"]))


def counted(difference):
    """Return wins, percentage and sign test of differences of cell means."""
    wins, losses, ties = (int((np.sign(difference) == sign).sum()) for sign in (1, -1, 0))
    test = sign_test_counts(wins, losses, ties)
    return {
        "wins": wins, "losses": losses, "ties": ties,
        "share": f"{100 * wins / max(1, wins + losses + ties):.0f} %",
        "sign test p": f"{test.pvalue:.2g}",
    }  # fmt: skip


def against_control(records):
    """Return the chosen transfers with their control, and the comparison."""
    comparison = compare(records, "honest")
    return budget_matched(records, comparison), comparison


def gains_of_blocks(frame, pairs):
    """Return the results of transferring more than the convolutions, on the same cases."""
    if frame.empty:
        return "Not measured."
    with_blocks, _ = against_control(Records.from_frame(frame))
    keys = [*CELL, "rerun"]
    values = [
        one.assign(architecture=one["architecture"].map(without_blocks)).set_index(keys)
        for one in (with_blocks, pairs)
    ]
    # In the reruns that both have.
    difference = (values[0]["value"] - values[1]["value"]).dropna()
    found = counted(difference.groupby(CELL).mean())
    return (
        f"{table(gains(with_blocks, ['target']))}\n\n"
        "With the source of the target's own domain only:\n\n"
        f"{table(gains(with_blocks[of_own_domain(with_blocks)], ['target']))}\n\n"
        f"Compared with the convolutions alone, transfer of the blocks wins in {found['wins']} and "
        f"loses in {found['losses']} cases (sign test p = {found['sign test p']})."
    )


def of_own_domain(transfers):
    """Return True for each transfer whose source is of its target's own domain."""
    return transfers["source"] == transfers["target"].map(OWN)


def against_untrained(frame, pairs):
    """Compare transfer with random kernels and the same choice of omegas."""
    if not (frame["source"] == UNTRAINED).any():
        return "Not measured."
    random, _ = against_control(Records.from_frame(frame))
    pairs = pairs.join(random.set_index(RUN)["value"].rename("random"), on=RUN)
    pairs = pairs.dropna(subset=["random"])
    means = pairs.groupby(CELL)[["value", "random"]].mean().reset_index()
    own = of_own_domain(means)
    alone = random.groupby(CELL)[["value", "control_value"]].mean()
    rows = [
        {"comparison": "sources of the target's own domain against random kernels",
         **counted((means["value"] - means["random"])[own])},
        {"comparison": "sources of other domains against random kernels",
         **counted((means["value"] - means["random"])[~own])},
        {"comparison": "random kernels against as many runs from scratch",
         **counted(alone["value"] - alone["control_value"])},
    ]  # fmt: skip
    return (
        f"{table(pd.DataFrame(rows))}\n\n"
        "Sources of the target's own domain against random kernels:\n\n"
        f"{table(gains(pairs[of_own_domain(pairs)], ['target'], 'random'))}"
    )


def outcome_rows(records):
    """Return the table of wins under all comparisons, and the pairs with their control."""
    pairs, comparison = against_control(records)
    columns = ["value", "reference_value", "control_value", "guarded_value"]
    means = pairs.groupby(CELL)[columns].mean().reset_index()
    own = of_own_domain(means)
    rows = [
        {"transfer against": "one run from scratch (omega by validation)",
         **counted(means["value"] - means["reference_value"])},
        {"transfer against": "**as many runs from scratch, the best by validation**",
         **counted(means["value"] - means["control_value"])},
        {"transfer against": "the same, only the source of the target's own domain",
         **counted((means["value"] - means["control_value"])[own])},
        {"transfer against": "the same, only sources of other domains",
         **counted((means["value"] - means["control_value"])[~own])},
        {"transfer against": "the same, scratch kept unless transfer wins on validation",
         **counted(means["guarded_value"] - means["control_value"])},
    ]  # fmt: skip
    for control in all_controls(records):
        if control.name.startswith("null"):
            if control.name == "null (honest)" and not control.problem:
                rows.append({
                    "transfer against": "(null: runs from scratch in the place of transfer)",
                    "wins": f"{control.wins:.0f}", "losses": f"{control.losses:.0f}", "ties": "",
                    "share": f"{100 * control.wins / control.n:.0f} %", "sign test p": "",
                })  # fmt: skip
        elif control.name == "omega = 1" and not control.problem:
            rows.append({
                "transfer against": "one run from scratch, omega fixed at 1",
                "wins": control.wins, "losses": control.losses, "ties": control.ties,
                "share": f"{100 * control.wins / control.n:.0f} %",
                "sign test p": f"{control.pvalue:.2g}",
            })  # fmt: skip
    return pd.DataFrame(rows), pairs, comparison


def gains(pairs, by, control="control_value"):
    """Return the median gain over the control in percent, with an interval, by given columns."""
    pairs = pairs.assign(
        gain=100 * (pairs["value"] - pairs[control]) / pairs[control].abs().clip(lower=1e-9)
    )
    cells = pairs.groupby(CELL)[["gain", "value", control]].mean().reset_index()
    rows = []
    for key, group in cells.groupby(by, sort=False):
        names = key if isinstance(key, tuple) else (key,)
        difference = np.sign(group["value"] - group[control])
        _, low, high = bootstrap_interval(group["gain"], np.median, random_state=0)
        rows.append({
            **dict(zip(by, names, strict=True)), "cases": len(group),
            "wins": int((difference > 0).sum()), "losses": int((difference < 0).sum()),
            "median gain": f"{group['gain'].median():+.1f} %",
            "95 % interval": "" if np.isnan(low) else f"{low:+.1f} to {high:+.1f} %",
        })  # fmt: skip
    return pd.DataFrame(rows)


def scores(records, pairs):
    """Return the mean test scores of each target, size and architecture, and the baselines."""
    data = records.table
    base = data[data["kind"] == "baseline"].groupby(["target", "n_train", "architecture"])
    base = base["test_score"].mean()
    rows = []
    for (target, size, architecture), group in pairs.groupby(
        ["target", "n_train", "architecture"], sort=False
    ):
        sign = 1 if group["greater_is_better"].iloc[0] else -1
        means = group.groupby("source")["test_score"].mean()
        own = OWN.get(target)
        best = (sign * means).idxmax()
        rows.append({
            "target": target, "train": size, "score": group["metric"].iloc[0],
            "architecture": architecture,
            **{name: base.get((target, size, name), np.nan) for name in BASELINES},
            "scratch": sign * group.drop_duplicates("rerun")["reference_value"].mean(),
            "best scratch": sign * group.drop_duplicates("rerun")["control_value"].mean(),
            "own domain's source": means.get(own, np.nan) if own else np.nan,
            "median source": means.median(),
            "best source (in hindsight)": f"{best} {means[best]:.3g}",
        })  # fmt: skip
    frame = pd.DataFrame(rows)
    numbers = [*BASELINES, "scratch", "best scratch", "own domain's source", "median source"]
    return table(frame, **dict.fromkeys(numbers, "{:.3g}"))


def write_cards(pairs):
    """Write the results of each source into its card; the weights are not changed."""
    keys = ["target", "n_train"]
    for folder in sorted(path.parent for path in BUNDLED.glob("*/*-simulated/card.json")):
        card = read_card(folder)
        name = card.name.removesuffix("-simulated")
        mine = pairs[(pairs["architecture"] == card.architecture) & (pairs["source"] == name)]
        results = [
            {
                "target": target, "n_train": int(size), "metric": group["metric"].iloc[0],
                "reruns": len(group), "transfer": round(float(group["test_score"].mean()), 4),
                "scratch": round(float(group["reference"].mean()), 4),
                "best_of_as_many_scratch": round(float(group["control_value"].abs().mean()), 4),
            }
            for (target, size), group in mine.groupby(keys, sort=False)
        ]  # fmt: skip
        changed = replace(card, results=results or None, notes=notes(card, mine))
        source = load_source(folder, card.architecture)
        if changed != card:
            save_source(folder, changed, source.arrays)


def notes(card, pairs):
    """Say in words what a source is, and whether it helped anywhere."""
    text = "Trained on simulated data only; the citation is of the dataset that is simulated."
    if not len(pairs):
        return f"{text} It was not tried on real data."
    means = pairs.groupby(["target", "n_train"])[["value", "control_value"]].mean()
    won = int((means["value"] > means["control_value"]).sum())
    if not won:
        return f"{text} It helped nowhere: in none of {len(means)} cases on real data."
    return (
        f"{text} On real data it beat as many runs from scratch (best by validation) in {won} of "
        f"{len(means)} cases of target and size; see results."
    )


def page(frame):
    """Return the text of the page, and the pairs it is made of."""
    with_blocks = frame["architecture"].str.endswith(BLOCKS)
    untrained = frame["source"] == UNTRAINED
    records = Records.from_frame(frame[~with_blocks & ~untrained].reset_index(drop=True))
    outcomes, pairs, comparison = outcome_rows(records)
    data = records.table
    reruns = data[data["kind"] == "transfer"].groupby(CELL)["rerun"].nunique()
    omegas = ", ".join(f"{omega:g}" for omega in sorted(comparison.search["omega"].unique()))
    networks = sorted(pairs["architecture"].unique())
    measured = pairs.groupby("architecture").apply(
        lambda group: ", ".join(
            f"{target} ({', '.join(map(str, sorted(part['n_train'].unique())))})"
            for target, part in group.groupby("target", sort=False)
        ),
        include_groups=False,
    )
    convergence = np.sign(
        comparison.cells["convergence"] - comparison.cells["reference_convergence"]
    ).dropna()
    text = TEXT.format(
        sources=list_of_sources(),
        fits=f"{(frame['kind'] != 'baseline').sum():,}",
        omegas=omegas,
        k=comparison.search["omega"].nunique(),
        reruns="-".join(map(str, sorted({reruns.min(), reruns.max()}))),
        measured="\n".join(f"- {name}: {measured[name]}" for name in networks),
        outcomes=table(outcomes),
        untrained=against_untrained(
            frame[~with_blocks & (untrained | (frame["kind"] == "reference"))]
            .reset_index(drop=True), pairs
        ),
        by_architecture=table(gains(pairs, ["architecture"])),
        by_source=table(gains(pairs, ["source"])),
        by_both=table(gains(pairs, ["target", "source"])),
        by_size=table(gains(pairs, ["target", "n_train"])),
        own=table(gains(pairs[of_own_domain(pairs)], ["target", "architecture"])),
        blocks=gains_of_blocks(frame[with_blocks & ~untrained].reset_index(drop=True), pairs),
        scores=scores(records, pairs),
        faster=f"{int((convergence > 0).sum())} of {len(convergence)}",
    )  # fmt: skip
    return text, pairs


def main():
    """Write the page and the cards."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("records", type=Path)
    parser.add_argument("--page", type=Path, default=PAGE)
    parser.add_argument("--leave-cards", action="store_true")
    arguments = parser.parse_args()
    text, pairs = page(pd.read_csv(arguments.records))
    if not arguments.leave_cards:
        write_cards(pairs)
    write_whole(arguments.page, text.encode())


if __name__ == "__main__":
    main()
