"""Runs that are killed at random moments, again and again, lose nothing."""

import os
import random
import signal
import subprocess
import sys

import pytest

from sktl.experiments import Store, same_result

STAND_IN = """
import sys
from functools import partial
import stand_in
from sktl.experiments import Plan, run
plan = Plan(architectures=["TCN", "MagNet"], sources=["EMG", "S&P 500"],
            targets=["EMG", "S&P 500"], sizes=[50, 60], omegas=[0.1, 0.5, 1.0], reruns=3,
            repeats=2, baselines=["linear"], data="simulated", n_instances=200, seed={seed})
run(plan, sys.argv[1], backend="{backend}", n_jobs=2,
    execute=partial(stand_in.execute, seconds=0.015))
"""
REAL = """
import sys
from sktl.experiments import Plan, run
plan = Plan(architectures=["ConvNetQuakeINGV"], sources=["EMG", "S&P 500"],
            targets=["EMG", "S&P 500"], sizes=[40], omegas=[0.5, 1.0], reruns=2, repeats=2,
            baselines=["linear"], data="simulated", n_instances=200,
            training={"n_epochs": 2, "n_layers": 3, "filters": 4})
run(plan, sys.argv[1], backend="loky", n_jobs=2)
"""


def files(store):
    """Return the content of every record, read at one moment."""
    found = {}
    for path in [*store.glob("pretraining/*.json"), *store.glob("records/*/*.json")]:
        found[path] = path.read_bytes()
    return found


def interrupt(code, store, delay):
    """Start a run and kill it and its workers after a while; False if it ended before."""
    process = subprocess.Popen([sys.executable, "-c", code, str(store)], start_new_session=True)
    try:
        process.wait(delay)
        assert process.returncode == 0
        return False
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return True


def assert_nothing_is_lost(store, known):
    """Every record that was there is there unchanged, and none is damaged."""
    now = files(store)
    assert {path: now.get(path) for path in known} == known
    opened = Store(store)
    assert set(opened.scan()) == {path.stem for path in now}
    assert not opened.damaged()
    return now


def assert_same(one, other):
    one, other = ({r["key"]: r for r in Store(folder).iter_records()} for folder in (one, other))
    assert one.keys() == other.keys()
    assert all(same_result(record, other[key]) for key, record in one.items())


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_two_hundred_kills_lose_nothing(tmp_path, stand_in):
    rng = random.Random(0)
    kills = grids = 0
    while kills < 200:
        backend = "loky" if grids % 4 == 3 else "sequential"
        code = STAND_IN.format(seed=grids, backend=backend)
        store, known = tmp_path / f"grid{grids}", {}
        # From before the first record to the last, so that every kind of moment is hit.
        while kills < 200 and interrupt(code, store, rng.uniform(0.3, 1.5)):
            kills += 1
            known = assert_nothing_is_lost(store, known)
        assert interrupt(code, store, 300) is False
        assert_nothing_is_lost(store, known)
        whole = tmp_path / f"whole{grids}"
        assert interrupt(code, whole, 300) is False
        assert_same(store, whole)
        grids += 1
    assert kills == 200
    assert grids > 3


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_kills_in_the_middle_of_real_fits_change_no_score(tmp_path):
    rng = random.Random(1)
    store, known, kills = tmp_path / "killed", {}, 0
    while kills < 6 and interrupt(REAL, store, rng.uniform(4, 9)):
        kills += 1
        known = assert_nothing_is_lost(store, known)
    assert interrupt(REAL, store, 600) is False
    assert_nothing_is_lost(store, known)
    assert kills > 2
    assert interrupt(REAL, tmp_path / "whole", 600) is False
    assert_same(store, tmp_path / "whole")
