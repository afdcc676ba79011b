"""A dataset in its parts: train, validation and test, read when asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sktl.datasets._readers import Reader
from sktl.datasets._spec import DatasetSpec
from sktl.datasets._splits import PARTS, draw, seed_of, share_out
from sktl.datasets.simulators._chunks import check_n_instances

if TYPE_CHECKING:
    from sktime.datasets.base import BaseDataset


class Part(NamedTuple):
    """One part of a dataset, in memory.

    Attributes
    ----------
    X : np.ndarray of shape (n_instances, n_channels, n_timepoints)
        float32 panel.
    y : np.ndarray of shape (n_instances,)
        float32 targets, or labels as str.
    groups : np.ndarray of shape (n_instances,)
        Event, speaker or recording of each instance, as str.
    """

    X: np.ndarray
    y: np.ndarray
    groups: np.ndarray


class Dataset:
    """A dataset with a train, a validation and a test part.

    Parts are read when first asked for and then kept; `iter_batches` reads without keeping, for
    what does not fit in memory.

    Parameters
    ----------
    name : str
        Name in tables; that of a simulated dataset ends with ``"-simulated"``.
    reader : Reader
        The instances.
    parts : dict of str to np.ndarray
        Indices of ``"train"``, ``"validation"`` and ``"test"``.
    task : {"regression", "classification"}
        What is predicted.
    spec : DatasetSpec, optional
        The official facts; None for your own data.
    simulated : bool, default=False
        Whether the instances are simulated.
    split : str, default="published"
        How the parts were made.
    sampling_rate : float, optional
        In Hz; default: that of the specification.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.datasets import make_dataset
    >>> X = np.random.default_rng(0).normal(size=(100, 3, 20))
    >>> dataset = make_dataset("mine", X, y=X.mean(axis=(1, 2)))
    >>> dataset.train.X.shape, len(dataset.validation.y), len(dataset.test.y)
    ((70, 3, 20), 15, 15)
    >>> dataset.reduced(30, rerun=0).train.X.shape
    (30, 3, 20)
    """

    def __init__(
        self,
        name: str,
        reader: Reader,
        parts: dict[str, np.ndarray],
        task: str,
        spec: DatasetSpec | None = None,
        simulated: bool = False,
        split: str = "published",
        sampling_rate: float | None = None,
    ):
        self.name = name
        self.reader = reader
        self.parts = parts
        self.task = task
        self.spec = spec
        self.simulated = simulated
        self.split = split
        self.sampling_rate = spec.rate_hz if sampling_rate is None and spec else sampling_rate
        self._read: dict[str, Part] = {}
        reader.tell_losses()

    def __repr__(self) -> str:
        sizes = ", ".join(f"{part}={len(self.parts[part])}" for part in PARTS)
        return f"<Dataset {self.name}: {self.task}, {sizes}, split={self.split!r}>"

    @property
    def n_channels(self) -> int:
        """Number of channels."""
        return self.reader.n_channels

    @property
    def n_timepoints(self) -> int:
        """Length of an instance."""
        return self.reader.n_timepoints

    @property
    def classes(self) -> np.ndarray | None:
        """The labels in the data, sorted; None for regression."""
        return np.unique(self.reader.y) if self.task == "classification" else None

    @property
    def skipped(self) -> dict[str, int]:
        """How many instances could not be used so far, by reason."""
        return self.reader.skipped

    @property
    def train(self) -> Part:
        """The training part."""
        return self.part("train")

    @property
    def validation(self) -> Part:
        """The validation part."""
        return self.part("validation")

    @property
    def test(self) -> Part:
        """The test part."""
        return self.part("test")

    def part(self, name: str) -> Part:
        """Return one part, ``"train"``, ``"validation"`` or ``"test"``, read into memory."""
        indices = self._indices(name)
        if name not in self._read:
            X, kept = self.reader.read(indices)
            self._read[name] = Part(X, self.reader.y[kept], self.reader.groups[kept])
        return self._read[name]

    def _indices(self, part: str) -> np.ndarray:
        if part not in PARTS:
            raise ValueError(f"A part is one of {PARTS}. Received: {part!r}")
        return self.reader.usable(self.parts[part])

    @property
    def groups(self) -> np.ndarray:
        """The groups of train, validation and test, one after the other."""
        return np.concatenate([self.reader.groups[self._indices(part)] for part in PARTS])

    def iter_batches(
        self, part: str = "train", batch_size: int = 512
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Iterate over a part without holding more than a batch.

        Parameters
        ----------
        part : {"train", "validation", "test"}, default="train"
            What to read.
        batch_size : int, default=512
            Instances per batch.

        Yields
        ------
        X : np.ndarray of shape (n, n_channels, n_timepoints)
        y : np.ndarray of shape (n,)
        """
        yield from self.reader.iter_batches(batch_size, self._indices(part))

    def reduced(self, n_train: int, rerun: int = 0) -> Dataset:
        """Return the dataset with a smaller training part; validation and test stay whole.

        The subset is drawn anew in each rerun, in proportion to the classes for classification.
        It depends on the dataset, ``n_train`` and ``rerun`` alone, so that a transfer and its
        reference train on the same instances.

        Parameters
        ----------
        n_train : int
            Number of training instances (published: 1,500 and 9,000).
        rerun : int, default=0
            Number of the rerun.

        Returns
        -------
        Dataset
            Sharing validation and test with this one.

        Raises
        ------
        ValueError
            If the training part has fewer than ``n_train`` instances, or there are more classes
            than ``n_train``.
        """
        indices = self.parts["train"]
        labels = self.reader.y[indices] if self.task == "classification" else None
        least = 1 if labels is None else len(np.unique(labels))
        if not least <= n_train <= len(self._indices("train")):
            raise ValueError(
                f"n_train must lie between {least} and {len(self._indices('train'))}, the size of "
                f"the training part of {self.name}. Received: n_train={n_train}"
            )
        seed = seed_of(self.name, n_train, rerun)
        while True:
            usable = np.isin(indices, self._indices("train"))
            chosen = draw(indices, n_train, labels, seed, usable)
            X, kept = self.reader.read(chosen)
            if len(kept) == len(chosen):
                break
        smaller = self._with_parts({**self.parts, "train": chosen})
        smaller._read = {name: part for name, part in self._read.items() if name != "train"}
        smaller._read["train"] = Part(X, self.reader.y[kept], self.reader.groups[kept])
        return smaller

    def limited(self, n_instances: int, random_state: int = 0) -> Dataset:
        """Return the dataset with fewer instances, drawn so that every part keeps its share.

        Parameters
        ----------
        n_instances : int
            Instances in all parts together, in proportion to the classes for classification.
        random_state : int, default=0
            Seed of the draw.

        Returns
        -------
        Dataset
            Itself, where it has no more.

        Raises
        ------
        ValueError
            If ``n_instances`` is no positive integer.
        """
        if check_n_instances(n_instances) >= sum(map(len, self.parts.values())):
            return self
        sizes = share_out(n_instances, np.array([len(self.parts[part]) for part in PARTS]))
        parts = {}
        for part, size in zip(PARTS, sizes, strict=True):
            indices = self.parts[part]
            labels = self.reader.y[indices] if self.task == "classification" else None
            seed = seed_of("n_instances", n_instances, random_state)
            parts[part] = draw(indices, int(size), labels, seed, np.ones(len(indices), dtype=bool))
        return self._with_parts(parts)

    def _with_parts(self, parts: dict[str, np.ndarray]) -> Dataset:
        facts = self.task, self.spec, self.simulated, self.split, self.sampling_rate
        return Dataset(self.name, self.reader, parts, *facts)

    def fingerprint(self, part: str | None = "train") -> str:
        """Return the sha256 of a part's series and targets, read in batches.

        Parameters
        ----------
        part : {"train", "validation", "test"} or None, default="train"
            None: of all parts, and of the name, task, sampling rate and groups as well.

        Returns
        -------
        str
            64 hexadecimal digits.
        """
        digest = hashlib.sha256()
        if part is None:
            digest.update(repr((self.name, self.task, self.sampling_rate)).encode())
            for name in PARTS:
                digest.update(self.fingerprint(name).encode())
            digest.update("\n".join(self.groups).encode())
            return digest.hexdigest()
        for X, y in self.iter_batches(part):
            digest.update(np.ascontiguousarray(X).data)
            digest.update("\n".join(map(str, y)).encode())
        return digest.hexdigest()

    def keys(self) -> list[str]:
        """Return what `load` accepts."""
        return ["X", "y", *(f"{array}_{part}" for part in PARTS for array in "Xy")]

    def load(self, *keys: str) -> np.ndarray | tuple[np.ndarray, ...]:
        """Return arrays by name, as sktime's dataset objects do.

        Parameters
        ----------
        *keys : str
            ``"X"`` and ``"y"`` (everything), ``"X_train"``, ``"y_train"``, and so for
            ``validation`` and ``test``; by default ``"X"`` and ``"y"``.

        Returns
        -------
        np.ndarray or tuple of np.ndarray
            One array, or as many as keys.
        """
        keys = keys or ("X", "y")
        unknown = set(keys) - set(self.keys())
        if unknown:
            raise ValueError(f"Keys are {self.keys()}. Received: {sorted(unknown)}")
        arrays = []
        for key in keys:
            array, _, part = key.partition("_")
            parts = [self.part(name) for name in ([part] if part else PARTS)]
            arrays.append(np.concatenate([getattr(one, array) for one in parts]))
        return arrays[0] if len(arrays) == 1 else tuple(arrays)

    def to_sktime(self) -> BaseDataset:
        """Return the dataset as an object of sktime's dataset classes.

        Returns
        -------
        sktl.datasets.ClassificationDataset or sktl.datasets.RegressionDataset
            For sktime's benchmarks and catalogues.
        """
        from sktl.datasets._sktime import wrap

        return wrap(self)
