"""What halves the series in ConvNetQuake INGV, and widths of its own for each layer."""

import numpy as np
import pytest

from sktl.estimators import ConvNetQuakeINGVRegressor


def small(**params):
    return ConvNetQuakeINGVRegressor(**({"n_layers": 2, "filters": 2} | params))


def test_the_default_network_is_the_published_one():
    network = ConvNetQuakeINGVRegressor().build_network(3, 540)
    lengths = [layer.output.shape[1:] for layer in network.layers if "conv" in layer.name]
    assert lengths == [(n, 32) for n in (270, 135, 68, 34, 17, 9, 5, 3, 2)]
    assert network.get_layer("dense").units == 65
    # The stream max comes last: saved weights of the dense layer have it there.
    assert [part.shape[1] for part in network.get_layer("join").input] == [64, 1]
    assert not [layer for layer in network.layers if "pool" in layer.name]


def test_pooling_takes_the_maximum_of_every_two():
    import keras

    network = small(downsampling="max_pool", filters=(2, 3), pool_padding=(1, 0), dense_units=5)
    model = network.build_network(1, 9)
    assert [model.get_layer(f"conv{n}").output.shape[1:] for n in (1, 2)] == [(9, 2), (5, 3)]
    assert model.get_layer("dense").kernel.shape == (2 * 3 + 1, 5)
    maps = keras.Model(
        model.inputs[0], [model.get_layer(name).output for name in ("conv1", "pool1")]
    )
    X = np.random.default_rng(0).normal(size=(4, 9, 1)).astype(np.float32)
    before, after = (keras.ops.convert_to_numpy(m) for m in maps(X))
    padded = np.pad(before, ((0, 0), (1, 1), (0, 0)))
    expected = np.maximum(padded[:, 0:10:2], padded[:, 1:10:2])
    np.testing.assert_array_equal(after, expected)
    assert before.max() > 0


def test_a_single_time_point_stays():
    model = small(downsampling="max_pool", n_layers=4).build_network(1, 3)
    assert model.get_layer("conv4").output.shape[1:] == (1, 2)


def test_it_fits_and_survives_a_copy(xla):
    X = np.random.default_rng(0).normal(size=(8, 1, 10))
    fitted = small(downsampling="max_pool", filters=[2, 3], n_epochs=1, random_state=0)
    fitted.fit(X, X[:, 0, 0])
    again = fitted.clone().fit(X, X[:, 0, 0])
    np.testing.assert_array_equal(fitted.predict(X), again.predict(X))
    # XLA, which is off in other tests, changes no more than the rounding.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ConvNetQuakeINGVRegressor, "_jit", False)
        plain = fitted.clone().fit(X, X[:, 0, 0])
    assert fitted._jit is not False
    np.testing.assert_allclose(plain.predict(X), fitted.predict(X), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"downsampling": "maxpool"}, "Did you mean 'max_pool'"),
        ({"filters": (2, 3, 4)}, r"each of the 2 convolutions.*filters=\(2, 3, 4\)"),
        ({"filters": (2, 0)}, "filters must be at least 1"),
        ({"pool_padding": 1}, "pool_padding is for downsampling='max_pool'"),
        ({"downsampling": "max_pool", "pool_padding": (1,)}, r"pool_padding=\(1,\)"),
        ({"downsampling": "max_pool", "pool_padding": -1}, "pool_padding must be"),
        ({"dense_units": 0}, "dense_units must be a whole number of at least 1, or None"),
    ],
)
def test_wrong_parameters_are_named(params, message):
    with pytest.raises(ValueError, match=message):
        small(**params).build_network(1, 9)
