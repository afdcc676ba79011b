"""How the networks take series of unequal length: exactly, by masks, or by a stated policy.

Inside, NaN follows the end of a series (`sktl._lengths`), up to the input of the network, which
tells by it how long each series is.
"""

from __future__ import annotations

import inspect
import warnings
from typing import Any, ClassVar

from sktl._lengths import is_unequal, lengthened, lengths_of, refuse_unequal
from sktl.layers.ends import ends
from sktl.training.unequal_length import (
    POLICIES,
    UnequalPreprocessing,
    at_length,
    of_other_length,
    policy_length,
    rounded_up,
)


class UnequalLength:
    """What a network does with series of unequal length.

    With sktime's tag ``capability:unequal_length`` its function takes the argument ``lengths``, and
    each series gives what it would give alone. An architecture with a fixed length has the
    parameter ``unequal_length`` instead, see `sktl.estimators.fixed_length.FixedLength`.
    """

    # Whether a layer has a weight for every time point of the training series.
    _reads_time_points: ClassVar[bool] = False
    # What the estimator has.
    _shape: Any
    _preprocessing: Any
    _preprocessing_type: ClassVar[Any]
    get_tag: Any
    _unequal_choices: ClassVar[str]
    _shape_of: Any
    _network: ClassVar[Any]

    @property
    def _policy(self):
        policy = vars(self).get("unequal_length", "error")
        return policy if policy in POLICIES[1:] else None

    @property
    def _masked(self):
        """What the shape of a network ends with that reads series of unequal length."""
        return (True,) if vars(self).get("_series_differ") else ()

    def _learn_lengths(self, X):
        """Note the lengths of the training series, and return them as the network's part."""
        self._policy_length = policy_length(X, self._policy) if self._policy else None
        X = self._at_policy(X)
        self._series_differ = is_unequal(X)
        if not self.get_tag("capability:unequal_length"):
            refuse_unequal(X, f"{type(self).__name__} takes no others; {self._unequal_choices}")
        return X

    def _at_policy(self, X):
        length = vars(self).get("_policy_length")
        return X if length is None else at_length(X, length, self._policy)

    # What sktime's fit and predict call; in fit the lengths are not known yet.
    def _convert_X(self, X, X_mtype):  # noqa: N802 - sktime's name
        return self._at_policy(super()._convert_X(X, X_mtype))  # type: ignore[misc]

    def _fit_preprocessing(self, X, stream_max):
        kind = UnequalPreprocessing if self._series_differ else self._preprocessing_type
        return kind.fit(X, stream_max)

    def _like_training(self, X_held_out, X):
        """Return held-out series as long as those of the training can be, and the latter so."""
        if self._series_differ:
            longest = max(X.shape[2], X_held_out.shape[2])
            return lengthened(X_held_out, longest), lengthened(X, longest)
        if X_held_out.shape[1:] != X.shape[1:] or is_unequal(X_held_out):
            lengths = sorted(set(lengths_of(X_held_out).tolist()))
            found = (X_held_out.shape[1], *lengths[:: max(1, len(lengths) - 1)])
            raise ValueError(
                "validation_data must have the channels and time points of X. Received: "
                f"{found} against {X.shape[1:]} (channels, time points)"
            )
        return X_held_out, X

    def _for_network(self, X):
        """Return new series as a network reads them, its shape, and their preprocessing."""
        X = self._at_policy(X)
        n_channels, trained, n_outputs = self._shape
        differ = vars(self).get("_series_differ", False)
        same = X.shape[2] == trained and not is_unequal(X)
        by_masks = self.get_tag("capability:unequal_length") and self._policy is None
        if not by_masks or (same and not differ):
            return X, self._shape_of(X), self._preprocessing
        if X.shape[2] > trained and self._reads_time_points:
            raise ValueError(
                f"X must have at most {trained} time points, those of the longest training "
                f"series: a layer of {type(self).__name__} has a weight for each of them. "
                f"Received: series of up to {X.shape[2]} time points"
            )
        n_timepoints = trained if X.shape[2] <= trained else rounded_up(X.shape[2])
        preprocessing = self._preprocessing
        if not differ:
            lengths = lengths_of(X)
            warnings.warn(
                f"The training series had {trained} time points each. Received: series of "
                f"{lengths.min()} to {lengths.max()} time points",
                UserWarning,
                stacklevel=2,
            )
            preprocessing = of_other_length(preprocessing, n_timepoints)
        shape = (n_channels, n_timepoints, n_outputs, True)
        return lengthened(X, n_timepoints), shape, preprocessing

    def _ends(self, series, masked):
        """Return series as the network's function takes them, and its further argument."""
        if not masked:
            return series, {}
        if "lengths" not in inspect.signature(self._network).parameters:
            raise TypeError(
                "A network for series of unequal length takes the argument lengths. "
                f"Received: {self._network.__name__}"
            )
        series, lengths = ends(series)
        return series, {"lengths": lengths}
