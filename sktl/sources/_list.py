"""A table of all sources that have a name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sktl.sources._folder import read_card
from sktl.sources._resolve import SIMULATED, architectures, check_own_name, named_sources

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "architecture", "source", "data", "where", "available", "task", "n_channels", "n_timepoints",
    "sampling_rate", "metric", "score", "split", "sha256", "licence", "problem",
)  # fmt: skip


def list_sources(architecture: str | None = None) -> pd.DataFrame:
    """List the user's own, the published and the bundled sources.

    Where two have the same name, the upper one is used; bundled ones that were trained on simulated
    data are listed by the name that asks for them plainly, ``"STEAD-simulated"``. Own ones cannot
    be loaded by such a name. The weights themselves are verified when they are loaded, not here.

    Parameters
    ----------
    architecture : str, optional
        Only sources of this architecture.

    Returns
    -------
    pandas.DataFrame
        One row a source: ``architecture``, ``source`` (its name), ``data`` (``"real"``,
        ``"simulated"`` or ``"unknown"``), ``where`` (``"own"``, ``"published"`` or
        ``"bundled"``), ``available`` (whether it loads without a download), ``task``,
        ``n_channels``, ``n_timepoints``, ``sampling_rate`` (Hz), ``metric``, ``score``,
        ``split``, ``sha256`` (of the weights), ``licence``, and ``problem`` (why a card cannot
        be read, or an own source not be loaded by its name; otherwise None).

    Examples
    --------
    >>> from sktl.sources import list_sources
    >>> table = list_sources("MagNet")
    >>> table.loc[table["where"] == "published", ["source", "data"]].values.tolist()
    [['STEAD', 'real']]
    """
    import pandas as pd

    rows = []
    for kind in architectures() if architecture is None else [architecture]:
        for found in named_sources(kind):
            row: dict[str, object] = {
                "architecture": kind,
                "source": found.name,
                "where": found.origin,
                "data": "unknown",
                "available": False,
            }
            try:
                if found.origin == "own":
                    check_own_name(found.name)
                if isinstance(found.at, Path):
                    card, available = read_card(found.at), True
                else:
                    card, available = found.at.card, found.at.is_available()
            except (ValueError, OSError) as error:
                rows.append(row | {"problem": str(error)})
                continue
            score = card.score or {}
            if found.origin == "bundled" and card.simulated:
                row["source"] = found.name + SIMULATED
            row |= {
                "data": {True: "simulated", False: "real", None: "unknown"}[card.simulated],
                "available": available,
                "task": card.task,
                "n_channels": card.n_channels,
                "n_timepoints": card.n_timepoints,
                "sampling_rate": card.sampling_rate,
                "metric": score.get("metric"),
                "score": score.get("value"),
                "split": score.get("split"),
                "sha256": card.weights_sha256,
                "licence": card.licence,
            }
            rows.append(row)
    return pd.DataFrame(rows, columns=list(COLUMNS))
