"""One source for all: pre-training by the question which data set a series comes from.

    python -m benchmarks.studies.one_source --shared ../shared/data
    python -m benchmarks.studies.one_source --shared ../shared/data --fine-tune

Series of ten data sets, real and simulated, are cut to random lengths and resampled to 128 points,
one channel each. Networks learn from which data set a series comes (Ismail-Fawaz et al. 2023, arXiv
2311.14534), or from which class of which data set: one softmax over the classes of all, numbers in
fifths. As linear probes they are held against the bundled sources, each and together, and random
kernels of the same architecture, on real targets of no domain of ours; log amplitudes are a block
of every probe. With ``--fine-tune`` they are starts (omega 0.25) and held against three bundled
sources and scratch. One row a fit goes to a CSV file, from which a run continues.

All targets are of the development half of the study of few labels: whether such a source is worth
having is decided here.
"""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.release.pretrain import PARAMETERS, REAL
from benchmarks.studies.few_labels.targets import TARGETS, draw
from benchmarks.studies.rows import append, known_keys
from sktl import estimators
from sktl.estimators import LinearProbeClassifier, LinearProbeRegressor
from sktl.evaluation.metrics import weighted_f1
from sktl.pretraining import recipe_for
from sktl.pretraining.instances import Instances
from sktl.sources import list_sources

SIMULATED = ("STEAD", "LEN-DB", "LOMAX", "SPEECH", "EMG", "S&P 500")
UNRELATED = (
    "BasicMotions", "ERing", "Libras", "ArrowHead", "PLAID", "JapaneseVowels", "CO2", "Covid3Month",
)  # fmt: skip
LENGTH, SHORTEST = 128, 40
# Training instances of a target at most.
LARGEST = 100
QUESTIONS = ("which set", "which class")
RANDOM, TOGETHER = "random kernels", "all bundled"
STARTS = ("STEAD-simulated", "EMG-Francic", "DSPSpeech-20")
SCRATCH = "scratch"
PROBE, START = "probe", "start"
# Added to errors before ratios are taken: some are 0.
LEAST = 1e-3
KEY = ["use", "architecture", "source", "target", "n_train", "draw"]


def views(X, rng):
    """Return one random channel of every instance, cut to a random length and resampled."""
    found = np.empty((len(X), 1, LENGTH), np.float32)
    for number, instance in enumerate(X):
        series = instance[rng.integers(len(instance))]
        length = rng.integers(min(SHORTEST, len(series)), len(series) + 1)
        at = rng.integers(len(series) - length + 1)
        places = np.linspace(at, at + length - 1, LENGTH)
        found[number, 0] = np.interp(places, np.arange(len(series)), series)
    return found


def names_of(y):
    """Return classes, numbers by the fifth in which they lie."""
    y = np.asarray(y)
    if y.dtype.kind == "f":
        y = np.searchsorted(np.quantile(y, (0.2, 0.4, 0.6, 0.8)), y)
    return y.astype(str)


def collected(arguments, part):
    """Return views of all data sets, and the answers to both questions."""
    rng = np.random.default_rng([arguments.seed, part == "train"])
    panels, of_set, of_class = [], [], []
    sets = [(name, True, None, "published") for name in SIMULATED]
    sets += [(name, False, arguments.shared / file, split) for name, (file, split) in REAL.items()]
    for name, simulated, path, split in sets:
        instances = Instances(
            name, simulated, recipe_for(name), arguments.instances, arguments.seed, path,
            split=split,
        )  # fmt: skip
        X, y = instances.part(part)
        chosen = rng.permutation(len(X))[: instances.n_held_out if part != "train" else None]
        label = f"{name}-simulated" if simulated else name
        panels.append(views(X[chosen], rng))
        of_set += [label] * len(chosen)
        of_class += [f"{label}: {answer}" for answer in names_of(y)[chosen]]
    return np.concatenate(panels), dict(
        zip(QUESTIONS, map(np.array, (of_set, of_class)), strict=True)
    )


def folder_of(arguments, architecture, question):
    """Return where a source of this study lies."""
    return arguments.out / architecture / question.replace(" ", "-")


def train(arguments):
    """Train a network of each architecture on each question, unless it is there."""
    wanted = [
        (architecture, question)
        for architecture in arguments.architectures
        for question in QUESTIONS
        if not folder_of(arguments, architecture, question).exists()
    ]
    if not wanted:
        return
    (X, answers), (X_held_out, held_out) = (
        collected(arguments, p) for p in ("train", "validation")
    )
    for architecture, question in wanted:
        y, y_held_out = answers[question], held_out[question]
        known = np.isin(y_held_out, y)
        network = getattr(estimators, f"{architecture}Classifier")(
            **PARAMETERS[architecture], schedule="published", n_epochs=arguments.epochs,
            random_state=arguments.seed,
        )  # fmt: skip
        network.fit(X, y, validation_data=(X_held_out[known], y_held_out[known]))
        score = weighted_f1(y_held_out[known], network.predict(X_held_out[known]))
        print(f"{architecture}, {question}: {len(X)} series, {len(set(y))} classes, F1 on left-out "
              f"series {score:.3f}", flush=True)  # fmt: skip
        folder = folder_of(arguments, architecture, question)
        network.save_pretrained(folder, name=folder.name, dataset="ten data sets")


def sources_of(arguments, architecture):
    """Return the names of what is compared, and the sources of each."""
    table = list_sources()
    mine = table[(table["architecture"] == architecture) & (table["where"] == "bundled")]
    bundled = sorted(set(mine["source"]))
    questions = {q: [folder_of(arguments, architecture, q)] for q in QUESTIONS}
    if arguments.fine_tune:
        return questions | {SCRATCH: [None]} | {name: [name] for name in STARTS}
    singles = {name: [name] for name in bundled}
    return questions | {RANDOM: [None], TOGETHER: bundled} | singles


def error_of(use, architecture, sources, target, parts, draw_number):
    """Return the test error of a probe or a fine-tuned network: 1 - F1, or the absolute error."""
    classifies = TARGETS[target].task == "classification"
    kind = "Classifier" if classifies else "Regressor"
    if use == PROBE:
        make = LinearProbeClassifier if classifies else LinearProbeRegressor
        model = make(sources, [architecture], random_features=None, channels="each")
        model.fit(parts.X_train, parts.y_train, groups=parts.groups_train)
    else:
        options = {"random_state": draw_number}
        if sources != [None]:
            options |= {"source": sources[0], "omega": 0.25}
        model = getattr(estimators, architecture + kind)(**options)
        model.fit(parts.X_train, parts.y_train)
    predicted = model.predict(parts.X_test)
    if classifies:
        return 1 - weighted_f1(parts.y_test, predicted)
    return float(np.abs(predicted - parts.y_test).mean())


def main():
    """Train, measure what is missing, and print tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shared", type=Path, default=Path("../shared/data"))
    parser.add_argument("--out", type=Path, default=Path("results/one_source"))
    parser.add_argument("--architectures", nargs="+", default=["ConvNetQuakeINGV", "MagNet"])
    parser.add_argument("--instances", type=int, default=5000, help="of each data set")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--fine-tune", action="store_true", help="starts instead of probes")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    train(arguments)
    path, use = arguments.out / "records.csv", START if arguments.fine_tune else PROBE
    known = known_keys(path, KEY)
    compared = {a: sources_of(arguments, a) for a in arguments.architectures}
    for key in (
        (use, architecture, name, target, size, number)
        for number in range(arguments.draws)
        for target in UNRELATED
        for size in TARGETS[target].sizes
        if size <= LARGEST
        for architecture in compared
        for name in compared[architecture]
    ):
        if key in known:
            continue
        _, architecture, name, target, size, number = key
        parts = draw(target, size, number, arguments.shared, arguments.out / "cache")
        sources = compared[architecture][name]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            error = error_of(use, architecture, sources, target, parts, number)
        append(path, [dict(zip(KEY, key, strict=True)) | {"error": error}])
    report(pd.read_csv(path))


def report(rows):
    """Print the mean errors, and both questions against the rest."""
    for (use, architecture), of_it in rows.groupby(["use", "architecture"]):
        table = of_it.pivot_table("error", ["target", "n_train", "draw"], "source")
        singles = [n for n in table if n not in (*QUESTIONS, RANDOM, TOGETHER, SCRATCH)]
        table["mean of singles"] = table[singles].mean(axis=1)
        others = [n for n in (TOGETHER, RANDOM, SCRATCH) if n in table]
        print(f"\n{use}, {architecture}: error, mean over draws")
        cells = table.groupby(level=["target", "n_train"]).mean()
        print(cells[[*QUESTIONS, *others, "mean of singles"]].round(3).to_string())
        for question in QUESTIONS:
            for other in (*others, "mean of singles", *singles):
                ratio = np.log((cells[question] + LEAST) / (cells[other] + LEAST))
                print(f"{question} against {other}: error {100 * np.expm1(ratio.mean()):+.1f} %, "
                      f"smaller in {(ratio < 0).sum()} of {len(ratio)} cells")  # fmt: skip


if __name__ == "__main__":
    main()
