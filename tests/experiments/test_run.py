import os
import signal
import subprocess
import time
from collections import Counter
from dataclasses import replace
from functools import partial

import pytest

from sktl.evaluation import read_records
from sktl.experiments import Store, StoreError, run, same_result

PLANNED = {"pretraining": 4, "reference": 8, "transfer": 16, "baseline": 10}


def results(store):
    return {record["key"]: record for record in store.iter_records()}


def assert_same(one, other):
    one, other = results(one), results(other)
    assert set(one) == set(other)
    assert all(same_result(record, other[key]) for key, record in one.items())


@pytest.fixture
def whole(plan, tmp_path, stand_in):
    """The store of an uninterrupted run."""
    store = Store(tmp_path / "whole")
    summary = run(plan, store, backend="sequential", execute=stand_in.execute)
    assert (summary.done, summary.failed, summary.complete) == (38, 0, True)
    return store


def test_every_planned_trial_has_its_record(whole, plan):
    assert plan.counts() == PLANNED
    assert Counter(record["kind"] for record in results(whole).values()) == PLANNED
    for record in results(whole).values():
        assert record["simulated"] is True
        assert record["metric"] == ("mae" if "S&P" in record["target"] else "f1_weighted")
        assert record["provenance"]["host"]
        assert record["versions"]["keras"]
        assert "weights" not in record


def test_a_second_run_does_nothing(whole, plan, stand_in):
    before = {path: path.stat().st_mtime_ns for path in whole.folder.rglob("*.json")}
    again = run(plan, whole, backend="sequential", execute=None)
    assert (again.planned, again.found, again.done) == (38, 38, 0)
    assert before == {path: path.stat().st_mtime_ns for path in whole.folder.rglob("*.json")}


def test_only_what_is_missing_is_run(whole, plan, stand_in, tmp_path):
    gone = sorted(whole.records.rglob("*.json"))[:5]
    kept = results(whole)
    for path in gone[:3]:
        path.unlink()
    for path in gone[3:]:
        path.write_bytes(path.read_bytes()[:-9])
    log = tmp_path / "log"
    summary = run(plan, whole, backend="sequential", execute=partial(stand_in.execute, log=log))
    assert (summary.done, summary.damaged, summary.found) == (5, 2, 33)
    assert sorted(log.read_text().split()) == sorted(path.stem for path in gone)
    now = results(whole)
    assert all(same_result(now[key], kept[key]) for key in kept)


# A trial that kills its worker, below, is sent to such workers in the fast tests.
@pytest.mark.slow
def test_workers_of_their_own_give_the_same(plan, whole, tmp_path, stand_in):
    store = Store(tmp_path / "loky")
    run(plan, store, n_jobs=2, execute=stand_in.execute)
    assert_same(store, whole)
    processes = {record["provenance"]["process"] for record in results(store).values()}
    assert os.getpid() not in processes


def test_shards_together_are_the_whole(plan, whole, tmp_path, stand_in):
    store = Store(tmp_path / "shards")
    summaries = [
        run(plan, store, backend="sequential", shard=(number, 3), execute=stand_in.execute)
        for number in (1, 2, 3)
    ]
    assert next(summary.done for summary in summaries) > 4
    assert sum(summary.done for summary in summaries) == 38
    assert_same(store, whole)
    # In folders of their own, to be joined later, each shard pre-trains for itself.
    own = [Store(tmp_path / f"own{number}") for number in (1, 2)]
    for number, one in enumerate(own, start=1):
        run(plan, one, backend="sequential", shard=(number, 2), execute=stand_in.execute)
    first, second = (set(path.name for path in one.records.rglob("*.json")) for one in own)
    assert not first & second
    assert first | second == {path.name for path in whole.records.rglob("*.json")}


def test_a_failing_trial_is_tried_again_recorded_and_repeated_by_the_next_run(
    plan, whole, tmp_path, stand_in
):
    store, log = Store(tmp_path / "failing"), tmp_path / "log"
    failing = partial(stand_in.execute, failing=1, log=log)
    summary = run(plan, store, backend="sequential", retries=2, execute=failing)
    assert (summary.done, summary.failed, summary.complete) == (30, 8, False)
    assert "RuntimeError: it diverged" in summary.errors[0]
    attempts = Counter(log.read_text().split())
    failed = [record for record in results(store).values() if record["status"] == "failed"]
    assert len(failed) == 8
    for record in failed:
        assert attempts[record["key"]] == record["provenance"]["attempts"] == 3
        assert record["test_score"] is None
        assert record["metric"] in ("mae", "f1_weighted")
        assert any("stand_in.py" in line for line in record["traceback"])
    again = run(plan, store, backend="sequential", execute=stand_in.execute)
    assert (again.done, again.found, again.complete) == (8, 30, True)
    assert_same(store, whole)


def test_a_training_that_diverges_is_recorded_once_and_counted_by_every_run(
    plan, tmp_path, stand_in
):
    store, log = Store(tmp_path / "diverging"), tmp_path / "log"
    diverging = partial(stand_in.execute, failing=1, log=log, error=FloatingPointError)
    for number in range(2):
        summary = run(plan, store, backend="sequential", retries=2, execute=diverging)
        assert (summary.done, summary.failed, summary.complete) == (30 * (not number), 8, False)
        assert "FloatingPointError: it diverged" in summary.errors[0]
    failed = [record for record in results(store).values() if record["status"] == "failed"]
    attempts = Counter(log.read_text().split())
    assert len(failed) == 8
    assert {attempts[record["key"]] for record in failed} == {1}
    (note,) = [n for n in read_records(store.records).notes if "diverged" in n]
    assert note.startswith("8 training runs diverged: 0 after a usable epoch")


def test_no_score_is_a_failure(plan, tmp_path, stand_in):
    def nan(trial, store):
        return stand_in.execute(trial, store) | {"test_score": float("nan")}

    summary = run(plan, tmp_path / "nan", backend="sequential", execute=nan)
    assert summary.done == 0
    assert summary.without_source == 16
    assert "not JSON compliant" in summary.errors[0]


def test_a_trial_that_kills_its_worker_is_found_and_given_up(plan, whole, tmp_path, stand_in):
    plan = replace(plan, architectures=["TCN"], targets=["EMG"], omegas=[1.0])
    store = Store(tmp_path / "k")
    execute = partial(stand_in.execute, killing=1)
    summary = run(plan, store, n_jobs=2, retries=0, execute=execute)
    failed = [record for record in results(store).values() if record["status"] == "failed"]
    assert [record["rerun"] for record in failed] == [1]
    assert {record["kind"] for record in failed} == {"transfer"}
    assert "its worker died 1 time" in failed[0]["error"]
    assert summary.deaths == 1
    assert summary.failed == 1
    assert summary.done == sum(plan.counts().values()) - 1
    # What workers made is what this process made.
    here, theirs = results(whole), results(store)
    done = [key for key, record in theirs.items() if record["status"] == "ok"]
    assert all(same_result(theirs[key], here[key]) for key in done)
    assert os.getpid() not in {theirs[key]["provenance"]["process"] for key in done}


@pytest.mark.slow
def test_workers_that_die_lose_no_record(plan, whole, tmp_path, stand_in):
    marks = tmp_path / "marks"
    marks.mkdir()
    store = Store(tmp_path / "dying")
    execute = partial(stand_in.killed_once, folder=str(marks))
    summary = run(plan, store, n_jobs=2, retries=3, execute=execute)
    assert len(list(marks.iterdir())) == 2
    assert summary.deaths > 0
    assert summary.complete
    assert_same(store, whole)


def test_workers_that_never_live_end_the_run(plan, tmp_path, monkeypatch):
    monkeypatch.setattr("sktl.experiments._run._WAIT", 0.01)

    class BrokenProcessPool(Exception):
        pass

    def broken(function, items):
        raise BrokenProcessPool("no memory")

    from contextlib import contextmanager

    @contextmanager
    def engine(*arguments):
        yield broken

    monkeypatch.setattr("sktl.experiments._run.engine", engine)
    with pytest.raises(RuntimeError, match="6 times in a row"):
        run(plan, tmp_path / "dead")


@pytest.mark.parametrize(
    ("argument", "said"),
    [({"backend": "slurm"}, "Received: backend='slurm'"), ({"n_jobs": 0}, "Received: n_jobs=0")],
)
def test_impossible_workers(plan, tmp_path, argument, said):
    with pytest.raises(ValueError, match=said):
        run(plan, tmp_path / "none", **argument)


def test_damaged_weights_are_made_again(plan, whole, tmp_path, stand_in):
    before = results(whole)
    weights = sorted(whole.folder.glob("sources/*/*/*/weights.safetensors"))
    weights[0].write_bytes(b"damaged")
    summary = run(plan, whole, backend="sequential", execute=stand_in.execute)
    assert (summary.done, summary.complete) == (1, True)
    after = results(whole)
    assert all(same_result(after[key], before[key]) for key in before)


def test_the_best_pretraining_becomes_the_source(plan, tmp_path, stand_in):
    plan = replace(plan, repeats=4)
    store = Store(tmp_path / "repeats")
    run(plan, store, backend="sequential", execute=stand_in.execute)
    kept = list(results(store).values())
    for transfer in (record for record in kept if record["kind"] == "transfer"):
        rivals = [
            record
            for record in kept
            if record["kind"] == "pretraining"
            and record["architecture"] == transfer["architecture"]
            and record["target"] == transfer["source"]
        ]
        assert len(rivals) == 4
        best = min if "S&P" in transfer["source"] else max
        chosen = best(rivals, key=lambda record: record["validation_score"])
        folder = store.folder / "sources" / transfer["architecture"] / transfer["source"]
        card = (folder / chosen["key"][:16] / "card.json").read_text()
        assert transfer["trial"]["weights_sha256"] in card


def test_another_version_repeats_everything_and_loses_nothing(plan, whole, monkeypatch, stand_in):
    before = results(whole)
    from sktl.experiments import _versions

    now = _versions.versions()
    for module in ("_store", "_trial", "_run", "_workers"):
        monkeypatch.setattr(f"sktl.experiments.{module}.versions", lambda: now | {"numpy": "9.0.0"})
    summary = run(plan, whole, backend="sequential", execute=stand_in.execute)
    assert (summary.done, summary.found, summary.retired) == (38, 0, 38)
    for module in ("_store", "_trial", "_run", "_workers"):
        monkeypatch.setattr(f"sktl.experiments.{module}.versions", lambda: now)
    summary = run(plan, whole, backend="sequential", execute=None)
    assert (summary.done, summary.found) == (0, 38)
    assert results(whole) == before


def test_a_worker_with_other_versions_refuses(plan, tmp_path, stand_in, monkeypatch):
    monkeypatch.setattr("sktl.experiments._run.versions", lambda: {"backend": "tensorflow",
                                                                   "keras": "1"})  # fmt: skip
    with pytest.raises(RuntimeError, match=r"Received: keras .* instead of 1"):
        run(plan, tmp_path / "x", backend="sequential", execute=stand_in.execute)


@pytest.mark.parametrize(
    "workers",
    [{"backend": "sequential"}, pytest.param({"n_jobs": 2}, marks=pytest.mark.slow)],
    ids=["sequential", "loky"],
)
def test_a_full_disk_ends_the_run_and_the_next_goes_on(plan, whole, tmp_path, stand_in, workers):
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", folder]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"needs the right to mount a tmpfs: {done.stderr.strip()}")
    try:
        store = Store(folder)
        for _ in range(2):
            with pytest.raises(StoreError, match="disk is full"):
                run(plan, store, **workers, execute=stand_in.execute)
            assert not store.damaged()
        kept = results(store)
        assert 4 < len(kept) < 38
        subprocess.run(["mount", "-o", "remount,size=9m", folder], check=True)
        summary = run(plan, store, **workers, execute=stand_in.execute)
        assert summary.done == 38 - len(kept)
        assert_same(store, whole)
    finally:
        subprocess.run(["umount", folder], check=True)


RUN = """
import sys
from functools import partial
import stand_in
from sktl.experiments import Plan, run
plan = Plan(architectures=["TCN", "MagNet"], sources=["EMG", "S&P 500"],
            targets=["EMG", "S&P 500"], sizes=[50], omegas=[0.1, 1.0], reruns=2, repeats=1,
            baselines=["constant", "class prior", "linear", "last value"], data="simulated",
            n_instances=200, training={"n_epochs": 1})
execute = partial(stand_in.execute, seconds=float(sys.argv[2]), log=sys.argv[3])
summary = run(plan, sys.argv[1], backend=sys.argv[4], n_jobs=2, execute=execute)
print(summary.done, summary.failed)
"""


@pytest.mark.slow
def test_two_processes_share_one_store(plan, whole, tmp_path, stand_in, python):
    store, logs = tmp_path / "shared", [tmp_path / "log1", tmp_path / "log2"]
    processes = [python(RUN, store, 0.05, log, "sequential") for log in logs]
    printed = [process.communicate()[0].split() for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert_same(Store(store), whole)
    assert [line[1] for line in printed] == ["0", "0"]
    # Nothing was done twice, and both had a part in it.
    done = [log.read_text().split() for log in logs]
    assert sorted(done[0] + done[1]) == sorted(results(whole))
    assert min(map(len, done)) > 2


def finished(folder):
    return [*folder.glob("pretraining/*.json"), *folder.glob("records/*/*.json")]


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["sequential", "loky"])
def test_a_killed_run_goes_on_where_it_was(plan, whole, tmp_path, stand_in, python, backend):
    store, log = tmp_path / "killed", tmp_path / "log"
    for _ in range(2):
        process = python(RUN, store, 0.05, log, backend)
        before = len(finished(store))
        while len(finished(store)) < before + 5:
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()  # ends when the last orphan has ended
    kept = results(Store(store))
    assert 10 <= len(kept) < 38
    run(plan, store, backend="sequential", execute=stand_in.execute)
    assert_same(Store(store), whole)
    after = results(Store(store))
    assert all(after[key] == record for key, record in kept.items())
