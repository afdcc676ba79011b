"""The command line, ``sktl COMMAND``.

Each command is one function that adds its arguments and one that runs it; the package's
modules are imported when their command runs, so that ``sktl --help`` stays immediate.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from sktl import __version__
from sktl.cli_completion import add_completion
from sktl.cli_sources import add_sources, print_json

if TYPE_CHECKING:
    from sktl.datasets import DatasetSpec


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sktl", description="Transfer learning for time series, in the sktime ecosystem."
    )
    parser.add_argument("--version", action="version", version=f"sktl {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    _add_datasets(commands)
    add_sources(commands)
    _add_pretrain(commands)
    _add_grid(commands)
    _add_report(commands)
    _add_doctor(commands)
    add_completion(commands, _parser)
    return parser


def _add_datasets(commands: argparse._SubParsersAction) -> None:
    listing = commands.add_parser("datasets", help="list the datasets and their facts")
    listing.add_argument("--json", action="store_true", help="print JSON, for programs")
    listing.set_defaults(run=_datasets)
    fetch = commands.add_parser("fetch", help="find or download a dataset and check its files")
    fetch.add_argument("name", help="such as LEN-DB")
    fetch.add_argument("--path", help="a file or folder of your own instead of a download")
    fetch.add_argument(
        "--data-home", help="where downloads are kept (default: $SKTL_HOME/datasets)"
    )
    fetch.set_defaults(run=_fetch)
    simulate = commands.add_parser("simulate", help="simulate a dataset into an HDF5 file")
    simulate.add_argument("name", help="such as STEAD")
    simulate.add_argument("--n-instances", type=int, required=True, metavar="N",
                          help="how many")  # fmt: skip
    simulate.add_argument("--out", required=True, metavar="FILE.hdf5", help="file to write")
    simulate.add_argument("--seed", type=int, default=0, help="random seed (default: 0)")
    simulate.add_argument("--overwrite", action="store_true", help="replace a file that is there")
    simulate.set_defaults(run=_simulate)


def _datasets(arguments: argparse.Namespace) -> int:
    from sktl.datasets import list_datasets

    if arguments.json:
        print_json([_facts(spec) for spec in list_datasets()])
        return 0
    print(
        f"{'name':12}  {'task':14}  {'channels':>8}  {'length':>6}  {'rate':>7}  {'instances':>9}"
    )
    for spec in list_datasets():
        rate = f"{spec.rate_hz:g} Hz" if spec.rate_hz else "daily"
        print(
            f"{spec.name:12}  {spec.task:14}  {spec.n_channels:8}  {spec.n_timepoints:6}  {rate:>7}"
            f"  {spec.n_instances:9,}  {spec.title}"
        )
    simulated = ", ".join(spec.name for spec in list_datasets() if spec.has_simulator)
    print(f"Also simulated, with -simulated at the end of the name: {simulated}.")
    return 0


def _facts(spec: DatasetSpec) -> dict[str, Any]:
    """Return what a specification says in words and numbers, not how it is read."""
    plain = (str, int, float, bool, type(None))
    values = {field.name: getattr(spec, field.name) for field in fields(spec)}
    return {name: value for name, value in values.items() if isinstance(value, plain)} | {
        "has_simulator": spec.has_simulator
    }


def _fetch(arguments: argparse.Namespace) -> int:
    from sktl.datasets import load_dataset

    dataset = load_dataset(arguments.name, path=arguments.path, data_home=arguments.data_home)
    for part, indices in dataset.parts.items():
        print(f"{part:11}{len(indices):10,} instances")
    for reason, count in dataset.skipped.items():
        print(f"skipped    {count:10,} {reason}")
    return 0


def _simulate(arguments: argparse.Namespace) -> int:
    from sktl.datasets import simulate_to_file

    written = simulate_to_file(
        arguments.name,
        arguments.n_instances,
        arguments.out,
        arguments.seed,
        progress=sys.stderr.isatty(),
        overwrite=arguments.overwrite,
    )
    print(f"{written:,} simulated instances in {arguments.out}")
    return 0


def _add_pretrain(commands: argparse._SubParsersAction) -> None:
    text = "train a network on a dataset, real or simulated, and save it as a source"
    pretrain = commands.add_parser("pretrain", help=text, description=text)
    pretrain.add_argument("source", help="name of the dataset, such as STEAD")
    pretrain.add_argument("--architecture", required=True, help="such as MagNet")
    pretrain.add_argument("--data", choices=("simulated", "real"), default="simulated",
                          help="what to train on (default: simulated)")  # fmt: skip
    pretrain.add_argument("--name", help="name of the source (default: that of the dataset)")
    pretrain.add_argument("--split", choices=("published", "grouped"), default="published",
                          help="grouped: test on people or recordings not trained on "
                               "(default: published)")  # fmt: skip
    pretrain.add_argument("--path", help="file or folder of the data, or of `sktl simulate`")
    pretrain.add_argument("--n-instances", type=int, default=10_000, metavar="N",
                          help="training instances (default: 10000)")  # fmt: skip
    pretrain.add_argument("--repeats", type=int, default=1, metavar="N",
                          help="trainings; the best is kept (default: 1)")  # fmt: skip
    pretrain.add_argument("--epochs", type=int, default=30, metavar="N",
                          help="largest number of epochs (default: 30)")  # fmt: skip
    pretrain.add_argument("--batch-size", type=int, default=32, metavar="N",
                          help="instances per step (default: 32)")  # fmt: skip
    pretrain.add_argument("--fresh", action="store_true",
                          help="simulate other training instances for every epoch")  # fmt: skip
    pretrain.add_argument("--every", type=int, metavar="N",
                          help="keep every N-th sample, after a low-pass filter "
                               "(default: by the dataset)")  # fmt: skip
    pretrain.add_argument("--n-timepoints", type=int, metavar="N",
                          help="length after that (default: by the dataset)")  # fmt: skip
    pretrain.add_argument("--memory", type=float, default=2.0, metavar="GB",
                          help="memory for training data; more is read from the file at every "
                               "epoch (default: 2)")  # fmt: skip
    pretrain.add_argument("--out", metavar="DIR",
                          help="where the source goes (default: your own sources)")  # fmt: skip
    pretrain.add_argument("--seed", type=int, default=0, help="random seed (default: 0)")
    how = pretrain.add_argument_group("repeats at the same time")
    how.add_argument("--backend", choices=("loky", "dask", "ray"),
                     help="in processes of this machine or on a cluster's workers, which must see "
                          "--out and --path (default: one after the other)")  # fmt: skip
    how.add_argument("--n-jobs", type=int, metavar="N",
                     help="workers (default: one per core; of a cluster, all)")  # fmt: skip
    how.add_argument("--scheduler-address", metavar="ADDRESS", help="of a Dask or Ray cluster")
    how.add_argument("--threads", type=int, metavar="N",
                     help="threads of each network with --backend (default: 1)")  # fmt: skip
    pretrain.set_defaults(run=_pretrain)


def _pretrain(arguments: argparse.Namespace) -> int:
    from dataclasses import replace

    from sktl.pretraining import pretrain, recipe_for

    recipe = recipe_for(arguments.source)
    asked = {"every": arguments.every, "n_timepoints": arguments.n_timepoints}
    changes = {name: value for name, value in asked.items() if value is not None}
    recipe = replace(recipe, **changes)
    names = ("n_jobs", "scheduler_address", "threads")
    how = {name: getattr(arguments, name) for name in names}
    try:
        made = pretrain(
            arguments.source,
            arguments.architecture,
            data=arguments.data,
            name=arguments.name,
            split=arguments.split,
            n_instances=arguments.n_instances,
            n_repeats=arguments.repeats,
            n_epochs=arguments.epochs,
            fresh=arguments.fresh,
            recipe=recipe,
            path=arguments.path,
            out=arguments.out,
            random_state=arguments.seed,
            parameters={"batch_size": arguments.batch_size},
            memory=arguments.memory,
            progress=print,
            backend=arguments.backend,
            backend_params={name: value for name, value in how.items() if value is not None},
        )
    except (RuntimeError, ImportError) as error:
        print(f"sktl pretrain: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("sktl pretrain: interrupted; the same command continues from here", file=sys.stderr)
        return 130
    score = made.card.score or {}
    print(f"{score.get('metric')} {score.get('value'):.4g} ({score.get('split')}); {made.path}")
    return 0


def _add_grid(commands: argparse._SubParsersAction) -> None:
    from sktl.experiments.command import add_arguments

    text = "pre-train, transfer and compare: a whole grid of trials, with its report"
    grid = commands.add_parser("grid", help=text, description=text)
    add_arguments(grid)
    grid.set_defaults(run=_grid)


def _grid(arguments: argparse.Namespace) -> int:
    from sktl.experiments import command

    def report(records, folder, protocol, style):
        how = ["--protocol", protocol, "--style", style]
        return main(["report", str(records), "--out", str(folder), *how])

    try:
        return command.main(arguments, print, report)
    except KeyboardInterrupt:
        print("sktl grid: interrupted; the same command goes on from here", file=sys.stderr)
        return 130
    except (ImportError, RuntimeError) as error:
        print(f"sktl grid: {error}", file=sys.stderr)
        return 1


def _add_report(commands: argparse._SubParsersAction) -> None:
    text = "compare transfer with training from scratch: tests, tables, figures, one page"
    report = commands.add_parser("report", help=text, description=text)
    report.add_argument("records", help="a .csv or .parquet, or a directory of trial records")
    report.add_argument("--out", required=True, metavar="DIR", help="where the report goes")
    report.add_argument("--protocol", choices=("honest", "published"), default="honest",
                        help="choose omega by validation or by test (default: honest)")  # fmt: skip
    report.add_argument("--omega", type=float, help="take this omega instead of choosing one")
    report.add_argument("--exclude-rerun", action="append", default=[], metavar="NAME",
                        help="leave a rerun out; may be repeated")  # fmt: skip
    report.add_argument("--style", choices=("plain", "otovic2022"), default="plain",
                        help="otovic2022 gives tables the numbers of that paper")  # fmt: skip
    report.add_argument("--domain", action="append", default=[], metavar="NAME=DOMAIN",
                        help="domain of a dataset, e.g. etna=seis; may be repeated")  # fmt: skip
    report.set_defaults(run=_report)


def _report(arguments: argparse.Namespace) -> int:
    try:
        from sktl.evaluation.report import write_report

        page = write_report(
            arguments.records,
            arguments.out,
            arguments.protocol,
            arguments.omega,
            arguments.exclude_rerun,
            progress=sys.stderr.isatty(),
            domains=_domains(arguments.domain),
            style=arguments.style,
        )
    except ImportError as error:
        print(f"sktl report: {error}", file=sys.stderr)
        return 1
    print(page)
    return 0


def _domains(given: list[str]) -> dict[str, str]:
    domains = {}
    for one in given:
        name, _, domain = one.rpartition("=")
        if not name or not domain:
            raise ValueError(f"--domain must be NAME=DOMAIN, e.g. etna=seis. Received: {one!r}")
        domains[name] = domain
    return domains


def _add_doctor(commands: argparse._SubParsersAction) -> None:
    text = "report what this installation has and whether it works, with a self-test"
    doctor = commands.add_parser("doctor", help=text, description=text)
    doctor.add_argument("--json", action="store_true", help="print JSON, for programs")
    doctor.set_defaults(run=_doctor)


def _doctor(arguments: argparse.Namespace) -> int:
    from dataclasses import asdict

    from sktl.doctor import examine

    findings = []
    for finding in examine():
        findings.append(finding)
        if not arguments.json:
            mark = "      " if finding.ok else "BROKEN"
            print(f"{mark} {finding.name:15} {finding.found}", flush=True)
    broken = [finding.name for finding in findings if not finding.ok]
    if arguments.json:
        print_json([asdict(finding) for finding in findings])
    else:
        works = "Everything works. Next: sktl sources, sktl datasets, or sktl --help."
        print(f"Broken: {', '.join(broken)}." if broken else works)
    return 1 if broken else 0


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
    parser = _parser()
    arguments = parser.parse_args(argv)
    if arguments.command is None:
        parser.print_help()
        return 0
    try:
        return arguments.run(arguments)
    except BrokenPipeError:
        # Whoever reads has read enough, such as `head`. Python flushes once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (ValueError, OSError) as error:
        print(f"sktl {arguments.command}: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
