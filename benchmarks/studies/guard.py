"""Does the guard of OmegaSearch keep negative transfer away, and what does a race lose?

    python -m benchmarks.studies.guard --digits recordings.tar.gz --reruns 6

Target: spoken digits (real; Free Spoken Digit Dataset), few training instances, every fourth
sample. Sources: simulated words (near), simulated seismograms (far), and simulated words with
their kernels shuffled (useless, by construction). Every rerun draws the training instances anew.
Candidates are compared on validation data; the test score, the weighted F1, is looked at once
for scratch, for the best transfer and for what the guard kept. The race runs beside it.
"""

import argparse
import tempfile
from dataclasses import replace

import numpy as np
import pandas as pd
from sklearn.metrics import f1_score

from sktl.datasets import load_spoken_digits, simulate_len_db, simulate_speech_commands
from sktl.estimators import ConvNetQuakeINGVClassifier, ConvNetQuakeINGVRegressor
from sktl.model_selection import OmegaSearch
from sktl.sources import load_source, save_source

OMEGAS = (0.05, 0.25, 0.5, 1.0, 2.0)


def shortened(X):
    """Average every four samples, against aliasing."""
    return X.reshape(*X.shape[:2], -1, 4).mean(axis=3)


def make_sources(folder, epochs):
    """Train the two sources and shuffle one."""
    X, y = simulate_speech_commands(1500, 0, n_timepoints=4000)[:2]
    words = ConvNetQuakeINGVClassifier(schedule="published", n_epochs=epochs, random_state=0).fit(
        shortened(X), y
    )
    X, y = simulate_len_db(1500, 0)[:2]
    earth = ConvNetQuakeINGVRegressor(schedule="published", n_epochs=epochs, random_state=0).fit(
        X, y
    )
    made = {
        "words": words.save_pretrained(f"{folder}/words"),
        "earth": earth.save_pretrained(f"{folder}/earth"),
    }
    source = load_source(made["words"], "ConvNetQuakeINGV")
    rng = np.random.default_rng(0)
    arrays = {k: rng.permuted(v.ravel()).reshape(v.shape) for k, v in source.arrays.items()}
    card = replace(source.card, name="shuffled", weights_sha256=None)
    made["shuffled"] = save_source(f"{folder}/shuffled", card, arrays)
    return {name: str(path) for name, path in made.items()}


def main():
    """Print a row for every source, and what the race did."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--digits", required=True, help="recordings.tar.gz")
    parser.add_argument("--n-train", type=int, default=200)
    parser.add_argument("--reruns", type=int, default=6)
    parser.add_argument("--epochs", type=int, default=60)
    chosen = parser.parse_args()
    dataset = load_spoken_digits(chosen.digits, length=4000)
    X_val, y_val = shortened(dataset.validation[0][:100]), dataset.validation[1][:100]
    X_test, y_test = shortened(dataset.test[0][:450]), dataset.test[1][:450]

    def score(estimator):
        return f1_score(y_test, estimator.predict(X_test), average="weighted", zero_division=0)

    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, source in make_sources(folder, chosen.epochs).items():
            for rerun in range(chosen.reruns):
                X, y = dataset.reduced(chosen.n_train, rerun=rerun).train[:2]
                data = {"X": shortened(X), "y": y, "validation_data": (X_val, y_val)}
                network = ConvNetQuakeINGVClassifier(
                    schedule="published", n_epochs=chosen.epochs, random_state=rerun
                )
                grid = OmegaSearch(network, OMEGAS, [source]).fit(**data)
                race = grid.clone().set_params(search="race").fit(**data)
                table, decision = grid.cv_results_, grid.decision_
                # A candidate trained alone is the same, bit for bit.
                scratch, transfer = (
                    network.clone().set_params(**table["params"][number]).fit(**data)
                    for number in (0, decision["transfer_index"])
                )
                rows.append({
                    "source": name, "scratch": score(scratch), "transfer": score(transfer),
                    "guarded": score(grid.best_estimator_),
                    "kept transfer": decision["kept"] == "transfer",
                    "race chose alike": race.best_index_ == grid.best_index_,
                    "race": score(race.best_estimator_),
                    "race's share of epochs": race.decision_["epochs_trained"]
                    / decision["epochs_trained"],
                    "race's loss / grid's": race.cv_results_["val_loss"][race.best_index_]
                    / table["val_loss"][grid.best_index_],
                })  # fmt: skip
                print(pd.Series(rows[-1]).to_frame().T.to_string(header=len(rows) == 1), flush=True)
    table = pd.DataFrame(rows).groupby("source", sort=False).mean()
    print(f"\nMeans of {chosen.reruns} reruns; weighted F1 on {len(y_test)} test instances")
    print(table.astype(float).round(3).T.to_string())


if __name__ == "__main__":
    main()
