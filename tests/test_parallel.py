"""Workers: what is refused, what travels to them, and a cluster that is there already."""

import operator
import os
import sys
import time

import pytest

from sktl._parallel import engine, workers_for


@pytest.mark.parametrize(
    ("backend", "params", "said"),
    [
        ("slurm", None, "Received: backend='slurm'"),
        ("sequential", None, "Received: backend='sequential'"),
        ("loky", {"n_job": 2}, "Did you mean 'n_jobs'"),
        ("loky", {"threads": 0}, "Received: threads=0"),
        (None, {"n_jobs": 2}, "Received: backend=None"),
    ],
)
def test_what_cannot_be_is_refused_in_words(backend, params, said):
    with pytest.raises(ValueError, match=said), workers_for(backend, params):
        pass


@pytest.mark.parametrize(
    ("backend", "missing", "extra"),
    [("dask", "dask.distributed", "distributed"), ("ray", "ray", "ray")],
)
def test_a_backend_that_is_absent_says_how_to_install_it(monkeypatch, backend, missing, extra):
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ImportError, match=rf"pip install 'sktl\[{extra}\]'"), engine(backend, 1):
        pass


def add(item, *shared):
    return item + sum(shared)


def test_no_backend_is_no_workers_and_this_process_is_one():
    with workers_for(None) as workers:
        assert workers is None
    with engine("sequential", 1) as workers:
        assert sorted(workers(add, [1, 2], 10, 100)) == [111, 112]


@pytest.fixture
def client():
    """Return a Dask cluster of one thread of this process, to which it is connected."""
    distributed = pytest.importorskip("distributed")
    with distributed.Client(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None
    ) as client:
        yield client


def test_the_cluster_that_is_connected_is_used_and_left(client):
    with workers_for("dask") as workers:
        assert workers.n == 1
        assert sorted(workers(add, range(3), 10)) == [10, 11, 12]
        assert list(workers(_process, [0])) == [os.getpid()]
    assert client.status == "running"


def _process(item):
    return os.getpid()


def test_what_does_not_end_in_time_is_given_up(client):
    with workers_for("dask") as workers, pytest.raises(TimeoutError):
        list(workers(time.sleep, [0.5], seconds=0.1))


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["loky", "ray"])
def test_processes_of_their_own(backend):
    if backend == "ray":
        pytest.importorskip("ray")
    with workers_for(backend, {"n_jobs": 2}) as workers:
        assert workers.n == 2
        # No functions of this module, which other processes cannot import.
        assert sorted(workers(operator.add, range(4), 10)) == [10, 11, 12, 13]
        assert os.getpid() not in set(workers(lambda item: os.getpid(), range(4)))
