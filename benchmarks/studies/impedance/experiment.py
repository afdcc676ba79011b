"""The trainings, each a record of its own."""

import hashlib
import json
import tempfile
import time
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from benchmarks.studies.impedance import peers
from benchmarks.studies.impedance.data import USUAL, few_split
from benchmarks.studies.impedance.scoring import best_loss, score, shuffle, split, write
from benchmarks.studies.impedance.settings import DECIDES, GUARD, VARIANTS, Variant
from sktl.datasets.impedance import trace_split
from sktl.estimators import TCNSequenceRegressor
from sktl.model_selection import OmegaSearch

#: Traces of the main comparison, as published.
MAIN = 5


class Experiment:
    """Does what the folder lacks, the main comparison first.

    Parameters
    ----------
    profile : Profile
    out : path-like
        Folder of the records.
    earths : Earths
    progress : bool
        Show a bar over the trainings.
    """

    def __init__(self, profile, out, earths, progress=True):
        self.profile, self.out, self.earths = profile, Path(out), earths
        self.progress = progress
        self.source, self.target = earths.source(), earths.target(0)
        how = {name: getattr(profile, name) for name in DECIDES}
        sections = (self.source, self.target)
        description = [how, *(text for one in sections for text in (one.name, one.about))]
        self.settings = hashlib.sha256(json.dumps(description).encode()).hexdigest()[:12]
        self.folder = self.out / "records" / self.settings
        self.counts = [n for n in profile.counts if 3 * n < len(self.target.X)]
        self.main = MAIN if MAIN in self.counts else self.counts[-1]
        self.lacks_unet = peers.unet_missing()

    def units(self):
        """Name everything that there is to do, what matters most first."""
        profile = self.profile
        seeds, names = range(profile.seeds), profile.variants
        variants = VARIANTS if names is None else {name: VARIANTS[name] for name in names}
        found = {}

        def add(do, *arguments, mark):
            # A seed's record is named so that old ones keep their names.
            found[f"{do.__name__}-{mark}-seed{arguments[1]}"] = partial(do, *arguments)

        for noise, seed in product(profile.noises, seeds):
            mark = f"{self.main}-{noise:g}" if noise else f"{self.main}"
            add(self.pretrain, noise, seed, mark=f"{noise:g}")
            add(self.few, self.main, seed, noise, mark=mark)
            add(self.peers, self.main, seed, noise, mark=mark)
        for noise, seed in product(profile.noises if not self.lacks_unet else (), seeds):
            mark = f"{self.main}-{noise:g}" if noise else f"{self.main}"
            add(self.unet, self.main, seed, noise, mark=mark)
        for do, seed in product((self.direct, self.probes), seeds):
            add(do, self.main, seed, mark=f"{self.main}")
        for seed in seeds:
            add(self.heads, self.main, seed, mark=f"{self.main}")
        for name in variants:
            add(self.variant, name, 0, mark=name)
        for do, seeds_of in ((self.frozen, seeds), (self.guard, seeds[: profile.guarded])):
            for seed, case in product(seeds_of, range(len(GUARD))):
                add(do, case, seed, mark=f"{case}")
        for n, seed in product((n for n in self.counts if n != self.main), seeds):
            add(self.few, n, seed, mark=f"{n}")
            add(self.peers, n, seed, mark=f"{n}")
            if not self.lacks_unet:
                add(self.unet, n, seed, mark=f"{n}")
        for name, variant in variants.items():
            for seed in seeds[1 : variant.seeds]:
                add(self.variant, name, seed, mark=name)
        return found

    def run(self, minutes=None, only=()):
        """Do what is missing, and return all records.

        Parameters
        ----------
        minutes : float, optional
            Begin nothing after so many; 0 begins nothing at all.
        only : sequence of str
            Only units whose name begins so, in this order. Default: all.
        """
        started, names = time.monotonic(), list(self.units())
        wanted = [n for begin in only or [""] for n in names if n.startswith(begin)]
        wanted = [name for name in dict.fromkeys(wanted) if not self._done(name)]
        for name in tqdm(wanted, desc="units", disable=not self.progress):
            if minutes is not None and time.monotonic() - started >= 60 * minutes:
                break
            began = time.process_time()
            rows = self.units()[name]()
            seconds = time.process_time() - began
            about = {"unit": name, "cpu_s": seconds, "settings": self.settings}
            # The record comes last: where it is, the rest is.
            write(self._path(name), json.dumps([row | about for row in rows], indent=1))
        paths = [path for name in names if (path := self._path(name)).is_file()]
        return [row for path in paths for row in json.loads(path.read_text())]

    def missing(self):
        """Name what is not done."""
        return [name for name in self.units() if not self._done(name)]

    def _path(self, name):
        return self.folder / f"{name}.json"

    def _done(self, name):
        return self._path(name).is_file()

    def take(self, table):
        """Take the records of a published table for units that the folder lacks.

        Parameters
        ----------
        table : path-like
            A csv file as the page of the documentation has beside it.

        Raises
        ------
        ValueError
            If the records were made with other settings.
        """
        records, names = pd.read_csv(table), set(self.missing())
        made = set(records["settings"])
        if made != {self.settings}:
            raise ValueError(
                f"The records must be of this run's settings, {self.settings}. Received: {table} "
                f"with {', '.join(sorted(made))}"
            )
        for name, rows in records.groupby("unit", sort=False):
            if name in names:
                whole = [
                    {key: _as_written(value) for key, value in row.items() if not pd.isna(value)}
                    for row in rows.to_dict("records")
                ]
                write(self._path(name), json.dumps(whole, indent=1))

    def donor(self, seed, variant=None):
        """Return where the weights lie that are transferred; train them where there are none."""
        folder = self._donor_folder(seed, variant)
        if not folder.is_dir():
            section, more = self.source, ()
            if variant is not None and variant.pretrains:
                section = self.earths.source(variant.source)
                more = variant.preset, variant.source_epochs
            self._save(self._pretrained(section, seed, *more)[0], section, folder)
        return folder

    def _donor_folder(self, seed, variant=None):
        mark = ""
        if variant is not None and variant.pretrains:
            made = f"{variant.preset or self.profile.network}-{variant.source}"
            mark = "-" + hashlib.sha256(made.encode()).hexdigest()[:8]
        return self.folder / f"source{mark}-seed{seed}"

    def pretrain(self, noise, seed):
        """Train on the source; without noise, keep the weights and predict the target directly."""
        section = self.source.noisy(noise, seed)
        donor, parts = self._pretrained(section, seed)
        predicted = donor.predict(section.X)
        test, common = parts["test"], {"noise": noise, "seed": seed}
        rows = [score("source", section.y[test], predicted[test])]
        rows[0] |= common | {"loss": best_loss(donor)}
        self._keep(seed, f"source-{noise:g}", predicted)
        if noise == 0:
            self._save(donor, section, self._donor_folder(seed))
            target = self.earths.target(seed)
            direct = donor.predict(target.X)
            self._keep(seed, "direct", direct)
            for n in self.counts:
                test = few_split(len(target.X), n)["test"]
                rows.append(score("direct", target.y[test], direct[test]) | common | {"n": n})
        return rows

    def few(self, n, seed, noise=0.0):
        """Train on n traces of the target from scratch and with transfer."""
        target = self.earths.target(seed).noisy(noise, seed)
        data, parts = split(target, n)
        network = self.target_network(seed, n)
        scratch = network.clone().fit(**data)
        network.set_params(source=str(self.donor(seed)))
        omegas = self.profile.omegas
        transfer = OmegaSearch(network, omegas, include_scratch=False).fit(**data).best_estimator_
        rescaled = network.clone().set_params(omega=0.0, n_epochs=1).fit(**data)
        rows, ways = [], {"scratch": scratch, "transfer": transfer, "rescaled": rescaled}
        for method, fitted in ways.items():
            row = self._scored(method, fitted, target, parts) | {"n": n, "seed": seed}
            row |= {"noise": noise, "omega": fitted.omega if method == "transfer" else None}
            rows.append(row)
            if n == self.main:
                name = f"{method}-{noise:g}" if noise else method
                self._keep(seed, name, fitted.predict(target.X))
        return rows

    def peers(self, n, seed, noise=0.0):
        """Predict by what needs no network."""
        target = self.earths.target(seed).noisy(noise, seed)
        data, parts = split(target, n)
        X, y, held_out = data["X"], data["y"], data["validation_data"]
        X_test, y_test = target.X[parts["test"]], target.y[parts["test"]]
        predicted = {
            "interpolation": peers.between(parts["train"], y, parts["test"]),
            "mean": peers.MeanTrace().fit(X, y).predict(X_test),
            "linear": peers.linear_inverse(X, y, *held_out, X_test),
        }
        common = {"n": n, "seed": seed, "noise": noise}
        return [score(method, y_test, values) | common for method, values in predicted.items()]

    def unet(self, n, seed, noise=0.0):
        """Train a U-Net on the few traces as the TCN is trained."""
        target = self.earths.target(seed).noisy(noise, seed)
        data, parts = split(target, n)
        predicted, loss, epoch = peers.unet_inverse(
            data["X"], data["y"], data["validation_data"], target.X[parts["test"]],
            n_epochs=self.profile.target_epochs, patience=self.profile.patience,
            batch_size=-(-n // 5), seed=seed,
        )  # fmt: skip
        row = score("unet", target.y[parts["test"]], predicted)
        return [row | {"n": n, "seed": seed, "noise": noise, "loss": loss, "epoch": epoch}]

    def probes(self, n, seed):
        """Fit the output layer alone, to frozen features of the source and to random ones."""
        ways = {"probe": {}, "random probe": {"source": None}}
        return self._heads(n, seed, ways, omega=0.0, n_epochs=0)

    def heads(self, n, seed):
        """Fine-tune from the probe (LP-FT), and from a random output layer."""
        return self._heads(n, seed, {"LP-FT": {}, "random head": {"head": "random"}})

    def _heads(self, n, seed, ways, **common):
        target = self.earths.target(seed)
        data, parts = split(target, n)
        network = self.target_network(
            seed, n, source=str(self.donor(seed)), transfer_head=False, head="probe", **common
        )
        rows = []
        for method, params in ways.items():
            fitted = network.clone().set_params(**params).fit(**data)
            rows.append(self._scored(method, fitted, target, parts) | {"n": n, "seed": seed})
        return rows

    def variant(self, name, seed):
        """Repeat the main comparison under other conditions."""
        variant = VARIANTS[name]
        target = self.earths.target(seed, variant.target)
        data, parts = split(target, self.main)
        donor, rows = self.donor(seed, variant=variant), []
        common = {"variant": name, "n": self.main, "seed": seed}
        network = self.target_network(seed, self.main, variant.preset, **variant.trained)
        scratch = network.clone().fit(**data)
        transfer = network.clone().set_params(source=str(donor)).fit(**data)
        for method, fitted in {"scratch": scratch, "transfer": transfer}.items():
            rows.append(self._scored(method, fitted, target, parts) | common)
            self._keep(seed, f"{name}-{method}", fitted.predict(target.X))
        test = parts["test"]
        direct = self._direct(donor, seed, variant)(target.X[test])
        return [*rows, score("direct", target.y[test], direct) | common]

    def direct(self, n, seed):
        """Apply the source's network to targets that are made otherwise; nothing is trained."""
        predict, rows = self._direct(self.donor(seed), seed), []
        cases = [(None, USUAL, noise) for noise in self.profile.noises if noise]
        cases += [
            (name, v.target, 0.0) for name, v in VARIANTS.items() if not (v.pretrains or v.trained)
        ]
        for name, seismics, noise in cases:
            target = self.earths.target(seed, seismics).noisy(noise, seed)
            test = few_split(len(target.X), n)["test"]
            predicted = predict(target.X)
            row = score("direct", target.y[test], predicted[test])
            rows.append(row | {"variant": name, "n": n, "seed": seed, "noise": noise})
            if noise:
                self._keep(seed, f"direct-{noise:g}", predicted)
        return rows

    def frozen(self, case, seed):
        """Do what `guard` does for linear probes on frozen features."""
        probe = {"omega": 0.0, "n_epochs": 0, "transfer_head": False, "head": "probe"}
        return self.guard(case, seed, **probe)

    def guard(self, case, seed, **params):
        """Let OmegaSearch decide between transfer, scratch and simple baselines."""
        polarity, shuffled = list(GUARD.values())[case]
        target = self.earths.target(seed)
        target = replace(target, X=polarity * target.X)
        data, parts = split(target, self.main)
        with tempfile.TemporaryDirectory() as folder:
            donor = self.donor(seed)
            if shuffled:
                donor = shuffle(donor, f"{folder}/shuffled", seed)
            network = self.target_network(seed, self.main, source=str(donor), **params)
            baselines = [("mean", peers.MeanTrace()), ("linear", peers.LinearInverse(100.0))]
            omegas = (params.get("omega", 1.0),)
            search = OmegaSearch(network, omegas, baselines=baselines).fit(**data)
            decision, table = search.decision_, search.cv_results_
            guarded = self._scored("guard", search, target, parts)
            row = {}
            for name, params in zip(("scratch", "transfer"), table["params"], strict=False):
                # A candidate trained alone is the same, bit for bit.
                alone = network.clone().set_params(**params)
                row[name] = (
                    guarded if name == decision["kept"]
                    else self._scored(name, alone.fit(**data), target, parts)
                )["r2"]  # fmt: skip
        name = search.best_params_.get("baseline", decision["kept"])
        kept = {"kept": name, "gain": decision["gain"], "margin": decision["margin"]}
        return [guarded | row | kept | {"case": case, "n": self.main, "seed": seed}]

    def target_network(self, seed, n, preset=None, **params):
        """Make a network for n traces of the target."""
        profile = self.profile
        usual = {"n_epochs": profile.target_epochs, "early_stopping_patience": profile.patience}
        usual |= {"reduce_lr_patience": None, "batch_size": -(-n // 5)}
        return self.network(seed, preset).set_params(**usual | params)

    def network(self, seed, preset=None):
        """Make a network of the profile."""
        profile = self.profile
        return TCNSequenceRegressor.from_preset(
            preset or profile.network, dropout=profile.dropout,
            learning_rate=profile.learning_rate, early_stopping_patience=None,
            schedule="published", random_state=seed, short_series="pad",
        )  # fmt: skip

    def kept(self, name):
        """Read the predictions of the first seed; None where there are none."""
        path = self.folder / f"{name}.npy"
        return np.load(path) if path.is_file() else None

    def _keep(self, seed, name, predicted):
        if seed == 0:
            write(self.folder / f"{name}.npy", predicted.astype(np.float32))

    def _pretrained(self, section, seed, preset=None, n_epochs=None):
        parts = trace_split(len(section.X), self.profile.n_source_train)
        train, held_out, _ = ((section.X[rows], section.y[rows]) for rows in parts.values())
        donor = self.network(seed, preset)
        n_epochs = min(self.profile.source_epochs, n_epochs or self.profile.source_epochs)
        donor.set_params(n_epochs=n_epochs, reduce_lr_patience=10)
        return donor.fit(*train, validation_data=held_out), parts

    def _direct(self, donor, seed, variant=None):
        """Return what predicts by the source's network, with the z-scores of its own training."""
        variant = variant or Variant("as in the main comparison")
        section = self.earths.source(variant.source)
        train = trace_split(len(section.X), self.profile.n_source_train)["train"]
        X, y = section.X[train], section.y[train]
        # Nothing is trained: two traces bring the weights into an estimator, whose own z-scores are
        # undone.
        frozen = {"source": str(donor), "omega": 0.0, "n_epochs": 1, "validation_size": None}
        network = self.network(seed, variant.preset).set_params(**frozen)
        few = network.fit(X[:2], y[:2])
        (a, b), (c, d), (e, f), (g, h) = (
            (part.mean(dtype=float), part.std(dtype=float)) for part in (X, y, X[:2], y[:2])
        )

        def predict(values):
            outputs = few.predict(((values - a) / b * f + e).astype(np.float32))
            return (outputs - g) / h * d + c

        return predict

    def _save(self, donor, section, folder):
        donor.save_pretrained(
            folder, name=section.name, dataset=section.name,
            simulated=section.about.startswith("SIMULATED"), sampling_rate=250,
        )  # fmt: skip

    def _scored(self, method, fitted, target, parts):
        test = parts["test"]
        row = score(method, target.y[test], fitted.predict(target.X[test]))
        if getattr(fitted, "history_", None) is not None and len(fitted.history_) > 1:
            row |= {"loss": best_loss(fitted), "epoch": fitted.best_epoch_}
        return row


def _as_written(value):
    # A column in which some rows have nothing is one of floats.
    return int(value) if isinstance(value, float) and value.is_integer() else value
