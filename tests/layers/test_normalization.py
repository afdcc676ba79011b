"""Whatever is asked of the fast layers, they give what Keras' own give."""

import numpy as np
import pytest
from keras import layers, ops

from sktl.layers.normalization import average_over_time, fused_batch_normalization


@pytest.mark.parametrize(
    ("form", "shape"),
    [
        ({}, (5, 6, 3)),
        ({"scale": False}, (5, 6, 3)),
        ({"center": False}, (5, 6, 3)),
        ({"axis": 1}, (5, 6, 3)),
        ({"axis": 2}, (5, 6, 3)),
        ({}, (5, 3)),
        ({}, (5, 2, 4, 3)),
    ],
    ids=str,
)
@pytest.mark.parametrize("training", [False, True])
def test_normalised_as_by_keras(form, shape, training):
    x = np.random.default_rng(0).normal(2, 3, size=shape).astype("float32")
    plain = layers.BatchNormalization(**form)
    ours = fused_batch_normalization()(**form)
    np.testing.assert_allclose(ours(x, training=training), plain(x, training=training), atol=1e-5)
    for own, expected in zip(ours.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(own, expected, atol=1e-5)


def test_masks_are_heeded():
    x = np.random.default_rng(0).normal(size=(2, 4, 3)).astype("float32")
    mask = ops.convert_to_tensor([[True, True, False, False], [True, True, True, True]])
    pairs = [
        (average_over_time()(), layers.GlobalAveragePooling1D(), {}),
        (fused_batch_normalization()(), layers.BatchNormalization(), {"training": True}),
    ]
    for ours, plain, arguments in pairs:
        expected = np.asarray(plain(x, mask=mask, **arguments))
        np.testing.assert_allclose(ours(x, mask=mask, **arguments), expected, atol=1e-5)
