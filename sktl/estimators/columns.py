"""A network with an output for each of several numbers, where some may not be known."""

from __future__ import annotations

from functools import cache
from typing import Any, ClassVar

import numpy as np

from sktl._targets import as_targets
from sktl.training.column_targets import ColumnTargets, known_squared_error


class _OfColumns:
    """What makes a regressor one of several columns of y at once."""

    # What the fit of a network leaves.
    _facts: Any
    _outputs: Any
    _loss = staticmethod(known_squared_error)
    _tags: ClassVar[dict[str, Any]] = {
        "capability:multioutput": True,
        "y_inner_mtype": "numpy2D",
    }

    def _new_targets(self, y=None):
        return ColumnTargets()

    def _targets_of(self, y, name="y"):
        y = np.asarray(y, float)
        # What is checked are the values that are known.
        checked = as_targets(np.where(np.isnan(y), 0.0, y), "regression", name)
        return np.where(np.isnan(y), np.nan, checked)

    def _predict(self, X):
        return self._facts.targets.decode(self._outputs(X))


@cache
def of_columns(regressor: type) -> Any:
    """Return the regressor that learns all columns of y at once, by one network.

    Parameters
    ----------
    regressor : type
        Class of an architecture, such as `sktl.estimators.MagNetRegressor`, which would fit a
        network to every column.

    Returns
    -------
    type
        Its subclass for y of shape (n_instances, n_targets), NaN where a target is not known:
        nothing is learned from that, see `sktl.training.column_targets`. `target_scaling` is not
        used: every column is standardised.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.estimators import ConvNetQuakeINGVRegressor
    >>> from sktl.estimators.columns import of_columns
    >>> rng = np.random.default_rng(0)
    >>> X, y = rng.normal(size=(20, 3, 40)), rng.normal(size=(20, 2))
    >>> y[:5, 1] = np.nan
    >>> network = of_columns(ConvNetQuakeINGVRegressor)(n_epochs=2, head="random", random_state=0)
    >>> network.fit(X, y).predict(X).shape
    (20, 2)
    """
    return type(f"{regressor.__name__}OfColumns", (_OfColumns, regressor), {})
