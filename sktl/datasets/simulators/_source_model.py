"""Earthquake sources: how large, how long, how they radiate."""

from __future__ import annotations

import numpy as np

#: Crust at the source: density (kg/m^3) and S velocity (m/s) that go with Brune's constants.
DENSITY = 2800.0
S_VELOCITY = 3500.0


def draw_magnitudes(
    rng: np.random.Generator, size: int, minimum: np.ndarray | float, maximum: float, b_value: float
) -> np.ndarray:
    """Draw magnitudes from the truncated Gutenberg-Richter law.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    size : int
        How many.
    minimum : float or array of shape (size,)
        Smallest magnitude, one for all or one for each.
    maximum : float
        Largest magnitude.
    b_value : float
        Slope of ``log10 N(M)``.

    Returns
    -------
    numpy.ndarray of shape (size,)
        Magnitudes.

    References
    ----------
    Gutenberg and Richter (1944), Bull. Seismol. Soc. Am. 34, 185-188.
    """
    share = 1.0 - 10.0 ** (-b_value * (maximum - np.asarray(minimum, dtype=float)))
    return minimum - np.log10(1.0 - rng.random(size) * share) / b_value


def moment_magnitude(magnitude: np.ndarray) -> np.ndarray:
    """Turn catalogue magnitudes into moment magnitudes.

    Small earthquakes are catalogued by local magnitude, which follows the amplitude and
    therefore grows by 1.5 units where the moment magnitude grows by one: ``Mw = 2/3 ML + 1``
    below 3, equal above.

    Parameters
    ----------
    magnitude : numpy.ndarray
        Catalogue magnitudes.

    Returns
    -------
    numpy.ndarray
        Moment magnitudes.

    References
    ----------
    Deichmann (2017), Bull. Seismol. Soc. Am. 107, 505-513.
    """
    return np.where(magnitude < 3.0, 2.0 / 3.0 * magnitude + 1.0, magnitude)


def seismic_moment(moment_magnitudes: np.ndarray) -> np.ndarray:
    """Seismic moment in N m (Hanks and Kanamori 1979, J. Geophys. Res. 84, 2348-2350)."""
    return 10.0 ** (1.5 * moment_magnitudes + 9.1)


def corner_frequency(moment: np.ndarray, stress_drop: np.ndarray) -> np.ndarray:
    """Corner frequency of the S wave in Hz.

    Parameters
    ----------
    moment : numpy.ndarray
        Seismic moment, N m.
    stress_drop : numpy.ndarray
        Stress drop, Pa.

    Returns
    -------
    numpy.ndarray
        ``0.49 * beta * (stress_drop / moment) ** (1/3)``.

    References
    ----------
    Brune (1970), J. Geophys. Res. 75, 4997-5009; Boore (2003), Pure Appl. Geophys. 160,
    635-676.
    """
    return 0.49 * S_VELOCITY * np.cbrt(stress_drop / moment)


def draw_radiation(rng: np.random.Generator, size: int) -> np.ndarray:
    """Radiation coefficients of randomly turned double couples.

    The pattern is seen through scattering, so the square of each coefficient is halfway
    between the pattern's and its mean over the focal sphere (4/15 for P, 2/5 for S).

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    size : int
        How many.

    Returns
    -------
    numpy.ndarray of shape (3, size)
        Signed coefficients of P, SV and SH.

    References
    ----------
    Aki and Richards (2002), Quantitative Seismology, eq. 4.33; Boore and Boatwright (1984),
    Bull. Seismol. Soc. Am. 74, 1615-1621.
    """
    cos_theta = rng.uniform(-1.0, 1.0, size)
    theta, phi = np.arccos(cos_theta), rng.uniform(0.0, 2.0 * np.pi, size)
    pattern = np.stack(
        [
            np.sin(2.0 * theta) * np.cos(phi),
            np.cos(2.0 * theta) * np.cos(phi),
            -cos_theta * np.sin(phi),
        ]
    )
    # Which part of the S motion is SV at the receiver depends on the fault's orientation.
    turn = rng.uniform(0.0, 2.0 * np.pi, size)
    pattern[1:] = (
        np.cos(turn) * pattern[1] - np.sin(turn) * pattern[2],
        np.sin(turn) * pattern[1] + np.cos(turn) * pattern[2],
    )
    mean_square = np.array([4.0 / 15.0, 0.2, 0.2])[:, None]
    return np.where(pattern < 0, -1.0, 1.0) * np.sqrt(0.5 * pattern**2 + 0.5 * mean_square)


def brune_pulse(frequencies: np.ndarray, corner: np.ndarray) -> np.ndarray:
    """Spectrum of Brune's far-field displacement pulse, causal and of unit area.

    Its modulus is the omega-squared model ``1 / (1 + (f/fc)^2)``.

    Parameters
    ----------
    frequencies : numpy.ndarray of shape (n_frequencies,)
        Hz.
    corner : numpy.ndarray of shape (n_instances,)
        Corner frequency, Hz.

    Returns
    -------
    numpy.ndarray of shape (n_instances, n_frequencies), complex
        The spectrum.
    """
    return 1.0 / (1.0 + 1j * frequencies[None, :] / corner[:, None]) ** 2
