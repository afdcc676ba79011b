"""Ten omegas by OmegaSearch, by GridSearchCV over sktl, and by GridSearchCV over plain Keras.

    python -m benchmarks.studies.omega_search --epochs 5 --repeats 3

All train ten candidates on the same split for the same number of epochs and choose by the mean
absolute error of the same held-out instances. The plain Keras wrapper is what a user would write:
build, compile with a learning rate for each group of layers, fit, keep the best weights. A race
is shown beside them; it trains less, and says whether it chose as the whole grid did.

The methods take turns; a figure is the median of the turns. Every turn of a method compiles its
networks anew, as a first search would. The data is simulated: only its shape matters here.
"""

import argparse
import tempfile
import time
from statistics import median

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import GridSearchCV

from sktl.datasets import simulate_len_db, simulate_sp500
from sktl.estimators import ConvNetQuakeINGVRegressor, MagNetRegressor
from sktl.model_selection import OMEGA_GRID, OmegaSearch
from sktl.sources import load_source
from sktl.training.network_cache import clear
from sktl.training.randomness import random_streams, validation_split

SEED = 0
NETWORKS = {"ConvNetQuakeINGV": ConvNetQuakeINGVRegressor, "MagNet": MagNetRegressor}
DATA = {"1500 x 3 x 540": simulate_len_db, "1500 x 1 x 50": simulate_sp500}


class PlainKeras(RegressorMixin, BaseEstimator):
    """The same networks and preparation, written with Keras alone."""

    def __init__(self, architecture, arrays, held_out, n_epochs, omega=1.0):
        self.architecture = architecture
        self.arrays = arrays
        self.held_out = held_out
        self.n_epochs = n_epochs
        self.omega = omega

    def fit(self, X, y):
        """Train on all but the held-out instances, keep the epoch that is best for those."""
        import keras
        from keras.optimizers import Adam, MultiOptimizer, OptimizerMap

        keras.utils.set_random_seed(SEED)
        X = np.repeat(X, 3, axis=1) if X.shape[1] == 1 else X
        held_out = np.isin(np.arange(len(y)), self.held_out)
        training = self._inputs(X[~held_out], fit=True)
        self.center_, self.scale_ = y[~held_out].mean(), y[~held_out].std()
        y = (y - self.center_) / self.scale_
        self.model_ = model = self._build(X.shape)
        layers = {name.split("/")[0] for name in self.arrays if name.startswith("conv")}
        for layer in layers:
            weights = [self.arrays[f"{layer}/{kind}"] for kind in ("kernel", "bias")]
            model.get_layer(layer).set_weights(weights)
        speeds = OptimizerMap(Adam(1e-3), {"conv.*": Adam(1e-3 * self.omega)})
        model.compile(MultiOptimizer(speeds), "mse")
        best = keras.callbacks.EarlyStopping(
            patience=self.n_epochs, restore_best_weights=True, start_from_epoch=0
        )
        model.fit(
            training, y[~held_out], batch_size=32, epochs=self.n_epochs, verbose=0,
            validation_data=(self._inputs(X[held_out]), y[held_out]), callbacks=[best],
        )  # fmt: skip
        return self

    def predict(self, X):
        """Give numbers in the unit of y."""
        X = np.repeat(X, 3, axis=1) if X.shape[1] == 1 else X
        return self.model_.predict(self._inputs(X), verbose=0)[:, 0] * self.scale_ + self.center_

    def _inputs(self, X, fit=False):
        low, high = (f(X, axis=(1, 2), keepdims=True) for f in (np.min, np.max))
        largest = np.maximum(np.abs(low), np.abs(high))[:, 0]
        X = (X - low) / np.where(high > low, high - low, 1)
        if fit:
            self.mask_, self.size_ = X.mean(axis=0), (largest.mean(), largest.std())
        series = (X - self.mask_).transpose(0, 2, 1)
        largest = (largest - self.size_[0]) / self.size_[1]
        return [series.astype("float32"), largest.astype("float32")]

    def _build(self, shape):
        import keras
        from keras import layers

        x = series = keras.Input((shape[2], shape[1]))
        largest = keras.Input((1,))
        if self.architecture == "MagNet":
            for number, filters in ((1, 64), (2, 32)):
                x = layers.Conv1D(filters, 3, padding="same", name=f"conv{number}")(x)
                x = layers.MaxPooling1D(4, padding="same")(layers.Dropout(0.2)(x))
            x = layers.Bidirectional(layers.LSTM(100))(x)
        else:
            for number in range(1, 10):
                x = layers.Conv1D(
                    32, 3, strides=2, padding="same", activation="relu", name=f"conv{number}",
                    kernel_regularizer=keras.regularizers.L2(1e-3),
                )(x)  # fmt: skip
            x = layers.Flatten()(x)
        x = layers.Concatenate()([x, largest])
        if self.architecture != "MagNet":
            x = layers.Dense(x.shape[1], activation="relu")(x)
        return keras.Model([series, largest], layers.Dense(1)(x))


def methods(architecture, source, held_out, n_epochs):
    """Give each method as a function of X and y: error of the best, and what it chose."""
    network = NETWORKS[architecture](
        source=source, schedule="published", n_epochs=n_epochs, early_stopping_patience=None,
        reduce_lr_patience=None, random_state=SEED,
    )  # fmt: skip
    arrays = load_source(source, architecture).arrays

    def search(X, y, **params):
        found = OmegaSearch(
            network, sources=[source], include_scratch=False, scoring="val_score", **params
        ).fit(X, y)
        return -found.best_score_, found.best_params_["omega"], found.decision_["epochs_trained"]

    def grid(estimator):
        def run(X, y):
            found = GridSearchCV(
                estimator, {"omega": OMEGA_GRID}, cv=[(np.arange(len(y)), held_out)], refit=False,
                scoring="neg_mean_absolute_error",
            ).fit(X, y)  # fmt: skip
            return -found.best_score_, found.best_params_["omega"], len(OMEGA_GRID) * n_epochs

        return run

    return {
        "OmegaSearch": search,
        "OmegaSearch, race": lambda X, y: search(
            X, y, search="race", race_epochs=max(1, n_epochs // 4)
        ),
        "GridSearchCV, sktl": grid(network),
        "GridSearchCV, plain Keras": grid(PlainKeras(architecture, arrays, held_out, n_epochs)),
    }


def compare(architecture, simulate, n_instances, n_epochs, repeats, folder):
    """Time all methods in turns on one shape."""
    X, y = simulate(n_instances, 1)[:2]
    X, y = np.asarray(X, "float32"), np.asarray(y, float)
    X_source, y_source = simulate_len_db(64, 2)[:2]
    donor = NETWORKS[architecture](schedule="published", n_epochs=1, random_state=SEED).fit(
        X_source, y_source
    )
    source = str(donor.save_pretrained(f"{folder}/{architecture}"))
    _, held_out = validation_split(len(y), 0.15, None, random_streams(SEED)["split"])
    runs = {}
    chosen = methods(architecture, source, held_out, n_epochs)
    for _ in range(repeats):
        for name, method in chosen.items():
            clear()
            started, cpu = time.perf_counter(), time.process_time()
            result = method(X, y)
            elapsed = time.perf_counter() - started, time.process_time() - cpu
            runs.setdefault(name, []).append((*elapsed, *result))
    rows = []
    slowest = median(run[0] for run in runs["GridSearchCV, plain Keras"])
    for name, results in runs.items():
        wall, cpu, error, omega, epochs = zip(*results, strict=True)
        rows.append({
            "method": name, "seconds": median(wall), "cpu seconds": median(cpu),
            "times faster": slowest / median(wall), "epochs": epochs[0],
            "best error / spread of y": error[0] / y.std(), "omega": omega[0],
        })  # fmt: skip
    return pd.DataFrame(rows).assign(baseline=mean_absolute_error(
        y[held_out], np.full(len(held_out), np.delete(y, held_out).mean())) / y.std())  # fmt: skip


def main():
    """Print a table for every network and shape."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=5, help="epochs of every candidate")
    parser.add_argument("--repeats", type=int, default=3, help="turns of every method")
    parser.add_argument("--instances", type=int, default=1500)
    parser.add_argument("--networks", nargs="+", default=list(NETWORKS), choices=NETWORKS)
    parser.add_argument("--shapes", nargs="+", default=list(DATA), choices=DATA)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for shape in chosen.shapes:
            for network in chosen.networks:
                print(f"\n{network}, {shape}, {chosen.epochs} epochs, {chosen.repeats} turns")
                arguments = (chosen.instances, chosen.epochs, chosen.repeats, folder)
                table = compare(network, DATA[shape], *arguments)
                print(table.round(3).to_string(index=False), flush=True)


if __name__ == "__main__":
    main()
