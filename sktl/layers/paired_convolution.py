"""Layers of the TCN that work on pairs of time points and skip outputs that are not used."""

from __future__ import annotations

from functools import cache
from typing import Any

LONG = 100
"""Smallest number of time points for which a paired convolution with stride 1 is faster."""


def pad_start(x, zeros):
    """Insert zeros before the first time point.

    Parameters
    ----------
    x : KerasTensor of shape (batch, n_timepoints, n_channels)
        Series.
    zeros : int
        Number of zeros.

    Returns
    -------
    KerasTensor of shape (batch, zeros + n_timepoints, n_channels)
        Padded series.
    """
    from keras import ops

    return ops.pad(x, ((0, 0), (zeros, 0), (0, 0))) if zeros else x


def _pairs(x):
    """Join the channels of every two time points."""
    from keras import ops

    return ops.reshape(x, (-1, x.shape[1] // 2, 2 * x.shape[2]))


@cache
def every_second():
    """Return a layer class that selects the last n of the time points ..., -5, -3, -1.

    Returns
    -------
    type
        Layer class; its argument is n.
    """
    from keras import layers, ops

    class EverySecond(layers.Layer):
        """Selects every second time point as the second half of the channels of pairs.

        On TensorFlow, a strided slice is slower than a convolution, and so is the gradient of
        indexing.
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
    """Return a convolution class that works on pairs of time points.

    Half the taps on twice the channels are faster.

    Parameters
    ----------
    convolution : type
        `keras.layers.Conv1D` or a subclass; weights and their names are the same.

    Returns
    -------
    type
        Layer class for an even number of time points, without padding. With stride 2 it returns the
        second output of every pair; with stride 1 a second set of filters returns the first one
        too. Its first ``zeros`` outputs lie before the series and are set to zero.
    """
    import numpy as np
    from keras import ops

    class Paired(convolution):
        """Convolution of inputs of shape (batch, time, channels)."""

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
