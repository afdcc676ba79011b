"""Impedance inversion: does a TCN that knows one geology need fewer traces of another?

    python -m benchmarks.studies.impedance --data-home FOLDER --out results/impedance

After Wang et al. (2022): a TCN learns acoustic impedance from seismic traces of Marmousi-2 (450
training, 450 validation, the rest test traces), without and with 20 % noise. On a second geology it
is then (a) applied as it is, (b) trained anew on a few traces, (c) transferred and fine-tuned on
the same few traces. The models are looked for, by their file names, in FOLDER (default:
$SKTL_MIRROR); Overthrust is the second geology where it is there, else the Marmousi of 1988. What
is not found is simulated, and called so. Densities are Gardner's unless the model has its own.

Epochs and omega are chosen by validation traces alone, as many as there are training traces; the
scores are those of all other traces. Everything done is kept in --out, and not done again.
"""

import argparse
import hashlib
import json
import os
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from benchmarks.pages.impedance_page import write_page
from sktl.datasets.earth_models import load_earth_model
from sktl.datasets.impedance import trace_split
from sktl.datasets.simulators import simulate_layered_earth
from sktl.estimators import TCNSequenceRegressor
from sktl.evaluation import pcc_squared, pearson_correlation, r2
from sktl.model_selection import OmegaSearch

# Samples of the trace that the linear inverse sees around each sample.
FILTER = 201


@dataclass(frozen=True)
class Profile:
    """How much is done. Two trainings on few traces are compared at equal n_epochs."""

    seeds: int = 5
    noises: tuple = (0.0, 0.2)
    counts: tuple = (1, 2, 5, 10, 20, 50)
    source_epochs: int = 60
    target_epochs: int = 300
    patience: int = 60
    omegas: tuple = (0.3, 1.0)
    n_source_train: int = 450
    n_simulated: int = 2721
    n_timepoints: int = 550  # of simulated traces
    network: str = "causal"
    dropout: float = 0.2
    learning_rate: float = 1e-3


PROFILES = {
    "standard": Profile(),
    "quick": Profile(seeds=2, counts=(5,), source_epochs=30),
    "tiny": Profile(
        seeds=2, counts=(2, 5), source_epochs=2, target_epochs=3, omegas=(1.0,),
        n_source_train=20, n_simulated=192, n_timepoints=60, network="noncausal",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Section:
    """Traces side by side, and what they are."""

    name: str
    X: np.ndarray
    y: np.ndarray
    about: str

    def noisy(self, noise, seed):
        """Add Gaussian noise, its deviation a share of that of the section."""
        rng = np.random.default_rng([seed, round(100 * noise)])
        extra = rng.normal(0.0, noise * self.X.std(), self.X.shape) if noise else 0.0
        return replace(self, X=(self.X + extra).astype(np.float32))


def real(names, data_home):
    """Give the first model whose file is found, as a section."""
    for name in names:
        model = load_earth_model(name, data_home)
        if model is not None:
            density = "its own" if model.density_from == "model" else "Gardner's"
            X, y = model.traces(frequency_hz=25.0, dt_s=0.004)
            about = f"real model, {len(X):,} traces of {X.shape[2]} samples, density {density}"
            return Section(name, X, y, about)
    return None


def simulated(n_traces, n_timepoints, seed, name):
    """Simulate a layered earth with the wavelet of the real ones."""
    X, y = simulate_layered_earth(
        n_traces, seed, n_timepoints=n_timepoints, dt_s=0.004, frequency_hz=25.0
    )
    return Section(name, X, y, f"SIMULATED layered earth, {n_traces:,} traces")


class Experiment:
    """Runs what the folder lacks; every training is one file."""

    def __init__(self, profile, out, source, target_of, progress=True):
        self.profile, self.out, self.source, self.target_of = profile, Path(out), source, target_of
        target = target_of(0)
        # What decides on a single training; the rest says how many there are.
        how = {k: v for k, v in asdict(profile).items() if k not in ("seeds", "noises", "counts")}
        description = [how, source.name, source.about, target.name, target.about]
        self.settings = hashlib.sha256(json.dumps(description).encode()).hexdigest()[:12]
        self.folder = self.out / "records" / self.settings
        self.counts = [n for n in profile.counts if 3 * n < len(target.X)]
        seeds = range(profile.seeds)
        units = [(self.pretrain, noise, seed) for noise in profile.noises for seed in seeds]
        # The main comparison comes first: a run that was stopped has it.
        units += [
            (self.few, n, seed) for n in sorted(self.counts, key=lambda n: n != 5) for seed in seeds
        ]
        self._units = tqdm(units, desc="trainings", disable=not progress)

    def run(self):
        """Do everything and return all records."""
        records = []
        for do, value, seed in self._units:
            path = self.folder / f"{do.__name__}-{value:g}-seed{seed}.json"
            if not path.is_file():
                started = time.process_time()
                rows = do(value, seed)
                seconds = time.process_time() - started
                # The record comes last: where it is, the rest is.
                about = {"unit": path.stem, "cpu_s": seconds}
                write(path, json.dumps([row | about for row in rows], indent=1))
            records += json.loads(path.read_text())
        return records

    def donor_folder(self, seed):
        """Where the weights lie that are transferred."""
        return self.folder / f"source-seed{seed}"

    def pretrain(self, noise, seed):
        """Train on the source; without noise, keep the weights and predict the target directly."""
        section, profile = self.source.noisy(noise, seed), self.profile
        parts = trace_split(len(section.X), profile.n_source_train)
        train, held_out, test = ((section.X[rows], section.y[rows]) for rows in parts.values())
        donor = self.network(seed, n_epochs=profile.source_epochs, reduce_lr_patience=10)
        donor.fit(*train, validation_data=held_out)
        predicted = donor.predict(section.X)
        common = {"noise": noise, "seed": seed, "loss": best_loss(donor)}
        rows = [score("source", test[1], predicted[parts["test"]]) | common]
        self.keep(seed, f"source-{noise:g}", predicted)
        if noise == 0:
            donor.save_pretrained(
                self.donor_folder(seed), name=section.name, dataset=section.name,
                simulated=section.about.startswith("SIMULATED"), sampling_rate=250,
            )  # fmt: skip
            target = self.target_of(seed)
            direct = donor.predict(target.X)
            self.keep(seed, "direct", direct)
            for n in self.counts:
                test = few_split(len(target.X), n)["test"]
                rows.append(score("direct", target.y[test], direct[test]) | {"seed": seed, "n": n})
        return rows

    def few(self, n, seed):
        """Train on n traces of the target in all the ways that are compared."""
        target, profile = self.target_of(seed), self.profile
        parts = few_split(len(target.X), n)
        train, held_out, test = ((target.X[rows], target.y[rows]) for rows in parts.values())
        network = self.network(
            seed, n_epochs=profile.target_epochs, reduce_lr_patience=None,
            early_stopping_patience=profile.patience, batch_size=-(-n // 5),
        )  # fmt: skip
        data = {"X": train[0], "y": train[1], "validation_data": held_out}
        scratch = network.clone().fit(**data)
        network.set_params(source=str(self.donor_folder(seed)))
        search = OmegaSearch(network, profile.omegas, include_scratch=False).fit(**data)
        transfer = search.best_estimator_
        rescaled = network.clone().set_params(omega=0.0, n_epochs=1).fit(**data)
        rows, common = [], {"n": n, "seed": seed}
        trained = {"scratch": scratch, "transfer": transfer, "rescaled": rescaled}
        for method, fitted in trained.items():
            predicted = fitted.predict(target.X)
            row = score(method, test[1], predicted[parts["test"]]) | common
            if method != "rescaled":
                row |= {"loss": best_loss(fitted), "epoch": fitted.best_epoch_}
            rows.append(row | {"omega": fitted.omega if method == "transfer" else None})
            if n == 5:
                self.keep(seed, method, predicted)
        interpolated = between(parts["train"], train[1], parts["test"])
        filtered = linear_inverse(*train, *held_out, test[0])
        return [
            *rows,
            score("interpolation", test[1], interpolated) | common,
            score("linear", test[1], filtered) | common,
        ]

    def network(self, seed, **params):
        """Make a network of the profile."""
        profile = self.profile
        return TCNSequenceRegressor.from_preset(
            profile.network, dropout=profile.dropout, learning_rate=profile.learning_rate,
            early_stopping_patience=None, schedule="published", random_state=seed,
            short_series="pad",
        ).set_params(**params)  # fmt: skip

    def keep(self, seed, name, predicted):
        """Keep the predictions of the first seed, for the figures."""
        if seed == 0:
            write(self.folder / f"{name}.npy", predicted.astype(np.float32))

    def kept(self, name):
        """Read what `keep` wrote; None where there is nothing."""
        path = self.folder / f"{name}.npy"
        return np.load(path) if path.is_file() else None


def few_split(n_traces, n):
    """Take n evenly spaced training traces and, halfway between them, validation traces."""
    places = ((np.arange(2 * n) + 0.5) * n_traces / (2 * n)).astype(int)
    test = np.setdiff1d(np.arange(n_traces), places)
    return {"train": places[::2], "validation": places[1::2], "test": test}


def between(places, values, wanted):
    """Interpolate impedance along the section between known traces: a guess without seismics."""
    return np.array([np.interp(wanted, places, column) for column in values.T]).T


def linear_inverse(X, y, X_held_out, y_held_out, X_new):
    """Predict impedance by a linear filter of the trace, its penalty chosen by validation traces.

    A sample's impedance is a constant plus a weighted sum of the trace around it (ridge regression
    on windows of `FILTER` samples, zeros beyond the ends).
    """
    from numpy.lib.stride_tricks import sliding_window_view
    from sklearn.linear_model import Ridge

    def windows(X):
        half = FILTER // 2
        padded = np.pad(np.asarray(X)[:, 0] / X.std(), [(0, 0), (half, half)])
        return sliding_window_view(padded, FILTER, axis=1).reshape(-1, FILTER)

    rows, wanted = windows(X), windows(X_held_out)
    fits = [Ridge(alpha).fit(rows, y.ravel()) for alpha in np.logspace(-3, 5, 17)]
    errors = [np.mean((fit.predict(wanted) - y_held_out.ravel()) ** 2) for fit in fits]
    return fits[int(np.argmin(errors))].predict(windows(X_new)).reshape(len(X_new), -1)


def best_loss(fitted):
    """Return the training loss of the epoch whose weights are used."""
    return float(fitted.history_["loss"][fitted.best_epoch_])


def score(method, y, predicted):
    """Compare impedances, all samples of all traces together."""
    return {
        "method": method, "n_test": len(y), "pcc": pearson_correlation(y, predicted),
        "r2": r2(y, predicted), "pcc2": pcc_squared(y, predicted),
    }  # fmt: skip


def write(path, content):
    """Write a text or an array, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    with open(part, "wb") as file:
        if isinstance(content, str):
            file.write(content.encode())
        else:
            np.save(file, content)
    os.replace(part, path)


def main(arguments=None):
    """Run the experiment and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-home", help="folder with the models (default: $SKTL_MIRROR)")
    parser.add_argument("--out", default="results/impedance", help="folder of the results")
    parser.add_argument("--profile", choices=PROFILES, default="standard")
    parser.add_argument(
        "--target", choices=("real", "simulated"), default="real",
        help="simulated: a simulated second geology though a real one is there",
    )  # fmt: skip
    parser.add_argument("--seeds", type=int, help="instead of the profile's")
    chosen = parser.parse_args(arguments)
    started = time.perf_counter()
    profile = PROFILES[chosen.profile]
    if chosen.seeds:
        profile = replace(profile, seeds=chosen.seeds)
    source = real(["Marmousi-2"], chosen.data_home) or simulated(
        profile.n_simulated, profile.n_timepoints, 1000, "layers-simulated"
    )
    target = real(["Overthrust", "Marmousi"], chosen.data_home)

    def target_of(seed):
        if target is not None and chosen.target == "real":
            return target
        # Each seed has a geology of its own: 64 neighbouring traces.
        return simulated(64, round(0.95 * profile.n_timepoints), seed, "section-simulated")

    experiment = Experiment(profile, chosen.out, source, target_of)
    records = experiment.run()
    page = write_page(experiment, records)
    seconds = pd.DataFrame(records).drop_duplicates("unit")["cpu_s"].sum()
    now = time.perf_counter() - started
    print(f"{len(records)} scores from {seconds:.0f} s of CPU; this call took {now:.0f} s")
    print(page)
    return records


if __name__ == "__main__":
    main()
