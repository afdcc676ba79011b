"""Summaries of feature maps over time."""

from __future__ import annotations

from functools import cache


@cache
def summary_over_time():
    """Define the layer at its first use, because importing sktl must not load keras."""
    from keras import layers, ops

    class SummaryOverTime(layers.Layer):
        """Mean, standard deviation, maximum and share of positive values of each filter's map."""

        def __init__(self, pooling, **kwargs):
            super().__init__(**kwargs)
            self.pooling = pooling

        def call(self, maps):
            functions = {
                "mean": lambda: ops.mean(maps, axis=1),
                "std": lambda: ops.std(maps, axis=1),
                "max": lambda: ops.max(maps, axis=1),
                "positive": lambda: ops.mean(ops.cast(maps > 0, maps.dtype), axis=1),
            }
            return ops.concatenate([functions[kind]() for kind in self.pooling], axis=1)

    return SummaryOverTime
