"""Workers behind one call: processes of this machine, or those of a Dask or Ray cluster."""

from sktl._parallel.backends import BACKENDS, engine
from sktl._parallel.process import default_jobs, keras_backend, prepare_process
from sktl._parallel.request import workers_for
from sktl._parallel.workers import Workers, is_death

__all__ = [
    "BACKENDS", "Workers", "default_jobs", "engine", "is_death", "keras_backend", "prepare_process",
    "workers_for",
]  # fmt: skip
