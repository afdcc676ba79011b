"""The convolutional model against closed forms and against other code."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.signal import convolve

from sktl.datasets.forward_model import (
    depth_to_time,
    gardner_density,
    reflectivity,
    ricker,
    synthetic_traces,
)


def test_ricker_has_its_peak_frequency_and_no_mean():
    wavelet = ricker(30.0, 0.001)
    assert len(wavelet) % 2 == 1
    assert wavelet.argmax() == len(wavelet) // 2
    assert wavelet.max() == 1
    spectrum = np.abs(np.fft.rfft(wavelet, 2**14))
    assert np.fft.rfftfreq(2**14, 0.001)[spectrum.argmax()] == pytest.approx(30, abs=0.2)
    # Integral of (1 - 2 p) exp(-p), p = (pi f t)^2, is zero.
    exact, _ = quad(lambda t: (1 - 2 * (94.25 * t) ** 2) * np.exp(-((94.25 * t) ** 2)), -1, 1)
    assert wavelet.sum() * 0.001 == pytest.approx(exact, abs=1e-4)
    with pytest.raises(ValueError, match="frequency_hz=500"):
        ricker(500, 0.001)


def test_traces_are_the_convolution_of_the_reflectivity():
    rng = np.random.default_rng(0)
    impedance = np.exp(rng.normal(15, 0.2, (4, 300)))
    wavelet = ricker(25, 0.004)
    traces = synthetic_traces(impedance, wavelet)
    for row, trace in zip(impedance, traces, strict=True):
        coefficients = np.diff(row) / (row[1:] + row[:-1])
        expected = convolve(np.concatenate([[0], coefficients]), wavelet, mode="same")
        np.testing.assert_allclose(trace, expected, atol=1e-6)


def test_noise_is_a_share_of_the_section():
    impedance = np.exp(np.random.default_rng(0).normal(15, 0.2, (50, 400)))
    clean = synthetic_traces(impedance, ricker(25, 0.004))
    noisy = synthetic_traces(impedance, ricker(25, 0.004), noise=0.2, random_state=1)
    assert (noisy - clean).std() == pytest.approx(0.2 * clean.std(), rel=0.02)
    again = synthetic_traces(impedance, ricker(25, 0.004), noise=0.2, random_state=1)
    np.testing.assert_array_equal(noisy, again)


def test_wrong_arguments():
    for bad in (0.0, np.nan):
        with pytest.raises(ValueError, match=r"positive and finite. Received: 1 values"):
            reflectivity([1.0, bad])
    for bad in (np.zeros(3), np.array([1.0, np.nan, 1.0])):
        with pytest.raises(ValueError, match="finite and not all zero"):
            synthetic_traces(np.ones((1, 9)), bad)
    with pytest.raises(ValueError, match="dt_s=0"):
        ricker(25, 0)
    with pytest.raises(ValueError, match="odd"):
        synthetic_traces(np.ones((1, 9)), np.ones(4))
    with pytest.raises(ValueError, match="noise=-1"):
        synthetic_traces(np.ones((1, 9)), np.ones(3), noise=-1)
    with pytest.raises(ValueError, match="one shape"):
        depth_to_time(np.ones((1, 3)), np.ones((1, 4)), 1, 1)


def test_depth_to_time_with_constant_and_with_two_velocities():
    depths = np.arange(201.0)[None]
    vp = np.full((1, 201), 2000.0)
    resampled = depth_to_time(depths, vp, dz_m=1.0, dt_s=0.01)
    # In 0.01 s of two-way time a wave at 2000 m/s goes 10 m down.
    np.testing.assert_allclose(resampled, np.arange(0, 201, 10.0)[None])
    both = np.vstack([vp, 2 * vp])
    assert depth_to_time(np.vstack([depths, depths]), both, 1.0, 0.01).shape == (2, 11)
    with pytest.raises(ValueError, match="at most 11"):
        depth_to_time(np.vstack([depths, depths]), both, 1.0, 0.01, n_samples=12)


def test_gardner_against_his_own_units():
    # rho [g/cm3] = 0.23 * v [ft/s] ** 0.25
    vp = np.array([2000.0, 3500.0, 5000.0])
    expected = 1000 * 0.23 * (vp / 0.3048) ** 0.25
    np.testing.assert_allclose(gardner_density(vp), expected, rtol=0.005)
