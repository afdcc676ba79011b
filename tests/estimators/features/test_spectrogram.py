"""Spectrograms against scipy's, and what the three forms are blind to."""

import numpy as np
import pytest
from scipy.signal import ShortTimeFFT

from sktl.estimators.features.spectrogram import (
    FORMS,
    N_TIMES,
    SILENCE,
    SpectrogramBlock,
    _spectrogram,
)


def table_of(X, form):
    return SpectrogramBlock(form).fit(X).transform(X)


def words(silence_before, stretched=1, length=2048):
    """A rising tone after silence: one instance."""
    t = np.linspace(0, 1, 600 * stretched)
    phase = np.cumsum(0.3 + 1.5 * t)
    X = np.zeros((1, 1, length))
    X[0, 0, silence_before : silence_before + len(t)] = np.sin(phase) * np.hanning(len(t))
    return X + 1e-3 * np.random.default_rng(0).normal(size=X.shape)


def test_powers_are_those_of_scipy():
    X = np.random.default_rng(0).normal(size=(2, 3, 64))
    levels = _spectrogram(X, 8)
    own = ShortTimeFFT(np.hanning(10)[1:-1], hop=4, fs=1.0)
    inside = slice(own.lower_border_end[1], own.upper_border_begin(64)[1])
    power = own.spectrogram(X)[..., inside]
    expected = np.stack([power[:, :, 1], power[:, :, 2], power[:, :, 3:].mean(axis=2)], axis=3)
    expected = expected / expected.mean(axis=(1, 2, 3), keepdims=True)
    np.testing.assert_allclose(levels, np.log(expected + SILENCE))


@pytest.mark.parametrize("form", FORMS)
def test_amplitudes_and_offsets_do_not_matter(form):
    X = np.random.default_rng(0).normal(size=(3, 2, 200))
    np.testing.assert_allclose(table_of(1000 * X + 7, form), table_of(X, form), rtol=1e-4)


def test_a_tone_is_loudest_in_its_band_at_its_time():
    X = np.full((1, 1, 512), 0.0)
    X[0, 0, 256:] = np.sin(2 * np.pi * np.arange(256) / 4)
    block = SpectrogramBlock("times").fit(X)
    assert block.windows_ == [8, 16, 32]
    means = block.transform(X)[0, : N_TIMES * 3].reshape(N_TIMES, 3)
    assert (means.argmax(axis=1)[-5:] == 1).all()  # of the bands at 1/8, 2/8 and above
    assert means[:5].max() < means[-5:, 1].min() - 5


def test_delays_and_speed_matter_least_to_the_aligned_form():
    early, late, slow = words(100), words(1000), words(100, stretched=2)

    def change(form, other):
        X = np.concatenate([early, other, words(100)[:, :, ::-1]])
        rows = table_of(X, form)
        return np.linalg.norm(rows[1] - rows[0]) / np.linalg.norm(rows[2] - rows[0])

    assert change("aligned", late) < 0.3 * change("times", late)
    assert change("aligned", slow) < 0.5 * change("times", slow)


def test_order_does_not_matter_to_statistics():
    X = np.random.default_rng(0).normal(size=(1, 1, 512))
    X[:, :, 256:] *= 20
    swapped = np.roll(X, 256, axis=2)
    rows = {form: table_of(np.concatenate([X, swapped]), form) for form in FORMS}
    distance = {form: np.abs(r[1] - r[0]).mean() for form, r in rows.items()}
    assert distance["statistics"] < 0.2 * distance["times"]


@pytest.mark.parametrize("form", FORMS)
def test_constant_and_unequal_series_have_finite_rows(form):
    X = np.random.default_rng(0).normal(size=(3, 2, 400))
    X[0], X[1] = 0.1, 0.0
    rows = table_of(X, form)
    assert np.isfinite(rows).all()
    np.testing.assert_array_equal(rows[0], rows[1])
    for length in (300, 20, 1):
        X[1, :, length:] = np.nan
        block = SpectrogramBlock(form).fit(X)
        rows = block.transform(X)
        assert np.isfinite(rows).all()
        np.testing.assert_allclose(rows[1], block.transform(X[1:2, :, :length])[0])


def test_many_channels_have_fewer_bands_and_windows():
    def width(n_channels):
        return table_of(np.zeros((1, n_channels, 2000)), "times").shape[1]

    assert width(4) == 4 * width(1)
    assert width(20) < 15 * width(1)
    assert width(128) < 15 * width(1)


def test_short_series_and_unknown_forms_are_refused():
    with pytest.raises(ValueError, match=r"at least 32 time points\. Received: 31"):
        SpectrogramBlock().fit(np.zeros((2, 1, 31)))
    with pytest.raises(ValueError, match="form must be"):
        SpectrogramBlock("mel")
