"""What numba compiles once on a machine, before the first fit's time begins."""

from __future__ import annotations

import hashlib
import platform
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from sktl.estimators.features import competing_kernels
from sktl.estimators.features.catch22 import Catch22Block
from sktl.estimators.features.random_convolutions import RandomBlock
from sktl.training.quiet_import import import_keras

COMPILED: dict[str, Callable[[], Any]] = {
    "catch22": Catch22Block,
    "minirocket": lambda: RandomBlock("minirocket"),
    "multirocket": lambda: RandomBlock("multirocket"),
    "hydra": competing_kernels.HydraBlock,
}
"""Blocks of features that numba compiles, those that take longest first."""
# Other blocks compile in a second.
LONG = ("catch22", "minirocket", "multirocket")


def compile_block(name: str) -> None:
    """Let numba compile a block, or read what it compiled before.

    Parameters
    ----------
    name : str
        Of `COMPILED`.
    """
    X = np.random.default_rng(0).normal(size=(2, 1, 10))
    COMPILED[name]().fit(X).transform(X)


def compile_features(names: Sequence[str], keras: bool) -> None:
    """Load what the features need; compile it where no process with these versions did.

    Each block takes most of a minute to compile, and numba compiles with one thread: the first
    time on a machine, several are compiled side by side by processes of their own, while this one
    loads keras.

    Parameters
    ----------
    names : sequence of str
        Of `COMPILED`.
    keras : bool
        Load keras, whose backend takes seconds to load.
    """
    stamp = _stamp()
    new = [name for name in LONG if name in names]
    processes = []
    if (
        len(new) > 1
        and competing_kernels.n_threads() > 1
        and stamp is not None
        and not stamp.exists()
    ):
        quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        for name in new:
            code = f"from {__name__} import compile_block; compile_block({name!r})"
            processes.append(subprocess.Popen([sys.executable, "-c", code], **quiet))
    try:
        if keras:
            import_keras()
        for process in processes:
            process.wait()
    finally:
        for process in processes:
            process.kill()
    # Where a process failed, for instance in a folder that it may not write, this one compiles.
    for name in names:
        compile_block(name)
    if new == list(LONG) and stamp is not None and stamp.parent.is_dir():
        stamp.touch()


def _stamp() -> Path | None:
    """Return the file in numba's cache that says that all was compiled; None without a cache."""
    folder = competing_kernels.compiled().stats.cache_path
    if folder is None:
        return None
    # Other environments may use the same cache of sktl, with an sktime of their own.
    made_of = [sys.prefix, platform.python_version(), version("numba"), version("sktime")]
    mark = hashlib.sha256("\n".join(made_of).encode()).hexdigest()[:12]
    return Path(folder) / f"compiled-{mark}"
