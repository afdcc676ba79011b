"""Do the bundled sources help on real data? Few labels, honest protocol, one record a fit.

    python -m benchmarks.studies.sources_on_real_data --shared ../shared/data --out results/sources

Every target is brought to the rate and length of its own domain's source (the card says both).
For every architecture, target, size and rerun, on the same instances:

- every bundled source at every omega; the one with the best validation score is tested;
- scratch, as often as there are omegas: the first is the reference, all of them the control with
  the same budget (the best by validation);
- random kernels at every omega, treated as a source would be: what freezing alone is worth;
- the best constant or most frequent class, and MiniRocket, as baselines.

A rerun draws the training instances, and the speakers, subjects or earthquakes of the parts, anew.
A run that was interrupted goes on; --minutes stops it. Then `sktl report OUT/records.csv` gives
all tables; `source_page.py` writes the page of the documentation and the cards' results.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd

from sktl import datasets, estimators
from sktl.evaluation.metrics import convergence_rate, mean_absolute_error, weighted_f1
from sktl.experiments import BASELINES
from sktl.pretraining import decimate
from sktl.sources import find_card

# Behind an architecture: batch norm and squeeze-and-excite blocks transfer beside convolutions.
BLOCKS = "+blocks"
ARCHITECTURES = ("ConvNetQuakeINGV", "TCN", "MagNet", "MLSTMFCN", f"MLSTMFCN{BLOCKS}")
SOURCES = ("STEAD", "SPEECH", "EMG", "LEN-DB", "LOMAX", "S&P 500")
# In the place of a source: kernels drawn at random, that learn as slowly as transferred ones.
UNTRAINED = "untrained"
OMEGAS = (0.0, 0.25, 1.0)
# Target to the source of its own domain, training sizes, and most instances of the other parts.
TARGETS = {
    "digits": ("SPEECH", (20, 100, 500, 1500), 60, 300),
    "three words": ("SPEECH", (20, 100), 45, 100),
    "STEAD 50": ("STEAD", (10, 20), 10, 15),
    "Myo": ("EMG", (50, 100, 500, 1500), 100, 400),
    "S&P 500 real": ("S&P 500", (20, 100, 500, 1500), 100, 400),
    "BasicMotions": (None, (10, 20), 10, 40),
    "JapaneseVowels": (None, (20, 100), 60, 370),
}
# The largest training size of a network, of series up to 100 time points and of longer ones,
# unless --sizes says otherwise: hours otherwise.
LARGEST = {
    "ConvNetQuakeINGV": (1500, 1500), "TCN": (500, 100), "MagNet": (500, 100),
    "MLSTMFCN": (100, 20),
}  # fmt: skip
LONG = ("digits", "three words", "STEAD 50")
# Where a fit takes longest, not every source is tried.
FEW_SOURCES = {("MLSTMFCN", "digits"): ("SPEECH", "STEAD"),
               ("MLSTMFCN", "three words"): ("SPEECH", "STEAD")}  # fmt: skip
BATCH_SIZE = 16
# The default penalty keeps this network from learning anything of few instances; so do running
# averages that do not arrive in the few steps of an epoch.
PARAMETERS = {
    "ConvNetQuakeINGV": {"l2": 0.0},
    "MLSTMFCN": {"batch_norm_momentum": 0.9},
}


def without_blocks(architecture):
    """Name the architecture itself."""
    return architecture.removesuffix(BLOCKS)


def real(target, shared, rerun):
    """Load a target whose parts are drawn for a rerun."""
    if target == "digits":
        return datasets.load_spoken_digits(shared / "fsdd/recordings.tar.gz", random_state=rerun)
    if target == "three words":
        path = shared / "speech_commands/sample_300.tar.gz"
        return datasets.load_dataset("SPEECH", path=path, split="grouped", random_state=rerun)
    if target == "STEAD 50":
        path = shared / "stead/waveforms_50_109C_TA.hdf5"
        return datasets.load_dataset("STEAD", path=path, random_state=rerun)
    if target == "Myo":
        return datasets.load_myo(shared / "emg_myo", channels=(0, 2, 5), random_state=rerun)
    if target == "S&P 500 real":
        return datasets.load_dataset("S&P 500", path=shared / "sp500/GSPC.csv")
    return datasets.load_uea(target, length=None if target == "BasicMotions" else 29,
                             random_state=rerun)  # fmt: skip


def drawn(target, shared, n_train, rerun, recipe):
    """Give the three parts of a rerun, shortened; of STEAD's few traces, parts of our own size."""
    _, _, n_validation, n_test = TARGETS[target]
    dataset = real(target, shared, rerun)
    rng = np.random.default_rng([rerun, n_train])
    sizes = {"train": n_train, "validation": n_validation, "test": n_test}
    if target == "STEAD 50":
        X, y = dataset.load("X", "y")
        # Traces of one earthquake would lie in one part; here every trace is another earthquake.
        order = np.random.default_rng(rerun).permutation(len(y))
        at = {"test": order[:15], "validation": order[15:25], "train": order[25:]}
        parts = {name: (X[where], y[where]) for name, where in at.items()}
    else:
        parts = {name: dataset.part(name)[:2] for name in sizes}
    for name, size in sizes.items():
        X, y = parts[name]
        chosen = rng.permutation(len(y))
        if name == "train" and dataset.task == "classification":
            chosen = balanced(y, chosen)
        yield decimate(X[chosen[:size]], **recipe), y[chosen[:size]]


def balanced(y, order):
    """Order instances so that any number of the first ones holds the classes evenly."""
    rank = pd.Series(y[order]).groupby(y[order]).cumcount().to_numpy()
    return order[np.argsort(rank, kind="stable")]


def recipe_of(target, architecture):
    """Return how a target is shortened: as the source of its domain was."""
    source = TARGETS[target][0]
    if source is None:
        return {}
    card = find_card(f"{source}-simulated", without_blocks(architecture))
    shortened = {name: card.training[name] for name in ("every", "window")}
    return shortened | {"n_timepoints": card.n_timepoints}


def schedule(n_train):
    """Return how long to train and to wait: few instances make few steps an epoch."""
    steps = -(-n_train // BATCH_SIZE)
    return {
        # As published; frozen convolutions leave the rest to be learned in many small steps.
        "n_epochs": max(250, 1000 // steps),
        "early_stopping_patience": max(12, 48 // steps),
        "reduce_lr_patience": max(4, 16 // steps),
    }


def network(architecture, y, target, **params):
    """Make the estimator that suits a target."""
    kind = "Regressor" if y.dtype.kind == "f" else "Classifier"
    if target == "STEAD 50":
        params["stream_max"] = None  # counts: as the source, without the amplitude
    if architecture.endswith(BLOCKS):
        params["transfer_blocks"] = True
    name = without_blocks(architecture)
    # What the adaptive schedule does not give is set here; records stay what they were.
    return getattr(estimators, name + kind)(
        schedule="published", batch_size=BATCH_SIZE, **PARAMETERS.get(name, {}), **params
    )


def score(y, predicted):
    """Return the score of the target's metric."""
    return (mean_absolute_error if y.dtype.kind == "f" else weighted_f1)(y, predicted)


def fits(arguments, target, architecture, n_train, rerun, have):
    """Give one record for every fit of a cell that is not there yet."""
    facts = {
        "architecture": architecture, "target": target, "n_train": n_train, "rerun": rerun,
    }  # fmt: skip
    wanted = [("reference", None, None, repeat) for repeat in range(len(arguments.omegas))]
    few = FEW_SOURCES.get((without_blocks(architecture), target), SOURCES)
    sources = [source for source in arguments.sources if source in (*few, UNTRAINED)]
    wanted += [("transfer", source, omega, 0) for source in sources for omega in arguments.omegas]
    wanted = [one for one in wanted if (architecture, target, n_train, rerun, *one) not in have]
    if not wanted:
        return
    recipe = recipe_of(target, architecture)
    train, validation, test = drawn(target, arguments.shared, n_train, rerun, recipe)
    metric = "mae" if test[1].dtype.kind == "f" else "f1_weighted"
    for kind, source, omega, repeat in wanted:
        # Every omega draws its other layers by the seed of one of the runs from scratch.
        number = repeat if omega is None else arguments.omegas.index(omega)
        params = schedule(n_train) | {"random_state": 1000 * rerun + number}
        if arguments.epochs:
            params["n_epochs"] = arguments.epochs
        if omega is not None:
            params["omega"] = omega
        simulated = source not in (None, UNTRAINED)
        if simulated:
            params["source"] = f"{source}-simulated"
        started = time.perf_counter()
        fitted = network(architecture, test[1], target, **params)
        fitted.fit(*train, validation_data=validation)
        best = fitted.best_epoch_
        yield facts | {
            "kind": kind, "source": source, "omega": omega, "repeat": repeat, "metric": metric,
            "validation_score": float(fitted.history_["val_score"][best]),
            "test_score": float(score(test[1], fitted.predict(test[0]))),
            "validation_convergence_rate": convergence_rate(
                fitted.history_["val_score"], metric != "mae"
            ),
            "epochs": len(fitted.history_), "best_epoch": best,
            "seconds": round(time.perf_counter() - started, 2),
            "simulated": simulated,
        }  # fmt: skip


def baselines(arguments, target, n_train, rerun, have):
    """Give one record for every baseline of a target that is not there yet."""
    recipe = recipe_of(target, ARCHITECTURES[0])
    known_ones = ["best constant", "MiniRocket"]
    known_ones += ["last value"] if target == "S&P 500 real" else []
    names = [name for name in known_ones
             if (name, target, n_train, rerun, "baseline", None, None, 0) not in have]  # fmt: skip
    if not names:
        return
    train, _, test = drawn(target, arguments.shared, n_train, rerun, recipe)
    regression = test[1].dtype.kind == "f"
    task = "regression" if regression else "classification"
    for name in names:
        constant = "constant" if regression else "class prior"
        fit, _ = BASELINES[constant if name == "best constant" else name]
        predict = fit(*train, task, rerun)
        yield {
            "architecture": name, "target": target, "n_train": n_train, "rerun": rerun,
            "kind": "baseline", "source": None, "omega": None, "repeat": 0,
            "metric": "mae" if regression else "f1_weighted",
            "test_score": float(score(test[1], predict(test[0]))), "simulated": False,
        }  # fmt: skip


def known(path):
    """Return the identities of the records on disk."""
    if not path.exists():
        return set()
    names = ["architecture", "target", "n_train", "rerun", "kind", "source", "omega", "repeat"]
    table = pd.read_csv(path)[names].astype(object)
    return set(table.where(table.notna(), None).itertuples(index=False, name=None))


def append(path, record):
    """Add a record to the file, whole."""
    columns = [
        "kind", "architecture", "source", "target", "n_train", "omega", "rerun", "repeat",
        "metric", "validation_score", "test_score", "validation_convergence_rate", "epochs",
        "best_epoch", "seconds", "simulated",
    ]  # fmt: skip
    row = pd.DataFrame([record], columns=columns)
    row.to_csv(path, mode="a", header=not path.exists(), index=False)


def main():
    """Run what is missing, rerun after rerun."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shared", type=Path, default=Path("../shared/data"))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--architectures", nargs="+", default=ARCHITECTURES, choices=ARCHITECTURES)
    parser.add_argument("--targets", nargs="+", default=TARGETS, choices=TARGETS)
    sources = (*SOURCES, UNTRAINED)
    parser.add_argument("--sources", nargs="+", default=sources, choices=sources)
    parser.add_argument("--sizes", nargs="+", type=int, help="instead of the target's own")
    parser.add_argument("--omegas", nargs="+", type=float, default=OMEGAS)
    parser.add_argument("--reruns", type=int, default=3)
    parser.add_argument("--epochs", type=int, help="instead of 250 or more")
    parser.add_argument("--no-baselines", action="store_true", help="MiniRocket compiles a while")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no cell later")
    arguments = parser.parse_args()
    path = arguments.out / "records.csv"
    arguments.out.mkdir(parents=True, exist_ok=True)
    have, started = known(path), time.perf_counter()
    cells = [
        (rerun, architecture, target, size)
        for rerun in range(arguments.reruns)
        for architecture in arguments.architectures
        for target in arguments.targets
        for size in arguments.sizes or TARGETS[target][1]
        if arguments.sizes or size <= LARGEST[without_blocks(architecture)][target in LONG]
    ]
    for rerun, architecture, target, size in cells:
        if time.perf_counter() - started > 60 * arguments.minutes:
            break
        count = 0
        makers = [fits(arguments, target, architecture, size, rerun, have)]
        if not arguments.no_baselines:
            makers.append(baselines(arguments, target, size, rerun, have))
        for make in makers:
            for record in make:
                append(path, record)
                count += 1
        have |= known(path)
        seconds = time.perf_counter() - started
        print(f"{seconds:.0f} s: {architecture} {target} {size} rerun {rerun}: {count}", flush=True)


if __name__ == "__main__":
    main()
