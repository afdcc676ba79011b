"""LSTM: recurrent layers, one above the other."""

from __future__ import annotations

from typing import Any, ClassVar

from sktl._checks import Bound, Count, Number
from sktl.estimators.base import parameters
from sktl.estimators.tasks import BaseTransferClassifier, BaseTransferRegressor
from sktl.layers.ends import cut, present
from sktl.layers.torch_lstm import one_operation_lstm


def lstm(
    series,
    stream_max,
    *,
    n_layers: int = 2,
    lstm_units: int = 64,
    dropout: float = 0.0,
    lengths=None,
):
    """Build the layers of the LSTM up to its output layer.

    Parameters
    ----------
    series : KerasTensor of shape (batch, n_timepoints, n_channels)
        The scaled panel.
    stream_max : KerasTensor of shape (batch, 1) or None
        The stream max, joined to the last layer's last output.
    n_layers, lstm_units, dropout
        See `LSTMClassifier`.
    lengths : KerasTensor of shape (batch,), optional
        Time points of each series, where they differ; see `sktl.layers.ends`.

    Returns
    -------
    KerasTensor of shape (batch, n_features)
        Features for the output layer.
    """
    from keras import layers

    x = series
    mask = present(series, lengths)
    for number in range(1, n_layers + 1):
        inner = number < n_layers
        kind = one_operation_lstm()
        x = kind(lstm_units, return_sequences=inner, name=f"lstm{number}")(x, mask=mask)
        if inner:
            x = cut(x, lengths, f"lstm{number}")
        if dropout:
            x = layers.Dropout(dropout, name=f"dropout{number}")(x)
    return x if stream_max is None else layers.Concatenate(name="join")([x, stream_max])


@parameters
class _LSTM:
    """Recurrent layers read the series time point by time point; the last output and the stream
    max enter the output layer. All recurrent layers transfer.

    No source of this network is bundled or published: train one of your own by `sktl pretrain`, or
    keep a fitted network by `save_pretrained`.

    Parameters
    ----------
    n_layers : int, default=2
        Number of LSTM layers.
    lstm_units : int, default=64
        Units of each.
    dropout : float, default=0.0
        Share of each layer's outputs set to zero in training.

    References
    ----------
    .. [1] S. Hochreiter, J. Schmidhuber (1997). Long short-term memory. Neural Computation 9,
       1735-1780.
    """

    architecture = "LSTM"
    _tags: ClassVar[dict[str, Any]] = {"capability:unequal_length": True}
    _network = staticmethod(lstm)
    _first_layers = ("lstm1",)

    _bounds: ClassVar[dict[str, Bound]] = {
        "n_layers": Count(),
        "lstm_units": Count(),
        "dropout": Number(0, 1),
    }

    n_layers: int = 2
    lstm_units: int = 64
    dropout: float = 0.0

    def _transferable(self):
        return [f"lstm{number + 1}" for number in range(self.n_layers)]

    @property
    def _feature_vectors(self):
        last = f"lstm{self.n_layers}"
        return {last: f"{last}/lstm_cell/kernel"}

    def _feature_layers(self):
        # The last layer gives its last output only.
        return [f"lstm{number + 1}" for number in range(self.n_layers - 1)]

    @classmethod
    def _small_parameters(cls):
        return {"n_layers": 1, "lstm_units": 3}


@parameters
class LSTMClassifier(_LSTM, BaseTransferClassifier):
    """LSTM, recurrent layers one above the other, for classification."""


@parameters
class LSTMRegressor(_LSTM, BaseTransferRegressor):
    """LSTM, recurrent layers one above the other, for regression."""
