"""Dropout with eight random bits per value instead of 32."""

from __future__ import annotations

from functools import cache

from sktl.layers.fast_forms import on_tensorflow, on_torch

_LEVELS = 2**8


@cache
def eight_bit_dropout():
    """Return the layer class, which is defined at the first call.

    Returns
    -------
    type
        `keras.layers.Dropout` with less time spent on random numbers. On TensorFlow and PyTorch,
        every value has eight random bits of its own and shares eight more with its row (the last
        axis). The shared bits decide only if the value's own are at the threshold, in one of 256
        cases. The rate is exact to 1 / 65536, and the correlation of values in a row is below
        0.0001.
    """
    from keras import layers, ops

    class EightBitDropout(layers.Dropout):
        """Dropout with eight random bits per value; Keras' own if ``noise_shape`` is given."""

        def call(self, inputs, training=False):
            edge, share = divmod(round(self.rate * _LEVELS**2), _LEVELS)
            drawn = training and self.rate > 0 and edge < _LEVELS - 1
            drawn = drawn and self.noise_shape is None
            if not drawn or not (on_tensorflow() or on_torch()):
                return super().call(inputs, training=training)
            draw = _bytes_of_torch if on_torch() else _bytes_of_tensorflow
            own, row = draw(inputs, self.seed_generator)
            kept = own >= ops.cast(row < share, "uint8") + edge
            return inputs * (ops.cast(kept, inputs.dtype) * (1 / (1 - self.rate)))

    return EightBitDropout


def _bytes_of_tensorflow(x, seeds):
    """Return a random byte for each value, and one for each row."""
    import tensorflow as tf

    shape = tf.shape(x)
    own = _random_bytes(shape, seeds.next())
    return own, _random_bytes(tf.concat([shape[:-1], [1]], 0), seeds.next())


def _bytes_of_torch(x, seeds):
    """Return the same as `_bytes_of_tensorflow`, in the memory layout of x."""
    import torch

    generator = torch.Generator(x.device)
    drawn = []
    for like in (x, x[..., :1]):
        # Keras combines the two numbers of a seed in the same way.
        generator.manual_seed(int(seeds.next().sum()) & 0xFFFFFFFF)
        eights = torch.empty((like.numel() + 7) // 8, dtype=torch.int64, device=x.device)
        # From the smallest integer on, so that all 64 bits are random, including the sign.
        eights.random_(-(2**63), None, generator=generator)
        place = torch.empty_like(like, dtype=torch.uint8, device="meta")
        found = eights.view(torch.uint8)[: like.numel()]
        drawn.append(found.as_strided(place.shape, place.stride()))
    return drawn


def _random_bytes(shape, seed):
    """Return uniformly distributed bytes, taken from random integers of 64 bits."""
    import tensorflow as tf

    count = tf.reduce_prod(shape)
    drawn = tf.random.stateless_uniform(
        [(count + 7) // 8], tf.cast(seed, "int32"), None, None, "uint64"
    )
    return tf.reshape(tf.reshape(tf.bitcast(drawn, "uint8"), [-1])[:count], shape)
