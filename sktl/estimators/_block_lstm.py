"""LSTM as one operation instead of a loop over the time points."""

from __future__ import annotations

from functools import cache


@cache
def block_bidirectional():
    """Define the layer at its first use, because importing sktl must not load keras.

    Returns
    -------
    type
        `keras.layers.Bidirectional` with the same weights, names and, to rounding, the same
        results; on TensorFlow both directions run as one operation each (``BlockLSTM``).
    """
    from keras import backend, layers

    class BlockBidirectional(layers.Bidirectional):
        """For plain LSTM layers of which the last outputs are wanted, without mask or state."""

        def call(self, sequences, initial_state=None, mask=None, training=None):
            if backend.backend() != "tensorflow":
                return super().call(sequences, initial_state, mask, training)
            import tensorflow as tf

            forwards = tf.transpose(sequences, (1, 0, 2))
            cells = self.forward_layer.cell, self.backward_layer.cell
            both = zip(cells, (forwards, forwards[::-1]), strict=True)
            return tf.concat([_last_output(cell, steps) for cell, steps in both], axis=-1)

    return BlockBidirectional


def _last_output(cell, steps):
    """Apply a cell of Keras to steps of shape (time, batch, features)."""
    import tensorflow as tf

    # Keras has the gates in the order input, forget, cell, output; here forget comes third.
    weights = tf.concat([cell.kernel.value, cell.recurrent_kernel.value], axis=0)
    weights, bias = (
        tf.concat([gate[0], gate[2], gate[1], gate[3]], axis=-1)
        for gate in (tf.split(array, 4, axis=-1) for array in (weights, cell.bias.value))
    )
    start, none = tf.zeros((tf.shape(steps)[1], cell.units)), tf.zeros((cell.units,))
    return tf.raw_ops.BlockLSTM(
        seq_len_max=tf.cast(tf.shape(steps)[0], "int64"),
        x=steps,
        cs_prev=start,
        h_prev=start,
        w=weights,
        wci=none,
        wcf=none,
        wco=none,
        b=bias,
        forget_bias=0.0,
        cell_clip=-1.0,
    ).h[-1]
