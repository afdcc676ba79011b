"""Docstrings put together from the classes that declare the parameters.

An estimator's parameters come from three classes: what transfers, the task and the architecture.
Each documents its own, in numpydoc form; here the sections are joined, in the order of the
constructor.
"""

from __future__ import annotations

import inspect
import re

_HEADING = re.compile(r"^(\w+)\n-+\n", re.MULTILINE)


def compose(cls: type) -> str:
    """Join the docstrings of a class and its sktl bases.

    Parameters
    ----------
    cls : type
        The estimator; its own docstring is the summary.

    Returns
    -------
    str
        One numpydoc docstring; ``{name}`` is replaced by the name of the class.
    """
    summary = inspect.cleandoc(cls.__dict__.get("__doc__") or "")
    description = [summary]
    sections: dict[str, list[str]] = {}
    # Object first, the class itself last: the order in which a dataclass collects fields.
    for base in reversed(cls.__mro__[1:]):
        if not base.__module__.startswith("sktl.") or "__doc__" not in vars(base):
            continue
        text, *rest = _HEADING.split(inspect.cleandoc(base.__doc__ or "") + "\n")
        for heading, body in zip(rest[::2], rest[1::2], strict=True):
            earlier = sections.setdefault(heading, [])
            if heading == "Examples":
                # What suits the architecture better than the task's own.
                earlier.clear()
            earlier.append(body.strip())
        # The architecture, last of the bases, says what the network is.
        description[1:] = [text.strip()]
    sections["References"] = [_number(sections.get("References", []))]
    parts = description + [
        f"{heading}\n{'-' * len(heading)}\n" + _entries(sections[heading])
        for heading in ("Parameters", "Attributes", "References", "Examples")
        if heading in sections
    ]
    return "\n\n".join(filter(None, parts)).replace("{name}", cls.__name__) + "\n"


def _entries(bodies: list[str]) -> str:
    """Join what the bases say; who declares a parameter anew documents it anew."""
    entries: dict[str, str] = {}
    for entry in re.split(r"^(?=\w+ : )", "\n".join(filter(None, bodies)), flags=re.MULTILINE):
        entries[entry.partition(" : ")[0]] = entry.rstrip("\n")
    return "\n".join(filter(None, entries.values()))


def _number(references: list[str]) -> str:
    """Renumber the references, the architecture's own first."""
    entries = re.split(r"^\.\. \[\d+\] ", "\n".join(reversed(references)), flags=re.MULTILINE)[1:]
    return "\n".join(f".. [{n}] {entry.strip()}" for n, entry in enumerate(entries, start=1))
