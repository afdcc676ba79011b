"""Which layers have a faster form here, and the plain form of what only a backend's inside has.

Every fast form is one of TensorFlow or PyTorch and stands beside a plain one of Keras. The plain
ones are taken on other backends, where the environment variable ``SKTL_PLAIN_LAYERS`` is 1, and
where what a fast form needs of the backend or Keras is not there any more: that is tried once, and
a warning tells.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

PLAIN_LAYERS = "SKTL_PLAIN_LAYERS"


def on_tensorflow() -> bool:
    """Return True if fast forms on TensorFlow are wanted, and keras runs on it.

    Returns
    -------
    bool
        False on another backend, without loading TensorFlow, and with ``SKTL_PLAIN_LAYERS=1``.
    """
    return _wanted_on("tensorflow")


def on_torch() -> bool:
    """Return True if fast forms on PyTorch are wanted; see `on_tensorflow`."""
    return _wanted_on("torch")


def _wanted_on(backend):
    import keras

    return not plain_forms() and keras.backend.backend() == backend


def plain_forms() -> bool:
    """Return True if the environment asks for plain forms alone."""
    return os.environ.get(PLAIN_LAYERS) == "1"


def on_tensorflow_without_gpu() -> bool:
    """Return True if, further, keras runs on processors alone.

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
    """Try once whether a fast form works with the backend and Keras that are there.

    Parameters
    ----------
    form : callable
        Uses, on something small, what the fast form needs.
    name : str
        What is slower without it, for the warning.

    Returns
    -------
    bool
        False, with a warning, if it raised an error.
    """
    try:
        form()
    except Exception as error:
        warnings.warn(
            f"{name}: the fast form does not work with these versions of Keras and its backend, "
            f"and Keras' own is taken, which is slower. Received: {type(error).__name__}: {error}",
            RuntimeWarning,
            stacklevel=2,
        )
        return False
    return True


def own_gradient(function):
    """Take a function of tensors, and of what it gives the gradients, as `tf.custom_gradient` does.

    That registers a gradient in TensorFlow under a new name at every use inside of a
    ``tf.function``, for ever, and with it the traced network. It is used where the private way
    around it is gone.

    Parameters
    ----------
    function : callable
        Gives a tensor, and a function from its upstream gradient to those of the arguments.

    Returns
    -------
    callable
        Gives the tensor; a ``tf.GradientTape`` knows its gradients.
    """
    import tensorflow as tf

    if not works(_try_record, "Gradients that leave nothing behind"):
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
    # In a thread of its own: wherever this is asked, a graph may be in the making, and the scope
    # that leaves it, `tf.init_scope`, records no gradients.
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
    """Return all layers of a model, those inside of other layers too, outer ones first.

    Parameters
    ----------
    model : keras.Model
        Any.

    Returns
    -------
    list of keras.layers.Layer
    """
    flatten = getattr(model, "_flatten_layers", None)
    return _found_layers(model) if flatten is None else list(flatten(include_self=False))


def _found_layers(model):
    """Find layers by looking at the attributes of layers: Keras names no others publicly."""
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
        # Layers of Keras hold theirs under private names as well.
        for value in list(vars(layer).values()):
            look(value)

    look_inside(model)
    return list(found.values())


def weight_owners(model) -> dict[str, object]:
    """Find the layer of each weight of a model: the innermost that has it.

    Parameters
    ----------
    model : keras.Model
        Any.

    Returns
    -------
    dict of str to keras.layers.Layer
        By the paths of the weights.
    """
    return _owners(inner_layers(model))


def _owners(layers):
    import keras

    # A wrapper has the weights of what it wraps, and comes before it.
    outer_first = sorted(
        layers, key=lambda one: (not isinstance(one, keras.Model), -len(one.weights))
    )
    return {variable.path: layer for layer in outer_first for variable in layer.weights}
