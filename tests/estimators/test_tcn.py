"""The TCN against the package keras-tcn, and its two forms against each other."""

import keras
import numpy as np
import pytest

from sktl.estimators import TCNRegressor
from sktl.estimators.tcn import import_keras_tcn, tcn

on_tensorflow = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="keras-tcn runs on TensorFlow only"
)
LENGTHS = [
    1,
    50,
    540,
    6000,
    *(pytest.param(length, marks=pytest.mark.slow) for length in (7, 1001)),
]


def keras_tcn(**changes):
    package = pytest.importorskip("tcn")
    settings = {
        "nb_filters": 24,
        "kernel_size": 8,
        "dilations": [2**block for block in range(9)],
        "use_skip_connections": False,
        "kernel_initializer": "he_normal",
    }
    return package.TCN(**(settings | changes))


def model(length, channels, layer_or_parameters):
    series = keras.Input((length, channels))
    if isinstance(layer_or_parameters, dict):
        return keras.Model(series, tcn(series, None, **layer_or_parameters))
    return keras.Model(series, layer_or_parameters(series))


def to_ours(theirs, ours):
    """Copy the weights by name: both have kernel and bias of every convolution."""
    names = {"conv1D_0": "conv1", "conv1D_1": "conv2", "matching_conv1D": "match"}
    values = {}
    for variable in theirs.weights:
        *_, block, convolution, weight = variable.path.split("/")
        number = int(block.rsplit("_", 1)[1]) + 1
        values[f"block{number}_{names[convolution]}/{weight}"] = variable
    assert {variable.path for variable in ours.weights} == set(values)
    for variable in ours.weights:
        variable.assign(values[variable.path])
    return values


@pytest.mark.fast_only("1-False", "540-True")
@on_tensorflow
@pytest.mark.parametrize("sequences", [False, True])
@pytest.mark.parametrize("length", LENGTHS)
def test_outputs_and_gradients_equal_keras_tcn(length, sequences):
    import tensorflow as tf

    layer = keras_tcn(return_sequences=sequences)
    theirs = model(length, 3, layer)
    ours = model(length, 3, {"return_sequences": sequences})
    counterpart = to_ours(layer, ours)
    rng = np.random.default_rng(length)
    X = tf.constant(rng.normal(size=(2, length, 3)).astype("float32"))
    direction = rng.normal(size=theirs(X).shape).astype("float32") / length**0.5

    with tf.GradientTape(persistent=True) as tape:
        outputs = [network(X) for network in (theirs, ours)]
        values = [tf.reduce_sum(output * direction) for output in outputs]
    np.testing.assert_allclose(outputs[1], outputs[0], rtol=1e-5, atol=1e-5)
    variables = [variable.value for variable in ours.weights]
    gradients = tape.gradient(values[1], variables)
    expected = tape.gradient(values[0], [counterpart[v.path].value for v in ours.weights])
    scale = max(float(tf.reduce_max(tf.abs(gradient))) for gradient in expected)
    for gradient, reference in zip(gradients, expected, strict=True):
        np.testing.assert_allclose(gradient, reference, atol=1e-5 * max(1, scale))


# 540 time points are more than an output sees, 435.
@pytest.mark.fast_only("1-True-8", "7-False-7", "50-False-2", "540-True-8")
@pytest.mark.parametrize(
    ("weight_normalization", "kernel_size"),
    [(normalised, size) for normalised in (False, True) for size in (1, 2, 7, 8)],
)
@pytest.mark.parametrize("length", [1, 7, 50, 540, 6000])
def test_short_form_is_the_full_forms_last_step(length, weight_normalization, kernel_size):
    common = {
        "weight_normalization": weight_normalization,
        "kernel_size": kernel_size,
        "n_blocks": 5,
        "filters": 5,
    }
    full = model(length, 2, common | {"return_sequences": True})
    short = model(length, 2, common)
    short.set_weights(full.get_weights())
    X = np.random.default_rng(0).normal(size=(3, length, 2)).astype("float32")
    np.testing.assert_allclose(short(X), np.array(full(X))[:, -1], rtol=1e-5, atol=1e-5)


def test_weight_normalization_separates_length_from_direction():
    keras.utils.set_random_seed(0)  # kernels that leave no filter silent
    network = model(20, 3, {"n_blocks": 1, "filters": 4, "weight_normalization": True})
    X = np.random.default_rng(0).normal(size=(2, 20, 3)).astype("float32")
    before = np.array(network(X))
    layer = network.get_layer("block1_conv1")
    layer._kernel.assign(layer._kernel * 3)  # the length of v does not count
    np.testing.assert_allclose(network(X), before, atol=1e-6)
    layer.gain.assign(layer.gain * 3)
    assert not np.allclose(network(X), before, atol=1e-3)
    norms = np.linalg.norm(np.array(layer.kernel).reshape(-1, 4), axis=0)
    np.testing.assert_allclose(norms, layer.gain, rtol=1e-5)


@on_tensorflow
def test_trained_keras_tcn_layer_is_a_source(tmp_path):
    layer = keras_tcn(nb_filters=4, dilations=[1, 2, 4])
    theirs = model(30, 3, layer)
    folder = import_keras_tcn(
        layer, tmp_path / "theirs", task="regression", n_timepoints=30, n_outputs=1
    )
    X = np.random.default_rng(0).normal(size=(8, 3, 30)).astype("float32")
    fitted = TCNRegressor.from_pretrained(
        folder, omega=0, n_epochs=1, n_blocks=3, filters=4, random_state=0
    ).fit(X, np.arange(8.0))
    network = fitted.network_
    features = keras.Model(network.inputs, network.get_layer("block3_relu").output)
    inputs = X.transpose(0, 2, 1)
    ours = np.array(features([inputs, np.zeros((8, 1), "float32")]))[:, -1]
    np.testing.assert_allclose(ours, theirs(inputs), rtol=1e-5, atol=1e-5)


@on_tensorflow
@pytest.mark.parametrize(
    "change",
    [{"padding": "same"}, {"nb_stacks": 2}, {"dilations": [1, 3]}, {"use_skip_connections": True}],
)
def test_another_kind_of_tcn_is_refused(tmp_path, change):
    layer = keras_tcn(nb_filters=4, **({"dilations": [1, 2]} | change))
    model(20, 3, layer)
    with pytest.raises(ValueError, match=f"Only a keras-tcn layer with {next(iter(change))}"):
        import_keras_tcn(layer, tmp_path / "x", task="regression", n_timepoints=20, n_outputs=1)
    assert not (tmp_path / "x").exists()
