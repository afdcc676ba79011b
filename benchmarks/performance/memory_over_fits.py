"""Resident memory over many fits in one process.

    python -m benchmarks.performance.memory_over_fits --fits 500
    python -m benchmarks.performance.memory_over_fits --fits 20 --warm 8 --shapes different --pool 4

With the same shape every time, fits take turns on compiled networks and memory should stay flat.
With a different shape every time, every fit compiles a network, and a small pool soon drops an old
one for it: what still grows then is what the backend does not give back.
"""

import argparse
import ctypes
import gc
import os
import time

import numpy as np
import psutil
from scipy.stats import linregress

from benchmarks.performance.performance_page import add_page_option, conditions, write_block
from sktl import estimators
from sktl.experiments import ARCHITECTURES
from sktl.training import network_cache


def clear(what):
    """Ask the backend, and the C library, to give memory back."""
    if what == "session":
        import keras

        keras.utils.clear_session(free_memory=False)
    elif what == "jax":
        import jax

        jax.clear_caches()
    gc.collect()
    if what == "trim":
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def main():
    """Fit, and print the resident memory now and then."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--fits", type=int, default=200)
    parser.add_argument("--shapes", choices=["same", "different"], default="same")
    parser.add_argument("--networks", nargs="+", choices=ARCHITECTURES, default=ARCHITECTURES)
    parser.add_argument("--jit", choices=["default", "on", "off"], default="default")
    parser.add_argument(
        "--pool", type=int, default=network_cache.MAX_IDLE, help="idle networks kept"
    )
    parser.add_argument("--warm", type=int, default=20, help="fits before memory counts")
    parser.add_argument("--clear", choices=["session", "jax", "trim"], help="after every fit")
    add_page_option(parser)
    arguments = parser.parse_args()
    network_cache.MAX_IDLE = arguments.pool
    rng = np.random.default_rng(0)
    process, sizes = psutil.Process(), []
    start = time.perf_counter()
    for number in range(arguments.fits):
        architecture = arguments.networks[number % len(arguments.networks)]
        classes = ("Classifier", "Regressor")[number // len(arguments.networks) % 2]
        cls = getattr(estimators, architecture + classes)
        if arguments.jit != "default":
            cls._jit = arguments.jit == "on"
        length = 100 + number if arguments.shapes == "different" else 100
        X = rng.normal(size=(64, 3, length)).astype("float32")
        y = rng.integers(2, size=64)
        cls(schedule="published", n_epochs=2, omega=rng.uniform(0, 2), random_state=number).fit(
            X, y
        ).predict(X)
        clear(arguments.clear)
        sizes.append(process.memory_info().rss / 2**20)
        if (number + 1) % max(1, arguments.fits // 10) == 0:
            print(f"{number + 1:5} fits: {sizes[-1]:7.1f} MiB", flush=True)
    late = np.arange(arguments.warm, arguments.fits)
    fitted = linregress(late, sizes[arguments.warm :])
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    text = (
        f"{arguments.fits} fits of {', '.join(arguments.networks)}, {arguments.shapes} shapes, at "
        f"most {arguments.pool} idle networks, XLA {arguments.jit}, backend {backend}: "
        f"{sizes[arguments.warm - 1]:.0f} MiB after {arguments.warm} fits, {sizes[-1]:.0f} MiB "
        f"after the last, **{fitted.slope:.2f} ± {2 * fitted.stderr:.2f} MiB a fit** "
        f"({(time.perf_counter() - start) / arguments.fits:.2f} s a fit)."
    )
    print(text)
    if arguments.page:
        packages = conditions(arguments, "sktl", "keras", "tensorflow", "jax")
        write_block(f"memory {arguments.shapes} {arguments.jit}", f"{text} {packages}")


if __name__ == "__main__":
    main()
