"""Resampling of panels, and cutting of recordings."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from scipy.signal import resample_poly

from sktl._checks import check_finite, check_number
from sktl.datasets._readers import Skip

# The largest number of samples that a filter counts in, for ratios such as 44.1 to 48 kHz.
_LARGEST = 10_000


def resample(X: Any, from_hz: float, to: Any) -> np.ndarray:
    """Bring series to another sampling rate, such as that of a source.

    A polyphase filter removes what the new rate cannot hold; the ratio of the rates may be any.
    Each series' mean is taken away first, so that series far from zero stay there.

    Parameters
    ----------
    X : array-like of shape (..., n_timepoints)
        Series along the last axis, such as a panel (instances, channels, time points).
    from_hz : float
        Their sampling rate.
    to : float or sktl.sources.Card
        The new rate (Hz), or the card of a source: its rate. Of a name,
        ``sktl.sources.find_card(name, architecture)`` gives the card.

    Returns
    -------
    np.ndarray of shape (..., ceil(n_timepoints * to / from_hz))
        float32 of float32, float16 and small whole numbers, otherwise float64; X itself where it is
        of these kinds and the rates are equal.

    Raises
    ------
    TypeError
        If `to` is neither a number nor a card.
    ValueError
        If a rate is not above 0, the card holds none, or X holds missing or infinite values.

    References
    ----------
    .. [1] R. E. Crochiere, L. R. Rabiner (1983). Multirate Digital Signal Processing.
       Prentice-Hall.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.datasets import resample
    >>> from sktl.sources import find_card
    >>> X = np.random.default_rng(0).normal(size=(4, 3, 500))
    >>> resample(X, from_hz=50, to=20).shape
    (4, 3, 200)
    >>> resample(X, from_hz=50, to=find_card("EMG-Roshambo", "MagNet")).shape  # 200 Hz
    (4, 3, 2000)
    """
    check_number("from_hz", from_hz, least=0, above=True)
    rate = _rate(to)
    if np.ma.isMaskedArray(X) and np.ma.count_masked(X):
        raise ValueError("X must have no gaps. Received: masked values")
    X = np.asarray(X)
    X = X.astype(np.float32 if X.dtype == np.float16 else np.result_type(X, np.float32), copy=False)
    if not X.ndim or not X.shape[-1]:
        raise ValueError(f"X must have time points along its last axis. Received: shape {X.shape}")
    check_finite(X)
    ratio = Fraction(rate / from_hz).limit_denominator(_LARGEST)
    if ratio == 1:
        return X
    if not ratio:
        raise ValueError(
            f"to must be at least from_hz / {_LARGEST:,}. Received: from_hz={from_hz!r}, to={to!r}"
        )
    # The filter's gain differs from phase to phase by 1e-4: of an offset that would be a ripple.
    mean = X.mean(axis=-1, keepdims=True, dtype=np.float64)
    centred = (X - mean).astype(X.dtype)
    new = resample_poly(centred, ratio.numerator, ratio.denominator, axis=-1, padtype="line")
    return (new + mean).astype(X.dtype)


def _rate(to: Any) -> float:
    """Return a rate that was given as a number or on a card."""
    if hasattr(to, "sampling_rate"):
        if to.sampling_rate is None:
            raise ValueError(
                f"The card must hold a sampling rate: give the rate in Hz. Received: to={to.name!r}"
            )
        return float(to.sampling_rate)
    if isinstance(to, str) or not np.isscalar(to):
        raise TypeError(
            "to must be a rate in Hz, or a card as sktl.sources.find_card(name, architecture) "
            f"gives it. Received: to={to!r}"
        )
    check_number("to", to, least=0, above=True)
    return float(to)  # type: ignore[arg-type]


def cut_and_resample(
    series: np.ndarray, rate_hz: float, start: float, length: int, new_rate_hz: float | None
) -> np.ndarray:
    """Cut a piece out of a recording and bring it to a rate.

    Parameters
    ----------
    series : np.ndarray of shape (n_channels, n_samples)
        The recording.
    rate_hz : float
        Its rate.
    start : float
        First sample of the piece, of the old rate; rounded.
    length : int
        Samples of the result.
    new_rate_hz : float or None
        Rate of the result; None: the old one. A polyphase filter removes what it cannot hold.

    Returns
    -------
    np.ndarray of shape (n_channels, length), float32

    Raises
    ------
    Skip
        If the piece begins before the recording or ends after it, or has values that are not
        finite.

    Examples
    --------
    >>> import numpy as np
    >>> cut_and_resample(np.arange(8.0)[None], 1.0, 2, 3, None).tolist()
    [[2.0, 3.0, 4.0]]
    """
    ratio = Fraction(1)
    if new_rate_hz is not None:
        times = new_rate_hz / rate_hz
        if not 1 / _LARGEST <= times <= _LARGEST:  # the filter is as long as twenty times this
            raise Skip("sampling rate far from the one wanted")
        ratio = Fraction(times).limit_denominator(_LARGEST)
    first = round(start)
    needed = -(-length * ratio.denominator // ratio.numerator)
    if first < 0 or first + needed > series.shape[1]:
        raise Skip("window reaches beyond the recording")
    piece = series[:, first : first + needed]
    if np.ma.isMaskedArray(piece) and np.ma.count_masked(piece):
        raise Skip("gap in the window")
    piece = np.asarray(np.ma.getdata(piece), np.float64)
    if not np.isfinite(piece).all():
        raise Skip("gap in the window")
    if ratio != 1:
        # Not padded by zeros: the first samples of an offset series would ramp up.
        piece = resample_poly(piece, ratio.numerator, ratio.denominator, axis=1, padtype="line")
    return piece[:, :length].astype(np.float32)
