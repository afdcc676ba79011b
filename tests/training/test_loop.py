"""The training loop against keras' own ``fit`` and callbacks."""

import gc
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from sktl.estimators import ConvNetQuakeINGVClassifier, ConvNetQuakeINGVRegressor
from sktl.training import network_cache
from sktl.training.backends import compile_network
from sktl.training.compiled_network import CompiledNetwork, initial_weights
from sktl.training.loop import Plateau, Schedule, TrainingState, advance
from sktl.training.network_cache import clear, lease

SCHEDULE = {
    "n_epochs": 30,
    "batch_size": 4,
    "learning_rate": 0.05,
    "monitor": "val_loss",
    "greater_is_better": False,
    "early_stopping_patience": 6,
    "reduce_lr_patience": 2,
    "reduce_lr_factor": 0.2,
    "min_learning_rate": 1e-3,
    "drop_last": False,
}


class InOrder:
    """Stands for a generator that never shuffles, so that keras can do the same."""

    def permutation(self, count):
        return np.arange(count)


def small_network(normalization):
    series = keras.Input((12, 2), name="series")
    x = keras.layers.Conv1D(
        3, 3, activation="relu", kernel_regularizer=keras.regularizers.L2(1e-2), name="conv1"
    )(series)
    if normalization:
        x = keras.layers.BatchNormalization(name="bn1")(x)
    x = keras.layers.Flatten(name="flatten")(x)
    return keras.Model([series], keras.layers.Dense(1, name="head")(x))


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(22, 2, 12)).astype("float32")
    y = (X[:, 0, :3].sum(axis=1, keepdims=True) + rng.normal(size=(22, 1))).astype("float32")
    return X, y


@pytest.mark.fast_only("False-True", "True-False")
@pytest.mark.usefixtures("gradients_of_torch")
@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("normalization", [False, True])
def test_history_and_weights_equal_keras_fit(data, normalization, drop_last):
    X, y = data
    network = compile_network(small_network(normalization), "mean_squared_error", [], jit=False)
    start = initial_weights(network.model, np.random.default_rng(1))
    network.reset(start, 1.0, SCHEDULE["learning_rate"], seed=0)
    schedule = Schedule(**SCHEDULE | {"drop_last": drop_last})
    state = TrainingState.begin(schedule, InOrder())
    advance(
        state,
        network,
        ([X[:14]], y[:14], np.ones(14, "float32")),
        ([X[14:]], y[14:]),
        schedule,
        lambda outputs: {"val_score": float(np.abs(outputs - y[14:]).mean())},
        lambda row: None,
    )
    history, best_epoch, weights = state.history(), state.best_epoch, state.best_weights

    oracle = small_network(normalization)
    for variable in oracle.weights:
        variable.assign(start[variable.path])
    oracle.compile(keras.optimizers.Adam(SCHEDULE["learning_rate"]), "mse", metrics=["mae"])
    inputs = X.transpose(0, 2, 1)
    n_training = 12 if drop_last else 14
    stop = keras.callbacks.EarlyStopping(patience=6, restore_best_weights=True)
    reduce = keras.callbacks.ReduceLROnPlateau(factor=0.2, patience=2, min_lr=1e-3)
    expected = oracle.fit(
        inputs[:n_training],
        y[:n_training],
        batch_size=4,
        shuffle=False,
        epochs=SCHEDULE["n_epochs"],
        validation_data=(inputs[14:], y[14:]),
        callbacks=[reduce, stop],
        verbose=0,
    ).history

    assert len(history) == len(expected["loss"]) > 6
    assert history["learning_rate"].nunique() > 1
    assert best_epoch == stop.best_epoch + 1
    rows = [("loss", "loss"), ("val_loss", "val_loss"), ("val_score", "val_mae")]
    for ours, theirs in [*rows, ("learning_rate", "learning_rate")]:
        np.testing.assert_allclose(history[ours], expected[theirs], rtol=2e-3)
    for variable in oracle.weights:
        np.testing.assert_allclose(weights[variable.path], variable, rtol=2e-2, atol=2e-4)


def test_drop_last_uses_no_incomplete_batch(data):
    X, _y = data
    kind = ConvNetQuakeINGVClassifier
    params = kind.get_test_params()[0] | {"drop_last": True, "n_epochs": 1}
    fitted = kind(**params).fit(X, np.arange(22) % 2, validation_data=(X[:9], np.arange(9) % 2))
    assert fitted.history_.index[-1] == 1
    for n_training, n_validation in [(7, 9), (9, 7)]:
        with pytest.raises(ValueError, match=r"drop_last=True .* 7 .* batch_size=8"):
            fitted.fit(
                X[:n_training],
                np.arange(n_training) % 2,
                validation_data=(X[:n_validation], np.arange(n_validation) % 2),
            )


def advanced(losses, **changes):
    """Train what stands for a network; return the state and the orders that it was given."""
    orders = []

    def train(data, order, batch_size):
        orders.append(order)
        return losses[len(orders) - 1]

    network = SimpleNamespace(
        to_tensors=lambda *parts: parts, train=train, weights=dict, set_learning_rate=float
    )
    schedule = Schedule(**SCHEDULE | {"monitor": "loss", "n_epochs": len(losses)} | changes)
    state = TrainingState.begin(schedule, np.random.default_rng(0))
    X, y, weights = np.zeros((14, 2, 12)), np.zeros((14, 1)), np.ones(14)
    advance(state, network, ([X], y, weights), None, schedule, dict, lambda row: None)
    return state, orders


def test_every_epoch_has_an_order_of_its_own_and_leaves_out_others():
    _, orders = advanced(np.arange(30.0, 0, -1), drop_last=True)
    assert np.shape(orders) == (30, 12)
    assert all(len(set(order)) == 12 for order in orders)
    assert len(set(map(tuple, orders))) == 30
    assert set(np.ravel(orders)) == set(range(14))


def test_the_learning_rate_falls_to_its_minimum_and_no_further():
    state, _ = advanced(np.ones(9), min_learning_rate=4e-3, early_stopping_patience=None)
    rates = [0.05] * 3 + [0.01] * 2 + [0.004] * 4
    np.testing.assert_allclose(state.history()["learning_rate"], rates)


def test_plateau_waits_and_begins_anew():
    plateau = Plateau(patience=2, min_delta=0.1)
    values = [1.0, 0.95, 0.91, 0.9, 0.5, 0.5, 0.5, 0.5, 0.5]
    #         best  wait  over  wait  best wait  over  wait over; 0.9 improves by no more than 0.1
    expected = [False, False, True, False, False, False, True, False, True]
    assert [plateau.reached(value) for value in values] == expected
    assert not any(Plateau(patience=None).reached(1.0) for _ in range(50))


def test_divergence_is_said(data):
    X, y = data
    estimator = ConvNetQuakeINGVRegressor(
        n_layers=2, filters=2, n_epochs=8, batch_size=4, target_scaling=None, random_state=0
    )
    with pytest.raises(
        FloatingPointError, match=r"val_loss=.* at epoch [01] with learning_rate=0.001"
    ):
        estimator.fit(X, y[:, 0].astype(float) * 1e30)


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="the rate that overflows late is TensorFlow's"
)
def test_late_divergence_ends_the_training(data):
    X, y = data
    estimator = ConvNetQuakeINGVRegressor(
        n_layers=2,
        filters=2,
        n_epochs=30,
        batch_size=22,
        target_scaling=None,
        random_state=0,
        schedule="published",
    )
    # One step of this rate stays finite, the next squares it.
    estimator.set_params(
        learning_rate=1e6, batch_size=22, early_stopping_patience=None, n_epochs=30
    )
    with pytest.warns(RuntimeWarning, match="diverged and was stopped"):
        estimator.fit(X, y[:, 0].astype(float))
    assert np.isfinite(estimator.history_["val_loss"][estimator.best_epoch_])
    assert np.isfinite(estimator.predict(X)).all()


def test_two_at_once_do_not_share(data):
    made = []

    def make():
        made.append(compile_network(small_network(False), "mean_squared_error", [], jit=False))
        return made[-1]

    clear()
    with lease("key", make) as first, lease("key", make) as second:
        assert first is not second
    with lease("key", make) as again:
        assert again in made
    with pytest.raises(KeyError), lease("key", make):
        raise KeyError
    assert len(made) == 2


def test_other_layers_make_another_network(monkeypatch):
    clear()
    monkeypatch.delenv("SKTL_PLAIN_LAYERS", raising=False)
    with lease("key", object) as fast:
        pass
    monkeypatch.setenv("SKTL_PLAIN_LAYERS", "1")
    with lease("key", object) as plain:
        assert plain is not fast


def test_wide_maps_of_long_series_are_predicted_fewer_at_once():
    def network(length):
        series = keras.Input((length, 3))
        x = keras.layers.Conv1D(128, 3)(keras.layers.Conv1D(256, 3, padding="same")(series))
        outputs = keras.layers.Dense(1)(keras.layers.GlobalAveragePooling1D()(x))
        return compile_network(keras.Model(series, outputs), "mean_squared_error", (), False)

    assert [network(length).prediction_batch for length in (50, 512, 6000)] == [256, 256, 21]
    X = np.random.default_rng(0).normal(size=(30, 3, 20)).astype("float32")
    one = network(20)
    data, results = one.to_tensors([X]), []
    for at_once in (256, 7):
        one.prediction_batch = at_once
        results.append(one.predict(data))
    np.testing.assert_allclose(*results, rtol=1e-5)


@pytest.mark.parametrize("n_channels", [1, 2, 7, 8, 30])
def test_the_time_comes_first_once_placed(n_channels):
    X = np.random.default_rng(0).normal(size=(4, n_channels, 9)).astype("float32")
    series, y = CompiledNetwork.to_tensors([X], np.arange(4.0))
    assert (series.shape, y.shape) == ((4, 9, n_channels), (4,))
    for instance, placed in zip(X, np.asarray(series), strict=True):
        np.testing.assert_array_equal(placed, instance.T)


def test_lending_all_of_a_key_leaves_the_pool_in_order():
    clear()
    with lease("oldest", object):
        pass
    with lease("oldest", object):
        for number in range(network_cache.MAX_IDLE + 1):
            with lease(number, object):
                pass
    clear()


def test_a_full_pool_drops_the_oldest_quarter():
    clear()
    lent, most = {}, network_cache.MAX_IDLE
    for number in range(most + 1):
        with lease(number, object) as lent[number]:
            pass
    dropped = most + 1 - most * 3 // 4
    for number in reversed(lent):
        with lease(number, object) as again:
            assert (again is lent[number]) == (number >= dropped)
        if number == dropped - 1:
            break
    clear()


@pytest.mark.slow
@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="the graphs are TensorFlow's")
def test_a_dropped_network_leaves_nothing_behind():
    from tensorflow.python.framework.func_graph import FuncGraph
    from tensorflow.python.framework.ops import gradient_registry

    def left(length):
        X = np.zeros((16, 1, length), np.float32)
        network = ConvNetQuakeINGVRegressor(n_layers=1, n_epochs=1, random_state=0)
        network.fit(X, np.arange(16.0)).predict(X)
        del network
        clear()
        gc.collect()  # of what tests before left in circles, too
        # `type`, because `isinstance` asks a weak proxy's object, which may be gone.
        graphs = [thing for thing in gc.get_objects() if issubclass(type(thing), FuncGraph)]
        return len(graphs), len(gradient_registry.list())

    assert left(10) == left(11)
