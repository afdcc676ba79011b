"""Dropout that draws 16 random bits a number instead of 32."""

from __future__ import annotations

from functools import cache

_LEVELS = 2**16


@cache
def sixteen_bit_dropout():
    """Define the layer at its first use, because importing sktl must not load keras.

    Returns
    -------
    type
        `keras.layers.Dropout`, which spends most of its time on random numbers. On TensorFlow four
        of them are cut from one of 64 bits, so the rate is met to 1 / 65536.
    """
    from keras import backend, layers

    class SixteenBitDropout(layers.Dropout):
        """For inputs with a known last axis, without ``noise_shape``."""

        def call(self, inputs, training=False):
            drawn = training and 0 < self.rate < 1
            if backend.backend() != "tensorflow" or not drawn:
                return super().call(inputs, training=training)
            import tensorflow as tf

            kept = _random_int16(tf.shape(inputs), inputs.shape[-1], self.seed_generator.next())
            kept = kept >= int(self.rate * _LEVELS) - _LEVELS // 2
            return inputs * (tf.cast(kept, inputs.dtype) * (1 / (1 - self.rate)))

    return SixteenBitDropout


def _random_int16(shape, width, seed):
    """Draw integers, all equally probable, of a shape whose last axis is known."""
    import tensorflow as tf

    words = -(-width // 4)
    drawn = tf.random.stateless_uniform(
        tf.concat([shape[:-1], [words]], 0), tf.cast(seed, "int32"), None, None, "uint64"
    )
    drawn = tf.reshape(tf.bitcast(drawn, "int16"), tf.concat([shape[:-1], [4 * words]], 0))
    return drawn[..., :width]
