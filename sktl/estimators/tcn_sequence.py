"""TCN with a value at every time point: series in, series out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from sktl._checks import Bound, Choice, Count, Number, check_choice
from sktl.estimators.base import parameters
from sktl.estimators.tasks import BaseTransferRegressor
from sktl.estimators.tcn import tcn
from sktl.training.preprocessing import Standardisation
from sktl.training.probe_head import MOST, evenly, output_layer


def tcn_sequence(
    series,
    stream_max,
    *,
    filters: Sequence[int] = (3, 5, 5, 5, 6, 6),
    kernel_size: int = 5,
    padding: str = "causal",
    dropout: float = 0.2,
    initializer: str = "he_normal",
    weight_normalization: bool = True,
    weight_decay: float = 1e-4,
):
    """Build the layers up to the output layer, in the full form of `sktl.estimators.tcn.tcn`.

    Parameters
    ----------
    series : KerasTensor of shape (batch, n_timepoints, n_channels)
        The standardised panel.
    stream_max : KerasTensor of shape (batch, 1) or None
        The stream max, joined to the features of every time point.
    filters, kernel_size, padding, dropout, initializer, weight_normalization, weight_decay
        See `TCNSequenceRegressor`.

    Returns
    -------
    KerasTensor of shape (batch, n_timepoints, n_features)
        Features of every time point.
    """
    return tcn(
        series,
        stream_max,
        n_blocks=len(filters),
        filters=filters,
        kernel_size=kernel_size,
        dropout=dropout,
        initializer=initializer,
        weight_normalization=weight_normalization,
        return_sequences=True,
        padding=padding,
        spatial_dropout=False,
        weight_decay=weight_decay,
        # What PyTorch draws on average, and what was published.
        gain=3**-0.5,
    )


@parameters
class _TCNSequence:
    """Residual blocks of two dilated convolutions, the dilation doubling from block to block; a
    linear layer on their features and on the series itself gives a value at every time point.

    ``y`` is a second series, ``(n_instances, n_timepoints)``: as many columns as time points, or a
    whole fraction of them, where each column belongs to the last time point of its block. A 1-D
    ``y`` is the value at the last time point. The network is convolutional in time: a source may
    have another length, and so may what is given to `predict`, where the answer is as long as the
    new series asks for; within a panel all series are equally long. The receptive field is
    ``1 + 2 * (kernel_size - 1) * (2**n_blocks - 1)`` time points, 505 by default.

    The defaults are the network of [1]_; ``from_preset("noncausal")`` gives the later one of its
    authors.

    No source of this network is bundled or published: keep a fitted network of your own by
    `save_pretrained`.

    Parameters
    ----------
    stream_max : {"standard", "log", "raw", None}, default=None
        How the largest absolute value of an instance enters the network beside the series: the
        z-scores of the series keep the amplitude, so not at all.
    filters : sequence of int, default=(3, 5, 5, 5, 6, 6)
        Filters of the convolutions, a number for every block.
    kernel_size : int, default=5
        Length of the kernels, in (dilated) time points.
    padding : {"causal", "same"}, default="causal"
        What a time point sees: what precedes it, or as much of what follows.
    dropout : float, default=0.2
        Share of values set to zero in training.
    initializer : str, default="he_normal"
        Keras name of the initialiser of the kernels.
    weight_normalization : bool, default=True
        Train direction and length of the kernels apart.
    weight_decay : float, default=1e-4
        Half of it times the squared weights, biases excepted, is added to the loss: the weight
        decay of PyTorch's Adam.
    transfer_head : bool, default=True
        Transfer the linear output layer as well: it does the same for any length. False: only
        the convolutions, as the other estimators do.
    short_series : {"error", "pad"}, default="error"
        Refuse series shorter than the receptive field, or let zeros stand for what is missing:
        weights that only ever saw zeros are left as they were drawn.

    References
    ----------
    .. [1] A. Mustafa, M. Alfarraj, G. AlRegib (2019). Estimation of acoustic impedance from
       seismic data using temporal convolutional network. SEG Technical Program Expanded
       Abstracts 2019. arXiv:1906.02684.
    .. [2] Z. F. Wang, H. Cao, Z. F. Yang, H. Q. Xu, M. Q. Yang, Y. S. Zhao (2022). Transfer
       learning seismic impedance inversion method based on temporal convolutional networks.
       Journal of Seismic Exploration 31, 391-405.

    Examples
    --------
    >>> from sktl.datasets.simulators import simulate_wedge
    >>> from sktl.estimators import {name}
    >>> X, y = simulate_wedge(random_state=0)
    >>> X.shape, y.shape
    ((61, 1, 200), (61, 200))
    >>> regressor = {name}(filters=(3, 5, 5), n_epochs=2, random_state=0).fit(X, y)
    >>> regressor.predict(X).shape
    (61, 200)
    """

    architecture = "TCNSequence"
    _network = staticmethod(tcn_sequence)
    _preprocessing_type: ClassVar[Any] = Standardisation
    _first_layers = ("block1_conv1", "block1_match", "skip")
    _tags: ClassVar[dict[str, Any]] = {
        "capability:multioutput": True,
        "y_inner_mtype": "numpy2D",
    }
    _presets: ClassVar[dict[str, dict[str, Any]]] = {
        "causal": {},
        "noncausal": {
            "filters": (3, 6, 6, 6, 6, 6, 5),
            "kernel_size": 9,
            "padding": "same",
            "short_series": "pad",
        },
    }

    _bounds: ClassVar[dict[str, Bound]] = {
        "stream_max": Choice(("standard", "log", "raw", None)),
        "filters": Count(),
        "kernel_size": Count(),
        "dropout": Number(0, 1),
        "weight_decay": Number(),
    }

    stream_max: str | None = None
    filters: Sequence[int] = (3, 5, 5, 5, 6, 6)
    kernel_size: int = 5
    padding: str = "causal"
    dropout: float = 0.2
    initializer: str = "he_normal"
    weight_normalization: bool = True
    weight_decay: float = 1e-4
    transfer_head: bool = True
    short_series: str = "error"

    @property
    def receptive_field(self) -> int:
        """Number of time points that an output sees."""
        return 1 + 2 * (self.kernel_size - 1) * (2 ** len(self.filters) - 1)

    def _transferable(self):
        blocks = range(1, len(self.filters) + 1)
        names = [f"block{b}_conv{n}" for b in blocks for n in (1, 2)]
        # The first reads the channels; the others are where the number of filters changes.
        names += [
            f"block{b}_match"
            for b in blocks
            if b == 1 or self.filters[b - 1] != self.filters[b - 2]
        ]
        return [*names, "skip", "head"] if self.transfer_head else names

    def _feature_layers(self):
        return [f"block{block + 1}_relu" for block in range(len(self.filters))]

    @classmethod
    def _small_parameters(cls):
        return {
            "filters": (4, 2),
            "kernel_size": 2,
            "transfer_head": False,
            "short_series": "pad",
            "stream_max": "standard",
        }


@parameters
class TCNSequenceRegressor(_TCNSequence, BaseTransferRegressor):
    """TCN from a series to a series, such as from a seismic trace to acoustic impedance."""

    @classmethod
    def from_preset(cls, name: str, **params):
        """Make an estimator with a published network.

        Parameters
        ----------
        name : {"causal", "noncausal"}
            The network of Mustafa et al. (2019), which is the default, or their later one, which
            sees both sides: 2,033 time points, more than most traces have, so that zeros stand
            for what is missing.
        **params
            Other parameters of the constructor.

        Returns
        -------
        TCNSequenceRegressor
            Not fitted.

        Raises
        ------
        ValueError
            If there is no such preset.

        Examples
        --------
        >>> from sktl.estimators import TCNSequenceRegressor
        >>> TCNSequenceRegressor.from_preset("noncausal").receptive_field
        2033
        """
        check_choice("name", name, tuple(cls._presets))
        return cls(**cls._presets[name] | params)

    def _check_architecture(self):
        if isinstance(self.filters, int):
            raise TypeError(
                "filters must be a sequence, a number for every block. "
                f"Received: filters={self.filters!r}"
            )
        check_choice("padding", self.padding, ("causal", "same"))
        check_choice("short_series", self.short_series, ("error", "pad"))

    def _check_length(self, n_timepoints):
        if self.short_series == "error" and n_timepoints < self.receptive_field:
            raise ValueError(
                f"Series must be at least as long as the receptive field, {self.receptive_field} "
                "time points: use fewer blocks (filters) or a smaller kernel_size, or let zeros "
                f"stand for what is missing with short_series='pad'. Received: {n_timepoints} time "
                f"points, filters={self.filters!r}, kernel_size={self.kernel_size}"
            )

    def _checked_targets(self, X, y):
        self._check_length(X.shape[2])
        y = np.asarray(y, dtype=float)
        y = y[:, None] if y.ndim == 1 else y
        _every(X.shape[2], y.shape[1])
        return y

    def _build(self, n_channels, n_timepoints, n_outputs, masked=False, **options):
        import keras
        from keras import initializers, layers, regularizers

        every = _every(n_timepoints, n_outputs)
        series = keras.Input((n_timepoints, n_channels), name="series")
        stream_max = None if self.stream_max is None else keras.Input((1,), name="stream_max")
        features = self._network(series, stream_max, **self._network_parameters() | options)
        penalty = regularizers.L2(self.weight_decay / 2) if self.weight_decay else None
        # The published layer reads features and series at once. Two layers that are added are the
        # same, and the one that reads the channels can be adapted to their number. Both are drawn
        # as PyTorch draws the one.
        limit = (features.shape[-1] + n_channels) ** -0.5
        common = {
            "kernel_initializer": initializers.RandomUniform(-limit, limit),
            "kernel_regularizer": penalty,
        }
        head = layers.Dense(1, name="head", **common)
        skip = layers.Conv1D(1, 1, use_bias=False, name="skip", **common)
        outputs = layers.Add(name="sum")([head(features), skip(series)])
        outputs = layers.Reshape((n_outputs,), name="flat")(outputs[:, every - 1 :: every])
        inputs = [series] if stream_max is None else [series, stream_max]
        return keras.Model(inputs, outputs, name=self.architecture.lower())

    def _shape_for(self, X, facts):
        n_channels, n_timepoints, n_outputs = facts.shape
        length = X.shape[2]
        if length == n_timepoints:
            return facts.shape
        self._check_length(length)
        if vars(self).get("_y_is_frame"):
            raise ValueError(
                f"X must have {n_timepoints} time points, those of the columns of y: give y as an "
                f"array to predict series of another length. Received: {X.shape[1:]} (channels, "
                "time points)"
            )
        every = _every(n_timepoints, n_outputs)
        if n_outputs > 1 and length % every:
            raise ValueError(
                f"X must have a multiple of {every} time points, which are a column of y each. "
                f"Received: {X.shape[1:]} (channels, time points)"
            )
        return n_channels, length, length // every if n_outputs > 1 else 1

    def _probe_start(self, network, start, training):
        """Fit the two layers that are added, one on the features and one on the series."""
        inputs, targets, _ = training
        n_outputs = targets.shape[1]
        every = _every(inputs[0].shape[2], n_outputs)
        chosen = evenly(len(targets), max(1, MOST // n_outputs))
        series = inputs[0][chosen].transpose(0, 2, 1)
        features = network.features(network.to_tensors([part[chosen] for part in inputs]))
        both = np.concatenate([features, series], axis=2)[:, every - 1 :: every]
        rows = both.reshape(-1, both.shape[2])
        kernel, bias = output_layer(
            rows, targets[chosen].reshape(-1, 1), np.ones(len(rows)), classifies=False
        )
        split = features.shape[2]
        return {
            "head/kernel": kernel[:split],
            "head/bias": bias,
            "skip/kernel": kernel[None, split:],
        }

    def _source_arrays(self, source, start):
        padding = (source.card.parameters or {}).get("padding", self.padding)
        if padding != self.padding:
            raise ValueError(
                "The kernels of a source mean something else with another padding: the source "
                f"{source.card.name!r} has padding={padding!r}. Received: padding={self.padding!r}"
            )
        return source.arrays


def _every(n_timepoints: int, n_outputs: int) -> int:
    """Return how many time points each column of y stands for."""
    if n_timepoints % n_outputs:
        raise ValueError(
            "y must have as many columns as X has time points, or a whole fraction of them. "
            f"Received: {n_outputs} columns in y, {n_timepoints} time points in X"
        )
    return n_timepoints // n_outputs
