"""Removing a source of the user's own."""

from __future__ import annotations

import difflib
import shutil
from pathlib import Path

from sktl.sources._folder import locked, refuse_foreign, restore
from sktl.sources._resolve import architectures, named_sources


def remove_source(name: str, architecture: str | None = None) -> Path:
    """Remove a source of your own from this machine, with its learning curves.

    It does not ask and cannot be undone. Bundled and published sources stay.

    Parameters
    ----------
    name : str
        Its name, as `list_sources` shows it with ``where`` "own".
    architecture : str, optional
        The network. Needed where several architectures have an own source of this name.

    Returns
    -------
    pathlib.Path
        The folder that is gone.

    Raises
    ------
    ValueError
        If no own source has this name, or several have it.
    FileExistsError
        If its folder holds files that are not a source's; they would be lost.

    Examples
    --------
    >>> from sktl.sources import remove_source
    >>> remove_source("STEAD-simulated", "TCN")
    Traceback (most recent call last):
    ValueError: Only sources of your own can be removed; this one is bundled. Received: \
name='STEAD-simulated'
    """
    kinds = architectures() if architecture is None else [architecture]
    found = [(kind, source) for kind in kinds for source in named_sources(kind)]
    own = {kind: s.at for kind, s in found if s.origin == "own" and s.name == name}
    if len(own) > 1:
        raise ValueError(
            "Several architectures have an own source of this name: name one of "
            f"{', '.join(own)} as architecture. Received: name={name!r}, architecture=None"
        )
    if not own:
        raise ValueError(_unknown(name, found))
    folder = Path(str(next(iter(own.values()))))
    with locked(folder.parent):
        restore(folder)
        try:
            refuse_foreign(folder)
        except FileExistsError as error:
            raise FileExistsError(f"Only a folder of a source is removed. {error}") from None
        # Out of sight in one step: nobody meets half a source.
        gone = folder.with_name(f".{folder.name}.removed")
        shutil.rmtree(gone, ignore_errors=True)
        folder.rename(gone)
        folder.with_name(f"{folder.name}.curves.csv").unlink(missing_ok=True)
    shutil.rmtree(gone)
    return folder


def _unknown(name, found):
    others = sorted({source.origin for _, source in found if source.name == name})
    if others:
        return (
            "Only sources of your own can be removed; this one is "
            f"{' and '.join(others)}. Received: name={name!r}"
        )
    own = sorted({source.name for _, source in found if source.origin == "own"})
    near = difflib.get_close_matches(name, own, 1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return (
        f"You have no source of this name.{hint} Your own: {', '.join(own) or 'none'}. "
        f"Received: name={name!r}"
    )
