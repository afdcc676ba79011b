"""``sktl completion``: print a script that lets a shell complete commands with the Tab key."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator

# Arguments that are completed with names of files.
_FILES = ("path", "out", "data_home", "records")


def add_completion(
    commands: argparse._SubParsersAction, make_parser: Callable[[], argparse.ArgumentParser]
) -> None:
    """Add ``sktl completion``.

    Parameters
    ----------
    commands : argparse._SubParsersAction
        The commands.
    make_parser : callable
        Makes a new parser of the whole command line.
    """
    text = "print a script that completes commands with the Tab key"
    completion = commands.add_parser("completion", help=text, description=text)
    completion.add_argument("shell", choices=("bash", "zsh", "fish", "tcsh"))
    completion.set_defaults(run=lambda arguments: _completion(arguments.shell, make_parser()))


def _completion(shell: str, parser: argparse.ArgumentParser) -> int:
    try:
        import shtab
    except ImportError:
        print("sktl completion: needs shtab: pip install 'sktl[completion]'", file=sys.stderr)
        return 1
    _offer_names(parser)
    print(shtab.complete(parser, shell))
    return 0


def _offer_names(parser: argparse.ArgumentParser) -> None:
    """Offer datasets, architectures and files where these are asked for."""
    from sktl.datasets import list_datasets
    from sktl.estimators.lookup import architectures

    # The shells divide the choices at spaces.
    datasets = [spec.name for spec in list_datasets() if " " not in spec.name]
    networks = list(architectures())
    offered = {
        "architecture": networks, "architectures": networks,
        "source": datasets, "sources": datasets, "targets": datasets,
    }  # fmt: skip
    for command, inner in _commands(parser):
        for action in inner._actions:
            if action.dest in _FILES:
                action.complete = {  # type: ignore[attr-defined]
                    "bash": "_shtab_compgen_files", "zsh": "_files", "tcsh": "f",
                    "fish": "(__fish_complete_path (commandline -ct))",
                }  # fmt: skip
            elif action.dest == "name" and command in ("fetch", "simulate"):
                action.choices = datasets
            elif action.dest in offered:
                action.choices = offered[action.dest]


def _commands(
    parser: argparse.ArgumentParser, name: str = ""
) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Yield the parser of every command, with the command's name."""
    yield name, parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for inner_name, inner in action.choices.items():
                yield from _commands(inner, inner_name)
