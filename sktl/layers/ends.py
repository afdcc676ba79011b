"""Series of unequal length in one tensor, padded at the end without effect on the result.

The output for a series is the same as without padding. Before a convolution, the padding is zero,
as with padding "same". Maxima, averages and batch statistics ignore the padding. Strides start
where they would start at the series' own length.

`lengths` is a tensor of shape (batch,) with the number of time points of each series, or None if
all series are as long as the tensor. In that case every function here uses the plain layer or has
no effect.
"""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np

_LEAST = float(np.finfo(np.float32).min)


@cache
def _layers() -> Any:
    """Define the layers at their first use, because importing sktl must not load keras."""
    from keras import layers, ops

    def before(x, lengths):
        return ops.arange(x.shape[1]) < lengths[:, None]

    class Ends(layers.Layer):
        """Replaces NaN at the end of series by zeros and returns the lengths."""

        def call(self, series):
            absent = ops.isnan(series)
            lengths = ops.sum(ops.cast(ops.logical_not(absent[:, :, 0]), "int32"), axis=1)
            return ops.where(absent, ops.zeros_like(series), series), lengths

    class Present(layers.Layer):
        """Returns a mask of shape (batch, time) that is True before the padding."""

        def call(self, x, lengths):
            return before(x, lengths)

    class Cut(layers.Layer):
        """Sets the padding, at the end or at the start, to zero or to another number."""

        def __init__(self, fill=0.0, last=False, **kwargs):
            super().__init__(**kwargs)
            self.fill, self.last = fill, last
            # A mask for an earlier batch normalisation is no longer needed.
            self.supports_masking = True

        def compute_mask(self, inputs, previous_mask):
            return None

        def call(self, x, lengths):
            if self.last:
                kept = ops.arange(x.shape[1]) >= x.shape[1] - lengths[:, None]
            else:
                kept = before(x, lengths)
            return ops.where(kept[:, :, None], x, ops.full_like(x, self.fill))

    class Shift(layers.Layer):
        """Moves series to the end of the tensor and their padding to the start."""

        def call(self, x, lengths):
            places = (ops.arange(x.shape[1]) + lengths[:, None]) % x.shape[1]
            return ops.take_along_axis(x, places[:, :, None], axis=1)

    class Windows(layers.Layer):
        """Pads each series as "same" would at its own length, for a layer without padding."""

        def __init__(self, size, stride, fill=0.0, **kwargs):
            super().__init__(**kwargs)
            self.size, self.stride, self.fill = size, stride, fill

        def call(self, x, lengths):
            size, stride = self.size, self.stride
            count = -(-x.shape[1] // stride)
            steps = (count - 1) * stride + size
            x = ops.where(before(x, lengths)[:, :, None], x, ops.full_like(x, self.fill))
            left = ops.maximum(size - 1 - (lengths - 1) % stride, 0) // 2
            padded = None
            for shift in sorted({max(size - rest, 0) // 2 for rest in range(1, stride + 1)}):
                after = max(steps - shift - x.shape[1], 0)
                moved = ops.pad(x, ((0, 0), (shift, after), (0, 0)), constant_values=self.fill)[
                    :, :steps
                ]
                chosen = ops.equal(left, shift)[:, None, None]
                padded = moved if padded is None else ops.where(chosen, moved, padded)
            return padded, (lengths + stride - 1) // stride

    class Every(layers.Layer):
        """Divides lengths by a stride and rounds them up or down."""

        def __init__(self, stride, up=True, **kwargs):
            super().__init__(**kwargs)
            self.stride, self.up = stride, up

        def call(self, lengths):
            if self.up:
                return (lengths + self.stride - 1) // self.stride
            return ops.maximum(lengths // self.stride, 1)

    return SimpleNamespace(
        Ends=Ends, Present=Present, Cut=Cut, Shift=Shift, Windows=Windows, Every=Every
    )


def ends(series):
    """Replace NaN at the end of series by zeros.

    Parameters
    ----------
    series : KerasTensor of shape (batch, n_timepoints, n_channels)
        Panel.

    Returns
    -------
    series : KerasTensor of shape (batch, n_timepoints, n_channels)
        Panel without NaN.
    lengths : KerasTensor of shape (batch,), int32
        Number of time points of each series.
    """
    return _layers().Ends(name="ends")(series)


def present(x, lengths):
    """Return a mask of shape (batch, time), True before the padding; None without lengths."""
    return None if lengths is None else _layers().Present()(x, lengths)


def cut(x, lengths, name: str | None = None):
    """Set the padding to zero with a layer called ``"<name>_end"``.

    It follows the feature layers of a network, so that their feature maps can be summarised.
    """
    if lengths is None:
        return x
    return _layers().Cut(name=name and f"{name}_end")(x, lengths)


def cut_before(x, lengths):
    """Set the padding to zero for series that were moved to the end of the tensor."""
    return x if lengths is None else _layers().Cut(last=True)(x, lengths)


def at_the_end(x, lengths):
    """Move series to the end of the tensor, for causal networks."""
    return x if lengths is None else _layers().Shift()(x, lengths)


def halved(lengths, up: bool = True):
    """Return the lengths divided by two, rounded up or down."""
    return None if lengths is None else _layers().Every(2, up)(lengths)


def widened(lengths, by: int):
    """Return the lengths of series after padding by ``by`` time points in total."""
    return None if lengths is None else lengths + by


def max_pool(x, lengths, size: int, stride: int, name: str):
    """Apply max pooling with padding "same", and return the new lengths too.

    Parameters
    ----------
    x : KerasTensor of shape (batch, time, channels)
        Panel.
    lengths : KerasTensor of shape (batch,) or None
        Number of time points of each series.
    size, stride : int
        Length of a window and distance of two windows, in time points.
    name : str
        Name of the pooling layer.

    Returns
    -------
    pooled : KerasTensor of shape (batch, ceil(time / stride), channels)
        Maxima; the padding is zero.
    lengths : KerasTensor of shape (batch,) or None
        New lengths.
    """
    from keras import layers

    if lengths is None:
        return layers.MaxPooling1D(size, strides=stride, padding="same", name=name)(x), None
    windows, lengths = _layers().Windows(size, stride, _LEAST)(x, lengths)
    x = layers.MaxPooling1D(size, strides=stride, padding="valid", name=name)(windows)
    return cut(x, lengths), lengths


def filled(x, lengths):
    """Set the padding to the smallest float32, so that maxima ignore it."""
    return x if lengths is None else _layers().Cut(_LEAST)(x, lengths)


def convolved(make, x, lengths, size: int, stride: int):
    """Apply a strided convolution with padding "same", and return the new lengths too.

    Parameters
    ----------
    make : callable
        Returns the layer for a padding, "same" or "valid".
    x, lengths, size, stride
        See `max_pool`.

    Returns
    -------
    x : KerasTensor of shape (batch, ceil(time / stride), filters)
        Feature maps; the padding has arbitrary values.
    lengths : KerasTensor of shape (batch,) or None
        New lengths.
    """
    if lengths is None:
        return make("same")(x), None
    if stride == 1:
        return make("same")(cut(x, lengths)), lengths
    windows, lengths = _layers().Windows(size, stride)(x, lengths)
    return make("valid")(windows), lengths
