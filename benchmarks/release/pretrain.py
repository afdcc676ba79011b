"""Make the sources that are bundled with the package: four architectures on six simulators.

    python -m benchmarks.release.pretrain                       # all 24, into sktl/sources/bundled
    python -m benchmarks.release.pretrain --datasets STEAD EMG --architectures TCN --out somewhere

All take under two hours of one core. Series are shorter than the official ones, and the
slowest network sees fewer and shorter ones: every card says what its network saw. A run that was
interrupted goes on; a source that is there with the same settings is not made again.
"""

import argparse
import subprocess
import time
from dataclasses import replace
from pathlib import Path

from sktl.pretraining import NotConvergedError, pretrain, recipe_for

ROOT = Path(__file__).resolve().parents[2]
ARCHITECTURES = ("ConvNetQuakeINGV", "TCN", "MagNet", "MLSTMFCN")
# What users need first comes first.
DATASETS = ("STEAD", "SPEECH", "EMG", "LEN-DB", "LOMAX", "S&P 500")
# Training instances, epochs and changes of the recipe for each dataset and architecture.
SIZES = {
    "STEAD": {
        "ConvNetQuakeINGV": (60_000, 40, {}),
        "TCN": (60_000, 15, {}),
        "MagNet": (60_000, 12, {}),
        "MLSTMFCN": (24_000, 9, {"every": 10, "n_timepoints": 270}),
    },
    "SPEECH": {
        "ConvNetQuakeINGV": (40_000, 30, {"n_timepoints": 1200}),
        "TCN": (40_000, 10, {"n_timepoints": 1200}),
        "MagNet": (40_000, 8, {"n_timepoints": 1200}),
        "MLSTMFCN": (12_000, 6, {"every": 4, "n_timepoints": 600}),
    },
    "EMG": {
        "ConvNetQuakeINGV": (60_000, 25, {}),
        "TCN": (60_000, 15, {}),
        "MagNet": (60_000, 15, {}),
        "MLSTMFCN": (30_000, 8, {}),
    },
    "LEN-DB": {
        "ConvNetQuakeINGV": (60_000, 30, {}),
        "TCN": (60_000, 10, {}),
        "MagNet": (60_000, 8, {}),
        "MLSTMFCN": (12_000, 8, {"every": 2, "n_timepoints": 270}),
    },
    "LOMAX": {
        "ConvNetQuakeINGV": (60_000, 30, {}),
        "TCN": (60_000, 10, {}),
        "MagNet": (60_000, 8, {}),
        "MLSTMFCN": (12_000, 8, {"every": 4, "n_timepoints": 250}),
    },
    "S&P 500": {
        "ConvNetQuakeINGV": (60_000, 25, {}),
        "TCN": (60_000, 20, {}),
        "MagNet": (60_000, 20, {}),
        "MLSTMFCN": (30_000, 10, {}),
    },
}
# Parameters of an architecture, and of a dataset and an architecture beside them.
PARAMETERS = {
    # The default penalty on its kernels kept it from learning the simulated data at all.
    "ConvNetQuakeINGV": {"batch_size": 32, "l2": 0.0, "initializer": "he_normal"},
    "TCN": {"batch_size": 32},
    "MagNet": {"batch_size": 64},
    "MLSTMFCN": {"batch_size": 32},
    # The validation loss of a network that overfits is least after its first epoch, its F1 is not.
    ("EMG", "MLSTMFCN"): {"monitor": "val_score"},
    # At the first rate its validation loss only jumps; at a fifth of it, it halves.
    ("STEAD", "MLSTMFCN"): {"reduce_lr_patience": 1},
}


def commit():
    """Return the commit of the working tree, or None outside of git."""
    found = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return found.stdout.strip() or None


def say(text):
    """Print at once, also into a file."""
    print(text, flush=True)


def make(dataset, architecture, arguments):
    """Make one source, unless it is there with the same settings."""
    n_instances, n_epochs, changes = SIZES[dataset][architecture]
    made = pretrain(
        dataset,
        architecture,
        n_instances=max(100, int(n_instances * arguments.scale)),
        n_repeats=arguments.repeats,
        n_epochs=n_epochs,
        recipe=replace(recipe_for(dataset), **changes),
        out=arguments.out,
        random_state=arguments.seed,
        storage="float16",
        parameters=PARAMETERS[architecture] | PARAMETERS.get((dataset, architecture), {}),
        card={"licence": "BSD-3-Clause", "notes": "Trained on simulated data only."},
        commit=commit(),
        progress=say,
    )
    return made


def main():
    """Make all, or those that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--datasets", nargs="+", default=DATASETS, choices=DATASETS)
    parser.add_argument("--architectures", nargs="+", default=ARCHITECTURES, choices=ARCHITECTURES)
    parser.add_argument("--out", type=Path, default=ROOT / "sktl" / "sources" / "bundled")
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--scale", type=float, default=1.0, help="share of the instances")
    arguments = parser.parse_args()
    failed = []
    for dataset in arguments.datasets:
        for architecture in arguments.architectures:
            started = time.perf_counter()
            try:
                made = make(dataset, architecture, arguments)
            except NotConvergedError as error:
                failed.append((architecture, dataset))
                say(str(error))
                continue
            score, training = made.card.score, made.card.training
            say(
                f"{architecture} {dataset}: {score['metric']} {score['value']:.4g}, "
                f"{training['relative']:.3g} of the constant's {training['constant']:.4g}; "
                f"{time.perf_counter() - started:.0f} s"
            )
    if failed:
        raise SystemExit(f"Not converged: {failed}")


if __name__ == "__main__":
    main()
