"""The source of several targets against those of one, on real earthquakes.

    python -m benchmarks.studies.joint_source --seismic FOLDER
    python -m benchmarks.studies.joint_source --seismic FOLDER --fine-tune --draws 3

FOLDER holds ``<architecture>/seismic-simulated``, as ``python -m benchmarks.release.pretrain
--datasets seismic --out FOLDER`` writes it. Of every draw, 30 % of the 50 earthquakes test; 10, 20
or 35 of the others train. A source is a linear probe of its frozen features, or a start (LP-FT:
the output layer starts as the probe, omega 0.25). Log amplitudes are a block of every probe, and
an input of every network. One row a fit goes to a CSV file, from which a run continues.

Nothing is tuned, but whether the source is worth having is decided here: to whoever uses it, these
50 earthquakes are development data, no test.
"""

from __future__ import annotations

import argparse
import time
import warnings
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.studies.few_labels.readers import stead_earthquakes
from benchmarks.studies.rows import append, known_keys
from sktl import estimators
from sktl.estimators.features.amplitude import AmplitudeBlock
from sktl.estimators.features.frozen_source import FrozenSource
from sktl.estimators.linear_probe import WEIGHTS
from sktl.training.folds import folds_of
from sktl.training.probe_model import ProbeModel

TARGETS = {
    "magnitude": lambda of: float(of["source_magnitude"]),
    "S minus P (s)": lambda of: (of["s_arrival_sample"] - of["p_arrival_sample"]) / 100.0,
    "log10 distance": lambda of: float(np.log10(of["source_distance_km"])),
    "depth (km)": lambda of: float(of["source_depth_km"]),
}
SIZES = (10, 20, 35)
ALONE = ("STEAD-simulated", "LEN-DB-simulated", "LOMAX-simulated")
JOINT, TOGETHER, WITH, RANDOM, NONE = (
    "seismic-simulated", "all three", "all three and seismic", "random kernels", "amplitude alone",
)  # fmt: skip
SOURCES = (*ALONE, TOGETHER, JOINT, WITH, RANDOM, NONE)
STARTS = (*ALONE, JOINT)
ARCHITECTURES = ("ConvNetQuakeINGV", "MagNet", "TCN", "MLSTMFCN")
KEY = ["use", "architecture", "source", "target", "n_train", "draw"]


@cache
def earthquakes(shared, target):
    """Return series, target and event of the 50 earthquakes."""
    found = stead_earthquakes(shared, TARGETS[target])
    return found.X, found.y, found.groups


def drawn(groups, n_train, draw):
    """Return the indices that train and test: whole events, the smaller training sets nested."""
    rng = np.random.default_rng([50, draw])
    events = rng.permutation(np.unique(groups))
    tested = np.isin(groups, events[: round(0.3 * len(events))])
    return rng.permutation(np.flatnonzero(~tested))[:n_train], np.flatnonzero(tested)


def parts_of(source):
    """Name the sources of a probe."""
    several = {TOGETHER: ALONE, WITH: (*ALONE, JOINT), RANDOM: (None,), NONE: ()}
    return several.get(source, (source,))


class Features:
    """Frozen features of all earthquakes, each source's computed once."""

    def __init__(self, arguments, X):
        self._folder, self._X, self._kept = arguments.seismic, X, {}

    def of(self, architecture, source):
        """Return the table of one source."""
        if (architecture, source) not in self._kept:
            name = path_of(self._folder, architecture) if source == JOINT else source
            made = FrozenSource(architecture, name).transform(self._X)
            self._kept[architecture, source] = made
        return self._kept[architecture, source]


def path_of(folder, architecture):
    """Return where the joint source is: by its name, or in a folder."""
    return JOINT if folder is None else Path(folder) / architecture / JOINT


def probe(features, architecture, source, X, y, groups, train, test):
    """Return the test error and the left-out error of a probe, as `LinearProbeRegressor`'s."""
    names = parts_of(source)
    tables = {str(name): features.of(architecture, name)[train] for name in names}
    tested = {str(name): features.of(architecture, name)[test] for name in names}
    amplitude = AmplitudeBlock().fit(X[train])
    tables["amplitude"], tested["amplitude"] = (amplitude.transform(X[at]) for at in (train, test))
    weights = {str(name): WEIGHTS["sources"] / len(names) for name in names}
    model = ProbeModel(weights | {"amplitude": WEIGHTS["amplitude"]})
    scale = y[train].std()
    folds = folds_of(len(train), None, groups[train], y[train])
    model.fit(tables, y[train][:, None] / scale, folds)
    predicted = model.predict(tested)[:, 0] * scale
    return float(np.abs(predicted - y[test]).mean()), float(model.error_)


def start(arguments, architecture, source, X, y, train, test, draw):
    """Return the test error of a network that starts from a source, with a probe's head."""
    make = getattr(estimators, f"{architecture}Regressor")
    name = path_of(arguments.seismic, architecture) if source == JOINT else source
    model = make(source=name, omega=0.25, head="probe", random_state=draw)
    predicted = model.fit(X[train], y[train]).predict(X[test])
    return float(np.abs(predicted - y[test]).mean()), float("nan")


def main():
    """Measure what is missing, and print tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shared", type=Path, default=Path("../shared/data"))
    parser.add_argument("--out", type=Path, default=Path("results/joint_source.csv"))
    parser.add_argument("--seismic", type=Path, help="default: the source of this name")
    parser.add_argument("--architectures", nargs="+", choices=ARCHITECTURES, default=ARCHITECTURES)
    parser.add_argument("--targets", nargs="+", choices=TARGETS, default=tuple(TARGETS))
    parser.add_argument("--sizes", nargs="+", type=int, default=SIZES)
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("--fine-tune", action="store_true", help="starts instead of probes")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no fit later")
    arguments = parser.parse_args()
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    began, path = time.perf_counter(), arguments.out
    known = known_keys(path, KEY)
    use, sources = ("start", STARTS) if arguments.fine_tune else ("probe", SOURCES)
    features = None
    for key in (
        (use, architecture, source, target, size, draw)
        for draw in range(arguments.draws)
        for architecture in arguments.architectures
        for target in arguments.targets
        for size in arguments.sizes
        for source in sources
    ):
        if key in known or time.perf_counter() - began > 60 * arguments.minutes:
            continue
        _, architecture, source, target, size, draw = key
        X, y, groups = earthquakes(arguments.shared, target)
        train, test = drawn(groups, size, draw)
        features = features or Features(arguments, X)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if arguments.fine_tune:
                error, left_out = start(arguments, architecture, source, X, y, train, test, draw)
            else:
                error, left_out = probe(
                    features, architecture, source, X, y, groups, train, test
                )  # fmt: skip
        row = dict(zip(KEY, key, strict=True)) | {"mae": error, "left_out_error": left_out}
        append(path, [row])
    report(pd.read_csv(path))


def report(rows):
    """Print the mean errors, and the joint source against the best one that training data shows."""
    for use, of_use in rows.groupby("use"):
        print(f"\n{use}: mean absolute error, mean over draws")
        table = of_use.pivot_table("mae", ["architecture", "target", "n_train"], "source")
        print(table[[name for name in SOURCES if name in table]].round(3).to_string())
        wide = of_use.pivot_table("mae", ["architecture", "target", "n_train", "draw"], "source")
        wide = wide.dropna(subset=[JOINT, *ALONE])
        for name in (*ALONE, "mean of the three", TOGETHER, RANDOM, NONE):
            other = (
                wide[list(ALONE)].mean(axis=1) if name == "mean of the three" else wide.get(name)
            )
            if other is None:
                continue
            ratio = np.log(wide[JOINT] / other)
            cells = ratio.groupby(level=["architecture", "target", "n_train"]).mean()
            print(
                f"seismic against {name}: error {100 * np.expm1(ratio.mean()):+.1f} %, better in "
                f"{(cells < 0).sum()} of {len(cells)} cells, {(ratio < 0).sum()} of {len(ratio)} "
                "draws"
            )


if __name__ == "__main__":
    main()
