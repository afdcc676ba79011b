"""ConvNetQuake INGV: nine strided convolutions and two dense layers."""

from __future__ import annotations

from typing import Any, ClassVar

from sktl.estimators._base import parameters
from sktl.estimators._convolution import fast_convolution
from sktl.estimators._tasks import BaseTransferClassifier, BaseTransferRegressor


def convnetquake_ingv(
    series,
    stream_max,
    *,
    n_layers: int = 9,
    filters: int = 32,
    kernel_size: int = 3,
    l2: float = 1e-3,
    initializer: str = "glorot_uniform",
):
    """Build the layers of ConvNetQuake INGV up to its output layer.

    Parameters
    ----------
    series : KerasTensor of shape (batch, n_timepoints, n_channels)
        The scaled panel.
    stream_max : KerasTensor of shape (batch, 1) or None
        The stream max, joined to the flattened features.
    n_layers, filters, kernel_size, l2, initializer
        See `ConvNetQuakeINGVClassifier`.

    Returns
    -------
    KerasTensor of shape (batch, n_features)
        Features for the output layer.
    """
    from keras import layers, regularizers

    x = series
    for number in range(1, n_layers + 1):
        x = fast_convolution()(
            filters,
            kernel_size,
            strides=2,
            padding="same",
            activation="relu",
            kernel_initializer=initializer,
            kernel_regularizer=regularizers.L2(l2) if l2 else None,
            name=f"conv{number}",
        )(x)
    x = layers.Flatten(name="flatten")(x)
    if stream_max is not None:
        x = layers.Concatenate(name="join")([x, stream_max])
    return layers.Dense(x.shape[-1], activation="relu", name="dense")(x)


@parameters
class _ConvNetQuakeINGV:
    """Nine convolutions of stride 2 halve the series until a few time points remain; they are the
    layers that transfer. The features and the stream max enter a dense layer and the output.

    Parameters
    ----------
    n_layers : int, default=9
        Number of convolutions, each of stride 2.
    filters : int, default=32
        Filters of each convolution.
    kernel_size : int, default=3
        Length of the kernels, in time points.
    l2 : float or "auto", default="auto"
        Factor of the L2 penalty on the kernels of the convolutions: 1e-3 as published, 0 for few
        steps an epoch, where a penalty keeps the network from learning anything. The original
        experiment pre-trained with 0 on EMG and 0.7 on S&P 500.
    initializer : str, default="glorot_uniform"
        Keras name of the initialiser of these kernels. The original experiment pre-trained
        with "he_normal" on SPEECH and S&P 500, "glorot_normal" on EMG.

    References
    ----------
    .. [1] A. Lomax, A. Michelini, D. Jozinović (2019). An investigation of rapid earthquake
       characterization using single-station waveforms and a convolutional neural network.
       Seismological Research Letters 90(2A), 517-529.
    """

    architecture = "ConvNetQuakeINGV"
    # XLA fuses small convolutions: twice as fast at 50 time points, as fast at 540, half as fast
    # at 6000.
    _jit = 400
    _first_layers = ("conv1",)
    _network = staticmethod(convnetquake_ingv)
    _by_schedule: ClassVar[dict[str, Any]] = {"l2": (1e-3, 0.0)}

    n_layers: int = 9
    filters: int = 32
    kernel_size: int = 3
    l2: float | str = "auto"
    initializer: str = "glorot_uniform"

    def _transferable(self):
        return [f"conv{number}" for number in range(1, self.n_layers + 1)]

    @classmethod
    def _small_parameters(cls):
        return {"n_layers": 3, "filters": 4}


@parameters
class ConvNetQuakeINGVClassifier(_ConvNetQuakeINGV, BaseTransferClassifier):
    """ConvNetQuake INGV, a strided convolutional network, for classification."""


@parameters
class ConvNetQuakeINGVRegressor(_ConvNetQuakeINGV, BaseTransferRegressor):
    """ConvNetQuake INGV, a strided convolutional network, for regression."""
