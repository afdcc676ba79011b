"""How the networks take series of unequal length: exactly, by masks, or by a stated policy.

Inside, NaN follows the end of a series (`sktl._lengths`), up to the input of the network, which
tells by it how long each series is.
"""

from __future__ import annotations

import inspect
import warnings
from typing import Any, ClassVar

from sktl._lengths import is_unequal, lengthened, lengths_of
from sktl.layers.ends import ends
from sktl.training.unequal_length import (
    POLICIES,
    of_other_length,
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
    get_tag: Any
    _network: ClassVar[Any]
    _shape_for: Any

    @property
    def _policy(self):
        policy = vars(self).get("unequal_length", "error")
        return policy if policy in POLICIES[1:] else None

    def _as_array(self, X):
        X = super()._as_array(X)  # type: ignore[misc]
        # In fit nothing is known yet.
        facts = vars(self).get("_facts")
        return X if facts is None else facts.at_length(X)

    def _for_network(self, X, facts):
        """Return new series as a network reads them, its shape, and their preprocessing."""
        X, preprocessing = facts.at_length(X), facts.preprocessing
        n_channels, trained, n_outputs = facts.shape
        differ = facts.network_shape != facts.shape
        same = X.shape[2] == trained and not is_unequal(X)
        by_masks = self.get_tag("capability:unequal_length") and facts.policy is None
        if not by_masks or (same and not differ):
            return X, self._shape_for(X, facts), preprocessing
        if X.shape[2] > trained and self._reads_time_points:
            raise ValueError(
                f"X must have at most {trained} time points, those of the longest training "
                f"series: a layer of {type(self).__name__} has a weight for each of them. "
                f"Received: series of up to {X.shape[2]} time points"
            )
        n_timepoints = trained if X.shape[2] <= trained else rounded_up(X.shape[2])
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
