"""Our methods: AutoTransfer and its parts, with their defaults."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.studies.few_labels.peers import Cell, Predictions

OURS: dict[str, Callable[[Cell], Predictions | None]] = {}
