"""LEN-DB: local earthquakes on broad-band stations around the world, in m/s."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np

from sktl._tables import as_number
from sktl.datasets._contract import make_fetcher
from sktl.datasets._hdf5 import HDF5Reader
from sktl.datasets._readers import Reader, Skip, as_text
from sktl.datasets._spec import DatasetSpec, RemoteFile
from sktl.datasets.simulators.len_db import iter_len_db, simulate_len_db


def _describe(name: str, attributes: h5py.AttributeManager) -> tuple[float, str]:
    magnitude = as_number(attributes.get("mag"))
    if not np.isfinite(magnitude):
        raise Skip("no magnitude")
    return magnitude, as_text(attributes.get("otime", "")) or name


def read_len_db(path: Path) -> Reader:
    """Read the earthquakes of LEN-DB.

    Parameters
    ----------
    path : path-like
        ``LEN-DB.hdf5``.

    Returns
    -------
    Reader
        The group ``EQ``; groups are origin times, so that the stations of an earthquake are
        known. Noise (group ``AN``) is not read.
    """
    return HDF5Reader(path, ["EQ"], (3, 540), time_first=False, describe=_describe)


SPEC = DatasetSpec(
    name="LEN-DB",
    module="len_db",
    title="Local Earthquakes detection: a benchmark of 3-component seismograms (LEN-DB)",
    domain="seismology",
    task="regression",
    target="magnitude of the earthquake",
    n_channels=3,
    n_timepoints=540,
    rate_hz=20.0,
    unit="m/s",
    group="earthquake",
    n_instances=629_095,
    stream_max=True,
    licence="as stated by its Zenodo record",
    citation=(
        "Magrini, F., Jozinović, D., Cammarano, F., Michelini, A. and Boschi, L. (2020). Local "
        "earthquakes detection: a benchmark dataset of 3-component seismograms built on a global "
        "scale. Artificial Intelligence in Geosciences 1, 1-10. Zenodo. doi:10.5281/zenodo.3648232"
    ),
    url="https://zenodo.org/records/3648232",
    files=(
        RemoteFile(
            "LEN-DB.hdf5",
            "https://zenodo.org/records/3648232/files/LEN-DB.hdf5?download=1",
            size=18_200_000_000,
            zenodo_record=3648232,
        ),
    ),
    read=read_len_db,
    simulate=simulate_len_db,
    simulate_batches=iter_len_db,
)

fetch_len_db = make_fetcher(SPEC)
