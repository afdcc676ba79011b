import numpy as np
import pytest

from sktl.estimators import ConvNetQuakeINGVClassifier, ConvNetQuakeINGVRegressor
from sktl.pretraining._stream import fit_stream


def panel(seed, n=40):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 2, 24)).astype("float32")
    y = X[:, 0, :4].sum(axis=1).astype(float)
    return X, y


@pytest.mark.parametrize(
    ("cls", "more"),
    [
        (ConvNetQuakeINGVClassifier, {}),
        (ConvNetQuakeINGVClassifier, {"class_weight": {"a": 7.0, "b": 0.5}}),
        (ConvNetQuakeINGVClassifier, {"class_weight": "balanced"}),
        (ConvNetQuakeINGVRegressor, {}),
    ],
)
def test_a_stream_of_the_same_instances_is_a_fit(cls, more):
    X, y = panel(0)
    X_val, y_val = panel(1, 20)
    if cls is ConvNetQuakeINGVClassifier:
        y, y_val = np.where(y > 1, "a", "b"), np.where(y_val > 1, "a", "b")
    params = {"n_epochs": 3, "random_state": 5, "n_layers": 3} | more
    fitted = cls(**params).fit(X, y, validation_data=(X_val, y_val))
    streamed = fit_stream(cls(**params), lambda epoch: (X, y), (X_val, y_val))
    np.testing.assert_array_equal(streamed.history_, fitted.history_)
    np.testing.assert_array_equal(streamed.predict(X_val), fitted.predict(X_val))


def test_every_epoch_is_drawn_once_and_training_stops_early():
    asked = []

    def draw(epoch):
        asked.append(epoch)
        return panel(epoch)

    network = ConvNetQuakeINGVRegressor(
        n_epochs=9, n_layers=3, early_stopping_patience=2, learning_rate=1e-6, random_state=0
    )
    fit_stream(network, draw, panel(99))
    assert asked == list(range(network.history_.index[-1]))
    other = ConvNetQuakeINGVRegressor(n_epochs=2, n_layers=3, random_state=0)
    same = ConvNetQuakeINGVRegressor(n_epochs=2, n_layers=3, random_state=0)
    fit_stream(other, panel, panel(99))
    fit_stream(same, lambda epoch: panel(0), panel(99))
    assert other.history_["loss"][1] == same.history_["loss"][1]
    assert other.history_["loss"][2] != same.history_["loss"][2]
