"""Choice between the fast forms of layers and Keras' plain forms.

Every fast form uses TensorFlow or PyTorch directly and has a plain form in Keras. The plain form is
used on other backends, with the environment variable ``SKTL_PLAIN_LAYERS=1``, and if the installed
backend or Keras lacks what the fast form needs. This is tested once, and a warning reports it.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

PLAIN_LAYERS = "SKTL_PLAIN_LAYERS"


def on_tensorflow() -> bool:
    """Return True if keras runs on TensorFlow and fast forms are not disabled.

    Returns
    -------
    bool
        False on other backends, which does not load TensorFlow, and with ``SKTL_PLAIN_LAYERS=1``.
    """
    return _wanted_on("tensorflow")


def on_torch() -> bool:
    """Return True if keras runs on PyTorch and fast forms are not disabled."""
    return _wanted_on("torch")


def _wanted_on(backend):
    import keras

    return not plain_forms() and keras.backend.backend() == backend


def plain_forms() -> bool:
    """Return True if the environment variable ``SKTL_PLAIN_LAYERS`` disables fast forms."""
    return os.environ.get(PLAIN_LAYERS) == "1"


def on_tensorflow_without_gpu() -> bool:
    """Return True if keras runs on TensorFlow without a GPU and fast forms are not disabled.

    Returns
    -------
    bool
        See `on_tensorflow`.
    """
    if not on_tensorflow():
        return False
    import tensorflow as tf

    return not tf.config.get_visible_devices("GPU")


@cache
def works(form: Callable[[], object], name: str) -> bool:
    """Test once whether a fast form works with the installed backend and Keras.

    Parameters
    ----------
    form : callable
        Runs the operations of the fast form on a small input.
    name : str
        Name of the layer, for the warning.

    Returns
    -------
    bool
        False, with a warning, if `form` raises an error.
    """
    try:
        form()
    except Exception as error:
        warnings.warn(
            f"{name}: the fast form does not work with these versions of Keras and its backend. "
            f"Keras' slower form is used. Received: {type(error).__name__}: {error}",
            RuntimeWarning,
            stacklevel=2,
        )
        return False
    return True


def own_gradient(function):
    """Decorate a function that defines its own gradients, as `tf.custom_gradient` does.

    At every use in a ``tf.function``, `tf.custom_gradient` registers a gradient under a new name,
    which keeps the traced network in memory. This decorator avoids it with a private function of
    TensorFlow. If that is missing, `tf.custom_gradient` is used.

    Parameters
    ----------
    function : callable
        Returns a tensor, and a function from its upstream gradient to those of the arguments.

    Returns
    -------
    callable
        Returns the tensor only; a ``tf.GradientTape`` records the gradients.
    """
    import tensorflow as tf

    if not works(_try_record, "Custom gradients"):
        return tf.custom_gradient(function)
    return _recorded(function)


def _recorded(function):
    from tensorflow.python.eager import record

    def apply(*tensors):
        with record.stop_recording():
            output, gradients = function(*tensors)
        record.record_operation(function.__name__, [output], list(tensors), gradients)
        return output

    return apply


def _try_record():
    # In a separate thread: the caller may be tracing a graph, and `tf.init_scope`, which leaves the
    # graph, records no gradients.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(_record).result()


def _record():
    import tensorflow as tf

    def twice(x):
        return 2 * x, lambda upstream: [3 * upstream]

    with tf.GradientTape() as tape:
        x = tf.constant(1.0)
        tape.watch(x)
        y = _recorded(twice)(x)
    if float(tape.gradient(y, x)) != 3:
        raise ArithmeticError("a recorded gradient was not used")


def inner_layers(model) -> list:
    """Return all layers of a model, including nested ones, outer layers first.

    Parameters
    ----------
    model : keras.Model
        The network.

    Returns
    -------
    list of keras.layers.Layer
        Layers.
    """
    if plain_forms() or not works(_try_flattening, "Nested layers"):
        return _found_layers(model)
    return _flattened(model)


def _flattened(model):
    return list(model._flatten_layers(include_self=False))


def _try_flattening():
    from keras import Sequential, layers

    # Named, so that Keras does not count them for the names of others.
    inner = layers.ReLU(name="inner")
    outer = Sequential([Sequential([inner], name="nested")], name="outer")
    if inner not in _flattened(outer):
        raise LookupError("a nested layer was not found")


def _found_layers(model):
    """Find nested layers in the attributes of layers, for which Keras has no public method."""
    from keras import layers

    found: dict[int, object] = {}

    def look(value):
        if isinstance(value, layers.Layer):
            if id(value) not in found:
                found[id(value)] = value
                look_inside(value)
        elif isinstance(value, list | tuple | set):
            for one in value:
                look(one)
        elif isinstance(value, dict):
            look(list(value.values()))

    def look_inside(layer):
        look(getattr(layer, "layers", ()))
        # Keras' layers also store their sublayers in private attributes.
        for value in list(vars(layer).values()):
            look(value)

    look_inside(model)
    return list(found.values())


def weight_owners(model) -> dict[str, object]:
    """Return the innermost layer of each weight of a model.

    Parameters
    ----------
    model : keras.Model
        The network.

    Returns
    -------
    dict of str to keras.layers.Layer
        Path of a weight to its layer.
    """
    return _owners(inner_layers(model))


def _owners(layers):
    import keras

    # A wrapper lists the weights of its inner layer and must come before it.
    outer_first = sorted(
        layers, key=lambda one: (not isinstance(one, keras.Model), -len(one.weights))
    )
    return {variable.path: layer for layer in outer_first for variable in layer.weights}
