"""Dropout that draws eight random bits a number instead of 32."""

from __future__ import annotations

from functools import cache

from sktl.layers.fast_forms import on_tensorflow

_LEVELS = 2**8


@cache
def eight_bit_dropout():
    """Define the layer at its first use, because importing sktl must not load keras.

    Returns
    -------
    type
        `keras.layers.Dropout`, which spends most of its time on random numbers. On TensorFlow every
        number has eight bits of its own, and eight that it shares with its row, the last axis. They
        decide only where its own are at the edge, once in 256 times: the rate is met to 1 / 65536,
        and numbers of a row depend on each other by a correlation below 0.0001.
    """
    from keras import layers

    class EightBitDropout(layers.Dropout):
        """Keras' own where a ``noise_shape`` is given."""

        def call(self, inputs, training=False):
            edge, share = divmod(round(self.rate * _LEVELS**2), _LEVELS)
            drawn = training and self.rate > 0 and edge < _LEVELS - 1
            drawn = drawn and self.noise_shape is None
            if not drawn or not on_tensorflow():
                return super().call(inputs, training=training)
            import tensorflow as tf

            shape = tf.shape(inputs)
            own = _random_bytes(shape, self.seed_generator.next())
            row = _random_bytes(tf.concat([shape[:-1], [1]], 0), self.seed_generator.next())
            kept = own >= tf.cast(row < share, "uint8") + edge
            return inputs * (tf.cast(kept, inputs.dtype) * (1 / (1 - self.rate)))

    return EightBitDropout


def _random_bytes(shape, seed):
    """Draw integers, all equally probable, cut from ones of 64 bits."""
    import tensorflow as tf

    count = tf.reduce_prod(shape)
    drawn = tf.random.stateless_uniform(
        [(count + 7) // 8], tf.cast(seed, "int32"), None, None, "uint64"
    )
    return tf.reshape(tf.reshape(tf.bitcast(drawn, "uint8"), [-1])[:count], shape)
