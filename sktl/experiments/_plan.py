"""The plan: which trials there are, in which order, and what all of them share."""

from __future__ import annotations

import difflib
import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sktl.experiments._baselines import BASELINES, baselines_for
from sktl.experiments._real import checksum
from sktl.experiments._trial import SIMULATED, Data, Trial
from sktl.training.optimizer import OMEGA_GRID

# What is compared where a plan names nothing: those of the published experiment.
ARCHITECTURES = ("ConvNetQuakeINGV", "MagNet", "MLSTMFCN", "TCN")
DATASETS = ("LOMAX", "LEN-DB", "STEAD", "SPEECH", "EMG", "S&P 500")
SIZES = (1500, 9000)
# Otović et al. used these in pre-training only; here a target's variant serves both sides.
_VARIANTS: dict[tuple[str, str], dict[str, Any]] = {
    ("ConvNetQuakeINGV", "SPEECH"): {"initializer": "he_normal", "l2": 1e-3},
    ("ConvNetQuakeINGV", "EMG"): {"initializer": "glorot_normal", "l2": 0.0},
    ("ConvNetQuakeINGV", "S&P 500"): {"initializer": "he_normal", "l2": 0.7},
}


@dataclass(frozen=True)
class Weights:
    """Where a source lies and what it holds.

    Attributes
    ----------
    path : str
        Folder of the source.
    sha256 : str
        Of its file of weights.
    """

    path: str
    sha256: str


@dataclass(frozen=True)
class Plan:
    """A grid of trials.

    For every architecture and source, networks are pre-trained, and the best by validation score
    becomes the source. For every architecture, target, number of training instances and rerun
    there is one reference from scratch and, for every other dataset's source and every omega, one
    transfer. References and transfers share data, split, loss, monitor, epochs and the target's
    variant of the network. Naive baselines see the same training instances.

    Parameters
    ----------
    architectures : sequence of str
        Networks of `sktl.estimators`.
    sources, targets : sequence of str
        Datasets; see `sktl.datasets.list_datasets`.
    sizes : sequence of int, default=(1500, 9000)
        Numbers of training instances.
    omegas : sequence of float
        Multipliers of the transferred layers' learning rate.
    reruns : int, default=7
        How often everything is repeated, each time with other training instances.
    repeats : int, default=10
        Networks pre-trained for one source.
    references : int, default=1
        References in each rerun, alike but for their random start: as many as there are omegas
        let a report compare the best of each.
    baselines : sequence of str, optional
        Names of baselines; default: all that make sense for a target. Empty: none.
    data : {"real", "simulated"}, default="real"
        Which of the two a dataset's name stands for.
    n_instances : int, optional
        Instances of each dataset, all parts together; needed for simulated data.
    max_timepoints : int, optional
        Longer series are shortened to this length by `sktl.experiments.shorten`.
    training : dict, optional
        Parameters of all estimators, such as ``n_epochs``.
    split : {"published", "grouped"}, default="published"
        See `sktl.datasets.load_dataset`.
    seed : int, default=0
        Seed of everything random.

    Raises
    ------
    ValueError
        If a name is unknown or a number impossible.

    Examples
    --------
    >>> from sktl.experiments import Plan
    >>> plan = Plan(targets=["EMG"], sources=["STEAD", "EMG"], reruns=2, omegas=[0.5, 1.0])
    >>> dict(plan.counts())["transfer"]  # 4 architectures x 1 source x 2 sizes x 2 x 2
    32
    """

    architectures: tuple[str, ...] = ARCHITECTURES
    sources: tuple[str, ...] = DATASETS
    targets: tuple[str, ...] = DATASETS
    sizes: tuple[int, ...] = SIZES
    omegas: tuple[float, ...] = OMEGA_GRID
    reruns: int = 7
    repeats: int = 10
    references: int = 1
    baselines: tuple[str, ...] | None = None
    data: str = "real"
    n_instances: int | None = None
    max_timepoints: int | None = None
    training: Mapping[str, Any] = field(default_factory=dict, hash=False)
    split: str = "published"
    seed: int = 0

    def __post_init__(self):
        from sktl.datasets import list_datasets
        from sktl.estimators.lookup import architectures

        datasets = tuple(spec.name for spec in list_datasets())
        for name, known in (
            ("architectures", tuple(architectures())),
            ("sources", datasets),
            ("targets", datasets),
            ("baselines", tuple(BASELINES)),
        ):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, _known(name, getattr(self, name), known))
        for name in ("sizes", "omegas"):
            object.__setattr__(self, name, tuple(dict.fromkeys(getattr(self, name))))
        for name, values in (
            ("sizes", self.sizes),
            ("reruns", [self.reruns]),
            ("repeats", [self.repeats]),
            ("references", [self.references]),
        ):
            if any(not isinstance(value, int) or value < 1 for value in values):
                raise ValueError(
                    f"{name} must be whole numbers from 1 on. Received: {getattr(self, name)!r}"
                )
        if any(not 0 <= omega < float("inf") for omega in self.omegas):
            raise ValueError(f"omegas must be 0 or more. Received: omegas={self.omegas!r}")
        if self.data not in ("real", "simulated"):
            raise ValueError(f"data must be 'real' or 'simulated'. Received: data={self.data!r}")
        if self.data == "simulated" and self.n_instances is None:
            raise ValueError("Simulated data needs n_instances. Received: n_instances=None")

    def dataset(self, name: str) -> Data:
        """Return the data that a dataset's name stands for in this plan."""
        from sktl.datasets import get_spec

        simulated = self.data == "simulated"
        longest = get_spec(name).n_timepoints
        short = self.max_timepoints if longest > (self.max_timepoints or longest) else None
        content = None if simulated else checksum(name)
        full = name + SIMULATED if simulated else name
        return Data(full, self.n_instances, short, self.split, self.seed, content)

    def parameters(self, architecture: str, name: str) -> dict[str, Any]:
        """Return the estimator's parameters for a dataset, the same for all its trials."""
        from sktl.datasets import get_spec

        variant = _VARIANTS.get((architecture, name), {})
        stream_max = {} if get_spec(name).stream_max else {"stream_max": None}
        return {**variant, **stream_max, **self.training}

    def settings(self) -> dict[str, Any]:
        """Return what trials of one store must share, whichever of them are run."""
        shared = ("data", "n_instances", "max_timepoints", "split", "seed")
        return {name: getattr(self, name) for name in shared} | {"training": dict(self.training)}

    def pretraining(self) -> Iterator[Trial]:
        """Iterate over the pre-trainings."""
        for name in self.sources:
            data = self.dataset(name)
            for architecture in self.architectures:
                parameters = self.parameters(architecture, name)
                for repeat in range(self.repeats):
                    yield Trial(
                        "pretraining",
                        architecture,
                        data,
                        n_train=None,
                        rerun=repeat,
                        parameters=parameters,
                        seed=self.seed,
                    )

    def trials(self, weights: Mapping[tuple[str, str], Weights] | None = None) -> Iterator[Trial]:
        """Iterate over references, transfers and baselines.

        Parameters
        ----------
        weights : mapping of (architecture, source) to Weights, optional
            The sources. Those that are missing have no transfers; None: they are not known yet,
            and the trials serve for counting alone.

        Yields
        ------
        Trial
            Those of one target one after the other.
        """
        for target in self.targets:
            data = self.dataset(target)
            for n_train in self.sizes:
                for rerun in range(self.reruns):
                    shared: dict[str, Any] = {"n_train": n_train, "rerun": rerun, "seed": self.seed}
                    for architecture in self.architectures:
                        own = shared | {"parameters": self.parameters(architecture, target)}
                        for repeat in range(self.references):
                            yield Trial("reference", architecture, data, **own, repeat=repeat)
                        yield from self._transfers(architecture, target, data, own, weights)
                    for baseline in self._baselines(target):
                        yield Trial("baseline", baseline, data, **shared)

    def _transfers(self, architecture, target, data, own, weights):
        for source in self.sources:
            found = None if weights is None else weights.get((architecture, source))
            if source == target or (weights is not None and found is None):
                continue
            for omega in self.omegas:
                yield Trial(
                    "transfer",
                    architecture,
                    data,
                    **own,
                    source=source + SIMULATED if self.data == "simulated" else source,
                    omega=omega,
                    weights_sha256=found and found.sha256,
                    weights_path=found and found.path,
                )

    def _baselines(self, target):
        from sktl.datasets import get_spec

        spec = get_spec(target)
        fitting = baselines_for(spec.task, forecast=spec.chronological)
        return [name for name in fitting if self.baselines is None or name in self.baselines]

    def counts(self) -> Counter[str]:
        """Count the trials of each kind.

        Returns
        -------
        collections.Counter
            By ``"pretraining"``, ``"reference"``, ``"transfer"``, ``"baseline"``.
        """
        return Counter(trial.kind for trial in (*self.pretraining(), *self.trials()))


def group_of(trial: Trial) -> tuple:
    """Return what trials share that a worker should run one after the other.

    They have the same data, and those of an architecture the same compiled network.
    """
    architecture = "" if trial.kind == "baseline" else trial.architecture
    return (trial.data.name, architecture, trial.n_train or 0)


def unit_of(trial: Trial) -> str:
    """Return the smallest piece of work that is shared out: one group's trials of one rerun."""
    return _hash(*group_of(trial), trial.rerun)


def groups(trials: Iterable[Trial], largest: int = 64) -> list[list[Trial]]:
    """Group trials so that a worker reuses data and compiled networks.

    Parameters
    ----------
    trials : iterable of Trial
        What is to be done.
    largest : int, default=64
        Groups with more trials are cut between reruns.

    Returns
    -------
    list of list of Trial
        In an order that mixes architectures, so that the time left can be told early.
    """
    found: dict[tuple, list[Trial]] = {}
    for trial in trials:
        found.setdefault(group_of(trial), []).append(trial)
    cut: list[list[Trial]] = []
    for members in found.values():
        members = sorted(members, key=lambda trial: trial.rerun)
        piece: list[Trial] = []
        for number, trial in enumerate(members):
            new_rerun = number and trial.rerun != members[number - 1].rerun
            if new_rerun and len(piece) >= largest:
                cut.append(piece)
                piece = []
            piece.append(trial)
        cut.append(piece)
    return sorted(cut, key=lambda group: _hash(*group_of(group[0])))


def shard_of(trials: Iterable[Trial], shard: tuple[int, int]) -> list[Trial]:
    """Return the trials of shard ``(i, n)``, i from 1 to n.

    Shards are disjoint, together they are everything, and their sizes differ little. All trials
    of one architecture, target, size and rerun belong to the same shard.

    Parameters
    ----------
    trials : iterable of Trial
        All trials of the plan.
    shard : tuple of (int, int)
        Number of the shard, and how many there are.

    Returns
    -------
    list of Trial
        In their order.

    Raises
    ------
    ValueError
        If there is no such shard.
    """
    number, total = shard
    if not 1 <= number <= total:
        raise ValueError(f"A shard i/n has 1 <= i <= n. Received: {number}/{total}")
    trials = list(trials)
    mine = set(sorted({unit_of(trial) for trial in trials})[number - 1 :: total])
    return [trial for trial in trials if unit_of(trial) in mine]


def _hash(*facts):
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def _known(name, values, known):
    """Return names as they are written here, or say which is unknown."""
    plain = {_plain(one): one for one in known}
    found = []
    for value in [values] if isinstance(values, str) else values:
        asked = _plain(str(value).removesuffix(SIMULATED))
        if asked not in plain:
            near = difflib.get_close_matches(asked, plain, n=1)
            hint = f" Did you mean {plain[near[0]]!r}?" if near else ""
            raise ValueError(f"{name} are of {list(known)}.{hint} Received: {value!r}")
        found.append(plain[asked])
    return tuple(dict.fromkeys(found))


def _plain(name):
    return re.sub("[^a-z0-9]", "", name.lower())
