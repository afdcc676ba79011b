"""The instances of a pre-training: simulated, from a file, or real, as a recipe shortens them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from os import PathLike
from typing import Any

import numpy as np

from sktl.datasets import Dataset, DatasetSpec, load_dataset
from sktl.pretraining._recipes import Recipe, decimate
from sktl.pretraining.from_file import FilePart
from sktl.pretraining.joint import spec_of

Pair = tuple[np.ndarray, np.ndarray]
# Instances simulated at once: what they were before they are shortened is held.
_BATCH = 500
# Copies that a fit holds of its panel: as it is, scaled, with the time first, as a tensor.
_COPIES = 4
# Keeps the seeds of the parts apart: training is drawn from (seed, epoch).
_HELD_OUT = {"validation": 1_000_001, "test": 1_000_002}


@dataclass(frozen=True)
class Instances:
    """What a pre-training learns from.

    Parameters
    ----------
    dataset : str
        Name of the dataset, without ``-simulated``.
    simulated : bool
        Whether its simulator makes the instances.
    recipe : Recipe
        How they are shortened.
    n_instances : int
        Training instances.
    seed : int
        Seed of the simulation and of the split.
    path : str or None
        A file or folder instead of the simulator or the download.
    memory : float
        Gigabytes that training may take for its instances.
    split : {"published", "grouped"}
        How real instances, or those of a file, are split; see `sktl.datasets.load_dataset`.
    """

    dataset: str
    simulated: bool
    recipe: Recipe
    n_instances: int
    seed: int
    path: str | PathLike[str] | None = None
    memory: float = 2.0
    split: str = "published"

    @property
    def spec(self) -> DatasetSpec:
        """The dataset's facts."""
        return spec_of(self.dataset)

    @property
    def streams(self) -> bool:
        """Whether the simulator can make other training instances for every epoch."""
        return self.simulated and self.path is None

    @property
    def n_held_out(self) -> int:
        """How many instances validate, and as many test, where they are simulated."""
        return min(2000, max(200, self.n_instances // 5))

    def part(self, name: str, epoch: int = 0) -> Pair:
        """Return one part.

        Parameters
        ----------
        name : {"train", "validation", "test"}
            Which.
        epoch : int, default=0
            Where `streams`: which of the training sets.

        Returns
        -------
        X : np.ndarray of shape (n_instances, n_channels, n_timepoints), float32
        y : np.ndarray of shape (n_instances,), or (n_instances, n_targets) of a joint dataset
        """
        return _in_memory(self, name) if epoch == 0 else self._read(name, epoch)

    @property
    def stay_in_file(self) -> bool:
        """Whether training and validation instances would take more memory than is allowed."""
        if self.streams:
            return False
        parts, channels = _opened(self).parts, self.spec.n_channels
        n = len(parts["train"]) + len(parts["validation"])
        return n * channels * self.recipe.n_timepoints * 4 * _COPIES > self.memory * 1e9

    def in_file(self, name: str) -> FilePart:
        """Return one part without reading it; see `part`."""
        dataset, recipe = _opened(self), self.recipe
        return FilePart(
            dataset.reader,
            dataset.reader.usable(dataset.parts[name]),
            lambda X: decimate(X, recipe.every, recipe.n_timepoints, recipe.window),
            float if self.spec.task == "regression" else str,
        )

    def targets(self, name: str) -> np.ndarray:
        """Return the targets of one part, all of whose instances have been read."""
        return self.in_file(name).y if self.stay_in_file else self.part(name)[1]

    def _read(self, name: str, epoch: int) -> Pair:
        if not self.streams:
            return self._shortened(_opened(self).iter_batches(name, _BATCH))
        if self.recipe.shared_groups and not epoch:
            n, h = self.n_instances, self.n_held_out
            X, y = _in_memory(self, "all")
            cut = {"train": slice(n), "validation": slice(n, n + h), "test": slice(n + h, None)}
            return X[cut[name]], y[cut[name]]
        seed = int(
            np.random.SeedSequence([self.seed, _HELD_OUT.get(name, epoch)]).generate_state(1)[0]
        )
        n = self.n_held_out if name in _HELD_OUT else self.n_instances
        return self._drawn(n, seed)

    def _drawn(self, n: int, seed: int) -> Pair:
        drawn = self.spec.simulate_batches(n, seed, batch_size=_BATCH, **self._shorter())
        return self._shortened((X, y) for X, y, *_ in drawn)

    def _shorter(self) -> dict[str, Any]:
        """Let a simulator that can make no more than what is kept."""
        recipe, spec = self.recipe, self.spec
        needed = recipe.every * recipe.n_timepoints
        able = spec.domain == "seismology" and recipe.window == "first"
        return {"n_timepoints": needed} if able and needed < spec.n_timepoints else {}

    def _shortened(self, batches: Iterable) -> Pair:
        recipe, pieces = self.recipe, []
        for X, y in batches:
            X = decimate(X, recipe.every, recipe.n_timepoints, recipe.window)
            pieces.append((X.copy(), np.asarray(y)))
        X, y = (np.concatenate(column) for column in zip(*pieces, strict=True))
        return X, y.astype(np.float64 if self.spec.task == "regression" else str)


@lru_cache(maxsize=1)
def _opened(instances: Instances) -> Dataset:
    simulated = instances.simulated
    name = instances.spec.simulated_name if simulated else instances.spec.name
    # The training part is 70 percent of all.
    n_all = None if simulated else -(-instances.n_instances * 10 // 7)
    dataset = load_dataset(name, n_all, instances.seed, split=instances.split, path=instances.path)
    n_train = len(dataset.parts["train"])
    if n_train < instances.n_instances and simulated:
        raise ValueError(
            f"{instances.path} has {n_train} training instances. "
            f"Received: n_instances={instances.n_instances}"
        )
    dataset.parts["train"] = dataset.parts["train"][: instances.n_instances]
    return dataset


# One dataset's three parts serve several architectures and repeats.
@lru_cache(maxsize=4)
def _in_memory(instances: Instances, name: str) -> Pair:
    if name == "all":
        n_all = instances.n_instances + 2 * instances.n_held_out
        return instances._drawn(n_all, instances.seed)
    return instances._read(name, 0)
