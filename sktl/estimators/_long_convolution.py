"""A convolution whose kernel's gradient does not slow down on long series."""

from __future__ import annotations

from functools import cache

LONG = 4000
"""Time points from which the gradient is taken in pieces; it gains nothing before."""
_PIECE = 500


@cache
def long_convolution():
    """Define the layer at its first use, because importing sktl must not load keras.

    Returns
    -------
    type
        `keras.layers.Conv1D` with the same weights and names, for padding "same" without strides,
        dilation and activation. On TensorFlow, the gradient of the kernel of a long series is that
        of its pieces, as of more and shorter instances: the same sum in another order.
    """
    from keras import backend, layers

    class LongConv1D(layers.Conv1D):
        """For inputs of shape (batch, time, channels)."""

        def call(self, inputs):
            if backend.backend() != "tensorflow" or inputs.shape[1] < LONG:
                return super().call(inputs)
            import tensorflow as tf

            outputs = _convolve(tf.expand_dims(inputs, 1), tf.expand_dims(self.kernel, 0))
            return tf.squeeze(outputs, 1) + self.bias

    return LongConv1D


def _convolve(x, kernel):
    """Convolve panels of shape (batch, 1, time, channels), with a gradient of our own."""
    import tensorflow as tf

    options = {"strides": [1, 1, 1, 1], "padding": "SAME"}

    @tf.custom_gradient
    def convolve(x, kernel):
        def gradients(upstream):
            of_x = tf.raw_ops.Conv2DBackpropInput(
                input_sizes=tf.shape(x), filter=kernel, out_backprop=upstream, **options
            )
            pieces, upstream_pieces = _pieces(x, upstream, kernel.shape[1])
            of_kernel = tf.raw_ops.Conv2DBackpropFilter(
                input=pieces,
                filter_sizes=tf.shape(kernel),
                out_backprop=upstream_pieces,
                **options | {"padding": "VALID"},
            )
            return of_x, of_kernel

        return tf.nn.conv2d(x, kernel, **options), gradients

    return convolve(x, kernel)


def _pieces(x, upstream, taps):
    """Cut series into overlapping pieces, and what comes back to them into as many."""
    import tensorflow as tf

    length, left = x.shape[2], (taps - 1) // 2
    number = -(-length // _PIECE)
    missing = number * _PIECE - length
    x = tf.pad(x, [[0, 0], [0, 0], [left, taps - 1 - left + missing], [0, 0]])
    upstream = tf.pad(upstream, [[0, 0], [0, 0], [0, missing], [0, 0]])
    starts = range(0, number * _PIECE, _PIECE)
    pieces = tf.concat([x[:, :, at : at + _PIECE + taps - 1] for at in starts], 1)
    return (
        tf.reshape(pieces, (-1, 1, _PIECE + taps - 1, x.shape[3])),
        tf.reshape(upstream, (-1, 1, _PIECE, upstream.shape[3])),
    )
