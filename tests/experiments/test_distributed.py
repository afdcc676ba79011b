"""The same run on Dask and Ray clusters of this machine."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from functools import partial

import pytest

from sktl._parallel import engine
from sktl.experiments import Plan, Store, run, same_result

TINY = {"n_epochs": 1, "n_layers": 3, "filters": 4}


@contextmanager
def processes(*commands, log):
    """Run commands, each in a group of its own, until the end of the block."""
    with log.open("w") as file:
        started = [
            subprocess.Popen(command, stdout=file, stderr=file, start_new_session=True)
            for command in commands
        ]
    try:
        yield started
    finally:
        for process in started:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture
def dask_cluster(tmp_path, stand_in):
    """Start a scheduler and two workers on loopback; give the address."""
    pytest.importorskip("distributed")
    where = tmp_path / "scheduler.json"
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
    scheduler = [
        *command, "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", where,
    ]  # fmt: skip
    command = [sys.executable, "-m", "distributed.cli.dask_worker", "--scheduler-file", where]
    worker = [
        *command, "--nthreads", "1", "--no-dashboard", "--local-directory", tmp_path / "dask",
        "--host", "127.0.0.1",
    ]  # fmt: skip
    with (
        processes(scheduler, log=tmp_path / "scheduler.log"),
        processes(worker, worker, log=tmp_path / "workers.log"),
    ):
        from dask.distributed import Client

        while not where.exists() or not where.read_text():
            time.sleep(0.05)
        with Client(scheduler_file=str(where)) as client:
            client.wait_for_workers(2, timeout=60)
            yield client.scheduler.address


def results(store):
    return {record["key"]: record for record in store.iter_records()}


def assert_same(one, other):
    one, other = results(one), results(other)
    assert set(one) == set(other)
    assert all(same_result(record, other[key]) for key, record in one.items())


# Four processes start for it; a cluster of this machine, below, works in the fast tests.
@pytest.mark.slow
def test_two_dask_workers_give_the_same(plan, tmp_path, stand_in, dask_cluster):
    whole, store = Store(tmp_path / "whole"), Store(tmp_path / "dask-store")
    run(plan, whole, backend="sequential", execute=stand_in.execute)
    execute = partial(stand_in.execute, seconds=0.05)
    summary = run(plan, store, backend="dask", scheduler_address=dask_cluster, execute=execute)
    assert summary.complete
    assert_same(store, whole)
    workers = {record["provenance"]["process"] for record in results(store).values()}
    assert len(workers) == 2
    assert os.getpid() not in workers


def test_workers_of_this_machine_have_one_thread_each(plan, tmp_path, stand_in):
    distributed = pytest.importorskip("distributed")
    whole, store = Store(tmp_path / "whole"), Store(tmp_path / "dask-store")
    run(plan, whole, backend="sequential", execute=stand_in.execute)
    with engine("dask", 2):
        client = distributed.default_client()
        workers = client.scheduler_info(n_workers=-1)["workers"].values()
        assert [worker["nthreads"] for worker in workers] == [1, 1]
        assert all(worker["id"] != os.getpid() for worker in workers)
        # The run finds the cluster to which this process is connected.
        assert run(plan, store, backend="dask", execute=stand_in.execute).complete
    assert_same(store, whole)
    assert os.getpid() not in {r["provenance"]["process"] for r in results(store).values()}


def test_workers_with_several_threads_are_refused():
    distributed = pytest.importorskip("distributed")
    form = {"n_workers": 1, "threads_per_worker": 2, "processes": False}
    with (
        distributed.LocalCluster(**form, dashboard_address=None) as cluster,
        pytest.raises(ValueError, match="dask worker --nthreads 1"),
        engine("dask", -1, cluster.scheduler_address),
    ):
        pass


@pytest.mark.slow
def test_a_dask_worker_killed_in_the_middle_loses_nothing(plan, tmp_path, stand_in, dask_cluster):
    whole, store = Store(tmp_path / "whole"), Store(tmp_path / "dask-store")
    run(plan, whole, backend="sequential", execute=stand_in.execute)
    marks = tmp_path / "marks"
    marks.mkdir()
    execute = partial(stand_in.killed_once, folder=str(marks))
    summary = run(
        plan, store, backend="dask", scheduler_address=dask_cluster, retries=3, execute=execute
    )
    assert len(list(marks.iterdir())) == 2
    assert summary.complete
    assert_same(store, whole)


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["dask", "ray"])
def test_real_fits_on_a_cluster_are_those_of_this_machine(backend, tmp_path, request, stand_in):
    plan = Plan(
        architectures=["ConvNetQuakeINGV"], sources=["EMG"], targets=["S&P 500", "EMG"],
        sizes=[40], omegas=[0.5, 1.0], reruns=2, repeats=2, baselines=["linear"],
        data="simulated", n_instances=200, training=TINY,
    )  # fmt: skip
    whole, store = Store(tmp_path / "whole"), Store(tmp_path / "cluster")
    run(plan, whole, n_jobs=2)
    options = {}
    if backend == "dask":
        options["scheduler_address"] = request.getfixturevalue("dask_cluster")
    else:
        pytest.importorskip("ray")
        options["n_jobs"] = 2
    summary = run(plan, store, backend=backend, **options)
    assert summary.complete, summary.errors
    assert_same(store, whole)


@pytest.mark.slow
def test_ray_gives_the_same(plan, tmp_path, stand_in):
    pytest.importorskip("ray")
    whole, store = Store(tmp_path / "whole"), Store(tmp_path / "ray")
    run(plan, whole, backend="sequential", execute=stand_in.execute)
    summary = run(plan, store, backend="ray", n_jobs=2, execute=stand_in.execute)
    assert summary.complete
    assert_same(store, whole)
    assert os.getpid() not in {r["provenance"]["process"] for r in results(store).values()}
