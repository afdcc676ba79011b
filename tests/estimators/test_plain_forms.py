"""What was made fast against the plain form: Keras' own layers and optimizer."""

import keras
import numpy as np
import pytest
from keras import layers
from scipy.stats import binomtest

from sktl.estimators.convnetquake import convnetquake_ingv
from sktl.estimators.inception_time import inception_time
from sktl.estimators.magnet import magnet
from sktl.estimators.mlstm_fcn import mlstm_fcn
from sktl.estimators.tcn import tcn
from sktl.layers.conv_kernel_gradient import LONG
from sktl.layers.convolution import fast_convolution
from sktl.layers.dropout import eight_bit_dropout
from sktl.layers.paired_convolution import every_second
from sktl.training.backends import compile_network
from sktl.training.compiled_network import weight_names
from sktl.training.optimizer import two_speed_adam

on_tensorflow = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="the fast form is TensorFlow's"
)
not_on_jax = pytest.mark.skipif(
    keras.backend.backend() == "jax", reason="fast forms are TensorFlow's and PyTorch's"
)


KERNEL_SIZE = 5  # odd; tests/estimators/test_tcn.py has the even one


def plain_magnet(x):
    for number, filters in enumerate((64, 32), start=1):
        x = layers.Conv1D(filters, 3, padding="same", name=f"conv{number}")(x)
        x = layers.MaxPooling1D(4, padding="same")(x)
    return layers.Bidirectional(layers.LSTM(100, name="lstm"), name="bilstm")(x)


def plain_convnetquake_ingv(x):
    for number in range(1, 10):
        x = layers.Conv1D(
            32, 3, strides=2, padding="same", activation="relu", name=f"conv{number}"
        )(x)  # fmt: skip
    x = layers.Flatten()(x)
    return layers.Dense(x.shape[-1], activation="relu", name="dense")(x)


def plain_inception_time(x):
    def convolve(x, width, size, name):
        return layers.Conv1D(width, size, padding="same", use_bias=False, name=name)(x)

    for block in (1, 2):
        y = x
        for name in (f"block{block}_module{number}" for number in (1, 2, 3)):
            narrow = convolve(y, 32, 1, f"{name}_bottleneck")
            pooled = layers.MaxPooling1D(3, strides=1, padding="same")(y)
            branches = [
                *(
                    convolve(narrow, 32, k, f"{name}_conv{n}")
                    for n, k in ((1, 5), (2, 11), (3, 23))
                ),
                convolve(pooled, 32, 1, f"{name}_conv_pool"),
            ]
            y = layers.BatchNormalization(momentum=0.9, name=f"{name}_bn")(
                layers.Concatenate()(branches)
            )
            y = layers.ReLU()(y)
        x = convolve(x, 128, 1, f"block{block}_match")
        x = layers.BatchNormalization(momentum=0.9, name=f"block{block}_match_bn")(x)
        x = layers.ReLU()(layers.Add()([x, y]))
    return layers.GlobalAveragePooling1D()(x)


def plain_mlstm_fcn(x):
    steps = layers.Masking(0.0)(layers.Permute((2, 1))(x))
    steps = layers.LSTM(8, name="lstm")(steps)
    for number, (filters, kernel_size) in enumerate(((128, 8), (256, 5), (128, 3)), start=1):
        x = layers.Conv1D(filters, kernel_size, padding="same", name=f"conv{number}")(x)
        x = layers.BatchNormalization(momentum=0.99, epsilon=1e-3, name=f"bn{number}")(x)
        x = layers.ReLU()(x)
        if number < 3:
            gate = layers.GlobalAveragePooling1D(keepdims=True)(x)
            for name, units, activation in (
                ("reduce", filters // 16, "relu"), ("excite", filters, "sigmoid"),
            ):  # fmt: skip
                gate = layers.Dense(
                    units, activation=activation, use_bias=False, name=f"se{number}_{name}"
                )(gate)
            x = layers.Multiply()([x, gate])
    return layers.Concatenate()([steps, layers.GlobalAveragePooling1D()(x)])


def plain_tcn(x):
    """Compute every time point of every block, though the last one alone is wanted."""
    for block in range(4):
        y = x
        for number in (1, 2):
            y = layers.Conv1D(
                24, KERNEL_SIZE, padding="causal", dilation_rate=2**block, activation="relu",
                name=f"block{block + 1}_conv{number}",
            )(y)  # fmt: skip
        if block == 0:
            x = layers.Conv1D(24, 1, name="block1_match")(x)
        x = layers.ReLU()(layers.Add()([x, y]))
    return x[:, -1]


PLAIN = {
    "convnetquake_ingv": (plain_convnetquake_ingv, lambda x: convnetquake_ingv(x, None)),
    "inception_time": (plain_inception_time, lambda x: inception_time(x, None)),
    "magnet": (plain_magnet, lambda x: magnet(x, None, dropout=0.0)),
    "mlstm_fcn": (plain_mlstm_fcn, lambda x: mlstm_fcn(x, None, dropout=0.0)),
    "tcn": (plain_tcn, lambda x: tcn(x, None, n_blocks=4, kernel_size=KERNEL_SIZE)),
}


def draw_weights(model, rng):
    for path, variable in weight_names(model).items():
        scale = max(1, np.prod(variable.shape[:-1])) ** -0.5
        low = 0.5 if path.endswith("variance") else -1.7
        variable.assign(rng.uniform(low * scale, 1.7 * scale, variable.shape))


def in_training(model, X, direction):
    """Give outputs in training, and the gradients by name of their sum along a direction."""
    variables = {variable.path: variable.value for variable in model.trainable_variables}
    if keras.backend.backend() == "torch":
        import torch

        with torch.enable_grad():
            outputs = model(X, training=True)
            value = (outputs * torch.tensor(direction)).sum()
        gradients = torch.autograd.grad(value, list(variables.values()))
        return outputs, dict(zip(variables, gradients, strict=True))
    import tensorflow as tf

    with tf.GradientTape() as tape:
        outputs = model(X, training=True)
        value = tf.reduce_sum(outputs * direction)
    return outputs, tape.gradient(value, variables)


def assert_close(actual, expected, tolerance=2e-5):
    actual, expected = map(keras.ops.convert_to_numpy, (actual, expected))
    scale = max(1, np.abs(expected).max())
    np.testing.assert_allclose(actual, expected, rtol=0, atol=tolerance * scale)


def two_models(plain, fast, shape):
    inputs = [keras.Input(shape) for _ in range(2)]
    models = [keras.Model(x, form(x)) for x, form in zip(inputs, (plain, fast), strict=True)]
    draw_weights(models[0], np.random.default_rng(0))
    values, targets = map(weight_names, models)
    assert set(values) == set(targets)
    for path, variable in targets.items():
        variable.assign(values[path])
    return models


@pytest.mark.fast_only(
    "convnetquake_ingv-33", "inception_time-33", "magnet-33", "mlstm_fcn-33", "tcn-33"
)
@pytest.mark.parametrize("length", [1, 2, 33, 50])
@pytest.mark.parametrize("name", PLAIN)
def test_outputs_equal_the_plain_networks(name, length):
    plain, fast = two_models(*PLAIN[name], (length, 3))
    X = np.random.default_rng(1).normal(size=(4, length, 3)).astype("float32")
    assert_close(fast(X), plain(X))


@pytest.fixture
def double_precision():
    before = keras.config.floatx()
    keras.config.set_floatx("float64")
    yield
    keras.config.set_floatx(before)


# In single precision rounding decides, for some series and numbers of threads, which side of zero
# an input of a ReLU is on, and so its gradient.
@not_on_jax
@pytest.mark.usefixtures("double_precision")
@pytest.mark.fast_only(*(f"{name}-33" for name in PLAIN))
@pytest.mark.parametrize("length", [2, 33, 130])
@pytest.mark.parametrize("name", PLAIN)
def test_training_equals_the_plain_networks(name, length):
    plain, fast = two_models(*PLAIN[name], (length, 3))
    rng = np.random.default_rng(1)
    X = rng.normal(size=(4, length, 3))
    direction = rng.normal(size=(4, plain.output.shape[1]))
    outputs, gradients = in_training(fast, X, direction)
    expected, expected_gradients = in_training(plain, X, direction)
    assert_close(outputs, expected)
    for path, gradient in expected_gradients.items():
        assert_close(gradients[path], gradient, 1e-4)
    # The statistics of the batch have entered those that move.
    for path, variable in weight_names(plain).items():
        assert_close(weight_names(fast)[path], variable)


@pytest.mark.parametrize(("length", "number"), [(1, 1), (2, 1), (7, 4), (7, 2)])
def test_every_second_is_a_slice_with_a_step(length, number):
    x = np.random.default_rng(0).normal(size=(2, length, 3)).astype("float32")
    np.testing.assert_array_equal(every_second()(number)(x), x[:, ::-2][:, :number][:, ::-1])


@pytest.mark.parametrize("omega", [0.0, 0.5])
def test_steps_of_adam_equal_keras_own(omega):
    """One operation a variable, or all at once, against two optimizers of Keras."""
    rng = np.random.default_rng(0)
    values = [rng.normal(size=shape).astype("float32") for shape in ((3, 2), (4,))]
    gradients = [[rng.normal(size=v.shape).astype("float32") for v in values] for _ in range(20)]
    ours, plain = ([keras.Variable(value) for value in values] for _ in range(2))
    optimizer = two_speed_adam({ours[1].path})
    optimizer.build(ours)
    optimizer.omega.assign(omega)
    optimizer.learning_rate = 1e-2
    others = [keras.optimizers.Adam(1e-2), keras.optimizers.Adam(omega * 1e-2)]
    for step in gradients:
        optimizer.apply([keras.ops.array(gradient) for gradient in step], ours)
        for adam, gradient, variable in zip(others, step, plain, strict=True):
            adam.apply([keras.ops.array(gradient)], [variable])
    for variable, expected in zip(ours, plain, strict=True):
        assert_close(variable, expected, 1e-6)


@not_on_jax
@pytest.mark.parametrize("rate", [0.2, 0.8])
@pytest.mark.parametrize("width", [64, 7])
def test_dropout_keeps_the_share_that_it_must(rate, width):
    layer = eight_bit_dropout()(rate, seed=0)
    x = np.random.default_rng(0).uniform(1, 2, (50, 40, width)).astype("float32")
    masks = []
    for _ in range(2):
        y = keras.ops.convert_to_numpy(layer(x, training=True))
        masks.append(y != 0)
        np.testing.assert_allclose(y[masks[-1]], x[masks[-1]] / (1 - rate), rtol=1e-6)
    kept, again = masks
    assert binomtest(int(kept.sum()), kept.size, 1 - rate).pvalue > 1e-3
    # Neighbours in any direction, and the next step, are drawn on their own.
    for one, other in [(kept, again), *((kept, np.roll(kept, 1, axis)) for axis in range(3))]:
        both = int((one & other).sum())
        assert binomtest(both, kept.size, (1 - rate) ** 2).pvalue > 1e-3
    np.testing.assert_array_equal(layer(x), x)
    np.testing.assert_array_equal(eight_bit_dropout()(rate, seed=0)(x, training=True) != 0, kept)


@not_on_jax
def test_dropout_meets_a_rate_between_two_levels_of_its_bits():
    layer = eight_bit_dropout()(0.2, seed=0)  # 51.2 / 256
    outputs = layer(np.ones((400, 200, 100), "float32"), training=True)
    kept = np.count_nonzero(keras.ops.convert_to_numpy(outputs))
    assert binomtest(kept, 8_000_000, 0.8).pvalue > 1e-3
    assert binomtest(kept, 8_000_000, 1 - 51 / 256).pvalue < 1e-4


@not_on_jax
def test_gradients_of_dropout_pass_what_it_kept():
    layer = eight_bit_dropout()(0.5, seed=0)
    x = keras.ops.ones((3, 20, 5))
    if keras.backend.backend() == "torch":
        import torch

        x.requires_grad_()
        with torch.enable_grad():
            y = layer(x, training=True)
            (gradient,) = torch.autograd.grad(y.sum(), x)
        y = y.detach()
    else:
        import tensorflow as tf

        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x, training=True)
        gradient = tape.gradient(y, x)
    np.testing.assert_array_equal(gradient, y)


@on_tensorflow
def test_a_number_limits_xla_to_short_series():
    def network(length):
        series = keras.Input((length, 1))
        model = keras.Model(series, layers.Dense(1)(layers.Flatten()(series)))
        return compile_network(model, "mean_squared_error", (), 20)

    assert [network(length)._jit for length in (20, 21)] == [True, False]


@on_tensorflow
@pytest.mark.parametrize("n_instances", [1, 3])
@pytest.mark.parametrize(("length", "strides"), [(LONG[1], 1), (541, 1), (LONG[2], 2), (542, 2)])
@pytest.mark.parametrize("kernel_size", [8, 6, 5, 4, 3, 2, 1])
def test_matrix_gradients_equal_those_of_keras_own_convolution(
    kernel_size, length, strides, n_instances
):
    import tensorflow as tf

    rng = np.random.default_rng(0)
    x = tf.constant(rng.normal(size=(n_instances, length, 16)), "float32")
    upstream = tf.constant(rng.normal(size=(n_instances, length // strides, 4)), "float32")
    kernel = rng.normal(size=(kernel_size, 16, 4))
    results = []
    for kind in (layers.Conv1D, fast_convolution()):
        layer = kind(4, kernel_size, strides=strides, padding="same", activation="relu")
        layer.build(x.shape)
        layer.set_weights([kernel, np.ones(4)])
        with tf.GradientTape() as tape:
            tape.watch(x)
            outputs = layer(x)
        found = tape.gradient(outputs, [x, *layer.trainable_variables], upstream)
        results.append([outputs.numpy(), *(one.numpy() for one in found)])
    for plain, ours in zip(*results, strict=True):
        np.testing.assert_allclose(ours, plain, rtol=1e-4, atol=1e-4 * np.abs(plain).max())
