"""How long imports and the first fit take, in fresh processes that take turns.

python benchmarks/start.py --turns 7 --page
"""

import argparse
import os
import subprocess
import sys
import time

import pandas as pd
from performance_page import add_page_option, conditions, markdown, write_block

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
NETWORKS = ("ConvNetQuakeINGV", "MagNet", "MLSTMFCN", "TCN")


def seconds(code, threads):
    """Run a program in a new process and return how long it took, with Python's own start."""
    limits = dict.fromkeys(
        ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"), str(threads)
    )
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, env=os.environ | limits
    )
    return time.perf_counter() - start


def measure(programs, turns, threads):
    """Run programs in turns and return a row of each: median, smallest, largest."""
    for code in programs.values():
        seconds(code, threads)  # reads the files from the disk
    times = pd.DataFrame(
        {name: seconds(code, threads) for name, code in programs.items()} for _ in range(turns)
    )
    return times.agg(["median", "min", "max"]).T


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
        table["more than `import sktime`"] = table["median"] - table["median"]["`import sktime`"]
        blocks["imports"] = table
    if "fits" in arguments.what:
        programs = {name: FIT.format(name=f"{name}Regressor") for name in NETWORKS}
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
            packages = conditions(arguments, "sktl", "sktime", "keras", "tensorflow")
            write_block(name, f"{text}\n\nMedian, smallest and largest of {arguments.turns} turns. "
                        f"{packages}")  # fmt: skip


if __name__ == "__main__":
    main()
