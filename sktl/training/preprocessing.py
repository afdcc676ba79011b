"""Preprocessing of the input series of a network, in numpy.

Each instance is scaled over all channels together: ``m = min``, ``M = max``,
``stream_max = max(|m|, |M|)`` and ``x' = (x - m) / (M - m)``. Then the mean of the scaled training
instances at each channel and time point is subtracted (Otović et al. 2022, section 2.4.1, who call
it the mask). The stream max keeps the amplitude that the scaling removes, as it is or as its
logarithm. Targets that depend on the amplitude, such as magnitudes, mostly follow the logarithm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

SINGLE_ROUNDING = 1e-7
DOUBLE_ROUNDING = 1e-14


def scale_instances(X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Scale every instance to the range 0 to 1, over all its channels together.

    Parameters
    ----------
    X : np.ndarray of shape (n_instances, n_channels, n_timepoints)
        Panel of finite numbers, in any unit.

    Returns
    -------
    scaled : np.ndarray of shape (n_instances, n_channels, n_timepoints), float32
        Scaled panel, dimensionless; a constant instance becomes 0.
    stream_max : np.ndarray of shape (n_instances,)
        Largest absolute value of each instance before scaling, in the panel's unit and precision.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.training.preprocessing import scale_instances
    >>> scaled, stream_max = scale_instances(np.array([[[0.0, 2.0], [-2.0, 1.0]]]))
    >>> scaled.tolist(), stream_max.tolist()
    ([[[0.5, 1.0], [0.0, 0.75]]], [2.0])
    """
    # Differences are computed in the panel's precision: in float32, small changes of values far
    # from zero would be lost, and integers would overflow.
    X = X if np.issubdtype(X.dtype, np.floating) else X.astype(np.float64)
    low = X.min(axis=(1, 2), keepdims=True)
    high = X.max(axis=(1, 2), keepdims=True)
    span = high - low
    scaled = X - low
    scaled /= np.where(span > 0, span, 1)
    scaled = scaled.astype(np.float32, copy=False)
    stream_max = np.maximum(np.abs(low), np.abs(high))[:, 0, 0]
    return scaled, stream_max


@dataclass(frozen=True)
class Preprocessing:
    """Scaling, subtraction of the mean, and stream max, fitted on the training instances.

    Attributes
    ----------
    mask : np.ndarray of shape (n_channels, n_timepoints), float32
        Mean of the scaled training instances.
    stream_max : {"standard", "log", "raw", None}
        How the stream max enters the network: standardised, as its standardised logarithm,
        unchanged, or not at all.
    center, scale : float
        Mean and standard deviation of the stream max, or of its logarithm, over the training
        instances; 0 and 1 for "raw" and None.
    floor : float
        Value that replaces a stream max of 0 before the logarithm.
    """

    #: What a card states of this scaling.
    scaling: ClassVar[str] = "min-max of each instance over all its channels"

    mask: np.ndarray
    stream_max: str | None
    center: float = 0.0
    scale: float = 1.0
    floor: float = 1.0

    @classmethod
    def fit(cls, X: np.ndarray, stream_max: str | None) -> tuple[Preprocessing, list[np.ndarray]]:
        """Fit on the training panel and transform it in the same pass.

        Parameters
        ----------
        X : np.ndarray of shape (n_instances, n_channels, n_timepoints)
            Training panel.
        stream_max : {"standard", "log", "raw", None}
            See the class.

        Returns
        -------
        preprocessing : Preprocessing
            The fitted preprocessing.
        inputs : list of np.ndarray
            Return value of `transform` for `X`.
        """
        scaled, amplitude = scale_instances(X)
        mask = scaled.mean(axis=0, dtype=np.float64).astype(np.float32)
        fitted = cls(mask, stream_max, *amplitude_scale(amplitude, stream_max))
        return fitted, fitted._inputs(scaled, amplitude)

    def transform(self, X: np.ndarray) -> list[np.ndarray]:
        """Convert a panel to the inputs of a network.

        Parameters
        ----------
        X : np.ndarray of shape (n_instances, n_channels, n_timepoints)
            Panel in the unit of the training panel.

        Returns
        -------
        list of np.ndarray
            The panel, ``(n_instances, n_channels, n_timepoints)``, and, unless `stream_max` is
            None, the stream max, ``(n_instances, 1)``; float32.

        Raises
        ------
        ValueError
            If the instances differ in shape from the training instances.
        """
        if X.shape[1:] != self.mask.shape:
            raise ValueError(
                "X must have the channels and time points that the network was fitted with, "
                f"{self.mask.shape}. Received: {X.shape[1:]}"
            )
        return self._inputs(*scale_instances(X))

    def description(self) -> dict[str, str | None]:
        """Describe the preprocessing in words.

        Returns
        -------
        dict of str to str or None
            Entries for the card of a source.
        """
        return {
            "scaling": self.scaling,
            "mask": "mean of the training instances subtracted",
            "stream_max": self.stream_max,
        }

    def _inputs(self, scaled: np.ndarray, amplitude: np.ndarray) -> list[np.ndarray]:
        scaled -= self.mask
        return [
            scaled,
            *amplitude_inputs(amplitude, self.stream_max, self.center, self.scale, self.floor),
        ]


@dataclass(frozen=True)
class Standardisation:
    """Z-scores of each channel, fitted on all values of the training instances.

    The length of the series does not matter.

    Attributes
    ----------
    center, scale : np.ndarray of shape (n_channels, 1)
        Mean and standard deviation, in the panel's unit.
    stream_max : {"standard", "log", "raw", None}
        As for `Preprocessing`.
    amplitude_center, amplitude_scale, amplitude_floor : float
        ``center``, ``scale`` and ``floor`` of `Preprocessing`.
    """

    #: What a card states of this scaling.
    scaling: ClassVar[str] = "z-scores of each channel by all values of the training instances"

    center: np.ndarray
    scale: np.ndarray
    stream_max: str | None
    amplitude_center: float = 0.0
    amplitude_scale: float = 1.0
    amplitude_floor: float = 1.0

    @classmethod
    def fit(cls, X: np.ndarray, stream_max: str | None) -> tuple[Standardisation, list[np.ndarray]]:
        """Fit on the training panel and transform it.

        Parameters
        ----------
        X, stream_max
            See `Preprocessing.fit`.

        Returns
        -------
        standardisation : Standardisation
            The fitted standardisation.
        inputs : list of np.ndarray
            Return value of `transform` for `X`.
        """
        channels = [standardisation(cls._present(values)) for values in X.transpose(1, 0, 2)]
        center, scale = np.array(channels).T[:, :, None]
        amplitude = amplitude_scale(cls._largest(X, stream_max), stream_max)
        fitted = cls(center, scale, stream_max, *amplitude)
        return fitted, fitted.transform(X)

    def transform(self, X: np.ndarray) -> list[np.ndarray]:
        """Convert a panel to the inputs of a network.

        Parameters
        ----------
        X : np.ndarray of shape (n_instances, n_channels, n_timepoints)
            Panel in the unit of the training panel.

        Returns
        -------
        list of np.ndarray
            The panel and, unless `stream_max` is None, the stream max; float32.

        Raises
        ------
        ValueError
            If the instances differ in the number of channels from the training instances.
        """
        if X.shape[1] != len(self.center):
            raise ValueError(
                "X must have the channels that the network was fitted with, "
                f"{len(self.center)}. Received: {X.shape[1:]} (channels, time points)"
            )
        amplitude = amplitude_inputs(
            self._largest(X, self.stream_max),
            self.stream_max,
            self.amplitude_center,
            self.amplitude_scale,
            self.amplitude_floor,
        )
        return [((X - self.center) / self.scale).astype(np.float32), *amplitude]

    def description(self) -> dict[str, str | None]:
        """Describe the preprocessing in words.

        Returns
        -------
        dict of str to str or None
            Entries for the card of a source.
        """
        return {
            "scaling": self.scaling,
            "mask": None,
            "stream_max": self.stream_max,
        }

    @staticmethod
    def _present(values: np.ndarray) -> np.ndarray:
        return values

    @staticmethod
    def _largest(X: np.ndarray, how: str | None) -> Any:
        return largest(X, how)


def largest(X: np.ndarray, how: str | None) -> Any:
    """Return the stream max of each instance of a panel, or None if `how` is None."""
    if how is None:
        return None
    low, high = (end(X, axis=(1, 2)) for end in (np.min, np.max))
    if not np.issubdtype(X.dtype, np.floating):  # the smallest integer cannot be negated
        low, high = low.astype(np.float64), high.astype(np.float64)
    return np.maximum(-low, high)


def amplitude_scale(amplitude: Any, how: str | None) -> tuple[float, float, float]:
    """Return center, scale and floor of the training instances' stream max.

    Parameters
    ----------
    amplitude : np.ndarray of shape (n_instances,)
        Stream max of the training instances, not negative; not used for "raw" and None.
    how : {"standard", "log", "raw", None}
        See `Preprocessing`.

    Returns
    -------
    center, scale, floor : float
        See `Preprocessing`; ``0, 1, 1`` for "raw" and None. The floor is the smallest positive
        stream max of the training instances, or 1 if all are 0.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.training.preprocessing import amplitude_inputs, amplitude_scale
    >>> amplitude = np.array([0.0, 1.0, 100.0, 10.0])
    >>> fitted = amplitude_scale(amplitude, "log")
    >>> [round(number, 3) for number in fitted]
    [1.727, 1.909, 1.0]
    >>> amplitude_inputs(amplitude, "log", *fitted)[0].ravel().astype(float).round(2).tolist()
    [-0.9, -0.9, 1.51, 0.3]
    """
    if how == "standard":
        return (*standardisation(amplitude), 1.0)
    if how == "log":
        rounding = _rounding(amplitude)
        amplitude = np.asarray(amplitude, np.float64)
        floor = float(np.min(amplitude, where=amplitude > 0, initial=np.inf))
        floor = floor if np.isfinite(floor) else 1.0
        center, scale = standardisation(_logarithm(amplitude, floor))
        # Differences of logarithms are relative: a spread within rounding counts as none.
        return center, scale if scale > rounding else 1.0, floor
    return 0.0, 1.0, 1.0


def amplitude_inputs(
    amplitude, how: str | None, center: float, scale: float, floor: float = 1.0
) -> list[np.ndarray]:
    """Convert the stream max to a list of one input, (n_instances, 1), float32, or of none."""
    if how is None:
        return []
    amplitude = amplitude.astype(np.float64)
    if how == "log":
        amplitude = _logarithm(amplitude, floor)
    return [((amplitude - center) / scale).astype(np.float32)[:, None]]


def _logarithm(amplitude: np.ndarray, floor: float) -> np.ndarray:
    # Only 0 is replaced: amplitudes below those of the training instances keep their value.
    return np.log(np.where(amplitude > 0, amplitude, floor))


def standardisation(values: np.ndarray, rounding: float | None = None) -> tuple[float, float]:
    """Return the mean and standard deviation of values; 1 as deviation of constant values.

    Parameters
    ----------
    values : array-like
        Finite numbers.
    rounding : float, optional
        Standard deviations up to this fraction of the mean count as rounding errors. Default: 1e-7
        for single precision, 1e-14 otherwise.

    Returns
    -------
    center, scale : float
        Mean, and population standard deviation, or 1 if the values are constant.

    Examples
    --------
    >>> from sktl.training.preprocessing import standardisation
    >>> standardisation([1.0, 3.0]), standardisation([2.0, 2.0])
    ((2.0, 1.0), (2.0, 1.0))
    """
    center = float(np.mean(values, dtype=np.float64))
    scale = float(np.std(values, dtype=np.float64))
    # The computed deviation of constant values can be a few units in the last place.
    rounding = _rounding(values) if rounding is None else rounding
    negligible = rounding * max(abs(center), float(np.finfo(np.float32).tiny))
    return center, scale if scale > negligible else 1.0


def _rounding(values) -> float:
    single = np.asarray(values).dtype in (np.float16, np.float32)
    return SINGLE_ROUNDING if single else DOUBLE_ROUNDING
