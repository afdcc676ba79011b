"""Files that others wrote: what they claim is checked before memory is given to it."""

from __future__ import annotations

ROOM = 2**28
"""Bytes that the content of any file may take; more, up to `MOST_TIMES` its own size."""
MOST_TIMES = 10
