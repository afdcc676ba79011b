"""What takes the place of the private parts of TensorFlow and Keras where they are gone."""

import sys

import keras
import numpy as np
import pytest
from keras import layers

from sktl.estimators import MagNetRegressor, MLSTMFCNRegressor
from sktl.layers import fast_forms
from sktl.layers.bidirectional_lstm import block_bidirectional
from sktl.layers.conv_kernel_gradient import convolve
from sktl.layers.fast_forms import PLAIN_LAYERS, weight_owners
from sktl.training import network_cache
from sktl.training.optimizer import two_speed_adam

pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="the fast forms are TensorFlow's"
)


@pytest.fixture(autouse=True)
def tried_anew():
    fast_forms.works.cache_clear()
    yield
    fast_forms.works.cache_clear()


def test_gradients_without_tensorflows_recorder(monkeypatch):
    import tensorflow as tf

    rng = np.random.default_rng(0)
    x, kernel = (
        tf.constant(rng.normal(size=s).astype("float32")) for s in ((2, 120, 3), (5, 3, 4))
    )

    def gradients(function):
        with tf.GradientTape() as tape:
            tape.watch([x, kernel])
            loss = tf.reduce_sum(function(x, kernel) ** 2)
        return tape.gradient(loss, [x, kernel])

    expected = gradients(lambda x, kernel: tf.nn.conv1d(x, kernel, 1, "SAME"))
    fast = gradients(lambda x, kernel: convolve(x, kernel, 1))
    monkeypatch.setitem(sys.modules, "tensorflow.python.eager.record", None)
    monkeypatch.delattr(sys.modules["tensorflow.python.eager"], "record", raising=False)
    fast_forms.works.cache_clear()
    with pytest.warns(RuntimeWarning, match="Custom gradients: the fast form"):
        plain = gradients(lambda x, kernel: convolve(x, kernel, 1))
    for one, other, true in zip(fast, plain, expected, strict=True):
        np.testing.assert_array_equal(one, other)
        np.testing.assert_allclose(other, true, rtol=1e-3, atol=1e-3)


def test_an_lstm_without_its_operations(monkeypatch):
    import tensorflow as tf

    layer = block_bidirectional()(layers.LSTM(3))
    x = np.random.default_rng(0).normal(size=(2, 9, 2)).astype("float32")
    fast = layer(x)

    def gone(**arguments):
        raise tf.errors.UnimplementedError(None, None, "MapDefun is gone")

    monkeypatch.setattr(tf.raw_ops, "MapDefun", gone)
    fast_forms.works.cache_clear()
    with pytest.warns(RuntimeWarning, match=r"LSTM: .*MapDefun is gone"):
        plain = layer(x)
    np.testing.assert_allclose(plain, fast, atol=1e-6)


def test_adam_without_kerass_private_moments(monkeypatch):
    import tensorflow as tf

    def steps():
        variable = keras.Variable(np.ones(3, "float32"))
        optimizer = two_speed_adam({variable.path})
        optimizer.build([variable])
        optimizer.omega.assign(0.5)
        for step in range(4):
            optimizer.apply([tf.constant([1.0, -2.0, step])], [variable])
        return type(optimizer).__name__, variable.numpy(), len(optimizer.variables)

    name, fast, n_variables = steps()
    assert name == "OneOperationAdam"

    def gone(**arguments):
        raise AttributeError("no moments")

    monkeypatch.setattr(tf.raw_ops, "ResourceApplyAdam", gone)
    fast_forms.works.cache_clear()
    with pytest.warns(RuntimeWarning, match="Adam: the fast form does not work"):
        name, plain, n_plain = steps()
    assert (name, n_plain) == ("TwoSpeedAdam", n_variables)
    np.testing.assert_allclose(plain, fast, rtol=1e-6)


def test_a_tensorflow_that_cannot_clear_its_kernels(monkeypatch):
    context = pytest.importorskip("tensorflow.python.eager.context")
    monkeypatch.delattr(context.Context, "clear_kernel_cache")
    network_cache.clear()
    monkeypatch.delattr(context, "context")
    network_cache.clear()


def test_inner_layers_are_found_without_keras(monkeypatch):
    series = keras.Input((8, 2))
    x = layers.Bidirectional(layers.LSTM(2, return_sequences=True, name="lstm"), name="two")(series)
    x = layers.TimeDistributed(layers.Dense(3))(x)
    x = keras.Sequential([layers.Dense(2), layers.PReLU()])(x)
    x = layers.MultiHeadAttention(2, 2)(x, x)
    model = keras.Model(series, layers.Dense(1)(layers.Flatten()(x)))
    fast = weight_owners(model)

    def changed(self, include=True):
        raise AssertionError

    monkeypatch.setattr(keras.Layer, "_flatten_layers", changed)
    fast_forms.works.cache_clear()
    with pytest.warns(RuntimeWarning, match=r"Nested layers: .*include_self"):
        plain = weight_owners(model)
    assert set(plain) == {variable.path for variable in model.weights}
    assert all(plain[path] is owner for path, owner in fast.items())
    assert type(plain["two/forward_lstm/lstm_cell/kernel"]).__name__ == "LSTMCell"


def test_plain_layers_on_demand(monkeypatch, own_cache):
    monkeypatch.setenv(PLAIN_LAYERS, "1")
    assert not fast_forms.on_tensorflow()
    assert type(two_speed_adam()).__name__ == "TwoSpeedAdam"
    X = np.random.default_rng(0).normal(size=(12, 2, 20)).astype("float32")
    for cls in (MagNetRegressor, MLSTMFCNRegressor):
        small = cls.get_test_params()[0]
        assert np.isfinite(cls(**small).fit(X, X[:, 0, 3]).predict(X)).all()
    assert fast_forms.works.cache_info().currsize == 0  # not even tried
