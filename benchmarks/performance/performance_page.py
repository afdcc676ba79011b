"""Put what a benchmark measured into the page docs/development/performance.md.

A measured block of the page lies between ``<!-- name -->`` and ``<!-- end of name -->``.
"""

import os
import platform
from datetime import date
from importlib.metadata import version
from pathlib import Path

from sktl._files import write_whole
from sktl._words import counted

PAGE = Path(__file__).resolve().parents[2] / "docs" / "development" / "performance.md"


def add_page_option(parser):
    """Give a command the option that writes its result into the page."""
    parser.add_argument("--page", action="store_true", help=f"write into {PAGE.name}")
    parser.add_argument("--date", default=date.today().isoformat(), help="date on the page")


def conditions(arguments, *packages, threads=None):
    """Say when, on what and with which versions something was measured."""
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    cores = counted(len(os.sched_getaffinity(0)), "core")
    threads = threads or os.environ.get("TF_NUM_INTRAOP_THREADS", "as many as cores")
    return (
        f"{arguments.date}, {cores} of a cloud machine shared with other work, threads: "
        f"{threads}, Python {platform.python_version()}, {versions}."
    )


def markdown(table, rule="---"):
    """Turn a DataFrame into a table of the page."""
    rows = [table.columns, [rule] * table.shape[1], *table.astype(str).to_numpy()]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def write_block(name, text, page=PAGE):
    """Replace one measured block of a page."""
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    before, found, rest = page.read_text().partition(begin)
    if not found or end not in rest:
        raise ValueError(f"{page} must have the lines {begin} and {end}")
    new = f"{before}{begin}\n\n{text}\n\n{end}{rest.partition(end)[2]}"
    write_whole(page, new.encode())
