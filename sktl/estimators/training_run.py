"""Training of a network in steps: start, advance, finish.

`fit`, the searches and all kinds of pre-training use it, so that pausing, and continuing with other
data, work in the same way for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from sktl.estimators.trained import Trained
from sktl.estimators.transfer import start_weights
from sktl.training.batch_statistics import start_statistics
from sktl.training.loop import MIN_DELTA, Schedule, TrainingState, advance
from sktl.training.training_data import TrainingData


class TrainingRun:
    """One training of an estimator's network.

    Parameters
    ----------
    estimator : estimator of sktl.estimators
        Estimator with the parameters of the network and the training; not changed.
    data : TrainingData
        Training and validation data. Between two calls of `advance` it may be replaced by other
        data with the same facts.
    streams : mapping of str to numpy.random.Generator
        Return value of `sktl.training.randomness.random_streams`.
    state : TrainingState, optional
        State of an earlier run to continue from. Default: training has not started.

    Attributes
    ----------
    state : TrainingState or None
        State of the training; None before the start and after an error. Another run, also in
        another process, can continue from it.
    schedule : dict of str to object
        Values of the parameters that may be "auto".

    Examples
    --------
    >>> from sktime.datasets import load_unit_test
    >>> from sktl.estimators import MagNetClassifier
    >>> from sktl.estimators.preparation import prepare
    >>> from sktl.estimators.training_run import TrainingRun
    >>> from sktl.training.randomness import random_streams
    >>> X, y = load_unit_test(return_type="numpy3D")
    >>> network, streams = MagNetClassifier(n_epochs=3, random_state=0), random_streams(0)
    >>> run = TrainingRun(network, prepare(network, X, y, streams["split"]), streams)
    >>> run = run.start().advance(until=1)
    >>> run.state.n_epochs, run.advance().finish().history.index.tolist()
    (1, [0, 1, 2, 3])
    """

    def __init__(
        self,
        estimator,
        data: TrainingData,
        streams: Mapping[str, np.random.Generator],
        state: TrainingState | None = None,
    ):
        self.data, self.streams, self.state = data, streams, state
        self.schedule = estimator.schedule_for(data.facts.n_instances)
        # Unless head="probe" is given, an output layer of the source is kept.
        self._keeps_head = estimator.head == "auto"
        # Not a clone, which takes as long as a short epoch: the parameters are not modified.
        self.estimator = type(estimator)(**estimator.get_params(deep=False) | self.schedule)

    def start(
        self, source=None, weights: Mapping[str, np.ndarray] | None = None, card=None
    ) -> TrainingRun:
        """Initialise the weights and copy those of a source.

        Parameters
        ----------
        source : sktl.sources.Source, optional
            Initial weights of the transferred layers.
        weights : mapping of str to np.ndarray, optional
            ``"layer/weight"`` to values; initial weights that replace those of the source.
        card : sktl.sources.Card, optional
            Card of `weights`.

        Returns
        -------
        TrainingRun
            Itself.

        Raises
        ------
        ValueError
            If the shapes of the source's layers do not match.
        """
        estimator, facts = self.estimator, self.data.facts
        seed = int(self.streams["dropout"].integers(2**31))
        transferable = set(estimator._transferable())
        known = {path.split("/")[0] for path in weights or ()} | (transferable if source else set())
        probe = estimator.head == "probe" and not (self._keeps_head and "head" in known)
        with estimator.lease_network(facts.network_shape) as network:
            start = start_weights(
                estimator, network.model, source, self.streams["weights"], facts.shape[0]
            ) | dict(weights or {})
            if probe:
                network.load(start, seed)
                start |= start_statistics(network, self.data.training[0], known)
                network.load(start, seed)
                start |= estimator._probe_start(network, start, self.data.training)
            network.reset(start, estimator.omega, estimator.learning_rate, seed)
            self.state = TrainingState.begin(
                self._loop_schedule(), self.streams["order"], network.state(), probe
            )
        self.state.dropout_seed, self.state.source = seed, source.card if source else card
        return self

    def advance(
        self,
        until: int | None = None,
        callbacks: Sequence[Callable[[dict], Any]] = (),
        progress_bar: bool = False,
    ) -> TrainingRun:
        """Train until a given epoch, or to the end.

        Parameters
        ----------
        until : int, optional
            Pause after this epoch, counted from the start. Default: train to the end.
        callbacks : sequence of callables, default=()
            See `fit` of the estimators.
        progress_bar : bool, default=False
            Show a progress bar if the estimator is verbose.

        Returns
        -------
        TrainingRun
            Itself.

        Raises
        ------
        FloatingPointError
            If the monitored value is not finite after the first epoch.
        RuntimeError
            If the run was not started.

        Notes
        -----
        After an error, for example in a callback, `state` is None: the network is lost, and the run
        cannot be continued.
        """
        state, data = self._begun(), self.data
        if state.ended:
            return self

        def tell(row):
            told = {"epoch": state.n_epochs, **row}
            show(told)
            # All callbacks are called, even if one has asked to stop; they may return np.True_.
            answers = [callback(dict(told)) for callback in callbacks]
            return any(isinstance(one, bool | np.bool_) and bool(one) for one in answers)

        bar = progress_bar and self.estimator.verbose
        try:
            with (
                self.estimator.lease_network(data.facts.network_shape) as network,
                _progress(self.schedule["n_epochs"] if bar else None, self.estimator) as show,
            ):
                advance(
                    state,
                    data.served_by(network),
                    data.training,
                    data.validation,
                    self._loop_schedule(),
                    data.scores,
                    tell,
                    until,
                )
        except BaseException:
            # The network of the epochs since the last pause is lost.
            self.state = None
            raise
        return self

    def finish(self, learn_of_held_out: bool = True) -> Trained:
        """Return the network of the best epoch so far.

        Parameters
        ----------
        learn_of_held_out : bool, default=True
            If the initial linear probe was the best epoch, fit it again to the training part
            together with the held-out part of an inner split, which is no longer needed. False: use
            the training part only.

        Returns
        -------
        Trained
            The network and the history of its training.

        Raises
        ------
        RuntimeError
            If the run was not started.
        """
        state, data = self._begun(), self.data
        weights = state.best_weights
        if learn_of_held_out and not state.best_epoch and data.weights_validation is not None:
            weights = weights | self._probe_of_all()
        return Trained(
            self.estimator,
            data.facts,
            weights,
            state.dropout_seed,
            state.source,
            state.history(),
            state.best_epoch,
            self.schedule,
        )

    def fit_estimator(self, estimator, X, y):
        """Train to the end and store the result in an estimator, as its `fit` does.

        Parameters
        ----------
        estimator : estimator of sktl.estimators
            The estimator to fit.
        X, y : object
            The data of the run, or a part of it; `fit` checks it and stores its channels and
            classes.

        Returns
        -------
        estimator
            The fitted estimator itself.
        """
        return estimator._fit_with(X, y, run=self)

    def losses(self, targets: np.ndarray, outputs: np.ndarray) -> np.ndarray:
        """Return the loss of each instance for encoded targets, without the kernel penalty."""
        with self.estimator.lease_network(self.data.facts.network_shape) as network:
            return network.losses(targets, outputs).astype(float)

    def _begun(self) -> TrainingState:
        if self.state is None:
            raise RuntimeError(
                "A training run must be started first: call run.start(). Received: state=None"
            )
        return self.state

    def _probe_of_all(self):
        """Fit the output layer to the training and the held-out part together."""
        data, before = self.data, self._begun().best_weights
        inputs, targets, weights = data.training
        held_out, held_out_targets = data.validation  # type: ignore[misc]
        together = (
            [np.concatenate(pair) for pair in zip(inputs, held_out, strict=True)],
            np.concatenate([targets, held_out_targets]),
            np.concatenate([weights, data.weights_validation]),
        )
        with self.estimator.lease_network(data.facts.network_shape) as network:
            network.load(before, 0)
            return self.estimator._probe_start(network, before, together)

    def _loop_schedule(self) -> Schedule:
        estimator, targets, held_out = self.estimator, self.data.facts.targets, self.data.validation
        monitor = estimator.monitor if held_out else "loss"
        return Schedule(
            n_epochs=estimator.n_epochs,
            batch_size=estimator.batch_size,
            learning_rate=estimator.learning_rate,
            monitor=monitor,
            greater_is_better=bool(held_out) and targets.monitors[monitor],
            early_stopping_patience=estimator.early_stopping_patience,
            reduce_lr_patience=estimator.reduce_lr_patience,
            reduce_lr_factor=estimator.reduce_lr_factor,
            min_learning_rate=estimator.min_learning_rate,
            drop_last=estimator.drop_last,
            min_delta=MIN_DELTA * targets.unit(monitor, estimator._loss),
        )


@contextmanager
def _progress(n_epochs, estimator):
    """Yield a function that is called with the row of every epoch and updates a progress bar."""
    if n_epochs is None:
        yield lambda row: None
        return
    from tqdm.auto import tqdm

    with tqdm(total=n_epochs, unit="epoch", desc=type(estimator).__name__) as bar:

        def show(row):
            shown = {name: f"{row[name]:.4g}" for name in ("loss", "val_loss") if name in row}
            bar.set_postfix(shown, refresh=False)
            bar.update(row["epoch"] - bar.n)  # the state before training is epoch 0

        yield show
