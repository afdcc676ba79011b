"""Summaries of feature maps over time."""

from __future__ import annotations

from functools import cache

import numpy as np


@cache
def summary_over_time():
    """Return the layer class, which is defined at the first call.

    Returns
    -------
    type
        Layer that summarises feature maps; its argument ``pooling`` is a sequence of "mean", "std",
        "max" and "positive" (fraction of positive values).
    """
    from keras import layers, ops

    class SummaryOverTime(layers.Layer):
        """Mean, standard deviation, maximum or fraction of positive values of each feature map."""

        def __init__(self, pooling, **kwargs):
            super().__init__(**kwargs)
            self.pooling = pooling
            # The mask of a batch normalisation has the same information as the lengths.
            self.supports_masking = True

        def compute_mask(self, inputs, previous_mask):
            return None

        def call(self, maps, lengths=None):
            functions = self._of_all(maps) if lengths is None else self._of_own(maps, lengths)
            return ops.concatenate([functions[kind]() for kind in self.pooling], axis=1)

        def _of_all(self, maps):
            return {
                "mean": lambda: ops.mean(maps, axis=1),
                "std": lambda: ops.std(maps, axis=1),
                "max": lambda: ops.max(maps, axis=1),
                "positive": lambda: ops.mean(ops.cast(maps > 0, maps.dtype), axis=1),
            }

        def _of_own(self, maps, lengths):
            """Summarise the time points of each series without padding, see `sktl.layers.ends`."""
            own = (ops.arange(maps.shape[1]) < lengths[:, None])[:, :, None]
            count = ops.cast(lengths, maps.dtype)[:, None]

            def mean(values):
                return ops.sum(ops.where(own, values, ops.zeros_like(values)), axis=1) / count

            return {
                "mean": lambda: mean(maps),
                "std": lambda: ops.sqrt(mean(ops.square(maps - mean(maps)[:, None]))),
                "max": lambda: ops.max(ops.where(own, maps, ops.full_like(maps, -np.inf)), axis=1),
                "positive": lambda: mean(ops.cast(maps > 0, maps.dtype)),
            }

    return SummaryOverTime
