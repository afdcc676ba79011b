"""Does pre-training on generated series help? The published experiment, with controls.

    python benchmarks/synthetic_pretraining.py --profile quick [--shared ../shared]
    python benchmarks/synthetic_pretraining.py --profile paper --out results/synthetic

Every network is trained on the real training set (reference), and pre-trained on generated series
first, with the same seed, split and hyperparameters. The GAN has to beat generators that cost
nothing; "resampling" gives copies, so what it gains is owed to longer training alone. Validation
is split off before any generator is fitted; the official test set is scored once.

Finished trials are records on disk; the same command continues where it was interrupted. The
problems that are not in sktime's wheel are downloaded by sktime; those that cannot be had are
named and left out. With --shared, gestures (Myo) and spoken digits are small targets as well.
"""

import argparse
import hashlib
import itertools
import math
import time
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.metrics import accuracy_score, f1_score

import sktl.synthesis
from sktl.datasets import load_myo, load_spoken_digits, load_uea
from sktl.datasets.uea import MULTIVARIATE
from sktl.estimators import InceptionTimeClassifier, LSTMClassifier
from sktl.evaluation import statistics
from sktl.experiments import Data, Store, Trial
from sktl.synthesis import (
    AugmentationGenerator,
    BaseGenerator,
    ClassMeanGenerator,
    MixupGenerator,
    ResamplingGenerator,
    SyntheticPretraining,
    WGANGPGenerator,
    quality,
)

OFFLINE = ("BasicMotions", "JapaneseVowels")
LENGTHS = {"JapaneseVowels": 29}
SHARED = ("Myo", "SpokenDigits")
NETWORKS = {
    "InceptionTime": InceptionTimeClassifier(),
    "LSTM 64x2": LSTMClassifier(lstm_units=64, n_layers=2),
    "LSTM 64x3": LSTMClassifier(lstm_units=64, n_layers=3),
    "LSTM 128x2": LSTMClassifier(lstm_units=128, n_layers=2),
    "LSTM 128x3": LSTMClassifier(lstm_units=128, n_layers=3),
}
GENERATORS = {
    "resampling": ResamplingGenerator(),
    "augmentation": AugmentationGenerator(),
    "mixup": MixupGenerator(),
    "class mean": ClassMeanGenerator(),
    "WGAN-GP": WGANGPGenerator(),
}
# Published: shares 0.7/0.9, multiples 2/4, batch ratios 0.1/0.2, epochs 10/20, rates 1e-3/1e-4.
PROFILES = {
    "quick": {
        "datasets": OFFLINE, "networks": ("InceptionTime", "LSTM 64x2"), "seeds": 3,
        "gan_steps": 600, "share": (0.9,), "multiple": (2,), "batch_ratio": (0.2,),
        "epochs": (10,), "learning_rate": (1e-3,),
    },
    "paper": {
        "datasets": (*MULTIVARIATE, "JapaneseVowels"), "networks": tuple(NETWORKS), "seeds": 5,
        "gan_steps": 2000, "share": (0.7, 0.9), "multiple": (2, 4), "batch_ratio": (0.1, 0.2),
        "epochs": (10, 20), "learning_rate": (1e-3, 1e-4),
    },
}  # fmt: skip
TRAINING = ("batch_ratio", "epochs", "learning_rate")
FACTORS = ("share", "multiple", *TRAINING)
METRICS = ("f1_weighted", "f1_macro", "accuracy")
_fitted: dict = {}


class Remembered(BaseGenerator):
    """A generator that is fitted once for equal data and seed: networks share its samples."""

    def __init__(self, generator=None, task="auto", random_state=None):
        self.generator = generator
        super().__init__(task, random_state)

    def fit(self, X, y):
        """Fit, or remember."""
        digest = hashlib.sha256(X.tobytes() + "\n".join(y).encode()).hexdigest()
        key = repr(self.generator), self.random_state, digest
        if key not in _fitted:
            own = {"task": self.task, "random_state": self.random_state}
            _fitted[key] = clone(self.generator).set_params(**own).fit(X, y)
        self.fitted_ = _fitted[key]
        self.shape_ = self.fitted_.shape_
        return self

    def sample(self, n=None, y=None, *, random_state=None):
        """Sample from the fitted generator."""
        return self.fitted_.sample(n, y, random_state=random_state)


def load(name, shared):
    """Give X, y of the training set and of the test set."""
    if name == "Myo":
        folder = Path(shared) / "data/emg_myo"
        dataset = load_myo(folder, split="grouped").reduced(200)
        test = dataset.test.X[::20], dataset.test.y[::20]
        return dataset.train.X, dataset.train.y, *test
    if name == "SpokenDigits":
        archive = Path(shared) / "data/fsdd/recordings.tar.gz"
        dataset = load_spoken_digits(archive, length=4000, split="grouped").reduced(200)
        # A moving average before every fourth sample is kept, against aliasing: 2 kHz.
        parts = (dataset.train.X, dataset.test.X[::2])
        X, X_test = (X.reshape(len(X), 1, -1, 4).mean(axis=3) for X in parts)
        return X, dataset.train.y, X_test, dataset.test.y[::2]
    dataset = load_uea(name, length=LENGTHS.get(name))
    parts = dataset.train, dataset.validation
    X, y = (np.concatenate([getattr(part, array) for part in parts]) for array in "Xy")
    return X, y, dataset.test.X, dataset.test.y


def available(names, shared):
    """Load what can be had; name what cannot."""
    found = {}
    for name in names:
        if name in SHARED and not shared:
            print(f"not run: {name} (needs --shared)")
            continue
        try:
            found[name] = load(name, shared)
        except Exception as error:  # whatever a download or a reader meets
            print(f"not run: {name} ({type(error).__name__}: {str(error)[:120]})")
    return found


def code():
    """Give the sha256 of what generates and pre-trains: a change makes the records void."""
    digest = hashlib.sha256()
    for path in sorted(Path(sktl.synthesis.__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def plan(profile, names, networks, generators, seeds, gan_steps):
    """Give every trial: references, then what is pre-trained, seed by seed."""
    grids = [dict(zip(FACTORS, values, strict=True))
             for values in itertools.product(*(profile[factor] for factor in FACTORS))]  # fmt: skip
    fixed = {"code": code(), "gan_steps": gan_steps}
    for seed, name, network in itertools.product(range(seeds), names, networks):
        if name == "SpokenDigits" and network.startswith("LSTM"):
            continue  # 1,000 steps in time: minutes a fit
        seen = set()
        for setting in grids:
            training = {key: setting[key] for key in TRAINING}
            if repr(training) not in seen:
                seen.add(repr(training))
                yield Trial("reference", network, Data(name), None, seed, parameters=training)
            for generator in generators:
                yield Trial(
                    "transfer", network, Data(name), None, seed, generator, 1.0,
                    parameters=setting | fixed,
                )  # fmt: skip


def execute(trial, panels, with_quality):
    """Train one network, or a pre-trained one, and score it on the test set."""
    X, y, X_test, y_test = panels
    setting = trial.parameters
    network = clone(NETWORKS[trial.architecture]).set_params(
        n_epochs=setting["epochs"],
        learning_rate=setting["learning_rate"],
        batch_size=max(2, round(setting["batch_ratio"] * len(y))),
        validation_size=0.2,
        early_stopping_patience=None,
        reduce_lr_patience=None,
        # The same for all that is compared: split, first weights, order.
        random_state=trial.rerun,
    )
    start = time.perf_counter()
    extra = {}
    if trial.source is not None:
        generator = clone(GENERATORS[trial.source])
        if "n_steps" in generator.get_params():
            generator.set_params(n_steps=setting["gan_steps"])
        network = SyntheticPretraining(
            network,
            Remembered(generator),
            multiple=setting["multiple"],
            generator_share=setting["share"],
        )
    network.fit(X, y)
    seconds = time.perf_counter() - start
    predicted = network.predict(X_test)
    if trial.source is not None:
        extra["pretraining"] = network.pretraining_history_.to_dict("list")
        direct = network.pretrained_.predict(X_test)
        extra["before_fine_tuning"] = f1_score(y_test, direct, average="weighted", zero_division=0)
        if with_quality:
            figures = quality(network.generator_, X, y, X_test, y_test, random_state=0)
            extra["quality"] = {k: v if math.isfinite(v) else None for k, v in figures.items()}
    return {
        "status": "ok",
        "f1_weighted": f1_score(y_test, predicted, average="weighted", zero_division=0),
        "f1_macro": f1_score(y_test, predicted, average="macro", zero_division=0),
        "accuracy": accuracy_score(y_test, predicted),
        "n_train": len(y), "n_test": len(y_test), "n_classes": len(np.unique(y)),
        "n_channels": X.shape[1], "length": X.shape[2],
        "history": network.history_.to_dict("list"), "seconds": seconds, **extra,
    }  # fmt: skip


def run(trials, panels, store):
    """Run what the store lacks."""
    trials, first = list(trials), next(iter(NETWORKS))
    missing = [trial for trial in trials if store.read(trial) is None]
    print(f"{len(trials)} trials, {len(trials) - len(missing)} of them done before", flush=True)
    for number, trial in enumerate(missing, start=1):
        with_quality = trial.rerun == 0 and trial.architecture == first
        results = execute(trial, panels[trial.data.name], with_quality)
        store.write(trial, results)
        print(f"{number}/{len(missing)} {trial}: F1 {results['f1_weighted']:.3f}, "
              f"{results['seconds']:.0f} s", flush=True)  # fmt: skip
    return [store.read(trial) for trial in trials]


def pairs_of(records):
    """Pair every pre-trained network with its reference: one row a pair."""
    references, rows = {}, []
    for record in records:
        settings = record["trial"]["parameters"]
        place = record["target"], record["architecture"], record["rerun"]
        key = (*place, *(settings[k] for k in TRAINING))
        if record["kind"] == "reference":
            references[key] = record
        else:
            rows.append((record, key, settings))
    shape = ("n_classes", "n_channels", "length")
    return pd.DataFrame(
        {
            "dataset": record["target"],
            "network": record["architecture"],
            "seed": record["rerun"],
            "generator": record["source"],
            **{factor: settings[factor] for factor in FACTORS},
            **{name: record[name] for name in shape},
            **{metric: record[metric] for metric in METRICS},
            **{f"reference {metric}": references[key][metric] for metric in METRICS},
            "before fine-tuning": record["before_fine_tuning"],
        }
        for record, key, settings in rows
    )


def tested(x, y):
    """Shapiro-Wilk of the differences, Levene, then t or Welch, and Wilcoxon beside them."""
    difference = x - y
    if len(x) < 3 or np.ptp(difference) == 0:
        return {"n": len(x), "mean gain": difference.mean()}
    equal = statistics.levene(x, y).pvalue > 0.05
    t = (statistics.paired_t if equal else statistics.welch_t)(x, y)
    return {
        "n": len(x),
        "mean gain": difference.mean(),
        "wins/ties/losses": f"{(x > y).sum()}/{(x == y).sum()}/{(x < y).sum()}",
        "Shapiro p": statistics.shapiro_wilk(difference).pvalue,
        "Levene p": statistics.levene(x, y).pvalue,
        "test": t.name.split(",")[0],
        "p": t.pvalue,
        "Wilcoxon p": statistics.wilcoxon_signed_rank(x, y).pvalue,
    }


def corrected(rows):
    """Give a table of tests with p-values corrected by Holm, one family a column."""
    table = pd.DataFrame(rows)
    for name in ("p", "Wilcoxon p"):
        if name in table:
            table[f"{name}, Holm"] = statistics.holm(table[name])[1]
    return table


def report(records):
    """Give the tables, by title."""
    pairs = pairs_of(records)
    tables = {}
    place = ["dataset", "network"]
    for metric in METRICS:
        table = pairs.pivot_table(metric, place, "generator", sort=False)
        table.insert(0, "reference", pairs.groupby(place)[f"reference {metric}"].mean())
        tables[f"Mean {metric} on test data"] = table.reset_index()
    before = pairs.pivot_table("before fine-tuning", place, "generator", sort=False).reset_index()
    tables["Mean f1_weighted before the fine-tuning: trained on generated series alone"] = before
    f1 = "f1_weighted"
    # One pair a problem, network and seed: settings that share a reference are no new evidence.
    unit = ["dataset", "network", "seed"]
    units = pairs.groupby(["generator", *unit], sort=False)[[f1, f"reference {f1}"]].mean()
    rows = [{"generator": name, **tested(own[f1].to_numpy(), own[f"reference {f1}"].to_numpy())}
            for name, own in units.groupby("generator", sort=False)]  # fmt: skip
    tables["Pre-trained against not, f1_weighted"] = corrected(rows)
    wide = pairs.pivot_table(f1, unit, "generator", sort=False).dropna()
    if "WGAN-GP" in wide:
        rows = [{"against": name, **tested(wide["WGAN-GP"].to_numpy(), wide[name].to_numpy())}
                for name in wide if name != "WGAN-GP"]  # fmt: skip
        tables["WGAN-GP against the generators it has to beat, f1_weighted"] = corrected(rows)
    pairs["gain"] = pairs[f1] - pairs[f"reference {f1}"]
    for factor in ("dataset", "network", *FACTORS):
        if len(set(pairs[factor])) > 1:
            by = pairs.pivot_table("gain", factor, "generator", sort=False).reset_index()
            tables[f"Mean gain of f1_weighted by {factor}"] = by
    cells = pairs.groupby(["generator", "dataset", "network", *FACTORS], sort=False)
    percent = cells[[f1, f"reference {f1}"]].mean()
    percent = 100 * (percent[f1] / percent[f"reference {f1}"] - 1)
    spread = percent.groupby("generator", sort=False).agg(["min", "median", "max", "size"])
    tables["Percent gain of f1_weighted over the cells (mean of the seeds)"] = spread.reset_index()
    shape = pairs.groupby(["generator", "dataset"], sort=False)[
        ["gain", "n_classes", "n_channels", "length"]
    ].mean()
    if len(set(pairs["dataset"])) >= 4:
        rows = {name: own.corr("spearman")["gain"].drop("gain")
                for name, own in shape.groupby("generator", sort=False)}  # fmt: skip
        title = "Rank correlation of the gain with the problem's shape, over datasets"
        tables[title] = pd.DataFrame(rows).T.rename_axis("generator").reset_index()
    figures = [{"dataset": r["target"], "generator": r["source"], **r["quality"]}
               for r in records if "quality" in r]  # fmt: skip
    if figures:
        columns = ["dataset", "generator"]
        tables["Quality of the samples (seed 0; TRTR: trained and tested on real)"] = pd.DataFrame(
            figures
        ).drop_duplicates(columns)
    return tables


def markdown(table):
    """Write a table in Markdown."""

    def cell(value):
        if isinstance(value, float):
            return "" if math.isnan(value) else f"{value:.3g}" if abs(value) < 1e-3 else (
                f"{value:.3f}".rstrip("0").rstrip("."))  # fmt: skip
        return str(value)

    lines = [[*map(str, table.columns)], ["---"] * len(table.columns)]
    lines += [[cell(value) for value in row] for row in table.itertuples(index=False)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def main():
    """Run the plan and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--profile", choices=PROFILES, default="quick")
    parser.add_argument("--out", default="results/synthetic_pretraining", help="folder of records")
    parser.add_argument("--shared", help="folder with data/emg_myo and data/fsdd")
    parser.add_argument("--datasets", nargs="+", help="only these")
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, help="only these")
    parser.add_argument("--generators", nargs="+", choices=GENERATORS, default=list(GENERATORS))
    parser.add_argument("--seeds", type=int, help="runs of each trial")
    parser.add_argument("--gan-steps", type=int, help="steps of the GAN")
    chosen = parser.parse_args()
    profile = PROFILES[chosen.profile]
    names = chosen.datasets or [*profile["datasets"], *(SHARED if chosen.shared else ())]
    panels = available(names, chosen.shared)
    store = Store(chosen.out).prepare()
    start = time.perf_counter()
    trials = plan(
        profile, panels, chosen.networks or profile["networks"], chosen.generators,
        chosen.seeds or profile["seeds"], chosen.gan_steps or profile["gan_steps"],
    )  # fmt: skip
    records = run(trials, panels, store)
    print(f"{(time.perf_counter() - start) / 60:.1f} minutes\n")
    text = "\n\n".join(f"{title}\n\n{markdown(table)}" for title, table in report(records).items())
    print(text)
    (Path(chosen.out) / "tables.md").write_text(text + "\n")


if __name__ == "__main__":
    main()
