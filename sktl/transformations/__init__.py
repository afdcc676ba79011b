"""Frozen sources as sktime transformers: panels in, tables of features out."""

from sktl.transformations.source_features import SourceFeatures

__all__ = ["SourceFeatures"]
