"""Figures of quality, on data of known quality and against what others computed."""

import numpy as np
import pytest

from sktl.synthesis import (
    ClassMeanGenerator,
    ResamplingGenerator,
    coverage,
    discriminative_score,
    mean_spectrum,
    novelty,
    quality,
    spectral_distance,
    train_on_synthetic,
)

from .conftest import make_panel


def noise(n, seed, shape=(1, 6)):
    return np.random.default_rng(seed).normal(size=(n, *shape))


def test_coverage_equals_that_of_prdc():
    """Values that ``compute_prdc`` of the authors' package prdc 0.2 gives for these points."""
    real, new = noise(40, 0), 0.7 * noise(30, 1) + 0.5
    assert coverage(real, new) == pytest.approx(PRDC[5], abs=1e-12)
    assert coverage(real * 1e6, new * 1e6, 3) == pytest.approx(PRDC[3], abs=1e-12)


PRDC = {5: (1.6266666666666667, 0.825), 3: (1.7, 0.6)}


def test_coverage_of_copies_and_of_a_collapse():
    X = noise(60, 0)
    assert coverage(X, X).coverage == 1
    assert coverage(X, np.repeat(X[:1], 60, axis=0)).coverage < 0.3
    assert coverage(X, X + 100) == (0, 0)
    with pytest.raises(ValueError, match="more real instances than n_neighbors"):
        coverage(X[:5], X)
    with pytest.raises(ValueError, match="same channels and time points"):
        coverage(X, X[:, :, :3])


@pytest.mark.slow
def test_discriminative_score_of_the_same_and_of_others():
    same = np.mean([discriminative_score(noise(60, k), noise(60, k + 50), random_state=k)
                    for k in range(5)])  # fmt: skip
    assert same < 0.12
    assert discriminative_score(noise(60, 0), 3 * noise(60, 1), random_state=0) > 0.3
    # Equal moments, another spectrum.
    smooth = np.repeat(noise(60, 2, (1, 16)), 2, axis=2)
    assert discriminative_score(noise(60, 3, (1, 32)), smooth, random_state=0) > 0.3
    with pytest.raises(ValueError, match=r"5 real and 5 generated series\. Received: 4"):
        discriminative_score(noise(4, 0), noise(60, 1))


def test_train_on_synthetic():
    X, y = make_panel(40)
    X_test, y_test = make_panel(40, seed=1)
    table = train_on_synthetic(X, y, X[::-1], y[::-1], X_test, y_test, random_state=0)
    assert table.loc["real", "f1_macro"] > 0.9
    shuffled = train_on_synthetic(X, y, X, np.roll(y, 1), X_test, y_test, random_state=0)
    assert shuffled.loc["synthetic", "accuracy"] < 0.1
    assert shuffled.loc["real"].equals(table.loc["real"])
    numbers = train_on_synthetic(X, X.mean(axis=(1, 2)), X, X.mean(axis=(1, 2)) + 10, X_test,
                                 X_test.mean(axis=(1, 2)), random_state=0)  # fmt: skip
    assert numbers.loc["synthetic", "mae"] == pytest.approx(10, abs=0.5)

    class Constant:
        def get_params(self, deep=True):
            return {}

        def fit(self, X, y):
            self.label = y[0]
            return self

        def predict(self, X):
            return np.full(len(X), self.label)

    given = train_on_synthetic(X, y, X[1:], y[1:], X_test, y_test, estimator=Constant())
    assert given["accuracy"].tolist() == [0.5, 0.5, 0.5]
    assert given["f1_macro"].iloc[0] == pytest.approx(1 / 3)


def test_spectra():
    X = noise(50, 0, (2, 32))
    np.testing.assert_allclose(spectral_distance(X, 2 * X), 20 * np.log10(2))
    assert spectral_distance(X, X + 7) == pytest.approx(0, abs=1e-9)  # the mean is no spectrum
    assert spectral_distance(X, np.zeros_like(X)) > 50
    # Parseval: power over all frequencies is the energy (frequencies between count twice).
    spectrum = mean_spectrum(X - X.mean(axis=2, keepdims=True))
    energy = (2 * spectrum[:, :-1].sum(axis=1) + spectrum[:, -1]) / 32
    np.testing.assert_allclose(energy, 32 * X.var(axis=2).mean(axis=0))
    X[:, 1] = 3
    assert spectral_distance(X, X) == 0
    assert np.isnan(spectral_distance(X[:, 1:], X[:, 1:]))
    assert np.isnan(spectral_distance(X[:, :, :1], X[:, :, :1]))


def test_novelty():
    X = noise(60, 0)
    assert novelty(X, X) == 0
    assert novelty(X, noise(60, 1)) == pytest.approx(1, abs=0.3)
    assert novelty(X, 100 * noise(60, 1)) > 10
    assert np.isnan(novelty(np.zeros((5, 1, 3)), X[:, :, :3]))


@pytest.mark.slow
def test_all_figures_tell_copies_from_noise():
    (X, y), (X_test, y_test) = make_panel(40), make_panel(40, seed=1)
    figures = {
        kind.__name__: quality(kind().fit(X, y), X, y, X_test, y_test, random_state=0)
        for kind in (ResamplingGenerator, ClassMeanGenerator)
    }
    copies, means = figures["ResamplingGenerator"], figures["ClassMeanGenerator"]
    assert copies["novelty"] < 1e-5 < 0.5 < means["novelty"]
    assert copies["spectrum_db"] < means["spectrum_db"]
    assert copies["TSTR"] == pytest.approx(copies["TRTR"], abs=0.1)
    assert copies["coverage"] > means["coverage"]
    assert means["discriminative"] > 0.3
    again = quality(ClassMeanGenerator().fit(X, y), X, y, X_test, y_test, random_state=0)
    assert again.equals(means)
