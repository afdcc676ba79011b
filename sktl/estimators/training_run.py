"""The one way in which a network trains: start, advance, finish.

`fit`, the searches, and pre-training of every kind train by it; pausing, and going on with other
data, are the same for all.
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
        Has the parameters; it is left as it is.
    data : TrainingData
        What it trains on. Between two calls of `advance` it may be replaced by other data of the
        same facts.
    streams : mapping of str to numpy.random.Generator
        What `sktl.training.randomness.random_streams` gives.
    state : TrainingState, optional
        How far the training has come; default: it has not begun.

    Attributes
    ----------
    state : TrainingState or None
        How far the training has come; None before its start, and after an error. With it another
        run, in another process too, goes on.

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
        # An output layer that comes with the source stays, unless a probe was asked for.
        self._keeps_head = estimator.head == "auto"
        # Not a clone, which costs as much as a short epoch: nothing changes its parameters.
        self.estimator = type(estimator)(**estimator.get_params(deep=False) | self.schedule)

    def start(
        self, source=None, weights: Mapping[str, np.ndarray] | None = None, card=None
    ) -> TrainingRun:
        """Draw the weights and copy those of a source, ready for the first epoch.

        Parameters
        ----------
        source : sktl.sources.Source, optional
            What the layers that transfer start from.
        weights : mapping of str to np.ndarray, optional
            Weights to start from instead.
        card : sktl.sources.Card, optional
            Card of `weights`.

        Returns
        -------
        TrainingRun
            Itself.

        Raises
        ------
        ValueError
            If the source's layers have other shapes.
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
        """Train until an epoch, or to the end.

        Parameters
        ----------
        until : int, optional
            Pause after this epoch, counted from the beginning. Default: train to the end.
        callbacks : sequence of callables, default=()
            See `fit` of the estimators.
        progress_bar : bool, default=False
            Show a bar where the estimator is verbose.

        Returns
        -------
        TrainingRun
            Itself.

        Raises
        ------
        FloatingPointError
            If the monitored value is not finite after the first epoch.

        Notes
        -----
        After an error, such as that of a callback, `state` is None: the epochs since the last pause
        are lost, and nothing could go on from them.
        """
        state, data = self._begun(), self.data
        if state.ended:
            return self

        def tell(row):
            show(row)
            told = {"epoch": state.n_epochs, **row}
            # All are told, also after one has asked to stop; comparisons may give numpy's True.
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
            # It has epochs whose network is gone.
            self.state = None
            raise
        return self

    def finish(self, learn_of_held_out: bool = True) -> Trained:
        """Return the network of the best epoch so far.

        Parameters
        ----------
        learn_of_held_out : bool, default=True
            A probe that no epoch has improved on is fitted to what an inner split has held out as
            well: the held-out part has done its work. False: only to the training part.

        Returns
        -------
        Trained
            The network, with what the training was like.
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
        """Fit an estimator to X and y by this run: it trains to the end, and is kept.

        Parameters
        ----------
        estimator : estimator of sktl.estimators
            What is fitted.
        X, y : object
            What the run's data was made of, or some of it: `fit` checks it, and remembers its
            channels and classes.

        Returns
        -------
        estimator
            The same, fitted.
        """
        return estimator._fit_with(X, y, run=self)

    def losses(self, targets: np.ndarray, outputs: np.ndarray) -> np.ndarray:
        """Return the loss of each instance, for targets as they are encoded, without penalty."""
        with self.estimator.lease_network(self.data.facts.network_shape) as network:
            return network.losses(targets, outputs).astype(float)

    def _begun(self) -> TrainingState:
        if self.state is None:
            raise RuntimeError("A training must be started first: run.start()")
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
    """Give a function that takes every epoch's row and, if wished, draws a bar."""
    if n_epochs is None:
        yield lambda row: None
        return
    from tqdm.auto import tqdm

    with tqdm(total=n_epochs, unit="epoch", desc=type(estimator).__name__) as bar:

        def show(row):
            shown = {name: f"{row[name]:.4g}" for name in ("loss", "val_loss") if name in row}
            bar.set_postfix(shown, refresh=False)
            bar.update()

        yield show
