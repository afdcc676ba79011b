"""Training on instances that are never seen twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from sktl.estimators.preparation import prepare
from sktl.estimators.training_run import TrainingRun
from sktl.training.randomness import random_streams

Pair = tuple[np.ndarray, np.ndarray]


def fit_stream(estimator: Any, draw: Callable[[int], Pair], validation_data: Pair) -> Any:
    """Fit an estimator to other training instances in every epoch.

    Scaling and mean are those of the first epoch's instances, which must hold every class.

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
    streams = random_streams(estimator.random_state)
    first = prepare(estimator, X, y, streams["split"], validation_data=validation_data)
    run = TrainingRun(estimator, first, streams).start()
    preprocessing, targets = first.facts.preprocessing, first.facts.targets
    for epoch in range(1, run.schedule["n_epochs"] + 1):
        if run.advance(until=epoch).state.ended:  # type: ignore[union-attr]
            break
        panel, target = draw(epoch)
        encoded = targets.encode(target, targets.frames(panel))
        part = preprocessing.transform(panel), encoded, targets.weights(target)
        run.data = replace(first, training=part)
    run.data = first
    return run.fit_estimator(estimator, X, y)
