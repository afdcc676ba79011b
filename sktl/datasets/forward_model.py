"""The convolutional model of a seismic trace: impedance, reflectivity, wavelet, noise."""

from __future__ import annotations

import numpy as np


def gardner_density(vp: np.ndarray) -> np.ndarray:
    """Estimate density from P-wave velocity by Gardner's relation.

    An approximation, 310 * vp**0.25 in SI units, made for sediments; where velocity falls to
    that of water, the density of water, 1000 kg/m3, is given.

    Parameters
    ----------
    vp : array-like
        P-wave velocity in m/s.

    Returns
    -------
    np.ndarray
        Density in kg/m3.

    References
    ----------
    Gardner, G. H. F., Gardner, L. W. and Gregory, A. R. (1974). Formation velocity and density:
    the diagnostic basics for stratigraphic traps. Geophysics 39, 770-780.

    Examples
    --------
    >>> gardner_density([1500.0, 3000.0]).round()
    array([1000., 2294.])
    """
    vp = np.asarray(vp, dtype=float)
    return np.where(vp <= 1500.0, 1000.0, 310.0 * vp**0.25)


def reflectivity(impedance: np.ndarray) -> np.ndarray:
    """Return the reflection coefficients of vertical incidence.

    Parameters
    ----------
    impedance : array-like of shape (..., n_samples)
        Acoustic impedance, positive.

    Returns
    -------
    np.ndarray of shape (..., n_samples)
        (Z[i] - Z[i-1]) / (Z[i] + Z[i-1]); 0 at the first sample, which has nothing above.

    Examples
    --------
    >>> reflectivity([1.0, 1.0, 3.0])
    array([0. , 0. , 0.5])
    """
    impedance = np.asarray(impedance, dtype=float)
    wrong = np.count_nonzero(~((impedance > 0) & np.isfinite(impedance)))
    if wrong:
        raise ValueError(
            f"impedance must be positive and finite. Received: {wrong} values that are not, of "
            f"{impedance.size}"
        )
    above, below = impedance[..., :-1], impedance[..., 1:]
    first = np.zeros((*impedance.shape[:-1], 1))
    return np.concatenate([first, (below - above) / (below + above)], axis=-1)


def ricker(frequency_hz: float, dt_s: float, length_s: float | None = None) -> np.ndarray:
    """Return a Ricker wavelet, the negative second derivative of a Gaussian, peak 1.

    Parameters
    ----------
    frequency_hz : float
        The frequency of largest amplitude.
    dt_s : float
        Sampling interval.
    length_s : float, optional
        Duration; by default three periods, beyond which it vanishes.

    Returns
    -------
    np.ndarray of odd length
        The wavelet, centred.

    Raises
    ------
    ValueError
        If the sampling interval or the duration is not positive, or the frequency not below half
        the sampling rate.

    References
    ----------
    Ricker, N. (1953). The form and laws of propagation of seismic wavelets. Geophysics 18, 10-40.
    """
    if not dt_s > 0 or not (length_s is None or length_s > 0):
        raise ValueError(f"dt_s and length_s must be positive. Received: {dt_s=}, {length_s=}")
    if not 0 < frequency_hz < 0.5 / dt_s:
        raise ValueError(
            f"frequency_hz must lie between 0 and half the sampling rate, {0.5 / dt_s:g} Hz. "
            f"Received: frequency_hz={frequency_hz}"
        )
    half = round((length_s or 3.0 / frequency_hz) / 2 / dt_s)
    phase = (np.pi * frequency_hz * dt_s * np.arange(-half, half + 1)) ** 2
    return (1 - 2 * phase) * np.exp(-phase)


def synthetic_traces(
    impedance: np.ndarray,
    wavelet: np.ndarray,
    noise: float = 0.0,
    random_state: int | np.random.Generator | None = None,
) -> np.ndarray:
    """Convolve the reflectivity of impedance traces with a wavelet and add noise.

    Parameters
    ----------
    impedance : array-like of shape (n_traces, n_samples)
        Acoustic impedance, evenly sampled in time (see `depth_to_time`).
    wavelet : array-like of odd length
        Centred, such as that of `ricker`.
    noise : float, default=0
        Standard deviation of Gaussian noise, as a share of that of the noiseless section.
    random_state : int, Generator or None
        Seed of the noise.

    Returns
    -------
    np.ndarray of shape (n_traces, n_samples)
        float32 traces, sample for sample beside the impedance.

    Raises
    ------
    ValueError
        If the impedance, the wavelet or the noise cannot be used.

    Examples
    --------
    >>> import numpy as np
    >>> impedance = np.where(np.arange(200) < 100, 3e6, 6e6)[None]
    >>> trace = synthetic_traces(impedance, ricker(30, dt_s=0.002))
    >>> int(trace[0].argmax()), round(float(trace.max()), 3)
    (100, 0.333)
    """
    wavelet = np.asarray(wavelet, dtype=float)
    if wavelet.ndim != 1 or len(wavelet) % 2 == 0:
        raise ValueError(f"wavelet must have an odd length. Received: shape {wavelet.shape}")
    if not np.isfinite(wavelet).all() or not wavelet.any():
        raise ValueError("wavelet must be finite and not all zero. Received: one that is not")
    if not noise >= 0:
        raise ValueError(f"noise must not be negative. Received: noise={noise}")
    from scipy.signal import fftconvolve

    coefficients = np.atleast_2d(reflectivity(impedance))
    traces = fftconvolve(coefficients, wavelet[None], mode="full", axes=-1)
    half = len(wavelet) // 2
    traces = traces[:, half : half + coefficients.shape[-1]]
    if noise:
        rng = np.random.default_rng(random_state)
        traces = traces + rng.normal(0.0, noise * traces.std(), traces.shape)
    return traces.astype(np.float32)


def depth_to_time(
    values: np.ndarray, vp: np.ndarray, dz_m: float, dt_s: float, n_samples: int | None = None
) -> np.ndarray:
    """Resample traces from depth to two-way vertical travel time.

    Parameters
    ----------
    values : array-like of shape (n_traces, n_depths)
        What to resample, such as impedance.
    vp : array-like of shape (n_traces, n_depths)
        P-wave velocity in m/s.
    dz_m, dt_s : float
        Sampling intervals.
    n_samples : int, optional
        Length of the result; by default up to the time that the fastest trace reaches, so that
        none is continued beyond its end.

    Returns
    -------
    np.ndarray of shape (n_traces, n_samples)
        Values at 0, dt, 2 dt, ..., interpolated linearly.

    Raises
    ------
    ValueError
        If ``n_samples`` reaches beyond the end of a trace.
    """
    values, vp = np.atleast_2d(np.asarray(values, float)), np.atleast_2d(np.asarray(vp, float))
    if values.shape != vp.shape or not (vp > 0).all():
        raise ValueError(
            "values and vp must have one shape, and vp must be positive. "
            f"Received: shapes {values.shape} and {vp.shape}"
        )
    steps = dz_m * (1 / vp[:, :-1] + 1 / vp[:, 1:])
    times = np.concatenate([np.zeros((len(vp), 1)), np.cumsum(steps, axis=1)], axis=1)
    longest = int(np.floor(times[:, -1].min() / dt_s + 1e-9)) + 1
    if n_samples is not None and n_samples > longest:
        raise ValueError(
            f"n_samples may be at most {longest}, where the fastest trace ends. "
            f"Received: n_samples={n_samples}"
        )
    wanted = dt_s * np.arange(n_samples or longest)
    return np.array(
        [np.interp(wanted, time, value) for time, value in zip(times, values, strict=True)]
    )
