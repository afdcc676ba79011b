"""How long an epoch takes on each of Keras' backends, each in a fresh process.

python -m benchmarks.performance.backends --turns 3
"""

import argparse
import json
import subprocess
import sys
import time
from statistics import median

import numpy as np
import pandas as pd

from benchmarks.performance.performance_page import (
    add_page_option,
    conditions,
    markdown,
    write_block,
)
from benchmarks.performance.start import limited

BACKENDS = ("tensorflow", "jax", "torch")
EPOCHS = 3


def epochs(names, n_instances, n_timepoints, batch_size):
    """Train networks on the backend that Keras has here; return seconds of epochs by network."""
    from sktl.estimators.lookup import estimator_class
    from sktl.training.compiled_network import initial_weights

    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_instances, 3, n_timepoints)).astype(np.float32)
    y = rng.normal(size=(n_instances, 1)).astype(np.float32)
    seconds = {}
    for name in names:
        estimator = estimator_class(name, "regression")()
        with estimator.lease_network((3, n_timepoints, 1)) as network:
            network.reset(initial_weights(network.model, rng), 0.5, 1e-3, 0)
            amplitude = np.abs(X).max(axis=(1, 2))[:, None]
            data = network.to_tensors([X, amplitude], y, np.ones(n_instances, np.float32))
            taken = []
            for _ in range(EPOCHS + 1):
                start = time.process_time()
                network.train(data, rng.permutation(n_instances), batch_size)
                taken.append(time.process_time() - start)
            # The first epoch compiles.
            seconds[name] = taken[1:]
    return seconds


def main():
    """Print a table of epochs, and how many times as long as on TensorFlow they take."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", nargs="+", default=["MagNet", "ConvNetQuakeINGV", "TCN"])
    parser.add_argument("--instances", type=int, default=512)
    parser.add_argument("--length", type=int, default=540)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--turns", type=int, default=1)
    parser.add_argument("--here", action="store_true", help="measure this process's backend only")
    add_page_option(parser)
    arguments = parser.parse_args()
    sizes = arguments.instances, arguments.length, arguments.batch_size
    if arguments.here:
        print(json.dumps(epochs(arguments.networks, *sizes)))
        return
    found = {backend: {name: [] for name in arguments.networks} for backend in BACKENDS}
    for _ in range(arguments.turns):
        for backend in BACKENDS:
            command = [sys.executable, "-m", "benchmarks.performance.backends", *sys.argv[1:]]
            out = subprocess.run(
                [*command, "--here"],
                check=True,
                stdout=subprocess.PIPE,
                env=limited(1) | {"KERAS_BACKEND": backend},
            ).stdout
            for name, seconds in json.loads(out.splitlines()[-1]).items():
                found[backend][name] += seconds
    table = pd.DataFrame(
        {backend: {name: median(s) for name, s in of.items()} for backend, of in found.items()}
    )
    ratios = table.div(table["tensorflow"], axis=0)
    cells = table.map("{:.2f}".format) + ratios.map(" ({:.2f})".format)
    text = markdown(cells.rename_axis("network").reset_index())
    print(text)
    if arguments.page:
        packages = conditions(arguments, "sktl", "keras", "tensorflow", "jax", "torch")
        measured = (
            f"CPU seconds of an epoch of {sizes[0]} instances x 3 x {sizes[1]} in batches of "
            f"{sizes[2]}, and how many times as long as on TensorFlow; medians of "
            f"{EPOCHS * arguments.turns} epochs, one thread. {packages}"
        )
        write_block("backends", f"{text}\n\n{measured}")


if __name__ == "__main__":
    main()
