"""Whether the fast tests find faults: each of seeded_faults.csv is planted in a copy of the
project, and the tests named beside it must fail.

Run `python -m benchmarks.release.seeded_faults`, or with numbers of faults, or with
``--markers "slow or not slow"`` for what the fast tests let pass. Exits with 1 if one passes.
"""

from __future__ import annotations

import argparse
import csv
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FAULTS = list(csv.DictReader((Path(__file__).with_suffix(".csv")).open()))


def found(fault: dict[str, str], markers: str) -> bool:
    """Plant a fault in a copy of the project and say whether a test fails."""
    name, right, wrong, tests = fault.values()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "sktl"
        hidden = shutil.ignore_patterns(".*", "__pycache__", "_build")
        for part in ("sktl", "tests", "benchmarks", "docs"):
            shutil.copytree(ROOT / part, copy / part, ignore=hidden)
        for part in ("pyproject.toml", "README.md", "CITATION.cff"):
            shutil.copy(ROOT / part, copy)
        path = copy / "sktl" / name
        text = path.read_text()
        if text.count(right) != 1:
            raise ValueError(f"{right!r} must stand once in {name}. Received: {text.count(right)}")
        path.write_text(text.replace(right, wrong))
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
        done = subprocess.run(
            [*command, "-m", markers, *(f"tests/{name}" for name in tests.split())],
            cwd=copy,
            env={**os.environ, "PYTHONPATH": str(copy)},
            capture_output=True,
        )
    if done.returncode not in (0, 1):
        raise RuntimeError(done.stdout.decode()[-2000:])
    return done.returncode == 1


def main() -> int:
    """Plant the faults one after the other; return how many passed, 1 at most."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("numbers", nargs="*", type=int, help="of the faults, from 0; default: all")
    parser.add_argument("--markers", default="not slow")
    asked = parser.parse_args()
    numbers = asked.numbers or range(len(FAULTS))
    results = {}
    for number in numbers:
        results[number] = found(FAULTS[number], asked.markers)
        said = "found" if results[number] else "PASSED"
        print(number, said, *list(FAULTS[number].values())[:3], sep="\t", flush=True)
    print(f"{sum(results.values())} of {len(results)} found")
    return int(not all(results.values()))


if __name__ == "__main__":
    sys.exit(main())
