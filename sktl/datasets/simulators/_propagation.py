"""From the source to the station: travel times, spreading, attenuation, scattering."""

from __future__ import annotations

import numpy as np

KM_PER_DEGREE = 111.19

# First arrivals of ak135 for a source at 15 km depth (Kennett, Engdahl and Buland 1995,
# Geophys. J. Int. 122, 108-124): distance in degrees, P and S in seconds.
_DEGREES = np.array([1.5, 2, 3, 4, 5, 7, 10, 13, 16, 20, 25, 30, 40, 50, 60, 70, 80, 90, 98])
_P_SECONDS = np.array(
    [
        26.4, 33.2, 47.0, 60.7, 74.5, 101.9, 143.1, 184.1, 224.5, 272.0,
        323.1, 368.0, 454.1, 533.6, 605.9, 670.9, 728.7, 778.9, 815.6,
    ]
)  # fmt: skip
_S_SECONDS = np.array(
    [
        45.6, 58.0, 82.7, 107.3, 132.0, 181.3, 255.0, 328.5, 401.6, 496.4,
        586.5, 665.3, 819.1, 963.8, 1097.9, 1220.8, 1332.2, 1409.2, 1452.7,
    ]
)  # fmt: skip
# Amplitude of short-period P on the vertical component against distance, as the
# body-wave calibration Q(distance) of Gutenberg and Richter (1956, Ann. Geofis. 9, 1-15) for
# shallow sources, read at a few distances; only its shape is used, tied to the spherical
# spreading of the crust at its near end.
_CALIBRATION_DEGREES = np.array([3.0, 6, 10, 16, 20, 25, 30, 40, 50, 60, 70, 80, 90, 100, 180])
_CALIBRATION = np.array([5.4, 5.9, 6.1, 6.1, 6.1, 6.4, 6.6, 6.6, 6.7, 6.8, 6.9, 6.8, 7.0, 7.4, 7.2])


def travel_times(
    distance_km: np.ndarray, depth_km: np.ndarray, p_velocity: np.ndarray, vp_vs: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """First arrivals of P and S after the origin time.

    Near the source: the straight ray through a uniform crust or the wave refracted along a
    Moho at 33 km, whichever comes first. Beyond 3 degrees: ak135.

    Parameters
    ----------
    distance_km, depth_km : numpy.ndarray
        Epicentral distance and depth.
    p_velocity : numpy.ndarray
        P velocity of the crust, km/s.
    vp_vs : numpy.ndarray
        Ratio of the velocities.

    Returns
    -------
    tuple of two numpy.ndarray
        Travel times of P and of S, s.
    """
    direct = np.hypot(distance_km, depth_km) / p_velocity
    sine = p_velocity / 8.05
    legs = np.maximum(66.0 - depth_km, 33.0) / p_velocity * np.sqrt(1.0 - sine**2)
    p_crust = np.minimum(direct, distance_km / 8.05 + legs)
    degrees = distance_km / KM_PER_DEGREE
    far = degrees > 3.0
    p_time = np.where(far, np.interp(degrees, _DEGREES, _P_SECONDS), p_crust)
    s_time = np.where(far, np.interp(degrees, _DEGREES, _S_SECONDS), p_crust * vp_vs)
    return p_time, s_time


def spreading_distance(distance_km: np.ndarray, crossover_km: np.ndarray) -> np.ndarray:
    """Distance at which a homogeneous body would show the same geometric spreading.

    ``R`` up to the crossover, growing like ``sqrt(R)`` beyond it, where waves trapped in the
    crust spread in two dimensions (Raoof, Herrmann and Malagnini 1999, Bull. Seismol. Soc. Am.
    89, 888-902); beyond 3 degrees the amplitude-distance curve of body waves.

    Parameters
    ----------
    distance_km : numpy.ndarray
        Hypocentral distance.
    crossover_km : numpy.ndarray
        Where spreading changes from spherical to cylindrical.

    Returns
    -------
    numpy.ndarray
        Effective distance, km.
    """
    crust = np.minimum(distance_km, 3.0 * KM_PER_DEGREE)
    near = np.where(crust < crossover_km, crust, np.sqrt(crust * crossover_km))
    degrees = np.maximum(distance_km / KM_PER_DEGREE, 3.0)
    # Far P is a head wave at first, a factor of six below trapped waves: this ties P of magnitude 6
    # at 60 degrees to the body-wave scale within a factor of two.
    change = np.interp(degrees, _CALIBRATION_DEGREES, _CALIBRATION) - _CALIBRATION[0]
    head_wave = 0.75 * np.clip((degrees - 3.0) / 3.0, 0.0, 1.0)
    return near * 10.0 ** (change + head_wave)


def attenuation(
    frequencies: np.ndarray, t_star: np.ndarray, exponent: np.ndarray, kappa: np.ndarray
) -> np.ndarray:
    """Spectrum of absorption along the path and below the station, with its dispersion.

    ``exp(-pi f (t* f^-n + kappa))`` for ``Q = Q0 f^n`` and the near-surface kappa (Anderson
    and Hough 1984, Bull. Seismol. Soc. Am. 74, 1969-1993), with the phase that makes it causal
    (Azimi's law; Aki and Richards 2002, section 5.5).

    Parameters
    ----------
    frequencies : numpy.ndarray of shape (n_frequencies,)
        Hz.
    t_star : numpy.ndarray of shape (n_instances,)
        Travel time divided by ``Q0``, s.
    exponent : numpy.ndarray of shape (n_instances,)
        ``n``.
    kappa : numpy.ndarray of shape (n_instances,)
        Seconds.

    Returns
    -------
    numpy.ndarray of shape (n_instances, n_frequencies), complex
        The spectrum, of modulus at most one.
    """
    f = np.maximum(frequencies, frequencies[1])[None, :]
    total = t_star[:, None] * f ** -exponent[:, None] + kappa[:, None]
    return np.exp(-f * total * (np.pi - 2j * np.log(f / frequencies[-1])))


def teleseismic_t_star(distance_km: np.ndarray) -> np.ndarray:
    """``t*`` of P at 1 Hz beyond the crust, s: 0.25 at 3 degrees, 0.6 from 30 degrees on.

    Rounded from Der and Lees (1985), Bull. Seismol. Soc. Am. 75, 1655-1662.
    """
    return np.interp(distance_km / KM_PER_DEGREE, [3.0, 10.0, 20.0, 30.0], [0.25, 0.4, 0.5, 0.6])


def coda_envelope(
    elapsed: np.ndarray,
    travel_time: np.ndarray,
    frequency: float,
    coda_q: np.ndarray,
    coda_exponent: np.ndarray,
    rise: np.ndarray,
) -> np.ndarray:
    """Amplitude of single-scattered waves, of unit energy, from the arrival on.

    ``(ts / t)^1 * exp(-pi f (t - ts) / Qc(f))``, with ``t`` counted from the origin time.

    Parameters
    ----------
    elapsed : numpy.ndarray of shape (n_instances, n_timepoints)
        Time after the arrival, s.
    travel_time : numpy.ndarray of shape (n_instances,)
        Travel time of the arrival, s.
    frequency : float
        Centre of the band, Hz.
    coda_q, coda_exponent : numpy.ndarray of shape (n_instances,)
        ``Qc(f) = coda_q * f ** coda_exponent``.
    rise : numpy.ndarray of shape (n_instances,)
        Time in which the scattered energy builds up, s.

    Returns
    -------
    numpy.ndarray of shape (n_instances, n_timepoints), float32
        The envelope; the sum of its squares is one.

    References
    ----------
    Aki and Chouet (1975), J. Geophys. Res. 80, 3322-3342.
    """
    after = np.maximum(elapsed, 0.0)
    decay = np.pi * frequency ** (1.0 - coda_exponent) / coda_q
    envelope = np.exp(-after * decay[:, None].astype(np.float32))
    envelope /= 1.0 + after / np.maximum(travel_time, 1.0)[:, None]
    envelope *= 1.0 - np.exp(-after / rise[:, None])
    return unit_energy(envelope)


def unit_energy(envelope: np.ndarray) -> np.ndarray:
    """Scale each row so that the sum of its squares is one (rows of zeros stay zero)."""
    energy = np.sqrt(np.einsum("ij,ij->i", envelope, envelope))
    return envelope / np.maximum(energy, 1e-20)[:, None]
