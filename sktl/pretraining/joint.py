"""What networks are pre-trained on beside single datasets: several simulators and targets at once.

A joint dataset has no files: only a simulator knows all of its targets. It is a `DatasetSpec` here,
and none of `sktl.datasets.list_datasets`.
"""

from __future__ import annotations

from functools import cache
from typing import NoReturn

from sktl.datasets import DatasetSpec, get_spec
from sktl.datasets.simulators import iter_seismic, simulate_seismic
from sktl.datasets.simulators.seismic import N_TIMEPOINTS, RATE, TARGETS


def _no_files(*args: object, **kwargs: object) -> NoReturn:
    raise ValueError("A joint dataset has no files: it is simulated")


@cache
def _joint() -> dict[str, DatasetSpec]:
    seismic = DatasetSpec(
        name="seismic",
        module="seismic",
        title="STEAD, LEN-DB and LOMAX with all that their simulators know",
        domain="seismology",
        task="regression",
        target="what is known of an earthquake, and whether there is one",
        n_channels=3,
        n_timepoints=N_TIMEPOINTS,
        rate_hz=RATE,
        unit="counts or m/s",
        group="earthquake",
        n_instances=200_000,
        stream_max=True,
        licence="BSD-3-Clause",
        citation="; ".join(get_spec(name).citation for name in ("STEAD", "LEN-DB", "LOMAX")),
        url="",
        files=(),
        read=_no_files,
        simulate=simulate_seismic,
        simulate_batches=iter_seismic,
        targets=TARGETS,
    )
    return {seismic.name: seismic}


def spec_of(name: str) -> DatasetSpec:
    """Return the facts of a dataset, or of a joint one.

    Parameters
    ----------
    name : str
        ``"seismic"``, or as of `sktl.datasets.get_spec`.

    Returns
    -------
    DatasetSpec

    Raises
    ------
    ValueError
        If there is none.

    Examples
    --------
    >>> from sktl.pretraining.joint import spec_of
    >>> spec_of("seismic").targets[:3]
    ('magnitude', 'log10 of the distance in km', 'S minus P in s')
    >>> spec_of("stead").name
    'STEAD'
    """
    return _joint().get(name.removesuffix("-simulated").lower()) or get_spec(name)
