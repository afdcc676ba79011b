"""A trial, and the key of everything that could change its result."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from typing import Any

from sktl.experiments._versions import versions

KINDS = ("pretraining", "reference", "transfer", "baseline")
SIMULATED = "-simulated"


def canonical(content: Any) -> bytes:
    """Write JSON in one form only, so that equal contents have equal bytes."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode()


def plain(value: Any) -> Any:
    """Return a parameter as JSON gives it back: tuples become lists."""
    return json.loads(canonical(value))


@dataclass(frozen=True)
class Data:
    """Which instances a trial works on.

    Parameters
    ----------
    name : str
        Name of the dataset; that of simulated data ends with ``"-simulated"``.
    n_instances : int or None, default=None
        Instances in all parts together; None: all there are (real data only).
    n_timepoints : int or None, default=None
        Length to which the series are shortened, see `sktl.experiments.shorten`; None: as it is.
    split : {"published", "grouped"}, default="published"
        See `sktl.datasets.load_dataset`.
    seed : int, default=0
        Seed of the simulation and of the split.
    content : str or None, default=None
        Checksum of a real dataset's official file; of your own data, that of all it holds.
    task : {"regression", "classification"} or None, default=None
        What is predicted, of your own data; None: a dataset of `sktl.datasets.list_datasets`.

    Examples
    --------
    >>> from sktl.experiments import Data
    >>> Data("EMG-simulated", n_instances=200).simulated
    True
    """

    name: str
    n_instances: int | None = None
    n_timepoints: int | None = None
    split: str = "published"
    seed: int = 0
    content: str | None = None
    task: str | None = None

    @property
    def own(self) -> bool:
        """Whether the instances are the user's own; the store keeps them, see `Store.data_file`."""
        return self.task is not None

    @property
    def simulated(self) -> bool:
        """Whether the instances are simulated."""
        return self.name.endswith(SIMULATED)


@dataclass(frozen=True)
class Weights:
    """Where a source lies and what it holds.

    Attributes
    ----------
    path : str
        Folder of the source; of one that is loaded by its name, the name.
    sha256 : str
        Of its file of weights.
    """

    path: str
    sha256: str


@dataclass(frozen=True)
class Trial:
    """One training, described completely: equal trials have equal results.

    Parameters
    ----------
    kind : {"pretraining", "reference", "transfer", "baseline"}
        What the trial is for.
    architecture : str
        The network, for example ``"MagNet"``; of a baseline, its name.
    data : Data
        What it trains on, and is validated and tested on.
    n_train : int or None
        Number of training instances; None: all.
    rerun : int
        Number of the repetition; the training instances depend on the dataset, ``n_train`` and
        this alone.
    source : str or None, default=None
        Name of the source of the transferred weights.
    omega : float or None, default=None
        Multiplier of the transferred layers' learning rate.
    parameters : dict, default={}
        Parameters of the estimator, the same for a transfer and its reference.
    seed : int, default=0
        Seed of the whole grid.
    repeat : int, default=0
        Number of a further reference within one rerun.
    weights_sha256 : str or None, default=None
        sha256 of the source's file of weights.
    weights_path : str or None, default=None
        Where the source lies; of one that is loaded by its name, that name. No part of the key.

    Examples
    --------
    >>> from sktl.experiments import Data, Trial
    >>> trial = Trial("reference", "TCN", Data("EMG-simulated", 200), n_train=50, rerun=0)
    >>> trial.key == Trial("reference", "TCN", Data("EMG-simulated", 200), 50, 0).key
    True
    >>> trial.key == Trial("reference", "TCN", Data("EMG-simulated", 200), 50, 1).key
    False
    """

    kind: str
    architecture: str
    data: Data
    n_train: int | None
    rerun: int
    source: str | None = None
    omega: float | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict, hash=False)
    seed: int = 0
    repeat: int = 0
    weights_sha256: str | None = None
    weights_path: str | None = field(default=None, compare=False)

    def __post_init__(self):
        if self.kind not in KINDS:
            raise ValueError(f"kind must be one of {list(KINDS)}. Received: kind={self.kind!r}")

    def content(self) -> dict[str, Any]:
        """Return everything that could change the result, versions apart, as JSON values."""
        own = {f.name: getattr(self, f.name) for f in fields(self) if f.compare}
        return own | {"data": asdict(self.data), "parameters": plain(dict(self.parameters))}

    @cached_property
    def key(self) -> str:
        """The sha256 of the trial's content and of the versions, 64 hexadecimal digits."""
        return hashlib.sha256(canonical([self.content(), versions()])).hexdigest()

    @property
    def source_loaded(self) -> bool:
        """Whether the source is loaded by its name, not pre-trained in the grid."""
        return self.source is not None and self.weights_path == self.source

    @property
    def identity(self) -> tuple:
        """What a table of results knows the trial by; trials of other settings share it."""
        facts = self.architecture, self.source, self.data.name, self.n_train
        return (self.kind, *facts, self.omega, self.rerun, self.repeat)

    @property
    def random_state(self) -> int:
        """Seed of the initial weights, the order of the instances and the dropout."""
        facts = canonical([self.seed, [str(fact) for fact in self.identity]])
        return int.from_bytes(hashlib.sha256(facts).digest()[:4], "big") >> 1

    def __str__(self) -> str:
        parts = [self.kind, self.architecture]
        parts.append(f"{self.source}>{self.data.name}" if self.source else self.data.name)
        parts.append("all" if self.n_train is None else str(self.n_train))
        if self.omega is not None:
            parts.append(f"omega {self.omega:g}")
        return " ".join(parts) + f" rerun {self.rerun}"
