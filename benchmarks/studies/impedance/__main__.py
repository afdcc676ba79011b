"""Run the study and write its page.

    python -m benchmarks.studies.impedance --data-home FOLDER --out results/impedance

After Wang et al. (2022): a TCN learns acoustic impedance from seismic traces of Marmousi-2 (450
training, 450 validation, the rest test traces). On a second geology it is then applied as it is,
trained anew on a few traces, and transferred and fine-tuned on the same few traces; with and
without noise. The models are looked for, by their file names, in FOLDER (default: $SKTL_MIRROR);
Overthrust is the second geology where it is there, else the Marmousi of 1988. What is not found is
simulated, and called so. Densities are Gardner's unless the model has its own.

Epochs and omega are chosen by validation traces alone, as many as there are training traces; the
scores are those of all other traces. Everything done is kept in --out, and not done again. The
U-Net is left out where torch and monai are not installed; the page says so.
"""

import argparse
from dataclasses import replace

import pandas as pd

from benchmarks.studies.impedance.data import Earths
from benchmarks.studies.impedance.experiment import Experiment
from benchmarks.studies.impedance.page import write_docs, write_page
from benchmarks.studies.impedance.settings import PROFILES


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
    parser.add_argument(
        "--minutes", type=float, help="begin nothing after so many; 0: nothing at all"
    )
    parser.add_argument(
        "--only", nargs="+", default=(), metavar="UNIT",
        help="only units whose name begins so, such as few-5, in this order",
    )  # fmt: skip
    parser.add_argument(
        "--records", metavar="CSV",
        help="a published table, such as docs/results/impedance_records.csv: go on from it",
    )  # fmt: skip
    parser.add_argument("--docs", help="write the page of the documentation to this folder, too")
    chosen = parser.parse_args(arguments)
    profile = PROFILES[chosen.profile]
    if chosen.seeds:
        profile = replace(profile, seeds=chosen.seeds)
    earths = Earths(
        chosen.data_home, profile.n_simulated, profile.n_timepoints, chosen.target == "simulated"
    )
    experiment = Experiment(profile, chosen.out, earths)
    if experiment.lacks_unet:
        print(f"No U-Net: {experiment.lacks_unet}")
    if chosen.records:
        experiment.take(chosen.records)
    records = experiment.run(chosen.minutes, chosen.only)
    seconds = pd.DataFrame(records).drop_duplicates("unit")["cpu_s"].sum()
    missing = experiment.missing()
    print(f"{len(records)} scores from {seconds:.0f} s of CPU; {len(missing)} units missing")
    print(write_page(experiment, records))
    if chosen.docs:
        print(write_docs(experiment, records, chosen.docs))
    return records


if __name__ == "__main__":
    main()
