"""Whatever is asked of the fast bidirectional layer, it gives what Keras' own gives."""

import numpy as np
import pytest
from keras import layers, ops

from sktl.layers.bidirectional_lstm import block_bidirectional


def _lstm(**form):
    return layers.LSTM(3, **form)


@pytest.mark.parametrize(
    ("inner", "outer"),
    [
        (_lstm(), {}),
        (_lstm(return_sequences=True), {}),
        (_lstm(activation="relu"), {}),
        (_lstm(recurrent_activation="hard_sigmoid"), {}),
        (_lstm(use_bias=False), {}),
        (_lstm(), {"merge_mode": "sum"}),
        (_lstm(), {"merge_mode": "ave"}),
        (layers.GRU(3), {}),
    ],
    ids=lambda form: str(form) if isinstance(form, dict) else type(form).__name__,
)
def test_outputs_are_those_of_keras_own(inner, outer):
    x = np.random.default_rng(0).normal(size=(2, 7, 4)).astype("float32")
    config = inner.get_config() | {"name": "inner"}
    plain, ours = (
        kind(type(inner).from_config(config), **outer)
        for kind in (layers.Bidirectional, block_bidirectional())
    )
    for layer in (plain, ours):
        layer.build(x.shape)
    ours.set_weights(plain.get_weights())
    np.testing.assert_allclose(ours(x), plain(x), atol=1e-6)


def test_masks_are_heeded():
    x = np.random.default_rng(0).normal(size=(2, 4, 3)).astype("float32")
    mask = ops.convert_to_tensor([[True, True, False, False], [True, True, True, True]])
    plain, ours = (
        kind(_lstm(name="inner")) for kind in (layers.Bidirectional, block_bidirectional())
    )
    for layer in (plain, ours):
        layer.build(x.shape)
    ours.set_weights(plain.get_weights())
    np.testing.assert_allclose(ours(x, mask=mask), plain(x, mask=mask), atol=1e-6)
