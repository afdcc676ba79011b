"""What all estimators share: their parameters, and the way from `fit` to predictions.

An architecture's file adds a network function and its parameters; `tasks` turns both into a
classifier or a regressor. Fitted weights are kept as arrays, never as a keras model: they survive
pickle, copy and processes bit for bit, and no two estimators share a network.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, dataclass_transform

from sktime.base import BaseEstimator

from sktl._checks import Bound, Choice, Count, Number, check_choice, check_parameters
from sktl._targets import as_callbacks, as_weights, refuse_columns
from sktl.estimators._docs import compose
from sktl.estimators._persistence import PersistenceMixin
from sktl.estimators.network import ModelSlot, NetworkMixin
from sktl.estimators.preparation import prepare
from sktl.estimators.sklearn_mixin import ScikitLearnMixin
from sktl.estimators.training_run import TrainingRun
from sktl.estimators.transfer import PREPROCESSING, TransferMixin, form_of
from sktl.estimators.unequal_length import UnequalLength
from sktl.training.randomness import random_streams
from sktl.training.schedule import (
    SCHEDULES,
    auto_parameters,
    resolve,
    warn_of_few_steps,
    warn_of_first_epoch,
)


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
class BaseTransferEstimator(
    UnequalLength, NetworkMixin, TransferMixin, PersistenceMixin, ScikitLearnMixin, BaseEstimator
):
    """A network that may start from the convolutions of a source.

    Parameters
    ----------
    source : str, path-like or None, default=None
        Where the weights of the transferred layers come from: the name of a source (see
        `sktl.sources.list_sources`), a folder that `save_pretrained` wrote, ``"hf://owner/repo"``,
        or None for random initialisation ("from scratch").
    omega : float, default=1.0
        Multiplier of the transferred layers' learning rate; 0 freezes them.
    preprocessing : {"own", "source"}, default="own"
        How the series are scaled. "own": as the architecture does with any source, or without one.
        "source": by the rule under which the source was trained, as its card states it, with
        statistics of the training instances given to `fit`; from scratch as "own". The cards of the
        bundled sources and of the networks that `save_pretrained` wrote state a rule, those of the
        published FCNs (``"UCR/..."``) z-scores of each channel. `fit` refuses a source whose card
        states none. `stream_max` stays as it is.
    schedule : {"adaptive", "published"}, default="adaptive"
        Values of the parameters that are "auto"; `schedule_` has them after `fit`. "published":
        as in the original experiment (Otović et al. 2022), ``stream_max="standard"``,
        ``head="random"``, 250 epochs, batches of 32, early stopping after 10 epochs, reductions
        of the learning rate after 4. "adaptive": ``stream_max="log"`` for regressors,
        ``head="probe"``, and the others by the number of training instances, because few
        instances give few steps per epoch: batches of 4 to 16 below 1,000 instances, so that an
        epoch has five steps or more; at most 250 epochs or 1,000 steps, whichever is longer; early
        stopping after 12 epochs or 100 steps, reductions after 4 or 40. Below 100 steps per epoch
        there is no L2 penalty, and batch normalisation has a lower momentum.
    stream_max : {"auto", "standard", "log", "raw", None}, default="auto"
        How the largest absolute value of an instance enters the network, whose series are scaled:
        standardised over the training instances, as a standardised logarithm (0 counts as the
        smallest other value), as it is, or not at all.
    head : {"auto", "random", "probe"}, default="auto"
        How the output layer starts: at random, or as the linear probe of the features before it
        (LP-FT, Kumar et al. 2022), a ridge regression whose penalty has the least leave-one-out
        error on the training part. Batch normalisation then starts with the statistics of the
        training part, unless the source has them. The probe itself is epoch 0, and training
        continues from it. If no epoch is better, the probe is kept and fitted to the inner split's
        held-out part as well.
    channel_adaptation : {"replicate", "replicate_scaled"}, default="replicate"
        How the kernels of a source with one channel are used for several channels: repeated, or
        repeated and divided by the number of channels.
    validation_size : float or None, default=0.15
        Share of the training instances that the inner split holds out where `fit` gets no
        validation data. None: train on all and watch the training loss.
    n_epochs : int or "auto", default="auto"
        Largest number of epochs. With ``head="probe"`` 0 is allowed: the linear probe alone.
    batch_size : int or "auto", default="auto"
        Instances per step.
    learning_rate : float, default=1e-3
        Learning rate of Adam.
    monitor : {"val_loss", "val_score"}, default="val_loss"
        Quantity that decides on reductions of the learning rate, early stopping and the best
        epoch; for the score see `history_`. Classifiers also accept "val_accuracy", the published
        choice.
    early_stopping_patience : int, "auto" or None, default="auto"
        Epochs without improvement that end the training; None: never.
    reduce_lr_patience : int, "auto" or None, default="auto"
        Epochs without improvement that reduce the learning rate; None: never.
    reduce_lr_factor : float, default=0.2
        Factor of a reduction; it applies to both learning rates, so that their ratio stays.
    min_learning_rate : float, default=5e-7
        Lower limit of the learning rate.
    drop_last : bool, default=False
        Leave out the last incomplete batch in training and validation, as the original
        experiment did.
    sampling_rate : float or None, default=None
        Samples per second of the series (Hz). Nothing is resampled: a warning is given if the
        source was trained at another rate, and a saved source states the rate. See
        `sktl.datasets.resample`.
    random_state : int, numpy.random.RandomState, numpy.random.Generator or None, default=None
        Seed of the inner split, the initial weights, the order of the instances and the dropout.
    verbose : bool, default=False
        Show a progress bar over the epochs.

    Attributes
    ----------
    history_ : pandas.DataFrame
        One row per epoch, the index from 1: ``loss``, ``val_loss`` (both with the penalty on
        kernels), ``val_score``, ``learning_rate``. The score is the mean absolute error in the
        unit of y for regressors, the weighted F1 for classifiers (which add ``val_accuracy``).
    best_epoch_ : int
        Epoch whose weights are used; with ``head="probe"`` it may be 0, the start.
    schedule_ : dict
        Values of the parameters that may be "auto".
    source_ : sktl.sources.Card or None
        Card of the source; None from scratch.
    network_ : keras.Model
        The fitted network, built at the first access; changing it does not change predictions.

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

    # What the adaptive schedule takes for `stream_max` with this task.
    _stream_max: ClassVar[str] = "standard"

    _bounds: ClassVar[dict[str, Bound]] = {
        "omega": Number(),
        "preprocessing": Choice(PREPROCESSING),
        "stream_max": Choice(("standard", "log", "raw", None)),
        "head": Choice(("random", "probe")),
        "channel_adaptation": Choice(("replicate", "replicate_scaled")),
        "validation_size": Number(0, 1, with_low=False, none=True),
        "n_epochs": Count(),
        "batch_size": Count(),
        "learning_rate": Number(with_low=False),
        "early_stopping_patience": Count(none=True),
        "reduce_lr_patience": Count(none=True),
        "reduce_lr_factor": Number(0, 1, with_low=False),
        "min_learning_rate": Number(),
        "sampling_rate": Number(with_low=False, none=True),
    }

    source: Any = None
    omega: float = 1.0
    preprocessing: str = "own"
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
            Held-out instances that decide on the learning rate, early stopping and the best
            epoch. Without them `fit` holds out some of X at random: give whole people, recordings
            or earthquakes here if the network will be used on new ones.
        sample_weight : array-like of shape (n_instances,), optional
            Weights of the instances in the training loss, at least 0, multiplied by
            `class_weight`. They are relative: their mean over the training part is made 1.
            Scaling and validation are not weighted.
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
        given = {
            "validation_data": self._checked_together(X, y, validation_data),
            "sample_weight": as_weights(sample_weight),
            "callbacks": as_callbacks(callbacks),
        }
        if not self.get_tag("capability:multioutput"):
            # Sktime would not hand them on to the clones that it fits to columns of y.
            for name, value in given.items():
                if value is not None and len(value):
                    refuse_columns(y, name)
        return self._fit_with(X, y, **given)

    def _fit(self, X, y):
        self.check_parameters()
        X, given = self._as_array(X), self._given
        run = given.get("run") or self._started(X, y, given)
        run.advance(callbacks=given.get("callbacks", ()), progress_bar=True)
        trained = run.finish()
        self._facts, self._weights = trained.facts, trained.weights
        self._dropout_seed, self._slot = trained.dropout_seed, ModelSlot()
        self.source_, self.history_ = trained.source, trained.history
        self.best_epoch_, self.schedule_ = trained.best_epoch, trained.schedule
        warn_of_few_steps(trained.facts.n_instances, self.schedule_["batch_size"])
        warn_of_first_epoch(self.best_epoch_, run.state.n_epochs, self.schedule_["n_epochs"])
        return self

    def _started(self, X, y, given):
        """Start the training that `fit` was asked for."""
        streams, source = random_streams(self.random_state), self.load_source()
        data = prepare(
            self,
            X,
            y,
            streams["split"],
            form=form_of(self, X, source),
            validation_data=given.get("validation_data"),
            sample_weight=given.get("sample_weight"),
        )
        return TrainingRun(self, data, streams).start(source)

    def _checked_targets(self, X, y):
        """Return y as the network takes it for a panel X, or refuse it."""
        return y

    def _outputs(self, X):
        return self._apply(self._facts, self._weights, self._dropout_seed, self._as_array(X))

    def schedule_for(self, n_instances: int | None) -> dict[str, Any]:
        """Return the values of the parameters that may be "auto".

        Parameters
        ----------
        n_instances : int or None
            Instances of the training part; None: not known, so as published.

        Returns
        -------
        dict of str to object
            What `schedule_` would be.

        Examples
        --------
        >>> from sktl.estimators import MagNetClassifier
        >>> MagNetClassifier().schedule_for(40)["batch_size"]
        8
        """
        params = self.get_params(deep=False)
        return resolve(params, n_instances, self._by_schedule, self._stream_max)

    def check_parameters(self) -> None:
        """Refuse parameters that cannot be used, as `fit` does.

        Raises
        ------
        TypeError, ValueError
            What is wrong, and what is allowed.
        """
        check_choice("schedule", self.schedule, SCHEDULES)
        params = self.get_params(deep=False)
        if params["n_epochs"] == 0 and self.schedule_for(None)["head"] == "probe":
            del params["n_epochs"]
        check_parameters(params, self._all_bounds(), auto_parameters(self._by_schedule))
        check_choice("monitor", self.monitor, tuple(self._new_targets().monitors))
        self._check_architecture()

    @classmethod
    def _all_bounds(cls):
        """Return what each parameter may be; a subclass can narrow what its bases say."""
        return {
            name: bound
            for base in reversed(cls.__mro__)
            for name, bound in vars(base).get("_bounds", {}).items()
        }

    def _check_architecture(self):
        """Refuse parameters of the architecture that do not go together."""

    def _new_targets(self, y=None):
        """Return what encodes y, not fitted; of y it may know the classes."""
        raise NotImplementedError

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
