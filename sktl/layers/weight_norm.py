"""Convolution with weight normalisation."""

from __future__ import annotations

from functools import cache


@cache
def weight_normalized_conv1d():
    """Return the layer class, which is defined at the first call.

    Returns
    -------
    type
        `keras.layers.Conv1D` with separate parameters for the direction and the norm of each
        filter [1]_; the argument ``gain`` is the initial norm.

    References
    ----------
    .. [1] T. Salimans, D. P. Kingma (2016). Weight normalization. NIPS 2016.
    """
    from keras import initializers, layers, ops

    class WeightNormalizedConv1D(layers.Conv1D):
        """Convolution with the kernel ``gain * v / ||v||``, with one norm per filter."""

        def __init__(self, *args, gain=1.0, **kwargs):
            super().__init__(*args, **kwargs)
            # Not ||v||: after a reset, the network must not depend on its first initial values.
            self.gain_initializer = initializers.Constant(gain)

        def build(self, input_shape):
            super().build(input_shape)
            self.gain = self.add_weight(
                shape=(self.filters,),
                initializer=self.gain_initializer,
                regularizer=self.kernel_regularizer,
                name="gain",
            )

        @property
        def kernel(self):
            v = super().kernel
            return v * (self.gain / ops.sqrt(ops.sum(ops.square(v), axis=(0, 1)) + 1e-12))

    return WeightNormalizedConv1D
