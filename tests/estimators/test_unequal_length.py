"""Series of unequal length give what they give alone: plain networks at each length are the oracle."""

import inspect

import keras
import numpy as np
import pandas as pd
import pytest
from sktime.datasets import load_japanese_vowels
from sktime.datatypes import convert_to

import sktl.estimators
from sktl._lengths import lengthened, panel_of
from sktl.estimators import (
    ConvNetQuakeINGVClassifier,
    FrozenSource,
    LinearProbeClassifier,
    LSTMClassifier,
    MagNetClassifier,
    MagNetRegressor,
    MLSTMFCNClassifier,
)
from sktl.model_selection import OmegaSearch
from sktl.training.compiled_network import weight_names
from sktl.training.keras_settings import fixed_keras_settings
from sktl.training.preprocessing import scale_instances
from sktl.transformations import SourceFeatures

RNG = np.random.default_rng(0)
LENGTHS = [1, 2, 3, 6, 9, 16, 17, 31]
SERIES = [RNG.normal(size=(2, n)).cumsum(axis=1) for n in LENGTHS]
MASKED = ["InceptionTime", "LSTM", "MLSTMFCN", "MagNet", "TCN"]
SMALL = {"n_epochs": 2, "batch_size": 8, "random_state": 0, "filters": (4, 3), "lstm_units": 3}


def of(architecture, **more):
    cls = getattr(sktl.estimators, f"{architecture}Classifier")
    if "dropout" in inspect.signature(cls).parameters:
        more = {"dropout": 0.0} | more
    return cls(**cls.get_test_params()[0] | more)


def scaled(n_timepoints):
    """Series as the networks read them: time first, NaN after them."""
    panel = lengthened(panel_of(SERIES), n_timepoints)
    return panel.transpose(0, 2, 1).astype("float32"), RNG.normal(size=(len(SERIES), 1))


def network(estimator, n_timepoints, masked, weights=None):
    with fixed_keras_settings():
        model = estimator._build(2, n_timepoints, 3, *([True] if masked else []))
    rng = np.random.default_rng(1)
    drawn = {}
    for path, variable in weight_names(model).items():
        values = rng.normal(size=variable.shape, scale=0.5)
        drawn[path] = np.abs(values) + 0.1 if path.endswith("variance") else values
        if weights:
            # The LSTM of MLSTM-FCN has a row for every time point of the longest series.
            drawn[path] = weights[path][tuple(slice(size) for size in variable.shape)]
        variable.assign(drawn[path])
    return model, drawn


@pytest.mark.parametrize("architecture", MASKED)
def test_each_series_gives_what_a_plain_network_of_its_length_gives(architecture):
    estimator = of(architecture)
    x, stream_max = scaled(33)
    masked, weights = network(estimator, 33, True)
    found = np.array(masked([x, stream_max]))
    assert found.std(axis=0).min() > 0.05  # not all the same
    for n, series, largest, one in zip(LENGTHS, x, stream_max, found, strict=True):
        plain, _ = network(estimator, n, False, weights)
        alone = np.array(plain([series[None, :n], largest[None]]))[0]
        np.testing.assert_allclose(one, alone, atol=2e-5)


@pytest.mark.parametrize("architecture", ["InceptionTime", "LSTM", "MagNet", "TCN"])
def test_training_does_not_see_how_far_it_is_padded(architecture):
    estimator = of(architecture)
    gradients = []
    for n_timepoints in (31, 40):
        x, _ = scaled(n_timepoints)
        model, weights = network(estimator, n_timepoints, True)
        gradients.append(_gradient(model, [x, np.zeros((len(x), 1))]))
    assert set(gradients[0]) == set(gradients[1])
    for path, expected in gradients[0].items():
        np.testing.assert_allclose(gradients[1][path], expected, rtol=1e-3, atol=1e-4)
    assert sum(np.abs(one).max() > 1e-4 for one in gradients[0].values()) > 3


@pytest.mark.parametrize("architecture", ["LSTM", "MagNet", "TCN"])
def test_gradients_are_those_of_the_series_alone(architecture):
    estimator = of(architecture)
    x, stream_max = scaled(31)
    model, weights = network(estimator, 31, True)
    together = _gradient(model, [x, stream_max])
    alone = []
    for n, series, largest in zip(LENGTHS, x, stream_max, strict=True):
        plain, _ = network(estimator, n, False, weights)
        alone.append(_gradient(plain, [series[None, :n], largest[None]]))
    for path, found in together.items():
        expected = np.mean([one[path] for one in alone], axis=0)
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)


def _gradient(model, inputs):
    import tensorflow as tf

    with tf.GradientTape() as tape:
        outputs = model(inputs, training=True)
        loss = tf.reduce_mean(tf.reduce_sum(outputs**2 * [1.0, 2.0, -3.0], axis=1))
    variables = model.trainable_variables
    return {
        v.path: np.array(g)
        for v, g in zip(variables, tape.gradient(loss, [v.value for v in variables]), strict=True)
        if g is not None
    }
