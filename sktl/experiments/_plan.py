"""The plan: which trials there are, in which order, and what all of them share."""

from __future__ import annotations

import difflib
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sktl._checks import letters_of
from sktl.experiments._baselines import BASELINES, baselines_for
from sktl.experiments._loaded import check_loaded, load_weights, loadable
from sktl.experiments._own import check_own
from sktl.experiments._published_names import ARCHITECTURES, DATASETS
from sktl.experiments._real_data import checksum
from sktl.experiments._trial import SIMULATED, Data, Trial, Weights
from sktl.training.optimizer import OMEGA_GRID

if TYPE_CHECKING:
    from sktl.datasets import Dataset

SIZES = (1500, 9000)
# Otović et al. used these in pre-training only; here a target's variant serves both sides.
_VARIANTS: dict[tuple[str, str], dict[str, Any]] = {
    ("ConvNetQuakeINGV", "SPEECH"): {"initializer": "he_normal", "l2": 1e-3},
    ("ConvNetQuakeINGV", "EMG"): {"initializer": "glorot_normal", "l2": 0.0},
    ("ConvNetQuakeINGV", "S&P 500"): {"initializer": "he_normal", "l2": 0.7},
}


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
    sources, targets : sequence of str or sktl.datasets.Dataset
        The six datasets by name, and your own as `sktl.datasets.make_dataset` or
        `sktl.datasets.load_npz` gives them. Sources are pre-trained.
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
        Which of the two a dataset's name stands for. Your own data is taken as it is.
    n_instances : int, optional
        Instances of each dataset, all parts together; needed for simulated data. Of a larger
        dataset so many are drawn.
    max_timepoints : int, optional
        Longer series are shortened to this length by `sktl.experiments.shorten`.
    training : dict, optional
        Parameters of all estimators, such as ``n_epochs``.
    split : {"published", "grouped"}, default="published"
        See `sktl.datasets.load_dataset`; your own data keeps its split.
    seed : int, default=0
        Seed of everything random.
    loaded : sequence of str, default=()
        Sources that exist already, by their names in `sktl.sources.list_sources`; nothing is
        trained for them. Architectures that lack one have no transfers from it.

    Raises
    ------
    ValueError
        If a name is unknown or a number impossible, or your own data cannot be used.

    Examples
    --------
    >>> from sktl.experiments import Plan
    >>> plan = Plan(targets=["EMG"], sources=["STEAD", "EMG"], reruns=2, omegas=[0.5, 1.0])
    >>> dict(plan.counts())["transfer"]  # 4 architectures x 1 source x 2 sizes x 2 x 2
    32

    Your own data beside one of the six:

    >>> import numpy as np
    >>> from sktl.datasets import make_dataset
    >>> X = np.random.default_rng(0).normal(size=(100, 3, 50))
    >>> mine = make_dataset("mine", X, y=X.std(axis=(1, 2)))
    >>> plan = Plan(["TCN"], sources=["EMG"], targets=[mine, "STEAD"], sizes=[70], reruns=2)
    >>> sorted({trial.data.name for trial in plan.trials()})
    ['STEAD', 'mine']

    Sources that exist are loaded:

    >>> plan = Plan(sources=[], loaded=["EMG-Roshambo", "seismic-simulated"], targets=["S&P 500"])
    >>> plan.counts()["pretraining"], plan.without
    (0, {'seismic-simulated': ['MagNet', 'MLSTMFCN']})
    """

    architectures: tuple[str, ...] = ARCHITECTURES
    sources: tuple[str | Dataset, ...] = DATASETS
    targets: tuple[str | Dataset, ...] = DATASETS
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
    loaded: tuple[str, ...] = ()

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
        object.__setattr__(self, "loaded", check_loaded(self))
        for name in ("sizes", "omegas"):
            object.__setattr__(self, name, tuple(dict.fromkeys(getattr(self, name))))
        for name, counts in (
            ("sizes", self.sizes),
            ("reruns", [self.reruns]),
            ("repeats", [self.repeats]),
            ("references", [self.references]),
        ):
            if any(not isinstance(count, int) or count < 1 for count in counts):
                raise ValueError(
                    f"{name} must be whole numbers from 1 on. Received: {getattr(self, name)!r}"
                )
        if any(not 0 <= omega < float("inf") for omega in self.omegas):
            raise ValueError(f"omegas must be 0 or more. Received: omegas={self.omegas!r}")
        if self.data not in ("real", "simulated"):
            raise ValueError(f"data must be 'real' or 'simulated'. Received: data={self.data!r}")
        if self.data == "simulated" and self.n_instances is None:
            raise ValueError("Simulated data needs n_instances. Received: n_instances=None")
        check_own(self)

    @property
    def without(self) -> dict[str, list[str]]:
        """Loaded sources, each with the architectures that lack it, if there are any."""
        lacking = {
            name: [one for one in self.architectures if one not in self._available[name]]
            for name in self.loaded
        }
        return {name: found for name, found in lacking.items() if found}

    @cached_property
    def _available(self):
        return loadable(self.architectures) if self.loaded else {}

    def loaded_weights(self) -> dict[tuple[str, str], Weights]:
        """Load and verify the sources that are not pre-trained, by architecture and name."""
        return load_weights(self.loaded, self._available)

    @property
    def own(self) -> tuple[Dataset, ...]:
        """The user's own datasets, each once."""
        given = (one for one in (*self.targets, *self.sources) if not isinstance(one, str))
        return tuple({dataset.name: dataset for dataset in given}.values())

    def dataset(self, name: str) -> Data:
        """Return the data that a dataset's name stands for in this plan."""
        own = self._own(name)
        longest = (own or self._spec(name)).n_timepoints
        short = self.max_timepoints if longest > (self.max_timepoints or longest) else None
        if own:
            content = self._contents[name]
            return Data(name, self.n_instances, short, own.split, self.seed, content, own.task)
        content = None if self.data == "simulated" else checksum(name)
        full = self._full_name(name)
        return Data(full, self.n_instances, short, self.split, self.seed, content)

    def _full_name(self, name):
        simulated = self.data == "simulated" and not self._own(name) and name not in self.loaded
        return name + SIMULATED if simulated else name

    @cached_property
    def _contents(self):
        return {dataset.name: dataset.fingerprint(None) for dataset in self.own}

    def _own(self, name):
        return next((dataset for dataset in self.own if dataset.name == name), None)

    def _spec(self, name):
        from sktl.datasets import get_spec

        own = self._own(name)
        return own.spec if own else get_spec(name)

    def size(self, name: str) -> tuple[int, int]:
        """Return the number of instances, all parts together, and their length in this plan."""
        own = self._own(name)
        facts = own or self._spec(name.removesuffix(SIMULATED))
        count = sum(map(len, own.parts.values())) if own else facts.n_instances
        if self.n_instances is not None:
            count = min(self.n_instances, count) if own else self.n_instances
        return count, min(facts.n_timepoints, self.max_timepoints or facts.n_timepoints)

    def parameters(self, architecture: str, name: str) -> dict[str, Any]:
        """Return the estimator's parameters for a dataset, the same for all its trials."""
        variant = _VARIANTS.get((architecture, name), {})
        spec = self._spec(name)
        raw = spec is not None and not spec.stream_max
        return {**variant, **({"stream_max": None} if raw else {}), **self.training}

    def settings(self) -> dict[str, Any]:
        """Return what trials of one store must share, whichever of them are run."""
        shared = ("data", "n_instances", "max_timepoints", "split", "seed")
        return {name: getattr(self, name) for name in shared} | {"training": dict(self.training)}

    def pretraining(self) -> Iterator[Trial]:
        """Iterate over the pre-trainings."""
        for name in map(name_of, self.sources):
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
        for target in map(name_of, self.targets):
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
        for source in (*map(name_of, self.sources), *self.loaded):
            found = None if weights is None else weights.get((architecture, source))
            lacking = source in self.loaded and architecture not in self._available[source]
            if source == target or lacking or (weights is not None and found is None):
                continue
            for omega in self.omegas:
                yield Trial(
                    "transfer",
                    architecture,
                    data,
                    **own,
                    source=self._full_name(source),
                    omega=omega,
                    weights_sha256=found and found.sha256,
                    weights_path=found and found.path,
                )

    def _baselines(self, target):
        spec = self._spec(target)
        task = self._own(target).task if self._own(target) else spec.task
        fitting = baselines_for(task, forecast=spec is not None and spec.chronological)
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
        In an order that mixes architectures, so that the remaining time can be estimated early.
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


def name_of(dataset: str | Dataset) -> str:
    """Return the name of one of the six or of the user's own data."""
    return dataset if isinstance(dataset, str) else dataset.name


def _known(name, values, known):
    """Return names as they are written here, or say which is unknown; own data as it is."""
    from sktl.datasets import Dataset

    plain = {letters_of(one): one for one in known}
    own = Dataset if name in ("sources", "targets") else ()
    found = []
    for value in [values] if isinstance(values, str | Dataset) else values:
        if isinstance(value, own):
            found.append(value)
            continue
        asked = letters_of(str(value).removesuffix(SIMULATED))
        if asked not in plain:
            near = difflib.get_close_matches(asked, plain, n=1)
            hint = f" Did you mean {plain[near[0]]!r}?" if near else ""
            also = " and datasets of your own, see make_dataset and load_npz" if own else ""
            raise ValueError(f"{name} are of {list(known)}{also}.{hint} Received: {value!r}")
        found.append(plain[asked])
    return tuple(dict.fromkeys(found))
