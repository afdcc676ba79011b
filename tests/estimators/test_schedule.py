"""What "auto" means: published settings, or settings after the number of instances."""

import warnings

import numpy as np
import pytest
from sklearn.base import clone

from sktl.estimators import (
    ConvNetQuakeINGVRegressor,
    MLSTMFCNClassifier,
    TCNSequenceRegressor,
)
from sktl.sources import load_source
from sktl.training.schedule import adaptive_batch, resolve

from .conftest import make_panel

SMALL = {"n_layers": 2, "filters": 3, "n_epochs": 2, "random_state": 0}
ALL_AUTO = dict.fromkeys(
    ("stream_max", "n_epochs", "batch_size", "early_stopping_patience", "reduce_lr_patience"),
    "auto",
)


@pytest.fixture
def data():
    return make_panel(ConvNetQuakeINGVRegressor)


def test_published_is_what_the_paper_says(cls):
    """Otović et al. 2022, section 2.4.3; l2 and momentum are those of the published code."""
    published = cls(schedule="published").schedule_for(None)
    # The values that a record of the paper's grid was made with, in their one form.
    assert published["batch_size"] == 32
    assert published["n_epochs"] == 250
    assert (published["early_stopping_patience"], published["reduce_lr_patience"]) == (10, 4)
    assert published["stream_max"] == (None if cls is TCNSequenceRegressor else "standard")
    assert published.get("l2", 1e-3) == 1e-3
    assert published.get("batch_norm_momentum", 0.99) == 0.99


@pytest.mark.parametrize("n_instances", [5, 10, 20, 34, 100, 500, 999, 1000, 1500, 9000])
def test_adaptive_settings_give_enough_steps(n_instances):
    chosen = resolve(ALL_AUTO | {"schedule": "adaptive"}, n_instances, {})
    steps = -(-n_instances // chosen["batch_size"])
    assert steps >= 5 or chosen["batch_size"] == 4
    assert chosen["n_epochs"] * steps >= 1000
    assert chosen["n_epochs"] == 250 or (chosen["n_epochs"] - 1) * steps < 1000  # and no more
    assert chosen["early_stopping_patience"] * steps >= 100
    assert chosen["reduce_lr_patience"] < chosen["early_stopping_patience"]


def test_settings_grow_with_the_instances():
    sizes = [adaptive_batch(n) for n in range(1, 3000)]
    assert sizes == sorted(sizes)
    few, many = (resolve({"schedule": "adaptive"}, n, {"l2": (1e-3, 0.0)}) for n in (100, 9000))
    assert (few["l2"], many["l2"]) == (0.0, 1e-3)


def test_what_is_given_wins():
    given = {"schedule": "adaptive", "batch_size": 7, "l2": 0.5, "early_stopping_patience": None}
    chosen = ConvNetQuakeINGVRegressor(**SMALL | given).schedule_for(20)
    assert given.items() - {("schedule", "adaptive")} <= chosen.items()
    assert chosen["n_epochs"] == 2


def test_values_reach_network_card_and_no_parameter(data, tmp_path):
    network = ConvNetQuakeINGVRegressor(**SMALL).fit(*data)
    assert network.get_params()["l2"] == clone(network).get_params()["l2"] == "auto"
    assert network.network_.get_layer("conv1").kernel_regularizer is None
    card = load_source(network.save_pretrained(tmp_path / "mine"), "ConvNetQuakeINGV").card
    assert card.parameters["l2"] == 0.0
    assert card.parameters["batch_size"] == 4
    assert card.preprocessing["stream_max"] == "log"
    published = ConvNetQuakeINGVRegressor(schedule="published", **SMALL).fit(*data)
    assert published.network_.get_layer("conv1").kernel_regularizer.l2 == pytest.approx(1e-3)
    before = MLSTMFCNClassifier().build_network(1, 8, 2)
    assert before.get_layer("bn1").momentum == 0.99


def test_auto_and_the_same_value_by_hand_are_one_fit(data):
    X, y = data
    auto = ConvNetQuakeINGVRegressor(**SMALL).fit(X, y)
    by_hand = ConvNetQuakeINGVRegressor(**SMALL | auto.schedule_).fit(X, y)
    assert np.array_equal(auto.predict(X), by_hand.predict(X))


def test_warns_of_few_steps(data):
    with pytest.warns(UserWarning, match="An epoch has 1 step, .*Received: batch_size=32 with 20"):
        ConvNetQuakeINGVRegressor(schedule="published", **SMALL).fit(*data)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        ConvNetQuakeINGVRegressor(**SMALL).fit(*data)


def test_warns_where_the_first_epoch_was_the_best(data):
    X, y = data
    params = SMALL | {"n_epochs": 20, "early_stopping_patience": 2, "learning_rate": 0.01}
    params["head"] = "random"  # the probe would be better than all epochs, which is no fault
    with pytest.warns(UserWarning, match="None of 3 epochs improved the monitored value"):
        # The validation part contradicts the training part.
        ConvNetQuakeINGVRegressor(**params).fit(X, y, validation_data=(X, 2 * y.mean() - y))


def test_unknown_schedule_and_auto_where_there_is_none(data):
    with pytest.raises(ValueError, match="Did you mean 'published'"):
        ConvNetQuakeINGVRegressor(schedule="publshed").fit(*data)
    with pytest.raises(TypeError, match="learning_rate must be a number"):
        ConvNetQuakeINGVRegressor(learning_rate="auto").fit(*data)
    with pytest.raises(TypeError, match="batch_size must be a whole number or 'auto'"):
        ConvNetQuakeINGVRegressor(batch_size="automatic").fit(*data)
