"""Three-component seismograms of many earthquakes at once, by the stochastic method.

The Fourier spectrum of each wave is set by physics, its phase is random within an envelope
(Boore 2003, Pure Appl. Geophys. 160, 635-676), here with a sharp polarised onset, scattered waves
that decay by frequency band, and a recorder.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft

from sktl.datasets.simulators import _propagation, _source_model, _station

Parameters = dict[str, np.ndarray]

#: Seconds simulated before and after the window, so that filters have settled.
PAD_BEFORE, PAD_AFTER = 15.0, 10.0
#: How much scattered energy swells: standard deviation of the log amplitude.
_SWELL = 0.4


@dataclass(frozen=True)
class Ground:
    """What the ground below stations does: amplification, and the character of its noise."""

    amplification: np.ndarray
    noise: tuple[np.ndarray, np.ndarray]


def draw_ground(rng: np.random.Generator, size: int, rate: float, n_timepoints: int) -> Ground:
    """Draw the ground of ``size`` stations."""
    frequencies, _ = fft_frequencies(rate, n_timepoints)
    return Ground(
        _station.site_amplification(rng, size, frequencies),
        _station.noise_character(rng, size, frequencies),
    )


def path_spectra(
    given: Mapping[str, np.ndarray], frequencies: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Spectra of the ground velocity of P and of S, before site and radiation pattern.

    Parameters
    ----------
    given : mapping of str to numpy.ndarray of shape (n_instances,)
        ``moment``, ``corner``, ``spreading_km``, ``p_velocity``, ``vp_vs``, ``p_time``,
        ``s_time``, ``q``, ``q_exponent``, ``qp_qs``, ``kappa``, ``distance_km``.
    frequencies : numpy.ndarray of shape (n_frequencies,)
        Hz, the first one zero.

    Returns
    -------
    tuple of two numpy.ndarray of shape (n_instances, n_frequencies), complex
        m/s per Hz; the free surface doubles both.
    """
    far = given["distance_km"] > 3.0 * _propagation.KM_PER_DEGREE
    spectra = []
    for wave in "PS":
        speed = given["p_velocity"] * 1000.0 / (given["vp_vs"] if wave == "S" else 1.0)
        # P has the higher corner (Madariaga 1976) and is absorbed less.
        corner = given["corner"] * (1.5 if wave == "P" else 1.0)
        travel = given["s_time"] if wave == "S" else given["p_time"]
        t_star = travel / given["q"] / (given["qp_qs"] if wave == "P" else 1.0)
        deep = _propagation.teleseismic_t_star(given["distance_km"]) * given["q_ratio"]
        t_star = np.where(far, deep * (4.0 if wave == "S" else 1.0), t_star)
        exponent = np.where(far, 0.15, given["q_exponent"])
        kappa = given["kappa"] / (1.0 if wave == "S" else 1.2)
        level = 2.0 * given["moment"] / (4.0 * np.pi * _source_model.DENSITY * speed**3)
        level = level / (given["spreading_km"] * 1000.0)
        spectrum = _source_model.brune_pulse(frequencies, corner)
        spectrum *= _propagation.attenuation(frequencies, t_star, exponent, kappa)
        spectrum *= level[:, None] * (2j * np.pi * frequencies)
        spectra.append(spectrum)
    return spectra[0], spectra[1]


def predicted_snr(given: Mapping[str, np.ndarray]) -> np.ndarray:
    """Expected signal-to-noise ratio in dB in the best of six octaves, to pre-select records.

    The power of the stronger wave within 10 s against the station's noise; windows of far
    events hold no S wave.
    """
    f = np.array([0.0, 0.3, 0.7, 1.5, 3.0, 6.0, 12.0])
    p, s = path_spectra(given, f)
    p, s = np.abs(p[:, 1:]) * 0.4, np.abs(s[:, 1:]) * 0.6
    signal = np.where((given["s_time"] - given["p_time"] < 40.0)[:, None], np.maximum(p, s), p)
    low, high = _station.noise_model(f[1:], "low"), _station.noise_model(f[1:], "high")
    noise = low + given["noise_level"][:, None] * (high - low) - 20.0 * np.log10(2 * np.pi * f[1:])
    return (20.0 * np.log10(signal) - 10.0 - noise).max(1)


def _scattered(
    rng: np.random.Generator,
    given: Mapping[str, np.ndarray],
    elapsed: np.ndarray,
    frequencies: np.ndarray,
    wave: str,
) -> np.ndarray:
    """Spectra (n_instances, 3, n_frequencies) of scattered waves of unit energy in all bands."""
    centres = 0.5 * 4.0 ** np.arange(np.ceil(np.log(2.0 * frequencies[-1]) / np.log(4.0)))
    octave = np.log(np.maximum(frequencies, 1e-3) / 0.5) / np.log(4.0)
    octave = np.clip(octave, 0, len(centres) - 1)
    noise = rng.standard_normal((len(elapsed), 3, elapsed.shape[1]), dtype=np.float32)
    # Scatterers cluster: energy comes in swells of a few seconds, common to the components.
    swells = max(round(elapsed.shape[1] * float(elapsed[0, 1] - elapsed[0, 0]) / 3.0), 2)
    swell = _slow_curves(rng, len(elapsed), elapsed.shape[1], swells)
    noise *= np.exp(_SWELL * swell - _SWELL**2)
    total = np.zeros((len(elapsed), 3, frequencies.size), dtype=np.complex64)
    travel = given["s_time"] if wave == "S" else given["p_time"]
    forward = _decaying(elapsed, given["duration"])
    share = given[f"{wave}_forward"][:, None]
    for band, centre in enumerate(centres):
        weight = np.sqrt(np.maximum(1.0 - np.abs(octave - band), 0.0)).astype(np.float32)
        quality = given["coda_q"]
        envelope = _propagation.coda_envelope(
            elapsed, travel, centre, quality, given["coda_exponent"], given[f"{wave}_rise"]
        )
        envelope = np.sqrt(share * forward**2 + (1.0 - share) * envelope**2).astype(np.float32)
        total += weight * rfft(noise * envelope[:, None], axis=-1)
    return total


def _decaying(elapsed: np.ndarray, duration: np.ndarray) -> np.ndarray:
    """Envelope of unit energy of waves scattered forward, late by the given time on average."""
    envelope = np.exp(-np.maximum(elapsed, 0.0) / duration[:, None]) * (elapsed >= 0)
    return _propagation.unit_energy(envelope.astype(np.float32))


def _direct(
    rng: np.random.Generator,
    given: Mapping[str, np.ndarray],
    elapsed: np.ndarray,
    arrival: np.ndarray,
    frequencies: np.ndarray,
    wave: str,
) -> np.ndarray:
    """Spectrum (n_instances, n_frequencies) of a direct wave: a spike and its multipathing."""
    envelope = np.where(
        elapsed >= 0, np.exp(-np.maximum(elapsed, 0) / given["duration"][:, None]), 0
    )
    envelope = _propagation.unit_energy(envelope.astype(np.float32))
    noise = rfft(envelope * rng.standard_normal(envelope.shape, dtype=np.float32), axis=-1)
    spike = np.exp(-2j * np.pi * frequencies * arrival[:, None])
    if wave == "P":  # reflections at the surface above a deep, far source
        delay = given["depth_phase_s"][:, None]
        echo = -0.6 * np.exp(-2j * np.pi * frequencies * delay) + 0.5 * np.exp(
            -2j * np.pi * frequencies * delay * 1.42
        )
        spike *= 1.0 + np.where(delay > 0, echo, 0.0)
    coherence = given["coherence"][:, None]
    return (np.sqrt(coherence) * spike + np.sqrt(1.0 - coherence) * noise).astype(np.complex64)


def synthesise(
    rng: np.random.Generator,
    given: Parameters,
    rate: float,
    n_timepoints: int,
    ground: Ground | None = None,
) -> np.ndarray:
    """Simulate the recordings of earthquakes.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    given : dict of str to numpy.ndarray of shape (n_instances,)
        What :func:`path_spectra` reads, and ``radiation`` (shape (3, n_instances)), ``lead_s`` (P
        arrival in the window), ``azimuth``, ``incidence``, ``p_direct`` and ``s_direct`` (share
        of the direct wave's energy), ``P_forward`` and ``S_forward`` (share of forward
        scattering in the rest), ``coherence``, ``duration``, ``depth_phase_s``, ``coda_q``,
        ``coda_exponent``, ``P_rise``, ``S_rise``, ``noise_level``, ``sensor_corner``,
        ``native_rate``, ``gain``, ``band_low``, ``band_high``.
    rate : float
        Hz.
    n_timepoints : int
        Samples in the window.
    ground : Ground, optional
        The ground of one station for all records; random by default.

    Returns
    -------
    numpy.ndarray of shape (n_instances, 3, n_before + n_timepoints), float32
        East, north, vertical; ``PAD_BEFORE`` seconds of noise lead the window.
    """
    n_before = round(PAD_BEFORE * rate)
    frequencies, n_fft = fft_frequencies(rate, n_timepoints)
    time = (np.arange(n_fft, dtype=np.float32) - n_before) / np.float32(rate)
    arrival_p = given["lead_s"]
    arrival_s = arrival_p + given["s_time"] - given["p_time"]
    p_spectrum, s_spectrum = (
        (rate * spectrum).astype(np.complex64) for spectrum in path_spectra(given, frequencies)
    )
    radiation = given["radiation"].astype(np.float32)[:, :, None]
    sine, cosine = np.sin(given["azimuth"]), np.cos(given["azimuth"])
    steep, flat = np.cos(given["incidence"]), np.sin(given["incidence"])

    def directed(wave: np.ndarray, east: np.ndarray, north: np.ndarray, up: np.ndarray):
        axes = np.stack([east, north, up], axis=1).astype(np.float32)
        return axes[:, :, None] * wave[:, None, :]

    elapsed = time - arrival_p[:, None].astype(np.float32)
    wave = _direct(rng, given, elapsed, arrival_p + n_before / rate, frequencies, "P")
    wave *= np.sqrt(given["p_direct"])[:, None].astype(np.float32)
    motion = directed(wave, flat * sine, flat * cosine, steep)
    scattered = _scattered(rng, given, elapsed, frequencies, "P")
    scattered *= np.array([0.45, 0.45, 0.77], dtype=np.float32)[:, None]
    motion += scattered * np.sqrt(1.0 - given["p_direct"])[:, None, None].astype(np.float32)
    motion *= (radiation[0] * p_spectrum)[:, None]

    elapsed = time - arrival_s[:, None].astype(np.float32)
    arrival = arrival_s + n_before / rate
    sv = radiation[1] * _direct(rng, given, elapsed, arrival, frequencies, "S")
    sh = radiation[2] * _direct(rng, given, elapsed, arrival, frequencies, "S")
    shear = directed(sv, steep * sine, steep * cosine, flat) + directed(sh, cosine, -sine, 0 * sine)
    shear *= np.sqrt(given["s_direct"])[:, None, None].astype(np.float32)
    scattered = _scattered(rng, given, elapsed, frequencies, "S")
    scattered *= np.array([0.60, 0.60, 0.53], dtype=np.float32)[:, None]
    scattered *= np.hypot(radiation[1], radiation[2])[:, None]
    shear += scattered * np.sqrt(1.0 - given["s_direct"])[:, None, None].astype(np.float32)
    motion += shear * s_spectrum[:, None]

    if ground is None:
        ground = draw_ground(rng, len(elapsed), rate, n_timepoints)
    motion *= ground.amplification
    # The layers that amplify the waves amplify in part the noise as well.
    noise = _station.noise_amplitude(frequencies, given["noise_level"], ground.noise)
    noise *= np.sqrt(ground.amplification)
    phases = rng.standard_normal((2, *motion.shape), dtype=np.float32)
    noise = noise * (phases[0] + 1j * phases[1]) * np.float32(0.5 * np.sqrt(rate * n_fft))
    recorder = _station.instrument(frequencies, given["sensor_corner"])
    recorder = recorder * _station.anti_alias(frequencies, given["native_rate"])
    recorder = recorder * _station.band_pass(
        frequencies, given.get("band_low"), given.get("band_high"), order=4
    )
    recorder = (recorder * given["gain"][:, None]).astype(np.complex64)[:, None]
    swell = np.exp(0.15 * _slow_curves(rng, len(elapsed), n_fft, 9))
    record = irfft(motion * recorder, n_fft) + swell * irfft(noise * recorder, n_fft)
    return record[..., : n_before + n_timepoints].astype(np.float32)


def fft_frequencies(rate: float, n_timepoints: int) -> tuple[np.ndarray, int]:
    """Frequencies (Hz) and length of the transform that a window of this size needs."""
    n_fft = next_fast_len(n_timepoints + round((PAD_BEFORE + PAD_AFTER) * rate), real=True)
    return np.fft.rfftfreq(n_fft, 1.0 / rate), n_fft


def _slow_curves(
    rng: np.random.Generator, size: int, n_timepoints: int, n_swells: int
) -> np.ndarray:
    """Random curves (size, 1, n_timepoints), straight between values of unit deviation."""
    knots = rng.standard_normal((size, n_swells + 1)).astype(np.float32)
    position = np.linspace(0.0, n_swells - 1e-3, n_timepoints)
    whole = position.astype(int)
    part = (position - whole).astype(np.float32)
    return (knots[:, whole] * (1 - part) + knots[:, whole + 1] * part)[:, None]
