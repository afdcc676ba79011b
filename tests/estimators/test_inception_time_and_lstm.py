"""The two networks of synthetic pre-training, layer by layer."""

import numpy as np
import pytest

from sktl.estimators import InceptionTimeClassifier, InceptionTimeRegressor, LSTMRegressor


def test_parameters_of_inception_time():
    network = InceptionTimeRegressor().build_network(3, 50, 1)

    def module(channels):
        bottleneck, pool = channels * 32, channels * 32
        return bottleneck + 32 * 32 * (5 + 11 + 23) + pool + 4 * 128

    def block(channels):
        match = channels * 128 + 4 * 128
        return module(channels) + 2 * module(128) + match

    assert network.count_params() == block(3) + block(128) + (128 + 1) + 1 == 301_762


def test_blocks_of_inception_time():
    network = InceptionTimeClassifier().build_network(3, 50, 4)
    sizes = [network.get_layer(f"block2_module3_conv{n}").kernel_size[0] for n in (1, 2, 3)]
    assert sizes == [5, 11, 23]
    assert network.get_layer("block1_module1_pool").pool_size == (3,)
    # The residual of the second block starts where the first one ends.
    (first,) = {t.shape[-1] for t in [network.get_layer("block1_relu").output]}
    assert network.get_layer("block2_match").kernel.shape == (1, first, 128)
    assert network.get_layer("block2_module1_bottleneck").kernel.shape == (1, 128, 32)
    assert not network.get_layer("block1_match").use_bias


@pytest.mark.parametrize("momentum", [0.9, 0.5])
def test_momentum_of_the_batch_statistics(momentum):
    params = {} if momentum == 0.9 else {"batch_norm_momentum": momentum}
    network = InceptionTimeClassifier(n_modules=1, filters=2, **params).build_network(3, 20, 4)
    normalising = [layer for layer in network.layers if layer.name.endswith("_bn")]
    assert [layer.momentum for layer in normalising] == [momentum] * 4


@pytest.mark.parametrize(("units", "n_layers"), [(64, 2), (64, 3), (128, 2), (128, 3)])
def test_parameters_of_lstm(units, n_layers):
    network = LSTMRegressor(lstm_units=units, n_layers=n_layers).build_network(3, 50, 1)

    def layer(channels):
        return 4 * (units * (channels + units) + units)

    expected = layer(3) + (n_layers - 1) * layer(units) + (units + 1) + 1
    assert network.count_params() == expected


def test_lstm_computes_what_its_equations_say():
    estimator = LSTMRegressor(lstm_units=3, n_layers=1, stream_max=None, random_state=0)
    network = estimator.build_network(2, 5, 1)
    kernel, recurrent, bias, head, head_bias = (np.array(w, float) for w in network.get_weights())
    x = np.random.default_rng(0).normal(size=(5, 2))
    h = c = np.zeros(3)

    def sigmoid(z):
        return 1 / (1 + np.exp(-z))

    for step in x:
        i, f, g, o = np.split(step @ kernel + h @ recurrent + bias, 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
    np.testing.assert_allclose(
        np.array(network([x[None].astype("float32")]))[0], h @ head + head_bias, rtol=1e-4
    )


def test_dropout_of_lstm_is_between_the_layers():
    network = LSTMRegressor(dropout=0.5, lstm_units=2).build_network(1, 4, 1)
    assert [layer.name for layer in network.layers if "dropout" in layer.name] == [
        "dropout1",
        "dropout2",
    ]
