"""Convolutions that train direction and norm of their kernels apart."""

from __future__ import annotations

from functools import cache


@cache
def weight_normalized_conv1d():
    """Define the layer at its first use, because importing sktl must not load keras.

    Returns
    -------
    type
        `keras.layers.Conv1D` whose kernel is given by its direction and, apart from it, the norm
        of every filter; the argument ``gain`` is the norm before training.

    References
    ----------
    .. [1] T. Salimans, D. P. Kingma (2016). Weight normalization. NIPS 2016.
    """
    from keras import initializers, layers, ops

    class WeightNormalizedConv1D(layers.Conv1D):
        """Convolution whose kernel is ``gain * v / ||v||``, a norm for every filter."""

        def __init__(self, *args, gain=1.0, **kwargs):
            super().__init__(*args, **kwargs)
            # Not ||v||: a network that is reset must not depend on its first values.
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
            v = self._kernel
            return v * (self.gain / ops.sqrt(ops.sum(ops.square(v), axis=(0, 1)) + 1e-12))

    return WeightNormalizedConv1D
