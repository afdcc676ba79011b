"""Make the sources that are bundled with the package: from six simulators and four real datasets.

    python -m benchmarks.release.pretrain               # all simulated, into sktl/sources/bundled
    python -m benchmarks.release.pretrain --datasets STEAD EMG --architectures TCN --out somewhere
    python -m benchmarks.release.pretrain --data real --path ../shared/data    # all real

The simulated ones take under two hours of one core, and so do the real ones. Series are shorter
than the official ones, and the slowest network sees fewer and shorter ones: every card says what
its network saw. A run that was interrupted goes on; a source that is there with the same settings
is not made again.
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
SIMULATED = ("STEAD", "SPEECH", "EMG", "LEN-DB", "LOMAX", "S&P 500")
# Several simulators and targets at once; asked for by name.
JOINT = ("seismic",)
# Where the files lie below --path, and how they are split.
REAL = {
    "EMG-Roshambo": ("emg_roshambo/roshambo_int8.npz", "grouped"),
    "DSPSpeech-20": ("dspspeech20/dspspeech20_4khz.npz", "grouped"),
    "S&P 500": ("sp500/GSPC.csv", "published"),
    "EMG-Francic": ("emg_francic/segments.npz", "grouped"),
}
ALL = 10**9
# Training instances, epochs and changes of the recipe for each real dataset and architecture.
REAL_SIZES = {
    "EMG-Roshambo": {
        "ConvNetQuakeINGV": (ALL, 40, {}),
        "MagNet": (ALL, 15, {}),
        "TCN": (ALL, 15, {}),
        "MLSTMFCN": (ALL, 4, {}),
    },
    "DSPSpeech-20": {
        "ConvNetQuakeINGV": (ALL, 25, {}),
        "MagNet": (ALL, 8, {"n_timepoints": 1200, "window": "loudest"}),
        "TCN": (ALL, 5, {"n_timepoints": 1200, "window": "loudest"}),
        "MLSTMFCN": (ALL, 12, {"every": 4, "n_timepoints": 300, "window": "loudest"}),
    },
    "S&P 500": {
        "ConvNetQuakeINGV": (ALL, 150, {}),
        "MagNet": (ALL, 8, {}),
        "TCN": (ALL, 6, {}),
        "MLSTMFCN": (ALL, 25, {}),
    },
    "EMG-Francic": {
        "ConvNetQuakeINGV": (20_000, 12, {}),
        "MagNet": (10_000, 6, {}),
        "TCN": (10_000, 6, {}),
        "MLSTMFCN": (5_000, 3, {}),
    },
}
# Repeats, of which the best by validation is kept, where they are cheap.
REAL_REPEATS = {"ConvNetQuakeINGV": 2}
# What the parts do not share.
APART = {
    "EMG-Roshambo": "people",
    "DSPSpeech-20": "speakers",
    "S&P 500": "years",
    "EMG-Francic": "people",
}
LICENCES = {
    "EMG-Roshambo": "BSD-3-Clause; the data's terms are those of its Zenodo record",
    "S&P 500": "BSD-3-Clause; the data's terms are Yahoo's",
}
# Training instances, epochs and changes of the recipe for each simulator and architecture.
SIZES = {
    "STEAD": {
        "ConvNetQuakeINGV": (60_000, 40, {}),
        "TCN": (60_000, 15, {}),
        "MagNet": (60_000, 12, {}),
        "MLSTMFCN": (24_000, 9, {"every": 10, "n_timepoints": 270}),
    },
    "seismic": {
        "ConvNetQuakeINGV": (35_000, 13, {}),
        "TCN": (100_000, 2, {}),
        "MagNet": (200_000, 2, {}),
        "MLSTMFCN": (24_000, 9, {"every": 2, "n_timepoints": 270}),
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
    ("EMG-Roshambo", "MLSTMFCN"): {"monitor": "val_score"},
    ("EMG-Francic", "MLSTMFCN"): {"monitor": "val_score"},
    # At the first rate its validation loss only jumps; at a fifth of it, it halves.
    ("STEAD", "MLSTMFCN"): {"reduce_lr_patience": 1},
    # Few epochs of many targets are enough from where one target has led.
    ("seismic", "TCN"): {"source": "STEAD-simulated"},
    ("seismic", "MagNet"): {"source": "STEAD-simulated"},
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


def real_notes(dataset, repeats):
    """Say what the scores are of, and how many trainings there were to choose from."""
    apart = APART[dataset]
    number = "One training" if repeats == 1 else f"The best of {repeats} trainings by validation"
    return (
        f"Trained on real data; validated and tested on {apart} that it was not trained on. "
        f"{number}, of at most the epochs in its parameters."
    )


def make(dataset, architecture, arguments):
    """Make one source, unless it is there with the same settings."""
    real = arguments.data == "real"
    n_instances, n_epochs, changes = (REAL_SIZES if real else SIZES)[dataset][architecture]
    file, split = REAL[dataset] if real else (None, "published")
    repeats = arguments.repeats or (REAL_REPEATS.get(architecture, 1) if real else 1)
    notes = real_notes(dataset, repeats) if real else "Trained on simulated data only."
    return pretrain(
        dataset,
        architecture,
        data=arguments.data,
        name=dataset if real else f"{dataset}-simulated",
        path=file and arguments.path / file,
        split=split,
        n_instances=max(100, int(n_instances * arguments.scale)),
        n_repeats=repeats,
        n_epochs=n_epochs,
        recipe=replace(recipe_for(dataset), **changes),
        out=arguments.out,
        random_state=arguments.seed,
        storage="float16",
        parameters=PARAMETERS[architecture] | PARAMETERS.get((dataset, architecture), {}),
        card={"licence": LICENCES.get(dataset, "BSD-3-Clause") if real else "BSD-3-Clause",
              "notes": notes},
        commit=commit(),
        progress=say,
    )  # fmt: skip


def main():
    """Make all, or those that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", choices=("simulated", "real"), default="simulated")
    parser.add_argument("--path", type=Path, default=ROOT.parent / "shared" / "data",
                        help="folder of the real data")  # fmt: skip
    parser.add_argument("--datasets", nargs="+", choices=sorted({*SIMULATED, *REAL, *JOINT}))
    parser.add_argument("--architectures", nargs="+", default=ARCHITECTURES, choices=ARCHITECTURES)
    parser.add_argument("--out", type=Path, default=ROOT / "sktl" / "sources" / "bundled")
    parser.add_argument("--repeats", type=int)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--scale", type=float, default=1.0, help="share of the instances")
    arguments = parser.parse_args()
    failed = []
    known = REAL if arguments.data == "real" else SIMULATED
    for dataset in arguments.datasets or known:
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
