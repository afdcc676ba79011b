"""MagNet: two convolutions with pooling and a bidirectional LSTM."""

from __future__ import annotations

from typing import Any, ClassVar

from sktl._checks import Bound, Count, Number
from sktl.estimators.base import parameters
from sktl.estimators.tasks import BaseTransferClassifier, BaseTransferRegressor
from sktl.layers.bidirectional_lstm import block_bidirectional
from sktl.layers.dropout import eight_bit_dropout
from sktl.layers.ends import cut, max_pool, present


def magnet(
    series,
    stream_max,
    *,
    filters: tuple[int, ...] = (64, 32),
    kernel_size: int = 3,
    pool_size: int = 4,
    dropout: float = 0.2,
    lstm_units: int = 100,
    mc_dropout: bool = False,
    lengths=None,
):
    """Build the layers of MagNet up to its output layer.

    Parameters
    ----------
    series : KerasTensor of shape (batch, n_timepoints, n_channels)
        The scaled panel.
    stream_max : KerasTensor of shape (batch, 1) or None
        The stream max, joined to the last output of the LSTM.
    filters, kernel_size, pool_size, dropout, lstm_units, mc_dropout
        See `MagNetClassifier`.
    lengths : KerasTensor of shape (batch,), optional
        Time points of each series, where they differ; see `sktl.layers.ends`.

    Returns
    -------
    KerasTensor of shape (batch, n_features)
        Features for the output layer.
    """
    from keras import layers

    x = series
    for number, width in enumerate(filters, start=1):
        x = layers.Conv1D(width, kernel_size, padding="same", name=f"conv{number}")(x)
        x = cut(x, lengths, f"conv{number}")
        # None leaves the choice to training or prediction.
        x = eight_bit_dropout()(dropout, name=f"dropout{number}")(x, training=mc_dropout or None)
        x, lengths = max_pool(x, lengths, pool_size, pool_size, name=f"pool{number}")
    # Both names are given: keras would count the inner one up, and with it its weights' names.
    x = block_bidirectional()(layers.LSTM(lstm_units, name="lstm"), name="bilstm")(
        x, mask=present(x, lengths)
    )
    if stream_max is not None:
        x = layers.Concatenate(name="join")([x, stream_max])
    return x


@parameters
class _MagNet:
    """Two convolutions, each with dropout and max pooling, are the layers that transfer. A
    bidirectional LSTM reads what they leave; its last output and the stream max enter the
    output layer.

    Parameters
    ----------
    filters : tuple of int, default=(64, 32)
        Filters of each convolution.
    kernel_size : int, default=3
        Length of the kernels, in time points.
    pool_size : int, default=4
        Time points that each max pooling joins into one.
    dropout : float, default=0.2
        Share of the convolutions' outputs set to zero in training.
    lstm_units : int, default=100
        Units of the LSTM in each direction.
    mc_dropout : bool, default=False
        Keep dropout on in prediction, as the original experiment did. Its predictions are
        noisy; here the noise is the same at every call.

    References
    ----------
    .. [1] S. M. Mousavi, G. C. Beroza (2020). A machine-learning approach for earthquake
       magnitude estimation. Geophysical Research Letters 47, e2019GL085976.
    """

    architecture = "MagNet"
    _tags: ClassVar[dict[str, Any]] = {"capability:unequal_length": True}
    _feature_vectors: ClassVar = {"bilstm": "bilstm/forward_lstm/lstm_cell/kernel"}
    _first_layers = ("conv1",)
    _network = staticmethod(magnet)

    _bounds: ClassVar[dict[str, Bound]] = {
        "filters": Count(),
        "kernel_size": Count(),
        "pool_size": Count(),
        "dropout": Number(0, 1),
        "lstm_units": Count(),
    }

    filters: tuple[int, ...] = (64, 32)
    kernel_size: int = 3
    pool_size: int = 4
    dropout: float = 0.2
    lstm_units: int = 100
    mc_dropout: bool = False

    def _transferable(self):
        return [f"conv{number}" for number in range(1, len(self.filters) + 1)]

    def _feature_layers(self):
        return self._transferable()

    @classmethod
    def _small_parameters(cls):
        return {"filters": (4, 3), "lstm_units": 3}


@parameters
class MagNetClassifier(_MagNet, BaseTransferClassifier):
    """MagNet, two convolutions and a bidirectional LSTM, for classification."""


@parameters
class MagNetRegressor(_MagNet, BaseTransferRegressor):
    """MagNet, two convolutions and a bidirectional LSTM, for regression."""
