"""What an estimator's parameters say of its network: layers, compiled network, fitted network."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from sktl._checks import check_finite
from sktl._lengths import values_of
from sktl.layers.ordinal import ordinal_output
from sktl.training.backends import compile_network
from sktl.training.compiled_network import PREDICTION_BATCH, initial_weights, set_weights
from sktl.training.keras_settings import fixed_keras_settings
from sktl.training.network_cache import lease
from sktl.training.preprocessing import Preprocessing, Standardisation
from sktl.training.probe_head import probe_start
from sktl.training.quiet_import import import_keras
from sktl.training.randomness import random_streams
from sktl.training.training_data import DataFacts


def output_of(features, n_outputs: int, activation: str | None):
    """Build what leads from the last features to the outputs; its weights are named ``head``.

    Parameters
    ----------
    features : KerasTensor of shape (batch, n_features)
        What enters.
    n_outputs : int
        Number of classes, or of numbers.
    activation : str or None
        Keras' name of an activation, or "ordinal".

    Returns
    -------
    KerasTensor of shape (batch, n_outputs)
    """
    from keras import layers

    if activation == "ordinal":
        return ordinal_output(features, n_outputs)
    return layers.Dense(n_outputs, activation=activation, name="head")(features)


class ModelSlot:
    """Holds a model that was asked for; what is copied or pickled gets an empty one.

    Two slots are equal: what was looked at is no part of an estimator's value.
    """

    def __init__(self):
        self.weights, self.model = None, None

    def __reduce__(self):
        return ModelSlot, ()

    def __eq__(self, other):
        return isinstance(other, ModelSlot)

    __hash__ = None  # type: ignore[assignment]


class NetworkMixin:
    """What an architecture gives, and what follows from it: a network, compiled and fitted."""

    # What an architecture gives.
    architecture: ClassVar[str]
    _network: ClassVar[Callable]
    # Layers that read the series: their kernels are adapted to its channels.
    _first_layers: ClassVar[Any] = ()
    # As of CompiledNetwork. XLA slows most networks down, long LSTMs several times.
    _jit: ClassVar[bool | int] = False
    # What has `fit(X, stream_max)`, which gives the fitted preprocessing and the network's inputs.
    _preprocessing_type: ClassVar[Any] = Preprocessing
    # The same for each scaling that the card of a source may state, by the card's words.
    _scalings: ClassVar[Any] = {kind.scaling: kind for kind in (Preprocessing, Standardisation)}
    # Parameters of the network that may be "auto": as published, and for few steps per epoch.
    _by_schedule: ClassVar[dict[str, tuple[Any, Any]]] = {}
    # What the task gives.
    _task: ClassVar[str]
    _loss: ClassVar[Any]

    # What the estimator has, and what its fit has left.
    stream_max: Any
    random_state: Any
    check_parameters: Any
    _ends: Any
    _for_network: Any
    schedule_for: Any
    _weights: dict[str, np.ndarray]
    _facts: DataFacts
    _dropout_seed: int
    _slot: ModelSlot

    @property
    def _output_activation(self) -> str | None:
        """What the output layer does with its sums, see `output_of`."""
        return None

    def _transferable(self) -> list[str]:
        """Name the layers that transfer."""
        raise NotImplementedError

    def _feature_layers(self) -> list[str]:
        """Name the layers whose outputs, (time, filters) an instance, are features, in order."""
        return []

    @property
    def _feature_vectors(self) -> dict[str, str]:
        """Layers whose outputs, (filters,) an instance, are features as well, each with a weight.

        They are features of a source that has this weight.
        """
        return {}

    def _feature_options(self, arrays) -> dict[str, Any]:
        """Return arguments of the network that its feature layers need, for a source's arrays."""
        return {}

    def _source_arrays(self, source, start) -> dict[str, np.ndarray]:
        """Return the arrays of a source as this network understands them.

        `start` has the weights that the network would start from without a source.
        """
        return source.arrays

    @fixed_keras_settings()
    def build_network(self, n_channels: int, n_timepoints: int, n_outputs: int = 1):
        """Build the untrained network.

        Parameters
        ----------
        n_channels, n_timepoints : int
            Shape of an instance.
        n_outputs : int, default=1
            Number of classes, or 1 for a regressor.

        Returns
        -------
        keras.Model
            With the inputs ``series`` ``(batch, n_timepoints, n_channels)`` and, unless
            ``stream_max=None``, ``stream_max`` ``(batch, 1)``; weights drawn by `random_state`.

        Raises
        ------
        TypeError, ValueError
            If a parameter cannot be used.
        """
        self.check_parameters()
        rng = random_streams(self.random_state)["weights"]
        model = self._build(n_channels, n_timepoints, n_outputs)
        return set_weights(model, initial_weights(model, rng))

    def _network_parameters(self):
        signature = inspect.signature(self._network)
        chosen = vars(self).get("schedule_") or self.schedule_for(None)
        # Properties count as well, such as whether layers are frozen.
        return {
            name: chosen[name] if name in chosen else getattr(self, name)
            for name, parameter in signature.parameters.items()
            if parameter.kind is parameter.KEYWORD_ONLY and hasattr(self, name)
        }

    def _build(self, n_channels, n_timepoints, n_outputs, masked=False, **options):
        import keras

        series = keras.Input((n_timepoints, n_channels), name="series")
        stream_max = None if self.stream_max is None else keras.Input((1,), name="stream_max")
        panel, lengths = self._ends(series, masked)
        options = self._network_parameters() | lengths | options
        features = self._network(panel, stream_max, **options)
        outputs = output_of(features, n_outputs, self._output_activation)
        inputs = [series] if stream_max is None else [series, stream_max]
        return keras.Model(inputs, outputs, name=self.architecture.lower())

    def lease_network(self, shape):
        """Lease a compiled network with these parameters; it is not shared while it is in use.

        Parameters
        ----------
        shape : tuple of (int, int, int)
            Channels, time points and outputs; and True for series of unequal length.

        Returns
        -------
        context manager
            Gives a `sktl.training.compiled_network.CompiledNetwork` with any weights.
        """
        keras = import_keras()
        key = (
            # A subclass may build, or compile, another network from the same parameters.
            type(self),
            self._network,
            self._loss,
            self._output_activation,
            self._jit,
            repr(self._network_parameters()),
            tuple(self._transferable()),
            self.stream_max is None,
            shape,
            keras.backend.backend(),
        )
        return lease(
            key,
            lambda: compile_network(
                self._build(*shape), self._loss, self._transferable(), self._jit
            ),
        )

    def _probe_start(self, network, start, training):
        """Fit the output layer to a training part, where the network has the weights `start`."""
        return probe_start(network, start, training, self._task == "classification")

    def _shape_for(self, X, facts):
        """Return the channels, time points and outputs of the network that reads X."""
        return facts.shape

    def _apply(self, facts, weights, seed, X):
        """Apply a fitted network, a batch at a time from raw series to outputs."""
        X, shape, preprocessing = self._for_network(X, facts)
        with self.lease_network(shape) as network:
            network.load(weights, seed)
            return np.concatenate(
                [
                    network.predict(
                        network.to_tensors(
                            preprocessing.transform(checked_series(part, facts.channel_repeats))
                        )
                    )
                    for part in np.split(X, range(PREDICTION_BATCH, len(X), PREDICTION_BATCH))
                ]
            )

    @property
    def network_(self):
        """The fitted network, a model of the estimator's own."""
        if "_weights" not in vars(self):
            raise AttributeError(f"This {type(self).__name__} has no network before fit.")
        slot = self._slot
        if slot.weights is not self._weights:
            with fixed_keras_settings():
                slot.model = set_weights(self._build(*self._facts.network_shape), self._weights)
            slot.weights = self._weights
        return slot.model


def described(estimator, facts: DataFacts) -> dict[str, Any]:
    """Return what the card of a source says of a network and the data it was trained on.

    Parameters
    ----------
    estimator : estimator of sktl.estimators
        Has the network's parameters.
    facts : DataFacts
        Of the data.

    Returns
    -------
    dict of str to object
        Fields of `sktl.sources.Card`.
    """
    n_channels, n_timepoints, n_outputs = facts.shape
    classes = getattr(facts.targets, "classes", None)
    return {
        "architecture": estimator.architecture,
        "task": estimator._task,
        "n_channels": n_channels,
        "n_timepoints": n_timepoints,
        "n_outputs": n_outputs,
        "n_instances": facts.n_instances,
        "data_sha256": facts.data_sha256,
        "classes": None if classes is None else classes.tolist(),
        "transferable": estimator._transferable(),
    }


def checked_series(X: np.ndarray, channel_repeats: int) -> np.ndarray:
    """Return finite series with their channel repeated, or refuse values that are not finite.

    Parameters
    ----------
    X : np.ndarray of shape (n_instances, n_channels, n_timepoints)
        Panel.
    channel_repeats : int
        How often each channel is repeated.

    Returns
    -------
    np.ndarray of shape (n_instances, n_channels * channel_repeats, n_timepoints)
        The panel.
    """
    check_finite(values_of(X))
    return np.repeat(X, channel_repeats, axis=1) if channel_repeats > 1 else X
