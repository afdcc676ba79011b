"""EMG: four pinches, recorded with a Myo armband."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from sktl.datasets._contract import make_fetcher
from sktl.datasets._finding import Once, find_files
from sktl.datasets._losses import Skipped
from sktl.datasets._readers import Reader, Skip
from sktl.datasets._spec import DatasetSpec, RemoteFile
from sktl.datasets._windows import labelled_windows, open_recording
from sktl.datasets.simulators.emg import iter_emg_pinch, simulate_emg_pinch

CLASSES = ("Pinch1", "Pinch2", "Pinch3", "Pinch4")
CHANNELS = (0, 2, 5)
WINDOW, STEP = 80, 10


def read_emg_pinch(path: Path) -> Reader:
    """Read the pinches as windows of 80 samples, every 10 samples, of channels 0, 2 and 5.

    Parameters
    ----------
    path : path-like
        The folder ``Pinch`` with ``<recording>_emg.npy`` and ``<recording>_ann.npy``, or one
        above it.

    Returns
    -------
    Reader
        Windows within one pinch; groups are recordings (a subject's session). Recordings that
        cannot be used are counted in ``skipped``, and so are windows with an unknown label.
    """
    path = Path(path)
    files = find_files(path, "**/*_emg.npy") if path.is_dir() else []
    if not files:
        raise ValueError(
            f"path must be a folder with <recording>_emg.npy files. Received: path={str(path)!r}"
        )
    skipped, once = Skipped(), Once()

    def opened() -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
        for file in files:
            try:
                name = file.name.removesuffix("_emg.npy")
                emg, labels = open_recording(file)
                once.check(name, emg, labels)
            except Skip as reason:
                skipped.leave_out(reason, file.name)
                continue
            yield name, emg, labels

    return labelled_windows(opened(), CLASSES, CHANNELS, WINDOW, STEP, skipped)


SPEC = DatasetSpec(
    name="EMG",
    module="emg_pinch",
    title="EMG from forearm for hand gestures recognition, Pinch",
    domain="electromyography",
    task="classification",
    target="pinch between the thumb and one finger",
    n_channels=3,
    n_timepoints=WINDOW,
    rate_hz=200.0,
    unit="units of the Myo armband (8 bit)",
    group="recording",
    n_instances=32_438,
    stream_max=True,
    licence="as stated by its Zenodo record",
    citation=(
        "Donati, E. (2019). EMG from forearm datasets for hand gestures recognition. Zenodo. "
        "doi:10.5281/zenodo.3194792"
    ),
    url="https://zenodo.org/records/3194792",
    files=(
        RemoteFile(
            "Pinch.zip",
            "https://zenodo.org/records/3194792/files/Pinch.zip?download=1",
            zenodo_record=3194792,
        ),
    ),
    read=read_emg_pinch,
    simulate=simulate_emg_pinch,
    simulate_batches=iter_emg_pinch,
    classes=CLASSES,
)

fetch_emg_pinch = make_fetcher(SPEC)
