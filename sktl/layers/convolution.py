"""Convolution layer that is faster than Keras' own on TensorFlow with many channels."""

from __future__ import annotations

from functools import cache


@cache
def fast_convolution():
    """Return the layer class, which is defined at the first call.

    Returns
    -------
    type
        `keras.layers.Conv1D` with the same weights, names and, up to rounding, results. On
        TensorFlow without a GPU, with padding "same" and strides of 1 or 2, layers with many
        channels use minimal filtering, and the kernel gradients of other layers are matrix
        products. Everything else, such as dilation, is computed by Keras.
    """
    from keras import Variable, layers

    class FastConv1D(layers.Conv1D):
        """Convolution of inputs of shape (batch, time, channels)."""

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
    """Return the function that is faster than Keras' convolution, or None."""
    from sktl.layers import conv_kernel_gradient, conv_winograd
    from sktl.layers.fast_forms import on_tensorflow_without_gpu

    # The fast forms were not measured on GPUs, where cuDNN is used.
    if not on_tensorflow_without_gpu():
        return None
    if stride == 1 and conv_winograd.is_faster(length, taps, channels, filters):
        return conv_winograd.convolve
    if conv_kernel_gradient.is_faster(length, stride, taps, channels):
        return lambda x, kernel: conv_kernel_gradient.convolve(x, kernel, stride)
    return None
