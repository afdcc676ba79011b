"""Weights of instances, and functions that watch a training and may end it."""

import numpy as np
import pytest

from sktl.estimators import MagNetClassifier, MagNetRegressor, TCNSequenceRegressor
from sktl.estimators.preparation import prepare
from sktl.training.randomness import random_streams

SMALL = {"n_epochs": 3, "batch_size": 8, "random_state": 0, "dropout": 0.0, "head": "random"}


def panel(n_instances=16, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_instances, 2, 16))
    return X, X.mean(axis=(1, 2)), np.array(["a", "b"])[np.arange(n_instances) % 2]


def test_the_loss_is_the_weighted_mean():
    X, y, _ = panel()
    weights = np.random.default_rng(1).random(len(y)) * 7
    network = MagNetRegressor(
        **SMALL | {"n_epochs": 1, "batch_size": 16}, stream_max="standard", validation_size=None
    )
    fitted = network.clone().fit(X, y, sample_weight=weights)
    series, amplitude = fitted._facts.preprocessing.transform(X)
    inputs = [series.transpose(0, 2, 1), amplitude]
    # One step: the loss is that of the initial weights.
    outputs = network.build_network(2, 16).predict(inputs, verbose=0)[:, 0]
    errors = (outputs - (y - y.mean()) / y.std()) ** 2
    assert fitted.history_["loss"][1] == pytest.approx(np.average(errors, weights=weights), 1e-4)
    assert network.fit(X, y).history_["loss"][1] == pytest.approx(errors.mean(), 1e-4)


def test_a_probe_is_weighted_and_its_epoch_told():
    X, y, _ = panel()
    seen, wrong = [], y.copy()
    wrong[:4] += 100 * np.arange(4)
    weights = np.where(np.arange(16) < 4, 0.0, 1.0)
    options = SMALL | {"head": "probe", "n_epochs": 1, "target_scaling": None}
    network = MagNetRegressor(**options, validation_size=None)
    one = network.clone().fit(X, y, sample_weight=weights, callbacks=seen.append)
    other = network.clone().fit(X, wrong, sample_weight=weights)
    assert [row["epoch"] for row in seen] == one.history_.index.tolist() == [0, 1]
    np.testing.assert_allclose(one.predict(X), other.predict(X), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("weights", [[2] * 16, np.full(16, 0.25, np.float32), None])
def test_equal_weights_change_nothing(weights):
    X, y, _ = panel()
    plain = MagNetRegressor(**SMALL).fit(X, y)
    weighted = MagNetRegressor(**SMALL).fit(X, y, sample_weight=weights)
    np.testing.assert_array_equal(weighted.predict(X), plain.predict(X))


@pytest.mark.parametrize("given", [True, False], ids=["validation data", "inner split"])
def test_an_instance_without_weight_teaches_nothing(given):
    X, _, y = panel()
    held_out = panel(seed=1)
    options = {"validation_data": (held_out[0], held_out[2])} if given else {}
    network = MagNetClassifier(**SMALL)
    training = np.arange(16)
    if not given:
        training = prepare(network, X, y, random_streams(0)["split"]).rows
    wrong = y.copy()
    chosen = training[:4]
    wrong[chosen] = np.where(y[chosen] == "a", "b", "a")
    weights = np.ones(16)
    weights[chosen] = 0
    one = network.clone().fit(X, y, sample_weight=weights, **options)
    if given:
        other = network.clone().fit(X, wrong, sample_weight=weights, **options)
        np.testing.assert_array_equal(one.predict_proba(X), other.predict_proba(X))
    plain = network.clone().fit(X, y, **options)
    assert not np.array_equal(one.predict_proba(X), plain.predict_proba(X))


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        (np.ones(15), "15 for 16 instances"),
        (-np.ones(16), "no number below 0"),
        (np.full(16, np.nan), "sample_weight must be finite"),
        ([None] + [1] * 15, "sample_weight must be finite"),
        (["heavy"] * 16, "sample_weight must hold numbers"),
        (np.ones((16, 2)), r"shape \(16, 2\)"),
        (np.zeros(16), "above 0"),
    ],
)
def test_weights_that_are_none(weights, words):
    X, y, _ = panel()
    with pytest.raises(ValueError, match=words):
        MagNetRegressor(**SMALL).fit(X, y, sample_weight=weights)


def test_callbacks_see_every_row():
    X, y, _ = panel()
    seen, also = [], []
    fitted = MagNetRegressor(**SMALL).fit(X, y, callbacks=[seen.append, also.append])
    assert seen == also
    assert [row["epoch"] for row in seen] == fitted.history_.index.tolist() == [1, 2, 3]
    for row in seen:
        expected = fitted.history_.loc[row.pop("epoch")].to_dict()
        assert row == expected
    plain = MagNetRegressor(**SMALL).fit(X, y)
    np.testing.assert_array_equal(plain.predict(X), fitted.predict(X))


def test_a_callback_ends_the_training():
    X, y, _ = panel()
    told = []
    stopped = MagNetRegressor(**SMALL | {"n_epochs": 50}).fit(
        X, y, callbacks=[lambda row: np.equal(row["epoch"], 2), told.append]
    )
    assert stopped.history_.index[-1] == told[-1]["epoch"] == 2
    two = MagNetRegressor(**SMALL | {"n_epochs": 2}).fit(X, y)
    assert stopped.best_epoch_ == two.best_epoch_
    np.testing.assert_array_equal(stopped.predict(X), two.predict(X))


def test_a_callback_may_change_its_row_and_raise():
    X, y, _ = panel()
    network = MagNetRegressor(**SMALL)
    changed = network.clone().fit(X, y, callbacks=lambda row: row.clear())
    assert len(changed.history_.columns) == 4
    with pytest.raises(ZeroDivisionError):
        network.clone().fit(X, y, callbacks=lambda row: 1 / 0)
    np.testing.assert_array_equal(network.fit(X, y).predict(X), changed.predict(X))


@pytest.mark.parametrize("callbacks", ["stop", 1, [print, None]])
def test_callbacks_that_cannot_be_called(callbacks):
    X, y, _ = panel()
    with pytest.raises(TypeError, match="callbacks must be a function"):
        MagNetRegressor(**SMALL).fit(X, y, callbacks=callbacks)


@pytest.mark.parametrize(
    "given",
    [{"sample_weight": np.ones(16)}, {"callbacks": print}, {"validation_data": panel()[:2]}],
    ids=str,
)
def test_what_columns_of_y_would_lose(given):
    X, y, _ = panel()
    with pytest.raises(ValueError, match=f"With {next(iter(given))} y must have one column"):
        MagNetRegressor(**SMALL).fit(X, np.column_stack([y, y]), **given)


def test_columns_of_a_sequence_lose_nothing():
    X, _, _ = panel()
    seen = []
    options = TCNSequenceRegressor.get_test_params()[0]
    TCNSequenceRegressor(**options).fit(
        X, X.mean(axis=1), sample_weight=np.arange(16), callbacks=seen.append
    )
    assert seen
