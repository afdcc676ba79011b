"""Features that the layers of a source give as they are, without any training."""

from __future__ import annotations

import inspect
import zlib
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from sktl._checks import check_choice
from sktl._lengths import is_unequal, lengthened, lengths_of
from sktl._panels import check_source_channels
from sktl.estimators.features.frozen_scaling import SCALINGS, SourceScaling, scaled_instances
from sktl.estimators.features.summaries import POOLING, summaries
from sktl.estimators.lookup import architectures
from sktl.estimators.transfer import PREPROCESSING, stated_preprocessing
from sktl.layers.ends import ends
from sktl.sources import adapt_input_channels, load_source
from sktl.training.backends import compile_network
from sktl.training.compiled_network import initial_weights, weight_names
from sktl.training.network_cache import lease
from sktl.training.operations import multiply_adds
from sktl.training.quiet_import import import_keras
from sktl.training.unequal_length import rounded_up

CHANNELS = ("joint", "each")

# Values of the widest map of a batch: maps stay in the processor's cache, and series of few filters
# come in batches that are large enough for all cores.
MAP_VALUES = 2**20


@dataclass(frozen=True)
class FrozenSource:
    """A source of an architecture, or its random kernels, that turns series into features.

    Each filter of the architecture's feature layers is summarised over time. By default every
    instance is scaled on its own: the means of its channels are subtracted, and all channels are
    divided by one number. A feature then depends on nothing but the instance, and not on its
    amplitude. (Fine-tuning subtracts the mean of the training instances, which few instances do not
    give.)

    Parameters
    ----------
    architecture : str
        Name of an architecture with bundled sources, see `architectures`.
    source : str or None
        Name of the source; None: kernels drawn at random.
    pooling : tuple of str, default=POOLING
        Summaries of each filter, of ``"mean"``, ``"std"``, ``"max"`` and ``"positive"``.
    channels : {"joint", "each"}, default="joint"
        Show the network all channels at once (its first kernels are repeated, or cut, to their
        number), or one channel after the other, each scaled by itself.
    scaling : {"z-score", "min-max"}, default="z-score"
        Divide by the standard deviation or by the range. The sources were trained on ranges, but
        z-scores, which excite more of the filters, gave better probes on real series.
    random_state : int, default=0
        Draws the kernels where `source` is None.
    preprocessing : {"own", "source"}, default="own"
        "own": scale every instance on its own, by `scaling`. "source": by the rule under which the
        source was trained, as its card states it, with statistics of the training instances that
        `fit` gets: what a network sees with ``preprocessing="source"``. Random kernels: as "own".

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.estimators import FrozenSource
    >>> X = np.random.default_rng(0).normal(size=(4, 3, 100))
    >>> emg = FrozenSource("MagNet", "EMG-simulated", pooling=("mean", "max"))
    >>> emg.transform(X).shape, emg.names(3)[0]
    ((4, 392), 'MagNet/EMG-simulated/conv1/0/mean')
    >>> scaled_as_trained = FrozenSource("MagNet", "EMG-simulated", preprocessing="source").fit(X)
    >>> scaled_as_trained.transform(X).shape
    (4, 584)
    """

    architecture: str
    source: str | None
    pooling: tuple[str, ...] = POOLING
    channels: str = "joint"
    scaling: str = "z-score"
    random_state: int = 0
    preprocessing: str = "own"
    # What `fit` has left.
    _fitted: SourceScaling | None = field(default=None, repr=False, compare=False)

    @property
    def name(self) -> str:
        """Architecture and source, such as ``"TCN/STEAD-simulated"``; ``"TCN/random"``."""
        return f"{self.architecture}/{'random' if self.source is None else self.source}"

    def names(self, n_channels: int) -> list[str]:
        """Name the features: source, layer, filter and summary; with ``"each"`` the channel.

        Parameters
        ----------
        n_channels : int
            Channels of the series.

        Returns
        -------
        list of str
            One name a column of `transform`.
        """
        source, estimator, layers, options = self._network()
        shape = (64, source.card.n_channels if source else n_channels)
        with self._lease(estimator, layers, options, shape) as network:
            once = [
                f"{self.name}/{layer}/{number}/{kind}"
                for layer, output in zip(layers, network.model.outputs, strict=False)
                for kind in (self.pooling if len(output.shape) == 3 else ("value",))
                for number in range(output.shape[-1])
            ]
        if self.channels == "joint":
            return once
        return [f"{name}/channel{c}" for c in range(n_channels) for name in once]

    def fit(self, X: np.ndarray) -> FrozenSource:
        """Take the statistics of the source's scaling from training instances.

        Parameters
        ----------
        X : np.ndarray of shape (n_instances, n_channels, n_timepoints)
            Training series, as for `transform`; read as a whole.

        Returns
        -------
        FrozenSource
            With ``preprocessing="source"`` a fitted copy, otherwise itself.

        Raises
        ------
        ValueError
            If a parameter is unknown, or the card of the source states no scaling that the
            architecture knows.
        """
        check_choice("preprocessing", self.preprocessing, PREPROCESSING)
        if self.preprocessing == "own" or self.source is None:
            return self
        source, estimator, *_ = self._network()
        kind = stated_preprocessing(estimator, source.card)
        return replace(self, _fitted=SourceScaling.fit(kind, X, self._views(X)))

    def _views(self, X):
        """Return the channels that the network is shown at once."""
        check_choice("channels", self.channels, CHANNELS)
        return [[c] for c in range(X.shape[1])] if self.channels == "each" else [slice(None)]

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Return the features of series.

        Parameters
        ----------
        X : np.ndarray of shape (n_instances, n_channels, n_timepoints)
            Finite series in any unit, of any length; a memory-mapped array is read in parts. NaN
            may follow series that are shorter: they give what they give alone.

        Returns
        -------
        np.ndarray of shape (n_instances, n_features), float32
            The features.

        Raises
        ------
        ValueError
            If a parameter is unknown, the architecture has no such source, or the source's scaling
            is wanted and was not fitted.
        """
        check_choice("scaling", self.scaling, SCALINGS)
        check_choice("preprocessing", self.preprocessing, PREPROCESSING)
        for summary in self.pooling:
            check_choice("pooling", summary, POOLING)
        views = self._views(X)
        source, estimator, layers, options = self._network()
        shape = self._form(X, source)
        n_channels, unequal = shape[1], len(shape) > 2
        if unequal:
            lengths_of(X)  # NaN in the middle of a series is refused
            X = lengthened(X, shape[0])
        scales = self._scales(X, len(views))
        with self._lease(estimator, layers, options, shape) as network:
            network.load(self._weights(network, source, estimator, n_channels), seed=0)
            widest = max(output.shape[-1] for output in network.model.outputs[: len(layers)])
            size = max(4, min(network.prediction_batch, MAP_VALUES // (X.shape[2] * widest)))
            return np.concatenate(
                [
                    np.concatenate(
                        [
                            self._features(
                                network, len(layers), _repeated(scale(part[:, c]), n_channels)
                            )
                            for c, scale in zip(views, scales, strict=True)
                        ],
                        axis=1,
                    )
                    for part in (X[at : at + size] for at in range(0, len(X), size))
                ]
            )

    def operations(self, X: np.ndarray) -> int:
        """Count the multiply-adds that the features of one series take.

        Parameters
        ----------
        X : np.ndarray of shape (n_instances, n_channels, n_timepoints)
            Series, as for `transform`.

        Returns
        -------
        int
            The count; where series differ in length, for the longest.
        """
        source, estimator, layers, options = self._network()
        with self._lease(estimator, layers, options, self._form(X, source)) as network:
            return len(self._views(X)) * multiply_adds(network.model)

    def _form(self, X, source):
        """Return time points and channels that the network sees, and True for unequal lengths."""
        n_channels = 1 if self.channels == "each" else X.shape[1]
        if self.channels == "joint" and source is not None:
            check_source_channels(X, source.card.n_channels, source.card.name)
        if n_channels == 1 and source is not None:
            n_channels = source.card.n_channels
        if is_unequal(X):
            return rounded_up(X.shape[2]), n_channels, True
        return X.shape[2], n_channels

    def _features(self, network, n_maps, series):
        """Summarise the maps of one batch; behind them the model gives lengths, where they differ.

        Vectors, such as the output of a recurrent layer, are taken as they are.
        """
        outputs = network.outputs(network.to_tensors([series]))
        maps, lengths = outputs[:n_maps], outputs[n_maps:] or [None] * n_maps
        return np.concatenate(
            [
                summaries(values, self.pooling, count) if values.ndim == 3 else values
                for values, count in zip(maps, lengths, strict=True)
            ],
            axis=1,
        )

    def _scales(self, X, n_views):
        """Return what scales the channels of each view."""
        if self.preprocessing == "own" or self.source is None:
            return [partial(scaled_instances, how=self.scaling)] * n_views
        if self._fitted is None:
            raise ValueError(
                "The source's scaling needs statistics of training instances: call transform of "
                "what fit(X_train) returns. Received: preprocessing='source' without fit"
            )
        return self._fitted.scales(X, n_views)

    def _network(self):
        """Load the source; return it, an estimator, feature layers and options of the network."""
        source = None if self.source is None else load_source(self.source, self.architecture)
        known = architectures()
        check_choice("architecture", self.architecture, tuple(known))
        kind = known[self.architecture]
        given = (source.card.parameters if source else None) or {}
        named = set(inspect.signature(kind._network).parameters) & set(given)
        # A card keeps tuples as lists.
        values = {name: given[name] for name in named}
        values = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
        estimator = kind(**values)
        arrays = source.arrays if source else None
        vectors = [
            layer
            for layer, weight in estimator._feature_vectors.items()
            if arrays is None or weight in arrays
        ]
        layers = (*estimator._feature_layers(), *vectors)
        return source, estimator, layers, estimator._feature_options(arrays)

    def _lease(self, estimator, layers, options, shape):
        keras = import_keras()
        parameters = estimator._network_parameters() | options
        key = (
            estimator._network, repr(parameters), layers, shape, keras.backend.backend()
        )  # fmt: skip

        def make():
            model = _feature_model(estimator, layers, parameters, shape)
            return compile_network(model, "mean_squared_error", (), False)

        return lease(key, make)

    def _weights(self, network, source, estimator, n_channels):
        if source is None:
            name = zlib.crc32(self.architecture.encode())
            return initial_weights(network.model, np.random.default_rng([self.random_state, name]))
        weights, wrong = {}, []
        for path, variable in weight_names(network.model).items():
            values = source.arrays.get(path)
            first = path.split("/")[0] in estimator._first_layers and path.endswith("/kernel")
            if first and values is not None:
                values = adapt_input_channels(values, n_channels)
            if np.shape(values) != tuple(variable.shape):
                wrong.append(f"{path} {'missing' if values is None else np.shape(values)}")
            weights[path] = values
        if wrong:
            raise ValueError(
                f"{self.name} cannot give features: weights of its feature layers are missing or "
                f"of other shapes than the network's. Received: {', '.join(wrong)}"
            )
        return weights


def _repeated(X, n_channels):
    """Show a single channel as several."""
    return np.repeat(X, n_channels // X.shape[1], axis=1)


def _feature_model(estimator, layers, parameters, shape):
    """Build the network from the series to the outputs of its feature layers.

    The shape is (time points, channels), and ends with True where series differ in length: then
    as many outputs follow with the lengths at each layer.
    """
    import keras

    n_timepoints, n_channels, *masked = shape
    series = keras.Input((n_timepoints, n_channels), name="series")
    panel, lengths = ends(series) if masked else (series, None)
    features = estimator._network(
        panel, None, **parameters | ({"lengths": lengths} if masked else {})
    )
    whole = keras.Model(series, features)
    maps = [whole.get_layer(layer).output for layer in layers]
    counts = []
    for layer, output in zip(layers, maps, strict=True) if masked else ():
        # A layer of vectors has no time: any lengths stand for it.
        counts.append(whole.get_layer(f"{layer}_end").input[1] if output.ndim == 3 else lengths)
    model = keras.Model([series], [*maps, *counts])
    model.trainable = False
    return model
