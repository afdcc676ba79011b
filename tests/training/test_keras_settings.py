"""Networks are the same whatever a process has set for its own."""

import copy
import multiprocessing
import pickle
import threading
from functools import cache

import keras
import numpy as np
import pytest

from sktl.estimators import (
    ConvNetQuakeINGVRegressor,
    FrozenSource,
    MagNetClassifier,
    MagNetRegressor,
    ResNetImageClassifier,
)
from sktl.model_selection import rank_sources
from sktl.training import network_cache
from sktl.training.keras_settings import fixed_keras_settings

SETTINGS = {
    "channels_first": lambda: keras.config.set_image_data_format("channels_first"),
    "mixed_float16": lambda: keras.config.set_dtype_policy("mixed_float16"),
    "mixed_bfloat16": lambda: keras.config.set_dtype_policy("mixed_bfloat16"),
    "float64": lambda: keras.config.set_floatx("float64"),
    "float16": lambda: keras.config.set_floatx("float16"),
    "epsilon": lambda: keras.config.set_epsilon(0.1),
    "all": lambda: [SETTINGS[name]() for name in ("channels_first", "mixed_float16", "epsilon")],
}
# Networks are compiled for each: what sets another thing is tried with what is cheap.
NETWORKS = ("channels_first", "mixed_float16", "mixed_bfloat16", "float16")
CACHED = ("channels_first", "mixed_float16")
FROZEN = ("all", "float64")
SMALL = {"n_epochs": 1, "batch_size": 8, "random_state": 0}


def present():
    config = keras.config
    policy = config.dtype_policy().name
    return config.image_data_format(), policy, config.floatx(), config.epsilon()


@pytest.fixture
def setting(request):
    """Settings that a process may have, set by the function that is given; reset afterwards."""
    before = present()
    policy = keras.config.dtype_policy()
    yield SETTINGS[request.param]
    keras.config.set_image_data_format(before[0])
    keras.config.set_dtype_policy(policy)
    keras.config.set_floatx(before[2])
    keras.config.set_epsilon(before[3])
    network_cache.clear()


@pytest.fixture(scope="module")
def panel():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(20, 3, 24)).astype("float32")
    # Near 2000, half precision is off by one.
    return X, 2000 + X.mean(axis=(1, 2))


@pytest.fixture(scope="module")
def expected(panel):
    """Return a function that gives a network and what it predicts by default."""
    X, y = panel
    network_cache.clear()

    @cache
    def by_default(kind):
        fitted = kind(**kind.get_test_params()[0] | SMALL).fit(X, y)
        return fitted, fitted.predict(X)

    return by_default


@pytest.mark.slow  # in the fast tests: that the cache keeps nothing of a setting
@pytest.mark.parametrize("setting", NETWORKS, indirect=True)
def test_networks_are_the_same_whatever_is_set(setting, panel, expected):
    X, y = panel
    kinds = (ConvNetQuakeINGVRegressor, MagNetRegressor)
    defaults = [expected(kind) for kind in kinds]
    setting()
    chosen = present()
    network_cache.clear()
    # Of ConvNetQuake all; of MagNet what its pooling makes of the data format.
    for kind, (fitted, predicted) in zip(kinds, defaults, strict=True):
        if kind is ConvNetQuakeINGVRegressor or chosen[0] == "channels_first":
            again = fitted.clone().fit(X, y)
            assert present() == chosen
            np.testing.assert_array_equal(again.predict(X), predicted)
            np.testing.assert_array_equal(again.history_, fitted.history_)
        # A model that was fitted before, loaded into a process with other settings.
        loaded = pickle.loads(pickle.dumps(fitted))
        np.testing.assert_array_equal(loaded.predict(X), predicted)
        for model in (copy.deepcopy(fitted).network_, fitted.build_network(3, 24)):
            assert {weight.dtype for weight in model.weights} == {"float32"}
            assert model.compute_dtype == "float32"
    assert present() == chosen


@pytest.mark.fast_only("mixed_float16")
@pytest.mark.parametrize("setting", CACHED, indirect=True)
def test_the_cache_keeps_nothing_of_a_setting(setting, panel, expected):
    X, y = panel
    before = present()
    fitted, predicted = expected(ConvNetQuakeINGVRegressor)
    network_cache.clear()
    setting()
    again = fitted.clone().fit(X, y)
    keras.config.set_image_data_format(before[0])
    keras.config.set_dtype_policy(before[1])
    keras.config.set_floatx(before[2])
    keras.config.set_epsilon(before[3])
    np.testing.assert_array_equal(again.predict(X), predicted)
    np.testing.assert_array_equal(fitted.predict(X), predicted)


def frozen_pictures_and_ranks(panel):
    """Frozen features, ranks of sources, and what a network of pictures predicts."""
    X, y = panel
    labels = (y > np.median(y)).astype(int)
    network_cache.clear()
    source = FrozenSource("MagNet", "EMG-simulated", pooling=("mean", "max"))
    ranks = rank_sources(X, labels, MagNetClassifier(random_state=0), ["EMG-simulated"])
    params = ResNetImageClassifier.get_test_params()[0] | SMALL
    fitted = ResNetImageClassifier(**params).fit(X, labels)
    return source.transform(X), ranks["logme"].to_numpy(), fitted.predict_proba(X)


@pytest.fixture(scope="module")
def frozen_by_default(panel):
    return frozen_pictures_and_ranks(panel)


@pytest.mark.slow
@pytest.mark.parametrize("setting", FROZEN, indirect=True)
def test_frozen_features_pictures_and_ranks_are_the_same(setting, panel, frozen_by_default):
    setting()
    for one, other in zip(frozen_by_default, frozen_pictures_and_ranks(panel), strict=True):
        np.testing.assert_array_equal(one, other)


def test_settings_are_restored_after_an_error_and_when_the_last_thread_leaves():
    keras.config.set_image_data_format("channels_first")
    try:
        with pytest.raises(ZeroDivisionError), fixed_keras_settings():
            1 / 0  # noqa: B018
        assert keras.config.image_data_format() == "channels_first"
        entered, may_leave = threading.Event(), threading.Event()

        def stay():
            with fixed_keras_settings():
                entered.set()
                may_leave.wait(20)

        other = threading.Thread(target=stay)
        with fixed_keras_settings():
            other.start()
            assert entered.wait(20)
        assert keras.config.image_data_format() == "channels_last"
        may_leave.set()
        other.join(20)
        assert keras.config.image_data_format() == "channels_first"
    finally:
        keras.config.set_image_data_format("channels_last")


def _predict(fitted, X, answers):
    try:
        answers.put(fitted.predict(X))
    except RuntimeError as error:
        answers.put(str(error))


@pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(), reason="needs a system that forks"
)
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning", "ignore:.*fork:RuntimeWarning")
def test_a_fork_after_a_fit_says_what_to_do_instead_of_hanging(panel, expected):
    context = multiprocessing.get_context("fork")
    answers = context.SimpleQueue()
    fitted, _ = expected(ConvNetQuakeINGVRegressor)
    child = context.Process(target=_predict, args=(fitted, panel[0], answers))
    child.start()
    child.join(60)
    hangs = child.is_alive()
    if hangs:
        child.kill()
    assert not hangs
    assert "get_context('spawn')" in answers.get()
