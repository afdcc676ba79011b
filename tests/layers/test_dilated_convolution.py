"""The dilated convolution for predictions gives what Keras' own gives."""

import numpy as np
import pytest
from keras import layers

from sktl.layers.dilated_convolution import dilated
from sktl.layers.weight_norm import weight_normalized_conv1d

X = np.random.default_rng(0).normal(size=(3, 45, 4)).astype("float32")


@pytest.mark.parametrize("padding", ["causal", "same"])
@pytest.mark.parametrize("step", [2, 8, 32, 64])
@pytest.mark.parametrize("taps", [1, 4, 7])
def test_outputs_are_those_of_keras_own(padding, step, taps):
    form = {"padding": padding, "dilation_rate": step, "activation": "relu"}
    form["bias_initializer"] = "random_normal"
    plain, ours = (kind(5, taps, **form) for kind in (layers.Conv1D, dilated(layers.Conv1D)))
    for layer in (plain, ours):
        layer.build(X.shape)
    ours.set_weights(plain.get_weights())
    expected = np.asarray(plain(X))
    assert ours(X).shape == expected.shape
    for training in (False, True):
        np.testing.assert_allclose(ours(X, training=training), expected, rtol=1e-4, atol=1e-5)


def test_normalised_weights():
    form = {"padding": "causal", "dilation_rate": 4, "gain": 0.5}
    normalised = weight_normalized_conv1d()
    plain, ours = (kind(5, 3, **form) for kind in (normalised, dilated(normalised)))
    for layer in (plain, ours):
        layer.build(X.shape)
    ours.set_weights(plain.get_weights())
    np.testing.assert_allclose(ours(X), np.asarray(plain(X)), rtol=1e-4, atol=1e-5)


def test_series_of_unknown_length():
    import keras

    series = keras.Input((None, 4))
    form = {"padding": "causal", "dilation_rate": 2}
    model = keras.Model(series, dilated(layers.Conv1D)(5, 3, **form)(series))
    assert model(X[:, :7]).shape == (3, 7, 5)
