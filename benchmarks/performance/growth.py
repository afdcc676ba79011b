"""How the time of an epoch grows with length, number of instances and channels.

    python -m benchmarks.performance.growth --out docs/development/performance_growth.csv
    python -m benchmarks.performance.growth --from docs/development/performance_growth.csv --page
    python -m benchmarks.performance.growth --convolutions

Every point is timed on a compiled network after first steps that are not counted, in processor
time, which other work on the machine disturbs least; the points of a line take turns, so that a
slow minute slows all of them. Along length and channels, a point trains on as many instances as
take about `--seconds`, and its time is that of 1,000 instances; along instances, on exactly as many
as it says. The exponent is the slope of a straight line through the logarithms of the medians, for
all points and for the larger half, where fixed costs matter least; ± is twice its standard error.
"""

import argparse
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import linregress

from benchmarks.performance.performance_page import (
    PAGE,
    add_page_option,
    conditions,
    markdown,
    write_block,
)
from sktl import estimators
from sktl.estimators.preparation import prepare
from sktl.estimators.training_run import TrainingRun
from sktl.experiments import ARCHITECTURES
from sktl.training.network_cache import clear
from sktl.training.randomness import random_streams

AXES = {
    "length": (50, 150, 500, 1500, 4000, 8000),
    "instances": (100, 1000, 10_000, 100_000),
    "channels": (1, 4, 16, 32, 64),
}
TITLES = {
    "length": "time points (3 channels)",
    "instances": "instances (3 channels, 20 time points)",
    "channels": "channels (540 time points)",
}
PICTURE = PAGE.parents[1] / "images" / "performance" / "growth.png"


def epochs(architecture, n_instances, n_channels, n_timepoints, seconds, stack):
    """Prepare a network; give what times epochs, of 1,000 instances where their number is None."""
    rng = np.random.default_rng(0)
    n = n_instances or 64
    X = rng.normal(size=(n, n_channels, n_timepoints)).astype(np.float32)
    y = rng.normal(size=n)
    cls = getattr(estimators, f"{architecture}Regressor")
    trainer = cls(schedule="published", n_epochs=1, random_state=0)
    streams = random_streams(0)
    prepared = prepare(trainer, X, y, streams["split"], validation_data=(X[:2], y[:2]))
    run = TrainingRun(trainer, prepared, streams).start()
    network = stack.enter_context(run.estimator.lease_network(prepared.facts.shape))
    network.restore(run.state.network)
    data = network.to_tensors(prepared.training[0], *prepared.training[1:])

    def train(order, times=1):
        start = time.process_time()
        for _ in range(times):
            network.train(data, order, 32)
        return (time.process_time() - start) / times

    train(np.arange(64))  # traces
    once = min(train(np.arange(64)) for _ in range(2))
    if n_instances is None:
        order = np.arange(64 * int(np.clip(seconds / once, 1, 64))) % n
        return lambda: train(order) * 1000 / len(order)
    order = rng.permutation(n)
    times = int(np.clip(seconds / once * 64 / n, 1, 50))
    return lambda: train(order, times)


def measure(arguments):
    """Time the points of every line in turns; rows are kept as they come."""
    rows = []
    for axis in arguments.axes:
        for architecture in arguments.networks:
            with ExitStack() as stack:
                runs = []
                for value in AXES[axis]:
                    if axis == "instances":
                        shape = (value, 3, 20)
                    else:
                        shape = (None, value, 540) if axis == "channels" else (None, 3, value)
                    runs.append(epochs(architecture, *shape, arguments.seconds, stack))
                turns = np.array([[run() for run in runs] for _ in range(arguments.turns)])
            clear()
            for value, times in zip(AXES[axis], turns.T, strict=True):
                rows.append({
                    "axis": axis, "network": architecture, "value": value,
                    "seconds": np.median(times), "least": times.min(), "most": times.max(),
                    "turns": len(times),
                })  # fmt: skip
                print(pd.DataFrame(rows[-1:]).to_string(header=False, index=False), flush=True)
            if arguments.out:
                pd.DataFrame(rows).to_csv(arguments.out, index=False)
    return pd.DataFrame(rows)


def exponent(points):
    """Fit a straight line to logarithms; give slope and twice its standard error."""
    line = linregress(np.log(points["value"]), np.log(points["seconds"]))
    return line.slope, 2 * line.stderr


def exponents(table):
    """Make the table of exponents."""
    rows = []
    for (axis, network), points in table.groupby(["axis", "network"], sort=False):
        points = points.sort_values("value")
        row = {"axis": axis, "network": network}
        larger = points.iloc[-max(3, (len(points) + 1) // 2) :]
        for name, chosen in (("all", points), ("larger half", larger)):
            slope, spread = exponent(chosen)
            values = chosen["value"]
            row[f"exponent, {name}"] = f"{slope:.2f} ± {spread:.2f}"
            row[f"range, {name}"] = f"{values.min():,} to {values.max():,}"
        ends = points.iloc[[0, -1]]["seconds"]
        row["epoch, smallest"], row["epoch, largest"] = (f"{s:.3g} s" for s in ends)
        rows.append(row)
    return pd.DataFrame(rows)


def draw(table, path):
    """Draw time against size, a panel an axis."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    path.parent.mkdir(parents=True, exist_ok=True)
    figure, panels = plt.subplots(1, 3, figsize=(12, 5.5), layout="constrained")
    for panel, (axis, title) in zip(panels, TITLES.items(), strict=True):
        chosen = table[table["axis"] == axis]
        for network, points in chosen.groupby("network", sort=False):
            slope, spread = exponent(points)
            spreads = [points["seconds"] - points["least"], points["most"] - points["seconds"]]
            panel.errorbar(
                points["value"], points["seconds"], yerr=spreads, marker="o", markersize=4,
                capsize=2, label=f"{network}: {slope:.2f} ± {spread:.2f}",
            )  # fmt: skip
        ends = chosen["value"].agg(["min", "max"]).to_numpy()
        top = chosen.loc[chosen["value"] == ends[1], "seconds"].max() * 2
        panel.plot(ends, top * ends / ends[1], color="gray", linestyle=":", label="linear")
        panel.set(xscale="log", yscale="log", xlabel=title)
        panel.legend(
            fontsize=8, title="exponent", title_fontsize=8,
            loc="upper center", bbox_to_anchor=(0.5, -0.15),
        )  # fmt: skip
    panels[0].set_ylabel("seconds an epoch of 1,000 instances")
    panels[1].set_ylabel("seconds an epoch")
    panels[2].set_ylabel("seconds an epoch of 1,000 instances")
    figure.savefig(path, dpi=110)


def convolutions():
    """Time TensorFlow's convolutions of MLSTM-FCN, and their gradients, on longer series."""
    import tensorflow as tf

    def rate(operation, flops):
        operation()
        start = time.process_time()
        operation()
        return round(flops / (time.process_time() - start) / 1e9)

    rows = []
    for channels, filters, width in ((128, 256, 5), (256, 128, 3)):
        for length in (1000, 4000, 8000, 16_000):
            n, settings = 32_000 // length, {"strides": [1, 1, 1, 1], "padding": "SAME"}
            kernel = tf.random.normal((1, width, channels, filters))
            x = tf.random.normal((n, 1, length, channels))
            y = tf.random.normal((n, 1, length, filters))
            flops = 2 * n * length * channels * filters * width
            operations = {
                "forward": partial(tf.nn.conv2d, x, kernel, **settings),
                "gradient of the input": partial(
                    tf.raw_ops.Conv2DBackpropInput, input_sizes=x.shape, filter=kernel,
                    out_backprop=y, **settings,
                ),
                "gradient of the kernel": partial(
                    tf.raw_ops.Conv2DBackpropFilter, input=x, filter_sizes=kernel.shape,
                    out_backprop=y, **settings,
                ),
            }  # fmt: skip
            rates = {f"{name}, GFLOP/s": rate(run, flops) for name, run in operations.items()}
            kind = f"{channels} to {filters}, kernel {width}"
            rows.append({"convolution": kind, "length": length} | rates)
    return pd.DataFrame(rows)


def main():
    """Measure or read the points, print the exponents, draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--axes", nargs="+", choices=AXES, default=list(AXES))
    parser.add_argument("--networks", nargs="+", choices=ARCHITECTURES, default=list(ARCHITECTURES))
    parser.add_argument("--seconds", type=float, default=0.7, help="of an epoch that is timed")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--out", help="table of the points")
    parser.add_argument("--from", dest="points", nargs="+", help="tables instead of measuring")
    parser.add_argument("--picture", type=Path, help=f"default with --page: {PICTURE.name}")
    parser.add_argument("--convolutions", action="store_true", help="time these alone")
    add_page_option(parser)
    arguments = parser.parse_args()
    if arguments.convolutions:
        text = markdown(convolutions())
        print(text)
        if arguments.page:
            write_block("convolutions", f"{text}\n\n{conditions(arguments, 'tensorflow')}")
        return
    if arguments.points:
        table = pd.concat([pd.read_csv(path) for path in arguments.points])
    else:
        table = measure(arguments)
    fitted = exponents(table)
    print(fitted.to_string(index=False))
    if arguments.picture or arguments.page:
        draw(table, arguments.picture or PICTURE)
    if arguments.page:
        said = conditions(arguments, "sktl", "keras", "tensorflow")
        write_block("growth", f"{markdown(fitted)}\n\n{said}")


if __name__ == "__main__":
    main()
