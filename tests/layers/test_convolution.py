"""Whatever is asked of the fast convolution, it gives what Keras' own gives."""

import numpy as np
import pytest
from keras import layers

from sktl.layers.convolution import fast_convolution


@pytest.mark.parametrize(
    "form",
    [
        {"padding": "same"},
        {"padding": "valid"},
        {"padding": "causal"},
        {"padding": "same", "dilation_rate": 2},
        {"padding": "causal", "dilation_rate": 4},
        {"padding": "same", "strides": 2},
        {"padding": "valid", "strides": 2},
        {"padding": "same", "strides": 3},
        {"padding": "same", "groups": 2},
        {"padding": "same", "use_bias": False},
    ],
    ids=str,
)
# The first is wide enough for minimal filtering, the second long enough for matrix gradients.
@pytest.mark.parametrize(("length", "channels"), [(60, 128), (600, 16)])
def test_outputs_are_those_of_keras_own(form, length, channels):
    x = np.random.default_rng(0).normal(size=(2, length, channels)).astype("float32")
    plain, ours = (kind(128, 3, **form) for kind in (layers.Conv1D, fast_convolution()))
    for layer in (plain, ours):
        layer.build(x.shape)
    ours.set_weights(plain.get_weights())
    expected = np.asarray(plain(x))
    assert ours(x).shape == expected.shape
    np.testing.assert_allclose(ours(x), expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max())


def test_series_of_unknown_length():
    import keras

    series = keras.Input((None, 128))
    model = keras.Model(series, fast_convolution()(4, 3, padding="same")(series))
    assert model(np.zeros((1, 7, 128), "float32")).shape == (1, 7, 4)
