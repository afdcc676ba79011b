"""Power in bands of frequency over time: spectrograms, as features of speech and vibrations."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.fft import dct, dctn

from sktl._checks import check_choice
from sktl._lengths import by_length
from sktl.estimators.features.frozen_scaling import scaled_instances

FORMS = ("times", "aligned", "statistics")
# Shorter series have no spectrum that changes.
FEWEST_POINTS = 32
# Windows are powers of two of time points, up to three: from a 64th of the series, at least eight
# points, to a quarter of it. More channels than these have one window, or tables grow too wide.
N_WINDOWS, MOST_CHANNELS = 3, 20
# Parts of the time.
N_TIMES = 12
# Bands of one channel, and of all channels together.
MOST_BANDS, MOST_OF_ALL = 40, 240
# Coefficients over bands, and over times.
N_COEFFICIENTS, N_OF_TIMES = 13, 8
# Values of the series of a batch: windows that overlap and their spectra take many times more.
BATCH_VALUES = 2**20
# Power below this share of the instance's mean counts as silence.
SILENCE = 1e-5


class SpectrogramBlock:
    """Logarithms of the power in bands of frequency, over time, in windows of several lengths.

    The power is relative to the mean power of the instance, so that its amplitude does not matter,
    and the means of its channels are subtracted. Bands widen with frequency, as the mel scale does;
    cepstra are the cosine transform over bands [1]_.

    Parameters
    ----------
    form : {"times", "aligned", "statistics"}, default="times"
        "times": means over twelfths of the time, for what happens at a time. "aligned": means over
        twelfths of the cumulated amplitude, wherever they lie and however long they last, and the
        cosine transform over bands and times: what happens, in which order. "statistics": mean,
        standard deviation, largest and smallest value of each band, of its changes and of cepstra,
        for what happens at any time.

    References
    ----------
    .. [1] S. B. Davis, P. Mermelstein (1980). Comparison of parametric representations for
       monosyllabic word recognition in continuously spoken sentences. IEEE Transactions on
       Acoustics, Speech, and Signal Processing 28, 357-366.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.estimators.features.spectrogram import SpectrogramBlock
    >>> X = np.random.default_rng(0).normal(size=(5, 1, 100))
    >>> SpectrogramBlock("times").fit(X).transform(X).shape
    (5, 108)
    """

    kind = "spectrogram"

    def __init__(self, form: str = "times"):
        check_choice("form", form, FORMS)
        self.form = form
        self.name = f"spectrogram, {form}"

    def fit(self, X: np.ndarray) -> SpectrogramBlock:
        """Choose windows for series like X, (n_instances, n_channels, n_timepoints)."""
        length = X.shape[2]
        if length < FEWEST_POINTS:
            raise ValueError(
                f"Spectrograms need at least {FEWEST_POINTS} time points. Received: {length}"
            )
        first = max(3, int(np.ceil(np.log2(length / 64))))
        windows = [2**k for k in range(first, first + N_WINDOWS) if 2**k <= length // 4]
        self.windows_ = windows if X.shape[1] <= MOST_CHANNELS else windows[:1]
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Return the features, (n_instances, n_features), float32."""
        size = max(1, BATCH_VALUES // (X.shape[1] * X.shape[2]))
        parts = [X[at : at + size] for at in range(0, len(X), size)]
        return np.concatenate([by_length(self._features, part) for part in parts])

    def _features(self, X):
        X = scaled_instances(X, "z-score")
        missing = 2 * self.windows_[-1] - X.shape[2]
        if missing > 0:
            X = np.pad(X, ((0, 0), (0, 0), (0, missing)))
        table = {"times": _times, "aligned": _aligned, "statistics": _statistics}[self.form]
        columns = [table(_spectrogram(X, window)).reshape(len(X), -1) for window in self.windows_]
        return np.concatenate(columns, axis=1).astype(np.float32)


def _spectrogram(X, window):
    """Return logarithms of power, (n_instances, n_channels, n_frames, n_bands)."""
    frames = sliding_window_view(X, window, axis=2)[:, :, :: window // 2]
    power = np.abs(np.fft.rfft(frames * np.hanning(window + 2)[1:-1], axis=3))[..., 1:] ** 2
    edges = _band_edges(power.shape[3], min(MOST_BANDS, max(6, MOST_OF_ALL // X.shape[1])))
    bands = np.add.reduceat(power, edges[:-1], axis=3) / np.diff(edges)
    mean = bands.mean(axis=(1, 2, 3), keepdims=True)
    return np.log(bands / np.where(mean > 0, mean, 1) + SILENCE)


def _band_edges(n, most):
    """Return edges that are equally apart up to an eighth of n, and in equal ratios far above."""
    corner = n / 8
    edges = corner * np.expm1(np.linspace(0, np.log1p(n / corner), min(most, n) + 1))
    return np.unique(edges.round().astype(int))


def _times(levels):
    n, n_frames = len(levels), levels.shape[2]
    edges = np.linspace(0, n_frames, N_TIMES + 1)
    return _means_between(levels, np.tile(edges, (n, 1)))


def _aligned(levels):
    n, n_frames = len(levels), levels.shape[2]
    amplitude = np.sqrt(np.exp(levels).mean(axis=(1, 3)))
    passed = np.concatenate([np.zeros((n, 1)), np.cumsum(amplitude, axis=1)], axis=1)
    shares = np.linspace(0, 1, N_TIMES + 1)
    frames = np.arange(n_frames + 1)
    edges = np.array([np.interp(shares * one[-1], one, frames) for one in passed])
    means = _means_between(levels, edges)
    cepstra = dctn(means, axes=(1, 3), norm="ortho")[:, :N_OF_TIMES, :, :N_COEFFICIENTS]
    return np.concatenate([means.reshape(n, -1), cepstra.reshape(n, -1)], axis=1)


def _means_between(levels, edges):
    """Average frames between edges that may lie within them.

    Levels of shape (n_instances, n_channels, n_frames, n_bands), edges (n_instances, n_edges).
    """
    levels = levels.transpose(0, 2, 1, 3)
    summed = np.cumsum(levels, axis=1)
    summed = np.concatenate([np.zeros_like(summed[:, :1]), summed], axis=1)
    frame = np.minimum(edges.astype(int), levels.shape[1] - 1)
    share = (edges - frame)[:, :, None, None]
    row = np.arange(len(levels))[:, None]
    at = summed[row, frame] + share * levels[row, frame]
    return np.diff(at, axis=1) / np.diff(edges, axis=1)[:, :, None, None]


def _statistics(levels):
    changes = np.diff(levels, axis=2)
    cepstra = dct(levels, axis=3, norm="ortho")[..., :N_COEFFICIENTS]
    of = [levels.mean(axis=2), levels.std(axis=2), levels.max(axis=2), levels.min(axis=2)]
    of += [np.abs(changes).mean(axis=2), changes.max(axis=2), changes.min(axis=2)]
    of += [cepstra.mean(axis=2), cepstra.std(axis=2), cepstra.max(axis=2), cepstra.min(axis=2)]
    of += [np.diff(cepstra, axis=2).std(axis=2)]
    return np.concatenate(of, axis=2)
