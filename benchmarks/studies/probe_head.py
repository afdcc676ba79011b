"""Output layers that start as probes (LP-FT) against random ones, on real targets.

    python -m benchmarks.studies.probe_head

Networks with their own domain's source are fine-tuned on a few labels of the targets that choices
may be made on (see `benchmarks.studies.few_labels`), with both values of ``head`` and the same
instances, and tested on people, speakers and recordings that were not trained on. One row a fit
goes to a CSV file, from which a run continues; the table says in how many pairs each head is
better.
"""

from __future__ import annotations

import argparse
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import f1_score, mean_absolute_error

from benchmarks.studies.few_labels import targets as real
from benchmarks.studies.rows import append, known_keys
from sktl import estimators

# Target: sizes, and the source of its domain.
CASES = {
    "STEAD 50": ((20, 35), "LEN-DB-simulated"),
    "three words": ((20, 100), "SPEECH-simulated"),
    "digits": ((100, 500), "SPEECH-simulated"),
    "Myo": ((100, 500, 1500), "EMG-simulated"),
    "S&P 500 volatility": ((20, 100, 500), "S&P 500-simulated"),
    "BasicMotions": ((20,), "EMG-simulated"),
    "ERing": ((24,), "EMG-simulated"),
    "Libras": ((30, 100), "EMG-simulated"),
    "ArrowHead": ((30,), "STEAD-simulated"),
    "PLAID": ((100,), "SPEECH-simulated"),
}
ARCHITECTURES = ("ConvNetQuakeINGV", "MagNet", "TCN", "MLSTMFCN")
KEY = ["target", "n_train", "architecture", "head", "draw"]


def fitted(parts, regression: bool, architecture: str, source: str, head: str, draw: int) -> float:
    """Return the test error (MAE) or score (weighted F1) of one fit."""
    make = getattr(estimators, architecture + ("Regressor" if regression else "Classifier"))
    model = make(source=source, omega=0.25, head=head, random_state=draw)
    model.fit(parts.X_train, parts.y_train)
    predicted = model.predict(parts.X_test)
    if regression:
        return mean_absolute_error(parts.y_test, predicted)
    return f1_score(parts.y_test, predicted, average="weighted", zero_division=0)


def main() -> None:
    """Run what is missing, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shared", type=Path, default=real.SHARED)
    parser.add_argument("--out", type=Path, default=Path("results/probe_head.csv"))
    parser.add_argument("--architectures", nargs="+", default=ARCHITECTURES)
    parser.add_argument("--targets", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--draws", nargs="+", type=int, default=[0])
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no fit later")
    arguments = parser.parse_args()
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    for draw in arguments.draws:
        for name in arguments.targets:
            sizes, source = CASES[name]
            for size in sizes:
                for architecture in arguments.architectures:
                    if time.perf_counter() - began > 60 * arguments.minutes:
                        break
                    pair(arguments, name, size, architecture, source, draw)
    report(pd.read_csv(arguments.out))


def pair(arguments, name, size, architecture, source, draw) -> None:
    """Fit with both heads, unless the file has them."""
    path = arguments.out
    known = known_keys(path, KEY)
    target = real.TARGETS[name]
    for head in ("random", "probe"):
        key = (name, size, architecture, head, draw)
        if key in known:
            continue
        parts = real.draw(name, size, draw, arguments.shared, path.parent / "cache")
        started = time.perf_counter()
        regression = target.task == "regression"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            value = fitted(parts, regression, architecture, source, head, draw)
        seconds = time.perf_counter() - started
        row = dict(zip(KEY, key, strict=True)) | {
            "metric": "MAE" if regression else "F1", "score": value, "seconds": round(seconds, 1),
        }  # fmt: skip
        append(path, [row])


def report(rows: pd.DataFrame) -> None:
    """Print the pairs, and in how many each head is better."""
    by_head = rows.pivot_table("score", ["target", "n_train", "architecture", "metric", "draw"],
                               "head").dropna().reset_index()  # fmt: skip
    errors = by_head["metric"] == "MAE"
    ratio = np.where(errors, by_head["random"] / by_head["probe"], by_head["probe"]
                     / by_head["random"].clip(lower=0.01))  # fmt: skip
    by_head["gain"] = ratio
    print(by_head.round(3).to_string(index=False))
    print(
        f"probe better by more than 2 % in {(ratio > 1.02).sum()}, "
        f"worse in {(ratio < 0.98).sum()} of {len(ratio)} pairs; "
        f"geometric mean of the gain {np.exp(np.log(ratio).mean()):.3f}"
    )


if __name__ == "__main__":
    main()
