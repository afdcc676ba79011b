"""Scaling as the source was trained against our own scaling, on real targets.

    python -m benchmarks.studies.source_scaling
    python -m benchmarks.studies.source_scaling --fine-tune

Six published FCNs (one for each of six types of UCR problems) serve targets that choices may be
made on (see `benchmarks.studies.few_labels`), with ``preprocessing="own"`` and with
``preprocessing="source"``, on the same instances. A probe is the linear probe of one source, or of
all six, with the amplitudes as a further block and perhaps MiniRocket (the default of
`LinearProbeClassifier`). ``--fine-tune`` trains networks from the first two instead (omega 0.25,
blocks transferred). The sources' files are downloaded, or found in $SKTL_MIRROR. One row a fit goes
to a CSV file, from which a run continues; the tables compare the two scalings pair by pair.
"""

from __future__ import annotations

import argparse
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import wilcoxon

from benchmarks.performance.performance_page import markdown
from benchmarks.studies.few_labels import targets as real
from benchmarks.studies.rows import append
from sktl import estimators
from sktl.estimators.features.amplitude import AmplitudeBlock
from sktl.estimators.features.random_convolutions import RandomBlock
from sktl.estimators.features.source_blocks import source_blocks
from sktl.estimators.linear_probe import WEIGHTS
from sktl.evaluation.metrics import mean_absolute_error, weighted_f1
from sktl.training.folds import folds_of
from sktl.training.probe_model import ProbeModel

ARCHITECTURE = "MLSTMFCN"
# One of each of six types, chosen by hand before any measurement.
SOURCES = tuple(
    f"UCR/{problem}"
    for problem in (
        "CricketX", "ECG5000", "ElectricDevices", "FordA", "PigArtPressure", "ShapesAll",
    )
)  # fmt: skip
STARTS = SOURCES[:2]
ALL, DEFAULT = "all six", "all six, MiniRocket"
COLUMNS = {"own": "own", "source": "source's"}
# Development targets, the short series first.
SHORT = (
    "BasicMotions", "ERing", "Libras", "JapaneseVowels", "S&P 500 volatility", "CO2", "Covid3Month",
    "Myo",
)  # fmt: skip
# Not among them: ten digits, whose long series would take as long as all others together.
TARGETS = (*SHORT, "S&P 500", "NASDAQ", "ArrowHead", "STEAD 50", "STEAD 50 S-P", "PLAID",
           "three words")  # fmt: skip
KEY = ["use", "target", "n_train", "draw", "source", "preprocessing"]


def sizes_of(target: str) -> list[int]:
    """Return 20, and 100 or what the target has if that is at least 30."""
    largest = min(100, max(real.TARGETS[target].sizes))
    return [20, largest] if largest >= 30 else [20]


def score(target: str, y: np.ndarray, predicted: np.ndarray) -> float:
    """Return the weighted F1 or the mean absolute error."""
    regression = real.TARGETS[target].task == "regression"
    return (mean_absolute_error if regression else weighted_f1)(y, predicted)


def probes(target: str, parts: real.Parts, preprocessing: str) -> dict[str, float]:
    """Return the test scores of the probes with a scaling."""
    X, y = parts.X_train, parts.y_train
    blocks = {
        block.source.source: block.fit(X)
        for block in source_blocks(SOURCES, [ARCHITECTURE], preprocessing=preprocessing)
    }
    blocks["amplitude"] = AmplitudeBlock().fit(X)
    blocks["random"] = RandomBlock().fit(X)
    tables, tested = (
        {name: block.transform(part) for name, block in blocks.items()}
        for part in (X, parts.X_test)
    )
    classes = None if real.TARGETS[target].task == "regression" else np.unique(y)
    scale = y.std() if classes is None else 1.0
    encoded = y[:, None] / scale if classes is None else np.where(y[:, None] == classes, 1.0, -1.0)
    folds = folds_of(len(X), None, parts.groups_to_leave_out(real.TARGETS[target]), y)
    found = {}
    for name in (*SOURCES, ALL, DEFAULT):
        used = SOURCES if name in (ALL, DEFAULT) else (name,)
        weights = {one: WEIGHTS["sources"] / len(used) for one in used}
        weights["amplitude"] = WEIGHTS["amplitude"]
        if name == DEFAULT:
            weights["random"] = WEIGHTS["random"]
        chosen = {one: tables[one] for one in weights}
        outputs = ProbeModel(weights).fit(chosen, encoded, folds).predict(tested)
        predicted = outputs[:, 0] * scale if classes is None else classes[outputs.argmax(axis=1)]
        found[name] = score(target, parts.y_test, predicted)
    return found


def fine_tuned(target: str, parts: real.Parts, preprocessing: str, draw: int) -> dict[str, float]:
    """Return the test scores of fine-tuned networks with a scaling."""
    kind = "Regressor" if real.TARGETS[target].task == "regression" else "Classifier"
    found = {}
    for source in STARTS:
        network = getattr(estimators, ARCHITECTURE + kind)(
            source=source, omega=0.25, transfer_blocks=True, preprocessing=preprocessing,
            random_state=draw,
        )  # fmt: skip
        predicted = network.fit(parts.X_train, parts.y_train).predict(parts.X_test)
        found[source] = score(target, parts.y_test, predicted)
    return found


def known(path: Path) -> pd.DataFrame:
    """Return the records on disk."""
    return pd.read_csv(path) if path.exists() else pd.DataFrame(columns=[*KEY, "score"])


def paired(rows: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each pair: both scores, and the log of the ratio of their errors.

    The error is the mean absolute error, or one minus the weighted F1 (0.01 where it is less).
    """
    pairs = rows.pivot_table("score", KEY[:-1], "preprocessing").dropna()
    pairs = pairs.rename(columns=COLUMNS).reset_index()
    regression = [real.TARGETS[name].task == "regression" for name in pairs["target"]]
    own, source = (
        np.where(regression, pairs[how], np.maximum(1 - pairs[how], 0.01))
        for how in COLUMNS.values()
    )
    return pairs.assign(log_ratio=np.log(source / own))


def by_source(pairs: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each source: in how many cells (means over the draws) it errs less."""
    rows = {}
    for name, found in pairs.groupby("source"):
        cells = found.groupby(["target", "n_train"])["log_ratio"].mean()
        targets = cells.groupby("target").mean()
        rows[name] = {
            "cells": len(cells), "smaller": (cells < 0).sum(), "larger": (cells > 0).sum(),
            "targets": len(targets), "smaller on": (targets < 0).sum(),
            "median error": f"{100 * np.expm1(targets.median()):+.1f} %",
            "p": f"{wilcoxon(targets).pvalue:.2f}" if targets.any() else "",
        }  # fmt: skip
    return pd.DataFrame(rows).T


def by_target(pairs: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each target and size: the mean scores of each source."""
    shown = [name for name in (ALL, DEFAULT, *STARTS) if name in set(pairs["source"])]
    if ALL in shown:
        shown = shown[:2]
    means = pairs.pivot_table(list(COLUMNS.values()), ["target", "n_train"], "source")
    means = means.map("{:.3g}".format).swaplevel(axis=1)[shown]
    means.columns = [f"{name.replace(f'{ALL}, ', '')}: {how}" for name, how in means.columns]
    means["draws"] = pairs.groupby(["target", "n_train"])["draw"].nunique()
    return means.reset_index().set_index("target")


def report(rows: pd.DataFrame) -> None:
    """Print what the pairs say of each source, and the mean scores of every target."""
    for use, pairs in paired(rows).groupby("use"):
        print(f"\n{use}: the error with 'source' against that with 'own'\n")
        print(markdown(by_source(pairs).reset_index(names="")))
        print(f"\n{use}: scores\n")
        print(markdown(by_target(pairs).reset_index(names="")))


def main() -> None:
    """Run what is missing, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shared", type=Path, default=real.SHARED)
    parser.add_argument("--cache", type=Path, default=real.CACHE, help="of the read targets")
    parser.add_argument("--out", type=Path, default=Path("results/source_scaling.csv"))
    parser.add_argument("--fine-tune", action="store_true", help="networks instead of probes")
    parser.add_argument("--targets", nargs="+", choices=TARGETS)
    parser.add_argument("--sizes", nargs="+", type=int, help="instead of 20 and 100")
    parser.add_argument("--draws", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no fit later")
    arguments = parser.parse_args()
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    began, use = time.perf_counter(), "fine-tuned" if arguments.fine_tune else "probe"
    cells = [
        (name, size, draw)
        for draw in arguments.draws
        for name in arguments.targets or (SHORT if arguments.fine_tune else TARGETS)
        for size in arguments.sizes or sizes_of(name)
    ]
    for name, size, draw in cells:
        have = known(arguments.out)
        have = have[(have["use"] == use) & (have["target"] == name)]
        have = have[(have["n_train"] == size) & (have["draw"] == draw)]
        missing = [how for how in COLUMNS if how not in set(have["preprocessing"])]
        if not missing or time.perf_counter() - began > 60 * arguments.minutes:
            continue
        parts = real.draw(name, size, draw, arguments.shared, arguments.cache)
        for how in missing:
            started = time.process_time()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                scores = (
                    fine_tuned(name, parts, how, draw) if arguments.fine_tune
                    else probes(name, parts, how)
                )  # fmt: skip
            rows = [
                dict(zip(KEY, (use, name, size, draw, source, how), strict=True)) | {"score": value}
                for source, value in scores.items()
            ]
            append(arguments.out, rows)
            took = time.process_time() - started
            print(f"{name} {size} draw {draw} {how}: {took:.0f} s", flush=True)
    report(known(arguments.out))


if __name__ == "__main__":
    main()
