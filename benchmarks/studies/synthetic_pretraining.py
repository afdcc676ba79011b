"""Does pre-training on generated series help? The published experiment, with controls.

    python -m benchmarks.studies.synthetic_pretraining --profile quick [--shared ../shared]
    python -m benchmarks.studies.synthetic_pretraining --profile converged [--shared ../shared]
    python -m benchmarks.studies.synthetic_pretraining --profile uea --shared ../shared
    python -m benchmarks.studies.synthetic_pretraining --profile "uea converged" --shared ../shared
    python -m benchmarks.studies.synthetic_pretraining --profile paper --out results/synthetic

"quick" has the published training, one value of each setting; "paper" has all values; "converged"
lets early stopping end both trainings, where the published ten epochs end them unfinished. "uea"
has the published training, and "uea converged" the other, on the nine problems that sktime and
--shared hold, with a smaller InceptionTime, a GAN of 300 steps and two more controls;
synthetic_pretraining_page writes their page from the records.

Every network is trained on the real training set (reference), and pre-trained on generated series
first, with the same seed, split and hyperparameters. The GAN has to beat generators that cost
nothing; "resampling" gives copies, so what it gains is owed to longer training alone; "noise" is
white, and tells of no class; "more training" is the reference with as many more epochs as a
pre-training has, at most and without improvement. Validation is split off before any generator is
fitted; the test set is scored once. Naive baselines get all training instances.

Finished trials are records on disk; the same command continues where it was interrupted, and
--minutes ends it in time. Trials go by seed, so that every repeat is of all problems and networks
before the next begins. Few series are what this is about: where "uea" finds more than 320 training
instances (PenDigits: 7,494) the seed draws 320, in proportion to the classes; test sets are whole.
The problems that are neither in
--shared nor in sktime's wheel are downloaded by sktime; those that cannot be had are named and
left out. With --shared, spoken digits of a speaker who was not trained on, and gestures
of one subject later in the recordings, are targets with 100 and with 300 training instances; the
seed draws the speakers, the subject and the instances.
"""

import argparse
import hashlib
import itertools
import math
import time
from pathlib import Path

import numpy as np
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import accuracy_score, f1_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sktime.classification.kernel_based import RocketClassifier

import sktl.synthesis
from benchmarks.studies.synthetic_pretraining_data import NINE, SHARED, available
from benchmarks.studies.synthetic_pretraining_tables import (
    FACTORS,
    MORE_TRAINING,
    TRAINING,
    markdown,
    report,
)
from sktl.datasets.uea import MULTIVARIATE
from sktl.estimators import InceptionTimeClassifier, LSTMClassifier
from sktl.experiments import Data, Store, Trial
from sktl.synthesis import (
    AugmentationGenerator,
    BaseGenerator,
    ClassMeanGenerator,
    MixupGenerator,
    NoiseGenerator,
    ResamplingGenerator,
    SyntheticPretraining,
    WGANGPGenerator,
    quality,
)

OFFLINE = ("BasicMotions", "JapaneseVowels")
NETWORKS = {
    "InceptionTime": InceptionTimeClassifier(schedule="published"),
    "InceptionTime 8": InceptionTimeClassifier(schedule="published", filters=8, bottleneck=8),
    "LSTM 64x2": LSTMClassifier(schedule="published", lstm_units=64, n_layers=2),
    "LSTM 64x3": LSTMClassifier(schedule="published", lstm_units=64, n_layers=3),
    "LSTM 128x2": LSTMClassifier(schedule="published", lstm_units=128, n_layers=2),
    "LSTM 128x3": LSTMClassifier(schedule="published", lstm_units=128, n_layers=3),
}
GENERATORS = {
    MORE_TRAINING: None,
    "resampling": ResamplingGenerator(),
    "noise": NoiseGenerator(),
    "augmentation": AugmentationGenerator(),
    "mixup": MixupGenerator(),
    "class mean": ClassMeanGenerator(),
    "WGAN-GP": WGANGPGenerator(),
}
FREE = ("resampling", "augmentation", "mixup", "class mean", "WGAN-GP")


class MiniRocket:
    """MiniRocket, which takes nine time points or more: the last value is held up to nine."""

    def __init__(self, seed):
        self._model = RocketClassifier(rocket_transform="minirocket", random_state=seed)

    def fit(self, X, y):
        """Fit to a panel."""
        self._model.fit(self._held(X), y)
        return self

    def predict(self, X):
        """Predict the classes of a panel."""
        return self._model.predict(self._held(X))

    def _held(self, X):
        return np.pad(X, ((0, 0), (0, 0), (0, max(0, 9 - X.shape[2]))), mode="edge")


BASELINES = {
    "most frequent": lambda seed: DummyClassifier(strategy="most_frequent"),
    "random forest": lambda seed: make_pipeline(
        FunctionTransformer(lambda X: X.reshape(len(X), -1)),
        RandomForestClassifier(300, random_state=seed),
    ),
    "MiniRocket": MiniRocket,
}
# Published: shares 0.7/0.9, multiples 2/4, batch ratios 0.1/0.2, epochs 10/20, rates 1e-3/1e-4.
_QUICK = {
    "datasets": OFFLINE, "networks": ("InceptionTime", "LSTM 64x2"), "seeds": 3,
    "generators": FREE, "quality": True, "gan_steps": 600, "shared": True, "most_trained": None,
    "share": (0.9,), "multiple": (2,), "batch_ratio": (0.2,),
    "epochs": (10,), "learning_rate": (1e-3,), "patience": (None,),
}  # fmt: skip
_UEA = _QUICK | {
    "datasets": NINE, "networks": ("InceptionTime 8", "LSTM 64x2"), "generators": tuple(GENERATORS),
    "quality": False, "gan_steps": 300, "shared": False, "most_trained": 320,
}  # fmt: skip
PROFILES = {
    "quick": _QUICK,
    # A smaller network, and smaller batches: more steps at less cost.
    "converged": _QUICK | {
        "networks": ("InceptionTime 8", "LSTM 64x2"), "batch_ratio": (0.1,), "epochs": (100,),
        "patience": (10,),
    },
    "uea": _UEA,
    "uea converged": _UEA | {"batch_ratio": (0.1,), "epochs": (100,), "patience": (10,)},
    "paper": _QUICK | {
        "datasets": (*MULTIVARIATE, "JapaneseVowels"),
        "networks": ("InceptionTime", "LSTM 64x2", "LSTM 64x3", "LSTM 128x2", "LSTM 128x3"),
        "seeds": 5, "gan_steps": 2000, "share": (0.7, 0.9), "multiple": (2, 4),
        "batch_ratio": (0.1, 0.2), "epochs": (10, 20), "learning_rate": (1e-3, 1e-4),
    },
}  # fmt: skip


class Kept(BaseGenerator):
    """A generator in a file: fitted once for equal data and seed, for all networks and runs."""

    def __init__(self, generator=None, folder="", task="auto", random_state=None):
        self.generator = generator
        self.folder = folder
        super().__init__(task, random_state)

    def fit(self, X, y):
        """Fit and save, or load."""
        facts = "\n".join([repr(self.generator), str(self.random_state), code(), *y])
        digest = hashlib.sha256(X.tobytes() + facts.encode()).hexdigest()
        path = Path(self.folder) / f"{digest[:32]}.npz"
        if not path.exists():
            own = {"task": self.task, "random_state": self.random_state}
            clone(self.generator).set_params(**own).fit(X, y).save(path)
        self.fitted_ = BaseGenerator.load(path)
        self.shape_ = self.fitted_.shape_
        return self

    def sample(self, n=None, y=None, *, random_state=None):
        """Sample from the fitted generator."""
        return self.fitted_.sample(n, y, random_state=random_state)


def code():
    """Give the sha256 of what generates and pre-trains: a change makes the records void."""
    digest = hashlib.sha256()
    for path in sorted(Path(sktl.synthesis.__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def plan(profile, panels, networks, generators, gan_steps):
    """Give every trial: baselines, references, then what is pre-trained, seed by seed."""
    grids = [dict(zip(FACTORS, values, strict=True))
             for values in itertools.product(*(profile[factor] for factor in FACTORS))]  # fmt: skip
    fixed = {"code": code(), "gan_steps": gan_steps}
    for name, seed in sorted(panels, key=lambda place: place[1]):
        digest = hashlib.sha256(b"".join(np.ascontiguousarray(a).data for a in panels[name, seed]))
        data = Data(name, content=digest.hexdigest())
        for baseline in BASELINES:
            yield Trial("baseline", baseline, data, None, seed)
        for network in networks:
            references = {repr({k: s[k] for k in TRAINING}): s for s in grids}.values()
            for setting in references:
                training = {key: setting[key] for key in TRAINING}
                yield Trial("reference", network, data, None, seed, parameters=training)
            for setting, generator in itertools.product(grids, generators):
                yield Trial(
                    "transfer", network, data, None, seed, generator, 1.0,
                    parameters=setting | fixed,
                )  # fmt: skip


def execute(trial, panels, folder, with_quality):
    """Fit a baseline, a network, or a pre-trained one, and score it on the test set."""
    X, y, X_test, y_test = panels
    start = time.perf_counter()
    if trial.kind == "baseline":
        model = BASELINES[trial.architecture](trial.rerun)
    else:
        model = prepared(trial, len(y), folder)
    model.fit(X, y)
    seconds = time.perf_counter() - start
    predicted = model.predict(X_test)
    extra = {}
    if trial.kind != "baseline":
        extra["history"] = model.history_.to_dict("list")
    if trial.kind == "transfer" and trial.source != MORE_TRAINING:
        extra["pretraining"] = model.pretraining_history_.to_dict("list")
        direct = model.pretrained_.predict(X_test)
        for average in ("weighted", "macro"):
            name = "before_fine_tuning" + "_macro" * (average == "macro")
            extra[name] = f1_score(y_test, direct, average=average, zero_division=0)
        if with_quality:
            figures = quality(model.generator_, X, y, X_test, y_test, random_state=0)
            extra["quality"] = {k: v if math.isfinite(v) else None for k, v in figures.items()}
    return {
        "status": "ok",
        "f1_weighted": f1_score(y_test, predicted, average="weighted", zero_division=0),
        "f1_macro": f1_score(y_test, predicted, average="macro", zero_division=0),
        "accuracy": accuracy_score(y_test, predicted),
        "n_train": len(y), "n_test": len(y_test), "n_classes": len(np.unique(y)),
        "n_channels": X.shape[1], "length": X.shape[2], "seconds": seconds, **extra,
    }  # fmt: skip


def prepared(trial, n_train, folder):
    """Give the network of a trial, in front of it what pre-trains it."""
    setting = trial.parameters
    network = clone(NETWORKS[trial.architecture]).set_params(
        n_epochs=setting["epochs"],
        learning_rate=setting["learning_rate"],
        batch_size=max(2, round(setting["batch_ratio"] * n_train)),
        validation_size=0.2,
        early_stopping_patience=setting["patience"],
        reduce_lr_patience=None,
        # The same for all that is compared: split, first weights, order.
        random_state=trial.rerun,
    )
    if trial.kind == "reference":
        return network
    if trial.source == MORE_TRAINING:
        patience, times = setting["patience"], 1 + setting["multiple"]
        return network.set_params(
            n_epochs=times * setting["epochs"],
            early_stopping_patience=patience and times * patience,
        )
    generator = clone(GENERATORS[trial.source])
    if isinstance(generator, WGANGPGenerator):
        generator = Kept(generator.set_params(n_steps=setting["gan_steps"]), str(folder))
    return SyntheticPretraining(
        network, generator, multiple=setting["multiple"], generator_share=setting["share"]
    )


def run(trials, panels, store, with_quality=True, until=math.inf):
    """Run what the store lacks, and begin nothing after a time; give the records there are."""
    trials = list(trials)
    first = next((t.architecture for t in trials if t.kind == "transfer"), None)
    missing = [trial for trial in trials if store.read(trial) is None]
    print(f"{len(trials)} trials, {len(trials) - len(missing)} of them done before", flush=True)
    for number, trial in enumerate(missing, start=1):
        if time.monotonic() > until:
            print(f"ended in time, {len(missing) - number + 1} trials are left", flush=True)
            break
        judged = with_quality and trial.rerun == 0 and trial.architecture == first
        judged = judged and trial.source != MORE_TRAINING
        place = trial.data.name, trial.rerun
        results = execute(trial, panels[place], store.folder / "generators", judged)
        store.write(trial, results)
        print(f"{number}/{len(missing)} {trial}: F1 {results['f1_weighted']:.3f}, "
              f"{results['seconds']:.0f} s", flush=True)  # fmt: skip
    return [record for record in map(store.read, trials) if record is not None]


def main(arguments=None):
    """Run the plan and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--profile", choices=PROFILES, default="quick")
    parser.add_argument("--out", default="results/synthetic_pretraining", help="folder of records")
    parser.add_argument("--shared", help="folder with data/emg_myo and data/fsdd")
    parser.add_argument("--datasets", nargs="+", help="only these")
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, help="only these")
    parser.add_argument("--generators", nargs="+", choices=GENERATORS, help="only these")
    parser.add_argument("--seeds", type=int, help="runs of each trial")
    parser.add_argument("--gan-steps", type=int, help="steps of the GAN")
    parser.add_argument("--minutes", type=float, default=math.inf, help="begin nothing after these")
    chosen = parser.parse_args(arguments)
    profile = PROFILES[chosen.profile]
    names = chosen.datasets or list(profile["datasets"])
    if chosen.shared and not chosen.datasets and profile["shared"]:
        names += SHARED
    panels, left_out = available(
        names, chosen.shared, chosen.seeds or profile["seeds"], profile["most_trained"]
    )
    reasons = "".join(f"not run: {name} ({reason})\n" for name, reason in left_out.items())
    print(reasons, end="", flush=True)
    if not panels:
        parser.exit(1, "There is nothing to run.\n")
    store = Store(chosen.out).create()
    start = time.perf_counter()
    trials = plan(
        profile, panels, chosen.networks or profile["networks"],
        chosen.generators or profile["generators"], chosen.gan_steps or profile["gan_steps"],
    )  # fmt: skip
    until = time.monotonic() + 60 * chosen.minutes
    records = run(trials, panels, store, profile["quality"], until)
    print(f"{(time.perf_counter() - start) / 60:.1f} minutes\n")
    text = "\n\n".join(f"{title}\n\n{markdown(table)}" for title, table in report(records).items())
    print(f"{text}\n\n{reasons}", end="")
    (Path(chosen.out) / f"tables_{chosen.profile}.md").write_text(f"{text}\n\n{reasons}")


if __name__ == "__main__":
    main()
