"""Resampling keeps what both rates can hold, for any ratio, and takes the rate of a card."""

import doctest

import numpy as np
import pytest

from sktl.datasets import _resampling, resample
from sktl.datasets._readers import Skip
from sktl.datasets._resampling import cut_and_resample
from sktl.sources import Card, find_card


def tones(rate, seconds, *frequencies):
    times = np.arange(round(seconds * rate)) / rate
    return sum(np.sin(2 * np.pi * frequency * times) for frequency in frequencies)


@pytest.mark.parametrize(
    ("old", "new"), [(100, 20), (20, 100), (50, 12.5), (44.1, 48), (30, 29.97)]
)
def test_a_tone_is_the_tone_of_the_new_rate(old, new):
    slow = resample(tones(old, 40, 2), old, new)
    expected = tones(new, 40, 2)[: len(slow)]
    inside = slice(len(expected) // 10, -len(expected) // 10)
    np.testing.assert_allclose(slow[: len(expected)][inside], expected[inside], atol=0.01)


def test_what_the_new_rate_cannot_hold_is_removed():
    both = resample(tones(100, 40, 2, 31), 100, 20)  # 31 Hz would come back as 9 Hz
    inside = slice(100, -100)
    np.testing.assert_allclose(both[inside], tones(20, 40, 2)[inside], atol=0.01)


def test_panels_keep_their_kind_and_offset():
    X = np.full((2, 3, 100), 1e4, "float32") + np.arange(3, dtype="float32")[:, None]
    slow = resample(X, 50, 20)
    assert slow.dtype == np.float32
    assert slow.shape == (2, 3, 40)
    np.testing.assert_allclose(slow, X[..., :40], rtol=1e-5)
    assert resample(X, 50, 50) is X
    assert resample([[1, 2, 3, 4]], 1, 2).dtype == np.float64


def test_the_rate_of_a_card():
    X = np.zeros((1, 3, 100))
    assert resample(X, 100, find_card("STEAD-simulated", "TCN")).shape == (1, 3, 20)
    unknown = Card("mine", "TCN", "regression", 3, 100, 1)
    with pytest.raises(ValueError, match=r"give the rate in Hz. Received: to='mine'"):
        resample(X, 100, unknown)


@pytest.mark.parametrize(
    ("X", "rates", "error", "message"),
    [
        (np.zeros((2, 9)), (0, 10), ValueError, "from_hz must be a number above 0"),
        (np.zeros((2, 9)), (10, -1), ValueError, "to must be a number above 0"),
        (np.zeros((2, 9)), (10, "STEAD"), TypeError, "find_card.*Received: to='STEAD'"),
        (np.array([1.0, np.nan]), (10, 20), ValueError, "must be finite"),
        (np.ma.masked_equal([1.0, 2.0], 2.0), (10, 20), ValueError, "no gaps"),
        (np.zeros((2, 0)), (10, 20), ValueError, "time points"),
        (np.zeros(9), (1e9, 1), ValueError, "at least from_hz / 10,000"),
    ],
)
def test_what_cannot_be_resampled_is_refused(X, rates, error, message):
    with pytest.raises(error, match=message):
        resample(X, *rates)


def test_examples_run():
    result = doctest.testmod(_resampling)
    assert result.attempted
    assert not result.failed


@pytest.mark.parametrize("rate", [1e-300, 1e-9, 1e12])
def test_rates_that_no_recording_has_are_skipped(rate):
    with pytest.raises(Skip, match="sampling rate"):
        cut_and_resample(np.zeros((1, 50)), rate, 0, 10, 50.0)
