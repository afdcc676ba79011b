"""LOMAX: earthquakes at any distance on stations of the MedNet network, in m/s."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import h5py
import numpy as np

from sktl._tables import as_number
from sktl.datasets._contract import make_fetcher
from sktl.datasets._hdf5 import HDF5Reader
from sktl.datasets._readers import Reader, Skip
from sktl.datasets._spec import DatasetSpec, RemoteFile
from sktl.datasets.simulators.lomax import iter_lomax, simulate_lomax

# The published order: of a key that occurs twice, the first is kept.
_FOLDERS = ("train/events", "test/events", "test2/events", "validate/events")
_SHAPE = (3, 1001)
_TIME = re.compile(r"\.(\d{4}\.\d{2}\.\d{2}\.\d{2}\.\d{2}\.\d{2})(\.\d+)?$")
# Records of one earthquake start with its P wave, which needs 20 minutes around the globe.
_ONE_EVENT_S = 1200.0


def _describe(name: str, attributes: h5py.AttributeManager) -> tuple[float, str]:
    magnitude = as_number(attributes.get("magnitude"))
    if not np.isfinite(magnitude):
        raise Skip("no magnitude")
    return magnitude, name


def _start(key: str) -> float:
    found = _TIME.search(key)
    if not found:
        return float("nan")
    try:
        start = datetime.strptime(found[1], "%Y.%m.%d.%H.%M.%S").replace(tzinfo=UTC)
    except ValueError:
        return float("nan")
    return start.timestamp() + float(found[2] or 0)


def group_by_event(keys: np.ndarray, magnitudes: np.ndarray) -> np.ndarray:
    """Find which records are of one earthquake, which the file does not say.

    Records with the same magnitude that start within 20 minutes of the one before are taken as
    one earthquake. Two earthquakes may so be joined, but one is hardly ever torn apart.

    Parameters
    ----------
    keys : np.ndarray of str
        Keys such as ``MN_AQU__BH.2007.01.08.17.29.36.698``, which hold the time of the start.
    magnitudes : np.ndarray of float

    Returns
    -------
    np.ndarray of str
        A name for each record's earthquake; a key without a time is a group of its own.
    """
    starts = np.array([_start(key) for key in keys])
    groups = keys.astype(object)
    for magnitude in np.unique(magnitudes):
        members = np.flatnonzero((magnitudes == magnitude) & np.isfinite(starts))
        members = members[np.argsort(starts[members], kind="stable")]
        new = np.diff(starts[members], prepend=-np.inf) > _ONE_EVENT_S
        first = members[np.flatnonzero(new)[np.cumsum(new) - 1]] if len(members) else members
        groups[members] = keys[first]
    return groups.astype(str)


def read_lomax(path: Path) -> Reader:
    """Read the events of the dataset of ConvNetQuake INGV.

    Parameters
    ----------
    path : path-like
        ``ConvNetQuake_INGV_dataset.hdf5``.

    Returns
    -------
    Reader
        Events with a magnitude, without repeated keys, which are counted in ``skipped``.
    """
    reader = HDF5Reader(path, _FOLDERS, _SHAPE, time_first=True, describe=_describe)
    reader.groups = group_by_event(reader.groups, reader.y)
    return reader


SPEC = DatasetSpec(
    name="LOMAX",
    module="lomax",
    title="Seismogram waveform datasets for ConvNetQuake INGV",
    domain="seismology",
    task="regression",
    target="magnitude of the earthquake",
    n_channels=3,
    n_timepoints=1001,
    rate_hz=20.0,
    unit="m/s",
    group="earthquake (found from time and magnitude)",
    n_instances=19_426,
    stream_max=True,
    licence="as stated by its Zenodo record",
    citation=(
        "Lomax, A., Jozinović, D., Otović, E. and Michelini, A. (2021). Seismogram waveform "
        "datasets for ConvNetQuake-INGV. Zenodo. doi:10.5281/zenodo.5040865"
    ),
    url="https://zenodo.org/records/5040865",
    files=(
        RemoteFile(
            "ConvNetQuake_INGV_dataset.hdf5",
            "https://zenodo.org/records/5040865/files/ConvNetQuake_INGV_dataset.hdf5?download=1",
            zenodo_record=5040865,
        ),
    ),
    read=read_lomax,
    simulate=simulate_lomax,
    simulate_batches=iter_lomax,
)

fetch_lomax = make_fetcher(SPEC)
