"""MagNet on few real earthquakes: the published weights of STEAD against training from scratch.

    python -m benchmarks.studies.magnet_on_stead --waveforms waveforms_50_109C_TA.hdf5

Repeats over random splits (35 traces to train and select on, 15 to test) and prints the test
error of both, of the training mean, and of a regression of magnitude on the logarithm of the
stream max. Without --waveforms the traces are simulated, and the output says so.
"""

import argparse

import numpy as np
import pandas as pd
from scipy.stats import wilcoxon
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import ShuffleSplit
from tqdm.auto import tqdm

from sktl.datasets import fetch_stead, simulate_stead
from sktl.estimators import MagNetRegressor


def log_amplitude(X):
    """Return the logarithm of each instance's stream max, as one column."""
    return np.log10(np.abs(X).max(axis=(1, 2)) + 1e-12)[:, None]


def main():
    """Run the comparison."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--waveforms", help="HDF5 in a layout of STEAD; default: simulated traces")
    parser.add_argument("--source", default="STEAD", help="name or folder of a MagNet source")
    parser.add_argument("--omega", type=float, default=0.25)
    parser.add_argument("--splits", type=int, default=10)
    parser.add_argument("--epochs", type=int, help="default: as the schedule says")
    parser.add_argument("--patience", type=int, help="of the early stopping, likewise")
    parser.add_argument("--schedule", default="adaptive", choices=("adaptive", "published"))
    parser.add_argument("--head", default="auto", choices=("auto", "random", "probe"))
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()

    if arguments.waveforms:
        X, y = fetch_stead(split=None, path=arguments.waveforms)
    else:
        X, y = simulate_stead(50, random_state=arguments.seed)
    print(f"{len(X)} {'real' if arguments.waveforms else 'SIMULATED'} traces of STEAD's form")

    rows = []
    splits = ShuffleSplit(arguments.splits, test_size=15, random_state=arguments.seed)
    for number, (train, test) in enumerate(
        tqdm(splits.split(X), total=arguments.splits, unit="split")
    ):
        row = {"split": number, "training mean": np.abs(y[test] - y[train].mean()).mean()}
        line = LinearRegression().fit(log_amplitude(X[train]), y[train])
        row["log amplitude"] = mean_absolute_error(y[test], line.predict(log_amplitude(X[test])))
        common = {
            "n_epochs": arguments.epochs or "auto",
            "early_stopping_patience": arguments.patience or "auto",
            "schedule": arguments.schedule,
            "head": arguments.head,
            "random_state": number,
        }
        scratch = MagNetRegressor(**common).fit(X[train], y[train])
        transfer = MagNetRegressor.from_pretrained(
            arguments.source, omega=arguments.omega, **common
        ).fit(X[train], y[train])
        for name, fitted in {"scratch": scratch, "transfer": transfer}.items():
            row[name] = mean_absolute_error(y[test], fitted.predict(X[test]))
            row[f"{name} epochs"] = len(fitted.history_)
        rows.append(row)
    table = pd.DataFrame(rows).set_index("split")
    print("Test MAE in magnitude units")
    print(table.round(3).to_string())
    print("Mean")
    print(table.mean().round(3).to_string())
    wins = int((table["transfer"] < table["scratch"]).sum())
    p_value = wilcoxon(table["transfer"], table["scratch"]).pvalue
    print(
        f"Transfer better than scratch in {wins} of {len(table)} splits, "
        f"Wilcoxon p = {p_value:.3f} (the splits overlap: p is optimistic)"
    )


if __name__ == "__main__":
    main()
