"""Whatever is asked of the LSTM of one operation, it gives what Keras' own gives."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from sktl.layers import fast_forms
from sktl.layers.torch_lstm import one_operation_lstm


def both(**form):
    pair = [kind(3, name="lstm", **form) for kind in (layers.LSTM, one_operation_lstm())]
    for layer in pair:
        layer.build((2, 4, 3))
    pair[1].set_weights(pair[0].get_weights())
    return pair


@pytest.fixture
def x():
    return np.random.default_rng(0).normal(size=(2, 4, 3)).astype("float32")


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"return_sequences": True},
        {"go_backwards": True},
        {"activation": "relu"},
        {"use_bias": False},
    ],
    ids=str,
)
def test_outputs_are_those_of_keras_own(form, x):
    plain, ours = both(**form)
    np.testing.assert_allclose(ours(x), plain(x), atol=1e-6)


@pytest.mark.parametrize("sequences", [False, True])
def test_masks_are_heeded(sequences, x):
    mask = ops.convert_to_tensor([[True, True, False, False], [True, True, True, True]])
    plain, ours = (
        ops.convert_to_numpy(layer(x, mask=mask)) for layer in both(return_sequences=sequences)
    )
    if sequences:  # after the series come zeros, or the last output again
        plain, ours = plain[:, :2], ours[:, :2]
    np.testing.assert_allclose(ours, plain, atol=1e-6)


@pytest.mark.skipif(keras.backend.backend() != "torch", reason="the fast form is PyTorch's")
def test_without_its_operation(monkeypatch, x):
    import torch

    fast_forms.works.cache_clear()
    plain, ours = both()
    fast = ours(x)

    def gone(*arguments):
        raise AttributeError("torch.lstm is gone")

    monkeypatch.setattr(torch, "lstm", gone)
    fast_forms.works.cache_clear()
    with pytest.warns(RuntimeWarning, match=r"LSTM: .*torch\.lstm is gone"):
        np.testing.assert_array_equal(ours(x), plain(x))
    np.testing.assert_allclose(fast, plain(x), atol=1e-6)
    fast_forms.works.cache_clear()
