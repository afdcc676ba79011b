"""A Dask cluster that is there already."""

import os
import time

import pytest

from sktl._parallel import workers_for


def add(item, *shared):
    return item + sum(shared)


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
