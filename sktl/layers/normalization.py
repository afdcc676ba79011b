"""Batch normalisation and averages over time with fewer passes over the memory."""

from __future__ import annotations

from functools import cache

from sktl.layers.fast_forms import on_tensorflow, plain_forms


@cache
def fused_batch_normalization():
    """Define the layer at its first use, because importing sktl must not load keras.

    Returns
    -------
    type
        `keras.layers.BatchNormalization` for panels, with the same weights, names and, to
        rounding, the same results; on TensorFlow it trains by one operation each way.
    """
    from keras import layers

    class FusedBatchNormalization(layers.BatchNormalization):
        """Keras' own where anything but panels (batch, time, channels) is given, or a mask."""

        def call(self, inputs, training=None, mask=None):
            known = (
                len(inputs.shape) == 3
                and self.axis in (-1, 2)
                and self.center
                and self.scale
                and not self.synchronized
                and mask is None
                and self.compute_dtype == "float32"
            )
            if not (training and self.trainable and known and on_tensorflow()):
                return super().call(inputs, training, mask)
            import tensorflow as tf

            outputs, mean, variance = tf.compat.v1.nn.fused_batch_norm(
                tf.expand_dims(inputs, 1), self.gamma.value, self.beta.value, epsilon=self.epsilon
            )
            # The operation divides by one less than the count, Keras by the count.
            count = tf.cast(tf.shape(inputs)[0] * tf.shape(inputs)[1], variance.dtype)
            variance *= (count - 1) / count
            for moving, value in ((self.moving_mean, mean), (self.moving_variance, variance)):
                moving.assign(moving * self.momentum + value * (1.0 - self.momentum))
            return tf.squeeze(outputs, 1)

    return FusedBatchNormalization


@cache
def average_over_time():
    """Define the layer, as `fused_batch_normalization` does.

    Returns
    -------
    type
        `keras.layers.GlobalAveragePooling1D` as a matrix product, which is faster than a sum over
        the middle axis.
    """
    from keras import layers, ops

    class AverageOverTime(layers.GlobalAveragePooling1D):
        """Keras' own where a mask is given, or the length is not known."""

        def call(self, inputs, mask=None):
            length = inputs.shape[1]
            plain = plain_forms() or self.data_format != "channels_last"
            if plain or mask is not None or length is None:
                return super().call(inputs, mask=mask)
            weights = ops.full((1, length), 1 / length)
            averages = ops.matmul(weights, inputs)
            return averages if self.keepdims else ops.squeeze(averages, 1)

    return AverageOverTime
