"""Time and memory of the report of 100,000 records.

    python -m benchmarks.performance.report_scale --records 100000
    python -m benchmarks.performance.report_scale --records 100000 --folder DIR   # keep them

The records are SIMULATED: the trials are those of the published grid with more reruns, in the form
in which `sktl.experiments.Store` writes them, but their scores and curves are random numbers.
Curves are as long as those of the published trainings (11 to 250 epochs, 58 in the mean).
`sktl report` then runs in a process of its own, whose time and largest resident memory count.
"""

import argparse
import hashlib
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.performance.performance_page import add_page_option, conditions, write_block
from sktl.datasets import get_spec
from sktl.experiments import Plan, Store, Weights

METRICS = {"regression": "mae", "classification": "f1_weighted"}


def plan_for(n_records):
    """Return the published grid with as many reruns as give so many records."""
    one = dict(data="simulated", n_instances=100_000)
    counts = Plan(reruns=1, **one).counts()
    each = sum(counts.values()) - counts["pretraining"]
    return Plan(reruns=-(-n_records // each), **one)


def results_of(trial, rng):
    """Return made-up results: scores, and what else the record of a network holds."""
    task = get_spec(trial.data.name.removesuffix("-simulated")).task
    up = task == "classification"
    base = (0.6 if up else 1.0) * (1 + 0.02 * rng.standard_normal())
    results = {
        "n_train": trial.n_train,
        "test_score": base,
        "validation_score": base * (1 + 0.01 * rng.standard_normal()),
        "status": "ok",
        "error": None,
        "task": task,
        "metric": METRICS[task],
        "simulated": True,
        "target_domain": _domain(trial.data.name),
        "source_domain": trial.source and _domain(trial.source),
        "seconds": round(20 * rng.random(), 3),
        "provenance": {
            "run": "0" * 32, "started": "2026-01-01T00:00:00+00:00", "host": "simulated",
            "process": 1, "cpu_seconds": 1.0, "attempts": 1, "threads": 1,
            "python": sys.version.split()[0], "platform": sys.platform,
        },
    }  # fmt: skip
    if trial.kind != "baseline":
        # Median 46, a quarter above 69: lengths of the published trainings.
        epochs = int(np.clip(np.exp(rng.normal(np.log(46), 0.7)), 11, 250))
        decay = 0.9 ** np.arange(epochs) + 0.01 * rng.standard_normal((3, epochs))
        curve = base * (1 + (-0.5 if up else 1) * decay)
        results |= {
            "epochs": epochs, "best_epoch": epochs - 10, "loss": "mean_squared_error",
            "monitor": "val_loss", "n_parameters": 100_000, "random_state": trial.random_state,
            "diverged": False,
            "curves": dict(
                zip(("validation", "training_loss", "validation_loss"), curve.tolist(), strict=True)
            ),
        }  # fmt: skip
    return results


def _domain(name):
    seismic = get_spec(name.removesuffix("-simulated")).domain == "seismology"
    return "seis" if seismic else "other"


def make(n_records, folder):
    """Write the records as a grid does."""
    store, rng, plan = Store(folder).create(), np.random.default_rng(0), plan_for(n_records)
    weights = {
        (architecture, source): Weights("nowhere", hashlib.sha256(source.encode()).hexdigest())
        for architecture in plan.architectures
        for source in plan.sources
    }
    for trial in plan.trials(weights):
        store.write(trial, results_of(trial, rng))


def report(records, out):
    """Run the report's command in a process of its own; return seconds, CPU's too, and memory."""
    command = [sys.executable, "-m", "sktl.cli", "report", str(records), "--out", str(out)]
    started = time.perf_counter()
    process = os.spawnv(os.P_NOWAIT, sys.executable, command)
    _, status, usage = os.wait4(process, 0)
    if status:
        raise RuntimeError(f"sktl report ended with {status}")
    return time.perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 2**20


def main():
    """Make records, report them, print time and memory."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records", type=int, default=100_000, metavar="N", help="at least")
    parser.add_argument("--folder", type=Path, help="of the records, which stay; reused")
    parser.add_argument("--out", type=Path, help="where the report goes, to look at it")
    add_page_option(parser)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary) / "store"
        records = folder / "records"
        if not records.is_dir():
            make(arguments.records, folder)
        files = list(records.rglob("*.json"))
        size = sum(file.stat().st_size for file in files) / 2**30
        seconds, processor, memory = report(records, arguments.out or Path(temporary) / "report")
    text = (
        f"{len(files):,} simulated records ({size:.2f} GiB of JSON) are read and reported in "
        f"**{processor:.0f} s** of processor time ({seconds:.0f} s by the clock) with at most "
        f"**{memory:.2f} GiB** of memory."
    )
    print(text)
    if arguments.page:
        said = conditions(arguments, "sktl", "pandas", "matplotlib")
        write_block("report of many records", f"{text} {said}")


if __name__ == "__main__":
    main()
