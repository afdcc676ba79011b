"""Batch normalisation and global average pooling with fewer passes over the memory."""

from __future__ import annotations

from functools import cache

from sktl.layers.fast_forms import on_tensorflow, on_torch, plain_forms


@cache
def fused_batch_normalization():
    """Return the layer class, which is defined at the first call.

    Returns
    -------
    type
        `keras.layers.BatchNormalization` for panels, with the same weights, names and, up to
        rounding, results. In training on TensorFlow and PyTorch, the forward and the backward pass
        are one operation each.
    """
    from keras import layers

    class FusedBatchNormalization(layers.BatchNormalization):
        """Fused for inputs of shape (batch, time, channels) without a mask; else Keras' own."""

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
            normalise = _function(inputs) if training and self.trainable and known else None
            if not normalise:
                return super().call(inputs, training, mask)
            outputs, mean, variance, count = normalise(
                inputs, self.gamma.value, self.beta.value, self.epsilon
            )
            # The fused operations divide by count - 1, Keras by count.
            variance = variance * ((count - 1) / count)
            for moving, value in ((self.moving_mean, mean), (self.moving_variance, variance)):
                moving.assign(moving * self.momentum + value * (1.0 - self.momentum))
            return outputs

    return FusedBatchNormalization


def _function(x):
    """Return the function that normalises with one operation, or None."""
    if on_tensorflow():
        return _on_tensorflow
    # PyTorch raises an error for a single value per channel; Keras does not.
    return _on_torch if on_torch() and x[..., 0].numel() > 1 else None


def _on_tensorflow(x, gamma, beta, epsilon):
    """Return normalised outputs, mean, variance and the number of values of each channel."""
    import tensorflow as tf

    outputs, mean, variance = tf.compat.v1.nn.fused_batch_norm(
        tf.expand_dims(x, 1), gamma, beta, epsilon=epsilon
    )
    count = tf.cast(tf.shape(x)[0] * tf.shape(x)[1], variance.dtype)
    return tf.squeeze(outputs, 1), mean, variance, count


def _on_torch(x, gamma, beta, epsilon):
    """Return the same as `_on_tensorflow`, for more than one value per channel."""
    import torch

    # With a momentum of 1 the running statistics are set to those of the batch.
    mean, variance = torch.zeros_like(gamma), torch.zeros_like(gamma)
    outputs = torch.nn.functional.batch_norm(
        x.transpose(1, 2), mean, variance, gamma, beta, True, 1.0, epsilon
    )
    return outputs.transpose(1, 2), mean, variance, x.shape[0] * x.shape[1]


@cache
def average_over_time():
    """Return the layer class, which is defined at the first call.

    Returns
    -------
    type
        `keras.layers.GlobalAveragePooling1D` as a matrix product, which is faster than a sum over
        the middle axis.
    """
    from keras import layers, ops

    class AverageOverTime(layers.GlobalAveragePooling1D):
        """Average pooling as a matrix product; Keras' own with a mask or an unknown length."""

        def call(self, inputs, mask=None):
            length = inputs.shape[1]
            plain = plain_forms() or self.data_format != "channels_last"
            if plain or mask is not None or length is None:
                return super().call(inputs, mask=mask)
            weights = ops.full((1, length), 1 / length)
            averages = ops.matmul(weights, inputs)
            return averages if self.keepdims else ops.squeeze(averages, 1)

    return AverageOverTime
