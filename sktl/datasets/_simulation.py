"""Simulated datasets in memory."""

from __future__ import annotations

import numpy as np

from sktl.datasets._readers import MemoryReader, Reader
from sktl.datasets._spec import DatasetSpec


def as_target(y: np.ndarray, task: str) -> np.ndarray:
    """Return targets as float32, labels as str."""
    return np.asarray(y).astype(np.float32 if task == "regression" else str)


def simulated_reader(spec: DatasetSpec, n_instances: int | None, random_state: int) -> Reader:
    """Simulate a dataset into memory."""
    if n_instances is None:
        raise ValueError(
            f"{spec.simulated_name} needs a size: load_dataset({spec.simulated_name!r}, "
            "n_instances=...). Received: n_instances=None"
        )
    X, y, groups = spec.simulate(n_instances, random_state=random_state, return_groups=True)
    return MemoryReader(X, as_target(y, spec.task), groups)
