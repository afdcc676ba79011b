"""Preparation of series and targets for the training of an estimator's network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sktl._checks import check_finite
from sktl._lengths import is_unequal, lengthened, lengths_of, panel_of, refuse_unequal
from sktl._panels import as_array, as_panel
from sktl.estimators.network import checked_series
from sktl.estimators.transfer import Form
from sktl.training.randomness import validation_split
from sktl.training.targets import Targets
from sktl.training.training_data import DataFacts, TrainingData, data_hash
from sktl.training.unequal_length import at_length, policy_length, unequal_form


@dataclass(frozen=True)
class DataNeeds:
    """Preprocessing and target encoding that an estimator requires.

    Attributes
    ----------
    preprocessing : object
        The estimator's own: class with a method ``fit(X, stream_max)``, which returns the fitted
        preprocessing and the network's inputs for X.
    targets : ClassTargets or NumericTargets
        Encoding of y, not fitted.
    stream_max : {"standard", "log", "raw", None}
        How the stream max enters the network.
    """

    preprocessing: Any
    targets: Targets
    stream_max: str | None


def data_needs(estimator, n_instances: int | None) -> DataNeeds:
    """Return the preprocessing and target encoding that an estimator requires.

    Parameters
    ----------
    estimator : estimator of sktl.estimators
        The estimator.
    n_instances : int or None
        Number of instances of the training part; None: not known.

    Returns
    -------
    DataNeeds
        Preprocessing, targets and treatment of the stream max.
    """
    chosen = estimator.schedule_for(n_instances)
    return DataNeeds(estimator._preprocessing_type, estimator._new_targets(), chosen["stream_max"])


def prepare(
    estimator,
    X: np.ndarray,
    y: np.ndarray,
    rng: np.random.Generator,
    *,
    form: Form | None = None,
    validation_data: tuple | None = None,
    sample_weight: np.ndarray | None = None,
    classes: np.ndarray | None = None,
) -> TrainingData:
    """Split, scale and encode data, as the estimator's `fit` does.

    Parameters
    ----------
    estimator : estimator of sktl.estimators
        The estimator; not changed.
    X : np.ndarray of shape (n_instances, n_channels, n_timepoints)
        Panel.
    y : np.ndarray of shape (n_instances,) or (n_instances, n_outputs)
        Labels or numbers.
    rng : numpy.random.Generator
        Random generator of the inner split.
    form : tuple of (int, object), optional
        See `sktl.estimators.transfer.form_of`; default: no channel is repeated, and the
        preprocessing is the estimator's own.
    validation_data : tuple of (X, y), optional
        A held-out part instead of an inner split.
    sample_weight : np.ndarray of shape (n_instances,), optional
        Weights of the instances in the training loss.
    classes : np.ndarray, optional
        All labels, if y may lack some of them.

    Returns
    -------
    TrainingData
        Prepared data that several training runs of one estimator can share.

    Raises
    ------
    TypeError, ValueError
        If the data, the validation data or the weights cannot be used.
    """
    channel_repeats, preprocessing = form or (1, estimator._preprocessing_type)
    made = data_hash(X, y)
    y = estimator._checked_targets(X, y)
    X = checked_series(X, channel_repeats)
    policy = estimator._policy
    if policy:
        X = at_length(X, policy_length(X, policy), policy)
    unequal = is_unequal(X)
    if not estimator.get_tag("capability:unequal_length"):
        refuse_unequal(X, f"{type(estimator).__name__} supports no unequal lengths")
    if sample_weight is not None and len(sample_weight) != len(y):
        raise ValueError(
            "sample_weight must have one number for each instance. "
            f"Received: {len(sample_weight)} for {len(y)} instances"
        )
    targets = estimator._new_targets(y if classes is None else classes)
    every = np.arange(len(y))
    training, held_out = every, every[:0]
    validation = None
    if validation_data is not None:
        X_held_out, y_held_out = held_out_part(estimator, validation_data, X, channel_repeats)
        y_held_out = estimator._checked_targets(X_held_out, y_held_out)
        if np.shape(y_held_out)[1:] != np.shape(y)[1:]:
            raise ValueError(
                "y of validation_data must have as many columns as y. Received: columns "
                f"{np.shape(y_held_out)[1:]} and {np.shape(y)[1:]}"
            )
        X = lengthened(X, X_held_out.shape[2])
        validation = X_held_out, targets.check(y_held_out)
    elif estimator.validation_size is not None:
        split = validation_split(len(y), estimator.validation_size, targets.strata(y), rng)
        training, held_out = split
        validation = X[held_out], y[held_out]
        X, y = X[training], y[training]

    needs = data_needs(estimator, len(y))
    kind = unequal_form(preprocessing) if unequal else preprocessing
    preprocessing, inputs = kind.fit(X, needs.stream_max)
    frames = targets.frames(X)
    targets = targets.fit(y, frames)
    encoded = targets.encode(y, frames)
    shape = (X.shape[1], X.shape[2], encoded.shape[1])
    facts = DataFacts(shape, channel_repeats, preprocessing, targets, len(y), made, policy)
    part = inputs, encoded, _weighted(targets.weights(y), sample_weight, training, training)
    if validation is None:
        return TrainingData(part, None, None, facts, training)
    X, y = validation
    frames = targets.frames(X)
    return TrainingData(
        part,
        (preprocessing.transform(X), targets.encode(y, frames)),
        y,
        facts,
        training,
        frames,
        None
        if validation_data is not None
        else _weighted(targets.weights(y), sample_weight, held_out, training),
    )


def _weighted(weights, given, rows, training):
    """Multiply weights by sample weights that are scaled to a mean of 1 over the training part."""
    if given is None:
        return weights
    if not given[training].any():
        raise ValueError(
            "sample_weight must be above 0 for at least one instance of the training part. "
            "Received: zeros only"
        )
    return (weights * given[rows] / given[training].mean()).astype(np.float32)


def held_out_part(
    estimator, validation_data: tuple, X: np.ndarray, channel_repeats: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Validate validation data and return it as arrays in the format of the training series.

    Parameters
    ----------
    estimator : estimator of sktl.estimators
        The estimator, which determines the task.
    validation_data : tuple of (X, y)
        Held-out series and targets as for `fit`, with the channels in the order of X.
    X : np.ndarray of shape (n_instances, n_channels, n_timepoints)
        The training series, after repetition of a single channel.
    channel_repeats : int, default=1
        Number of copies of a single channel.

    Returns
    -------
    X : np.ndarray of shape (n_held_out, n_channels, n_timepoints)
        Held-out series, after repetition of a single channel. If the training series differ in
        length, shorter series are padded with NaN to the longest of both parts.
    y : np.ndarray of shape (n_held_out,) or (n_held_out, n_outputs)
        Held-out targets.

    Raises
    ------
    TypeError, ValueError
        If `validation_data` is not a pair or does not match X.
    """
    try:
        X_held_out, y_held_out = validation_data
    except (TypeError, ValueError):
        raise ValueError(
            f"validation_data must be a pair (X, y). Received: {type(validation_data).__name__}"
        ) from None
    X_held_out = as_panel(X_held_out)
    if isinstance(X_held_out, np.ndarray):
        # Checked here, because NaN in the internal format marks the end of a series.
        check_finite(X_held_out)
    if is_unequal(X_held_out) and not isinstance(X_held_out, np.ndarray):
        if not estimator.get_tag("capability:unequal_length"):
            refuse_unequal(X_held_out, estimator._unequal_choices)
        X_held_out = panel_of(X_held_out)
    X_held_out = as_array(X_held_out)
    X_held_out = X_held_out[:, None] if X_held_out.ndim == 2 else X_held_out
    y_held_out = np.asarray(estimator._targets_of(y_held_out, "y of validation_data"))
    if y_held_out.ndim == 2 and y_held_out.shape[1] == 1:
        y_held_out = y_held_out[:, 0]
    if len(X_held_out) != len(y_held_out):
        raise ValueError(
            "X and y of validation_data must have the same number of instances. "
            f"Received: {len(X_held_out)} and {len(y_held_out)}"
        )
    X_held_out = checked_series(X_held_out, channel_repeats)
    if estimator._policy:
        length = policy_length(X, estimator._policy)
        X_held_out = at_length(X_held_out, length, estimator._policy)
    elif is_unequal(X):
        X_held_out = lengthened(X_held_out, X.shape[2])
    n_channels, n_timepoints = X.shape[1:]
    other = (
        not is_unequal(X)
        and not estimator._policy
        and (X_held_out.shape[2] != n_timepoints or is_unequal(X_held_out))
    )
    if X_held_out.shape[1] != n_channels or other:
        lengths = sorted(set(lengths_of(X_held_out).tolist()))
        found = (X_held_out.shape[1], *lengths[:: max(1, len(lengths) - 1)])
        raise ValueError(
            "validation_data must have the channels and time points of X, "
            f"{X.shape[1:]}. Received: {found} (channels, time points)"
        )
    return X_held_out, y_held_out
