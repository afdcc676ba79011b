"""The whole grid, one command: ``python benchmarks/full_grid.py --help``, as ``sktl grid``."""

import sys

from sktl.cli import main

if __name__ == "__main__":
    sys.exit(main(["grid", *sys.argv[1:]]))
