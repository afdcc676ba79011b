"""Do the ranks of rank_sources agree with what fine-tuning gains?

    python benchmarks/rank_sources.py --digits recordings.tar.gz --myo emg_myo \
        --waveforms waveforms_50_109C_TA.hdf5

Sources: every architecture, pre-trained on six small simulated datasets. Targets, real and few:
spoken digits, gestures of a Myo armband (other subjects in the test part), 50 earthquakes of
STEAD. Every source is ranked on the training part alone, then fine-tuned at two omegas, the
better by validation; its gain is the test score against scratch with the same data and seed.
Prints, per target and architecture, Spearman's rank correlation over the six sources between each
score and the mean gain, their mean over the twelve with a t-test against zero, and what choosing
the first source of the ranking gained, against a source taken at random and the best in hindsight.
"""

import argparse
import tempfile
import time

import numpy as np
import pandas as pd
from scipy.stats import spearmanr, ttest_1samp
from sklearn.metrics import f1_score, mean_absolute_error

from sktl import datasets, estimators
from sktl.model_selection import rank_sources

ARCHITECTURES = ("ConvNetQuakeINGV", "MagNet", "MLSTMFCN", "TCN")
OMEGAS = (0.25, 1.0)
SCORES = ("logme", "h_score", "probe")
# Dataset to parameters of its simulator, and how many samples are averaged into one.
SOURCES = {
    "stead": ({"n_timepoints": 1500}, 4),
    "len_db": ({}, 2),
    "lomax": ({}, 4),
    "speech_commands": ({"n_timepoints": 4000}, 8),
    "emg_pinch": ({}, 1),
    "sp500": ({}, 1),
}


def shortened(X, factor):
    """Average blocks of samples, a crude guard against aliasing."""
    used = X.shape[2] - X.shape[2] % factor
    return X[..., :used].reshape(*X.shape[:2], -1, factor).mean(axis=3, dtype=np.float64)


def network(architecture, y, **params):
    """Make the estimator that suits a target."""
    kind = "Regressor" if y.dtype.kind == "f" else "Classifier"
    return getattr(estimators, architecture + kind)(**params)


def pretrain(folder, n_instances, epochs):
    """Give name to folder of a source, for every architecture."""
    made = {}
    for dataset, (params, factor) in SOURCES.items():
        X, y = getattr(datasets, f"simulate_{dataset}")(n_instances, 0, **params)[:2]
        X = shortened(X, factor)
        for architecture in ARCHITECTURES:
            donor = network(architecture, y, n_epochs=epochs, random_state=0).fit(X, y)
            path = donor.save_pretrained(f"{folder}/{architecture}/{dataset}", simulated=True)
            made.setdefault(architecture, {})[dataset] = str(path)
    return made


def drawn(dataset, sizes, rng, factor):
    """Draw training, validation and test instances from the dataset's own parts."""
    for part, size in zip((dataset.train, dataset.validation, dataset.test), sizes, strict=True):
        X, y = part[0], part[1]
        chosen = rng.permutation(len(y))[:size]
        yield shortened(X[chosen], factor), y[chosen]


def targets(arguments):
    """Give name and a function of the rerun that makes the three parts, for each target."""
    if arguments.digits:
        digits = datasets.load_spoken_digits(arguments.digits, length=4000)
        yield "digits", lambda rng: drawn(digits, (arguments.n_train, 100, 400), rng, 8)
    if arguments.myo:
        myo = datasets.load_myo(arguments.myo, channels=(0, 2, 5))
        yield "Myo", lambda rng: drawn(myo, (arguments.n_train, 100, 400), rng, 1)
    if arguments.waveforms:
        X, y = datasets.fetch_stead(split=None, path=arguments.waveforms)
        X, y = shortened(X, 16), y.astype(float)

        def parts(rng):
            for chosen in np.split(rng.permutation(len(y)), (25, 33)):
                yield X[chosen], y[chosen]

        yield "STEAD-50", parts


def score(estimator, X, y):
    """Return the test score, greater is better, as a share of which gains are stated."""
    predicted = estimator.predict(X)
    if y.dtype.kind == "f":
        return -mean_absolute_error(y, predicted)
    return f1_score(y, predicted, average="weighted", zero_division=0)


def best_of(estimator, source, data, test):
    """Fine-tune at both omegas and test the one that is better by validation."""
    fitted = [
        estimator.clone().set_params(source=source, omega=omega).fit(**data) for omega in OMEGAS
    ]
    losses = [one.history_["val_loss"][one.best_epoch_] for one in fitted]
    return score(fitted[int(np.argmin(losses))], *test)


def measure(made, target, draw, arguments):
    """Rank and fine-tune all sources of all architectures on one target."""
    for rerun in range(arguments.reruns):
        (X, y), held_out, test = draw(np.random.default_rng(rerun))
        data = {"X": X, "y": y, "validation_data": held_out}
        for architecture, sources in made.items():
            estimator = network(architecture, y, n_epochs=arguments.epochs, random_state=rerun)
            ranked = rank_sources(X, y, estimator, list(sources.values()), random_state=rerun)
            ranked = ranked.set_index("source")
            scratch = score(estimator.clone().fit(**data), *test)
            for name, source in sources.items():
                reached = best_of(estimator, source, data, test)
                yield {
                    "target": target, "architecture": architecture, "source": name,
                    "rerun": rerun, "scratch": scratch,
                    "gain in percent": 100 * (reached - scratch) / max(abs(scratch), 1e-9),
                    **ranked.loc[source, list(SCORES)],
                }  # fmt: skip


def report(table):
    """Print the correlations and what a choice by rank is worth."""
    keys = ["target", "architecture", "source"]
    table = table.astype(dict.fromkeys(SCORES, float))
    means = table.groupby(keys, sort=False)[["gain in percent", *SCORES]].mean()
    print("\nMean gain of each source in percent of scratch (F1, or MAE for STEAD-50)")
    print(
        means.pivot_table("gain in percent", ["target", "architecture"], "source", sort=False)
        .round(1)
        .to_string()
    )
    rows = []
    for (target, architecture), group in means.groupby(level=[0, 1], sort=False):
        gains = group["gain in percent"]
        row = {"target": target, "architecture": architecture}
        row |= {name: spearmanr(group[name], gains).statistic for name in SCORES}
        row |= {f"gain, first by {name}": gains[group[name].idxmax()] for name in SCORES}
        rows.append(row | {"gain, at random": gains.mean(), "gain, in hindsight": gains.max()})
    rows = pd.DataFrame(rows).set_index(["target", "architecture"])
    print("\nSpearman's rank correlation between score and gain, over six sources")
    print(rows[list(SCORES)].round(2).to_string())
    for name in SCORES:
        known = rows[name].dropna()
        test = ttest_1samp(known, 0)
        low, high = test.confidence_interval()
        print(
            f"{name}: mean {known.mean():.2f}, 95% interval {low:.2f} to {high:.2f}, "
            f"p = {test.pvalue:.3f}, positive in {(known > 0).sum()} of {len(known)}"
        )
    print("\nMean gain in percent by how the source was chosen")
    print(rows.filter(like="gain").groupby("target", sort=False).mean().round(1).T.to_string())


def main():
    """Run all and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--digits", help="recordings.tar.gz of the Free Spoken Digit Dataset")
    parser.add_argument("--myo", help="folder of the Myo recordings, one .npz a subject")
    parser.add_argument("--waveforms", help="HDF5 with the 50 traces of STEAD")
    parser.add_argument("--n-train", type=int, default=150)
    parser.add_argument("--n-source", type=int, default=400, help="instances of a pre-training")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--reruns", type=int, default=2)
    parser.add_argument("--out", help="CSV with a row a source and rerun")
    arguments = parser.parse_args()
    started = time.perf_counter(), time.process_time()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        made = pretrain(folder, arguments.n_source, arguments.epochs)
        print(f"pre-trained in {time.perf_counter() - started[0]:.0f} s", flush=True)
        for target, draw in targets(arguments):
            rows += measure(made, target, draw, arguments)
            print(f"{target}: {time.perf_counter() - started[0]:.0f} s so far", flush=True)
    if not rows:
        parser.error("give --digits, --myo or --waveforms")
    table = pd.DataFrame(rows)
    if arguments.out:
        table.to_csv(arguments.out, index=False)
    report(table)
    wall, cpu = time.perf_counter() - started[0], time.process_time() - started[1]
    print(f"\n{wall:.0f} s, of CPU {cpu:.0f} s; pre-training on simulated data, targets real")


if __name__ == "__main__":
    main()
