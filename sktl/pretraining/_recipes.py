"""How the series of a dataset are prepared for pre-training, and when a network has converged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sktl._checks import check_number
from sktl._panels import as_array

WINDOWS = ("first", "loudest")


@dataclass(frozen=True)
class Recipe:
    """How a dataset's series are shortened, and how good a source of it must be.

    Parameters
    ----------
    every : int
        Every so-many-th sample is kept, after a low-pass filter.
    n_timepoints : int
        Length after that.
    window : {"first", "loudest"}
        Which piece of the series is kept: its beginning, or the one with most power.
    limit : float
        What a source must reach on held-out instances. Regression: the largest mean absolute
        error, as a share of that of the best constant, the mean over several targets.
        Classification: the smallest weighted F1, as a multiple of one over the number of classes.
    shared_groups : bool, default=False
        Whether simulated held-out instances may be of the groups (subjects) of the training ones,
        as in the published splits; they are later sessions of theirs. Otherwise all are new.

    Examples
    --------
    >>> from sktl.pretraining import recipe_for
    >>> recipe = recipe_for("STEAD")
    >>> recipe.every, recipe.n_timepoints, recipe.limit
    (5, 540, 0.85)
    """

    every: int
    n_timepoints: int
    window: str
    limit: float
    shared_groups: bool = False

    def __post_init__(self):
        check_number("every", self.every, least=1, whole=True)
        check_number("n_timepoints", self.n_timepoints, least=1, whole=True)


# Seismograms and words at their official rates and lengths would need a GPU.
_RECIPES = {
    "seismic": Recipe(1, 540, "first", 0.7),
    "STEAD": Recipe(5, 540, "first", 0.85),  # 20 Hz, 27 s
    "LEN-DB": Recipe(1, 540, "first", 0.6),
    "LOMAX": Recipe(2, 500, "first", 0.8),  # 10 Hz, 50 s
    "SPEECH": Recipe(2, 2000, "loudest", 3.0),  # 4 kHz, 0.5 s
    "EMG": Recipe(1, 80, "first", 1.5, shared_groups=True),
    "S&P 500": Recipe(1, 50, "first", 0.2),
    "EMG-Roshambo": Recipe(1, 80, "first", 1.5),
    "EMG-Francic": Recipe(1, 80, "first", 1.5),
    "DSPSpeech-20": Recipe(1, 2000, "first", 3.0),
}


def recipe_for(dataset: str) -> Recipe:
    """Return the recipe of a dataset.

    Parameters
    ----------
    dataset : str
        Its name, such as ``"LEN-DB"``; see `sktl.datasets.get_spec`. Also ``"seismic"``.

    Returns
    -------
    Recipe
        The default of `pretrain` and of the bundled sources. Of a dataset that has no bundled
        source: the series as they are, an error at most 0.8 times that of the best constant, or
        a weighted F1 of at least 1.5 times one over the number of classes.

    Raises
    ------
    ValueError
        If there is no such dataset.

    Examples
    --------
    >>> from sktl.pretraining import recipe_for
    >>> recipe_for("EMG")
    Recipe(every=1, n_timepoints=80, window='first', limit=1.5, shared_groups=True)
    """
    from sktl.pretraining.joint import spec_of

    spec = spec_of(dataset)
    own = Recipe(1, spec.n_timepoints, "first", 0.8 if spec.task == "regression" else 1.5)
    return _RECIPES.get(spec.name, own)


def decimate(
    X: np.ndarray, every: int = 1, n_timepoints: int | None = None, window: str = "first"
) -> np.ndarray:
    """Bring series to a lower sampling rate and a shorter length.

    A target should have about the sampling rate on its source's card: kernels know samples, not
    seconds.

    Parameters
    ----------
    X : np.ndarray of shape (n_instances, n_channels, n_old)
        Panel.
    every : int, default=1
        Every so-many-th sample is kept; a symmetric FIR filter (`scipy.signal.resample_poly`)
        removes first what the new rate cannot hold.
    n_timepoints : int, optional
        Length of the result; by default all that there is.
    window : {"first", "loudest"}, default="first"
        The beginning, or the piece with most power, all channels together.

    Returns
    -------
    np.ndarray of shape (n_instances, n_channels, n_timepoints), float32
        In the unit of X.

    Raises
    ------
    ValueError
        If the series are too short or an option is unknown.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.pretraining import decimate
    >>> decimate(np.ones((2, 3, 100)), every=5, n_timepoints=12).shape
    (2, 3, 12)
    """
    if window not in WINDOWS:
        raise ValueError(f"window must be one of {WINDOWS}. Received: window={window!r}")
    check_number("every", every, least=1, whole=True)
    if n_timepoints is not None:
        check_number("n_timepoints", n_timepoints, least=1, whole=True)
    X = np.asarray(as_array(X), dtype=np.float32)
    if every > 1:
        from scipy.signal import resample_poly

        # Not padded by zeros: the first samples of an offset series would ramp up.
        X = resample_poly(X, 1, every, axis=-1, padtype="line").astype(np.float32)
    length = X.shape[-1] if n_timepoints is None else n_timepoints
    if not 1 <= length <= X.shape[-1]:
        raise ValueError(
            f"n_timepoints must lie between 1 and {X.shape[-1]}, the length at the new rate. "
            f"Received: n_timepoints={n_timepoints!r}"
        )
    if window == "first" or length == X.shape[-1]:
        return X[..., :length]
    power = np.cumsum(np.square(X, dtype=np.float64).sum(axis=1), axis=1)
    power = np.pad(power, ((0, 0), (1, 0)))
    starts = np.argmax(power[:, length:] - power[:, :-length], axis=1)
    return np.take_along_axis(X, (starts[:, None] + np.arange(length))[:, None], axis=2)
