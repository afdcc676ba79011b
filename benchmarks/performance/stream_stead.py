"""Read a file in STEAD's layout, of a million traces, batch by batch, and print the memory used.

The file is made for the purpose: a million hard links to a few hundred simulated traces, so that
it takes a minute to make and little room, while every trace is read in full. Each batch is scaled
as for training (min-max over the instance) and added to the mask, and stream max is kept.

    python -m benchmarks.performance.stream_stead --n-traces 1000000
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from pathlib import Path

import h5py
import numpy as np

from sktl.datasets import get_spec, load_dataset
from sktl.training.preprocessing import scale_instances

N_DIFFERENT = 200


def make_file(path: Path, n_traces: int) -> None:
    """Write a file of STEAD's layout whose traces repeat ``N_DIFFERENT`` simulated ones."""
    X, y, groups = get_spec("STEAD").simulate(N_DIFFERENT, random_state=0, return_groups=True)
    with h5py.File(path, "w", libver="latest") as file:
        folder = file.create_group("earthquake/local")
        for number in range(n_traces):
            name = f"XX.{number:07d}_EV"
            if number >= N_DIFFERENT:
                folder[name] = folder[f"XX.{number % N_DIFFERENT:07d}_EV"]
                continue
            trace = folder.create_dataset(name, data=X[number].T)
            trace.attrs["source_magnitude"] = float(y[number])
            trace.attrs["source_id"] = str(groups[number])
            trace.attrs["trace_category"] = "earthquake_local"


def read(path: Path, batch_size: int) -> tuple[int, np.ndarray, np.ndarray]:
    """Read the training part; return its size, its mask and every stream max."""
    dataset = load_dataset("STEAD", path=path)
    total, mask, largest = 0, np.zeros((3, 6000)), []
    for part in dataset.parts:
        for X, _ in dataset.iter_batches(part, batch_size):
            total += len(X)
            scaled, stream_max = scale_instances(X)
            largest.append(stream_max)
            if part == "train":
                mask += scaled.sum(axis=0, dtype=float)
    return total, mask / len(dataset.parts["train"]), np.concatenate(largest)


def main() -> None:
    """Make the file, read it and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n-traces", type=int, default=1_000_000)
    parser.add_argument("--batch-size", type=int, default=256)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stead.hdf5"
        os.environ["SKTL_HOME"] = folder
        start = time.perf_counter()
        make_file(path, arguments.n_traces)
        made = time.perf_counter()
        total, mask, largest = read(path, arguments.batch_size)
        done = time.perf_counter()
        size = path.stat().st_size
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(
        f"{total:,} traces read ({total * 72_000 / 1e9:.0f} GB) in {done - made:.0f} s, file of "
        f"{size / 1e6:.0f} MB made in {made - start:.0f} s"
    )
    print(f"mean of the mask {mask.mean():.4f}, median stream max {np.median(largest):.0f} counts")
    print(f"largest resident set: {peak:.2f} GB")


if __name__ == "__main__":
    main()
