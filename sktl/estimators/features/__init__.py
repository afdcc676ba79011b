"""Blocks of features, one file a kind: of frozen sources, of random convolutions, of the series.

A block has a ``name`` and a ``kind``, learns of training series by ``fit`` and gives a table by
``transform``. A further block is one file more, and a line where `sktl.model_selection` lists them.
"""

from sktl.estimators.features.frozen_source import FrozenSource

__all__ = ["FrozenSource"]
