"""ConvNetQuake INGV: nine strided convolutions and two dense layers."""

from __future__ import annotations

from sktl.estimators._base import parameters
from sktl.estimators._tasks import BaseTransferClassifier, BaseTransferRegressor


def convnetquake_ingv(
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.series,
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.stream_max,
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.*,
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.n_layers: int = 9,
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.filters: int = 32,
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.kernel_size: int = 3,
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.l2: float = 1e-3,
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.initializer: str = "glorot_uniform",
):
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py."""Build the layers of ConvNetQuake INGV up to its output layer.

 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.Parameters
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.----------
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.series : KerasTensor of shape (batch, n_timepoints, n_channels)
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.    The scaled panel.
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.stream_max : KerasTensor of shape (batch, 1) or None
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.    The stream max, joined to the flattened features.
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.n_layers, filters, kernel_size, l2, initializer
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.    See `ConvNetQuakeINGVClassifier`.

 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.Returns
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.-------
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.KerasTensor of shape (batch, n_features)
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.    Features for the output layer.
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py."""
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.from keras import layers, regularizers

 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.x = series
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.for number in range(1, n_layers + 1):
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.    x = layers.Conv1D(
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.        filters,
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.        kernel_size,
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.        strides=2,
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.        padding="same",
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.        activation="relu",
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.        kernel_initializer=initializer,
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.        kernel_regularizer=regularizers.L2(l2) if l2 else None,
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.        name=f"conv{number}",
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.    )(x)
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.x = layers.Flatten(name="flatten")(x)
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.if stream_max is not None:
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.    x = layers.Concatenate(name="join")([x, stream_max])
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.return layers.Dense(x.shape[-1], activation="relu", name="dense")(x)


@parameters
class _ConvNetQuakeINGV:
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py."""Nine convolutions of stride 2 halve the series until a few time points remain; they are the
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.layers that transfer. The features and the stream max enter a dense layer and the output.

 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.Parameters
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.----------
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.n_layers : int, default=9
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.    Number of convolutions, each of stride 2.
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.filters : int, default=32
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.    Filters of each convolution.
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.kernel_size : int, default=3
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.    Length of the kernels, in time points.
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.l2 : float, default=1e-3
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.    Factor of the L2 penalty on the kernels of the convolutions. The original experiment
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.    pre-trained with 0 on EMG and 0.7 on S&P 500.
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.initializer : str, default="glorot_uniform"
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.    Keras name of the initialiser of these kernels. The original experiment pre-trained
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.    with "he_normal" on SPEECH and S&P 500, "glorot_normal" on EMG.

 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.References
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.----------
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py... [1] A. Lomax, A. Michelini, D. Jozinović (2019). An investigation of rapid earthquake
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.   characterization using single-station waveforms and a convolutional neural network.
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.   Seismological Research Letters 90(2A), 517-529.
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py."""

 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.architecture = "ConvNetQuakeINGV"
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.# XLA fuses its small convolutions; measured in benchmarks/training_speed.py.
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py._jit = True
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py._first_layers = ("conv1",)
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py._network = staticmethod(convnetquake_ingv)

 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.n_layers: int = 9
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.filters: int = 32
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.kernel_size: int = 3
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.l2: float = 1e-3
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.initializer: str = "glorot_uniform"

 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.def _transferable(self):
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.    return [f"conv{number}" for number in range(1, self.n_layers + 1)]

 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.@classmethod
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.def _small_parameters(cls):
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py.    return {"n_layers": 3, "filters": 4}


@parameters
class ConvNetQuakeINGVClassifier(_ConvNetQuakeINGV, BaseTransferClassifier):
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py."""ConvNetQuake INGV, a strided convolutional network, for classification."""


@parameters
class ConvNetQuakeINGVRegressor(_ConvNetQuakeINGV, BaseTransferRegressor):
 XLA fuses its small convolutions; measured in benchmarks/training_speed.py."""ConvNetQuake INGV, a strided convolutional network, for regression."""
