"""Our methods, with their defaults: AutoTransfer and the linear probe."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext
from unittest.mock import patch

import numpy as np

from benchmarks.studies.few_labels.peers import Cell, Predictions, Stopwatch


def _sources(cell: Cell, default: str) -> str | list:
    """Return the default sources, without those that were trained on the target's own data."""
    own = cell.target.own_sources
    if not own:
        return default
    from sktl.sources import expand_sources, list_sources

    table = list_sources()
    if default == "bundled":
        table = table[table["where"] == "bundled"]
    return [
        name
        for name in dict.fromkeys(
            name
            for architecture in sorted(set(table["architecture"]))
            for name in expand_sources("available", architecture)
        )
        if name not in own and name in set(table["source"])
    ]


def _run(cell: Cell, model) -> tuple:
    groups = cell.parts.groups_to_leave_out(cell.target)
    # On a machine that is busy with other work the clock runs faster than the work is done.
    by_processor = patch("time.perf_counter", time.process_time)
    with Stopwatch() as fit, by_processor if cell.by_processor else nullcontext():
        if groups is None:
            model.fit(cell.parts.X_train, cell.parts.y_train)
        else:
            model.fit(cell.parts.X_train, cell.parts.y_train, groups=groups)
    with Stopwatch() as predict:
        if cell.regression:
            y, probabilities, classes = model.predict(cell.parts.X_test), None, None
        else:
            probabilities, classes = model.predict_proba(cell.parts.X_test), model.classes_
            y = classes[probabilities.argmax(axis=1)]
    y = np.asarray(y)
    return Predictions(y, probabilities, classes, fit.seconds, predict.seconds), model


def auto_transfer(cell: Cell) -> Predictions:
    """Run AutoTransfer with its default time limit."""
    from sktl.model_selection import AutoTransferClassifier, AutoTransferRegressor

    kind = AutoTransferRegressor if cell.regression else AutoTransferClassifier
    found, model = _run(cell, kind(sources=_sources(cell, "available"), random_state=cell.seed))
    found.details["clock"] = "processor" if cell.by_processor else "wall"
    found.details["decision"] = str(model.decision_).replace("\n", " ")
    return found


def linear_probe(cell: Cell) -> Predictions:
    """Run the linear probe of all bundled sources."""
    from sktl.estimators import LinearProbeClassifier, LinearProbeRegressor

    kind = LinearProbeRegressor if cell.regression else LinearProbeClassifier
    return _run(cell, kind(sources=_sources(cell, "bundled")))[0]


OURS: dict[str, Callable[[Cell], Predictions | None]] = {
    "AutoTransfer": auto_transfer,
    "LinearProbe": linear_probe,
}
