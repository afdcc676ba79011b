"""Damaged and hostile files: what each reader does with them.

Run `python -m benchmarks.release.fuzz` for all readers, or with the names of some. Each reader
runs in a process of its own, whose memory is limited to what it has after reading the intact file
and ten times the damaged one (at least `sktl`'s own floor), and which is ended where one file
takes over ten seconds of CPU. Findings are crashes, hangs, errors that no reader documents, files
opened outside of the folder, and programs started. Exits with 1 if there is one.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import zlib
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LONGEST_S = 10.0
# What reading the intact file does not yet touch: buffers, stacks of threads, late imports.
_MARGIN = 2**28
_FORBIDDEN = ("os.system", "subprocess.Popen", "os.exec", "os.posix_spawn", "pty.spawn")


def rng_of(name: str, number: int, seed: int) -> random.Random:
    """Return the source of randomness of one example."""
    return random.Random(zlib.crc32(f"{name} {number} {seed}".encode()))


def work(name: str, start: int, n_examples: int, seed: int, log: Path) -> None:
    """Read damaged files one after the other and write down what happens; may not return."""
    import resource
    import tempfile
    import warnings

    from benchmarks.release.fuzz_cases import ALLOWED, CASES
    from sktl._untrusted import ROOM

    warnings.simplefilter("ignore")
    sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - for as long as the process lives
    folder = Path(tempfile.mkdtemp())
    os.environ["SKTL_HOME"] = str(folder / "home")
    case = CASES[name]
    file, read = case.make(folder)
    whole = file.read_bytes()
    before = {path for path in folder.rglob("*") if path.is_file()}
    contents = {path: path.read_bytes() for path in before}
    read()
    watch = _watch(folder)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    limit = used + max(ROOM, 10 * len(whole)) + _MARGIN
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    with log.open("a", buffering=1) as out:
        for number in range(start, n_examples):
            for path in folder.rglob("*"):
                if path.is_file() and path not in before:
                    path.unlink()
            for path, content in contents.items():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            file.write_bytes(case.damage(whole, rng_of(name, number, seed)))
            out.write(json.dumps([number, "begins"]) + "\n")
            watch.clear()
            found = "read"
            try:
                read()
            except ALLOWED as error:
                found = type(error).__name__
                if not str(error).strip():
                    found = f"FINDING no sentence: {found}"
            except BaseException as error:
                found = f"FINDING {type(error).__name__}: {str(error)[:200]} {_place(error)}"
            if watch:
                found = f"FINDING {watch[0]}"
            out.write(json.dumps([number, found]) + "\n")


def _place(error):
    import traceback

    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "/sktl/" in frame.filename]
    return " ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in own[-2:])


def _watch(folder: Path) -> list[str]:
    """Note what is opened outside of the folder, and programs that are started."""
    seen: list[str] = []
    allowed = (
        str(folder), sys.prefix, sys.base_prefix, str(ROOT), "/proc/self", "/etc/localtime",
        str(Path.home() / ".keras"),
        "/usr/share/zoneinfo", tempfile.gettempdir(),
    )  # fmt: skip

    def hook(event, arguments):
        ours = event == "subprocess.Popen" and "sktl._hdf5_files" in (arguments[1] or ())
        if event in _FORBIDDEN and not ours:
            seen.append(f"{event} {arguments!r}"[:200])
        elif event == "open" and isinstance(arguments[0], str | bytes | os.PathLike):
            path = os.path.realpath(os.fsdecode(arguments[0]))
            writes = (arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR)
            inside = path.startswith(str(folder)) if writes else path.startswith(allowed)
            if not inside and path != os.devnull and not path.startswith("/dev/shm"):
                seen.append(f"opened {path}"[:200])

    sys.addaudithook(hook)
    return seen


def fuzz(name: str, n_examples: int, seed: int) -> tuple[Counter[str], dict[str, list[int]], float]:
    """Fuzz one reader.

    Parameters
    ----------
    name : str
        Of a case.
    n_examples : int
        Damaged files.
    seed : int
        Of all damage.

    Returns
    -------
    counts : Counter of str to int
        How examples ended.
    findings : dict of str to list of int
        What went wrong, with the numbers of the examples.
    seconds : float
        Wall time.
    """
    findings: dict[str, list[int]] = {}
    counts: Counter[str] = Counter()
    begun, start = time.monotonic(), 0
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        while start < n_examples:
            log.write_text("")
            ended = _run(name, start, n_examples, seed, log, folder)
            lines = [json.loads(line) for line in log.read_text().splitlines() if line[-1] == "]"]
            for number, what in lines:
                if what != "begins":
                    counts[what.split(":")[0][:60]] += 1
                    if what.startswith("FINDING"):
                        findings.setdefault(what, []).append(number)
            if not lines:
                raise RuntimeError(f"{name} cannot begin: {ended}")
            start = lines[-1][0] + 1
            if lines[-1][1] == "begins":
                counts["FINDING crash or hang"] += 1
                findings.setdefault(f"FINDING {ended}", []).append(lines[-1][0])
    return counts, findings, time.monotonic() - begun


def _run(name, start, n_examples, seed, log, folder):
    """Let a process work until it ends, or is ended because it does not go on."""
    command = [sys.executable, "-m", "benchmarks.release.fuzz", name, "--work", str(log)]
    command += ["--start", str(start), "--examples", str(n_examples), "--seed", str(seed)]
    environment = os.environ | {"TMPDIR": folder, "PYTHONPATH": str(ROOT)}
    errors = Path(folder) / "errors"
    with errors.open("w") as told:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=told)
        size, since = 0, 0.0
        while process.poll() is None:
            time.sleep(0.05)
            spent = _cpu_seconds(process.pid)
            if log.stat().st_size != size:
                size, since, at = log.stat().st_size, spent, time.monotonic()
            elif size and (spent - since > LONGEST_S or time.monotonic() - at > 12 * LONGEST_S):
                process.kill()
                process.wait()
                return f"hang: over {LONGEST_S:g} s of CPU, or {12 * LONGEST_S:g} s"
    return f"crash: exit status {process.returncode} {errors.read_text()[-300:]}"


def _cpu_seconds(pid):
    """Return what a process has used, for other work on the machine is no hang of a reader."""
    try:
        facts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, facts[11:13])) / os.sysconf("SC_CLK_TCK")


def main() -> int:
    """Fuzz readers one after the other; return how many have findings, 1 at most."""
    from benchmarks.release.fuzz_cases import CASES, REAL

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(CASES)}; default: all")
    parser.add_argument("--examples", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--start", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.work:
        work(asked.names[0], asked.start, asked.examples, asked.seed, asked.work)
        return 0
    bad = 0
    for name in asked.names or CASES:
        if name.endswith("-real") and not REAL.is_dir():
            print(name, "left out: no real data", sep="\t")
            continue
        try:
            counts, findings, seconds = fuzz(name, asked.examples, asked.seed)
        except RuntimeError as error:
            counts, findings, seconds = Counter(), {str(error): []}, 0.0
        print(name, f"{seconds:.0f} s", dict(counts), sep="\t", flush=True)
        for what, numbers in findings.items():
            print("", f"{len(numbers)} x", what, f"examples {numbers[:5]}", sep="\t", flush=True)
        bad += bool(findings)
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
