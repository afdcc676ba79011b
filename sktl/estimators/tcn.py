"""TCN: residual blocks of dilated causal convolutions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from sktl._checks import Bound, Count, Number
from sktl.estimators.base import parameters
from sktl.estimators.tasks import BaseTransferClassifier, BaseTransferRegressor
from sktl.layers.dilated_convolution import dilated
from sktl.layers.dropout import eight_bit_dropout
from sktl.layers.ends import at_the_end, cut, cut_before, halved
from sktl.layers.paired_convolution import LONG, every_second, pad_start, paired
from sktl.layers.weight_norm import weight_normalized_conv1d


def tcn(
    series,
    stream_max,
    *,
    n_blocks: int = 9,
    filters: int | Sequence[int] = 24,
    kernel_size: int = 8,
    dropout: float = 0.0,
    initializer: str = "he_normal",
    weight_normalization: bool = False,
    return_sequences: bool = False,
    padding: str = "causal",
    spatial_dropout: bool = True,
    weight_decay: float = 0.0,
    gain: float = 1.0,
    lengths=None,
):
    """Build the layers of the TCN up to its output layer.

    Block ``b`` (from 0) has dilation ``2**b``, so its last output depends only on every
    ``2**b``-th time point, counted from the last. Without `return_sequences` every block but the
    last therefore gives every second of its time points only, and the convolutions run undilated:
    the same output and gradients from O(length) work, where the full form does
    O(length x n_blocks). Both forms have the same layer names and weights.

    Parameters
    ----------
    series : KerasTensor of shape (batch, n_timepoints, n_channels)
        The scaled panel.
    stream_max : KerasTensor of shape (batch, 1) or None
        The stream max, joined to the last time point's features (or to every one's).
    n_blocks, filters, kernel_size, dropout, initializer, weight_normalization
        See `TCNClassifier`; `filters` may be a sequence with a number for every block.
    return_sequences : bool, default=False
        Give the features of every time point.
    padding : {"causal", "same"}, default="causal"
        "same" lets every time point see as much of what follows as of what precedes; with
        `return_sequences` only.
    spatial_dropout : bool, default=True
        Drop whole feature maps, not single values.
    weight_decay : float, default=0.0
        Half of it times the squared weights of the convolutions is added to the loss.
    gain : float, default=1.0
        With `weight_normalization`, the norm of every filter before training.
    lengths : KerasTensor of shape (batch,), optional
        Time points of each series, where they differ; see `sktl.layers.ends`.

    Returns
    -------
    KerasTensor of shape (batch, n_features) or (batch, n_timepoints, n_features)
        Features for the output layer.
    """
    from keras import layers, regularizers

    convolution = weight_normalized_conv1d() if weight_normalization else layers.Conv1D
    more = {"gain": gain} if weight_normalization else {}
    drop = layers.SpatialDropout1D if spatial_dropout else eight_bit_dropout()
    penalty = regularizers.L2(weight_decay / 2) if weight_decay else None
    widths = [filters] * n_blocks if isinstance(filters, int) else filters

    def convolve(y, block, number, kind=convolution, **form):
        y = kind(
            widths[block],
            kernel_size,
            activation="relu",
            kernel_initializer=initializer,
            kernel_regularizer=penalty,
            name=f"block{block + 1}_conv{number}",
            **form,
            **more,
        )(y)
        return drop(dropout, name=f"block{block + 1}_dropout{number}")(y) if dropout else y

    def kept(y, lengths, name=None):
        return cut(y, lengths, name) if return_sequences else cut_before(y, lengths)

    x = series if return_sequences else at_the_end(series, lengths)
    for block in range(n_blocks):
        if return_sequences or block == n_blocks - 1:
            step = 2**block if return_sequences else 1
            form = {"padding": padding, "dilation_rate": step}
            kind = dilated(convolution) if step > 1 else convolution
            y = kept(convolve(x, block, 1, kind, **form), lengths)
            y = convolve(y, block, 2, kind, **form)
        else:
            # What the second convolution sees before the first time point, to whole pairs.
            zeros = 2 * ((kernel_size - 1) // 2) + x.shape[1] % 2
            if x.shape[1] < LONG:
                y = kept(convolve(x, block, 1, padding="causal"), lengths)
                y = pad_start(y, zeros)
            else:
                x = pad_start(x, 2 * (kernel_size // 2) + zeros)
                y = kept(convolve(x, block, 1, paired(convolution), zeros=zeros), lengths)
            y = convolve(y, block, 2, paired(convolution), strides=2)
            x = every_second()(y.shape[1], name=f"block{block + 1}_every_second")(x)
            lengths = halved(lengths)
        if x.shape[-1] != widths[block]:
            x = layers.Conv1D(
                widths[block],
                1,
                kernel_initializer=initializer,
                kernel_regularizer=penalty,
                name=f"block{block + 1}_match",
            )(x)
        x = layers.Add(name=f"block{block + 1}_add")([x, y])
        x = layers.ReLU(name=f"block{block + 1}_relu")(x)
        x = kept(x, lengths, f"block{block + 1}_relu")
    if return_sequences:
        if stream_max is not None:
            repeated = layers.RepeatVector(x.shape[1], name="repeat")(stream_max)
            x = layers.Concatenate(name="join")([x, repeated])
        return x
    x = x[:, -1]
    if stream_max is not None:
        x = layers.Concatenate(name="join")([x, stream_max])
    return x


@parameters
class _TCN:
    """Residual blocks of two causal convolutions, the dilation doubling from block to block,
    read the series up to its last time point; their features there and the stream max enter the
    output layer. All convolutions transfer. The receptive field is
    ``1 + 2 * (kernel_size - 1) * (2**n_blocks - 1)`` time points, 7,155 by default.

    Parameters
    ----------
    n_blocks : int, default=9
        Number of residual blocks. The original experiment ran nine; its text speaks of eight.
    filters : int, default=24
        Filters of each convolution.
    kernel_size : int, default=8
        Length of the kernels, in (dilated) time points.
    dropout : float, default=0.0
        Share of feature maps set to zero in training.
    initializer : str, default="he_normal"
        Keras name of the initialiser of the kernels.
    weight_normalization : bool, default=False
        Train direction and length of the kernels apart. The original text describes it; what
        was run had none.

    References
    ----------
    .. [1] S. Bai, J. Z. Kolter, V. Koltun (2018). An empirical evaluation of generic
       convolutional and recurrent networks for sequence modeling. arXiv:1803.01271.
    """

    architecture = "TCN"
    _tags: ClassVar[dict[str, Any]] = {"capability:unequal_length": True}
    _network = staticmethod(tcn)
    _first_layers = ("block1_conv1", "block1_match")

    _bounds: ClassVar[dict[str, Bound]] = {
        "n_blocks": Count(),
        "filters": Count(),
        "kernel_size": Count(),
        "dropout": Number(0, 1),
    }

    n_blocks: int = 9
    filters: int = 24
    kernel_size: int = 8
    dropout: float = 0.0
    initializer: str = "he_normal"
    weight_normalization: bool = False

    def _transferable(self):
        names = [f"block{b + 1}_conv{n}" for b in range(self.n_blocks) for n in (1, 2)]
        return ["block1_match", *names]

    def _feature_options(self, arrays):
        # Features need every time point, not the last alone.
        return {"return_sequences": True}

    def _feature_layers(self):
        return [f"block{block + 1}_relu" for block in range(self.n_blocks)]

    @classmethod
    def _small_parameters(cls):
        return {"n_blocks": 2, "filters": 4}


@parameters
class TCNClassifier(_TCN, BaseTransferClassifier):
    """TCN, a residual network of dilated causal convolutions, for classification."""


@parameters
class TCNRegressor(_TCN, BaseTransferRegressor):
    """TCN, a residual network of dilated causal convolutions, for regression."""


def import_keras_tcn(layer, path, *, task: str, n_timepoints: int, n_outputs: int, **card: Any):
    """Save a trained layer of the package keras-tcn as a source.

    Parameters
    ----------
    layer : tcn.TCN
        A built layer: causal, one stack, dilations 1, 2, 4, ..., ReLU, no skip connections, no
        normalisation.
    path : str or path-like
        Folder to write.
    task : {"classification", "regression"}
        What it was trained for.
    n_timepoints, n_outputs : int
        Length of the series, and number of outputs of the network around the layer.
    **card
        What else is known, see `sktl.sources.Card`.

    Returns
    -------
    pathlib.Path
        The folder.

    Raises
    ------
    ValueError
        If the layer computes something that `tcn` does not.
    """
    from sktl.sources import Card, save_source

    needed = {
        "padding": "causal",
        "nb_stacks": 1,
        "dilations": [2**block for block in range(len(layer.dilations))],
        "use_skip_connections": False,
        "activation_name": "relu",
        "use_batch_norm": False,
        "use_layer_norm": False,
        "use_weight_norm": False,
    }
    config: dict[str, Any] = {key: getattr(layer, key, value) for key, value in needed.items()}
    config["dilations"] = list(layer.dilations)
    wrong = [key for key in needed if config[key] != needed[key]]
    if wrong:
        raise ValueError(
            "Only a keras-tcn layer with "
            + ", ".join(f"{key}={needed[key]!r}" for key in wrong)
            + " can be imported. Received: "
            + ", ".join(f"{key}={config[key]!r}" for key in wrong)
        )
    arrays = {}
    for variable in layer.weights:
        *_, block, convolution, weight = variable.path.split("/")
        number = int(block.rsplit("_", 1)[1]) + 1
        name = {"conv1D_0": "conv1", "conv1D_1": "conv2", "matching_conv1D": "match"}[convolution]
        arrays[f"block{number}_{name}/{weight}"] = variable.numpy()
    described: dict[str, Any] = {
        "name": Path(path).name,
        "architecture": _TCN.architecture,
        "task": task,
        "n_channels": arrays["block1_conv1/kernel"].shape[1],
        "n_timepoints": n_timepoints,
        "n_outputs": n_outputs,
        "transferable": sorted({array.split("/")[0] for array in arrays}),
        "notes": "imported from keras-tcn",
    }
    return save_source(path, Card(**(described | card)), arrays)
