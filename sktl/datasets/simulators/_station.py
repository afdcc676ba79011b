"""What the station adds: ground noise, site, instrument, recorder."""

from __future__ import annotations

import numpy as np

# Peterson (1993), USGS Open-File Report 93-322, tables 3 and 4: power of ground acceleration is
# A + B log10(period) in dB relative to 1 (m/s^2)^2/Hz, from each period to the next.
_LOW_NOISE = np.array(
    [
        (0.10, -162.36, 5.64), (0.17, -166.70, 0.00), (0.40, -170.00, -8.30),
        (0.80, -166.40, 28.90), (1.24, -168.60, 52.48), (2.40, -159.98, 29.81),
        (4.30, -141.10, 0.00), (5.00, -71.36, -99.77), (6.00, -97.26, -66.49),
        (10.00, -132.18, -31.57), (12.00, -205.27, 36.16), (15.60, -37.65, -104.33),
        (21.90, -114.37, -47.10), (31.60, -160.58, -16.28), (45.00, -187.50, 0.00),
        (70.00, -216.47, 15.70), (101.00, -185.00, 0.00), (154.00, -168.34, -7.61),
    ]
)  # fmt: skip
_HIGH_NOISE = np.array(
    [
        (0.10, -108.73, -17.23), (0.22, -150.34, -80.50), (0.32, -122.31, -23.87),
        (0.80, -116.85, 32.51), (3.80, -108.48, 18.08), (4.60, -74.66, -32.95),
        (6.30, 0.66, -127.18), (7.90, -93.37, -22.42), (15.40, 73.54, -162.98),
        (20.00, -151.52, 10.01),
    ]
)  # fmt: skip


def noise_model(frequencies: np.ndarray, which: str) -> np.ndarray:
    """Peterson's low or high noise model.

    Parameters
    ----------
    frequencies : numpy.ndarray
        Hz; below 1/328 Hz and above 10 Hz the models' ends are held.
    which : {"low", "high"}
        NLNM or NHNM.

    Returns
    -------
    numpy.ndarray
        Power of ground acceleration, dB relative to 1 (m/s^2)^2/Hz.

    Raises
    ------
    ValueError
        If ``which`` is neither.
    """
    if which not in ("low", "high"):
        raise ValueError(f"which must be 'low' or 'high'. Received: which={which!r}")
    table = _LOW_NOISE if which == "low" else _HIGH_NOISE
    period = np.clip(1.0 / np.maximum(frequencies, 1e-9), 0.1, 328.0)
    row = np.searchsorted(table[:, 0], period * (1 + 1e-12), side="right") - 1
    return table[row, 1] + table[row, 2] * np.log10(period)


def smooth_curves(
    rng: np.random.Generator, size: tuple[int, ...], frequencies: np.ndarray, spread: float
) -> np.ndarray:
    """Random curves, smooth over an octave of frequency, of mean 0 and the given deviation.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    size : tuple of int
        Leading shape of the result.
    frequencies : numpy.ndarray of shape (n_frequencies,)
        Hz.
    spread : float
        Standard deviation.

    Returns
    -------
    numpy.ndarray of shape (*size, n_frequencies), float32
        The curves.
    """
    octaves = np.log2(np.maximum(frequencies, 0.01))
    knots = np.arange(-7.0, 7.01, 0.75)
    basis = np.exp(-0.5 * ((octaves[None, :] - knots[:, None]) / 0.6) ** 2)
    basis /= np.sqrt((basis**2).sum(0))
    return rng.normal(0.0, spread, (*size, knots.size)).astype(np.float32) @ basis.astype(
        np.float32
    )


def noise_character(
    rng: np.random.Generator, size: int, frequencies: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """How the noise of each station departs from a mean of Peterson's models.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    size : int
        Number of stations.
    frequencies : numpy.ndarray of shape (n_frequencies,)
        Hz.

    Returns
    -------
    departure : numpy.ndarray of shape (size, 3, n_frequencies), float32
        To be added to the level, of which 0 is the low and 1 the high noise model.
    decibel : numpy.ndarray of shape (size, 1, n_frequencies)
        Loss above 4 to 20 Hz: the models end at 10 Hz, traffic and wind before or there.
    """
    departure = smooth_curves(rng, (size, 1), frequencies, 0.08)
    fall = rng.uniform(4.0, 20.0, (size, 1, 1))
    return (
        departure + smooth_curves(rng, (size, 3), frequencies, 0.03),
        -10.0 * np.log10(1.0 + (frequencies / fall) ** 4),
    )


def noise_amplitude(
    frequencies: np.ndarray, level: np.ndarray, character: tuple[np.ndarray, np.ndarray]
) -> np.ndarray:
    """Amplitude spectral density of the ground velocity at rest.

    Parameters
    ----------
    frequencies : numpy.ndarray of shape (n_frequencies,)
        Hz.
    level : numpy.ndarray of shape (n_instances,)
        0 at the low, 1 at the high noise model.
    character : tuple
        Of :func:`noise_character`.

    Returns
    -------
    numpy.ndarray of shape (n_instances, 3, n_frequencies), float32
        Square root of the one-sided power spectral density, (m/s)/sqrt(Hz).
    """
    low, high = noise_model(frequencies, "low"), noise_model(frequencies, "high")
    departure, decibel = character
    acceleration = low + (level[:, None, None] + departure) * (high - low) + decibel
    velocity = acceleration - 20.0 * np.log10(2.0 * np.pi * np.maximum(frequencies, 0.005))
    return (10.0 ** (velocity / 20.0)).astype(np.float32)


def site_amplification(rng: np.random.Generator, size: int, frequencies: np.ndarray) -> np.ndarray:
    """Amplification by the layers below the station, random from station to station.

    Rises to about 2 above 2 Hz on the horizontal components (generic rock: Boore and
    Joyner 1997, Bull. Seismol. Soc. Am. 87, 327-341), to 1.3 on the vertical one, with
    resonances of about a factor 1.6 that the components share in part.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    size : int
        Number of stations.
    frequencies : numpy.ndarray of shape (n_frequencies,)
        Hz.

    Returns
    -------
    numpy.ndarray of shape (size, 3, n_frequencies), float32
        Factors for east, north, vertical.
    """
    rise = 1.0 / (1.0 + (0.7 / np.maximum(frequencies, 1e-3)) ** 1.5)
    strength = np.array([0.24, 0.24, 0.14])[None, :, None]
    strength = strength * np.exp(rng.normal(0.0, 0.4, (size, 1, 1)))
    horizontal = smooth_curves(rng, (size, 1), frequencies, 0.24)
    vertical = smooth_curves(rng, (size, 1), frequencies, 0.14)
    own = smooth_curves(rng, (size, 3), frequencies, 0.08)
    vertical = 0.6 * horizontal + vertical
    curves = np.concatenate([horizontal, horizontal, vertical], axis=1) + own
    # Waves much longer than the layers are thick pass unchanged.
    return (10.0 ** (rise * (strength + curves))).astype(np.float32)


def instrument(frequencies: np.ndarray, corner: np.ndarray) -> np.ndarray:
    """Response of a velocity sensor: flat above its corner, a damped pendulum below.

    Parameters
    ----------
    frequencies : numpy.ndarray of shape (n_frequencies,)
        Hz.
    corner : numpy.ndarray of shape (n_instances,)
        Natural frequency, Hz (1/120 for a broadband sensor, 1 for a short-period one).

    Returns
    -------
    numpy.ndarray of shape (n_instances, n_frequencies), complex64
        The response, one at high frequency.
    """
    ratio = 1j * frequencies[None, :] / corner[:, None]
    return (ratio**2 / (ratio**2 + 1.414 * ratio + 1.0)).astype(np.complex64)


def anti_alias(frequencies: np.ndarray, native_rate: np.ndarray) -> np.ndarray:
    """Modulus of the recorder's steep (linear-phase) low-pass filter.

    Parameters
    ----------
    frequencies : numpy.ndarray of shape (n_frequencies,)
        Hz.
    native_rate : numpy.ndarray of shape (n_instances,)
        Rate at which the station digitised, Hz.

    Returns
    -------
    numpy.ndarray of shape (n_instances, n_frequencies), float32
        One up to 0.8 of the Nyquist frequency, 1e-4 at 0.95 of it.
    """
    nyquist = frequencies[None, :] / (native_rate[:, None] / 2.0)
    return (1.0 / (1.0 + (nyquist / 0.86) ** 90.0)).astype(np.float32)


def band_pass(
    frequencies: np.ndarray, low: np.ndarray | None, high: np.ndarray | None, order: int
) -> np.ndarray:
    """Response of a causal Butterworth band-pass filter.

    Parameters
    ----------
    frequencies : numpy.ndarray of shape (n_frequencies,)
        Hz.
    low, high : numpy.ndarray of shape (n_instances,) or None
        Corners, Hz; None leaves that side open.
    order : int
        Number of poles at each corner.

    Returns
    -------
    numpy.ndarray of shape (n_instances, n_frequencies), complex
        The response.
    """
    poles = np.exp(1j * np.pi * (2.0 * np.arange(1, order + 1) + order - 1.0) / (2.0 * order))
    response = np.ones((1, frequencies.size), dtype=complex)
    f = np.maximum(frequencies, 1e-6)[None, :]
    for pole in poles:
        if high is not None:
            response = response / (1j * f / high[:, None] - pole)
        if low is not None:
            response = response / (-1j * low[:, None] / f - pole)
    return response
