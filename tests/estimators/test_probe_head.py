"""The output layer that starts as a linear probe."""

from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.metrics import log_loss
from sklearn.preprocessing import StandardScaler

from sktl.estimators import ConvNetQuakeINGVClassifier, MLSTMFCNRegressor
from sktl.estimators.preparation import prepare
from sktl.estimators.training_run import TrainingRun
from sktl.training.probe_head import output_layer, probe_start, ridge
from sktl.training.randomness import random_streams

from .conftest import gives_series, make_panel


@pytest.fixture
def features():
    rng = np.random.default_rng(0)
    return rng.normal(size=(40, 12)) * np.logspace(-0.7, 0.7, 12) + 5


def test_ridge_is_scikit_learns(features):
    rng = np.random.default_rng(1)
    y = np.column_stack([features[:, 3] * 8, features[:, 8] / 9]) + rng.normal(size=(40, 2))
    z = StandardScaler().fit_transform(features)
    expected = RidgeCV(np.logspace(-4, 4, 17) * np.mean(np.linalg.svd(z)[1] ** 2)).fit(z, y)
    probe = ridge(features, y, np.ones(40))
    np.testing.assert_allclose(features @ probe.kernel + probe.bias, expected.predict(z), rtol=1e-6)


def test_left_out_is_what_a_fit_without_the_instance_gives(features):
    from sklearn.linear_model import Ridge

    y = features[:, [3]] + np.random.default_rng(1).normal(size=(40, 1))
    probe = ridge(features, y, np.ones(40))
    z = StandardScaler().fit_transform(features)
    size = np.mean(np.linalg.svd(z)[1] ** 2)
    errors = []
    for alpha in np.logspace(-4, 4, 17) * size:
        fits = [
            Ridge(alpha).fit(np.delete(z, i, 0), np.delete(y, i, 0)).predict(z[[i]])
            for i in range(40)
        ]
        errors.append(np.abs(np.ravel(fits) - probe.left_out[:, 0]).max())
    assert min(errors) < 1e-8


def test_features_that_do_not_vary_are_left_out(features):
    features[:, 2] = 1e6
    y = features[:, [3]]
    probe = ridge(features, y, np.ones(40))
    assert probe.kernel[2] == 0
    assert np.isfinite(probe.kernel).all()
    constant = ridge(np.ones((5, 3)), np.arange(5.0)[:, None], np.ones(5))
    assert constant.bias == pytest.approx(2)
    assert not constant.kernel.any()


def test_a_feature_that_hardly_varied_does_not_decide_on_new_instances(features):
    rng = np.random.default_rng(3)
    rare = np.zeros((40, 200))
    rare[np.arange(40), rng.integers(0, 200, 40)] = 1e-4  # as units that one instance moves a bit
    y = features[:, [3]] + rng.normal(size=(40, 1))
    probe = ridge(np.column_stack([features, rare]), y, np.ones(40))
    awake = np.r_[features.mean(axis=0), np.ones(200)] @ probe.kernel + probe.bias
    assert abs(awake - y.mean()) < 3 * y.std()


def test_an_emphasised_feature_is_found_among_hundreds():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(60, 201))
    y = features[:, [-1]] + 0.3 * rng.normal(size=(60, 1))
    emphasis = np.ones(201)
    emphasis[-1] = 200**0.5
    seen, new = slice(30), slice(30, None)
    errors = []
    for weights in (None, emphasis):
        probe = ridge(features[seen], y[seen], np.ones(30), weights)
        errors.append(np.std(features[new] @ probe.kernel + probe.bias - y[new]))
    assert errors[1] < 0.7 * errors[0]
    # So is the stream max where a network joins it to its features.
    network = SimpleNamespace(joins_amplitude=True, to_tensors=list, features=np.hstack)
    inputs = [features[seen, :-1], features[seen, -1:]]
    start = probe_start(network, {}, (inputs, y[seen], np.ones(30)), False)
    np.testing.assert_allclose(start["head/kernel"], probe.kernel, rtol=1e-6)


def _probabilities(features, kernel, bias):
    logits = features @ kernel + bias
    exponents = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponents / exponents.sum(axis=1, keepdims=True)


def test_classes_are_about_as_probable_as_a_logistic_regression_says():
    rng = np.random.default_rng(0)
    labels = rng.integers(3, size=300)
    features = rng.normal(size=(300, 5)) + 2 * np.eye(5)[labels]
    seen, new = slice(150), slice(150, None)
    targets = np.eye(3)[labels]
    kernel, bias = output_layer(features[seen], targets[seen], np.ones(150), True)
    loss = log_loss(labels[new], _probabilities(features[new], kernel, bias))
    other = LogisticRegression().fit(features[seen], labels[seen])
    assert loss < 1.15 * log_loss(labels[new], other.predict_proba(features[new]))


def test_features_without_meaning_start_at_the_shares_of_the_classes():
    rng = np.random.default_rng(0)
    targets = np.eye(2)[(np.arange(60) % 4 == 0).astype(int)]
    features = rng.normal(size=(60, 30))
    kernel, bias = output_layer(features, targets, np.ones(60), True)
    loss = log_loss(targets[:, 1], _probabilities(rng.normal(size=(60, 30)), kernel, bias)[:, 1])
    assert loss < 0.57  # by the shares alone: 0.5623; by even ones: 0.6931


@pytest.mark.others_slow
def test_without_an_epoch_it_is_the_probe(cls, small, panel):
    X, y = panel
    params = small | {"dropout": 0.0}
    params = {name: value for name, value in params.items() if name in cls.get_param_names()}
    fitted = cls(**params | {"head": "probe", "n_epochs": 0}, validation_size=None).fit(X, y)
    assert fitted.best_epoch_ == 0
    assert list(fitted.history_.index) == [0]
    assert np.isfinite(fitted._weights["head/kernel"]).all()
    batch_norm = any("moving_mean" in name for name in fitted._weights)
    if cls._task == "regression" and not gives_series(cls):
        # On the training part a ridge regression is never worse than the mean.
        error = np.mean((fitted.predict(X) - y) ** 2)
        assert error < (1.5 if batch_norm else 1.001) * np.var(y)


def test_the_probe_is_kept_where_training_destroys_it():
    X, y = make_panel(MLSTMFCNRegressor)
    params = MLSTMFCNRegressor.get_test_params()[0] | {"head": "probe", "learning_rate": 10.0}
    fitted = MLSTMFCNRegressor(**params, validation_size=None).fit(X, y)
    probe = MLSTMFCNRegressor(**params | {"n_epochs": 0}, validation_size=None).fit(X, y)
    assert fitted.best_epoch_ == 0
    assert list(fitted.history_.index) == [0, 1, 2]
    assert np.array_equal(fitted.predict(X), probe.predict(X))


def test_the_probe_that_is_kept_learns_from_the_inner_split_too():
    X, y = make_panel(MLSTMFCNRegressor)
    y = y + X.std(axis=(1, 2))
    params = MLSTMFCNRegressor.get_test_params()[0] | {"head": "probe", "n_epochs": 0}
    split = MLSTMFCNRegressor(**params, validation_size=0.5).fit(X, y)
    given = MLSTMFCNRegressor(**params).fit(X, y, validation_data=(X, y))
    alone = MLSTMFCNRegressor(**params, validation_size=None).fit(X, y)
    # What is given for validation teaches nothing.
    assert np.array_equal(given.predict(X), alone.predict(X))
    streams = random_streams(params["random_state"])
    network = MLSTMFCNRegressor(**params, validation_size=0.5)
    run = TrainingRun(network, prepare(network, X, y, streams["split"]), streams).start().advance()
    outputs = [run.finish(both).outputs(X) for both in (True, False)]
    both, half = (run.data.facts.targets.decode(values) for values in outputs)
    assert np.array_equal(both, split.predict(X))
    assert np.mean((both - y) ** 2) < np.mean((half - y) ** 2)


def test_no_epoch_without_a_probe():
    X, y = make_panel(MLSTMFCNRegressor)
    with pytest.raises(ValueError, match="n_epochs must be at least 1"):
        MLSTMFCNRegressor(n_epochs=0, head="random").fit(X, y)


def test_it_is_the_same_every_time_and_goes_through_a_source(tmp_path):
    X, y = make_panel(ConvNetQuakeINGVClassifier)
    small = {"n_layers": 2, "filters": 4, "n_epochs": 2, "random_state": 0}
    source = ConvNetQuakeINGVClassifier(**small).fit(X, y).save_pretrained(tmp_path / "source")
    fits = [
        ConvNetQuakeINGVClassifier(source=source, head="probe", **small).fit(X, y) for _ in range(2)
    ]
    assert np.array_equal(*[fitted.predict_proba(X) for fitted in fits])
    assert fits[0].source_.name == "source"


def test_unknown_head():
    X, y = make_panel(MLSTMFCNRegressor)
    with pytest.raises(ValueError, match="Did you mean 'probe'"):
        MLSTMFCNRegressor(head="prob").fit(X, y)


def test_running_statistics_start_as_those_of_the_training_part():
    import keras

    from sktl.training.batch_statistics import start_statistics
    from sktl.training.compiled_network import initial_weights

    X, _ = make_panel(MLSTMFCNRegressor)
    network = MLSTMFCNRegressor(**MLSTMFCNRegressor.get_test_params()[0])
    with network.lease_network((*X.shape[1:], 1)) as compiled:
        start = initial_weights(compiled.model, random_streams(0)["weights"])
        compiled.load(start, 0)
        inputs = [X, np.zeros((len(X), 1), np.float32)]
        found = start_statistics(compiled, inputs, {"bn3"})
        assert sorted({path.split("/")[0] for path in found}) == ["bn1", "bn2"]
        compiled.load(start | found, 0)
        model = compiled.model
        for name in ("bn1", "bn2"):
            # With these statistics, what leaves the layer in prediction has mean 0 and variance 1.
            outputs = keras.Model(model.inputs, model.get_layer(name).output)
            values = np.array(outputs(compiled.to_tensors(inputs)))
            np.testing.assert_allclose(values.mean(axis=(0, 1)), 0, atol=1e-3)
            np.testing.assert_allclose(values.var(axis=(0, 1)), 1, atol=2e-2)
