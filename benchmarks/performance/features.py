"""How long the frozen features of all bundled simulated sources take, and in how much memory.

    python -m benchmarks.performance.features --page

`SourceFeatures` of the 24 sources trained on simulated data (four architectures, six datasets), for
random walks of three channels of 540 points: the first call, which builds and compiles the
networks, and the second one. Memory: the process's peak above what it held before the call.
"""

import argparse
import resource
import time

import numpy as np
import pandas as pd

from benchmarks.performance.performance_page import (
    add_page_option,
    conditions,
    markdown,
    write_block,
)
from sktl.sources import list_sources
from sktl.transformations import SourceFeatures

SHAPE = (3, 540)


def sources():
    """Return the names of the six bundled sources of simulated data that all architectures have."""
    table = list_sources()
    table = table[(table["where"] == "bundled") & table["source"].str.endswith("-simulated")]
    counts = table["source"].value_counts()
    return sorted(counts[counts == 4].index)


def peak():
    """Return the largest memory of the process so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10


def main():
    """Print, and write, the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--counts", type=int, nargs="+", default=[100, 1000, 4000])
    add_page_option(parser)
    arguments = parser.parse_args()
    names, rows = sources(), []
    for n in arguments.counts:
        X = np.random.default_rng(0).normal(size=(n, *SHAPE)).cumsum(axis=2).astype(np.float32)
        for call in ("first", "second") if n == arguments.counts[0] else ("later",):
            features, before = SourceFeatures(names).fit(X[:20]), peak()
            began, busy = time.perf_counter(), time.process_time()
            shape = features.transform(X).shape
            rows.append(
                {
                    "instances": n,
                    "call": call,
                    "seconds": f"{time.perf_counter() - began:.1f}",
                    "of the processor": f"{time.process_time() - busy:.1f}",
                    "features": shape[1],
                    "memory, MiB": f"{peak() - before:.0f}",
                    "of it the table": f"{4 * np.prod(shape) / 2**20:.0f}",
                }
            )
            print(rows[-1], flush=True)
    text = f"{len(names)} sources of four architectures: {', '.join(names)}.\n\n"
    text += markdown(pd.DataFrame(rows)) + "\n\n"
    text += conditions(arguments, "sktl", "keras", "tensorflow", "numba", "numpy")
    print(text)
    if arguments.page:
        write_block("features", text)


if __name__ == "__main__":
    main()
