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
# Path -> (change times, sizes and hashes; what was verified then).
_cache: dict[str, tuple[tuple | None, Source]] = {}


class SimulatedSourceWarning(UserWarning):
    """A source was asked for by its name, and what is there was trained on simulated data."""


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
        ``"X-simulated"`` asks plainly for the source X that was trained on simulated data; X
        itself gives it, too, where there is no real source of this name.
    architecture : str
        The network that needs the weights, for example ``"MagNet"``.

    Returns
    -------
    Source
        Card and read-only arrays.

    Warns
    -----
    SimulatedSourceWarning
        If a bundled source was trained on simulated data and its name was asked for without
        ``-simulated``; also where published weights could not be downloaded and it stands in.

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
    why = ""
    try:
        loaded = _read(found)
    except ConnectionError as error:
        # A bundled one of the very name would have been trained on real data.
        stand_ins = (found.name, found.name + SIMULATED)
        bundled = [_BUNDLED / architecture / name for name in stand_ins]
        here = [folder for folder in bundled if is_source(folder)]
        if found.origin != "published" or not here:
            raise
        found = Found(here[0].name, "bundled", here[0])
        why = f"{error} The bundled one is used instead: "
        loaded = _read(found)
    _check_architecture(loaded.card, architecture, found)
    if found.origin == "bundled" and loaded.card.simulated and found.name != source:
        _warn_simulated(str(source), architecture, why)
    return replace(loaded, card=copy.deepcopy(loaded.card), arrays=dict(loaded.arrays))


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
    card = copy.deepcopy(at.card) if isinstance(at, published.Published) else read_card(at)
    _check_architecture(card, architecture, found)
    return card


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
    path = Path(text).expanduser().absolute()
    if is_source(path):
        return Found(path.name, "path", path)
    grouped = text.split("/")[0] in published.GROUPS and not isinstance(source, os.PathLike)
    if isinstance(source, os.PathLike) or (not grouped and ("/" in text or os.sep in text)):
        raise FileNotFoundError(
            f"There is no source (a folder with card.json) at this path. Received: source={text!r}"
        )
    candidates = list(named_sources(architecture))
    plain = text.removesuffix(SIMULATED)
    for found in candidates:
        if found.name == text or (found.name == plain and _is_simulated(found)):
            return found
    for found in candidates:
        # A real one of this name would have been found: the simulated one stands in, and warns.
        if found.origin == "bundled" and found.name == text + SIMULATED:
            return found
    raise ValueError(_unknown(text, architecture, candidates))


def _unknown(name: str, architecture: str, candidates: list[Found]) -> str:
    names = list(dict.fromkeys(found.name for found in candidates))
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


def _is_simulated(found: Found) -> bool:
    at = found.at
    return (at.card if isinstance(at, published.Published) else read_card(at)).simulated is True


def _read(found: Found) -> Source:
    """Read and verify, or take what this process has verified before."""
    at = found.at
    where = str(at if isinstance(at, Path) else at.kept_at)
    # Taken before reading, so that newer content is never kept as older than it is.
    key = fingerprint(at) if isinstance(at, Path) else at.fingerprint()
    if key is None or _cache.get(where, (None,))[0] != key:
        loaded = read_source(at) if isinstance(at, Path) else at.load()
        _cache[where] = (key, loaded)
    return replace(_cache[where][1], origin=found.origin)


def _check_architecture(card: Card, architecture: str, found: Found) -> None:
    if card.architecture != architecture:
        raise ValueError(
            f"{architecture} needs a source that was trained as {architecture}; this one is of "
            f"{card.architecture}. Received: source={found.name!r} ({found.origin})"
        )


def _warn_simulated(name: str, architecture: str, why: str) -> None:
    near = _NEAREST_REAL.get(name)
    if near in {found.name for found in named_sources(architecture)}:
        nearest = f"The nearest source that was trained on real data is source={near!r}. "
    else:
        nearest = ""
    warnings.warn(
        f"{why}source={name!r} for {architecture} was trained on simulated data. {nearest}Train it "
        f"on the real data by: sktl pretrain {shlex.quote(name)} --architecture {architecture} "
        f"--data real. To use the simulated one without this warning: source='{name}{SIMULATED}'.",
        SimulatedSourceWarning,
        stacklevel=3,
    )
