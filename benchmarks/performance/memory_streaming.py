"""Pre-training from a file larger than memory, and prediction of 100,000 traces: memory and speed.

    python -m benchmarks.performance.memory_streaming training --n-file 1000000 --n-train 100000
    python -m benchmarks.performance.memory_streaming speed --n-file 1000000
    python -m benchmarks.performance.memory_streaming prediction --n-file 100000

The file of STEAD's shape (3 channels, 6000 time points) is made for the purpose: sparse, with room
for every chunk and simulated traces in one of a thousand; the rest reads as zeros, through the
same calls. ``speed`` trains on as many instances from memory and from the file in turns.
"""

import argparse
import os
import tempfile
import threading
import time
from collections import deque
from functools import partial
from pathlib import Path

import h5py
import numpy as np
import pandas as pd

from benchmarks.performance.performance_page import (
    add_page_option,
    conditions,
    markdown,
    write_block,
)
from sktl import estimators
from sktl.datasets import get_spec
from sktl.estimators.preparation import data_needs, prepare
from sktl.estimators.training_run import TrainingRun
from sktl.pretraining import Recipe, pretrain
from sktl.pretraining.from_file import ReadingNetwork, Scan
from sktl.pretraining.instances import Instances
from sktl.training.randomness import random_streams

AS_IT_IS = Recipe(1, 6000, "first", np.inf)
CHUNK = 3  # instances, as `sktl simulate` writes them


def make_file(path, n_instances):
    """Write a sparse panel file whose chunks are all there, most of them as holes."""
    spec = get_spec("STEAD")
    X, y, _ = spec.simulate(30, random_state=0, return_groups=True)
    shape = (n_instances, *X.shape[1:])
    options = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    options.set_chunk((CHUNK, *X.shape[1:]))
    options.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    options.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    rng = np.random.default_rng(0)
    with h5py.File(path, "w") as file:
        file.attrs.update({"format": "sktl-panel-1", "name": spec.simulated_name})
        space = h5py.h5s.create_simple(shape)
        h5py.h5d.create(file.id, b"X", h5py.h5t.NATIVE_FLOAT, space, dcpl=options)
        for start in range(0, n_instances, CHUNK * 1000):
            first = start % (len(X) - CHUNK)
            file["X"][start : start + CHUNK] = X[first : first + CHUNK][: n_instances - start]
        file["y"] = rng.choice(y, n_instances).astype(np.float32)
        groups = np.arange(n_instances).astype(str).astype(object)
        file.create_dataset("groups", data=groups, dtype=h5py.string_dtype())


class Memory:
    """The largest memory of this process while the block runs, in MiB, without mapped files."""

    def __enter__(self):
        self.before = self.largest = self.now()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def _watch(self):
        while not self._stop.wait(0.02):
            self.largest = max(self.largest, self.now())

    @staticmethod
    def now():
        """Read the present value."""
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1024


def training(arguments, path, folder):
    """Pre-train for one epoch, from the file to the finished source."""
    with Memory() as memory:
        start = time.perf_counter()
        made = pretrain(
            "STEAD", arguments.architectures[0], n_instances=arguments.n_train, n_epochs=1,
            recipe=AS_IT_IS, path=path, out=folder,
        )  # fmt: skip
        elapsed = time.perf_counter() - start
    size = os.stat(path)
    return (
        f"{arguments.architectures[0]}, one epoch on {arguments.n_train:,} instances of a file of "
        f"{arguments.n_file:,} x 3 x 6000 ({size.st_size / 1e9:.0f} GB, of which "
        f"{size.st_blocks * 512 / 1e9:.2f} GB lie on the disk), with validation and test on "
        f"{made.card.training['n_test']:,} each: largest resident memory "
        f"**{memory.largest:.0f} MiB**, {elapsed:.0f} s."
    )


def speed(arguments, path, folder):
    """Train on as many instances from memory and from the file, in turns."""
    instances = Instances("STEAD", True, AS_IT_IS, arguments.n_train, 0, str(path))
    part, n, rows = instances.in_file("train"), arguments.n_speed, []
    rng = np.random.default_rng(0)
    for architecture in arguments.architectures:
        trainer = getattr(estimators, f"{architecture}Regressor")(
            schedule="published", n_epochs=1, random_state=0
        )
        some = rng.choice(len(part), n, replace=False)
        X, y = part.read(some), part.y[some]
        streams = random_streams(0)
        prepared = prepare(trainer, X, y, streams["split"], validation_data=(X[:32], y[:32]))
        training = TrainingRun(trainer, prepared, streams).start()
        needs = data_needs(trainer, n)
        preprocessing = Scan.of(part[:n], needs).preprocessing(needs.stream_max)
        _, targets, weights = prepared.training
        every = np.zeros((len(part), 1), np.float32), np.ones(len(part), np.float32)
        kinds = ("memory", "file", "reading alone")
        times, cpu = {kind: [] for kind in kinds}, {kind: [] for kind in kinds}
        with training.estimator.lease_network(prepared.facts.shape) as network:
            network.restore(training.state.network)
            reading = ReadingNetwork(network, preprocessing.transform)
            held = network.to_tensors(prepared.training[0], targets, weights)
            stored = reading.to_tensors([part], *every)
            run = {
                "memory": partial(network.train, held),
                "file": partial(reading.train, stored),
                "reading alone": lambda *of, at=stored, by=reading: deque(by._blocks(at, *of), 0),
            }
            for turn in range(arguments.turns + 1):
                for kind in kinds:
                    order = rng.permutation(n if kind == "memory" else len(part))[:n]
                    start, used = time.perf_counter(), time.process_time()
                    run[kind](order, arguments.batch_size)
                    if turn:  # the first traces
                        times[kind].append(1000 * (time.perf_counter() - start) / n)
                        cpu[kind].append(1000 * (time.process_time() - used) / n)
        ratios = np.divide(times["memory"], times["file"])
        rows.append({
            "network": architecture, "batch": arguments.batch_size,
            "from memory, ms an instance": f"{np.median(times['memory']):.2f}",
            "from the file": f"{np.median(times['file']):.2f}",
            "share of the speed": f"{np.median(ratios):.0%} "
            f"({ratios.min():.0%} to {ratios.max():.0%})",
            "processor time: memory, file, reading alone": ", ".join(
                f"{np.median(taken):.2f}" for taken in cpu.values()
            ),
        })  # fmt: skip
        print(rows[-1], flush=True)
    words = f"Medians of {arguments.turns} turns of {n} instances (first turn left out; brackets: \
smallest and largest ratio of a turn)."
    return f"{markdown(pd.DataFrame(rows))}\n\n{words}"


def prediction(arguments, path, folder):
    """Predict many traces, from memory and from a mapped file."""
    rng, rows = np.random.default_rng(0), []
    shape = (arguments.n_file, 3, 540)
    mapped = np.lib.format.open_memmap(f"{folder}/X.npy", "w+", np.float32, shape)
    for start in range(0, len(mapped), 10_000):
        mapped[start : start + 10_000] = rng.normal(size=mapped[start : start + 10_000].shape)
    mapped.flush()
    del mapped
    X, y = rng.normal(size=(64, *shape[1:])).astype(np.float32), rng.normal(size=64)
    for architecture in arguments.architectures:
        network = getattr(estimators, f"{architecture}Regressor")(
            schedule="published", n_epochs=1, random_state=0
        )
        network.fit(X, y).predict(np.tile(X, (8, 1, 1)))  # compiles what predict needs
        row = {"network": architecture}
        for kind, mode in (("mapped file", "r"), ("array in memory", None)):
            panel = np.load(f"{folder}/X.npy", mmap_mode=mode)
            with Memory() as memory:
                start = time.perf_counter()
                network.predict(panel)
                elapsed = time.perf_counter() - start
            row[f"{kind}, beyond the input"] = f"{memory.largest - memory.before:.0f} MiB"
            row[f"{kind}, seconds"] = f"{elapsed:.0f}"
            del panel
        rows.append(row)
        print(row, flush=True)
    words = f"Input: {shape[0]:,} x 3 x 540, {np.prod(shape) * 4 / 2**20:.0f} MiB."
    return f"{markdown(pd.DataFrame(rows))}\n\n{words}"


def main():
    """Run one of the measurements."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("what", choices=["training", "speed", "prediction"])
    parser.add_argument("--n-file", type=int, default=100_000)
    parser.add_argument("--n-train", type=int, default=10_000)
    parser.add_argument("--n-speed", type=int, default=2240, help="instances of a turn")
    parser.add_argument("--turns", type=int, default=4)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--architectures", nargs="+", default=["ConvNetQuakeINGV"])
    parser.add_argument("--folder", help="where the file is made")
    parser.add_argument("--name", help="of the block on the page")
    add_page_option(parser)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        path = Path(folder) / "stead.hdf5"
        if arguments.what != "prediction":
            make_file(path, arguments.n_file)
        text = globals()[arguments.what](arguments, path, folder)
    print(text)
    if arguments.page:
        said = conditions(arguments, "sktl", "tensorflow", "h5py")
        write_block(arguments.name or f"streaming {arguments.what}", f"{text}\n\n{said}")


if __name__ == "__main__":
    main()
