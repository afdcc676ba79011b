"""The generators without a network do what they say."""

import numpy as np
import pytest

from sktl.synthesis import (
    AugmentationGenerator,
    ClassMeanGenerator,
    MixupGenerator,
    NoiseGenerator,
    ResamplingGenerator,
)

from .conftest import make_panel


def test_resampling_copies_every_instance_equally_often(panel):
    X, y = panel
    X_new, y_new = ResamplingGenerator().fit(X, y).sample(40, random_state=0)
    copies = [(X_new == instance.astype(np.float32)).all(axis=(1, 2)) for instance in X]
    assert [copy.sum() for copy in copies] == [2] * 20
    assert all(set(y_new[copy]) == {label} for copy, label in zip(copies, y, strict=True))


def test_noise_knows_levels_and_no_class():
    rng = np.random.default_rng(1)
    y = np.repeat(["a", "b"], 20)
    X = np.repeat([[[0.0], [50.0]], [[4.0], [50.0]]], 20, axis=0)
    X = X + rng.normal(0, [[1e-3], [0]], (40, 2, 30))
    X_new, y_new = NoiseGenerator().fit(X, y).sample(400, random_state=0)
    assert X_new[:, 1].max() == X_new[:, 1].min() == 50
    one, other = (X_new[y_new == label, 0] for label in "ab")
    for part in (one, other):
        np.testing.assert_allclose([part.mean(), part.std()], [2, 2], atol=0.1)
    assert abs(np.corrcoef(X_new[:, 0, 3], X_new[:, 0, 4])[0, 1]) < 0.15


def test_augmentation_of_nothing_is_a_copy(panel):
    X, y = panel
    nothing = AugmentationGenerator(jitter=0, scaling=0, warping=0).fit(X, y)
    copies = ResamplingGenerator().fit(X, y)
    np.testing.assert_allclose(
        nothing.sample(20, random_state=0)[0], copies.sample(20, random_state=0)[0], rtol=1e-6
    )


def test_each_augmentation_does_its_own():
    X = np.tile(np.linspace(-1, 1, 400), (60, 2, 1)) * np.array([1.0, 3.0])[:, None]
    y = np.zeros(60, int)

    def made(**params):
        nothing = {"jitter": 0, "scaling": 0, "warping": 0}
        return AugmentationGenerator(**nothing | params).fit(X, y).sample(60, random_state=0)[0]

    noise = made(jitter=0.1) - X
    np.testing.assert_allclose(noise.std(axis=(0, 2)), 0.1 * X.std(axis=(0, 2)), rtol=0.05)
    factors = (made(scaling=0.2) / X)[:, :, 10]
    np.testing.assert_allclose(np.log(factors).std(), 0.2, rtol=0.2)
    warped = made(warping=0.2)
    assert (np.diff(warped, axis=2) > -1e-6).all()  # time never runs backwards
    np.testing.assert_allclose(warped[:, 1], 3 * warped[:, 0], atol=1e-5)  # channels stay together
    np.testing.assert_allclose(warped[:, :, [0, -1]], X[:, :, [0, -1]], atol=1e-6)
    assert 0.01 < np.abs(warped - X)[:, 0].max() < 0.5


def test_mixup_stays_between_instances_of_one_class():
    X, y = np.repeat([[[0.0]], [[1.0]], [[10.0]], [[12.0]]], 2, axis=0), np.repeat([0, 0, 1, 1], 2)
    X_new, y_new = MixupGenerator().fit(X, y).sample(400, random_state=0)
    low, high = X_new[y_new == 0], X_new[y_new == 1]
    assert 0 <= low.min() < high.min() <= high.max() <= 12
    assert low.max() <= 1
    assert len(np.unique(low)) > 50


def test_mixup_for_numbers_weighs_as_the_numbers_say():
    y = np.arange(10.0)
    X = np.stack([y, 3 * y - 2], axis=1)[:, :, None]
    wanted = np.array([0.0, 2.25, 7.9, 9.0, 11.0])
    X_new, _ = MixupGenerator().fit(X, y).sample(y=wanted, random_state=0)
    inside = np.clip(wanted, 0, 9)
    np.testing.assert_allclose(X_new[:, 0, 0], inside, rtol=1e-6)
    np.testing.assert_allclose(X_new[:, 1, 0], 3 * inside - 2, rtol=1e-6)


def test_class_mean_has_the_moments_of_the_class():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], 50)
    X = rng.normal(y[:, None, None] * 4, 1 + y[:, None, None], (100, 2, 3))
    X_new, y_new = ClassMeanGenerator().fit(X, y).sample(20_000, random_state=0)
    for label in (0, 1):
        real, new = X[y == label], X_new[y_new == label]
        np.testing.assert_allclose(new.mean(axis=0), real.mean(axis=0), atol=0.1)
        np.testing.assert_allclose(new.std(axis=0), real.std(axis=0, ddof=1), rtol=0.05)


def test_class_mean_for_numbers_follows_them():
    y = np.linspace(0, 10, 200)
    X = np.sin(y / 2)[:, None, None] + np.zeros((200, 1, 4))
    X_new, _ = ClassMeanGenerator(noise=0).fit(X, y).sample(y=[3.14, 6.28, 1e6], random_state=0)
    np.testing.assert_allclose(X_new[:2, 0, 0], [1, 0], atol=0.2)
    np.testing.assert_allclose(X_new[2], np.sin(5), rtol=1e-3)  # beyond all: the nearest


def test_one_instance_a_class():
    X, y = make_panel(2)
    with pytest.raises(ValueError, match=r"two instances of one class.*2 instances of 2 classes"):
        ClassMeanGenerator().fit(X, y)
    np.testing.assert_allclose(ClassMeanGenerator(noise=0).fit(X, y).sample(y=y)[0], X, rtol=1e-6)


@pytest.mark.parametrize(
    ("generator", "message"),
    [
        (AugmentationGenerator(jitter=-1), "jitter must be a number of at least 0. Received: jitt"),
        (AugmentationGenerator(warping="much"), "Received: warping='much'"),
        (MixupGenerator(alpha=0), "alpha must be a number above 0"),
        (MixupGenerator(n_neighbors=1.5), "n_neighbors must be a whole number"),
        (ClassMeanGenerator(noise=np.nan), "Received: noise=nan"),
    ],
)
def test_bad_parameters(generator, message, panel):
    with pytest.raises(ValueError, match=message):
        generator.fit(*panel)
