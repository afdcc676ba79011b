"""Training of every architecture: losses, weights of classes, the best epoch, reuse."""

import numpy as np
import pytest

from sktl.training.network_cache import forget


def test_reuse_gives_what_a_new_network_gives(cls, small, panel):
    X, y = panel
    small |= {"n_epochs": 3}
    forget()
    first = cls(**small).fit(X, y)
    cls(**small | {"omega": 0.0, "random_state": 7, "learning_rate": 0.1}).fit(X, y)
    second = cls(**small).fit(X, y)
    forget()
    third = cls(**small).fit(X, y)
    for other in (second, third):
        assert first.history_.equals(other.history_)
        assert all(np.array_equal(first._weights[k], other._weights[k]) for k in first._weights)


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


@pytest.mark.parametrize("monitor", ["val_loss", "val_score", "val_accuracy"])
def test_best_epoch_follows_the_monitor(classifier, monitor):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(30, 1, 12)), np.arange(30) % 3
    params = classifier.get_test_params()[0] | {"n_epochs": 6, "monitor": monitor}
    fitted = classifier(**params | {"learning_rate": 0.02}).fit(X, y)
    column = fitted.history_[monitor]
    expected = column.idxmin() if monitor == "val_loss" else column.idxmax()
    assert fitted.best_epoch_ == expected
