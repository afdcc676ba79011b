"""InceptionTime: residual blocks of parallel convolutions of different lengths."""

from __future__ import annotations

from typing import Any, ClassVar

from sktl._checks import Bound, Count, Number
from sktl.estimators.base import parameters
from sktl.estimators.tasks import BaseTransferClassifier, BaseTransferRegressor
from sktl.layers.convolution import fast_convolution
from sktl.layers.ends import cut, max_pool, present
from sktl.layers.normalization import average_over_time, fused_batch_normalization


def inception_time(
    series,
    stream_max,
    *,
    n_blocks: int = 2,
    n_modules: int = 3,
    filters: int = 32,
    kernel_sizes: tuple[int, ...] = (5, 11, 23),
    bottleneck: int = 32,
    batch_norm_momentum: float = 0.9,
    lengths=None,
):
    """Build the layers of InceptionTime up to its output layer.

    Parameters
    ----------
    series : KerasTensor of shape (batch, n_timepoints, n_channels)
        The scaled panel.
    stream_max : KerasTensor of shape (batch, 1) or None
        The stream max, joined to the pooled features.
    n_blocks, n_modules, filters, kernel_sizes, bottleneck, batch_norm_momentum
        See `InceptionTimeClassifier`.
    lengths : KerasTensor of shape (batch,), optional
        Time points of each series, where they differ; see `sktl.layers.ends`.

    Returns
    -------
    KerasTensor of shape (batch, n_features)
        Features for the output layer.
    """
    from keras import layers

    mask = present(series, lengths)

    def normalised(x, name):
        return fused_batch_normalization()(momentum=batch_norm_momentum, name=name)(x, mask=mask)

    x = series
    for block in range(1, n_blocks + 1):
        y = x
        for module in range(1, n_modules + 1):
            name = f"block{block}_module{module}"
            y = _module(y, lengths, filters, kernel_sizes, bottleneck, name)
            y = layers.ReLU(name=f"{name}_relu")(normalised(y, f"{name}_bn"))
            y = cut(y, lengths, f"{name}_relu")
        width = y.shape[-1]
        x = _convolution(width, 1, f"block{block}_match")(x)
        x = normalised(x, f"block{block}_match_bn")
        x = layers.Add(name=f"block{block}_add")([x, y])
        x = layers.ReLU(name=f"block{block}_relu")(x)
        x = cut(x, lengths)
    x = average_over_time()(name="average")(x, mask=mask)
    return x if stream_max is None else layers.Concatenate(name="join")([x, stream_max])


def _module(x, lengths, filters, kernel_sizes, bottleneck, name):
    from keras import layers

    pooled, _ = max_pool(x, lengths, 3, 1, name=f"{name}_pool")
    narrow = _convolution(bottleneck, 1, f"{name}_bottleneck")(x)
    branches = [
        _convolution(filters, size, f"{name}_conv{n}")(narrow)
        for n, size in enumerate(kernel_sizes, start=1)
    ]
    branches.append(_convolution(filters, 1, f"{name}_conv_pool")(pooled))
    return layers.Concatenate(name=f"{name}_join")(branches)


def _convolution(filters, size, name):
    return fast_convolution()(filters, size, padding="same", use_bias=False, name=name)


@parameters
class _InceptionTime:
    """Modules of parallel convolutions of different lengths behind a bottleneck, in residual
    blocks; their average over time and the stream max enter the output layer. All convolutions
    transfer. The original is an ensemble of five such networks with longer kernels; this is one,
    in the size that was published for pre-training on generated series.

    No source of this network is bundled or published: train one of your own by `sktl pretrain`, or
    keep a fitted network by `save_pretrained`.

    Parameters
    ----------
    n_blocks : int, default=2
        Number of residual blocks.
    n_modules : int, default=3
        Modules in each block.
    filters : int, default=32
        Filters of each branch of a module.
    kernel_sizes : tuple of int, default=(5, 11, 23)
        Length of each branch's kernels, in time points; one more branch pools.
    bottleneck : int, default=32
        Filters of the pointwise convolution before the branches.
    batch_norm_momentum : float, default=0.9
        Share of the running mean and variance that each step keeps. The original has keras' 0.99,
        which takes hundreds of steps to follow. Few series give few steps: let an epoch have four
        or more (`batch_size`), or early stopping ends before the statistics are right.

    References
    ----------
    .. [1] H. Ismail Fawaz, B. Lucas, G. Forestier, et al. (2020). InceptionTime: finding AlexNet
       for time series classification. Data Mining and Knowledge Discovery 34, 1936-1962.
    """

    architecture = "InceptionTime"
    _tags: ClassVar[dict[str, Any]] = {"capability:unequal_length": True}
    _network = staticmethod(inception_time)
    _first_layers = ("block1_module1_bottleneck", "block1_module1_conv_pool", "block1_match")

    _bounds: ClassVar[dict[str, Bound]] = {
        "n_blocks": Count(),
        "n_modules": Count(),
        "filters": Count(),
        "kernel_sizes": Count(),
        "bottleneck": Count(),
        "batch_norm_momentum": Number(0, 1),
    }

    n_blocks: int = 2
    n_modules: int = 3
    filters: int = 32
    kernel_sizes: tuple[int, ...] = (5, 11, 23)
    bottleneck: int = 32
    batch_norm_momentum: float = 0.9

    def _transferable(self):
        branches = [f"conv{n + 1}" for n in range(len(self.kernel_sizes))]
        return [
            f"block{block + 1}_{name}"
            for block in range(self.n_blocks)
            for name in (
                *(
                    f"module{module + 1}_{kind}"
                    for module in range(self.n_modules)
                    for kind in ("bottleneck", *branches, "conv_pool")
                ),
                "match",
            )
        ]

    def _feature_layers(self):
        return [
            f"block{block + 1}_module{module + 1}_relu"
            for block in range(self.n_blocks)
            for module in range(self.n_modules)
        ]

    @classmethod
    def _small_parameters(cls):
        return {"n_modules": 1, "n_blocks": 1, "filters": 3, "kernel_sizes": (3, 5)}


@parameters
class InceptionTimeClassifier(_InceptionTime, BaseTransferClassifier):
    """InceptionTime, parallel convolutions of different lengths, for classification."""


@parameters
class InceptionTimeRegressor(_InceptionTime, BaseTransferRegressor):
    """InceptionTime, parallel convolutions of different lengths, for regression."""
