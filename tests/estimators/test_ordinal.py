"""Classes that have an order: the loss of others, probabilities in order, medians."""

import pickle

import keras
import numpy as np
import pytest

from sktl.estimators import ConvNetQuakeINGVClassifier, ResNetImageClassifier
from sktl.layers.ordinal import log_probabilities
from sktl.training.ordinal_head import ordinal_layer
from sktl.training.targets import OrdinalTargets

CLASSES = np.array([-1, 2, 3, 10])


def log_sigmoid(x):
    return -np.logaddexp(0, -x)


def corn_losses(logits, numbers):
    """The sum over tasks of `coral_pytorch.losses.corn_loss`, written out in numpy.

    Task k has the instances above class k - 1 and asks whether they are above class k. Theirs is
    divided by the number of all pairs, ours by that of the instances.
    """
    total = 0.0
    for task in range(logits.shape[1]):
        chosen = numbers > task - 1
        label, logit = (numbers[chosen] > task).astype(int), logits[chosen, task]
        total -= np.sum(log_sigmoid(logit) * label + (log_sigmoid(logit) - logit) * (1 - label))
    return total


@pytest.fixture(scope="module")
def panel():
    """The amplitude's sign and size tell the class, one after the other."""
    rng = np.random.default_rng(0)
    numbers = np.arange(60) % 4
    X = (numbers - 1.5)[:, None, None] * np.hanning(24) + rng.normal(0, 0.1, (60, 2, 24))
    return X.astype("float32"), CLASSES[numbers]


@pytest.fixture(scope="module")
def fitted(panel):
    small = ConvNetQuakeINGVClassifier.get_test_params()[0] | {"n_epochs": 3, "head": "random"}
    return ConvNetQuakeINGVClassifier(**small, output="ordinal").fit(*panel)


def test_the_loss_is_that_of_corn():
    rng = np.random.default_rng(0)
    logits, numbers = rng.normal(0, 4, (50, 5)).astype("float32"), rng.integers(0, 6, 50)
    chosen = np.array(log_probabilities(logits))[np.arange(50), numbers]
    assert -chosen.sum() == pytest.approx(corn_losses(logits, numbers), rel=1e-5)


def test_the_network_has_that_loss(panel, fitted):
    X, y = panel
    model = fitted.network_
    head = keras.Model(model.inputs, model.get_layer("head").output)
    inputs = fitted._facts.preprocessing.transform(X)
    inputs = [np.moveaxis(inputs[0], 1, 2), *inputs[1:]]
    # With all weights 0, classes are equally probable: 3, 2, 1 of the rest at the thresholds.
    scores = np.array(head(inputs)) + np.log([3, 2, 1])
    numbers = np.searchsorted(CLASSES, y)
    with fitted.lease_network(fitted._facts.network_shape) as network:
        loss = network.mean_loss(np.eye(4)[numbers], fitted.predict_proba(X))
    assert loss == pytest.approx(corn_losses(scores, numbers) / len(y), rel=1e-4)
    assert fitted.history_["loss"].iloc[-1] < fitted.history_["loss"].iloc[0]


def test_probabilities_are_in_order_and_the_median_is_predicted(panel, fitted):
    X, _ = panel
    probabilities = fitted.predict_proba(X)
    assert fitted.classes_.tolist() == CLASSES.tolist()
    assert probabilities.shape == (60, 4)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)
    above = probabilities[:, ::-1].cumsum(axis=1)[:, ::-1]
    assert (np.diff(above, axis=1) <= 0).all()
    median = CLASSES[(probabilities.cumsum(axis=1) < 0.5).sum(axis=1)]
    np.testing.assert_array_equal(fitted.predict(X), median)


def test_the_median_is_not_the_most_probable():
    targets = OrdinalTargets(classes=CLASSES)
    outputs = np.array([[0.35, 0.25, 0.0, 0.4], [0.1, 0.1, 0.7, 0.1], [0.6, 0.2, 0.1, 0.1]])
    assert targets.decode(outputs).tolist() == [2, 3, -1]
    assert targets.scores(np.array([2, 3, -1]), outputs)["val_accuracy"] == 1


def test_copies_and_sources_of_it(panel, fitted, tmp_path):
    X, y = panel
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.predict_proba(X), fitted.predict_proba(X))
    folder = fitted.save_pretrained(tmp_path / "mine")
    frozen = fitted.clone().set_params(source=str(folder), omega=0, n_epochs=1).fit(X, y)
    assert frozen.source_.parameters["output"] == "ordinal"
    assert frozen.source_.classes == CLASSES.tolist()
    first = next(path for path in fitted._weights if path.endswith("/kernel"))
    np.testing.assert_array_equal(frozen._weights[first], fitted._weights[first])


def test_starts_as_a_probe_of_the_order(panel):
    X, y = panel
    small = ConvNetQuakeINGVClassifier.get_test_params()[0] | {"n_epochs": 0, "head": "probe"}
    probe = ConvNetQuakeINGVClassifier(**small, output="ordinal").fit(X, y)
    numbers = np.searchsorted(CLASSES, y)
    error = np.abs(np.searchsorted(CLASSES, probe.predict(X)) - numbers).mean()
    # Always the best single class errs by 1.
    assert error < 0.5
    # Features that say nothing give the shares of the classes.
    kernel, bias = ordinal_layer(np.ones((60, 1)), np.eye(4)[numbers], np.ones(60))
    shares = np.exp(np.array(log_probabilities((kernel[0] + bias + np.log([3, 2, 1]))[None])))[0]
    np.testing.assert_allclose(shares, 0.25, atol=0.01)


def test_pictures_with_frozen_features(panel):
    X, y = panel
    small = ResNetImageClassifier.get_test_params()[0] | {"head": "random", "network": "cnn"}
    frozen = ResNetImageClassifier(**small, output="ordinal", omega=0).fit(X, y)
    np.testing.assert_allclose(frozen.predict_proba(X).sum(axis=1), 1, atol=1e-6)


def test_what_has_no_order_is_refused(panel):
    X, y = panel
    with pytest.raises(ValueError, match=r"numbers, in the order .* Received: classes \['-1'"):
        ConvNetQuakeINGVClassifier(output="ordinal").fit(X, y.astype(str))
    with pytest.raises(ValueError, match="output='corn'"):
        ConvNetQuakeINGVClassifier(output="corn").fit(X, y)
