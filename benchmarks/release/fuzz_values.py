"""Cards, records, plans and names of any JSON values and texts, drawn by hypothesis.

Run `python -m benchmarks.release.fuzz_values`. What is not used must end in a `ValueError`,
`TypeError` or `OSError`; hypothesis shows the smallest value that ends otherwise.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

ALLOWED = (ValueError, TypeError, OSError)
_SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
# A path, or a word with signs that mean something to a shell or a file system.
NAMES = st.text(max_size=12) | st.from_regex(r"\A[./~\\:*a-z\0-]{0,10}\Z")


def _card(data):
    from sktl.sources import Card

    whole = {
        "name": "mine", "architecture": "MagNet", "task": "regression", "n_channels": 3,
        "n_timepoints": 50, "n_outputs": 1, "format_version": 2,
    }  # fmt: skip
    names = st.sampled_from(list(Card.__dataclass_fields__)) | st.text(max_size=6)
    card = Card.from_dict(whole | data.draw(st.dictionaries(names, VALUES, max_size=4)))
    if Card.from_dict(json.loads(json.dumps(card.to_dict()))) != card:
        raise AssertionError("a card that is another one after it was written")


def _record(data):
    from sktl.experiments import _store

    record = data.draw(st.dictionaries(st.sampled_from(["key", "status", "trial", "x"]), VALUES))
    _store._parsed(json.dumps(record | {"checksum": data.draw(VALUES)}).encode())
    try:
        sealed = record | {"checksum": _store._checksum(record)}
    except ValueError:
        return
    _store._parsed(json.dumps(sealed).encode())


def _plan(data):
    from sktl.experiments import Plan

    names = st.sampled_from(list(Plan.__dataclass_fields__))
    Plan(**data.draw(st.dictionaries(names, VALUES, max_size=2)))


def _source_name(data):
    from sktl.sources import check_own_name, find_card, own_sources_directory, remove_source

    name = data.draw(NAMES)
    home = own_sources_directory().parent
    for use in (check_own_name, remove_source, lambda one: find_card(one, "MagNet")):
        try:
            use(name)
        except ALLOWED:
            continue
        if use is check_own_name and (home / name).resolve().parent != home.resolve():
            raise AssertionError(f"a name that leads out of the folder: {name!r}")


def _numbers(data):
    from sktl._tables import as_number
    from sktl.datasets._readers import as_text

    value = data.draw(VALUES | st.binary(max_size=6))
    as_number(value), as_text(value)


CHECKS: dict[str, Callable[[Any], None]] = {
    "card": _card, "record": _record, "plan": _plan, "source-name": _source_name,
    "attribute": _numbers,
}  # fmt: skip


def check(name: str, n_examples: int) -> None:
    """Draw values for one check; raises what must not be raised, with the smallest value."""

    @settings(
        max_examples=n_examples, database=None, derandomize=True, deadline=60_000,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(st.data())
    def holds(data):
        try:
            CHECKS[name](data)
        except ALLOWED as error:
            if not str(error):
                raise AssertionError("an error without a sentence") from error

    holds()


def main() -> None:
    """Check all, or those that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(CHECKS)}; default: all")
    parser.add_argument("--examples", type=int, default=2000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SKTL_HOME"] = str(Path(folder) / "home")
        for name in asked.names or CHECKS:
            check(name, asked.examples)
            print(name, f"{asked.examples} examples", flush=True)


if __name__ == "__main__":
    main()
