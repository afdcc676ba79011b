"""Judge the simulators against real data: figures of merit, printed, and pictures, drawn.

    python -m benchmarks.simulator_realism --shared ../shared [--only seismograms] [--out DIR]

Writes ``report.md`` and one PNG per picture into ``--out`` (default: benchmarks/results/realism).
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import time
from pathlib import Path

from benchmarks import simulator_realism

DOMAINS = [m.name for m in pkgutil.iter_modules(simulator_realism.__path__) if m.name[0] != "_"]


def main() -> None:
    """Run the chosen domains one after the other."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="the real data")
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "results/realism")
    parser.add_argument("--only", choices=DOMAINS, nargs="+", default=DOMAINS)
    parser.add_argument("--random-state", type=int, default=0)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    report = ["# Simulators beside reality", ""]
    for domain in arguments.only:
        start = time.perf_counter()
        module = importlib.import_module(f"benchmarks.simulator_realism.{domain}")
        lines = module.judge(arguments.shared, arguments.out, arguments.random_state)
        lines += ["", f"({time.perf_counter() - start:.0f} s)", ""]
        print("\n".join(lines), flush=True)
        report += lines
    (arguments.out / "report.md").write_text("\n".join(report))


if __name__ == "__main__":
    main()
