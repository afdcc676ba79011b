"""The convolution layer of the networks with many channels: Keras' own, faster on TensorFlow."""

from __future__ import annotations

from functools import cache


@cache
def fast_convolution():
    """Define the layer at its first use, because importing sktl must not load keras.

    Returns
    -------
    type
        `keras.layers.Conv1D` with the same weights, names and, to rounding, results. On TensorFlow
        without a GPU, with padding "same" and strides of one or two, wide layers are computed by
        minimal filtering, and other kernels' gradients as matrix products; everything else, such
        as dilation, is left to Keras.
    """
    from keras import Variable, layers

    class FastConv1D(layers.Conv1D):
        """For inputs of shape (batch, time, channels)."""

        def call(self, inputs):
            known = (
                self.padding == "same"
                and self.dilation_rate == (1,)
                and self.groups == 1
                and self.data_format == "channels_last"
                and self.compute_dtype == "float32"
                and isinstance(self.kernel, Variable)
                and inputs.shape[1] is not None
            )
            convolve = known and _faster(inputs.shape[1], self.strides[0], *self.kernel.shape)
            if not convolve:
                return super().call(inputs)
            import tensorflow as tf

            outputs = convolve(inputs, tf.convert_to_tensor(self.kernel.value))
            if self.use_bias:
                outputs = tf.nn.bias_add(outputs, tf.convert_to_tensor(self.bias.value))
            return self.activation(outputs)

    return FastConv1D


def _faster(length, stride, taps, channels, filters):
    """Choose what computes a layer faster than Keras' own convolution, if anything does."""
    from sktl.layers import conv_kernel_gradient, conv_winograd
    from sktl.layers.fast_forms import on_tensorflow_without_gpu

    # What a GPU gains was not measured; it has convolutions of its own.
    if not on_tensorflow_without_gpu():
        return None
    if stride == 1 and conv_winograd.is_faster(length, taps, channels, filters):
        return conv_winograd.convolve
    if conv_kernel_gradient.is_faster(length, stride, taps, channels):
        return lambda x, kernel: conv_kernel_gradient.convolve(x, kernel, stride)
    return None
