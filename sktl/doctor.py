"""What an installation has, and whether it works: ``sktl doctor``."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sktl import __version__, _paths

PACKAGES = (
    "sktime", "scikit-learn", "keras", "tensorflow", "jax", "torch", "numpy", "scipy", "pandas",
    "numba", "safetensors", "matplotlib", "huggingface_hub", "soundfile",
)  # fmt: skip
_EXTRAS = {
    "matplotlib": "plots", "huggingface_hub": "hub", "jax": "jax", "torch": "torch",
    "soundfile": "audio",
}  # fmt: skip
_NEEDED = frozenset(PACKAGES) - {"tensorflow", *_EXTRAS}
_THREADS = (
    "OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "NUMBA_NUM_THREADS",
)  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Parameters
    ----------
    name : str
        What was checked.
    found : str
        What was found.
    ok : bool
        False: something is broken, and `found` says what to do.
    """

    name: str
    found: str
    ok: bool = True


def examine() -> Iterator[Finding]:
    """Look at versions, backend, devices, threads, cache and mirror, and train for seconds.

    Yields
    ------
    Finding
        One after the other; the self-test, which takes about ten seconds, comes last.

    Examples
    --------
    >>> from sktl.doctor import examine
    >>> next(examine()).name
    'sktl'
    """
    yield Finding("sktl", f"{__version__}, {Path(__file__).parent}")
    yield Finding("Python", f"{platform.python_version()}, {sys.executable}")
    yield Finding("system", f"{platform.platform()}, {os.cpu_count()} processors")
    for package in PACKAGES:
        yield _package(package)
    for name, look in (
        ("backend", _backend),
        ("devices", _devices),
        ("threads", _threads),
        ("cache", _cache),
        ("mirror", _mirror),
        ("sources", _sources),
        ("self-test", _self_test),
    ):
        yield _tried(name, look)


def _tried(name: str, look: Callable[[], str]) -> Finding:
    """Turn an error into a finding, so that the other checks still run."""
    try:
        return Finding(name, look())
    except Exception as error:
        return Finding(name, f"{type(error).__name__}: {error}", ok=False)


def _package(name: str) -> Finding:
    try:
        return Finding(name, importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        if name in _NEEDED:
            return Finding(name, f"not installed: pip install {name}", ok=False)
        extra = f"; pip install 'sktl[{_EXTRAS[name]}]' adds it" if name in _EXTRAS else ""
        return Finding(name, f"not installed (not needed{extra})")


def _backend() -> str:
    from sktl.training.backends import BACKENDS
    from sktl.training.quiet_import import import_keras

    backend = import_keras().backend.backend()
    if backend not in BACKENDS:
        raise RuntimeError(
            f"Keras's backend must be one of {', '.join(BACKENDS)}: set KERAS_BACKEND before "
            f"Python starts. Received: {backend!r}"
        )
    chosen = os.environ.get("KERAS_BACKEND")
    why = f"KERAS_BACKEND={chosen}" if chosen else "by Keras's default or ~/.keras/keras.json"
    return f"{backend} ({why})"


def _devices() -> str:
    import keras

    if keras.backend.backend() == "jax":
        import jax

        found = [str(device) for device in jax.devices()]
    elif keras.backend.backend() == "torch":
        found = [str(keras.ops.zeros(()).device)]
    else:
        import tensorflow as tf

        found = [device.name for device in tf.config.list_logical_devices()]
    return ", ".join(found)


def _threads() -> str:
    given = [f"{name}={os.environ[name]}" for name in _THREADS if name in os.environ]
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{usable} usable processors; {', '.join(given) or 'no limit is set'}"


def _cache() -> str:
    """Write and remove a file where the cache is, or would be made."""
    home = _paths.home()
    there = home
    while not there.exists():
        there = there.parent
    if not there.is_dir():
        raise NotADirectoryError(f"{there} is a file: set SKTL_HOME to a folder")
    try:
        with tempfile.TemporaryFile(dir=there) as file:
            file.write(b"sktl")
    except OSError as error:
        raise PermissionError(
            f"{there} cannot be written to ({error}): set SKTL_HOME to a folder that can"
        ) from error
    made = "" if home.exists() else " (made at the first use)"
    from shutil import disk_usage

    return f"{home}{made}, writable, {disk_usage(there).free / 1e9:.0f} GB free"


def _mirror() -> str:
    names = _paths.names_in_mirror()
    given = os.environ.get("SKTL_MIRROR")
    return f"{given}, {len(names):,} files" if given else "none (SKTL_MIRROR is not set)"


def _sources() -> str:
    from sktl.sources import list_sources

    table = list_sources()
    damaged = table.loc[table["problem"].notna()]
    if len(damaged):
        raise RuntimeError(
            f"{len(damaged)} of {len(table)} cannot be read, first: {damaged['problem'].iloc[0]}"
        )
    here = table["available"].sum()
    return f"{len(table)}, {here} of them on this machine"


def _self_test() -> str:
    """Fine-tune a bundled source on simulated series, and compare a pickle's predictions."""
    import pickle
    import warnings

    import numpy as np

    from sktl.estimators.magnet import MagNetRegressor

    rng = np.random.default_rng(0)
    y = rng.normal(size=24)
    X: Any = np.exp(y)[:, None, None] * rng.normal(size=(24, 3, 64))
    started = time.perf_counter()
    with warnings.catch_warnings():
        # So few series train few steps; nobody will use this network.
        warnings.simplefilter("ignore", UserWarning)
        network = MagNetRegressor(
            source="EMG-Roshambo", omega=0.25, n_epochs=2, random_state=0
        ).fit(X, y)
    predicted = network.predict(X)
    if not np.isfinite(predicted).all():
        raise FloatingPointError("a network predicts values that are not finite")
    if not np.array_equal(predicted, pickle.loads(pickle.dumps(network)).predict(X)):
        raise RuntimeError("a pickled network does not predict what it predicted before")
    seconds = time.perf_counter() - started
    return f"a network was fine-tuned, predicts, and survives a pickle ({seconds:.0f} s)"
