"""The command ``sktl grid``: its arguments, and what it does and says."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sktl.experiments._from_file import default_memory, needed_memory
from sktl.experiments._own import OwnFiles, in_words, sizes_of

if TYPE_CHECKING:
    from sktl.experiments import Plan

EPILOG = """
examples:
  sktl grid                             the quick grid on simulated data, with its report
  sktl grid --dry-run                   what it would do, and how long that would take
  sktl grid --architectures MagNet TCN --targets EMG --omegas 0.1 1.0 --out results/emg
  sktl grid --loaded STEAD-simulated EMG-Roshambo --targets mine.npz    sources that exist
  sktl grid --targets mine.npz STEAD    data of your own (arrays X and y) beside the six datasets
  sktl grid --profile paper --dry-run   the whole published experiment on real data
  sktl grid --profile paper --shard $SLURM_ARRAY_TASK_ID/12 --out /shared/folder

The same command again goes on where it was interrupted: finished trials are never repeated.
Exit codes: 0 done, 1 an error that is stated, 2 wrong usage, 3 done but some trials failed.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``sktl grid`` to a parser."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EPILOG
    what = parser.add_argument_group("what to run")
    what.add_argument("--profile", choices=("quick", "paper"), default="quick",
                      help="the defaults of the other options (default: quick)")  # fmt: skip
    what.add_argument("--data", choices=("real", "simulated"),
                      help="default: simulated for quick, real for paper")  # fmt: skip
    for name, kind, text in (
        ("architectures", str, "networks"),
        ("sources", str, "datasets to pre-train on: names of the six, .npz files of your own"),
        (
            "loaded",
            str,
            "sources that exist, by their names in 'sktl sources': nothing is trained "
            "for them; without --sources they are the only ones",
        ),
        ("targets", str, "datasets to transfer to: names of the six, .npz files of your own"),
        ("sizes", int, "numbers of training instances"),
        ("omegas", float, "multipliers of the transferred layers' learning rate"),
        ("baselines", str, "naive baselines; without a name: none"),
    ):
        what.add_argument(f"--{name}", type=kind, nargs="*" if name == "baselines" else "+",
                          metavar="X", help=text)  # fmt: skip
    for name, text in (
        ("reruns", "repetitions, each with other training instances"),
        ("repeats", "networks pre-trained for each source; the best by validation is taken"),
        ("references", "references from scratch in each rerun"),
        ("n-instances", "instances of each dataset, all parts together"),
        ("max-timepoints", "shorten longer series to this length"),
        ("n-epochs", "largest number of epochs of a training"),
        ("seed", "seed of everything random (default: 0)"),
    ):
        what.add_argument(f"--{name}", type=int, metavar="N", help=text)
    what.add_argument("--split", choices=("published", "grouped"),
                      help="grouped keeps a recording's instances in one part")  # fmt: skip
    what.add_argument("--schedule", choices=("published", "adaptive"),
                      help="how networks train: as published (default), or adaptive, "
                           "for few training instances")  # fmt: skip
    how = parser.add_argument_group("how to run it")
    how.add_argument("--out", metavar="DIR", type=Path,
                     help="records and report (default: results/PROFILE)")  # fmt: skip
    how.add_argument("--dry-run", action="store_true",
                     help="count the trials, time pilots, run nothing")  # fmt: skip
    how.add_argument("--n-jobs", type=int, metavar="N", help="workers (default: one per core)")
    how.add_argument("--threads", type=int, default=1, metavar="N",
                     help="threads of each network (default: 1)")  # fmt: skip
    how.add_argument("--backend", choices=("loky", "dask", "ray", "sequential"), default="loky",
                     help="this machine's processes (default) or a cluster's")  # fmt: skip
    how.add_argument("--scheduler-address", metavar="ADDRESS", help="of a Dask or Ray cluster")
    how.add_argument("--memory", type=float, metavar="GB",
                     help="memory of a worker for the instances of a trial; more is read from the "
                          "file at every epoch (default: half of the machine's, shared by the "
                          "workers)")  # fmt: skip
    how.add_argument("--shard", type=_shard, metavar="I/N",
                     help="run the I-th of N parts only, for arrays of jobs")  # fmt: skip
    how.add_argument("--retries", type=int, default=1, metavar="N",
                     help="further attempts at a failed trial (default: 1)")  # fmt: skip
    report = parser.add_argument_group("the report")
    report.add_argument("--protocol", choices=("honest", "published"), default="honest",
                        help="how omega is chosen (default: honest, by validation)")  # fmt: skip
    report.add_argument("--style", choices=("plain", "otovic2022"), default="plain",
                        help="otovic2022 gives tables the numbers of that paper")  # fmt: skip
    report.add_argument("--no-report", action="store_true", help="write records only")


def _shard(text: str) -> tuple[int, int]:
    number, _, total = text.partition("/")
    try:
        shard = int(number), int(total)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must look like 3/12. Received: {text!r}") from None
    if not 1 <= shard[0] <= shard[1]:
        raise argparse.ArgumentTypeError(f"must have 1 <= i <= n. Received: {text!r}")
    return shard


def main(
    arguments: argparse.Namespace,
    say: Callable[[str], None],
    report: Callable[[Path, Path, str, str], int | None],
) -> int:
    """Run the command.

    Parameters
    ----------
    arguments : argparse.Namespace
        What `add_arguments` asked for.
    say : callable
        Takes lines for the user.
    report : callable
        Function of (records, folder, protocol, style) that writes the report and gives its exit
        code.

    Returns
    -------
    int
        Exit code: 0 done, 3 done but some trials failed; that of the report where it failed.

    Raises
    ------
    ValueError, OSError
        If an argument is impossible, real data is missing, or the store cannot be written.
    """
    from sktl._parallel import default_jobs
    from sktl.experiments import Store, run

    plan = without_minirocket(make_plan(arguments), say)
    out = (arguments.out or Path("results") / arguments.profile).expanduser()
    store = Store(out)
    counts = plan.counts()
    where = f"{plan.data} data"
    if plan.own:
        where = f"{where} and your own" if _named(plan) else "your own data"
    say(f"The {arguments.profile} grid on {where}: {sum(counts.values()):,} trials")
    for kind, text in (
        ("pretraining", "sources to pre-train"),
        ("reference", "references from scratch"),
        ("transfer", "transfers"),
        ("baseline", "naive baselines"),
    ):
        say(f"  {counts[kind]:7,} {text}")
    for dataset in plan.own:
        say(f"  {in_words(dataset, plan)}")
    if plan.loaded:
        say(f"  loaded, not pre-trained: {', '.join(plan.loaded)}")
    for name, lacking in plan.without.items():
        say(f"  no transfers from {name} for {', '.join(lacking)}: there is no such source")
    n_jobs = arguments.n_jobs or default_jobs()
    _check_data(plan)
    memory = default_memory(n_jobs) if arguments.memory is None else arguments.memory
    for line in larger_than(plan, memory):
        say(f"  {line}")
    if arguments.dry_run:
        _say_estimate(plan, store, n_jobs, arguments.threads, say)
        return 0
    summary = run(
        plan,
        store,
        n_jobs=arguments.n_jobs,
        backend=arguments.backend,
        scheduler_address=arguments.scheduler_address,
        shard=arguments.shard,
        retries=arguments.retries,
        threads=arguments.threads,
        memory=arguments.memory,
        progress=True,
    )
    say(_in_words(summary, store))
    code = 0 if summary.complete else 3
    if not arguments.no_report:
        # As the user wrote it: the report names its records, and may be shown to others.
        folders = out / "records", out / "report"
        code = report(*folders, arguments.protocol, arguments.style) or code
    return code


def make_plan(arguments: argparse.Namespace):
    """Return the plan that the arguments ask for."""
    from sktl.experiments import PROFILES

    changes: dict[str, Any] = {
        name: getattr(arguments, name)
        for name in (
            "data", "architectures", "sources", "loaded", "targets", "sizes", "omegas", "baselines",
            "reruns", "repeats", "references", "n_instances", "max_timepoints", "seed", "split",
        )
        if getattr(arguments, name) is not None
    }  # fmt: skip
    if "loaded" in changes:
        changes.setdefault("sources", [])
    training: dict[str, Any] = {}
    if arguments.n_epochs is not None:
        training["n_epochs"] = arguments.n_epochs
    if arguments.schedule is not None:
        training["schedule"] = arguments.schedule
    if arguments.schedule == "adaptive":
        training["batch_size"] = "auto"
    if training:
        changes["training"] = training
    profile = PROFILES[arguments.profile]
    files = OwnFiles(arguments.split, changes.get("seed", 0))
    for name in ("targets", "sources"):
        if name in changes:
            changes[name] = [files.get(one) for one in changes[name]]
    own = [dataset for dataset in changes.get("targets", ()) if not isinstance(dataset, str)]
    if own and arguments.sizes is None:
        # What the profile asks for, or all there is where the user's own data is smaller.
        shared = {name: changes[name] for name in ("data", "n_instances") if name in changes}
        defaults = profile(**shared)
        most = min(sizes_of(one, defaults.n_instances, files.seed)[1] for one in own)
        changes["sizes"] = [min(size, most) for size in defaults.sizes]
    return profile(**changes)


def without_minirocket(plan: Plan, say: Callable[[str], None]) -> Plan:
    """Leave MiniRocket out where numba is missing, and say so.

    Parameters
    ----------
    plan : Plan
        What was asked for.
    say : callable
        Takes a line for the user.

    Returns
    -------
    Plan
        Itself, where numba is there or MiniRocket was not among the baselines.

    Raises
    ------
    ValueError
        If MiniRocket was asked for by name.
    """
    from sktl.experiments import BASELINES

    wanted = tuple(BASELINES) if plan.baselines is None else plan.baselines
    if "MiniRocket" not in wanted or find_spec("numba") is not None:
        return plan
    if plan.baselines is not None:
        raise ValueError(
            "the baseline MiniRocket needs numba: pip install numba, or leave it out. "
            f"Received: baselines={list(plan.baselines)}"
        )
    say("The baseline MiniRocket is left out: it needs numba (pip install numba).")
    return replace(plan, baselines=tuple(name for name in wanted if name != "MiniRocket"))


def _check_data(plan):
    from sktl.experiments import missing

    if plan.data == "simulated":
        return
    lacking = missing(_named(plan))
    if lacking:
        raise FileNotFoundError(
            f"real data is missing for {len(lacking)} of the datasets:\n"
            + "\n".join(f"- {name}: {why}" for name, why in lacking.items())
            + "\nOr run on simulated data: --data simulated"
        )


def _named(plan):
    """Return those of a plan's datasets that are not the user's own."""
    given = (*plan.targets, *plan.sources)
    return list(dict.fromkeys(one for one in given if isinstance(one, str)))


def larger_than(plan: Plan, memory: float) -> list[str]:
    """Say which real datasets of a plan stay in their files, because trials on all do not fit.

    Parameters
    ----------
    plan : Plan
        What is to be run.
    memory : float
        Gigabytes of a worker for a trial's instances.

    Returns
    -------
    list of str
        A line for each.

    Raises
    ------
    ValueError
        If an architecture that must hold its training part in memory is to be pre-trained on one.
    """
    from sktl.datasets import get_spec
    from sktl.estimators.lookup import estimator_class
    from sktl.pretraining.from_file import reads_from_file

    lines = []
    for name in _named(plan) if plan.data == "real" else ():
        spec = get_spec(name)
        count, length = plan.size(name)
        size = needed_memory(int(0.85 * count), int(0.15 * count), spec.n_channels, length)
        if size <= memory:
            continue
        unable = [
            architecture
            for architecture in plan.architectures
            if not reads_from_file(estimator_class(architecture, spec.task)())
        ]
        if name in plan.sources and unable:
            raise ValueError(
                f"pre-training {', '.join(unable)} on {name} needs {size:.3g} GB of memory in each "
                f"worker, and it may take {memory:.3g} GB: limit it by --n-instances, or leave it "
                f"out by --sources or --architectures. Received: n_instances={count:,}"
            )
        lines.append(
            f"{name} would take {size:.3g} GB of memory in a worker, and {memory:.3g} GB are "
            "allowed (--memory): what does not fit is read from its file at every epoch"
        )
    return lines


def _say_estimate(plan, store, n_jobs, threads, say):
    from sktl.experiments import estimate

    found = estimate(plan, store, n_jobs, threads)
    todo = sum(found.pending.values())
    if not todo:
        say(f"All of them are in {store.folder}; nothing is left to do.")
        return
    how = "pilots of each architecture, timed just now"
    if found.measured:
        how = f"{found.measured:,} of them by finished trials of the same kind, others by pilots"
    workers = "one worker" if n_jobs == 1 else f"{n_jobs} workers"
    typical, longest = in_time(found.seconds / n_jobs), in_time(found.longest / n_jobs)
    more = "" if longest == typical else f", and at most {longest} where no training stops early"
    say(
        f"{todo:,} trials are left for {store.folder}. With {workers} on this machine they take "
        f"about {typical}{more} ({how})."
    )


def _in_words(summary, store):
    text = f"{summary.done:,} trials finished in {in_time(summary.seconds)}"
    if summary.found:
        text += f", {summary.found:,} were there before"
    for count, what in (
        (summary.retired, "records of other versions or weights were moved to outdated/"),
        (summary.damaged, "damaged records were moved to damaged/ and run again"),
        (summary.deaths, "times workers died"),
        (summary.failed, "trials FAILED"),
        (summary.without_source, "transfers are left out: no pre-training of their source worked"),
    ):
        if count:
            text += f"; {count:,} {what}"
    lines = [f"{text}. Records: {store.records}", *(f"  {error}" for error in summary.errors)]
    return "\n".join(lines)


def in_time(seconds: float) -> str:
    """Write a duration in the unit that suits it.

    Examples
    --------
    >>> from sktl.experiments.command import in_time
    >>> in_time(42), in_time(600), in_time(40_000), in_time(3e6)
    ('42 s', '10 min', '11.1 h', '34.7 days')
    """
    for unit, size, limit in (("s", 1, 120), ("min", 60, 7200), ("h", 3600, 172_800)):
        if seconds < limit:
            number = seconds / size
            return f"{number:.1f} {unit}" if unit == "h" else f"{number:.0f} {unit}"
    return f"{seconds / 86_400:.1f} days"
