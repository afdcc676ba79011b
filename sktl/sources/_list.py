"""A table of all sources that have a name, and the names that a group stands for."""

from __future__ import annotations

import difflib
import os
import warnings
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sktl.sources._card import Card
from sktl.sources._folder import read_card
from sktl.sources._published_file import available
from sktl.sources._resolve import (
    SIMULATED,
    Found,
    architectures,
    check_own_name,
    find_card,
    named_sources,
)
from sktl.sources.published import GROUPS

if TYPE_CHECKING:
    from sktl.sources._table import SourceTable

COLUMNS = (
    "architecture", "source", "data", "domain", "where", "available", "task", "n_channels",
    "n_timepoints", "sampling_rate", "metric", "score", "split", "sha256", "licence", "problem",
)  # fmt: skip
# Of the datasets that sources are named after; their cards were written before cards had a domain.
_DOMAINS = {
    "STEAD": "seismology",
    "LEN-DB": "seismology",
    "LOMAX": "seismology",
    "SPEECH": "audio",
    "EMG": "EMG",
    "S&P 500": "finance",
    "EMG-Roshambo": "EMG",
    "EMG-Francic": "EMG",
    "DSPSpeech-20": "audio",
}
_NO_SOURCES = "sources must be a list of sources, 'available' or the name of a group ({}). "


def list_sources(architecture: str | None = None, domain: str | None = None) -> SourceTable:
    """List the user's own, the published and the bundled sources.

    Where two have the same name, the upper one is used; bundled ones that were trained on simulated
    data are listed by the name that asks for them plainly, ``"STEAD-simulated"``. Own ones cannot
    be loaded by such a name. The weights themselves are verified when they are loaded, not here.

    Parameters
    ----------
    architecture : str, optional
        Only sources of this architecture.
    domain : str, optional
        Only sources trained on data of this kind, in upper or lower case, such as
        ``"seismology"``, ``"finance"``, ``"audio"``, ``"EMG"``, and the types of the UCR archive:
        ``"ECG"``, ``"image"``, ``"motion"``, ``"sensor"``, ...

    Returns
    -------
    pandas.DataFrame
        One row per source: ``architecture``, ``source`` (its name), ``data`` (``"real"``,
        ``"simulated"`` or ``"unknown"``), ``domain`` (None: its card does not tell), ``where``
        (``"own"``, ``"published"`` or ``"bundled"``), ``available`` (whether it loads without a
        download), ``task``, ``n_channels``, ``n_timepoints`` (missing where series differ in
        length), ``sampling_rate`` (Hz), ``metric``, ``score``, ``split``, ``sha256`` (of the
        weights), ``licence``, and ``problem`` (why a card cannot be read, or an own source not
        be loaded by its name; otherwise None). Printed, it shows the columns by which one
        chooses, and the members of a group in one line.

    Raises
    ------
    ValueError
        If no source is of this domain; the message names the domains that there are.

    Examples
    --------
    >>> from sktl.sources import list_sources
    >>> table = list_sources("MagNet")
    >>> table.loc[table["where"] == "published", ["source", "data"]].values.tolist()
    [['STEAD', 'real']]
    >>> list_sources("MLSTMFCN", domain="ECG")["source"].head(2).tolist()
    ['UCR/ECG200', 'UCR/ECG5000']
    """
    from sktl.sources._table import SourceTable

    kinds = architectures() if architecture is None else [architecture]
    found = [(kind, source) for kind in kinds for source in named_sources(kind)]
    present = available(source.at for _, source in found if not isinstance(source.at, Path))
    rows = [
        _row(kind, source, isinstance(source.at, Path) or next(present)) for kind, source in found
    ]
    table = SourceTable(rows, columns=list(COLUMNS))
    for count in ("n_channels", "n_timepoints"):
        table[count] = table[count].astype("Int64")
    return table if domain is None else _of_domain(table, domain)


def _row(architecture: str, found: Found, present: bool) -> dict[str, Any]:
    row: dict[str, Any] = {
        "architecture": architecture,
        "source": found.name,
        "where": found.origin,
        "data": "unknown",
        "available": False,
    }
    try:
        if found.origin == "own":
            check_own_name(found.name)
        card = read_card(found.at) if isinstance(found.at, Path) else found.at.card
    except (ValueError, OSError) as error:
        return row | {"problem": str(error)}
    score = card.score or {}
    return row | {
        "data": {True: "simulated", False: "real", None: "unknown"}[card.simulated],
        "domain": domain_of(card),
        "available": present,
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


def domain_of(card: Card) -> str | None:
    """Return what kind of data a source was trained on.

    Parameters
    ----------
    card : Card
        The source's.

    Returns
    -------
    str or None
        Such as ``"seismology"``; None: the card does not tell.

    Examples
    --------
    >>> from sktl.sources import domain_of, find_card
    >>> domain_of(find_card("STEAD-simulated", "TCN"))
    'seismology'
    """
    return card.domain or _DOMAINS.get(card.name.removesuffix(SIMULATED))


def _of_domain(table, domain):
    domains = sorted(table["domain"].dropna().unique(), key=str.lower)
    lower = {known.lower(): known for known in domains}
    if str(domain).lower() not in lower:
        near = difflib.get_close_matches(str(domain).lower(), lower, 1)
        hint = f" Did you mean {lower[near[0]]!r}?" if near else ""
        raise ValueError(
            f"No source is of this domain.{hint} "
            f"There are: {', '.join(domains) or 'none'}. Received: domain={domain!r}"
        )
    return table[table["domain"] == lower[domain.lower()]].reset_index(drop=True)


def expand_sources(
    sources: str | Iterable[str | os.PathLike[str] | None],
    architecture: str,
    searched: Collection[str] = (),
) -> list[str | os.PathLike[str] | None]:
    """Turn ``"available"``, or the name of a group, into the names of sources.

    Parameters
    ----------
    sources : "available", name of a group, or iterable of (str, path-like or None)
        ``"available"``: all that load without a download, except the members of groups; a group,
        such as ``"UCR"``: its members that load without a download. In a list, the name of a
        group stands for these members, and everything else for itself.
    architecture : str
        The network, for example ``"MLSTMFCN"``.
    searched : collection of str, default=()
        sha256 of the data that is searched, as cards hold it. ``"available"`` and groups leave out
        what was trained on this very data, and a warning names it: such a source has seen the
        answers. A source that is named stays.

    Returns
    -------
    list
        The sources, each once. Of two sources with one name the first is the one that the name
        loads.

    Raises
    ------
    TypeError
        If `sources` is one name or path that is no group.
    ValueError
        If the group is of another architecture, or no member is on this machine.

    Examples
    --------
    >>> from sktl.sources import expand_sources
    >>> expand_sources("available", "TCN")[:2]
    ['DSPSpeech-20', 'EMG-Francic']
    """
    if isinstance(sources, str) and sources == "available":
        names = [name for name in _loadable(architecture) if name.split("/")[0] not in GROUPS]
        return list(_without(names, architecture, searched))
    if isinstance(sources, str) and sources in GROUPS:
        sources = [sources]
    if isinstance(sources, str | os.PathLike) or not isinstance(sources, Iterable):
        raise TypeError(
            f"{_NO_SOURCES.format(', '.join(map(repr, GROUPS)))}Received: sources={sources!r}"
        )
    expanded: dict[str | os.PathLike[str] | None, None] = {}
    for source in sources:
        is_group = isinstance(source, str) and source in GROUPS
        members = _members(str(source), architecture) if is_group else []
        of_group = _without(members, architecture, searched)
        expanded |= dict.fromkeys(of_group if is_group else [source])
    return list(expanded)


def _without(names: list[str], architecture: str, searched: Collection[str]) -> list[str]:
    """Leave out what was trained on the data that is searched."""
    if not searched:
        return names
    seen = [name for name in names if _trained_on(find_card(name, architecture)) & set(searched)]
    if seen:
        warnings.warn(
            f"{', '.join(seen)} left out: trained on the very data that is searched",
            stacklevel=3,
        )
    return [name for name in names if name not in seen]


def _trained_on(card: Card) -> set[str]:
    """Return the sha256 of what was trained on, without and with an inner split's other part."""
    given = (card.training or {}).get("given_sha256")
    return {found for found in (card.data_sha256, given) if found}


def _members(group: str, architecture: str) -> list[str]:
    if GROUPS[group] != architecture:
        raise ValueError(
            f"The sources of the group {group!r} are of {GROUPS[group]}. "
            f"Received: architecture={architecture!r}"
        )
    members = [name for name in _loadable(architecture) if name.split("/")[0] == group]
    if not members:
        raise ValueError(
            f"No source of the group {group!r} is on this machine. Name one, such as "
            f"{group}/GunPoint, and it is downloaded when it is first used; or set SKTL_MIRROR to "
            f"a folder that holds their files. Received: sources={group!r}"
        )
    return members


def _loadable(architecture: str) -> list[str]:
    table = list_sources(architecture)
    return list(dict.fromkeys(table.loc[table["available"], "source"]))
