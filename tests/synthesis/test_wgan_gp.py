"""The GAN learns, says when it does not, and both backends compute the same."""

import warnings

import numpy as np
import pytest

from sktl.synthesis import (
    BaseGenerator,
    WGANGPGenerator,
    coverage,
    spectral_distance,
    train_on_synthetic,
)

from .conftest import make_panel

SMALL = {"n_steps": 4, "n_critic": 2, "batch_size": 6, "filters": 4, "latent_size": 3}


@pytest.fixture(scope="module")
def learnt():
    X, y = make_panel(40)
    return WGANGPGenerator(n_steps=300, filters=16, random_state=0).fit(X, y)


def test_it_learns_the_classes(learnt):
    (X, y), (X_test, y_test) = make_panel(40), make_panel(80, seed=1)
    X_new, y_new = learnt.sample(80, random_state=0)
    table = train_on_synthetic(X, y, X_new, y_new, X_test, y_test, random_state=0)
    assert table.loc["synthetic", "accuracy"] > 0.9
    assert X_new.mean() == pytest.approx(5, abs=0.1)
    for label in ("slow", "fast"):
        assert spectral_distance(X_test[y_test == label], X_new[y_new == label]) < 5
    assert coverage(X_test, X_new).coverage > 0.5


def test_its_samples_vary_as_the_data(learnt):
    assert learnt.diversity_.index.tolist() == ["fast", "slow"]
    assert learnt.diversity_.between(0.3, 2).all()
    X, _ = learnt.sample(y=["slow"] * 40, random_state=0)
    # The phase differs from instance to instance, and by the same between the channels.
    peaks = X.argmax(axis=2)
    assert len(np.unique(peaks[:, 0])) > 4


def test_the_history_and_the_average(learnt):
    history = learnt.history_
    assert history.index.tolist() == list(range(1, 301))
    assert list(history.columns) == ["critic_loss", "distance", "generator_loss"]
    assert history["distance"][-20:].mean() < history["distance"].max() / 2


@pytest.mark.slow
def test_numbers_as_conditions():
    rng = np.random.default_rng(0)
    y = rng.uniform(1, 3, 60)
    X = y[:, None, None] * np.sin(np.arange(16) / 3 + rng.uniform(0, 6, (60, 1, 1)))
    generator = WGANGPGenerator(n_steps=300, filters=16, random_state=0).fit(X, y)
    wanted = np.repeat([1.2, 2.0, 2.8], 40)
    X_new, y_new = generator.sample(y=wanted, random_state=0)
    amplitude = np.sqrt(2) * X_new[:, 0].std(axis=1)
    levels = amplitude.reshape(3, 40).mean(axis=1)
    assert (np.diff(levels) > 0.3).all()
    np.testing.assert_array_equal(y_new, wanted)


def test_the_penalty_is_that_of_the_paper():
    """A linear critic has one slope everywhere: its length is known without any backend."""
    import keras

    from sktl.synthesis._adversaries import make_adversaries

    weights = np.array([[1.0], [2.0], [2.0]], "float32")  # length 3
    series, condition = keras.Input((3, 1)), keras.Input((1,))
    scores = keras.layers.Dense(1, name="score")(keras.layers.Flatten()(series))
    critic = keras.Model([series, condition], scores)
    latent, noise = keras.Input((1,)), keras.Input((3, 1))
    made = keras.layers.Reshape((3, 1))(keras.layers.Dense(3, name="made")(latent))
    generator = keras.Model([latent, noise, condition], made)
    adversaries = make_adversaries(generator, critic, penalty=10.0, learning_rate=1e-9)
    adversaries.reset(
        {
            "critic": {"score/kernel": weights, "score/bias": np.zeros(1)},
            "generator": {"made/kernel": np.zeros((1, 3)), "made/bias": np.array([0.0, 0.0, 1.0])},
        }
    )
    real = np.array([[[1.0], [0.0], [0.0]], [[0.0], [2.0], [0.0]]], "float32")
    inputs = [np.ones((2, 1), "float32"), np.ones((2, 3, 1), "float32"), np.ones((2, 1), "float32")]
    loss, distance = adversaries.train_critic(real, np.full((2, 1, 1), 0.5, "float32"), inputs)
    assert distance == pytest.approx((1 + 4) / 2 - 2)
    assert loss == pytest.approx(10 * (3 - 1) ** 2 - distance)
    assert adversaries.train_generator(inputs) == pytest.approx(-2)


def test_collapse_is_said(panel):
    class Collapsed(WGANGPGenerator):
        def _sample(self, targets, rng):
            X = super()._sample(targets, rng)
            return np.where((targets == 1)[:, None, None], X[:1], X)

    with pytest.warns(RuntimeWarning, match=r"Mode collapse.*Received: \['slow'\]"):
        fitted = Collapsed(**SMALL, learning_rate=1e-2, random_state=0).fit(*panel)
    assert fitted.diversity_["slow"] == pytest.approx(0, abs=1e-9)


def test_equal_instances_of_a_class_cannot_collapse(panel):
    X, y = panel
    X[y == "slow"] = X[0]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"Mode collapse.*\['fast'\]")
        warnings.filterwarnings("error", message=r"Mode collapse.*slow")
        fitted = WGANGPGenerator(**SMALL, random_state=0).fit(X, y)
    assert np.isnan(fitted.diversity_["slow"])


def test_divergence_is_an_error(panel):
    with pytest.raises(FloatingPointError, match=r"diverged. Lower learning_rate.*at step"):
        WGANGPGenerator(**SMALL | {"n_steps": 60}, learning_rate=1e18, random_state=0).fit(*panel)


def test_the_file_holds_no_training_series(learnt, tmp_path):
    path = learnt.save(tmp_path / "gan.npz")
    X = make_panel(40)[0]
    with np.load(path) as archive:
        assert not any(archive[name].shape == X.shape for name in archive.files)
    loaded = BaseGenerator.load(path)
    assert loaded.card_["holds_training_series"] is False
    assert loaded.history_.equals(learnt.history_)
    assert loaded.diversity_.equals(learnt.diversity_)


@pytest.mark.slow
@pytest.mark.parametrize("length", [1, 17, 40])
def test_short_and_long_series(length):
    X, y = np.random.default_rng(0).normal(size=(6, 1, length)), np.arange(6.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        fitted = WGANGPGenerator(**SMALL | {"n_steps": 1}).fit(X, y)
    assert fitted.sample(3)[0].shape == (3, 1, length)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"n_steps": 0}, "n_steps must be a whole number of at least 1. Received: n_steps=0"),
        ({"n_critic": 1.5}, "Received: n_critic=1.5"),
        ({"learning_rate": 0}, "learning_rate must be a number above 0"),
        ({"gradient_penalty": -1}, "gradient_penalty must be a number of at least 0"),
    ],
)
def test_bad_parameters(params, message, panel):
    with pytest.raises(ValueError, match=message):
        WGANGPGenerator(**params).fit(*panel)


def test_one_instance_is_refused():
    with pytest.raises(ValueError, match=r"at least two instances\. Received: 1"):
        WGANGPGenerator(**SMALL).fit(np.zeros((1, 1, 5)), ["a"])
