"""Workers as they are asked for: what is refused, and processes of their own."""

import operator
import os

import pytest

from sktl._parallel import workers_for


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


def test_no_backend_is_no_workers():
    with workers_for(None) as workers:
        assert workers is None


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
