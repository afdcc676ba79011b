"""LSTM as one operation of PyTorch instead of a loop over the time points."""

from __future__ import annotations

from functools import cache
from typing import Any


def torch_lstm(sequences: Any, cells: Any, mask: Any = None) -> tuple[Any, Any]:
    """Apply a unidirectional or bidirectional LSTM to series.

    Parameters
    ----------
    sequences : torch.Tensor of shape (batch, time, features)
        The series.
    cells : sequence of keras.layers.LSTMCell
        One built cell, or two, of which the second one reads the series backwards.
    mask : torch.Tensor of shape (batch, time), optional
        False at the padding after the end of a series; each series has at least one time point.

    Returns
    -------
    outputs : torch.Tensor of shape (batch, time, units)
        Outputs at every time point, concatenated over the cells; 0 after the end of a series.
    last : torch.Tensor of shape (batch, units)
        Last output of each cell, concatenated over the cells.
    """
    import torch
    from torch.nn.utils import rnn

    weights = [one for cell in cells for one in _weights(cell)]
    start = sequences.new_zeros(len(cells), len(sequences), cells[0].units)
    # The arguments has_biases, num_layers, dropout, train and bidirectional.
    options = True, 1, 0.0, torch.is_grad_enabled(), len(cells) == 2
    if mask is None:
        outputs, last, _ = torch.lstm(sequences, (start, start), weights, *options, True)
    else:
        lengths = mask.sum(1).cpu()
        packed = rnn.pack_padded_sequence(sequences, lengths, True, enforce_sorted=False)
        data, last, _ = torch.lstm(
            packed.data, packed.batch_sizes, (start, start), weights, *options
        )
        outputs, _ = rnn.pad_packed_sequence(
            packed._replace(data=data), batch_first=True, total_length=sequences.shape[1]
        )
        last = last[:, packed.unsorted_indices]
    return outputs, torch.cat(tuple(last), dim=-1)


def _weights(cell):
    """Return a Keras cell's weights in PyTorch's layout; the order of the gates is the same."""
    bias = cell.bias.value
    return cell.kernel.value.T, cell.recurrent_kernel.value.T, bias, bias.new_zeros(bias.shape)


def has_plain_cell(layer) -> bool:
    """Return True if a layer is a standard LSTM, which the backends' operations compute."""
    from keras import activations

    cell = layer.cell
    return (
        not (layer.return_state or layer.stateful)
        and not (layer.dropout or layer.recurrent_dropout)
        and layer.compute_dtype == "float32"
        and cell.use_bias
        and cell.activation is activations.tanh
        and cell.recurrent_activation is activations.sigmoid
    )


def try_torch_lstm() -> None:
    """Run the operation, which has no public name, on a small input."""
    import torch

    x = torch.zeros(1, 2, 1)
    weights = [torch.zeros(4, 1), torch.zeros(4, 1), torch.zeros(4), torch.zeros(4)]
    start = x.new_zeros(1, 1, 1)
    torch.lstm(x, (start, start), weights, True, 1, 0.0, False, False, True)


@cache
def one_operation_lstm():
    """Return the layer class, which is defined at the first call.

    Returns
    -------
    type
        `keras.layers.LSTM` with the same weights, names and, up to rounding, results. On PyTorch it
        is one operation. Masked time points must be at the end.
    """
    from keras import layers

    from sktl.layers.fast_forms import on_torch, works

    class OneOperationLSTM(layers.LSTM):
        """One operation for a standard LSTM on PyTorch, with outputs of 0 at masked time points.

        Keras' implementation is used otherwise.
        """

        def call(self, sequences, initial_state=None, mask=None, training=False):
            known = initial_state is None and not self.go_backwards and has_plain_cell(self)
            if not known or not on_torch() or not works(try_torch_lstm, "LSTM"):
                return super().call(sequences, initial_state, mask, training)
            outputs, last = torch_lstm(sequences, [self.cell], mask)
            return outputs if self.return_sequences else last

    return OneOperationLSTM
