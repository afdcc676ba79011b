"""Sources that exist: a plan loads them by their names and pre-trains nothing for them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from sktl._checks import letters_of
from sktl.experiments._trial import SIMULATED, Weights

if TYPE_CHECKING:
    from sktl.experiments._plan import Plan


def loadable(architectures: Iterable[str]) -> dict[str, list[str]]:
    """Return what can be loaded by a name.

    Parameters
    ----------
    architectures : iterable of str
        Networks of a plan.

    Returns
    -------
    dict of str to list of str
        Names of `sktl.sources.list_sources`, each with the architectures that have it.
    """
    from sktl.sources import list_sources

    table = list_sources()
    # A name that ends so is always that of a bundled source.
    usable = (table["where"] == "bundled") | ~table["source"].str.endswith(SIMULATED)
    found: dict[str, list[str]] = {}
    for architecture in architectures:
        for name in table["source"][usable & (table["architecture"] == architecture)].unique():
            found.setdefault(name, []).append(architecture)
    return found


def check_loaded(plan: Plan) -> tuple[str, ...]:
    """Return the sources that a plan loads as their names are written.

    Parameters
    ----------
    plan : Plan
        With its architectures, sources and targets checked.

    Returns
    -------
    tuple of str
        Names, each once.

    Raises
    ------
    ValueError
        If no architecture of the plan has a source of this name, or the same name is that of a
        source to pre-train or of the user's own data.
    """
    from sktl.datasets import Dataset

    asked = [plan.loaded] if isinstance(plan.loaded, str) else plan.loaded
    if not asked:
        return ()
    names = loadable(plan.architectures)
    plain = {letters_of(name): name for name in names}
    found = []
    for name in map(str, asked):
        written = name if name in names else plain.get(letters_of(name))
        if written is None:
            near = difflib.get_close_matches(letters_of(name), plain, n=1)
            hint = f" Did you mean {plain[near[0]]!r}?" if near else ""
            raise ValueError(
                f"loaded are names of list_sources(), for {', '.join(plan.architectures)}.{hint} "
                f"Received: {name!r}"
            )
        found.append(written)
    given = (*plan.sources, *(one for one in plan.targets if isinstance(one, Dataset)))
    twice = {one if isinstance(one, str) else one.name for one in given} & {*found}
    if twice:
        raise ValueError(
            "A source that is loaded must not have the name of one that is pre-trained, or of your "
            f"own data, else tables mix them up. Received: {sorted(twice)} twice"
        )
    return tuple(dict.fromkeys(found))


def load_weights(
    names: Iterable[str], available: dict[str, list[str]]
) -> dict[tuple[str, str], Weights]:
    """Load sources by their names, and verify every byte of them.

    Parameters
    ----------
    names : iterable of str
        Names of sources.
    available : dict of str to list of str
        See `loadable`.

    Returns
    -------
    dict of (architecture, name) to Weights
        What a worker has to load, and its sha256.

    Raises
    ------
    ValueError, ConnectionError
        If a source was changed, or cannot be downloaded.
    """
    from sktl.sources import load_source

    return {
        (architecture, name): Weights(
            name, str(load_source(name, architecture).card.weights_sha256)
        )
        for name in names
        for architecture in available[name]
    }
