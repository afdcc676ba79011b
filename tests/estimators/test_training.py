"""Training of every architecture: losses, weights of classes, the best epoch, reuse."""

import numpy as np
import pytest

from sktl.estimators import ConvNetQuakeINGVRegressor
from sktl.estimators.preparation import prepare
from sktl.estimators.training_run import TrainingRun
from sktl.training.network_cache import clear
from sktl.training.randomness import random_streams


@pytest.mark.others_slow("MagNetRegressor")
def test_reuse_gives_what_a_new_network_gives(cls, small, panel, own_cache):
    X, y = panel
    small |= {"n_epochs": 3}
    first = cls(**small).fit(X, y)
    cls(**small | {"omega": 0.0, "random_state": 7, "learning_rate": 0.1}).fit(X, y)
    second = cls(**small).fit(X, y)
    clear()
    third = cls(**small).fit(X, y)
    for other in (second, third):
        assert first.history_.equals(other.history_)
        assert all(np.array_equal(first._weights[k], other._weights[k]) for k in first._weights)


@pytest.mark.others_slow
def test_incomplete_batches_count_by_their_instances(cls, small, panel):
    """The loss of an epoch is that of all instances alike, whatever the batches."""
    X, y = panel
    frozen = small | {"n_epochs": 1, "learning_rate": 1e-12, "dropout": 0.0, "l2": 0.0}
    frozen = {k: v for k, v in frozen.items() if k in cls.get_param_names()}
    fitted = [
        cls(**frozen | {"batch_size": size, "validation_size": None}).fit(X, y)
        for size in (7, 24, 100)
    ]
    if any("/moving_" in path for path in fitted[0]._weights):
        pytest.skip("batch normalisation makes the training loss depend on the batches")
    losses = [one.history_["loss"][1] for one in fitted]
    np.testing.assert_allclose(losses, losses[0], rtol=1e-5)


@pytest.mark.others_slow
@pytest.mark.parametrize("weight", [{"a": 1.0, "b": 5.0, "c": 0.0}, "balanced"])
def test_class_weight_enters_the_loss(classifier, weight):
    from sklearn.utils.class_weight import compute_sample_weight

    rng = np.random.default_rng(0)
    X = rng.normal(size=(12, 1, 10)).astype("float32")
    y = np.array(list("aaaaaaabbbcc"))
    # A rate too small to move anything, so the loss is that of the final weights.
    params = classifier.get_test_params()[0] | {"n_epochs": 1, "learning_rate": 1e-12}
    params |= {key: 0.0 for key in ("l2", "dropout") if key in classifier.get_param_names()}
    fitted = classifier(**params | {"class_weight": weight, "validation_size": None}).fit(X, y)
    if any("/moving_" in path for path in fitted._weights):
        pytest.skip("batch normalisation makes training and prediction differ")
    probabilities = fitted.predict_proba(X)[np.arange(12), np.searchsorted(["a", "b", "c"], y)]
    expected = np.mean(-np.log(probabilities) * compute_sample_weight(weight, y))
    assert fitted.history_["loss"][1] == pytest.approx(expected, rel=1e-4)


@pytest.mark.others_slow
@pytest.mark.parametrize("monitor", ["val_loss", "val_score", "val_accuracy"])
def test_best_epoch_follows_the_monitor(classifier, monitor):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(30, 1, 12)), np.arange(30) % 3
    params = classifier.get_test_params()[0] | {"n_epochs": 6, "monitor": monitor}
    fitted = classifier(**params | {"learning_rate": 0.02}).fit(X, y)
    column = fitted.history_[monitor]
    expected = column.idxmin() if monitor == "val_loss" else column.idxmax()
    assert fitted.best_epoch_ == expected


def _mae(cls):
    return {"_loss": "mean_absolute_error"}


def _positive(cls):
    return {"_output_activation": "softplus"}


def _wider(cls):
    def build(self, *shape):
        import keras

        model = cls._build(self, *shape)
        doubled = keras.layers.Rescaling(2.0, name="doubled")(model.outputs[0])
        return keras.Model(model.inputs, doubled)

    return {"_build": build}


@pytest.mark.fast_only("_mae")
@pytest.mark.parametrize("change", [_mae, _positive, _wider])
def test_a_subclass_never_takes_its_parents_compiled_network(change, own_cache):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(16, 1, 12)), rng.normal(size=16)
    parent = ConvNetQuakeINGVRegressor(n_layers=1, filters=2, n_epochs=2, random_state=0)
    changed = type("Changed", (ConvNetQuakeINGVRegressor,), change(ConvNetQuakeINGVRegressor))
    child = changed(**parent.get_params())
    alone = child.clone().fit(X, y)
    clear()
    plain = parent.fit(X, y)
    after = child.clone().fit(X, y)
    np.testing.assert_array_equal(after.predict(X), alone.predict(X))
    assert not np.allclose(after.history_["loss"], plain.history_["loss"])


def test_the_unit_of_the_target_changes_no_schedule():
    """In a unit a million times larger, improvements of y's own size still count."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(24, 1, 12)).astype("float32"), rng.normal(size=24)
    network = ConvNetQuakeINGVRegressor(
        n_layers=1, filters=2, n_epochs=12, reduce_lr_patience=2, early_stopping_patience=None,
        monitor="val_score", random_state=0,
    )  # fmt: skip
    metres, other = network.clone().fit(X, y), network.clone().fit(X, y * 2.0**-20)
    np.testing.assert_array_equal(other.history_["learning_rate"], metres.history_["learning_rate"])
    # Trained on y as it is, the loss has the unit of y squared.
    network.set_params(target_scaling=None, monitor="val_loss", n_epochs=1)
    for scale, power in ((1e-3, 1e-6), (1.0, 1.0)):
        streams = random_streams(0)
        run = TrainingRun(network, prepare(network, X, scale * y, streams["split"]), streams)
        expected = 1e-4 * power * np.var(y)
        assert run.start().state.reduce.min_delta == pytest.approx(expected, rel=0.3)
