"""The rows of a study in a CSV file, from which a run continues."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd


def known_keys(path: Path, key: Sequence[str]) -> set[tuple]:
    """Return the values of the key's columns in all rows; none where there is no file."""
    if not path.exists():
        return set()
    return set(pd.read_csv(path)[list(key)].itertuples(index=False, name=None))


def append(path: Path, rows: Sequence[dict], columns: Sequence[str] | None = None) -> None:
    """Add rows to the file, which it makes, in one write."""
    text = pd.DataFrame(rows, columns=columns).to_csv(header=not path.exists(), index=False)
    with path.open("a") as file:
        file.write(text)
