"""Experiments: a plan of trials, run in parallel, into a store that loses nothing."""

from sktl.experiments._baselines import BASELINES
from sktl.experiments._data import shorten
from sktl.experiments._estimate import Estimate, estimate
from sktl.experiments._files import StoreError
from sktl.experiments._plan import SIZES, Plan
from sktl.experiments._profiles import PROFILES, paper, quick
from sktl.experiments._published_names import ARCHITECTURES, DATASETS
from sktl.experiments._real_data import missing
from sktl.experiments._run import Summary, best_sources, run
from sktl.experiments._store import VOLATILE, Store, same_result
from sktl.experiments._trial import Data, Trial, Weights
from sktl.experiments._versions import versions

__all__ = [
    "ARCHITECTURES",
    "BASELINES",
    "DATASETS",
    "PROFILES",
    "SIZES",
    "VOLATILE",
    "Data",
    "Estimate",
    "Plan",
    "Store",
    "StoreError",
    "Summary",
    "Trial",
    "Weights",
    "best_sources",
    "estimate",
    "missing",
    "paper",
    "quick",
    "run",
    "same_result",
    "shorten",
    "versions",
]
