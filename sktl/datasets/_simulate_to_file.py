"""Simulated datasets, streamed to a file."""

from __future__ import annotations

from collections.abc import Iterator
from os import PathLike
from pathlib import Path

import numpy as np

from sktl.datasets._hdf5 import write_panel
from sktl.datasets._registry import get_spec
from sktl.datasets._simulation import as_target
from sktl.datasets._spec import SIMULATED


def simulate_to_file(
    name: str,
    n_instances: int,
    path: str | PathLike[str],
    random_state: int = 0,
    *,
    progress: bool = False,
    overwrite: bool = False,
) -> int:
    """Simulate a dataset into an HDF5 file without ever holding more than a batch.

    Parameters
    ----------
    name : str
        Such as ``"STEAD"`` or ``"STEAD-simulated"``.
    n_instances : int
        How many.
    path : path-like
        The file, to be read with ``load_dataset("STEAD-simulated", path=...)``.
    random_state : int, default=0
        Seed.
    progress : bool, default=False
        Whether to show a progress bar.
    overwrite : bool, default=False
        Whether to replace a file that is there.

    Returns
    -------
    int
        Number of instances written.

    Raises
    ------
    FileExistsError
        If there is a file at `path` and `overwrite` is False.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from sktl.datasets import load_dataset, simulate_to_file
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "emg.hdf5"
    >>> simulate_to_file("EMG", 100, file)
    100
    >>> load_dataset("EMG-simulated", path=file).train.X.shape
    (70, 3, 80)
    """
    from tqdm.auto import tqdm

    spec = get_spec(name.removesuffix(SIMULATED) + SIMULATED)
    if not overwrite and Path(path).exists():
        raise FileExistsError(
            "There is a file already: choose another name, or overwrite it (overwrite=True, "
            f"--overwrite). Received: path={str(path)!r}"
        )
    batch_size = max(1, 2**22 // (spec.n_channels * spec.n_timepoints))
    batches = spec.simulate_batches(n_instances, random_state, batch_size=batch_size)
    bar = tqdm(desc=spec.simulated_name, total=n_instances, delay=2, disable=not progress)

    def told() -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        for X, y, groups in batches:
            yield X, as_target(y, spec.task), groups
            bar.update(len(X))

    with bar:
        return write_panel(
            Path(path),
            spec.simulated_name,
            told(),
            random_state=random_state,
            n_instances=n_instances,
        )
