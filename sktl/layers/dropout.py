"""Dropout that draws eight random bits a number instead of 32."""

from __future__ import annotations

from functools import cache

from sktl.layers.fast_forms import on_tensorflow, on_torch

_LEVELS = 2**8


@cache
def eight_bit_dropout():
    """Define the layer at its first use, because importing sktl must not load keras.

    Returns
    -------
    type
        `keras.layers.Dropout`, which spends most of its time on random numbers. On TensorFlow and
        PyTorch every number has eight bits of its own, and eight that it shares with its row, the
        last axis. They decide only where its own are at the edge, once in 256 times: the rate is
        met to 1 / 65536, and numbers of a row depend on each other by a correlation below 0.0001.
    """
    from keras import layers, ops

    class EightBitDropout(layers.Dropout):
        """Keras' own where a ``noise_shape`` is given."""

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
    """Draw a byte for each number, and one for each row."""
    import tensorflow as tf

    shape = tf.shape(x)
    own = _random_bytes(shape, seeds.next())
    return own, _random_bytes(tf.concat([shape[:-1], [1]], 0), seeds.next())


def _bytes_of_torch(x, seeds):
    """Do as `_bytes_of_tensorflow`, in the order in which the numbers lie in memory."""
    import torch

    generator = torch.Generator(x.device)
    drawn = []
    for like in (x, x[..., :1]):
        # As Keras makes one number of the two.
        generator.manual_seed(int(seeds.next().sum()) & 0xFFFFFFFF)
        eights = torch.empty((like.numel() + 7) // 8, dtype=torch.int64, device=x.device)
        # From the least number on: all 64 bits are drawn, the sign as well.
        eights.random_(-(2**63), None, generator=generator)
        place = torch.empty_like(like, dtype=torch.uint8, device="meta")
        found = eights.view(torch.uint8)[: like.numel()]
        drawn.append(found.as_strided(place.shape, place.stride()))
    return drawn


def _random_bytes(shape, seed):
    """Draw integers, all equally probable, cut from ones of 64 bits."""
    import tensorflow as tf

    count = tf.reduce_prod(shape)
    drawn = tf.random.stateless_uniform(
        [(count + 7) // 8], tf.cast(seed, "int32"), None, None, "uint64"
    )
    return tf.reshape(tf.reshape(tf.bitcast(drawn, "uint8"), [-1])[:count], shape)
