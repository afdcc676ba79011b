"""Choosing a model, a source and omega."""

from sktl.model_selection._auto_transfer import AutoTransferClassifier, AutoTransferRegressor
from sktl.model_selection._omega_search import (
    OMEGA_GRID,
    OmegaSearch,
    OmegaSearchClassifier,
    OmegaSearchRegressor,
)
from sktl.model_selection._rank_sources import rank_sources
from sktl.model_selection._transferability import h_score, logme

__all__ = [
    "OMEGA_GRID",
    "AutoTransferClassifier",
    "AutoTransferRegressor",
    "OmegaSearch",
    "OmegaSearchClassifier",
    "OmegaSearchRegressor",
    "h_score",
    "logme",
    "rank_sources",
]
