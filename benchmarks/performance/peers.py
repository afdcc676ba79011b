r"""Seconds an epoch: sktl against keras-tcn, tsai and plain Keras, in one run.

    python -m venv tsai && tsai/bin/pip install tsai
    python -m benchmarks.performance.peers --tsai-python tsai/bin/python \
        --page docs/development/performance.md

tsai asks for an older scikit-learn than sktl takes, so it lives in an environment of its own;
without it, its columns stay empty. All sides train the same number of simulated instances in the
same batches with Adam, on the same number of threads, in processes that take turns (A B A B); only
training is timed, not start-up and not compiling. A ratio is the median over the turns of the
ratio within the turn, with the least and the greatest beside it. On one thread the time is the
processor's, so that what else the machine does does not count; on more it is the wall's, and every
side on TensorFlow has the faster of two settings: as many threads inside of an operation as between
operations, or one inside.

``--page`` writes the tables into the page, and the figures to performance_peers.json beside it;
cases that are there already are kept, or replaced where measured anew. With ``--tables-only``
nothing is measured. ``--quick`` takes one case an architecture.
"""

import argparse
import datetime
import itertools
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

import pandas as pd

from benchmarks.performance.performance_page import markdown, write_block
from sktl._files import write_whole

LENGTHS, BATCHES, THREADS = (50, 540, 1001, 6000), (32, 64), (1, 2)
INSTANCES = {50: 1280, 540: 640, 1001: 640, 6000: 128}
SIDES = {
    "TCN": ("sktl", "keras-tcn", "tsai"),
    "MLSTMFCN": ("sktl", "tsai", "keras", "sgemm"),
    "ConvNetQuakeINGV": ("sktl", "keras", "bare step"),
    "MagNet": ("sktl", "keras", "bare step"),
}
# What is shown of one thread only: on several, the wall's time is too unsteady for it.
SHARES = ("sgemm", "bare step")
ONE_INSIDE = ", 1 inside"
KEYS = ("threads", "length", "batch")
SGEMM = 2048
CHECKED = (50, 540, 1001)
STORED = "performance_peers.json"
WORKER = Path(__file__).with_name("peer_worker.py")


class Worker:
    """A process with one framework; ask it for an epoch."""

    def __init__(self, python, kind, inside, between):
        cores = sorted(os.sched_getaffinity(0))[:between]
        names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
        environment = os.environ | dict.fromkeys(names, str(inside))
        self.process = subprocess.Popen(
            [python, WORKER, kind, str(inside), str(between)], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env=environment | {"TF_CPP_MIN_LOG_LEVEL": "2"},
            preexec_fn=lambda: os.sched_setaffinity(0, cores),
        )  # fmt: skip

    def ask(self, **case):
        """Send a case and wait for the answer."""
        print(json.dumps(case), file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"The worker ended. Received: {case}")
        return json.loads(answer)

    def close(self):
        """End the process."""
        self.process.stdin.close()
        self.process.wait()


def measure(chosen, results, keep):
    """Add to the results what every side takes in every case, turn by turn."""
    for n_threads in chosen.threads:
        workers = {"keras": Worker(sys.executable, "keras", n_threads, n_threads)}
        if n_threads > 1:
            workers[ONE_INSIDE] = Worker(sys.executable, "keras", 1, n_threads)
        if chosen.tsai_python:
            workers["torch"] = Worker(chosen.tsai_python, "torch", n_threads, n_threads)
        for worker in workers.values():
            results["versions"] |= worker.ask(side="versions")
        if "torch" in workers:
            results["checks"] = [check(workers, length) for length in CHECKED]
        for network, length, batch in itertools.product(
            chosen.networks, chosen.lengths, chosen.batches
        ):
            case = {"network": network, "length": length, "batch": batch, "n": INSTANCES[length]}
            sides = [
                side
                for side in SIDES[network]
                if (side != "tsai" or "torch" in workers) and (n_threads == 1 or side not in SHARES)
            ]
            asked = {side: (side, "torch" if side == "tsai" else "keras") for side in sides}
            if n_threads > 1:
                asked |= {s + ONE_INSIDE: (s, ONE_INSIDE) for s in sides if s != "tsai"}
            turns = [
                {
                    name: workers[worker].ask(
                        side=side, **({"n": SGEMM} if side == "sgemm" else case)
                    )
                    for name, (side, worker) in asked.items()
                }
                for _ in range(chosen.turns)
            ]
            for worker in workers.values():
                worker.ask(side="forget")
            case |= {"threads": n_threads}
            results["cases"] = [
                old
                for old in results["cases"]
                if any(old[k] != case[k] for k in ("network", *KEYS))
            ]
            results["cases"].append(case | {"turns": turns})
            results["date"] = datetime.date.today().isoformat()
            keep(results)
            print(case, {k: round(median(seconds(results["cases"][-1], k)), 4) for k in sides})
        for worker in workers.values():
            worker.close()


def check(workers, length):
    """Compare tsai's TCN with sktl's, on the same weights, at the last time point."""
    case = {"length": length, "n": 8}
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/features.npz"
        workers["torch"].ask(side="tsai features", file=path, **case)
        return case | workers["keras"].ask(side="compare features", file=path, **case)


# ---- tables


def seconds(case, side):
    """Return a side's time in every turn: the processor's, or the wall's of the faster setting."""
    clock = "cpu" if case["threads"] == 1 else "wall"
    settings = [
        [turn[name][clock] for turn in case["turns"] if name in turn]
        for name in (side, side + ONE_INSIDE)
    ]
    return min(filter(None, settings), key=median, default=[])


def ratios(case, side):
    """Return how many times longer than sktl a side took, turn by turn."""
    return [a / b for a, b in zip(seconds(case, side), seconds(case, "sktl"), strict=False)]


def ratio(case, side):
    """Write the median ratio, and the least and the greatest."""
    values = ratios(case, side)
    return f"{median(values):.2f} ({min(values):.2f} to {max(values):.2f})" if values else "–"


def per_step(case):
    """Write the milliseconds a step, and whether one thread inside of operations was faster."""
    taken = seconds(case, "sktl")
    alone = seconds(case, "sktl" + ONE_INSIDE)
    steps = case["n"] / case["batch"]
    return f"{1e3 * median(taken) / steps:.2f}" + ONE_INSIDE * (taken == alone)


def mlstm_fcn_operations(length):
    """Count the operations on an instance: those of the convolutions and their gradients alone.

    The first convolution's gradient with respect to the series is not needed.
    """
    sizes = [(8, 3, 128), (5, 128, 256), (3, 256, 128)]
    products = [2 * length * k * n_in * n_out for k, n_in, n_out in sizes]
    return 3 * sum(products) - products[0]


def rate(case):
    """Return the operations of the convolutions in a second, over the whole epoch."""
    operations = case["n"] * mlstm_fcn_operations(case["length"])
    return operations / median(seconds(case, "sktl"))


def share_of_sgemm(case):
    """Return the rate as a share of that of the matrix products in the same turns."""
    return rate(case) * median(seconds(case, "sgemm")) / (5 * 2 * SGEMM**3)


def outside_of_step(case):
    """Return the share of an epoch that is not the bare compiled step, each at its least."""
    return 1 - min(seconds(case, "bare step")) / min(seconds(case, "sktl"))


def percent(share):
    """Write a share, of one thread."""
    return lambda case: f"{share(case):.0%}" if case["threads"] == 1 else "–"


COLUMNS = {
    "TCN": {
        "keras-tcn, times": lambda case: ratio(case, "keras-tcn"),
        "tsai, times": lambda case: ratio(case, "tsai"),
    },
    "MLSTMFCN": {
        "tsai, times": lambda case: ratio(case, "tsai"),
        "plain Keras, times": lambda case: ratio(case, "keras"),
        "GFLOP/s": lambda case: f"{rate(case) / 1e9:.0f}",
        "of sgemm": percent(share_of_sgemm),
    },
}
COLUMNS["ConvNetQuakeINGV"] = COLUMNS["MagNet"] = {
    "plain Keras, times": lambda case: ratio(case, "keras"),
    "outside of the step": percent(outside_of_step),
}


def table(results, network):
    """Write the table of an architecture."""
    columns = {"instances": lambda case: str(case["n"]), "ms a step": per_step} | COLUMNS[network]
    cases = [case for case in results["cases"] if case["network"] == network]
    rows = [
        [*(str(case[key]) for key in KEYS), *(column(case) for column in columns.values())]
        for case in sorted(cases, key=lambda case: [case[key] for key in KEYS])
    ]
    return markdown(pd.DataFrame(rows, columns=[*KEYS, *columns]), rule="--:")


def times(side):
    """Make a measure of the median ratio."""
    return lambda case: median(ratios(case, side)) if ratios(case, side) else None


AIMS = [
    # network, what, measure, least value that is aimed at, lengths
    ("TCN", "times keras-tcn", times("keras-tcn"), 10, (540, 1001, 6000)),
    ("TCN", "times tsai", times("tsai"), 10, (540, 1001, 6000)),
    ("TCN", "times keras-tcn", times("keras-tcn"), 1, (50,)),
    ("TCN", "times tsai", times("tsai"), 1, (50,)),
    ("MLSTMFCN", "times tsai", times("tsai"), 1.5, LENGTHS),
    ("MLSTMFCN", "share of sgemm", share_of_sgemm, 0.6, LENGTHS),
    ("ConvNetQuakeINGV", "times plain Keras", times("keras"), 1.3, LENGTHS),
    ("MagNet", "times plain Keras", times("keras"), 1.3, LENGTHS),
    ("ConvNetQuakeINGV", "share inside of the step", lambda c: 1 - outside_of_step(c), 0.7, (50,)),
    ("MagNet", "share inside of the step", lambda c: 1 - outside_of_step(c), 0.7, (50,)),
]


def aims(results):
    """Write what was aimed at, and how far one thread came: every length, both batches."""
    rows = []
    for network, what, measure, least, lengths in AIMS:
        found = [
            (measure(case), case["length"], case["batch"])
            for case in results["cases"]
            if case["network"] == network and case["threads"] == 1 and case["length"] in lengths
        ]
        found = sorted(entry for entry in found if entry[0] is not None)
        if found:
            ends = [f"{value:.2f} ({length}, {batch})" for value, length, batch in found]
            count = sum(entry[0] >= least for entry in found)
            reached = "yes" if count == len(found) else f"in {count} of {len(found)} cases"
            at = ", ".join(map(str, lengths))
            aim = f"{what} at least {least} at {at}"
            rows.append([network, aim, " to ".join(dict.fromkeys([ends[0], ends[-1]])), reached])
    columns = ["network", "aim", "least to greatest (length, batch)", "reached"]
    return markdown(pd.DataFrame(rows, columns=columns))


def conditions(results):
    """Write when and on what it was measured."""
    versions = ", ".join(f"{name} {number}" for name, number in results["versions"].items())
    return f"Measured on {results['date']} on {results['machine']}; {versions}."


def checked(results):
    """Write the differences from tsai's TCN."""
    return "\n".join(
        f"- {row['difference'] / row['size']:.0e} of the largest feature, {row['length']} points"
        for row in results["checks"]
    )


def write_page(path, results):
    """Put the tables between their marks, and the figures beside the page."""
    write_whole(path.with_name(STORED), f"{json.dumps(results)}\n".encode())
    parts = {name: table(results, name) for name in SIDES}
    parts |= {"conditions": conditions(results), "checks": checked(results), "aims": aims(results)}
    for name, part in parts.items():
        write_block(f"peers {name}", part, path)


def main():
    """Measure, and print or write the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tsai-python", help="interpreter that has tsai")
    parser.add_argument("--page", type=Path, help="page whose tables are written")
    parser.add_argument("--tables-only", action="store_true", help="measure nothing anew")
    parser.add_argument("--machine", default="two cores of a cloud machine")
    parser.add_argument("--networks", nargs="+", default=list(SIDES), choices=SIDES)
    parser.add_argument("--lengths", nargs="+", type=int, default=LENGTHS, choices=LENGTHS)
    parser.add_argument("--batches", nargs="+", type=int, default=BATCHES)
    parser.add_argument("--threads", nargs="+", type=int, default=THREADS)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="one thread, 540 points, batch 32")
    chosen = parser.parse_args()
    if chosen.quick:
        chosen.lengths, chosen.batches, chosen.threads, chosen.turns = (540,), (32,), (1,), 3
    stored = chosen.page and chosen.page.with_name(STORED)
    results = {"machine": chosen.machine, "versions": {}, "checks": [], "cases": []}
    if stored and stored.exists():
        results |= json.loads(stored.read_text())
    if not chosen.tables_only:
        keep = (lambda results: write_page(chosen.page, results)) if stored else (lambda _: None)
        measure(chosen, results, keep)
    if stored:
        write_page(chosen.page, results)
    else:
        print(conditions(results))
        for network in chosen.networks:
            print(f"\n{network}\n{table(results, network)}")


if __name__ == "__main__":
    main()
