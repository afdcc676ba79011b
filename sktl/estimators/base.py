"""What all estimators share: parameters, fitting, predicting, persistence, sources.

An architecture's file adds a network function and its parameters; the classes here turn it into
a sktime classifier or regressor. Fitted weights are kept as arrays, never as a keras model: they
survive pickle, copy and processes bit for bit, and no two estimators share a network.
"""

from __future__ import annotations

import hashlib
import inspect
import warnings
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, ClassVar, dataclass_transform
from weakref import finalize

import numpy as np
from sktime.base._base_panel import BasePanelMixin

from sktl._checks import check_choice, check_finite, check_parameters
from sktl._lengths import values_of
from sktl._panels import check_source_channels
from sktl._targets import as_callbacks, as_targets, as_weights, refuse_columns
from sktl.estimators._docs import compose
from sktl.estimators._persistence import PersistenceMixin
from sktl.estimators.sklearn_mixin import ScikitLearnMixin
from sktl.estimators.unequal_length import UnequalLength
from sktl.sources import (
    adapt_input_channels,
    find_card,
    load_source,
    select_transferable,
)
from sktl.training.backends import compile_network
from sktl.training.batch_statistics import start_statistics
from sktl.training.compiled_network import PREDICTION_BATCH, initial_weights, set_weights
from sktl.training.keras_settings import fixed_keras_settings
from sktl.training.loop import MIN_DELTA, Schedule, TrainingState, advance
from sktl.training.network_cache import borrow
from sktl.training.prepared_data import Prepared
from sktl.training.preprocessing import Preprocessing
from sktl.training.probe_head import probe_start
from sktl.training.randomness import random_streams, validation_split
from sktl.training.schedule import (
    SCHEDULES,
    auto_parameters,
    resolve,
    warn_of_few_steps,
    warn_of_first_epoch,
)

# The models that were asked for, kept outside of the estimators: they would not survive pickle,
# would be shared by copies, and looking at it must not change an estimator.
# By identity, because estimators compare by value and have no hash.
_models: dict[int, tuple[dict, Any]] = {}


@dataclass_transform(kw_only_default=True, eq_default=False)
def parameters(cls):
    """Turn the annotated attributes of an estimator into keyword parameters of its constructor.

    The constructor assigns and does nothing else, as sktime and scikit-learn ask; the docstring
    is put together from those of the bases that declare the parameters.
    """
    cls = dataclass(kw_only=True, eq=False, repr=False)(cls)
    if hasattr(cls, "fit") and hasattr(cls, "architecture"):
        cls.__doc__ = compose(cls)
    return cls


@parameters
class BaseTransferEstimator(UnequalLength, PersistenceMixin, ScikitLearnMixin, BasePanelMixin):
    """A network that may start from the convolutions of a source.

    Parameters
    ----------
    source : str, path-like or None, default=None
        Where the weights of the transferred layers come from: the name of a source (see
        `sktl.sources.list_sources`), a folder that `save_pretrained` wrote, ``"hf://owner/repo"``,
        or None for random initialisation ("from scratch").
    omega : float, default=1.0
        Multiplier of the transferred layers' learning rate; 0 freezes them.
    schedule : {"adaptive", "published"}, default="adaptive"
        What "auto" means for the parameters below. "published": as in the original experiment
        (Otović et al. 2022), ``stream_max="standard"``, ``head="random"``, 250 epochs, batches of
        32, patience of 10 and 4 epochs. "adaptive": ``stream_max="log"`` for regressors,
        ``head="probe"``, and the rest after the number of training instances, because few make few
        steps an epoch. Batches of 4 to 16 give five steps or more, 32 from 1,000 instances on; at
        least 1,000 steps or 250 epochs; patience of 100 steps or 12 epochs to the end, 40 or 4 to
        a reduction; below 100 steps an epoch no L2 penalty, and running averages of batch
        normalisation that follow in tens of steps. `schedule_` has the values.
    stream_max : {"auto", "standard", "log", "raw", None}, default="auto"
        How the largest absolute value of an instance enters the network, which sees scaled
        instances otherwise: standardised by the training instances, its logarithm standardised by
        them, as it is, or not at all. Of 0 the logarithm is that of the smallest other one.
    head : {"auto", "random", "probe"}, default="auto"
        How the output layer starts: at random, or as the linear probe of the features before it
        (LP-FT, Kumar et al. 2022), a ridge regression whose penalty has the least leave-one-out
        error on the training part; running statistics of batch normalisation that no source gives
        start as those of the training part. Fine-tuning goes on from there; the probe itself is
        epoch 0. It is kept where no other epoch is better, then fitted to the inner split's
        held-out part as well.
    channel_adaptation : {"replicate", "replicate_scaled"}, default="replicate"
        How kernels of a source with one channel serve several: repeated, or repeated and divided
        by the number of channels.
    validation_size : float or None, default=0.15
        Share of the training instances that the inner split holds out where `fit` gets no
        validation data. None: train on all and watch the training loss.
    n_epochs : int or "auto", default="auto"
        Largest number of epochs. With ``head="probe"`` 0 is allowed: the linear probe alone.
    batch_size : int or "auto", default="auto"
        Instances a step.
    learning_rate : float, default=1e-3
        Learning rate of Adam.
    monitor : {"val_loss", "val_score"}, default="val_loss"
        What decides on the learning rate, the end and the best epoch; `history_` says what the
        score is. Classifiers also know "val_accuracy", the published choice.
    early_stopping_patience : int, "auto" or None, default="auto"
        Epochs without improvement that end the training; None: never.
    reduce_lr_patience : int, "auto" or None, default="auto"
        Epochs without improvement that reduce the learning rate; None: never.
    reduce_lr_factor : float, default=0.2
        Factor of such a reduction. It keeps the ratio of the two learning rates.
    min_learning_rate : float, default=5e-7
        No reduction goes below.
    drop_last : bool, default=False
        Leave out the last incomplete batch in training and validation, as the original
        experiment did.
    sampling_rate : float or None, default=None
        Samples a second of the series (Hz). Nothing is resampled: a warning tells where a source
        was trained at another rate, and a saved source says it. See `sktl.datasets.resample`.
    random_state : int, numpy.random.RandomState, numpy.random.Generator or None, default=None
        Seed of the inner split, the initial weights, the order of the instances and the dropout.
    verbose : bool, default=False
        Show a progress bar over the epochs.

    Attributes
    ----------
    history_ : pandas.DataFrame
        One row an epoch, the index from 1: ``loss``, ``val_loss`` (both with the penalty on
        kernels), ``val_score``, ``learning_rate``. The score is the mean absolute error in the
        unit of y for regressors, the weighted F1 for classifiers (which add ``val_accuracy``).
    best_epoch_ : int
        Epoch whose weights are used; with ``head="probe"`` it may be 0, the start.
    schedule_ : dict
        Values of the parameters that may be "auto".
    source_ : sktl.sources.Card or None
        What the source says of itself; None from scratch.
    network_ : keras.Model
        The fitted network, built when it is asked for; changing it changes no prediction.

    References
    ----------
    .. [1] E. Otović, M. Njirjak, D. Jozinović, G. Mauša, A. Michelini, I. Štajduhar (2022).
       Intra-domain and cross-domain transfer learning for time series data - How transferable
       are the features? Knowledge-Based Systems 239, 107976.
    .. [2] A. Kumar, A. Raghunathan, R. Jones, T. Ma, P. Liang (2022). Fine-tuning can distort
       pretrained features and underperform out-of-distribution. International Conference on
       Learning Representations.
    """

    _tags: ClassVar[dict[str, Any]] = {
        "capability:random_state": True,
        "property:randomness": "derandomized",
    }

    # What an architecture gives.
    architecture: ClassVar[str]
    _network: ClassVar[Callable]
    # As of CompiledNetwork. XLA slows most networks down, long LSTMs several times.
    _jit: ClassVar[bool | int] = False
    _preprocessing_type: ClassVar[Any] = Preprocessing
    # Parameters of the network that may be "auto": as published, and for few steps an epoch.
    _by_schedule: ClassVar[dict[str, tuple[Any, Any]]] = {}
    # What the task gives.
    _task: ClassVar[str]
    _loss: ClassVar[str]
    _stream_max: ClassVar[str] = "standard"
    _output_activation: ClassVar[str | None] = None
    _score_name: ClassVar[str]
    _monitors: ClassVar[dict[str, bool]]
    # What scales or encodes y.
    _target_attributes: ClassVar[tuple[str, ...]]

    source: Any = None
    omega: float = 1.0
    schedule: str = "adaptive"
    stream_max: str | None = "auto"
    head: str = "auto"
    channel_adaptation: str = "replicate"
    validation_size: float | None = 0.15
    n_epochs: int | str = "auto"
    batch_size: int | str = "auto"
    learning_rate: float = 1e-3
    monitor: str = "val_loss"
    early_stopping_patience: int | str | None = "auto"
    reduce_lr_patience: int | str | None = "auto"
    reduce_lr_factor: float = 0.2
    min_learning_rate: float = 5e-7
    drop_last: bool = False
    sampling_rate: float | None = None
    random_state: Any = None
    verbose: bool = False

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

    @classmethod
    def from_pretrained(cls, source, **params):
        """Make an estimator whose transferred layers will start from a source.

        The weights are read, verified and adapted to the data by `fit`.

        Parameters
        ----------
        source : str or path-like
            See the parameter `source`.
        **params
            Other parameters of the constructor.

        Returns
        -------
        estimator
            Not fitted.

        Raises
        ------
        ValueError
            If no source of this name exists for the architecture.
        """
        if not str(source).startswith("hf://"):
            find_card(source, cls.architecture)
        return cls(source=source, **params)

    def fit(self, X, y, validation_data=None, sample_weight=None, callbacks=()):
        """Fit the network.

        Parameters
        ----------
        X : sktime panel, or np.ndarray of shape (n_instances, n_channels, n_timepoints)
            Training series, in any unit, as a list of arrays or a frame where they differ in
            length (sktime's tag ``capability:unequal_length``).
        y : array-like of shape (n_instances,)
            Class labels, or numbers in any unit; `TCNSequenceRegressor` also takes
            (n_instances, n_outputs).
        validation_data : tuple of (X, y), optional
            Held-out instances that decide on the learning rate, the end and the best epoch;
            without them `fit` splits its own off.
        sample_weight : array-like of shape (n_instances,), optional
            Not below 0: what an instance counts in the training loss, beside `class_weight`.
            Weights are relative, those of the training part have the mean 1. Scaling and
            validation do not weigh.
        callbacks : callable or sequence of callables, default=()
            Each is called after every epoch with a dict, the row of `history_` and its ``epoch``;
            the training ends where one returns True, and the best epoch so far is used.

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError
            If a parameter, the data or the source cannot be used.
        FloatingPointError
            If the loss is not finite after the first epoch.
        """
        # Sktime resets at the start of fit; attributes with a double underscore stay.
        self._given__validation_data = self._checked_together(X, y, validation_data)
        self._given__sample_weight = as_weights(sample_weight)
        self._given__callbacks = as_callbacks(callbacks)
        self._refuse_for_columns(y)
        try:
            return super().fit(X, y)
        finally:
            for name in ("validation_data", "sample_weight", "callbacks", "rows"):
                self.__dict__.pop(f"_given__{name}", None)

    def _refuse_for_columns(self, y):
        """Refuse what sktime would not hand on to the clones that it fits to columns of y."""
        if self.get_tag("capability:multioutput"):
            return
        for name in ("validation_data", "sample_weight", "callbacks"):
            given = vars(self)[f"_given__{name}"]
            if given is not None and len(given):
                refuse_columns(y, name)

    def _fit(self, X, y):
        self._check_parameters()
        prepared, state = vars(self).get("_given__training") or self._start(X, y)
        with self._progress() as show:
            self._advance(prepared, state, self._telling(show, state))
        self.__dict__.update(prepared.fitted | state.fitted)
        self.history_, self.best_epoch_ = state.history(), state.best_epoch
        self._weights, self.schedule_ = self._final_weights(prepared, state), self._resolved()
        warn_of_few_steps(self._n_training_instances, self.schedule_["batch_size"])
        warn_of_first_epoch(state.best_epoch, state.n_epochs, self.schedule_["n_epochs"])
        return self

    def _telling(self, show, state):
        """Return what takes every epoch's row, and returns True to end the training."""
        callbacks = vars(self).get("_given__callbacks", ())

        def tell(row):
            show(row)
            told = {"epoch": state.n_epochs, **row}
            # All are told, also after one has asked to stop.
            return any([callback(dict(told)) is True for callback in callbacks])

        return tell

    def _resolved(self):
        """Return the values of the parameters that may be "auto"."""
        n_instances = vars(self).get("_n_training_instances")
        return resolve(
            self.get_params(deep=False), n_instances, self._by_schedule, self._stream_max
        )

    def _fit_trained(self, X, y, prepared, state):
        """Fit to what `_start` and `_advance` gave for this X and y, training on if need be."""
        self._given__training = prepared, state
        try:
            return self.fit(X, y)
        finally:
            del self._given__training

    def _start(self, X, y):
        streams = random_streams(self.random_state)
        source = self._load_source()
        prepared = self._prepare(X, y, self._repeats(X, source), streams["split"])
        return prepared, self._begin(prepared, source, streams)

    def _repeats(self, X, source):
        """Return how often a single channel is repeated."""
        return channel_repeats(X, source)

    def _load_source(self):
        if self.source is None:
            return None
        loaded = load_source(self.source, self.architecture)
        warn_of_rate(self.sampling_rate, loaded.card)
        return loaded

    def _prepare(self, X, y, n_repeats, rng):
        """Split, scale and encode the data; all that several trainings can share."""
        self._n_repeats = n_repeats
        # The inner split depends on the seed; what was given to fit does not.
        self._given_hash = data_hash(X, y)
        X = self._panel(self._learn_lengths(X))
        training, validation = self._split(X, y, rng)
        self._data_hash = data_hash(*training)
        self._n_training_instances = len(training[1])
        stream_max = self._resolved()["stream_max"]
        self._preprocessing, inputs = self._fit_preprocessing(training[0], stream_max)
        targets, weights = self._fit_targets(training[1], self._frames(training[0]))
        weights = self._weighted(weights, len(y))
        self._shape = (*training[0].shape[1:], targets.shape[1])
        frames = validation and self._frames(validation[0])
        held_out = validation and (
            self._preprocessing.transform(validation[0]),
            self._targets(validation[1], frames),
        )
        y_held_out = validation and validation[1]
        given = vars(self).get("_given__validation_data") is not None
        return Prepared(
            (inputs, targets, weights), held_out, y_held_out, self._learnt_of_data(), frames, given
        )

    def _weighted(self, weights, n_instances, held_out=False):
        """Multiply weights of the training or the held-out part by those given to fit."""
        given = vars(self).get("_given__sample_weight")
        if given is None:
            return weights
        if len(given) != n_instances:
            raise ValueError(
                "sample_weight must have one number for each instance. "
                f"Received: {len(given)} for {n_instances} instances"
            )
        rows = vars(self).get("_given__rows", (slice(None), slice(0)))
        training = given[rows[0]]
        if not training.any():
            raise ValueError(
                "sample_weight must be above 0 for an instance of the training part. "
                "Received: zeros alone"
            )
        own = given[rows[1]] if held_out else training
        return (weights * own / training.mean()).astype(np.float32)

    def _learnt_of_data(self):
        """Return the fitted attributes that do not depend on any training."""
        shared = (
            "_n_repeats", "_given_hash", "_data_hash", "_n_training_instances", "_preprocessing",
            "_shape", "_series_differ", "_policy_length",
        )  # fmt: skip
        return {name: vars(self)[name] for name in (*shared, *self._target_attributes)}

    def _begin(self, prepared, source, streams):
        """Draw the weights, copy those of the source, and give the state before any epoch."""
        self.__dict__.update(prepared.fitted)
        seed = int(streams["dropout"].integers(2**31))
        with self._borrow_network() as network:
            start = initial_weights(network.model, streams["weights"])
            if source:
                start |= self._transferred_weights(source, start)
            # An output layer that comes with the source stays, unless a probe was asked for.
            comes = self.head == "auto" and source is not None and "head" in self._transferable()
            probe = self._resolved()["head"] == "probe" and not comes
            if probe:
                network.load(start, seed)
                known = set(self._transferable()) if source else ()
                start |= start_statistics(network, prepared.training[0], known)
                network.load(start, seed)
                start |= self._probe_start(network, start, prepared.training)
            network.reset(start, self.omega, self.learning_rate, seed)
            schedule = self._schedule(prepared.validation)
            state = TrainingState.begin(schedule, streams["order"], network.state(), probe)
        state.fitted = {"source_": source and source.card, "_dropout_seed": seed}
        return state

    def _final_weights(self, prepared, state):
        """Return the best weights; a probe that is kept learns from the inner split, too."""
        if state.best_epoch or prepared.given or not prepared.validation:
            return state.best_weights
        return state.best_weights | self._probe_of_all(prepared, state.best_weights)

    def _probe_of_all(self, prepared, weights_before):
        """Fit the output layer to all instances: the held-out part has done its work."""
        inputs, targets, weights = prepared.training
        held_out, held_out_targets = prepared.validation
        together = (
            [np.concatenate(pair) for pair in zip(inputs, held_out, strict=True)],
            np.concatenate([targets, held_out_targets]),
            np.concatenate([weights, self._held_out_weights(prepared.y_validation)]),
        )
        with self._borrow_network() as network:
            network.load(weights_before, 0)
            return self._probe_start(network, weights_before, together)

    def _held_out_weights(self, y):
        given = vars(self).get("_given__sample_weight")
        weights = self._instance_weights(y)
        return weights if given is None else self._weighted(weights, len(given), held_out=True)

    def _probe_start(self, network, start, training):
        return probe_start(network, start, training, self._task == "classification")

    def _advance(
        self,
        prepared,
        state,
        progress=lambda row: None,
        until=None,
        through=lambda network: network,
    ):
        """Train until an epoch, or to the end; `through` may change how a network takes data."""
        if state.ended:
            return
        self.__dict__.update(prepared.fitted)
        with self._borrow_network() as network:
            advance(
                state,
                through(network),
                prepared.training,
                prepared.validation,
                self._schedule(prepared.validation),
                lambda outputs: self._scores_of(prepared, outputs),
                progress,
                until,
            )

    def _scores_of(self, prepared, outputs):
        """Score the outputs on the held-out part, or its first instances."""
        used = slice(len(outputs))
        frames = prepared.frames_validation
        return self._validation_scores(
            prepared.y_validation[used], outputs, None if frames is None else frames[used]
        )

    def _check_parameters(self):
        check_choice("schedule", self.schedule, SCHEDULES)
        params = self.get_params(deep=False)
        if params["n_epochs"] == 0 and self._resolved()["head"] == "probe":
            del params["n_epochs"]
        check_parameters(params, auto_parameters(self._by_schedule))
        check_choice("monitor", self.monitor, tuple(self._monitors))
        self._check_architecture()

    def _check_architecture(self):
        """Refuse parameters of the architecture that do not go together."""

    def _panel(self, X):
        check_finite(values_of(X))
        return np.repeat(X, self._n_repeats, axis=1) if self._n_repeats > 1 else X

    def _split(self, X, y, rng):
        """Return (X, y) of the training part, and of the validation part or None."""
        if self._given__validation_data is not None:
            X_held_out, y_held_out = self._check_validation_data(X)
            X_held_out, X = self._like_training(X_held_out, X)
            return (X, y), (X_held_out, y_held_out)
        if self.validation_size is None:
            return (X, y), None
        training, held_out = validation_split(len(y), self.validation_size, self._strata(y), rng)
        self._given__rows = training, held_out
        return (X[training], y[training]), (X[held_out], y[held_out])

    def _check_validation_data(self, X):
        try:
            X_held_out, y_held_out = self._given__validation_data
        except (TypeError, ValueError):
            raise ValueError(
                "validation_data must be a pair (X, y). "
                f"Received: {type(self._given__validation_data).__name__}"
            ) from None
        X_held_out = self._internal_convert(X_held_out)
        y_held_out = as_targets(y_held_out, self._task, "y of validation_data")
        mtype = self._check_input(
            X_held_out, y_held_out, return_metadata=self.METADATA_REQ_IN_CHECKS
        )["mtype"]
        X_held_out = self._panel(self._convert_X(X_held_out, mtype))
        X_held_out, _ = self._like_training(X_held_out, X)
        return X_held_out, self._check_held_out_targets(np.asarray(y_held_out))

    def _check_held_out_targets(self, y):
        return y

    def _schedule(self, held_out):
        chosen = self._resolved()
        return Schedule(
            n_epochs=chosen["n_epochs"],
            batch_size=chosen["batch_size"],
            learning_rate=self.learning_rate,
            monitor=self.monitor if held_out else "loss",
            greater_is_better=bool(held_out) and self._monitors[self.monitor],
            early_stopping_patience=chosen["early_stopping_patience"],
            reduce_lr_patience=chosen["reduce_lr_patience"],
            reduce_lr_factor=self.reduce_lr_factor,
            min_learning_rate=self.min_learning_rate,
            drop_last=self.drop_last,
            min_delta=MIN_DELTA * self._unit_of(self.monitor if held_out else "loss"),
        )

    def _unit_of(self, monitor):
        """Return the size of values of a monitor that are neither good nor bad."""
        return 1.0

    @contextmanager
    def _progress(self):
        """Give a function that takes every epoch's row and, if wished, draws a bar."""
        if not self.verbose:
            yield lambda row: None
            return
        from tqdm.auto import tqdm

        with tqdm(
            total=self._resolved()["n_epochs"], unit="epoch", desc=type(self).__name__
        ) as bar:

            def progress(row):
                shown = {name: f"{row[name]:.4g}" for name in ("loss", "val_loss") if name in row}
                bar.set_postfix(shown, refresh=False)
                bar.update()

            yield progress

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
        self._check_parameters()
        rng = random_streams(self.random_state)["weights"]
        model = self._build(n_channels, n_timepoints, n_outputs)
        return set_weights(model, initial_weights(model, rng))

    def _network_parameters(self):
        signature = inspect.signature(self._network)
        resolved = self._resolved()
        # Properties count as well, such as whether layers are frozen.
        return {
            name: resolved[name] if name in resolved else getattr(self, name)
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
        head = keras.layers.Dense(n_outputs, activation=self._output_activation, name="head")
        inputs = [series] if stream_max is None else [series, stream_max]
        return keras.Model(inputs, head(features), name=self.architecture.lower())

    def _shape_of(self, X):
        """Return the channels, time points and outputs of the network that reads X."""
        return self._shape

    def _borrow_network(self, shape=None):
        import keras

        shape = shape or (*self._shape, *self._masked)
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
        return borrow(
            key,
            lambda: compile_network(
                self._build(*shape), self._loss, self._transferable(), self._jit
            ),
        )

    def _transferred_weights(self, source, start):
        """Return the source's arrays for the transferred layers, adapted to the channels."""
        layers = set(self._transferable())
        expected = {path: v.shape for path, v in start.items() if path.split("/")[0] in layers}
        adapted = {
            path: adapt_input_channels(kernel, self._shape[0], self.channel_adaptation)
            for path, kernel in source.arrays.items()
            if path in expected
            and path.split("/")[0] in self._first_layers
            and path.endswith("/kernel")
        }
        source = replace(source, arrays={**source.arrays, **adapted})
        return select_transferable(source, expected)

    def _outputs(self, X):
        """Apply the fitted network, a batch at a time from raw series to outputs."""
        X, shape, preprocessing = self._for_network(X)
        with self._borrow_network(shape) as network:
            network.load(self._weights, self._dropout_seed)
            return np.concatenate(
                [
                    network.predict(network.place(preprocessing.transform(self._panel(part))))
                    for part in np.split(X, range(PREDICTION_BATCH, len(X), PREDICTION_BATCH))
                ]
            )

    def _evaluate(self, X, y):
        """Return the loss without penalty and the scores on held-out instances."""
        X = self._at_policy(X)
        outputs, frames = self._outputs(X), self._frames(X)
        with self._borrow_network() as network:
            loss = network.mean_loss(self._targets(y, frames), outputs)
        return {"val_loss": loss} | self._validation_scores(y, outputs, frames)

    @property
    def network_(self):
        """The fitted network, a model of the estimator's own."""
        if "_weights" not in vars(self):
            raise AttributeError(f"This {type(self).__name__} has no network before fit.")
        weights, model = _models.get(id(self), (None, None))
        if weights is not self._weights:
            with fixed_keras_settings():
                model = set_weights(self._build(*self._shape, *self._masked), self._weights)
            if id(self) not in _models:
                finalize(self, _models.pop, id(self))
            _models[id(self)] = self._weights, model
        return model

    @classmethod
    def get_test_params(cls, parameter_set="default"):
        """Return parameters that make a fit short, for the suites of sktime.

        Parameters
        ----------
        parameter_set : str, default="default"
            Not used.

        Returns
        -------
        list of dict
            Two sets of parameters.
        """
        small = {"n_epochs": 2, "batch_size": 8, "random_state": 0} | cls._small_parameters()
        return [small, small | {"omega": 0.5, "stream_max": "raw", "validation_size": None}]


def channel_repeats(X, source) -> int:
    """Return how often a target with one channel is repeated to fill a source's several.

    Otović et al. 2022, section 2.3.

    Parameters
    ----------
    X : np.ndarray of shape (n_instances, n_channels, n_timepoints)
        Panel of the target.
    source : sktl.sources.Source or None
        The source.

    Returns
    -------
    int
        1 without a source or with several channels of the target's own.

    Raises
    ------
    ValueError
        If time and channels of the panel are swapped, by what the source has.
    """
    if source:
        check_source_channels(X, source.card.n_channels, source.card.name)
    return source.card.n_channels if source and X.shape[1] == 1 else 1


def warn_of_rate(sampling_rate, card) -> None:
    """Warn where series have another sampling rate than those a source was trained on.

    Parameters
    ----------
    sampling_rate : float or None
        Of the series (Hz); None: not known.
    card : sktl.sources.Card
        The source's.
    """
    known = card.sampling_rate
    if sampling_rate is None or known is None or abs(sampling_rate / known - 1) < 0.01:
        return
    warnings.warn(
        f"source={card.name!r} was trained at {known:g} Hz, where its kernels see other "
        f"frequencies: X = sktl.datasets.resample(X, {sampling_rate:g}, {known:g}) brings the "
        f"series there. Received: sampling_rate={sampling_rate!r}",
        UserWarning,
        stacklevel=2,
    )


def data_hash(X, y) -> str:
    """Return the sha256 of a panel and its targets, for the card of a source.

    Parameters
    ----------
    X : np.ndarray of shape (n_instances, n_channels, n_timepoints)
        Panel.
    y : np.ndarray of shape (n_instances,)
        Labels or numbers.

    Returns
    -------
    str
        Hexadecimal digits.
    """
    digest = hashlib.sha256(np.ascontiguousarray(X).data)
    digest.update(np.asarray(y).astype(str).tobytes())
    return digest.hexdigest()
