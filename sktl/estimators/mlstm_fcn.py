"""MLSTM-FCN: squeeze-and-excite convolutions beside an LSTM over the channels."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from sktl._checks import Bound, Count, Number
from sktl.estimators.base import parameters
from sktl.estimators.tasks import BaseTransferClassifier, BaseTransferRegressor
from sktl.layers.convolution import fast_convolution
from sktl.layers.ends import cut, present
from sktl.layers.normalization import average_over_time, fused_batch_normalization


def mlstm_fcn(
    series,
    stream_max,
    *,
    filters: tuple[int, ...] = (128, 256, 128),
    kernel_sizes: tuple[int, ...] = (8, 5, 3),
    lstm_units: int = 8,
    dropout: float = 0.8,
    reduction: int = 16,
    initializer: str = "he_uniform",
    batch_norm_momentum: float = 0.99,
    squeeze_excite: bool = True,
    lengths=None,
):
    """Build the layers of MLSTM-FCN up to its output layer.

    Parameters
    ----------
    series : KerasTensor of shape (batch, n_timepoints, n_channels)
        The scaled panel.
    stream_max : KerasTensor of shape (batch, 1) or None
        The stream max, joined to the outputs of both branches.
    filters, kernel_sizes, lstm_units, dropout, reduction, initializer, batch_norm_momentum
        See `MLSTMFCNClassifier`.
    squeeze_excite : bool, default=True
        False: the second branch is the FCN of Wang et al. (2017).
    lengths : KerasTensor of shape (batch,), optional
        Time points of each series, where they differ; see `sktl.layers.ends`.

    Returns
    -------
    KerasTensor of shape (batch, n_features)
        Features for the output layer.
    """
    from keras import layers

    # "Dimension shuffle": the LSTM takes one step a channel and sees the whole series at once. The
    # zeros after a shorter one leave out the rows of its kernel that have no time point.
    steps = layers.Permute((2, 1), name="permute")(series)
    steps = layers.Masking(0.0, name="masking")(steps)
    # A step a channel: few steps, so the loop is written out.
    steps = layers.LSTM(lstm_units, unroll=True, name="lstm")(steps)
    steps = layers.Dropout(dropout, name="dropout")(steps)

    x, mask = series, present(series, lengths)
    for number, (width, kernel_size) in enumerate(zip(filters, kernel_sizes, strict=True), start=1):
        x = fast_convolution()(
            width,
            kernel_size,
            padding="same",
            kernel_initializer=initializer,
            name=f"conv{number}",
        )(x)
        x = fused_batch_normalization()(
            momentum=batch_norm_momentum, epsilon=1e-3, name=f"bn{number}"
        )(x, mask=mask)
        x = layers.ReLU(name=f"relu{number}")(x)
        x = cut(x, lengths, f"relu{number}")
        if squeeze_excite and number < len(filters):
            x = weigh_channels(x, reduction, f"se{number}", mask)
    x = average_over_time()(name="average")(x, mask=mask)

    joined = [steps, x] if stream_max is None else [steps, x, stream_max]
    return layers.Concatenate(name="join")(joined)


def weigh_channels(x, reduction: int, name: str, mask=None):
    """Weight the channels of a feature map by a gate that sees all time points.

    Parameters
    ----------
    x : KerasTensor of shape (batch, n_timepoints, filters)
        Feature map.
    reduction : int
        How many filters share one unit of the narrow layer.
    name : str
        Prefix of the layers' names.
    mask : KerasTensor of shape (batch, n_timepoints), optional
        False at time points that are not looked at.

    Returns
    -------
    KerasTensor of shape (batch, n_timepoints, filters)
        The weighted feature map.

    References
    ----------
    .. [1] J. Hu, L. Shen, G. Sun (2018). Squeeze-and-excitation networks. CVPR 2018.
    """
    from keras import layers

    width = x.shape[-1]
    gate = average_over_time()(keepdims=True, name=f"{name}_squeeze")(x, mask=mask)
    for suffix, units, activation in [
        ("reduce", max(1, width // reduction), "relu"),
        ("excite", width, "sigmoid"),
    ]:
        gate = layers.Dense(
            units,
            activation=activation,
            use_bias=False,
            kernel_initializer="he_normal",
            name=f"{name}_{suffix}",
        )(gate)
    return layers.Multiply(name=f"{name}_scale")([x, gate])


@parameters
class _MLSTMFCN:
    """Three convolutions with batch normalisation, the first two with squeeze-and-excite blocks,
    are averaged over time; an LSTM reads the channels one after the other. Both and the stream
    max enter the output layer. The convolutions are the layers that transfer.

    Parameters
    ----------
    filters : tuple of int, default=(128, 256, 128)
        Filters of each convolution.
    kernel_sizes : tuple of int, default=(8, 5, 3)
        Length of each convolution's kernels, in time points.
    lstm_units : int, default=8
        Units of the LSTM, which takes one step a channel.
    dropout : float, default=0.8
        Share of the LSTM's outputs set to zero in training.
    reduction : int, default=16
        How many filters share one unit in the squeeze-and-excite blocks.
    initializer : str, default="he_uniform"
        Keras name of the initialiser of the convolutions' kernels.
    batch_norm_momentum : float or "auto", default="auto"
        Share of the running mean and variance that each step of training keeps; predictions use
        them. They need about ``5 / (1 - momentum)`` steps to arrive: 0.99 as published, 0.9 for
        few steps per epoch.
    transfer_blocks : bool, default=False
        Transfer batch normalisation and squeeze-and-excite blocks as well, at omega's learning
        rate. The original experiment transferred the convolutions alone. A source without
        squeeze-and-excite blocks, such as a plain FCN, gets blocks that change nothing at first:
        the convolutions then give exactly its features, and the blocks learn from there.

    References
    ----------
    .. [1] F. Karim, S. Majumdar, H. Darabi, S. Harford (2019). Multivariate LSTM-FCNs for time
       series classification. Neural Networks 116, 237-245.
    """

    architecture = "MLSTMFCN"
    _tags: ClassVar[dict[str, Any]] = {"capability:unequal_length": True}
    _reads_time_points = True
    _first_layers = ("conv1",)
    _network = staticmethod(mlstm_fcn)
    _by_schedule: ClassVar[dict[str, Any]] = {"batch_norm_momentum": (0.99, 0.9)}

    _bounds: ClassVar[dict[str, Bound]] = {
        "filters": Count(),
        "kernel_sizes": Count(),
        "lstm_units": Count(),
        "dropout": Number(0, 1),
        "reduction": Count(),
        "batch_norm_momentum": Number(0, 1),
    }

    filters: tuple[int, ...] = (128, 256, 128)
    kernel_sizes: tuple[int, ...] = (8, 5, 3)
    lstm_units: int = 8
    dropout: float = 0.8
    reduction: int = 16
    initializer: str = "he_uniform"
    batch_norm_momentum: float | str = "auto"
    transfer_blocks: bool = False

    def _transferable(self):
        numbers = range(1, len(self.filters) + 1)
        kinds = ["conv{}", "bn{}", "se{}_reduce", "se{}_excite"][: 4 if self.transfer_blocks else 1]
        names = [kind.format(number) for number in numbers for kind in kinds]
        return [name for name in names if not name.startswith(f"se{numbers[-1]}_")]

    def _source_arrays(self, source, start):
        # Features of a plain FCN are those of a network without such blocks.
        blocks = self.transfer_blocks and any(path.startswith("se") for path in start)
        if blocks and not any(path.startswith("se") for path in source.arrays):
            return {**source.arrays, **self._open_gates(source, start)}
        return source.arrays

    def _open_gates(self, source, start):
        """Return blocks that pass all filters alike, and convolutions that make up for it.

        A gate of no input is a sigmoid of 0, a half, and the next convolution doubles what it
        reads: both are exact in floating-point numbers.
        """
        arrays = {}
        for number in range(1, len(self.filters)):
            reduce, excite = (f"se{number}_{half}/kernel" for half in ("reduce", "excite"))
            arrays[reduce] = start[reduce]
            arrays[excite] = np.zeros(start[excite].shape, np.float32)
            following = f"conv{number + 1}/kernel"
            if following in source.arrays:
                arrays[following] = 2 * source.arrays[following]
        return arrays

    def _check_architecture(self):
        if len(self.filters) != len(self.kernel_sizes):
            raise ValueError(
                "filters and kernel_sizes must have the same length, one entry per convolution. "
                f"Received: filters={self.filters!r}, kernel_sizes={self.kernel_sizes!r}"
            )

    def _feature_options(self, arrays):
        # The published FCNs have no squeeze-and-excite blocks.
        return {"squeeze_excite": arrays is None or "se1_reduce/kernel" in arrays}

    def _feature_layers(self):
        return [f"relu{number}" for number in range(1, len(self.filters) + 1)]

    @classmethod
    def _small_parameters(cls):
        return {"filters": (4, 6, 4), "lstm_units": 2, "reduction": 2}


@parameters
class MLSTMFCNClassifier(_MLSTMFCN, BaseTransferClassifier):
    """MLSTM-FCN, squeeze-and-excite convolutions beside an LSTM, for classification."""


@parameters
class MLSTMFCNRegressor(_MLSTMFCN, BaseTransferRegressor):
    """MLSTM-FCN, squeeze-and-excite convolutions beside an LSTM, for regression."""
