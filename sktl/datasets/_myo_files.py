"""Files in which people keep recordings of a Myo armband: .npz, .csv and .dat."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from sktl._tables import read_table
from sktl._untrusted import read_npz
from sktl.datasets._finding import find_files
from sktl.datasets._readers import Skip

N_CHANNELS = 8
# Côté-Allard's folders hold four rounds of seven gestures, numbered through.
N_CYCLE = 7
_CLASS_FILE = re.compile(r"classe_(\d+)", re.IGNORECASE)
_TAKE = re.compile(r"[ _-]*\(?\d+\)?$")
_ELECTRODE = re.compile(r"(?:emg|ch|channel|electrode)[ _-]*\d+", re.IGNORECASE)
Recording = tuple[str, str, str, np.ndarray]
PATTERNS = ("*.npz", "**/*.csv", "**/*.dat")


def recordings_in(folder: Path) -> Iterator[tuple[str, str, Path, str | None]]:
    """Find the recordings of a folder.

    Parameters
    ----------
    folder : pathlib.Path
        See `sktl.datasets.load_myo`.

    Yields
    ------
    subject, gesture : str
        Whose and what.
    file : pathlib.Path
        Where.
    array : str or None
        Name of the array in an ``.npz`` file.

    Raises
    ------
    ValueError
        If an ``.npz`` file is damaged.
    """
    for file in find_files(folder, *PATTERNS):
        if file.suffix == ".npz":
            for name in sorted(read_npz(file, ())):
                yield file.stem, name, file, name
            continue
        below = file.relative_to(folder).parts
        numbered = _CLASS_FILE.fullmatch(file.stem)
        gesture = str(int(numbered[1]) % N_CYCLE) if numbered else _TAKE.sub("", file.stem)
        if len(below) > 1:
            yield below[0], gesture or file.stem, file, None
        else:
            subject, _, gesture = file.stem.partition("_")
            yield subject, _TAKE.sub("", gesture), file, None


def read_recording(file: Path, array: str | None) -> np.ndarray:
    """Read a recording.

    Parameters
    ----------
    file : pathlib.Path
        ``.npz``; ``.csv`` with a column for each electrode, and perhaps a header and columns of
        time; or ``.dat``, the samples of all electrodes as int16, one time after the other.
    array : str or None
        Name of the array of an ``.npz`` file.

    Returns
    -------
    np.ndarray of shape (n_samples, 8)
        In the file's unit.

    Raises
    ------
    ValueError
        If an ``.npz`` file is damaged.
    Skip
        If the file does not hold eight channels of numbers.
    """
    if array is not None:
        recording = read_npz(file, (array,))[array]
    elif file.suffix == ".dat":
        samples = np.fromfile(file, dtype="<i2")
        if not samples.size or samples.size % N_CHANNELS:
            raise Skip("recording without 8 channels")
        recording = samples.reshape(-1, N_CHANNELS)
    else:
        recording = _table(file)
    if recording.ndim != 2 or recording.shape[1] != N_CHANNELS or recording.dtype.kind not in "iuf":
        raise Skip("recording without 8 channels")
    if recording.dtype.kind == "f" and not np.isfinite(recording).all():
        raise Skip("recording with values that are not finite")
    return recording


def _table(file):
    try:
        table = read_table(file, header=None, dtype=str, skipinitialspace=True)
    except ValueError as error:
        raise Skip("recording that is no table") from error
    header = pd.to_numeric(table.iloc[0], errors="coerce").isna()
    if header.any():
        electrodes = [_ELECTRODE.fullmatch(str(name)) is not None for name in table.iloc[0]]
        table = table.iloc[1:]
        if sum(electrodes) == N_CHANNELS:
            table = table.loc[:, electrodes]
    values = table.apply(pd.to_numeric, errors="coerce").to_numpy(float)
    if values.shape[1] == N_CHANNELS + 1 and len(values) > 1:
        # A clock runs on; the armband's values do not.
        clocks = [bool((np.diff(column) > 0).all()) for column in values.T]
        if sum(clocks) == 1:
            values = values[:, ~np.array(clocks)]
    return values
