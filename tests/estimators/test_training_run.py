"""One training: what it gives does not depend on where it pauses, nor on who asks for it."""

import pickle

import numpy as np
import pytest

from sktl.estimators import MagNetRegressor
from sktl.estimators.preparation import prepare
from sktl.estimators.training_run import TrainingRun
from sktl.training.randomness import random_streams

from .conftest import make_panel


def run_of(network, X, y):
    streams = random_streams(network.random_state)
    return TrainingRun(network, prepare(network, X, y, streams["split"]), streams)


def test_pausing_and_going_on_elsewhere_give_what_fit_gives():
    X, y = make_panel(MagNetRegressor)
    network = MagNetRegressor(**MagNetRegressor.get_test_params()[0] | {"n_epochs": 3})
    before = vars(network).copy()
    run = run_of(network, X, y).start().advance(until=1)
    assert run.state.n_epochs == 1
    again = run_of(network, X, y)
    again.state = pickle.loads(pickle.dumps(run.state))
    trained = again.advance(until=2).advance().finish()
    fitted = network.clone().fit(X, y)
    assert trained.history.equals(fitted.history_)
    outputs = trained.facts.targets.decode(trained.outputs(X))
    np.testing.assert_array_equal(outputs, fitted.predict(X))
    # Nothing was noted in the estimator that has the parameters.
    assert vars(network) == before


def test_an_estimator_is_fitted_by_a_run_and_trained_on():
    X, y = make_panel(MagNetRegressor)
    network = MagNetRegressor(**MagNetRegressor.get_test_params()[0])
    run = run_of(network, X, y).start().advance(until=1)
    fitted = run.fit_estimator(network.clone(), X, y)
    assert fitted.history_.index[-1] == 2
    np.testing.assert_array_equal(fitted.predict(X), network.fit(X, y).predict(X))


def test_a_run_must_be_started():
    X, y = make_panel(MagNetRegressor)
    with pytest.raises(RuntimeError, match="started first"):
        run_of(MagNetRegressor(**MagNetRegressor.get_test_params()[0]), X, y).advance()


def test_nothing_goes_on_from_an_error():
    """The epochs before it are noted, but their network is gone."""
    X, y = make_panel(MagNetRegressor)
    run = run_of(MagNetRegressor(**MagNetRegressor.get_test_params()[0]), X, y).start()
    with pytest.raises(ZeroDivisionError):
        run.advance(callbacks=[lambda row: 1 / (row["epoch"] - 1)])
    with pytest.raises(RuntimeError, match="started first"):
        run.advance()
