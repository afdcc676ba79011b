"""What a network costs, independent of the machine."""

from __future__ import annotations

from math import prod


def multiply_adds(model) -> int:
    """Count the multiply-adds of a network for one instance.

    Every weight of a kernel is used once per time step, of the input of recurrent layers and of
    the output of others. Everything else, such as activations and pooling, is not counted.

    Parameters
    ----------
    model : keras.Model
        A network of layers that are applied once, with series of known length.

    Returns
    -------
    int
        The count.

    Examples
    --------
    >>> import keras
    >>> from sktl.training.operations import multiply_adds
    >>> layers = [keras.layers.Conv1D(8, 5, strides=2, padding="same"), keras.layers.LSTM(4)]
    >>> multiply_adds(keras.Sequential([keras.Input((100, 3)), *layers])) == (
    ...     50 * 5 * 3 * 8 + 50 * (8 + 4) * 4 * 4
    ... )
    True
    """
    from keras import tree

    count = 0
    for layer in model.layers:
        kernels = sum(prod(weight.shape) for weight in layer.weights if len(weight.shape) > 1)
        if kernels:
            series, output = tree.flatten(layer.input)[0], tree.flatten(layer.output)[0]
            # Only a recurrent layer makes a vector of a series.
            steps = series if len(output.shape) < len(series.shape) else output
            count += kernels * prod(steps.shape[1:-1])
    return count
