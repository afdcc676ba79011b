"""Resident memory over many fits in one process: it should stay flat.

python benchmarks/memory_over_fits.py --fits 200
"""

import argparse
import gc

import numpy as np
import psutil
from sklearn.linear_model import LinearRegression

from sktl.estimators import ConvNetQuakeINGVRegressor, MagNetClassifier


def main():
    """Fit, and print the resident memory every twentieth time."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--fits", type=int, default=200)
    arguments = parser.parse_args()
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 3, 100)).astype("float32")
    y = rng.integers(2, size=200)
    process, sizes = psutil.Process(), []
    for number in range(1, arguments.fits + 1):
        cls = ConvNetQuakeINGVRegressor if number % 2 else MagNetClassifier
        omega = rng.uniform(0, 2)
        cls(n_epochs=2, omega=omega, random_state=number).fit(X, y).predict(X)
        gc.collect()
        sizes.append(process.memory_info().rss / 2**20)
        if number % 20 == 0:
            print(f"{number:5} fits: {sizes[-1]:7.1f} MiB")
    # The first fits load TensorFlow and compile; what follows should have no slope.
    late = np.arange(20, arguments.fits)
    slope = LinearRegression().fit(late[:, None], sizes[20:]).coef_[0]
    print(f"growth after the twentieth fit: {slope * 1024:.1f} KiB a fit")


if __name__ == "__main__":
    main()
