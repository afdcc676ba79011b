"""Layers of the TCN that make one time point of two, and leave out what nobody reads."""

from __future__ import annotations

from functools import cache
from typing import Any

LONG = 100
"""Time points from which giving both of every pair is faster, for which a kernel must be built."""


def pad_start(x, zeros):
    """Put zeros before the first time point.

    Parameters
    ----------
    x : KerasTensor of shape (batch, n_timepoints, n_channels)
        Series.
    zeros : int
        How many.

    Returns
    -------
    KerasTensor of shape (batch, zeros + n_timepoints, n_channels)
        Longer series.
    """
    from keras import ops

    return ops.pad(x, ((0, 0), (zeros, 0), (0, 0))) if zeros else x


def _pairs(x):
    """Make one time point of two."""
    from keras import ops

    return ops.reshape(x, (-1, x.shape[1] // 2, 2 * x.shape[2]))


@cache
def every_second():
    """Define a layer that gives so many of the time points ..., -5, -3, -1, the last ones.

    Returns
    -------
    type
        Layer; its argument is how many.
    """
    from keras import layers, ops

    class EverySecond(layers.Layer):
        """Takes the second half of the channels of pairs.

        On TensorFlow a slice with a step takes longer than a convolution, and so does the gradient
        of a subscript.
        """

        def __init__(self, number, **kwargs):
            super().__init__(**kwargs)
            self.number = number

        def call(self, inputs):
            x = _pairs(pad_start(inputs, inputs.shape[1] % 2))
            shape = (ops.shape(x)[0], self.number, inputs.shape[2])
            return ops.slice(x, (0, x.shape[1] - self.number, inputs.shape[2]), shape)

    return EverySecond


@cache
def paired(convolution: Any):
    """Define a convolution that runs on pairs of time points: few, wide taps are fast.

    Parameters
    ----------
    convolution : type
        `keras.layers.Conv1D` or a subclass; the weights and their names stay.

    Returns
    -------
    type
        For an even number of time points, which are not padded. With a stride of two it gives the
        second of every pair, by half the taps on twice the channels; with a stride of one a second
        set of filters gives the first of the pairs, too. The first ``zeros`` time points that come
        out lie before the series and are zero.
    """
    import numpy as np
    from keras import ops

    class Paired(convolution):
        """For inputs of shape (batch, time, channels)."""

        def __init__(self, *args, zeros=0, **kwargs):
            super().__init__(*args, **kwargs)
            self.zeros = zeros

        @property
        def _given(self):
            return 3 - self.strides[0]

        @property
        def _taps(self):
            return (self.kernel_size[0] + self._given) // 2

        def compute_output_shape(self, input_shape):
            pairs = input_shape[1] // 2 - self._taps + 1
            return (input_shape[0], self._given * pairs, self.filters)

        def call(self, inputs):
            missing = 2 * self._taps - self.kernel_size[0]
            kernels = [
                ops.pad(self.kernel, ((missing - behind, behind), (0, 0), (0, 0)))
                for behind in reversed(range(self._given))
            ]
            kernel = ops.concatenate(kernels, axis=-1)
            kernel = ops.reshape(kernel, (self._taps, -1, kernel.shape[-1]))
            x = ops.conv(_pairs(inputs), kernel, padding="valid")
            x = ops.reshape(x, (-1, *self.compute_output_shape(inputs.shape)[1:]))
            bias = self.bias
            if self.zeros:
                before = np.arange(x.shape[1])[:, None] < self.zeros
                bias = bias + np.where(before, -np.inf, 0).astype("float32")
            return self.activation(x + bias)

    return Paired
