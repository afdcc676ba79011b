"""Resampling and cutting of recordings."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from scipy.signal import resample_poly

from sktl.datasets._readers import Skip


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
        ratio = Fraction(new_rate_hz / rate_hz).limit_denominator(10_000)
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
