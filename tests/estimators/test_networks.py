"""The networks against the facts of the papers."""

import numpy as np
import pytest

from sktl.estimators import ConvNetQuakeINGVRegressor, MagNetRegressor, MLSTMFCNRegressor
from sktl.estimators import TCNRegressor as TCNet
from sktl.training.compiled_network import initial_weights, weight_names

from .conftest import CLASSES, ONE_OF_EACH, gives_series

ARCHITECTURES = [ConvNetQuakeINGVRegressor, MagNetRegressor, MLSTMFCNRegressor, TCNet]
# target: (length, outputs, stream max, parameters of the four networks with three channels)
PARAMETERS = {
    "LOMAX": (1001, 1, True, (29_508, 113_418, 310_474, 79_466)),
    "LEN-DB": (540, 1, True, (29_508, 113_418, 295_722, 79_466)),
    "STEAD": (6000, 1, False, (173_377, 113_417, 470_441, 79_465)),
    "SPEECH": (8000, 35, True, (306_824, 120_286, 539_134, 80_350)),
    "EMG": (80, 4, True, (26_410, 114_024, 281_416, 79_544)),
    "S&P 500": (50, 1, True, (26_308, 113_418, 280_042, 79_466)),
}
TRANSFERRED = (25_152, 6_816, 265_728, 79_440)


# A ResNet takes two seconds to build, whatever comes at its end.
ALL_BUT_ONE = [cls.__name__ for cls in CLASSES if cls.__name__ != "ResNetImageClassifier"]
# Without the stream max, and with many outputs.
FAST_TARGETS = ("STEAD", "SPEECH")


@pytest.mark.parametrize(
    "target",
    [pytest.param(n, marks=[pytest.mark.slow] * (n not in FAST_TARGETS)) for n in PARAMETERS],
)
@pytest.mark.parametrize("number", range(4), ids=[cls.architecture for cls in ARCHITECTURES])
def test_numbers_of_parameters(target, number):
    length, outputs, stream_max, counts = PARAMETERS[target]
    estimator = ARCHITECTURES[number](stream_max="raw" if stream_max else None)
    network = estimator.build_network(3, length, outputs)
    assert network.count_params() == counts[number]
    layers = set(estimator._transferable())
    transferred = sum(
        np.prod(variable.shape)
        for path, variable in weight_names(network).items()
        if path.split("/")[0] in layers
    )
    assert transferred == TRANSFERRED[number]


@pytest.mark.others_slow(*ALL_BUT_ONE)
def test_transferable_layers_and_head_exist(cls):
    estimator = cls()
    network = estimator.build_network(2, 30, 2)
    names = {layer.name for layer in network.layers}
    assert {*estimator._transferable(), *estimator._first_layers, "head"} <= names
    assert network.get_layer("head").units == (1 if gives_series(cls) else 2)


@pytest.mark.others_slow(*ONE_OF_EACH)
@pytest.mark.parametrize("length", [1, *(pytest.param(n, marks=pytest.mark.slow) for n in (2, 7))])
def test_shortest_series(cls, length):
    n_outputs = length if gives_series(cls) else 3
    network = cls().build_network(2, length, n_outputs)
    inputs = [np.ones((4, length, 2), "float32"), np.ones((4, 1), "float32")]
    # Architectures without a stream max take the series alone.
    assert network(inputs[: len(network.inputs)]).shape == (4, n_outputs)


@pytest.mark.others_slow(*ALL_BUT_ONE)
def test_classifiers_give_probabilities(classifier):
    network = classifier(stream_max=None).build_network(2, 9, 3)
    X = np.random.default_rng(0).normal(size=(5, 9, 2)).astype("float32")
    outputs = np.array(network([X]))
    np.testing.assert_allclose(outputs.sum(axis=1), 1, rtol=1e-5)


@pytest.mark.others_slow
def test_initial_weights_are_distributed_as_keras_own(cls):
    import keras

    network = cls().build_network(3, 50, 2)
    ours = initial_weights(network, np.random.default_rng(0))
    keras.utils.set_random_seed(0)
    for path, variable in weight_names(cls()._build(3, 50, 2)).items():
        expected, drawn = keras.ops.convert_to_numpy(variable), ours[path]
        assert drawn.shape == expected.shape
        if np.unique(expected).size <= 2:  # zeros, ones, or the forget gate's ones among zeros
            np.testing.assert_array_equal(drawn, expected)
        else:
            if drawn.size >= 30:  # of fewer the deviation says little
                assert np.std(drawn) == pytest.approx(np.std(expected), rel=0.5)
            assert not np.array_equal(drawn, expected)


@pytest.mark.others_slow(*ONE_OF_EACH)
def test_initial_weights_follow_random_state(cls):
    small = cls.get_test_params()[0]
    weights = [
        cls(**small | {"random_state": seed}).build_network(1, 20, 2).get_weights()
        for seed in (0, 0, 1)
    ]
    assert all(np.array_equal(a, b) for a, b in zip(weights[0], weights[1], strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(weights[0], weights[2], strict=True))


def test_branches_of_mlstm_fcn():
    network = MLSTMFCNRegressor().build_network(3, 40, 1)
    assert network.get_layer("masking").output.shape == (None, 3, 40)
    assert network.get_layer("masking").mask_value == 0
    assert not network.get_layer("se1_reduce").use_bias
    assert network.get_layer("se1_reduce").units == 128 // 16
    assert network.get_layer("se2_excite").units == 256
    assert network.get_layer("bn1").momentum == 0.99
    assert network.get_layer("bn1").epsilon == 1e-3
    quicker = MLSTMFCNRegressor(batch_norm_momentum=0.5).build_network(3, 40, 1)
    assert [quicker.get_layer(f"bn{n}").momentum for n in (1, 2, 3)] == [0.5] * 3
    assert "se3_reduce" not in {layer.name for layer in network.layers}


def test_dropout_of_magnet_in_prediction():
    X = np.random.default_rng(0).normal(size=(4, 3, 30)).astype("float32")
    y = np.arange(4.0)
    small = {"n_epochs": 0, "head": "probe", "random_state": 0, "filters": (4, 3), "lstm_units": 3}
    plain = MagNetRegressor(**small).fit(X, y)
    noisy = MagNetRegressor(mc_dropout=True, **small).fit(X, y)
    np.testing.assert_array_equal(noisy.predict(X), noisy.predict(X))
    # Without dropout, noise cannot tell two copies of one instance apart.
    twice = np.repeat(X[:1], 2, axis=0)
    assert np.ptp(plain.predict(twice)) == 0
    assert np.ptp(noisy.predict(twice)) > 0
