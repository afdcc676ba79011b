"""STEAD: local earthquakes of the Stanford Earthquake Dataset, in counts."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np

from sktl._tables import as_number
from sktl.datasets._contract import make_fetcher
from sktl.datasets._finding import find_files
from sktl.datasets._hdf5 import HDF5Reader
from sktl.datasets._readers import JoinedReader, Reader, Skip, as_text
from sktl.datasets._spec import DatasetSpec, RemoteFile
from sktl.datasets.simulators.stead import iter_stead, simulate_stead

_FOLDERS = ("earthquake/local", "data")
_SHAPE = (3, 6000)


def _describe(name: str, attributes: h5py.AttributeManager) -> tuple[float, str]:
    category = as_text(attributes.get("trace_category", ""))
    if category.startswith("noise") or (not category and name.endswith("_NO")):
        raise Skip("noise")
    magnitude = as_number(attributes.get("source_magnitude"))
    if not np.isfinite(magnitude):
        raise Skip("no magnitude")
    event = as_text(attributes.get("source_id", ""))
    return magnitude, event or as_text(attributes.get("source_origin_time", "")) or name


def read_stead(path: Path) -> Reader:
    """Read STEAD, the file of 2019 (``earthquake/local``) or later merged files (``data``).

    Parameters
    ----------
    path : path-like
        An HDF5 file, or a folder with several at any depth (the chunks of the official
        distribution). A trace that lies in several files is read once.

    Returns
    -------
    Reader
        Earthquakes with a magnitude; noise and unusable traces are counted in ``skipped``.
        Channels stay in the file's order: east, north, vertical.
    """
    path = Path(path)
    files = find_files(path, "**/*.hdf5", "**/*.h5") if path.is_dir() else [path]
    if not files:
        raise FileNotFoundError(f"A folder must hold *.hdf5 files. Received: path={str(path)!r}")
    readers = [
        HDF5Reader(file, _FOLDERS, _SHAPE, time_first=True, describe=_describe) for file in files
    ]
    return readers[0] if len(readers) == 1 else JoinedReader(readers)


SPEC = DatasetSpec(
    name="STEAD",
    module="stead",
    title="Stanford Earthquake Dataset",
    domain="seismology",
    task="regression",
    target="magnitude of the earthquake",
    n_channels=3,
    n_timepoints=6000,
    rate_hz=100.0,
    unit="counts",
    group="earthquake",
    n_instances=1_031_908,
    stream_max=False,
    licence="CC BY 4.0",
    citation=(
        "Mousavi, S. M., Sheng, Y., Zhu, W. and Beroza, G. C. (2019). STanford EArthquake Dataset "
        "(STEAD): a global data set of seismic signals for AI. IEEE Access 7, 179464-179476. "
        "doi:10.1109/ACCESS.2019.2947848"
    ),
    url="https://github.com/smousavi05/STEAD",
    files=(
        RemoteFile(
            "waveforms_11_13_19.hdf5",
            "https://github.com/smousavi05/STEAD",
            size=85_000_000_000,
            manual=(
                "STEAD (about 85 GB) is handed out through links that its authors renew:\n"
                "  1. open https://github.com/smousavi05/STEAD and follow its download links\n"
                "     (one merged file, or the chunks chunk2 to chunk6 with earthquakes);\n"
                "  2. unpack the .hdf5 file or files into one folder;\n"
                "  3. pass that file or folder: fetch_stead(path=...), or put the merged file into "
                "$SKTL_MIRROR\n     under the name waveforms_11_13_19.hdf5."
            ),
        ),
    ),
    read=read_stead,
    simulate=simulate_stead,
    simulate_batches=iter_stead,
)

fetch_stead = make_fetcher(SPEC)
