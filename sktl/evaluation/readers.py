"""Readers of records: CSV, Parquet, a directory of JSON trial records, the published table."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sktl._files import is_left_behind
from sktl._tables import read_table
from sktl._untrusted import DAMAGE, check_claim, needed_arrays, read_json
from sktl.evaluation.records import Exclusion, Records

#: Columns by which the table of the original experiment's results is recognised.
_PUBLISHED = {"score", "convergence_rate", "curve_start", "last_epoch", "n_train"}
_LARGEST = 2**63 - 1
# What is different in each record would only fill the memory.
_MOST_TEXTS = 10_000
_PUBLISHED_SIZES = {"1k5": 1500, "9k": 9000}


def read_records(
    path: str | Path, domains: Mapping[str, str] | None = None, progress: bool = False
) -> Records:
    r"""Read and check records.

    Parameters
    ----------
    path : str or pathlib.Path
        A ``.csv`` (may be compressed), a ``.parquet``, or a directory searched at any depth for
        ``.json`` files with one trial each, whose lists and objects other than the curves are left
        out. The table of the published results of Otović et al.
        is recognised by its columns; its curves are read from a file beside it, if there is one.
    domains : mapping of str to str, optional
        Domains of datasets, e.g. ``{"etna": "seis"}``.
    progress : bool, default=False
        Show a progress bar on standard error once reading takes more than two seconds.

    Returns
    -------
    Records
        The checked records.

    Raises
    ------
    FileNotFoundError
        If ``path`` does not exist.
    ValueError
        If the format or the content cannot be read; see :meth:`Records.from_frame`.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from sktl.evaluation.readers import read_records
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "records.csv"
    >>> _ = file.write_text(
    ...     "architecture,source,target,n_train,omega,rerun,metric,test_score\n"
    ...     "tcn,,stead,1500,,0,mae,0.5\n"
    ...     "tcn,lomax,stead,1500,1.0,0,mae,0.4\n")
    >>> len(read_records(file).table)
    2
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"records must be an existing file or directory. Received: {path}")
    if path.is_dir():
        return _directory(path, domains, progress)
    name = path.name.lower()
    try:
        if name.endswith(".parquet"):
            frame = _parquet(path)
        elif ".csv" in name:
            frame = read_table(path, float_precision="round_trip", low_memory=False)
        else:
            raise ValueError("they must be .csv, .csv.gz, .parquet or a directory of .json")
    except (ImportError, *DAMAGE) as error:
        raise ValueError(f"records cannot be read: {error}. Received: {path}") from error
    if set(frame.columns) >= _PUBLISHED:
        return _published(frame, path, domains)
    return Records.from_frame(frame, domains=domains, origin=str(path))


def _parquet(path: Path) -> pd.DataFrame:
    """Read a Parquet table whose decompressed size is plausible for the size of its file."""
    from pyarrow.parquet import read_metadata, read_table

    facts = read_metadata(path)
    check_claim(8 * facts.num_rows * facts.num_columns, path.stat().st_size, "the table")
    table = read_table(path)
    table.validate(full=True)  # text that is no UTF-8 would fail at its first use
    return table.to_pandas()


def _directory(path: Path, domains: Mapping[str, str] | None, progress: bool) -> Records:
    from tqdm import tqdm

    columns: dict[str, list] = {}
    curves: dict[int, dict[str, np.ndarray]] = {}
    unreadable: list[str] = []
    foreign: list[str] = []
    # Many records say the same in many words: each text is held once.
    texts: dict[str, str] = {}
    count = 0
    files = [
        os.path.join(folder, name)
        for folder, _, names in os.walk(path)
        for name in names
        if name.endswith(".json") and not is_left_behind(name)
    ]
    files.sort(key=lambda file: file.split(os.sep))  # as paths are ordered
    for file in tqdm(files, desc="reading records", delay=2, disable=not progress):
        with open(file, "rb") as opened:
            content = opened.read()
        try:
            row = read_json(content.decode())
        except ValueError:  # no JSON, or no UTF-8
            unreadable.append(os.path.basename(file))
            continue
        if not (isinstance(row, dict) and {"architecture", "target"} <= row.keys()):
            foreign.append(os.path.basename(file))
            continue
        curve = row.pop("curves", None)
        if curve:
            curves[count] = _curves(row, curve)
        for key, value in row.items():
            kind = type(value)
            if kind is dict or kind is list:
                continue
            if kind is str and len(texts) < _MOST_TEXTS:
                value = texts.setdefault(value, value)
            elif kind is str:
                value = texts.get(value, value)
            elif kind is int and abs(value) > _LARGEST:
                raise ValueError(f"{key} must have at most 64 bits. Received: a larger number")
            if key not in columns:
                columns[key] = [None] * count
            columns[key].append(value)
        count += 1
        for column in columns.values():
            if len(column) < count:
                column.append(None)
    exclusions = [
        Exclusion(reason, len(names), names[:3])
        for reason, names in (("no readable JSON", unreadable), ("no trial record", foreign))
        if names
    ]
    if not count:
        raise ValueError(
            f"no trial record in the {len(files)} .json files of {path}. "
            + "; ".join(map(str, exclusions))
        )
    frame = pd.DataFrame(columns)
    columns.clear()
    return Records.from_frame(
        frame,
        curves=curves,
        domains=domains,
        exclusions=exclusions,
        origin=f"{path} ({count} trial records)",
    )


def _curves(row: dict, given: Any) -> dict[str, np.ndarray]:
    try:
        curves = {
            part: np.asarray(curve, dtype=float)
            for part, curve in given.items()
            if curve is not None
        }
        if all(curve.ndim == 1 for curve in curves.values()):
            return curves
    except (ValueError, TypeError, AttributeError, OverflowError):
        pass
    raise ValueError(
        'curves must be {"test": [...], "validation": [...]} with one number per epoch. Received: '
        f"{str(given)[:60]} in the record of {row['architecture']} on {row['target']}, "
        f"rerun {row.get('rerun')}"
    )


def _published(frame: pd.DataFrame, path: Path, domains: Mapping[str, str] | None) -> Records:
    """Convert the table of the original experiment's results."""
    table = frame.rename(
        columns={
            "score": "test_score",
            "convergence_rate": "test_convergence_rate",
            "last_epoch": "epochs",
        }
    )
    table["n_train"] = table["n_train"].replace(_PUBLISHED_SIZES)
    table["simulated"] = False
    # Not in the files: the settings of the published training scripts (README of the results).
    as_regression = (table["task"] == "regression") | (
        (table["kind"] == "reference") & table["target"].isin(["speech", "emg"])
    )
    table["loss"] = np.where(as_regression, "mse", "categorical_crossentropy")
    table["monitor"] = np.where(as_regression, "val_loss", "val_acc")
    notes = [
        "Recognised as the published results of Otović et al. Loss and monitor are those of their "
        "training scripts and not part of the result files."
    ]
    curves: dict[int, dict[str, np.ndarray]] = {}
    beside = path.with_name("published_curves.npz")
    if beside.exists():
        main, offsets = needed_arrays(beside, ("main", "offsets"))
        fits = offsets.shape == (len(table) + 1,) and offsets.dtype.kind in "iu"
        if fits and main.ndim == 1 and main.dtype.kind == "f":
            curves = {
                index: {"test": main[start:end]}
                for index, start, end in zip(table.index, offsets[:-1], offsets[1:], strict=True)
            }
        else:
            notes.append(f"{beside.name} does not match the table: no learning curves.")
    else:
        notes.append(f"No {beside.name} beside the table: no learning curves.")
    return Records.from_frame(
        table, curves=curves, domains=domains, notes=notes, origin=f"{path.name} (published)"
    )
