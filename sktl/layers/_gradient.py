"""A gradient of one's own that leaves nothing behind."""

from __future__ import annotations


def own_gradient(function):
    """Take a function of tensors, and of what it gives the gradients, as `tf.custom_gradient` does.

    That registers a gradient in TensorFlow under a new name at every use inside of a
    ``tf.function``, for ever, and with it the traced network.

    Parameters
    ----------
    function : callable
        Gives a tensor, and a function from its upstream gradient to those of the arguments.

    Returns
    -------
    callable
        Gives the tensor; a ``tf.GradientTape`` knows its gradients, ``tf.gradients`` does not.
    """
    from tensorflow.python.eager import record

    def apply(*tensors):
        with record.stop_recording():
            output, gradients = function(*tensors)
        record.record_operation(function.__name__, [output], list(tensors), gradients)
        return output

    return apply
