"""Does every architecture learn from scratch on real data, beyond what needs no network?

    python -m benchmarks.studies.learning_on_real_data --digits recordings.tar.gz --index GSPC.csv

Spoken digits (Free Spoken Digit Dataset, averaged over four samples; clips split at random, or
by speaker with --unseen-speakers) against the most frequent class; closes of the S&P 500
(chronological parts) against the training mean and the last value, which is known to be hard to
beat. Selection on validation data, one score on test data.
"""

import argparse
import time

import numpy as np
import pandas as pd
from sklearn.metrics import f1_score, mean_absolute_error

from sktl.datasets import load_dataset, load_spoken_digits
from sktl.experiments import ARCHITECTURES
from sktl.registry import all_estimators


def estimators(kind):
    """Give the classes of the grid's architectures of one kind."""
    return [c for _, c in all_estimators(kind) if getattr(c, "architecture", 0) in ARCHITECTURES]


def parts(dataset, n_train):
    """Give a reduced training part, the whole validation and test part."""
    return dataset.reduced(n_train, rerun=0).train, dataset.validation, dataset.test


def digits(path, n_train, epochs, split):
    """Score classifiers of spoken digits by weighted F1."""
    dataset = load_spoken_digits(path, length=4000, split=split)
    (X, y, _), (X_val, y_val, _), (X_test, y_test, _) = parts(dataset, n_train)
    # A moving average before every fourth sample is kept, against aliasing.
    X, X_val, X_test = (part.reshape(*part.shape[:2], -1, 4).mean(axis=3)
                        for part in (X, X_val[:300], X_test[:600]))  # fmt: skip
    y_val, y_test = y_val[:300], y_test[:600]
    frequent = pd.Series(y).mode()[0]
    yield "spoken digits", "most frequent class", score_f1(y_test, np.full_like(y_test, frequent))
    for cls in estimators("classifier"):
        start = time.perf_counter()
        fitted = cls(schedule="published", n_epochs=epochs, random_state=0).fit(
            X, y, validation_data=(X_val, y_val)
        )
        seconds = time.perf_counter() - start
        print(f"{cls.__name__}: {len(fitted.history_)} epochs, {seconds:.0f} s")
        yield "spoken digits", cls.architecture, score_f1(y_test, fitted.predict(X_test))


def score_f1(y, predicted):
    """Return the weighted F1."""
    return f1_score(y, predicted, average="weighted", zero_division=0)


def index(path, n_train, epochs):
    """Score regressors of the next close by mean absolute error in dollars."""
    dataset = load_dataset("SP500", path=path)
    (X, y, _), (*validation, _), (X_test, y_test, _) = parts(dataset, n_train)
    mean = np.full_like(y_test, y.mean())
    yield "S&P 500", "training mean", mean_absolute_error(y_test, mean)
    yield "S&P 500", "last value", mean_absolute_error(y_test, X_test[:, 0, -1])
    for cls in estimators("regressor"):
        start = time.perf_counter()
        fitted = cls(schedule="published", n_epochs=epochs, random_state=0).fit(
            X, y, validation_data=validation
        )
        seconds = time.perf_counter() - start
        print(f"{cls.__name__}: {len(fitted.history_)} epochs, {seconds:.0f} s")
        yield "S&P 500", cls.architecture, mean_absolute_error(y_test, fitted.predict(X_test))


def main():
    """Run both."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--digits", help="recordings.tar.gz of the Free Spoken Digit Dataset")
    parser.add_argument("--index", help="GSPC.csv, the index's history as Yahoo gives it")
    parser.add_argument("--unseen-speakers", action="store_true")
    parser.add_argument("--n-train", type=int, default=1500)
    parser.add_argument("--epochs", type=int, default=60)
    arguments = parser.parse_args()
    rows = []
    if arguments.digits:
        split = "grouped" if arguments.unseen_speakers else "published"
        rows += digits(arguments.digits, arguments.n_train, arguments.epochs, split)
    if arguments.index:
        rows += index(arguments.index, arguments.n_train, arguments.epochs)
    if not rows:
        parser.error("give --digits, --index or both")
    table = pd.DataFrame(rows, columns=["data", "method", "test score (F1 or dollars)"])
    print(table.round(3).to_string(index=False))


if __name__ == "__main__":
    main()
