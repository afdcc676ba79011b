"""How weights come from a source into an estimator's network."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from sktl._panels import check_source_channels
from sktl.sources import adapt_input_channels, find_card, load_source, select_transferable
from sktl.training.compiled_network import initial_weights, weight_names
from sktl.training.keras_settings import fixed_keras_settings

PREPROCESSING = ("own", "source")
"""Whose scaling the series get: that of the estimator, or that of its source."""
Form = tuple[int, Any]


class TransferMixin:
    """Gives estimators the source that their parameters name."""

    architecture: ClassVar[str]
    source: Any
    sampling_rate: float | None

    @classmethod
    def from_pretrained(cls, source, **params):
        """Make an estimator whose transferred layers will start from a source.

        The weights are read, verified and adapted to the data by `fit`.

        Parameters
        ----------
        source : str or path-like
            See the parameter `source`.
        **params
            Other parameters of the constructor.

        Returns
        -------
        estimator
            Not fitted.

        Raises
        ------
        ValueError
            If no source of this name exists for the architecture.
        """
        if not str(source).startswith("hf://"):
            find_card(source, cls.architecture)
        return cls(source=source, **params)  # type: ignore[call-arg]

    def load_source(self):
        """Load the source that `fit` starts from.

        Returns
        -------
        sktl.sources.Source or None
            Its card and arrays; None from scratch.

        Raises
        ------
        ValueError, OSError
            If it does not exist, or cannot be read or downloaded.
        """
        if self.source is None:
            return None
        loaded = load_source(self.source, self.architecture)
        warn_of_rate(self.sampling_rate, loaded.card)
        return loaded

    def _channel_repeats(self, X, source):
        return channel_repeats(X, source)


def repeats_for(estimator, X: np.ndarray, source) -> int:
    """Return how often an estimator repeats a single channel for a source.

    Parameters
    ----------
    estimator : estimator of sktl.estimators
        Some architectures take any number of channels.
    X, source
        See `channel_repeats`.

    Returns
    -------
    int
        1 where nothing is repeated.
    """
    return estimator._channel_repeats(X, source)


def form_of(estimator, X: np.ndarray, source) -> Form:
    """Return all that prepared data has of a source: sources of one form share it.

    Parameters
    ----------
    estimator : estimator of sktl.estimators
        Its parameter `preprocessing` chooses its own or that of the source.
    X : np.ndarray of shape (n_instances, n_channels, n_timepoints)
        The training series.
    source : sktl.sources.Source or None
        The source; from scratch the preprocessing is the estimator's own.

    Returns
    -------
    tuple of (int, object)
        How often a single channel is repeated, and the preprocessing, as of
        `sktl.estimators.preparation.DataNeeds`.

    Raises
    ------
    ValueError
        If the preprocessing of the source is wanted, and its card states none that is known.
    """
    own = estimator.preprocessing == "own" or source is None
    kind = estimator._preprocessing_type if own else stated_preprocessing(estimator, source.card)
    return repeats_for(estimator, X, source), kind


def stated_preprocessing(estimator, card) -> Any:
    """Return the preprocessing that the card of a source states.

    Parameters
    ----------
    estimator : estimator of sktl.estimators
        Of the source's architecture.
    card : sktl.sources.Card
        The card.

    Returns
    -------
    object
        As of `sktl.estimators.preparation.DataNeeds`.

    Raises
    ------
    ValueError
        If the card states no scaling, or one that the estimator does not know.
    """
    stated, known = (card.preprocessing or {}).get("scaling"), estimator._scalings
    if not isinstance(stated, str) or stated not in known:
        raise ValueError(
            "preprocessing='source' needs a source whose card states as its scaling "
            f"{' or '.join(map(repr, known))}; preprocessing='own' needs none. Received: "
            f"source={card.name!r}, whose card states {stated!r}"
        )
    return known[stated]


def channel_repeats(X: np.ndarray, source) -> int:
    """Return how often a target with one channel is repeated to fill a source's several.

    Otović et al. 2022, section 2.3.

    Parameters
    ----------
    X : np.ndarray of shape (n_instances, n_channels, n_timepoints)
        Panel of the target.
    source : sktl.sources.Source or None
        The source.

    Returns
    -------
    int
        1 without a source or with several channels of the target's own.

    Raises
    ------
    ValueError
        If time and channels of the panel are swapped, by what the source has.
    """
    if source:
        check_source_channels(X, source.card.n_channels, source.card.name)
    return source.card.n_channels if source and X.shape[1] == 1 else 1


def transferred_weights(
    estimator, source, start: Mapping[str, np.ndarray], n_channels: int
) -> dict[str, np.ndarray]:
    """Return a source's arrays for the transferred layers, adapted to the channels.

    Parameters
    ----------
    estimator : estimator of sktl.estimators
        It says which layers transfer, and which read the series.
    source : sktl.sources.Source
        The source.
    start : mapping of str to np.ndarray
        Weights of the network without a source.
    n_channels : int
        Channels of the network.

    Returns
    -------
    dict of str to np.ndarray
        Some of `start`'s names to the source's values.

    Raises
    ------
    ValueError
        If an array is missing or has another shape.
    """
    arrays = estimator._source_arrays(source, start)
    layers, first = set(estimator._transferable()), estimator._first_layers
    expected = {path: v.shape for path, v in start.items() if path.split("/")[0] in layers}
    adapted = {
        path: adapt_input_channels(kernel, n_channels, estimator.channel_adaptation)
        for path, kernel in arrays.items()
        if path in expected and path.split("/")[0] in first and path.endswith("/kernel")
    }
    return select_transferable(replace(source, arrays={**arrays, **adapted}), expected)


def start_weights(
    estimator, model, source, rng: np.random.Generator, n_channels: int
) -> dict[str, np.ndarray]:
    """Draw the weights of a network, and copy those of a source into the layers that transfer.

    Parameters
    ----------
    estimator, source, n_channels
        See `transferred_weights`; without a source all are drawn.
    model : keras.Model
        The network; it is left as it is.
    rng : numpy.random.Generator
        Draws the weights.

    Returns
    -------
    dict of str to np.ndarray
        All weights.
    """
    start = initial_weights(model, rng)
    if source:
        start |= transferred_weights(estimator, source, start, n_channels)
    return start


@fixed_keras_settings()
def has_shapes_of(estimator, source, X: np.ndarray) -> bool:
    """Return True if a source's layers have the shapes that an estimator needs for a panel.

    Parameters
    ----------
    estimator : estimator of sktl.estimators
        Has the network's parameters.
    source : sktl.sources.Source
        The source.
    X : np.ndarray of shape (n_instances, n_channels, n_timepoints)
        The training series.

    Returns
    -------
    bool
    """
    n_channels = X.shape[1] * repeats_for(estimator, X, source)
    network = estimator._build(n_channels, X.shape[2], 1)
    try:
        transferred_weights(estimator, source, weight_names(network), n_channels)
    except ValueError:
        return False
    return True


def warn_of_rate(sampling_rate: float | None, card) -> None:
    """Warn where series have another sampling rate than those a source was trained on.

    Parameters
    ----------
    sampling_rate : float or None
        Of the series (Hz); None: not known.
    card : sktl.sources.Card
        The source's.
    """
    known = card.sampling_rate
    if sampling_rate is None or known is None or abs(sampling_rate / known - 1) < 0.01:
        return
    warnings.warn(
        f"source={card.name!r} was trained at {known:g} Hz, where its kernels see other "
        f"frequencies: X = sktl.datasets.resample(X, {sampling_rate:g}, {known:g}) brings the "
        f"series there. Received: sampling_rate={sampling_rate!r}",
        UserWarning,
        stacklevel=2,
    )
