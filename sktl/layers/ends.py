"""Series of unequal length in one tensor: what follows the end of a series counts for nothing.

A network that reads them gives each series what it would give it alone, at its own length. Before
a convolution, zeros follow the series, as its padding "same" has them there; maxima, averages and
batch statistics leave out what follows; strides begin where they begin at the series' own length.

`lengths` is a tensor of shape (batch,) with the time points of each series, or None: all are as
long as the tensor, and every function here gives the plain layer or changes nothing.
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
        """Zeros for the NaN that follows series, and how long they are."""

        def call(self, series):
            absent = ops.isnan(series)
            lengths = ops.sum(ops.cast(ops.logical_not(absent[:, :, 0]), "int32"), axis=1)
            return ops.where(absent, ops.zeros_like(series), series), lengths

    class Present(layers.Layer):
        """True at the time points of series: a mask of shape (batch, time)."""

        def call(self, x, lengths):
            return before(x, lengths)

    class Cut(layers.Layer):
        """Zeros, or another number, after the first so many time points, or before the last."""

        def __init__(self, fill=0.0, last=False, **kwargs):
            super().__init__(**kwargs)
            self.fill, self.last = fill, last
            # A mask that batch normalisation was given has done its work.
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
        """Series moved to the end of the tensor; what followed them comes before."""

        def call(self, x, lengths):
            places = (ops.arange(x.shape[1]) + lengths[:, None]) % x.shape[1]
            return ops.take_along_axis(x, places[:, :, None], axis=1)

    class Windows(layers.Layer):
        """Series padded as "same" pads each at its own length, for a window without padding."""

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
        """Lengths after every so many time points have become one."""

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
    """Replace the NaN that follows series by zeros.

    Parameters
    ----------
    series : KerasTensor of shape (batch, n_timepoints, n_channels)
        Panel.

    Returns
    -------
    series : KerasTensor of the same shape
    lengths : KerasTensor of shape (batch,), int32
    """
    return _layers().Ends(name="ends")(series)


def present(x, lengths):
    """Return a mask of shape (batch, time) for layers that take one; None without lengths."""
    return None if lengths is None else _layers().Present()(x, lengths)


def cut(x, lengths, name: str | None = None):
    """Set to zero what follows the series; the layer is called ``"<name>_end"``.

    The feature layers of a network are followed by it, so that their maps can be summarised.
    """
    if lengths is None:
        return x
    return _layers().Cut(name=name and f"{name}_end")(x, lengths)


def cut_before(x, lengths):
    """Set to zero what precedes series that end with the tensor."""
    return x if lengths is None else _layers().Cut(last=True)(x, lengths)


def at_the_end(x, lengths):
    """Move series to the end of the tensor, where causal networks read them."""
    return x if lengths is None else _layers().Shift()(x, lengths)


def halved(lengths, up: bool = True):
    """Return the lengths after every two time points have become one; an odd one stays, or goes."""
    return None if lengths is None else _layers().Every(2, up)(lengths)


def widened(lengths, by: int):
    """Return the lengths of series that have got zeros, ``by`` on both sides together."""
    return None if lengths is None else lengths + by


def max_pool(x, lengths, size: int, stride: int, name: str):
    """Pool by maxima, padded as "same", and give the new lengths.

    Parameters
    ----------
    x : KerasTensor of shape (batch, time, channels)
        Panel.
    lengths : KerasTensor of shape (batch,) or None
        See the module.
    size, stride : int
        Time points of a window, and from one to the next.
    name : str
        Name of the pooling layer.

    Returns
    -------
    pooled : KerasTensor of shape (batch, ceil(time / stride), channels)
        Zero after the series.
    lengths : KerasTensor of shape (batch,) or None
    """
    from keras import layers

    if lengths is None:
        return layers.MaxPooling1D(size, strides=stride, padding="same", name=name)(x), None
    windows, lengths = _layers().Windows(size, stride, _LEAST)(x, lengths)
    x = layers.MaxPooling1D(size, strides=stride, padding="valid", name=name)(windows)
    return cut(x, lengths), lengths


def filled(x, lengths):
    """Let the least number follow the series, which no maximum sees."""
    return x if lengths is None else _layers().Cut(_LEAST)(x, lengths)


def convolved(make, x, lengths, size: int, stride: int):
    """Convolve with a stride, padded as "same", and give the new lengths.

    Parameters
    ----------
    make : callable
        Takes the padding, "same" or "valid"; gives the layer.
    x, lengths, size, stride
        See `max_pool`.

    Returns
    -------
    x : KerasTensor of shape (batch, ceil(time / stride), filters)
        What follows the series is any number.
    lengths : KerasTensor of shape (batch,) or None
    """
    if lengths is None:
        return make("same")(x), None
    if stride == 1:
        return make("same")(cut(x, lengths)), lengths
    windows, lengths = _layers().Windows(size, stride)(x, lengths)
    return make("valid")(windows), lengths
