"""Minimal filtering against TensorFlow's convolution, and its matrices against published ones."""

import keras
import numpy as np
import pytest
from keras import layers

from sktl.layers.conv_winograd import convolve, is_faster, transforms
from sktl.layers.convolution import fast_convolution

on_tensorflow = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="the fast form is TensorFlow's"
)
TAPS = (2, 3, 4, 5)
SIZES = [(1, 7), (3, 33), (30, 50), (2, 900), (2, 2403), (1, 5001)]


@pytest.mark.parametrize("taps", TAPS)
def test_a_tile_is_filtered_by_eight_products(taps):
    rng = np.random.default_rng(0)
    kernel, inputs = rng.normal(size=taps), rng.normal(size=8)
    of_outputs, of_kernel, of_inputs = transforms(taps)
    outputs = of_outputs.T @ ((of_kernel @ kernel) * (of_inputs @ inputs))
    np.testing.assert_allclose(outputs, np.correlate(inputs, kernel, "valid"), rtol=1e-12)


def test_inputs_are_transformed_as_in_wincnn():
    # F(6, 3) in the README of A. Lavin's wincnn; a row's factor is free.
    published = np.array([
        [1, 0, -21 / 4, 0, 21 / 4, 0, -1, 0],
        [0, 1, 1, -17 / 4, -17 / 4, 1, 1, 0],
        [0, -1, 1, 17 / 4, -17 / 4, -1, 1, 0],
        [0, 1 / 2, 1 / 4, -5 / 2, -5 / 4, 2, 1, 0],
        [0, -1 / 2, 1 / 4, 5 / 2, -5 / 4, -2, 1, 0],
        [0, 2, 4, -5 / 2, -5, 1 / 2, 1, 0],
        [0, -2, 4, 5 / 2, -5, -1 / 2, 1, 0],
        [0, -1, 0, 21 / 4, 0, -21 / 4, 0, 1],
    ])  # fmt: skip
    _, _, ours = transforms(3)
    factors = (ours * published).sum(axis=1) / (published**2).sum(axis=1)
    np.testing.assert_allclose(ours, factors[:, None] * published, atol=1e-14)


@on_tensorflow
@pytest.mark.fast_only(
    "2-30-50-float64-1e-13", "3-30-50-float32-1e-05", "3-2-2403-float64-1e-13",
    "4-3-33-float64-1e-13", "5-1-5001-float64-1e-13",
)  # fmt: skip
# 30 series of 50 points are two parts, the second one incomplete; 900 points are one a series,
# 2,403 and 5,001 are two and three pieces.
@pytest.mark.parametrize(
    ("n_instances", "length", "kind", "tolerance"),
    [
        *((*size, "float64", 1e-13) for size in SIZES),
        *((*size, "float32", 1e-5) for size in SIZES),
    ],
)
@pytest.mark.parametrize("taps", TAPS)
def test_outputs_and_gradients_are_those_of_the_convolution(
    taps, n_instances, length, kind, tolerance
):
    import tensorflow as tf

    rng = np.random.default_rng(0)
    x, kernel, upstream = (
        tf.constant(rng.normal(size=shape), kind)
        for shape in ((n_instances, length, 9), (taps, 9, 5), (n_instances, length, 5))
    )

    def of(form):
        def everything(x):
            with tf.GradientTape() as tape:
                tape.watch([x, kernel])
                y = form(x, kernel)
            return y, *tape.gradient(y, [x, kernel], upstream)

        return everything

    plain = of(lambda x, kernel: tf.nn.conv1d(x, kernel, 1, "SAME"))(x)
    # As in training: the graph is made before the number of series is known.
    unknown = [tf.TensorSpec((None, length, 9), kind)]
    for ours in (of(convolve)(x), tf.function(of(convolve), input_signature=unknown)(x)):
        for actual, expected in zip(ours, plain, strict=True):
            scale = np.abs(expected).max()
            np.testing.assert_allclose(actual, expected, rtol=0, atol=tolerance * scale)


def test_it_pays_where_layers_are_wide_and_tiles_are_full():
    assert all(is_faster(length, 5, 128, 256) for length in (50, 540, 6000))
    assert is_faster(540, 3, 256, 128)
    assert not is_faster(540, 8, 128, 128)
    assert not is_faster(540, 1, 128, 128)
    assert not is_faster(540, 5, 64, 256)
    assert not is_faster(1, 5, 128, 256)


@on_tensorflow
@pytest.mark.parametrize("gpu", [False, True])
def test_a_gpu_keeps_its_own_convolution(gpu, monkeypatch):
    import tensorflow as tf

    x = np.random.default_rng(0).normal(size=(2, 60, 128)).astype("float32")
    plain, ours = (kind(128, 3, padding="same") for kind in (layers.Conv1D, fast_convolution()))
    for layer in (plain, ours):
        layer.build(x.shape)
    ours.set_weights(plain.get_weights())
    monkeypatch.setattr(tf.config, "get_visible_devices", lambda kind: [kind] if gpu else [])
    assert np.array_equal(plain(x), ours(x)) == gpu
