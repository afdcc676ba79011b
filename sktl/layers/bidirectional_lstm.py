"""Bidirectional LSTM as one operation instead of a loop over the time points."""

from __future__ import annotations

from functools import cache

from sktl.layers.fast_forms import on_tensorflow_without_gpu, on_torch, own_gradient, works
from sktl.layers.torch_lstm import has_plain_cell, torch_lstm, try_torch_lstm


@cache
def block_bidirectional():
    """Return the layer class, which is defined at the first call.

    Returns
    -------
    type
        `keras.layers.Bidirectional` with the same weights, names and, up to rounding, results. On
        TensorFlow without a GPU, each direction is one operation (``BlockLSTM``), and both run in
        parallel. On PyTorch, both directions are one operation.
    """
    from keras import layers

    class BlockBidirectional(layers.Bidirectional):
        """Bidirectional layer that is fast for the last outputs of standard LSTM layers.

        Keras' implementation is used otherwise. Masked time points must be at the end.
        """

        def call(self, sequences, initial_state=None, mask=None, training=None):
            known = (
                self.merge_mode == "concat"
                and initial_state is None
                and not self.forward_layer.go_backwards
                and all(map(_is_plain, (self.forward_layer, self.backward_layer)))
            )
            if known and on_torch() and works(try_torch_lstm, "LSTM"):
                cells = self.forward_layer.cell, self.backward_layer.cell
                return torch_lstm(sequences, cells, mask)[1]
            # On a GPU, Keras uses the LSTM of cuDNN.
            if not known or not on_tensorflow_without_gpu() or not works(_try, "LSTM"):
                return super().call(sequences, initial_state, mask, training)
            import tensorflow as tf

            forwards = tf.transpose(sequences, (1, 0, 2))
            if mask is None:
                backwards, last = tf.reverse(forwards, [0]), None
            else:
                lengths = tf.reduce_sum(tf.cast(mask, "int32"), axis=1)
                backwards = tf.reverse_sequence(forwards, lengths, seq_axis=0, batch_axis=1)
                last = tf.one_hot(lengths - 1, tf.shape(forwards)[0], axis=0)[:, :, None]
            cells = self.forward_layer.cell, self.backward_layer.cell
            weights, biases = zip(*map(_weights, cells), strict=True)
            outputs = _last_outputs(
                tf.stack((forwards, backwards)), tf.stack(weights), tf.stack(biases), last
            )
            return tf.concat(tf.unstack(outputs), axis=-1)

    return BlockBidirectional


def _is_plain(layer):
    """Return True if a layer is a standard LSTM that returns its last output."""
    from keras import layers

    return type(layer) is layers.LSTM and not layer.return_sequences and has_plain_cell(layer)


def _try():
    """Run the operations on a small input."""
    import tensorflow as tf

    with tf.init_scope():
        _last_outputs(tf.zeros((1, 2, 1, 1)), tf.zeros((1, 2, 4)), tf.zeros((1, 4)))


def _weights(cell):
    """Return the weights and the bias of a Keras cell in the layout of ``BlockLSTM``."""
    import tensorflow as tf

    # Keras' order of the gates is input, forget, cell, output; here the forget gate is third.
    weights = tf.concat([cell.kernel.value, cell.recurrent_kernel.value], axis=0)
    return tuple(
        tf.concat([gate[0], gate[2], gate[1], gate[3]], axis=-1)
        for gate in (tf.split(array, 4, axis=-1) for array in (weights, cell.bias.value))
    )


def _last_outputs(steps, weights, biases, last=None):
    """Return the last outputs of LSTMs that run in parallel.

    The shapes are (n, time, batch, features) for ``steps`` and (n, batch, units) for the result.
    Masked steps are at the end; ``last``, (time, batch, 1), is 1 at the last step of each series.
    """
    import tensorflow as tf

    forward, backward = _functions(steps.shape[-1], biases.shape[-1] // 4)

    @own_gradient
    def apply(steps, weights, biases):
        states = _one_thread_each(forward, [steps, weights, biases])

        def gradients(upstream):
            if last is None:
                upstream = tf.concat([tf.zeros_like(states[-1][:, 1:]), upstream[:, None]], axis=1)
            else:
                upstream = last * upstream[:, None]
            return _one_thread_each(backward, [upstream, steps, weights, biases, *states])

        if last is None:
            return states[-1][:, -1], gradients
        return tf.reduce_sum(last * states[-1], axis=1), gradients

    return apply(steps, weights, biases)


def _one_thread_each(function, arguments):
    """Apply a function along the first axis, with one thread per call.

    The matrix products of one time point are too small for several threads: two threads took twice
    as long as one.
    """
    import tensorflow as tf

    return tf.raw_ops.MapDefun(
        arguments=arguments,
        captured_inputs=[],
        output_types=[output.dtype for output in function.outputs],
        output_shapes=[output.shape for output in function.outputs],
        f=function,
        max_intra_op_parallelism=1,
    )


@cache
def _functions(n_features, n_units):
    """Trace an LSTM for given sizes, and its gradients from the gradient of its outputs."""
    import tensorflow as tf

    states = [tf.TensorSpec((None, None, n_units))] * 7
    inputs = [
        tf.TensorSpec((None, None, n_features)),
        tf.TensorSpec((n_features + n_units, 4 * n_units)),
        tf.TensorSpec((4 * n_units,)),
    ]

    def common(x, w, b):
        start, none = tf.zeros((tf.shape(x)[1], n_units)), tf.zeros((n_units,))
        return {
            "seq_len_max": tf.cast(tf.shape(x)[0], "int64"), "x": x, "w": w, "b": b,
            "cs_prev": start, "h_prev": start, "wci": none, "wcf": none, "wco": none,
        }  # fmt: skip

    @tf.function(input_signature=inputs)
    def forward(x, w, b):
        return list(tf.raw_ops.BlockLSTM(**common(x, w, b), forget_bias=0.0, cell_clip=-1.0))

    @tf.function(input_signature=[tf.TensorSpec((None, None, n_units)), *inputs, *states])
    def backward(upstream, x, w, b, i, cs, f, o, ci, co, h):
        nothing = tf.zeros_like(h)
        found = tf.raw_ops.BlockLSTMGrad(
            **common(x, w, b), i=i, cs=cs, f=f, o=o, ci=ci, co=co, h=h, cs_grad=nothing,
            h_grad=upstream, use_peephole=False,
        )  # fmt: skip
        return [found.x_grad, found.w_grad, found.b_grad]

    # In their own graph: otherwise they would keep the first network that calls them in memory.
    with tf.init_scope():
        return forward.get_concrete_function(), backward.get_concrete_function()
