"""ConvNetQuake INGV: nine strided convolutions and two dense layers."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any, ClassVar

from sktl._checks import Bound, Count, Number, check_choice, check_number
from sktl.estimators.base import parameters
from sktl.estimators.fixed_length import FixedLength
from sktl.estimators.tasks import BaseTransferClassifier, BaseTransferRegressor
from sktl.layers.convolution import fast_convolution
from sktl.layers.ends import convolved, cut, filled, halved, widened


def convnetquake_ingv(
    series,
    stream_max,
    *,
    n_layers: int = 9,
    filters: int | Sequence[int] = 32,
    kernel_size: int = 3,
    downsampling: str = "stride",
    pool_padding: int | Sequence[int] = 0,
    dense_units: int | None = None,
    l2: float = 1e-3,
    initializer: str = "glorot_uniform",
    lengths=None,
):
    """Build the layers of ConvNetQuake INGV up to its output layer.

    Parameters
    ----------
    series : KerasTensor of shape (batch, n_timepoints, n_channels)
        The scaled panel.
    stream_max : KerasTensor of shape (batch, 1) or None
        The stream max, joined to the flattened features.
    n_layers, filters, kernel_size, downsampling, pool_padding, dense_units, l2, initializer
        See `ConvNetQuakeINGVClassifier`.
    lengths : KerasTensor of shape (batch,), optional
        Time points of each series, where they differ; see `sktl.layers.ends`. The convolutions
        keep to them, the dense layers do not.

    Returns
    -------
    KerasTensor of shape (batch, n_features)
        Features for the output layer.
    """
    from keras import layers, regularizers

    x = series
    pools = downsampling == "max_pool"
    widths, paddings = _each(filters, n_layers), _each(pool_padding, n_layers)
    for number, (width, padding) in enumerate(zip(widths, paddings, strict=True), start=1):
        stride, name = 1 if pools else 2, f"conv{number}"

        def convolution(padding, width=width, stride=stride, name=name):
            return fast_convolution()(
                width,
                kernel_size,
                strides=stride,
                padding=padding,
                activation="relu",
                kernel_initializer=initializer,
                kernel_regularizer=regularizers.L2(l2) if l2 else None,
                name=name,
            )

        x, lengths = convolved(convolution, x, lengths, kernel_size, stride)
        x = cut(x, lengths, name)
        if pools and padding:
            x = layers.ZeroPadding1D(padding, name=f"pad{number}")(x)
            lengths = widened(lengths, 2 * padding)
        if pools and x.shape[1] > 1:
            x = layers.MaxPooling1D(2, name=f"pool{number}")(filled(x, lengths))
            lengths = halved(lengths, up=False)
    x = layers.Flatten(name="flatten")(x)
    if stream_max is not None:
        x = layers.Concatenate(name="join")([x, stream_max])
    return layers.Dense(dense_units or x.shape[-1], activation="relu", name="dense")(x)


def _each(value: int | Sequence[int], n_layers: int) -> Sequence[int]:
    return value if isinstance(value, Sequence) else [value] * n_layers


@parameters
class _ConvNetQuakeINGV(FixedLength):
    """Nine convolutions of stride 2 halve the series until a few time points remain; they are the
    layers that transfer. The features and the stream max enter a dense layer and the output.

    Parameters
    ----------
    n_layers : int, default=9
        Number of convolutions, each of which halves the series.
    filters : int or sequence of int, default=32
        Filters of each convolution; a sequence has one entry per convolution.
    kernel_size : int, default=3
        Length of the kernels, in time points.
    downsampling : {"stride", "max_pool"}, default="stride"
        What halves the series: the convolution's stride of 2, or the maximum of every two time
        points after a convolution of stride 1 (an odd last time point is left out, a single one
        stays). The source "LEN-DB-detection" needs "max_pool".
    pool_padding : int or sequence of int, default=0
        Zeros that the maximum sees before the first time point and after the last; a sequence
        has one entry per convolution. Only with ``downsampling="max_pool"``.
    dense_units : int or None, default=None
        Units of the dense layer; None: as many as it has inputs.
    l2 : float or "auto", default="auto"
        Factor of the L2 penalty on the kernels of the convolutions: 1e-3 as published, 0 for few
        steps per epoch, where a penalty keeps the network from learning anything. The original
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

    _bounds: ClassVar[dict[str, Bound]] = {
        "n_layers": Count(),
        "filters": Count(),
        "kernel_size": Count(),
        "l2": Number(),
    }

    n_layers: int = 9
    filters: int | Sequence[int] = 32
    kernel_size: int = 3
    downsampling: str = "stride"
    pool_padding: int | Sequence[int] = 0
    dense_units: int | None = None
    l2: float | str = "auto"
    initializer: str = "glorot_uniform"

    def _transferable(self):
        return [f"conv{number}" for number in range(1, self.n_layers + 1)]

    def _check_architecture(self):
        check_choice("downsampling", self.downsampling, ("stride", "max_pool"))
        if self.dense_units is not None:
            check_number(
                "dense_units",
                self.dense_units,
                least=1,
                whole=True,
                wanted="a whole number of at least 1, or None",
            )
        for name in ("filters", "pool_padding"):
            value = getattr(self, name)
            if isinstance(value, Integral):
                several = [value]
            elif isinstance(value, Sequence) and len(value) == self.n_layers:
                several = list(value)
            else:
                raise ValueError(
                    f"{name} must be a whole number, or one for each of the {self.n_layers} "
                    f"convolutions. Received: {name}={value!r}, n_layers={self.n_layers}"
                )
            for number in several:
                check_number(name, number, least=0, whole=True)
        if self.pool_padding != 0 and self.downsampling != "max_pool":
            raise ValueError(
                "pool_padding is for downsampling='max_pool'. Received: "
                f"pool_padding={self.pool_padding!r}, downsampling={self.downsampling!r}"
            )

    def _feature_layers(self):
        return self._transferable()

    @classmethod
    def _small_parameters(cls):
        return {"n_layers": 3, "filters": 4}


@parameters
class ConvNetQuakeINGVClassifier(_ConvNetQuakeINGV, BaseTransferClassifier):
    """ConvNetQuake INGV, a strided convolutional network, for classification."""


@parameters
class ConvNetQuakeINGVRegressor(_ConvNetQuakeINGV, BaseTransferRegressor):
    """ConvNetQuake INGV, a strided convolutional network, for regression."""
