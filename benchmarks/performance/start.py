"""How long imports and the first fit take, in fresh processes that take turns.

python -m benchmarks.performance.start --turns 7 --page
"""

import argparse
import os
import resource
import subprocess
import sys
import time
from statistics import median

import pandas as pd

from benchmarks.performance.performance_page import (
    add_page_option,
    conditions,
    markdown,
    write_block,
)
from sktl.experiments import ARCHITECTURES

FIT = """
import numpy as np
from sktl.estimators import {name} as Network
X = np.random.default_rng(0).normal(size=(100, 3, 100)).astype("float32")
Network(n_epochs=2, random_state=0).fit(X, X.mean(axis=(1, 2)))
"""
IMPORTS = {
    "nothing (Python itself)": "pass",
    "`import sktime`": "import sktime",
    "`import sktl`": "import sktl",
    "sktime's bases of classifiers and regressors": "import sktime.classification.base, "
    "sktime.regression.base",
    "`import sktl.estimators`": "import sktl.estimators",
    "`import sktl.datasets`": "import sktl.datasets",
    "`import sktl.sources`": "import sktl.sources",
    "`import sktl.model_selection`": "import sktl.model_selection",
    "`import tensorflow`": "import tensorflow",
    "`import keras` (with TensorFlow)": "import keras",
}


def limited(threads):
    """Return the environment of a process that takes so many threads."""
    names = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
    return os.environ | dict.fromkeys(names, str(threads))


def seconds(code, threads):
    """Run a program in a new process; return wall time and processor time, with Python's start."""
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, env=limited(threads)
    )
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(programs, turns, threads):
    """Run programs in turns; return a row of each: wall time, its range, processor time."""
    for code in programs.values():
        seconds(code, threads)  # reads the files from the disk
    times = {name: [] for name in programs}
    for _ in range(turns):
        for name, code in programs.items():
            times[name].append(seconds(code, threads))
    rows = {}
    for name, taken in times.items():
        wall, processor = zip(*taken, strict=True)
        rows[name] = {
            "wall": median(wall), "least": min(wall), "most": max(wall),
            "processor": median(processor),
        }  # fmt: skip
    return pd.DataFrame(rows).T


def main():
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--what", nargs="+", choices=["imports", "fits"], default=["imports"])
    add_page_option(parser)
    arguments = parser.parse_args()
    blocks = {}
    if "imports" in arguments.what:
        table = measure(IMPORTS, arguments.turns, 1)
        for kind in ("wall", "processor"):
            table[f"{kind}, more than sktime"] = table[kind] - table[kind]["`import sktime`"]
        blocks["imports"] = table
    if "fits" in arguments.what:
        programs = {name: FIT.format(name=f"{name}Regressor") for name in ARCHITECTURES}
        blocks["first fits"] = pd.concat(
            [measure(programs, arguments.turns, threads) for threads in arguments.threads],
            axis=1,
            keys=[f"{threads} threads" for threads in arguments.threads],
        )
        blocks["first fits"].columns = [
            f"{threads}: {figure}" for threads, figure in blocks["first fits"].columns
        ]
    for name, table in blocks.items():
        text = markdown(table.map("{:.2f}".format).rename_axis("seconds").reset_index())
        print(text)
        if arguments.page:
            names = ("sktl", "sktime", "keras", "tensorflow")
            packages = conditions(arguments, *names, threads="as the table says, else 1")
            write_block(name, f"{text}\n\nMedians of {arguments.turns} turns, least and "
                        f"most of the wall time. {packages}")  # fmt: skip


if __name__ == "__main__":
    main()
