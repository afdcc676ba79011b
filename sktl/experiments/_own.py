"""The user's own data in a plan: refused before anything runs, where a trial could not use it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sktl._checks import letters_of
from sktl.experiments._published_names import DATASETS
from sktl.experiments._trial import SIMULATED
from sktl.training.schedule import adaptive_batch

if TYPE_CHECKING:
    from sktl.datasets import Dataset
    from sktl.experiments._plan import Plan

# A name is that of a folder, too.
_NAME = re.compile(r"[^\W_][^\\/:*?\"<>|\n]{0,99}")


def check_own(plan: Plan) -> None:
    """Refuse own data that the trials of a plan cannot use.

    Parameters
    ----------
    plan : Plan
        With its other parameters checked.

    Raises
    ------
    ValueError
        If a name is another dataset's or cannot be a folder's, a part is empty, targets have
        several columns, or there are fewer training instances than the plan's sizes.
    """
    seen: dict[str, Dataset] = {}
    for dataset in (*plan.targets, *plan.sources):
        if isinstance(dataset, str):
            continue
        _check_name(dataset.name)
        if seen.setdefault(dataset.name, dataset) is not dataset:
            raise ValueError(
                "Each dataset of a plan must have its own name; the same data as source and target "
                f"must be one object. Received: two datasets of the name {dataset.name!r}"
            )
        _check_parts(dataset)
    for dataset in plan.targets:
        if not isinstance(dataset, str):
            least, most = sizes_of(dataset, plan.n_instances, plan.seed)
            if not all(least <= size <= most for size in plan.sizes):
                of = "" if plan.n_instances is None else f" with n_instances={plan.n_instances}"
                raise ValueError(
                    f"sizes must lie between {least} and {most}, the training part of "
                    f"{dataset.name}{of}. Received: sizes={plan.sizes}"
                )


def sizes_of(dataset: Dataset, n_instances: int | None, seed: int) -> tuple[int, int]:
    """Return the smallest and the largest number of training instances.

    Parameters
    ----------
    dataset : sktl.datasets.Dataset
        The user's own data.
    n_instances : int or None
        Instances that a plan takes of it; None: all.
    seed : int
        Seed of the draw.

    Returns
    -------
    tuple of (int, int)
        The number of classes (1 for regression), and the size of the training part.
    """
    if n_instances is not None:
        dataset = dataset.limited(n_instances, seed)
    train = dataset.parts["train"]
    few = 1 if dataset.task == "regression" else len(np.unique(dataset.reader.y[train]))
    return few, len(train)


class OwnFiles:
    """Datasets of the user's own from files, each read once.

    Parameters
    ----------
    split : str or None
        See `sktl.datasets.load_npz`.
    seed : int
        Seed of the split.
    """

    def __init__(self, split: str | None, seed: int):
        self.split, self.seed = split, seed
        self._read: dict[Path, Dataset] = {}

    def get(self, name: str) -> str | Dataset:
        """Return the dataset of a ``.npz`` file; any other name as it is."""
        from sktl.datasets import load_npz

        path = Path(name).expanduser().resolve()
        if path.suffix != ".npz":
            return name
        if path not in self._read:
            self._read[path] = load_npz(name, split=self.split, random_state=self.seed)
        return self._read[path]


def in_words(dataset: Dataset, plan: Plan) -> str:
    """Say what a plan takes of own data.

    Parameters
    ----------
    dataset : sktl.datasets.Dataset
        The user's own data.
    plan : Plan
        Where it is a source or a target.

    Returns
    -------
    str
        One line.
    """
    sizes = [len(dataset.parts[part]) for part in ("train", "validation", "test")]
    text = (
        f"{dataset.name}: {sizes[0]:,} + {sizes[1]:,} + {sizes[2]:,} instances to train, validate "
        f"and test, {dataset.task}, {dataset.n_channels} channels, {dataset.n_timepoints} points"
    )
    count, length = plan.size(dataset.name)
    if count < sum(sizes):
        text += f"; {count:,} instances are taken (--n-instances)"
    if length < dataset.n_timepoints:
        text += f"; shortened to {length} points (--max-timepoints)"
    if dataset in plan.targets:
        text += f"; trained on {', '.join(f'{size:,}' for size in plan.sizes)} (--sizes)"
        batch = plan.training.get("batch_size")
        if isinstance(batch, int) and batch > adaptive_batch(min(plan.sizes)):
            text += f"; few for networks in batches of {batch}: take --schedule adaptive"
    return text


def _check_name(name):
    taken = {letters_of(one): one for one in DATASETS}
    if name.endswith(SIMULATED) or letters_of(name) in taken:
        same = taken.get(letters_of(name.removesuffix(SIMULATED)))
        hint = f" {same!r} in words stands for that data." if same else ""
        raise ValueError(
            f"Own data must not have a name of {list(DATASETS)}, or one that ends with "
            f"{SIMULATED!r}, else tables mix them up.{hint} Received: name={name!r}"
        )
    if not _NAME.fullmatch(name):
        raise ValueError(
            "The name of own data must begin with a letter or a digit, have at most 100 signs and "
            rf'none of \ / : * ? " < > |, because it names a folder. Received: name={name!r}'
        )


def _check_parts(dataset):
    counts = {name: len(indices) for name, indices in dataset.parts.items()}
    if not all(counts.values()):
        raise ValueError(
            f"Each part of {dataset.name} must have instances: training, validation (it chooses "
            f"epoch and omega) and test. Received: {counts}"
        )
    if dataset.reader.y.ndim != 1:
        raise ValueError(
            f"{dataset.name} must have one target for each instance. "
            f"Received: y of shape {dataset.reader.y.shape}"
        )
