"""A process that is to train networks: its backend of keras, its threads, its cores."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from sktl._untrusted import read_json


def keras_backend() -> str:
    """Return the backend that keras will use, without importing it.

    Returns
    -------
    str
        From ``KERAS_BACKEND``, else from keras' own configuration file, else ``"tensorflow"``.
    """
    if os.environ.get("KERAS_BACKEND"):
        return os.environ["KERAS_BACKEND"]
    folder = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    try:
        return str(read_json((folder / "keras.json").read_text())["backend"])
    except (OSError, ValueError, KeyError, TypeError):
        return "tensorflow"


def prepare_process(threads: int, backend: str) -> None:
    """Set the number of threads before keras is loaded; afterwards nothing can.

    Parameters
    ----------
    threads : int
        Threads of a network.
    backend : str
        The backend of keras that the work is planned for.

    Raises
    ------
    RuntimeError
        If this process already runs keras on another backend.
    """
    if "keras" in sys.modules:
        import keras

        if keras.backend.backend() != backend:
            raise RuntimeError(
                f"This worker runs keras on {keras.backend.backend()!r}; start it anew with "
                f"KERAS_BACKEND={backend}. Received: trials for {backend!r}"
            )
        return
    os.environ["KERAS_BACKEND"] = backend
    for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS",
                 "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):  # fmt: skip
        os.environ[name] = str(threads)
    if threads == 1 and backend == "jax":
        os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    _keep_networks()


def _keep_networks():
    """Stop loky from replacing workers that grow: compiled networks are meant to stay."""
    loky = sys.modules.get("joblib.externals.loky.process_executor")
    if hasattr(loky, "_USE_PSUTIL"):
        loky._USE_PSUTIL = False  # type: ignore[union-attr]


def default_jobs() -> int:
    """Return the number of cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
