"""Counts with their noun, for sentences in reports, notes and warnings."""

from __future__ import annotations


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """Return a count with its noun in the singular or the plural.

    Parameters
    ----------
    count : int
        The count.
    noun : str
        The noun in the singular.
    plural : str, optional
        The plural. Default: the noun with "s" appended.

    Returns
    -------
    str
        Count, with a comma between thousands, and noun.

    Examples
    --------
    >>> from sktl._words import counted
    >>> counted(1, "cell"), counted(0, "loss", "losses"), counted(1200, "trial")
    ('1 cell', '0 losses', '1,200 trials')
    """
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"
