"""What is known of a dataset: the facts that every dataset file states in one `DatasetSpec`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NoReturn

if TYPE_CHECKING:
    from sktl.datasets._readers import Reader

SIMULATED = "-simulated"


@dataclass(frozen=True)
class RemoteFile:
    """A file of a dataset's official distribution.

    Parameters
    ----------
    filename : str
        The official name, without folders.
    url : str
        Where it lies.
    size : int, optional
        Bytes, where known; asked from the server otherwise.
    known_hash : str, optional
        ``"sha256:..."`` where its authors state one; ``"git-tree:..."`` of a repository's archive
        at one commit, which is git's own id of its files.
    zenodo_record : int, optional
        The Zenodo record that lists the file's checksum.
    manual : str, optional
        The steps by hand, for a file that cannot be downloaded by a program.
    """

    filename: str
    url: str
    size: int | None = None
    known_hash: str | None = None
    zenodo_record: int | None = None
    manual: str | None = None


def _no_simulator(*args: object, **kwargs: object) -> NoReturn:
    raise ValueError("This dataset has no simulator: use its official files")


@dataclass(frozen=True)
class DatasetSpec:
    """The official facts of one dataset and how it is read and simulated.

    Parameters
    ----------
    name : str
        The name in tables and of sources, such as ``"LEN-DB"``.
    module : str
        The name in functions and files, such as ``"len_db"``.
    title : str
        The full name.
    domain : str
        Such as ``"seismology"``.
    task : {"regression", "classification"}
        What is predicted from an instance.
    target : str
        The predicted quantity, in words.
    n_channels, n_timepoints : int
        The shape of an instance.
    rate_hz : float or None
        Sampling rate; None where time is not counted in seconds.
    unit : str
        The unit of the values.
    group : str
        What the instances of one group share; ``load_dataset(split="grouped")`` keeps a group
        in one part.
    n_instances : int
        Number of instances in the published experiment.
    stream_max : bool
        Whether the published experiment gave the networks the stream max.
    licence, citation, url : str
        Terms of use, what to cite, where it is described.
    files : tuple of RemoteFile
        The official files.
    read : callable
        ``read(path)`` gives a `Reader`; it may have options.
    simulate : callable, optional
        ``simulate(n_instances, random_state=None, *, return_groups=False)``.
    simulate_batches : callable, optional
        ``simulate_batches(n_instances, random_state, batch_size=...)`` iterates over the same
        instances as (X, y, groups). A dataset without a simulator has neither.
    classes : tuple of str
        The labels of a classification task.
    chronological : bool
        Whether the published split follows time.
    targets : tuple of str
        The columns of y, where an instance has several targets; NaN stands for what is not known.
    """

    name: str
    module: str
    title: str
    domain: str
    task: Literal["regression", "classification"]
    target: str
    n_channels: int
    n_timepoints: int
    rate_hz: float | None
    unit: str
    group: str
    n_instances: int
    stream_max: bool
    licence: str
    citation: str
    url: str
    files: tuple[RemoteFile, ...]
    read: Callable[..., Reader]
    simulate: Callable = _no_simulator
    simulate_batches: Callable = _no_simulator
    classes: tuple[str, ...] = ()
    chronological: bool = False
    targets: tuple[str, ...] = ()

    @property
    def has_simulator(self) -> bool:
        """Whether the dataset has a simulated counterpart."""
        return self.simulate is not _no_simulator

    @property
    def n_classes(self) -> int | None:
        """Number of classes; None for a regression task."""
        return len(self.classes) or None

    @property
    def simulated_name(self) -> str:
        """The name of the simulated counterpart, such as ``"STEAD-simulated"``."""
        return self.name + SIMULATED
