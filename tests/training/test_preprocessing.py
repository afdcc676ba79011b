"""Scaling, mask and stream max."""

import numpy as np
import pytest
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from sktl.estimators._image_drawing import PictureScaling
from sktl.training.preprocessing import (
    Preprocessing,
    Standardisation,
    scale_instances,
    standardisation,
)


@pytest.fixture
def X():
    return np.random.default_rng(0).normal(3, 20, size=(7, 3, 11))


def test_scaling_equals_scikit_learns_on_flattened_instances(X):
    scaled, stream_max = scale_instances(X)
    expected = MinMaxScaler().fit_transform(X.reshape(7, -1).T).T.reshape(X.shape)
    np.testing.assert_allclose(scaled, expected, atol=1e-6)
    np.testing.assert_allclose(stream_max, np.abs(X).max(axis=(1, 2)), rtol=1e-6)


def test_constant_instance_becomes_zero(X):
    X[2] = 5.0
    scaled, stream_max = scale_instances(X)
    assert not scaled[2].any()
    assert stream_max[2] == 5.0


def test_integers_do_not_overflow():
    X = np.array([[[-128, 127]]], dtype=np.int8)
    scaled, stream_max = scale_instances(X)
    assert scaled.tolist() == [[[0.0, 1.0]]]
    assert stream_max.tolist() == [128.0]


def test_small_changes_far_from_zero_survive():
    X = 1e9 + np.array([[[0.0, 0.5, 1.0]]])
    assert scale_instances(X)[0].tolist() == [[[0.0, 0.5, 1.0]]]


def test_mask_is_the_mean_of_the_training_instances_only(X):
    fitted, inputs = Preprocessing.fit(X[:5], None)
    np.testing.assert_allclose(inputs[0].mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(fitted.mask, scale_instances(X[:5])[0].mean(axis=0), atol=1e-6)
    np.testing.assert_array_equal(
        fitted.transform(X[5:])[0], scale_instances(X[5:])[0] - fitted.mask
    )


def test_fit_gives_what_transform_gives(X):
    for stream_max in ("standard", "log", "raw", None):
        fitted, inputs = Preprocessing.fit(X, stream_max)
        again = fitted.transform(X)
        assert len(inputs) == len(again) == (1 if stream_max is None else 2)
        for first, second in zip(inputs, again, strict=True):
            np.testing.assert_array_equal(first, second)


def test_stream_max_standardised_as_scikit_learn_does(X):
    amplitude = scale_instances(X)[1][:, None]
    _, (_, standard) = Preprocessing.fit(X, "standard")
    np.testing.assert_allclose(standard, StandardScaler().fit_transform(amplitude), rtol=1e-4)
    _, (_, raw) = Preprocessing.fit(X, "raw")
    np.testing.assert_array_equal(raw, amplitude.astype(np.float32))


def test_logarithm_of_the_stream_max_standardised_as_scikit_learn_does(X):
    amplitude = scale_instances(X)[1][:, None]
    _, (_, values) = Preprocessing.fit(X, "log")
    np.testing.assert_allclose(
        values, StandardScaler().fit_transform(np.log(amplitude)), rtol=1e-3, atol=1e-6
    )


def test_logarithm_of_zero_is_that_of_the_smallest_in_training(X):
    for scaling in (Preprocessing, Standardisation, PictureScaling("instance", 0)):
        X[2], X[3] = 0.0, X[3] / 1000
        fitted, (_, values) = scaling.fit(X, "log")
        assert values[2] == values[3] == values.min()
        # What is smaller than all of the training stays smaller, and is not cut off.
        assert fitted.transform(X[3:4] / 10)[1] < values[3]
        assert fitted.transform(np.zeros_like(X[:1]))[1] == values[3]
        zeros = scaling.fit(np.zeros_like(X), "log")[1][1]
        assert not zeros.any()


@pytest.mark.parametrize("constant", [0.0, 0.1, -3e7])
def test_constants_are_not_blown_up(constant):
    assert standardisation(np.full(33, constant))[1] == 1.0
