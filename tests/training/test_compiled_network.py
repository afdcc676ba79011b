"""Any layer of Keras works in a network, wherever its weights and statistics are."""

import keras
import numpy as np
import pytest
from keras import layers

from sktl.estimators.base import parameters
from sktl.estimators.tasks import BaseTransferRegressor
from sktl.training.backends import compile_network
from sktl.training.compiled_network import initial_weights


class Gated(layers.Layer):
    """A layer of a user's, which keeps its initialiser to itself."""

    def build(self, shape):
        self.gate = self.add_weight(shape=(shape[-1],), initializer="random_normal", name="gate")
        self.slope = self.add_weight(shape=(), initializer="ones", name="slope")

    def call(self, inputs):
        return inputs * keras.ops.sigmoid(self.gate * self.slope)


def anything(series, stream_max):
    """Build a network of all kinds of layers."""
    x = layers.SeparableConv1D(6, 3, padding="same", name="separable")(series)
    x = layers.DepthwiseConv1D(3, padding="same", name="depthwise")(x)
    inner = keras.Input(x.shape[1:])
    y = layers.Conv1D(6, 3, padding="same", name="inner_conv")(inner)
    y = layers.BatchNormalization(name="inner_bn")(y)
    x = keras.Model(inner, y, name="nested")(x)
    x = layers.PReLU(shared_axes=[1], name="prelu")(x)
    shared = layers.Dense(6, activation="tanh", name="shared")
    x = layers.Add(name="add")([shared(x), shared(shared(x))])
    x = layers.LayerNormalization(name="layer_norm")(x)
    x = layers.MultiHeadAttention(2, 3, name="attention")(x, x)
    x = Gated(name="gated")(x)
    x = layers.Bidirectional(layers.GRU(3, name="gru"), name="both")(x)
    return x if stream_max is None else layers.Concatenate(name="join")([x, stream_max])


@parameters
class AnythingRegressor(BaseTransferRegressor):
    """Layers of all kinds, for regression."""

    architecture = "Anything"
    _network = staticmethod(anything)
    _first_layers = ()

    def _transferable(self):
        return ["depthwise", "nested", "attention", "gated"]


@pytest.mark.slow
def test_layers_of_all_kinds_fit_and_transfer(tmp_path):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(18, 2, 10)), rng.normal(size=18)
    network = AnythingRegressor(n_epochs=2, batch_size=8, random_state=0)
    fitted, again = network.clone().fit(X, y), network.clone().fit(X, y)
    np.testing.assert_array_equal(fitted.predict(X), again.predict(X))
    other = network.clone().set_params(random_state=1).fit(X, y)
    assert not np.allclose(fitted.predict(X), other.predict(X))
    source = fitted.save_pretrained(tmp_path / "source")
    tuned = network.clone().set_params(source=source, omega=0.0).fit(X, y)
    for path, values in fitted._weights.items():
        if path.split("/")[0] in ("depthwise", "attention", "gated"):
            np.testing.assert_array_equal(tuned._weights[path], values)


def test_weights_are_drawn_by_the_layers_own_initialisers():
    series = keras.Input((10, 2))
    model = keras.Model(series, anything(series, None))
    first, same, other = (initial_weights(model, np.random.default_rng(s)) for s in (0, 0, 1))
    assert first.keys() == {variable.path for variable in model.weights}
    for path, values in first.items():
        np.testing.assert_array_equal(values, same[path])
        constant = values.min() == values.max()
        assert constant or not np.array_equal(values, other[path]), path
        assert constant == any(
            word in path.rsplit("/", 1)[1]
            for word in ("bias", "beta", "gamma", "moving", "alpha", "slope")
        ), path
    assert np.std(first["gated/gate"]) == pytest.approx(0.05, rel=0.8)


def test_drawing_leaves_pythons_random_numbers_alone():
    import random

    series = keras.Input((10, 2))
    model = keras.Model(series, anything(series, None))
    random.seed(3)
    expected = random.random()
    random.seed(3)
    initial_weights(model, np.random.default_rng(0))
    assert random.random() == expected


@pytest.mark.parametrize("nested", [False, True])
def test_batch_statistics_see_no_padding_wherever_they_are_taken(nested):
    series = keras.Input((6, 2))
    inner = keras.Input((6, 2))
    body = keras.Model(inner, layers.BatchNormalization(name="bn")(inner), name="body")
    x = body(series) if nested else layers.BatchNormalization(name="bn")(series)
    model = keras.Model(series, layers.Dense(1, name="head")(layers.Flatten(name="flat")(x)))
    assert compile_network(model, "mean_squared_error", [], jit=False)._pads is False
