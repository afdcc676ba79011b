"""The choice of a backend: what is absent, and this process as the only worker."""

import sys

import pytest

from sktl._parallel import engine


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


def test_this_process_can_be_the_only_worker():
    with engine("sequential", 1) as workers:
        assert sorted(workers(add, [1, 2], 10, 100)) == [111, 112]
