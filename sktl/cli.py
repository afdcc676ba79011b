"""The command line, ``sktl COMMAND``.

Each command is one function that adds its arguments and one that runs it; the package's
modules are imported when their command runs, so that ``sktl --help`` stays immediate.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from sktl import __version__


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sktl", description="Transfer learning for time series, in the sktime ecosystem."
    )
    parser.add_argument("--version", action="version", version=f"sktl {__version__}")
    parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv : sequence of str, default=sys.argv[1:]
        The arguments.

    Returns
    -------
    int
        Exit code: 0 done, 1 a stated error, 2 wrong usage.
    """
    arguments = _parser().parse_args(argv)
    try:
        return arguments.run(arguments)
    except (ValueError, OSError) as error:
        print(f"sktl {arguments.command}: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
