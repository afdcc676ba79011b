"""Training on instances that are never seen twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

Pair = tuple[np.ndarray, np.ndarray]


def fit_stream(estimator: Any, draw: Callable[[int], Pair], validation_data: Pair) -> Any:
    """Fit an estimator to other training instances in every epoch.

    Scaling and mask are those of the first epoch's instances, which must hold every class.

    Parameters
    ----------
    estimator : estimator
        One of `sktl.estimators`, without a source.
    draw : callable
        Gives the panel and target of an epoch; the first is 0.
    validation_data : tuple of (X, y)
        Held-out instances, the same for all epochs.

    Returns
    -------
    estimator
        The same, fitted.
    """
    X, y = draw(0)
    trainer = estimator.clone()
    # What fit would have told it, as for the candidates of an OmegaSearch.
    trainer._n_repeats, trainer._given__validation_data = 1, validation_data
    if trainer._kind == "classifier":
        trainer.classes_ = np.unique(y)
    first, state = trainer._start(X, y)
    trainer.__dict__.update(first.fitted)
    prepared = first
    for epoch in range(1, trainer._resolved()["n_epochs"] + 1):
        trainer._advance(prepared, state, until=epoch)
        if state.ended:
            break
        panel, target = draw(epoch)
        inputs = trainer._preprocessing.transform(panel)
        weights = trainer._instance_weights(target)
        prepared = replace(
            first, training=(inputs, trainer._targets(target, trainer._frames(panel)), weights)
        )
    return estimator._fit_trained(X, y, first, state)
