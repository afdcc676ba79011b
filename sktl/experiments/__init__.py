"""Experiments: a plan of trials, run in parallel, into a store that loses nothing."""

from sktl.experiments._files import StoreError
from sktl.experiments._store import VOLATILE, Store, same_result
from sktl.experiments._trial import Data, Trial
from sktl.experiments._versions import versions

__all__ = [
    "VOLATILE",
    "Data",
    "Store",
    "StoreError",
    "Trial",
    "same_result",
    "versions",
]
