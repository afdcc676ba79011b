"""What a records table holds, and reading its columns with their types."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from sktl._tables import coerced
from sktl.evaluation.metrics import greater_is_better

#: Columns of a records table: (required, meaning).
COLUMNS: dict[str, tuple[bool, str]] = {
    "architecture": (True, "name of the network; of a baseline, the method's name"),
    "target": (True, "dataset that the trial was trained and tested on"),
    "n_train": (True, "training instances really used"),
    "rerun": (True, "name or number of the repetition; transfer and reference of one rerun share "
              "their training instances"),
    "metric": (True, "name of the score, e.g. mae or f1_weighted; one per target"),
    "test_score": (True, "score on the test set, in the metric's unit"),
    "kind": (False, "transfer, reference or baseline; without it, reference where source is empty"),
    "source": (False, "dataset of the transferred weights; empty for references and baselines"),
    "omega": (False, "learning-rate multiplier of the transferred layers; empty for references"),
    "repeat": (False, "number of further references within one rerun, from 0; default 0"),
    "validation_score": (False, "the same score on the validation set"),
    "greater_is_better": (False, "true or false, for metrics that sktl does not know"),
    "task": (False, "regression or classification"),
    "unit": (False, "unit of the score"),
    "test_convergence_rate": (False, "convergence rate of the test curve, 0 to 1"),
    "validation_convergence_rate": (False, "convergence rate of the validation curve, 0 to 1"),
    "epochs": (False, "epochs trained"),
    "best_epoch": (False, "epoch (from 1) whose weights were scored"),
    "seconds": (False, "wall time of the training"),
    "simulated": (False, "true where data or source weights are simulated"),
    "source_loaded": (False, "true where the source existed and was not pre-trained in the grid"),
    "loss": (False, "training loss"),
    "monitor": (False, "quantity that early stopping watched"),
    "n_parameters": (False, "trainable parameters"),
    "status": (False, "ok or failed; default ok"),
    "error": (False, "why a trial failed"),
    "diverged": (False, "true where the training diverged; a trial that did so after a usable "
                 "epoch has the scores of its best one"),
    "source_domain": (False, "domain of the source, e.g. seis"),
    "target_domain": (False, "domain of the target"),
    "curves": (False, "JSON only: {\"validation\": [...], \"test\": [...]}, one score per epoch"),
}  # fmt: skip

#: A cell: what the paper calls a case. Its reruns are averaged.
CELL = ["architecture", "source", "target", "n_train"]
#: What a reference is looked up by, together with the rerun.
GROUP = ["architecture", "target", "n_train"]
KINDS = ("transfer", "reference", "baseline")
_NUMBERS = [
    "omega", "test_score", "validation_score", "test_convergence_rate",
    "validation_convergence_rate", "epochs", "best_epoch", "seconds", "n_parameters",
]  # fmt: skip
_TEXTS = [
    "architecture", "target", "source", "metric", "kind", "task", "unit", "loss", "monitor",
    "status", "error", "source_domain", "target_domain",
]  # fmt: skip
_TRUTHS = {"true": True, "1": True, "1.0": True, "yes": True,
           "false": False, "0": False, "0.0": False, "no": False}  # fmt: skip
IDENTITY = ["kind", "architecture", "source", "target", "n_train", "omega", "rerun", "repeat"]


def typed(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the columns of the schema with their types; say which are missing or unreadable."""
    missing = [name for name, (needed, _) in COLUMNS.items() if needed and name not in frame]
    if missing:
        near = {name: difflib.get_close_matches(name, frame.columns, n=1) for name in missing}
        hints = [f"{found[0]!r} for {name!r}" for name, found in near.items() if found]
        raise ValueError(
            f"records need the columns {missing}"
            + (f" (misspelt? {', '.join(hints)})" if hints else "")
            + f". Received: columns {list(frame.columns)}"
        )
    table = frame.drop(columns="curves", errors="ignore").copy()
    for name in _TEXTS:
        column = table[name] if name in table else pd.Series(None, index=table.index)
        column = column.astype(object).where(column.notna(), None)
        table[name] = column.map(lambda text: str(text).strip() or None, na_action="ignore")
    for name in _NUMBERS:
        table[name] = _numbers(table, name) if name in table else np.nan
    table["validation_score"] = table["validation_score"].where(
        np.isfinite(table["validation_score"])
    )
    for name in ("architecture", "target", "metric", "n_train", "rerun"):
        if table[name].isna().any():
            raise ValueError(f"records need {name!r} in every row. Received: none in row "
                             f"{table.index[table[name].isna()][0]}")  # fmt: skip
    table["n_train"] = _whole(table, "n_train")
    table["repeat"] = _whole(table, "repeat") if "repeat" in table else 0
    table["rerun"] = table["rerun"].map(rerun_name)
    derived = np.where(table["source"].isna(), "reference", "transfer")
    table["kind"] = table["kind"].fillna(pd.Series(derived, index=table.index))
    table["status"] = table["status"].fillna("ok")
    for name, allowed in (("kind", KINDS), ("status", ("ok", "failed"))):
        unknown = table.loc[~table[name].isin(allowed), name]
        if len(unknown):
            raise ValueError(
                f"{name} must be one of {list(allowed)}. Received: {name}={unknown.iloc[0]!r} "
                f"in row {unknown.index[0]}"
            )
    given = (
        _truths(table, "greater_is_better")
        if "greater_is_better" in table
        else pd.Series(None, index=table.index)
    )
    named = {name: greater_is_better(name) for name in table.loc[given.isna(), "metric"].unique()}
    table["greater_is_better"] = given.where(given.notna(), table["metric"].map(named)).astype(bool)
    for name in ("simulated", "source_loaded", "diverged"):
        table[name] = _truths(table, name) if name in table else None
    return table


def _numbers(table: pd.DataFrame, name: str) -> pd.Series:
    try:
        return pd.to_numeric(table[name])
    except (ValueError, TypeError, OverflowError):
        read = coerced(table[name])
        bad = table.loc[read.isna() & table[name].notna(), name]
        raise ValueError(
            f"{name} must be a number. Received: {name}={bad.iloc[0]!r} in row {bad.index[0]}"
        ) from None


def _whole(table: pd.DataFrame, name: str) -> pd.Series:
    numbers = _numbers(table, name).fillna(0)
    bad = ~((numbers >= 0) & (numbers < 2**53) & (numbers % 1 == 0))
    if bad.any():
        raise ValueError(
            f"{name} must be a whole number. Received: {name}={numbers[bad].iloc[0]} "
            f"in row {numbers.index[bad][0]}"
        )
    return numbers.astype(int)


def _truths(table: pd.DataFrame, name: str) -> pd.Series:
    texts = table[name].map(lambda value: str(value).strip().lower(), na_action="ignore")
    bad = texts.notna() & ~texts.isin(_TRUTHS)
    if bad.any():
        raise ValueError(
            f"{name} must be true or false. Received: {name}={table.loc[bad, name].iloc[0]!r} "
            f"in row {table.index[bad][0]}"
        )
    return texts.map(_TRUTHS).astype(object).where(texts.notna(), None)


def rerun_name(value: object) -> str:
    """Return a rerun's name: 6, 6.0 and "6" are one."""
    text = str(value).strip()
    return text[:-2] if text.endswith(".0") else text


def rerun_names(values: Any) -> tuple[str, ...]:
    """Return the names of several reruns, each once; one alone may stand without a list."""
    several = isinstance(values, Iterable) and not isinstance(values, str)
    return tuple(dict.fromkeys(rerun_name(value) for value in (values if several else [values])))
