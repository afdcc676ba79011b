"""From a name to weights: path, then the user's own, then published, then bundled."""

from __future__ import annotations

import copy
import difflib
import os
import re
import shlex
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from sktl import _paths
from sktl.sources import published
from sktl.sources._card import Card
from sktl.sources._folder import Source, fingerprint, is_source, read_card, read_source

_BUNDLED = Path(__file__).parent / "bundled"
SIMULATED = "-simulated"
# Of the same domain, for simulated sources whose dataset has no real source.
_NEAREST_REAL = {"EMG": "EMG-Roshambo", "SPEECH": "DSPSpeech-20"}
# Of several simulators at once: no real data has all of their targets.
_ONLY_SIMULATED = {"seismic"}
# Path -> (change times, sizes and hashes; what was verified then).
_cache: dict[str, tuple[tuple | None, Source]] = {}
# Downloads that failed in this process, by where the file would be kept and its address.
_failed: dict[tuple[str, str], str] = {}
_told: set[tuple[str, str]] = set()


class SimulatedSourceWarning(UserWarning):
    """The source found under a name was trained on simulated data."""


def own_sources_directory() -> Path:
    """Return where the user's own sources are kept, ``$SKTL_HOME/sources``.

    A source lies in ``<architecture>/<name>`` below it.

    Returns
    -------
    pathlib.Path
        The directory; it need not exist.

    Examples
    --------
    >>> from sktl.sources import own_sources_directory
    >>> own_sources_directory().name
    'sources'
    """
    return _paths.home() / "sources"


def load_source(source: str | os.PathLike[str], architecture: str) -> Source:
    """Find pretrained weights, verify every byte of them and read them.

    Looked for in this order: an existing path, the user's own directory, published weights,
    weights bundled with the package. A process reads and verifies the same files only once.

    Parameters
    ----------
    source : str or path-like
        Folder of a source, name of a source, or ``"hf://owner/repo[@revision]"``.
        ``"X-simulated"`` is always the bundled source X that was trained on simulated data; X
        itself gives it, too, where there is no real source of this name.
    architecture : str
        The network that needs the weights, for example ``"MagNet"``.

    Returns
    -------
    Source
        Card and read-only arrays. The card's name is one that loads the same source again: of
        bundled ones that were trained on simulated data ``"X-simulated"``.

    Warns
    -----
    SimulatedSourceWarning
        If a bundled source was trained on simulated data and its name was asked for without
        ``-simulated``; also, once a process, where published weights could not be downloaded and
        it stands in. A download that failed is not tried again by the same process.

    Raises
    ------
    ValueError
        If the name is unknown, a file was changed, or the source is of another architecture.
    FileNotFoundError
        If a path holds no source.
    ConnectionError
        If published weights are not on this machine and cannot be downloaded, and nothing of
        this name is bundled.

    Examples
    --------
    >>> from sktl.sources import load_source
    >>> load_source("STAED", "MagNet")  # doctest: +ELLIPSIS, +IGNORE_EXCEPTION_DETAIL
    Traceback (most recent call last):
    ValueError: MagNet has no source of this name. Did you mean 'STEAD'? ...
    """
    found = _find(source, architecture)
    absent = None
    try:
        loaded = _read(found)
    except ConnectionError:
        # A bundled one of the very name would have been trained on real data.
        stand_ins = (found.name, found.name + SIMULATED)
        bundled = [_BUNDLED / architecture / name for name in stand_ins]
        here = [folder for folder in bundled if is_source(folder)]
        if not isinstance(found.at, published.Published) or not here:
            raise
        absent, found = found.at, Found(here[0].name, "bundled", here[0])
        loaded = _read(found)
    _check_architecture(loaded.card, architecture, found)
    if absent is not None:
        _warn_of_stand_in(absent, _card_of(found, loaded.card))
    elif found.origin == "bundled" and loaded.card.simulated and found.name != source:
        _warn_simulated(str(source), architecture)
    return replace(loaded, card=_card_of(found, loaded.card), arrays=dict(loaded.arrays))


def find_card(source: str | os.PathLike[str], architecture: str) -> Card:
    """Find a source and return its card, reading and downloading no published weights.

    Parameters
    ----------
    source, architecture
        As in `load_source`.

    Returns
    -------
    Card
        The card, verified.

    Raises
    ------
    ValueError, FileNotFoundError
        As in `load_source`.

    Examples
    --------
    >>> from sktl.sources import find_card
    >>> find_card("STEAD", "MagNet").sampling_rate
    100.0
    """
    found = _find(source, architecture)
    at = found.at
    card = at.card if isinstance(at, published.Published) else read_card(at)
    _check_architecture(card, architecture, found)
    return _card_of(found, card)


@dataclass(frozen=True)
class Found:
    """Where a source is: a folder, or an entry of published weights."""

    name: str
    origin: str
    at: Path | published.Published


def named_sources(architecture: str) -> Iterator[Found]:
    """All sources of an architecture that have a name, in the order of their resolution."""
    yield from _folders("own", own_sources_directory() / architecture)
    for entry in published.published_for(architecture):
        yield Found(entry.card.name, "published", entry)
    yield from _folders("bundled", _BUNDLED / architecture)


def _folders(origin: str, directory: Path) -> Iterator[Found]:
    for folder in sorted(directory.iterdir()) if directory.is_dir() else ():
        if not folder.name.startswith(".") and is_source(folder):
            yield Found(folder.name, origin, folder)


def architectures() -> list[str]:
    """All architectures that have a named source."""
    names = {entry.card.architecture for entry in published.PUBLISHED}
    names |= set(published.GROUPS.values())
    for directory in (own_sources_directory(), _BUNDLED):
        if directory.is_dir():
            names |= {path.name for path in directory.iterdir() if path.is_dir()}
    return sorted(name for name in names if re.match(r"\w", name) and name != "__pycache__")


def _find(source: str | os.PathLike[str], architecture: str) -> Found:
    if not isinstance(source, str | os.PathLike):
        raise TypeError(
            f"source must be a name, a path or 'hf://owner/repo'. Received: source={source!r}"
        )
    text = os.fspath(source)
    if text.startswith("hf://"):
        from sktl.sources.hub import download

        return Found(text, "hub", download(text))
    if not text:
        raise ValueError("source must be a name, a path or 'hf://owner/repo'. Received: source=''")
    try:
        path = Path(text).expanduser().absolute()
    except RuntimeError as error:  # of a user who is unknown
        raise FileNotFoundError(f"{error} Received: source={text!r}") from error
    if is_source(path):
        return Found(path.name, "path", path)
    grouped = text.split("/")[0] in published.GROUPS and not isinstance(source, os.PathLike)
    if isinstance(source, os.PathLike) or (not grouped and ("/" in text or os.sep in text)):
        raise FileNotFoundError(
            f"There is no source (a folder with card.json) at this path. Received: source={text!r}"
        )
    candidates = list(named_sources(architecture))
    plainly = text.endswith(SIMULATED)
    for found in candidates:
        if found.name == text and (found.origin == "bundled" or not plainly):
            return found
    for found in candidates:
        # A real one of this name would have been found: the simulated one stands in, and warns.
        if found.origin == "bundled" and found.name == text + SIMULATED:
            return found
    raise ValueError(_unknown(text, architecture, candidates))


def _unknown(name: str, architecture: str, candidates: list[Found]) -> str:
    usable = (
        found.name
        for found in candidates
        if found.origin == "bundled" or not found.name.endswith(SIMULATED)
    )
    names = list(dict.fromkeys(usable))
    known = architectures()
    if architecture not in known and not candidates:
        close = difflib.get_close_matches(architecture.lower(), [n.lower() for n in known], 1, 0.75)
        hint = next((f" Did you mean {n!r}?" for n in known if [n.lower()] == close), "")
        return (
            f"No source is of this architecture.{hint} Those with sources: {', '.join(known)}. "
            f"Received: architecture={architecture!r}, source={name!r}"
        )
    asked = list(dict.fromkeys([*names, *(n.removesuffix(SIMULATED) for n in names)]))
    near = difflib.get_close_matches(name.upper(), [n.upper() for n in asked], 1)
    groups = Counter(n.split("/")[0] for n in names if "/" in n)
    listed = [n for n in names if "/" not in n]
    listed += [f"{group}/... ({count})" for group, count in groups.items()]
    hint = next((f" Did you mean {n!r}?" for n in asked if near and n.upper() == near[0]), "")
    others = [
        other
        for other in architectures()
        if other != architecture
        and any(found.name in (name, name + SIMULATED) for found in named_sources(other))
    ]
    elsewhere = f" There is one for {', '.join(others)}." if others else ""
    return (
        f"{architecture} has no source of this name.{hint}{elsewhere} "
        f"Available: {', '.join(listed) or 'none'}; or a path, or 'hf://owner/repo'. "
        f"Received: source={name!r}"
    )


def check_own_name(name: str) -> None:
    """Refuse a name that the user's own sources cannot have.

    Parameters
    ----------
    name : str
        The name.

    Raises
    ------
    ValueError
        If it ends as the names of bundled sources do, or `load_source` would take it for a path,
        a hidden folder, a group or a repository.
    """
    odd = not name.strip() or name != name.strip() or not name.isprintable()
    if odd or name.startswith((".", "~", "hf:")) or set(name) & set("/\\"):
        raise ValueError(
            "The name of a source of your own must be one word or several, without / and \\, and "
            "must not start with a dot, '~' or 'hf:'; as a path, not as a name, give the folder. "
            f"Received: name={name!r}"
        )
    if name in published.GROUPS or name in ("available", "bundled"):
        raise ValueError(
            f"This name stands for several sources; choose another one. Received: name={name!r}"
        )
    if name.endswith(SIMULATED):
        raise ValueError(
            f"Names that end with {SIMULATED!r} are those of bundled sources: choose another one, "
            f"or give a path. Received: name={name!r}"
        )


def _card_of(found: Found, card: Card) -> Card:
    """Return a copy of a card with the name that loads what was found."""
    name = found.name if found.origin in ("own", "bundled") else card.name
    return replace(copy.deepcopy(card), name=name)


def _read(found: Found) -> Source:
    """Read and verify, or take what this process has verified before."""
    at = found.at
    where = str(at if isinstance(at, Path) else at.kept_at)
    # Taken before reading, so that newer content is never kept as older than it is.
    key = fingerprint(at) if isinstance(at, Path) else at.fingerprint()
    if key is None or _cache.get(where, (None,))[0] != key:
        loaded = read_source(at) if isinstance(at, Path) else _load_published(at)
        _cache[where] = (key, loaded)
    return replace(_cache[where][1], origin=found.origin)


def _load_published(entry: published.Published) -> Source:
    """Load published weights, trying a download that failed in this process not again."""
    attempt = (str(entry.kept_at), entry.url)
    if attempt in _failed and not entry.is_available():
        raise ConnectionError(_failed[attempt])
    try:
        return entry.load()
    except ConnectionError as error:
        _failed[attempt] = str(error)
        raise


def _check_architecture(card: Card, architecture: str, found: Found) -> None:
    if card.architecture != architecture:
        raise ValueError(
            f"{architecture} needs a source that was trained as {architecture}; this one is of "
            f"{card.architecture}. Received: source={found.name!r} ({found.origin})"
        )


def _warn_of_stand_in(entry: published.Published, card: Card) -> None:
    attempt = (str(entry.kept_at), entry.url)
    if attempt in _told:
        return
    _told.add(attempt)
    data = "on simulated data" if card.simulated else f"on {card.dataset}"
    warnings.warn(
        f"source={entry.card.name!r} for {card.architecture} could not be downloaded; the bundled "
        f"{card.name!r}, trained {data}, is used instead.\nFor the published one put "
        f"{entry.filename} (from {entry.url}) into {entry.kept_at.parent}, or into $SKTL_MIRROR.",
        SimulatedSourceWarning,
        stacklevel=3,
    )


def _warn_simulated(name: str, architecture: str) -> None:
    near = _NEAREST_REAL.get(name)
    if near in {found.name for found in named_sources(architecture)}:
        nearest = f"The nearest source that was trained on real data is source={near!r}. "
    else:
        nearest = ""
    train = (
        f"Train it on the real data by: sktl pretrain {shlex.quote(name)} --architecture "
        f"{architecture} --data real. "
    )
    warnings.warn(
        f"source={name!r} for {architecture} was trained on simulated data. {nearest}"
        f"{'' if name in _ONLY_SIMULATED else train}To use the simulated one without this "
        f"warning: source='{name}{SIMULATED}'.",
        SimulatedSourceWarning,
        stacklevel=3,
    )
