"""Tables of others: a short row must not stand for thousands of cells, nor text for numbers."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
from os import PathLike
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd

from sktl._untrusted import check_claim, refusing

# Bytes of a cell in memory.
_CELL = 8
_PIECE = 2**20


def read_table(path: str | PathLike[str], **options: Any) -> pd.DataFrame:
    """Read a CSV file, which may be compressed.

    Parameters
    ----------
    path : path-like
        ``.csv``, or this with ``.gz``, ``.bz2``, ``.xz`` or ``.zip``.
    **options
        Of `pandas.read_csv`.

    Returns
    -------
    pandas.DataFrame

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no table, or would take far more memory than the file has bytes.
    """
    path = Path(path)
    stored = path.stat().st_size
    with refusing(f"{path} is no CSV file, or damaged"):
        content = io.BytesIO()
        with _unpacked(path) as file:
            while piece := file.read(_PIECE):
                content.write(piece)
                check_claim(content.tell(), stored)
        # Shorter rows are filled up: no table of that size has fewer bytes than cells.
        cells = (content.getvalue().count(b"\n") + 1) * (_first_line(content).count(b",") + 1)
        check_claim(_CELL * cells, content.tell())
        content.seek(0)
        return pd.read_csv(content, **options)


def coerced(column: pd.Series) -> pd.Series:
    """Read numbers as `pandas.to_numeric` does with ``errors="coerce"``, however large they are.

    Parameters
    ----------
    column : pandas.Series
        Of numbers, text or anything else.

    Returns
    -------
    pandas.Series
        Numbers; NaN for what is none, or beyond floats.

    Examples
    --------
    >>> import pandas as pd
    >>> from sktl._tables import coerced
    >>> coerced(pd.Series(["1", "x", 10**400])).tolist()
    [1.0, nan, nan]
    """
    try:
        return pd.to_numeric(column, errors="coerce")
    except OverflowError:
        return column.map(as_number).astype(float)


def as_number(value: object) -> float:
    """Return a float from a number that is not too large, or from text that holds one, else NaN.

    Examples
    --------
    >>> from sktl._tables import as_number
    >>> as_number("3.6"), as_number(b"2"), as_number("None"), as_number(10**400)
    (3.6, 2.0, nan, nan)
    """
    if isinstance(value, np.ndarray):
        if value.size != 1:
            return float("nan")
        value = value.item()
    try:
        return float(value.decode() if isinstance(value, bytes) else value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return float("nan")


def _first_line(content: io.BytesIO) -> bytes:
    end = content.tell()
    content.seek(0)
    line = content.readline()
    content.seek(end)
    return line


def _unpacked(path: Path) -> IO[bytes]:
    openers: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
    if path.suffix.lower() == ".zip":
        archive = zipfile.ZipFile(path)
        names = archive.namelist()
        if len(names) != 1:
            raise ValueError(f"an archive must hold one table. Received: {names[:10]}")
        return archive.open(names[0])
    return openers.get(path.suffix.lower(), open)(path, "rb")
