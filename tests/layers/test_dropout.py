"""What the fast dropout leaves to Keras'; its rates are held in the tests of plain forms."""

import numpy as np

from sktl.layers.dropout import eight_bit_dropout


def test_a_noise_shape_is_heeded():
    layer = eight_bit_dropout()(0.5, noise_shape=(None, 1, None), seed=0)
    kept = np.asarray(layer(np.ones((8, 20, 16), "float32"), training=True)) != 0
    assert (kept == kept[:, :1]).all()
    assert 0 < kept.mean() < 1
