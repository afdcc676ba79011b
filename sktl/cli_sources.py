"""``sktl sources``: list pretrained weights, show one's card, remove one of your own."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from pathlib import Path
from typing import Any


def add_sources(commands: argparse._SubParsersAction) -> None:
    """Add ``sktl sources`` and its actions.

    Parameters
    ----------
    commands : argparse._SubParsersAction
        The commands.
    """
    text = "list pretrained weights, show one's card, or remove one of your own"
    sources = commands.add_parser("sources", help=text, description=text)
    sources.add_argument("--architecture", help="such as MagNet")
    sources.add_argument("--domain", help="such as seismology or ECG")
    sources.add_argument("--json", action="store_true", help="print JSON, for programs")
    sources.set_defaults(run=_sources)
    actions = sources.add_subparsers(dest="action", metavar="ACTION")
    show = actions.add_parser("show", help="print the card of a source")
    show.add_argument("name", help="name, path or hf://owner/repo of the source")
    show.add_argument("--architecture", default=argparse.SUPPRESS,
                      help="such as MagNet; without it, all that have such a source")  # fmt: skip
    show.set_defaults(run=_show_source)
    remove = actions.add_parser("remove", help="remove a source of your own, without asking")
    remove.add_argument("name", help="its name")
    remove.add_argument("--architecture", default=argparse.SUPPRESS,
                        help="where several have a source of this name")  # fmt: skip
    remove.set_defaults(run=_remove_source)


def _sources(arguments: argparse.Namespace) -> int:
    from sktl.sources import list_sources

    table = list_sources(arguments.architecture, arguments.domain)
    if table.empty and arguments.architecture:
        from sktl._checks import check_choice
        from sktl.estimators.lookup import architectures

        check_choice("architecture", arguments.architecture, list(architectures()))
    if arguments.json:
        plain = table.astype(object).where(table.notna(), None)
        print_json(plain.to_dict(orient="records"))
        return 0
    if table.empty:
        print(f"{table.to_text()} `sktl pretrain` makes one.")
        return 0
    print(table.to_text(collapse=not (arguments.architecture or arguments.domain)))
    print("More of one: sktl sources show NAME. For programs: sktl sources --json.")
    for problem in table["problem"].dropna():
        print(f"damaged: {problem}", file=sys.stderr)
    return 0


def _remove_source(arguments: argparse.Namespace) -> int:
    from sktl.sources import remove_source

    print(f"removed {remove_source(arguments.name, arguments.architecture)}")
    return 0


def _show_source(arguments: argparse.Namespace) -> int:
    from sktl.sources import find_card

    architecture = arguments.architecture or _only_architecture(arguments.name)
    if architecture is None:
        return 0
    card = find_card(arguments.name, architecture)
    print_json(card.to_dict())
    return 0


def _only_architecture(name: str) -> str | None:
    """Return the one architecture that has a source; list several."""
    from sktl.sources import is_source, list_sources, read_card

    path = Path(name).expanduser()
    if is_source(path):
        return read_card(path).architecture
    if name.startswith("hf://"):
        raise ValueError(f"Name the --architecture of a source on the Hub. Received: {name!r}")
    table = list_sources()
    table = table[table["source"].isin([name, f"{name}-simulated"])]
    if table.empty:
        known = sorted({one for one in list_sources()["source"] if "/" not in one})
        raise ValueError(
            f"No architecture has a source of this name. Names: {', '.join(known)}. "
            f"Received: {name!r}"
        )
    if len(set(table["architecture"])) == 1:
        return table["architecture"].iloc[0]
    shown = ["architecture", "source", "data", "where", "metric", "score"]
    print(table[shown].to_string(index=False))
    print(f"One card: sktl sources show {shlex.quote(name)} --architecture ARCHITECTURE")
    return None


def print_json(value: Any) -> None:
    """Print a value as JSON.

    Parameters
    ----------
    value : dict or list
        Of plain Python values.
    """
    print(json.dumps(value, indent=2, ensure_ascii=False))
