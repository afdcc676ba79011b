"""The resumable runner: one row a method and cell, appended whole."""

from __future__ import annotations

import argparse
import signal
import time
import warnings
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pandas as pd

from benchmarks.studies.few_labels import targets as real
from benchmarks.studies.few_labels.peers import PEERS, RARE, Cell, Predictions, score, warm_up
from benchmarks.studies.few_labels.targets import DEVELOPMENT, HELD_OUT, MOST_TESTED, TARGETS
from benchmarks.studies.rows import append

# The first columns are those of sktl.evaluation's records: peers are baselines, our methods, which
# transfer from no single source, stand where networks without one do.
COLUMNS = [
    "kind", "architecture", "target", "n_train", "rerun", "metric", "test_score", "status",
    "error", "task", "half", "domain", "n_test", "accuracy", "log_loss", "fit_seconds",
    "predict_seconds", "fit_cpu_seconds", "predict_cpu_seconds", "peak_mb", "details",
    "simulated", "versions",
]  # fmt: skip
IDENTITY = ["architecture", "target", "n_train", "rerun"]
PACKAGES = ("sktl", "sktime", "aeon", "scikit-learn", "numpy", "numba", "torch", "keras")
LIMIT = 120.0


class Skipped(Exception):  # noqa: N818 (it is no error)
    """A method was left out, for the reason given."""


def methods() -> dict:
    """Return all methods by name: the peers, then ours where this version of sktl has them."""
    from benchmarks.studies.few_labels.ours import OURS

    return PEERS | OURS


def versions() -> str:
    """Return the versions of what computes."""
    found = []
    for package in PACKAGES:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return "; ".join(found)


def stage(name: str, n_train: int, draw: int) -> int:
    """Return when a cell's turn comes: what takes long, and later draws, come later."""
    slow = TARGETS[name].most_tested < MOST_TESTED
    cost = 3 if n_train > 500 else 2 * slow + (n_train > 200)
    return cost + 2 * (draw > 1)


def cells(
    names: list[str], sizes: list[int] | None, draws: list[int]
) -> Iterator[tuple[str, int, int]]:
    """Give cells in the order of their stages and draws, development first in each."""
    halves = (DEVELOPMENT, HELD_OUT)
    wanted = [
        (stage(name, size, draw), draw, halves.index(TARGETS[name].half), size, name)
        for name in names
        for size in sizes or TARGETS[name].sizes
        for draw in draws
    ]
    for _, draw, _, size, name in sorted(wanted):
        yield name, size, draw


def known(path: Path) -> pd.DataFrame:
    """Return the records on disk."""
    return pd.read_csv(path) if path.exists() else pd.DataFrame(columns=COLUMNS)


class Budget:
    """Interrupt what takes more than so many seconds of the processor."""

    def __init__(self, seconds: float):
        self._seconds = seconds

    def _stop(self, *signal_and_frame: object) -> None:
        raise Skipped(f"more than {self._seconds:.0f} s of the processor")

    def __enter__(self) -> None:
        signal.signal(signal.SIGPROF, self._stop)
        signal.setitimer(signal.ITIMER_PROF, self._seconds)

    def __exit__(self, *error: object) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _memory(field: str) -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) / 1024
    raise OSError(f"/proc/self/status has no {field}")


class PeakMemory:
    """Measure by how many MiB the memory of the process rose at most; None where unknown."""

    peak_mb: float | None = None

    def __enter__(self) -> PeakMemory:
        self._before = None
        try:
            Path("/proc/self/clear_refs").write_text("5")
            self._before = _memory("VmRSS")
        except OSError:
            pass
        return self

    def __exit__(self, *error: object) -> None:
        if self._before is not None:
            self.peak_mb = round(max(0.0, _memory("VmHWM") - self._before), 1)


def too_slow_before(have: pd.DataFrame, method: str, target: str, n_train: int) -> str | None:
    """Return why a method need not be tried: it took too long with fewer instances."""
    mine = have[(have["architecture"] == method) & (have["target"] == target)]
    slow = mine[mine["error"].astype(str).str.contains("of the processor")]
    return f"more than {LIMIT:.0f} s of the processor at {slow['n_train'].min()}" if (
        len(slow) and slow["n_train"].min() <= n_train
    ) else None  # fmt: skip


def tried(method, cell: Cell, limit: float) -> dict | None:
    """Run a method on a cell; a record's scores and costs, None where it makes no sense."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with PeakMemory() as memory, Budget(limit):
                found: Predictions | None = method(cell)
        except Skipped as reason:
            return {"status": "failed", "error": f"skipped: {reason}"}
        except Exception as error:  # a method that fails is a row with its reason
            return {"status": "failed", "error": f"{type(error).__name__}: {error}"[:300]}
    if found is None:
        return None
    fit, predict = found.fit, found.predict
    return {
        "status": "ok", **score(cell, found), "peak_mb": memory.peak_mb,
        "fit_seconds": round(fit[0], 3), "predict_seconds": round(predict[0], 3),
        "fit_cpu_seconds": round(fit[1], 3), "predict_cpu_seconds": round(predict[1], 3),
        "details": "; ".join(f"{key}={value}" for key, value in found.details.items()),
    }  # fmt: skip


def run_cell(arguments: argparse.Namespace, chosen: dict, path: Path, where: tuple) -> int:
    """Run the missing methods of a cell and keep their records."""
    name, n_train, draw = where
    target = TARGETS[name]
    have = known(path)
    of_cell = have[
        (have["target"] == name) & (have["n_train"] == n_train) & (have["rerun"] == draw)
    ]
    missing = [method for method in chosen if method not in set(of_cell["architecture"])]
    if not target.continues:
        missing = [method for method in missing if method != "last value"]
    if not missing:
        return 0
    parts = real.draw(name, n_train, draw, arguments.shared, arguments.cache)
    cell = Cell(target, parts, draw, by_processor=arguments.clock == "processor")
    facts = {
        "target": name, "n_train": n_train, "rerun": draw,
        "metric": target.metric, "task": target.task, "half": target.half,
        "domain": target.domain, "n_test": len(cell.parts.y_test), "simulated": False,
        "versions": versions(),
    }  # fmt: skip
    for method in missing:
        slow = too_slow_before(have, method, name, n_train)
        if slow:
            result: dict | None = {"status": "failed", "error": f"skipped: {slow}"}
        else:
            result = tried(chosen[method], cell, arguments.limit)
        if result is not None:
            kind = "baseline" if method in PEERS else "reference"
            record = facts | {"kind": kind, "architecture": method} | result
            append(path, [record], COLUMNS)
    return len(missing)


def main() -> None:
    """Run what is missing."""
    everything = methods()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shared", type=Path, default=real.SHARED)
    parser.add_argument("--out", type=Path, default=Path("results/few_labels"))
    parser.add_argument("--cache", type=Path, help="of the read targets; default OUT/cache")
    parser.add_argument("--records", type=Path, metavar="CSV",
                        help="a published table to go on from, if OUT has no records")  # fmt: skip
    parser.add_argument("--targets", nargs="+", choices=TARGETS)
    parser.add_argument("--half", choices=(DEVELOPMENT, HELD_OUT))
    parser.add_argument("--methods", nargs="+", choices=everything)
    parser.add_argument("--sizes", nargs="+", type=int, help="instead of the targets' own")
    parser.add_argument("--largest", type=int, help="of the targets' own sizes")
    parser.add_argument("--draws", nargs="+", type=int, default=[0, 1, 2, 3, 4])
    parser.add_argument("--clock", choices=("wall", "processor"), default="wall",
                        help="that of AutoTransfer's time limit")  # fmt: skip
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no cell later")
    parser.add_argument("--limit", type=float, default=LIMIT, help="processor seconds a method")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    arguments.cache = arguments.cache or arguments.out / "cache"
    names = [name for name in arguments.targets or TARGETS
             if arguments.half in (None, TARGETS[name].half)]  # fmt: skip
    wanted = arguments.methods or [name for name in PEERS if name not in RARE]
    chosen = {name: everything[name] for name in wanted}
    started = time.perf_counter()
    warm_up([method for name, method in chosen.items() if name not in RARE])
    print(f"warmed up: {time.perf_counter() - started:.0f} s", flush=True)
    path = arguments.out / "records.csv"
    if arguments.records and not path.exists():
        known(arguments.records).reindex(columns=COLUMNS).to_csv(path, index=False)
    for where in cells(names, arguments.sizes, arguments.draws):
        if arguments.largest and where[1] > arguments.largest:
            continue
        seconds = time.perf_counter() - started
        if seconds > 60 * arguments.minutes:
            break
        count = run_cell(arguments, chosen, path, where)
        if count:
            print(
                f"{seconds:.0f} s: {where[0]} {where[1]} draw {where[2]}: {count} in "
                f"{time.perf_counter() - started - seconds:.0f} s",
                flush=True,
            )
