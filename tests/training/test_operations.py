"""The count of multiply-adds, against TensorFlow's profiler."""

import pytest

from sktl.training.operations import multiply_adds

keras = pytest.importorskip("keras")


def profiled(model):
    """Return half of the floating point operations that TensorFlow's profiler counts."""
    tf = pytest.importorskip("tensorflow")
    if keras.backend.backend() != "tensorflow":
        pytest.skip("the profiler reads graphs of TensorFlow")
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    form = tf.TensorSpec((1, *model.inputs[0].shape[1:]))
    graph = convert_variables_to_constants_v2(tf.function(model).get_concrete_function(form)).graph
    options = tf.compat.v1.profiler.ProfileOptionBuilder.float_operation()
    options = {**options, "output": "none", "select": ["float_ops"], "account_type_regexes": [".*"]}
    options["show_name_regexes"] = [".*(Conv2D|MatMul|Conv1D|conv1d).*"]
    report = tf.compat.v1.profiler.profile(graph, cmd="scope", options=options)
    return report.total_float_ops / 2


def test_convolutions_and_dense_layers():
    layers = [
        keras.layers.Conv1D(8, 5, strides=2, padding="same", use_bias=False),
        keras.layers.Conv1D(16, 3, padding="valid", use_bias=False),
        keras.layers.Dense(4, use_bias=False),
        keras.layers.Flatten(),
        keras.layers.Dense(3, use_bias=False),
    ]
    model = keras.Sequential([keras.Input((50, 2)), *layers])
    by_hand = 25 * 5 * 2 * 8 + 23 * 3 * 8 * 16 + 23 * 16 * 4 + 23 * 4 * 3
    assert multiply_adds(model) == by_hand
    assert profiled(model) == pytest.approx(by_hand, rel=0.01)


def test_recurrent_layers_take_every_step_of_their_input():
    series = keras.Input((20, 3))
    states = keras.layers.Bidirectional(keras.layers.LSTM(5, return_sequences=True))(series)
    model = keras.Model(series, keras.layers.LSTM(4)(states))
    assert multiply_adds(model) == 20 * (2 * (3 + 5) * 20 + (10 + 4) * 16)
