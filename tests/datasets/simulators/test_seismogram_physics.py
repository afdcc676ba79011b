"""The parts of the seismogram simulator against published numbers and other libraries."""

import numpy as np
import pytest
from scipy import signal

from sktl.datasets.simulators import _propagation, _source_model, _station

F = np.fft.rfftfreq(4096, 0.01)


def test_noise_models_have_the_values_of_obspy():
    # obspy 1.4, get_nlnm and get_nhnm, interpolated in log period
    periods = np.array([0.2, 0.5, 1.0, 2.0, 7.0, 10.0, 20.0, 50.0])
    low = [-166.7, -167.5, -166.4, -152.8, -153.45, -163.7, -173.39, -187.5]
    high = [-96.69, -115.12, -116.85, -107.06, -106.82, -115.79, -138.24, -134.51]
    np.testing.assert_allclose(_station.noise_model(1 / periods, "low"), low, atol=0.7)
    np.testing.assert_allclose(_station.noise_model(1 / periods, "high"), high, atol=0.7)
    with pytest.raises(ValueError, match="medium"):
        _station.noise_model(1 / periods, "medium")


@pytest.mark.parametrize("order", [1, 3, 4])
def test_band_pass_is_scipys_butterworth(order):
    ours = _station.band_pass(F[1:], np.array([1.0]), np.array([20.0]), order)[0]
    reference = np.ones(F.size - 1, dtype=complex)
    for corner, kind in ((1.0, "highpass"), (20.0, "lowpass")):
        b, a = signal.butter(order, 2 * np.pi * corner, kind, analog=True)
        reference *= signal.freqs(b, a, 2 * np.pi * F[1:])[1]
    np.testing.assert_allclose(np.abs(ours), np.abs(reference), rtol=1e-9)
    np.testing.assert_allclose(ours, reference, rtol=1e-6, atol=1e-12)


def test_instrument_and_recorder():
    response = np.abs(_station.instrument(F, np.array([1.0])))[0]
    assert response[0] == 0
    assert np.interp(1.0, F, response) == pytest.approx(0.707, abs=0.01)
    assert response[F > 20] == pytest.approx(1.0, abs=0.01)
    recorder = _station.anti_alias(F, np.array([40.0]))[0]
    assert (recorder[F < 15] > 0.98).all()
    assert (recorder[F > 20] < 1e-5).all()


def test_brune_spectrum():
    corner = np.array([2.0])
    spectrum = np.abs(_source_model.brune_pulse(F, corner))[0]
    np.testing.assert_allclose(spectrum, 1 / (1 + (F / 2.0) ** 2), rtol=1e-9)
    pulse = np.fft.irfft(_source_model.brune_pulse(F, corner)[0])
    assert np.abs(pulse[-1000:]).max() < 0.01 * pulse.max()  # nothing before time zero


def test_moments_and_corners():
    assert _source_model.seismic_moment(np.array([6.0]))[0] == pytest.approx(1.26e18, rel=0.01)
    np.testing.assert_allclose(_source_model.moment_magnitude(np.array([0.0, 3.0, 5.0])), [1, 3, 5])
    # Boore (2003): fc = 4.9e6 beta (stress/M0)^(1/3) in km/s, bar, dyne cm; 3 MPa = 30 bar
    expected = 4.9e6 * 3.5 * (30.0 / 1e22) ** (1 / 3)
    corner = _source_model.corner_frequency(np.array([1e15]), np.array([3e6]))[0]
    assert corner == pytest.approx(expected, rel=0.02)


def test_magnitudes_follow_gutenberg_and_richter():
    magnitudes = _source_model.draw_magnitudes(np.random.default_rng(0), 20000, 1.0, 9.0, 0.9)
    aki = np.log10(np.e) / (magnitudes.mean() - 1.0)  # Aki's (1965) maximum-likelihood estimate
    assert aki == pytest.approx(0.9, abs=0.02)
    assert magnitudes.min() >= 1.0


def test_radiation_has_the_mean_of_a_double_couple():
    pattern = _source_model.draw_radiation(np.random.default_rng(0), 50000)
    mean_square = (pattern**2).mean(1)
    np.testing.assert_allclose(mean_square, [4 / 15, 0.2, 0.2], rtol=0.03)


def test_travel_times():
    degree = _propagation.KM_PER_DEGREE
    distance = np.array([10.0, 100.0, 50 * degree, 90 * degree])
    p, s = _propagation.travel_times(distance, np.full(4, 10.0), np.full(4, 6.0), np.full(4, 1.73))
    # obspy.taup, ak135, source at 15 km
    np.testing.assert_allclose(p[2:], [533.6, 778.9])
    np.testing.assert_allclose(s[2:], [963.8, 1409.2])
    assert p[0] == pytest.approx(np.hypot(10, 10) / 6.0)
    assert s[1] / p[1] == pytest.approx(1.73)
    regional = np.linspace(50, 1000, 100)
    p, _ = _propagation.travel_times(regional, np.full(100, 10.0), np.full(100, 6.1), np.ones(100))
    assert (np.diff(p) > 0).all()


def test_spreading_is_spherical_then_cylindrical_then_that_of_body_waves():
    r = np.array([10.0, 20.0, 100.0, 400 / 2])
    spread = _propagation.spreading_distance(r, np.full(4, 60.0))
    assert spread[1] / spread[0] == pytest.approx(2.0)
    assert spread[3] / spread[2] == pytest.approx(np.sqrt(2.0))
    # P of magnitude 6 at 60 degrees moves the ground by about 0.16 micrometres at 1 s (m_b = 6,
    # Q = 6.8): Gutenberg and Richter (1956).
    far = np.array([60.0]) * _propagation.KM_PER_DEGREE
    metres = _propagation.spreading_distance(far, np.array([60.0])) * 1e3
    moment = _source_model.seismic_moment(np.array([6.0]))
    corner = _source_model.corner_frequency(moment, np.array([3e6])) * 1.5
    displacement = 2 * 0.52 * moment / (4 * np.pi * 2800 * 6100.0**3 * metres)
    pulse = np.fft.irfft(
        _source_model.brune_pulse(F, corner)[0]
        * _propagation.attenuation(F, np.array([0.6]), np.zeros(1), np.array([0.04]))[0]
        * _station.instrument(F, np.array([1.0]))[0]
    )
    micrometres = 1e6 * displacement[0] * np.abs(pulse).max() * 100.0
    assert 0.08 < micrometres < 0.32


def test_attenuation_is_causal_and_absorbs():
    spectrum = _propagation.attenuation(F, np.array([0.1]), np.array([0.0]), np.array([0.04]))[0]
    np.testing.assert_allclose(np.abs(spectrum[1:]), np.exp(-np.pi * F[1:] * 0.14), rtol=1e-9)
    pulse = np.fft.irfft(spectrum)
    early = np.abs(pulse[-1024:]).max()
    assert early < 0.02 * pulse.max()


def test_coda_decays_as_its_quality_factor_says():
    elapsed = np.linspace(-5, 80, 4000)[None].astype(np.float32)
    envelope = _propagation.coda_envelope(
        elapsed, np.array([1e9]), 2.0, np.array([100.0]), np.array([0.5]), np.array([0.1])
    )[0]
    assert (envelope**2).sum() == pytest.approx(1.0, rel=1e-4)
    assert (envelope[elapsed[0] < 0] == 0).all()
    late = elapsed[0] > 10
    slope = np.polyfit(elapsed[0][late], np.log(envelope[late]), 1)[0]
    assert slope == pytest.approx(-np.pi * 2.0**0.5 / 100.0, rel=0.01)


def test_simulated_noise_has_the_spectrum_asked_for():
    # an event too small to be seen leaves the noise of the station alone
    from sktl.datasets.simulators import simulate_len_db

    n = 150
    given = {"magnitude": np.full(n, -5.0), "distance_km": np.full(n, 100.0)}
    X, _ = simulate_len_db(n, 0, n_timepoints=1200, catalogue=given)
    f, power = signal.welch(X[:, 0], 20.0, nperseg=256)
    band = (f > 0.5) & (f < 4.0)
    decibel = 10 * np.log10(power[:, band] * (2 * np.pi * f[band]) ** 2)
    low, high = (_station.noise_model(f[band], which) for which in ("low", "high"))
    level = ((np.median(decibel, axis=0) - low) / (high - low)).mean()
    assert level == pytest.approx(4.0 / 8.5, abs=0.12)
