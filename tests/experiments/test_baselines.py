import numpy as np
import pytest
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import LinearRegression

from sktl.experiments import Data
from sktl.experiments._baselines import BASELINES, baselines_for
from sktl.experiments._data import load


def fit(name, X, y, task):
    return BASELINES[name][0](X, y, task, 0)


def test_each_task_has_its_baselines():
    assert baselines_for("regression", forecast=False) == ["constant", "linear", "MiniRocket"]
    assert baselines_for("classification", forecast=False) == [
        "class prior", "linear", "MiniRocket",
    ]  # fmt: skip
    assert "last value" in baselines_for("regression", forecast=True)


def test_constants_are_those_of_scikit_learn():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(31, 2, 9)).astype(np.float32), rng.gamma(2, size=31)
    expected = DummyRegressor(strategy="median").fit(X, y).predict(X)
    np.testing.assert_array_equal(fit("constant", X, y, "regression")(X), expected)
    labels = rng.choice(["a", "b", "c"], size=31, p=[0.2, 0.5, 0.3])
    expected = DummyClassifier(strategy="prior").fit(X, labels).predict(X)
    np.testing.assert_array_equal(fit("class prior", X, labels, "classification")(X), expected)


def test_the_last_value_is_the_close_of_the_last_day():
    X = np.arange(12.0, dtype=np.float32).reshape(2, 1, 6)
    np.testing.assert_array_equal(fit("last value", X, None, "regression")(X), [5, 11])


def test_the_linear_baseline_finds_what_is_linear():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(300, 2, 10)).astype(np.float32)
    y = 3 * X[:, 0, 4] - X[:, 1, 9] + 7
    predicted = fit("linear", X[:200], y[:200], "regression")(X[200:])
    np.testing.assert_allclose(predicted, y[200:], atol=0.01)
    # Of the stream max it knows the logarithm, in which magnitudes are linear.
    loud = X * 10 ** rng.uniform(0, 4, size=(300, 1, 1)).astype(np.float32)
    magnitude = np.log10(np.abs(loud).max(axis=(1, 2)))
    predicted = fit("linear", loud[:200], magnitude[:200], "regression")(loud[200:])
    plain = LinearRegression().fit(loud[:200].reshape(200, -1), magnitude[:200])
    error = np.abs(predicted - magnitude[200:]).mean()
    assert (
        error < 0.05 < np.abs(plain.predict(loud[200:].reshape(100, -1)) - magnitude[200:]).mean()
    )


@pytest.mark.slow
def test_minirocket_beats_the_class_prior():
    pytest.importorskip("numba")
    dataset = load(Data("EMG-simulated", n_instances=600))
    hits = {}
    for name in ("class prior", "MiniRocket"):
        predict = fit(name, dataset.train.X, dataset.train.y, "classification")
        hits[name] = np.mean(predict(dataset.test.X) == dataset.test.y)
    assert hits["MiniRocket"] > hits["class prior"] + 0.2
