import json
import os
import subprocess
import time
from dataclasses import replace

import pytest

from sktl.experiments import Store, StoreError, same_result
from sktl.experiments import _store as module

RESULT = {"status": "ok", "test_score": 0.1 + 0.2, "curves": {"validation": [1.0, 1e-300]}}


def all_files(store):
    return sorted(path for path in store.folder.rglob("*") if path.is_file())


def test_a_record_is_read_as_it_was_written(store, trial):
    assert store.read(trial) is None
    written = store.write(trial, RESULT)
    read = Store(store.folder).read(trial)
    assert read == written
    assert read["test_score"] == 0.1 + 0.2
    assert read["key"] == trial.key
    assert (read["source"], read["target"]) == ("LOMAX-simulated", "EMG-simulated")
    assert not list(store.folder.rglob("*.tmp"))


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[: len(content) // 2],
        lambda content: content.replace(b'"test_score": 0.3', b'"test_score": 0.2'),
        lambda content: b"\x80" + content[1:],
        lambda content: b"[1]",
        lambda content: b"null",
    ],
)
def test_a_damaged_record_is_moved_aside_and_counts_as_missing(store, trial, damage):
    store.write(trial, RESULT)
    path = store.path(trial)
    damaged = damage(path.read_bytes())
    path.write_bytes(damaged)
    assert store.read(trial) is None
    assert not path.exists()
    assert [one.read_bytes() for one in store.damaged()] == [damaged]
    store.write(trial, RESULT)
    path.write_bytes(damaged)
    assert store.scan() == {}
    assert len(store.damaged()) == 2


def test_a_record_under_another_key_is_damaged(store, trial):
    store.write(trial, RESULT)
    wrong = store.path(trial).with_name("0" * 64 + ".json")
    os.rename(store.path(trial), wrong)
    assert store.scan(repair=False) == {}
    assert wrong.exists()
    assert store.scan() == {}
    assert store.damaged()


def test_a_record_of_another_version_is_moved_aside_and_comes_back(store, trial, monkeypatch):
    now = module.versions()
    for where in ("sktl.experiments._store.versions", "sktl.experiments._trial.versions"):
        monkeypatch.setattr(where, lambda: now | {"keras": "3.0.0"})
    old = replace(trial)
    store.write(old, RESULT)
    for where in ("sktl.experiments._store.versions", "sktl.experiments._trial.versions"):
        monkeypatch.setattr(where, lambda: now)
    assert trial.key != old.key
    assert store.sort_out([trial])[1] == 1
    assert store.scan() == {}
    # Back to the old version: its record is used again.
    for where in ("sktl.experiments._store.versions", "sktl.experiments._trial.versions"):
        monkeypatch.setattr(where, lambda: now | {"keras": "3.0.0"})
    assert store.sort_out([old])[1] == 0
    assert store.read(old)["test_score"] == RESULT["test_score"]


def test_a_record_of_another_format_is_moved_aside(store, trial, monkeypatch):
    monkeypatch.setattr(module, "FORMAT", 0)
    store.write(trial, RESULT)
    monkeypatch.setattr(module, "FORMAT", 1)
    assert store.sort_out([trial])[1] == 1
    assert (store.folder / "outdated" / f"{trial.key}.json").exists()


def test_a_trial_with_other_weights_takes_the_place_of_the_old_one(store, trial):
    store.write(trial, RESULT)
    unplanned = replace(trial, rerun=5)
    store.write(unplanned, RESULT)
    assert store.sort_out([replace(trial, weights_sha256="1" * 64)])[1] == 1
    assert list(store.scan()) == [unplanned.key]


def test_other_settings_are_refused(store):
    store.create({"seed": 0, "n_epochs": 5})
    store.create({"seed": 0, "n_epochs": 5})
    with pytest.raises(ValueError, match="Received: n_epochs=6 instead of 5"):
        store.create({"seed": 0, "n_epochs": 6})
    (store.folder / "store.json").write_text("{")
    store.create({"seed": 0, "n_epochs": 6})


def test_leftovers_of_killed_writers_are_removed_and_fresh_files_are_not(store, trial):
    old, fresh = store.records / ".x.json.1.tmp", store.records / ".y.json.1.tmp"
    for path in (old, fresh):
        path.write_text("{")
    os.utime(old, (0, 0))
    store.create()
    assert (old.exists(), fresh.exists()) == (False, True)
    assert store.scan() == {}


def test_same_result_ignores_times_and_hosts_alone(store, trial):
    one = store.write(trial, RESULT | {"seconds": 1.0, "provenance": {"host": "a"}})
    two = store.write(trial, RESULT | {"seconds": 2.0, "provenance": {"host": "b"}})
    assert same_result(one, two)
    assert not same_result(one, two | {"curves": {}})
    assert not same_result(one, two | {"more": 1})


def mounted(tmp_path, *options):
    """Mount a small file system, or skip."""
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", ",".join(("size=256k", *options)), "tmpfs", folder]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"needs the right to mount a tmpfs: {done.stderr.strip()}")
    return folder


def unmount(folder):
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk_is_reported_and_loses_nothing(tmp_path, trial):
    folder = mounted(tmp_path)
    try:
        store = Store(folder).create()
        trials = [replace(trial, rerun=number) for number in range(200)]
        written = {}

        def fill():
            for one in trials:
                written[one.key] = store.write(one, RESULT | {"text": "x" * 5000})

        with pytest.raises(StoreError, match=r"disk is full; free some space.*are safe"):
            fill()
        assert 5 < len(written) < 100
        assert not list(folder.rglob("*.tmp"))
        assert set(store.scan()) == set(written)
        assert not store.damaged()
        # A record that is replaced stays as it was where the new one finds no room.
        first = trials[0]
        with pytest.raises(StoreError, match="disk is full"):
            store.write(first, RESULT | {"text": "y" * 200_000})
        assert store.read(first) == written[first.key]
    finally:
        unmount(folder)


def test_a_read_only_store_is_read_and_not_written(tmp_path, trial):
    folder = mounted(tmp_path)
    try:
        store = Store(folder).create()
        store.write(trial, RESULT)
        subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
        assert store.read(trial)["test_score"] == RESULT["test_score"]
        assert list(store.scan(repair=False)) == [trial.key]
        assert len(list(store.iter_records())) == 1
        for write in (store.create, lambda: store.write(trial, RESULT)):
            with pytest.raises(StoreError, match="read-only"):
                write()
    finally:
        unmount(folder)


WRITE_MANY = """
import sys
from sktl.experiments import Data, Store, Trial
folder, first, last = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
store = Store(folder).create({"seed": 0})
for number in range(first, last):
    trial = Trial("reference", "TCN", Data("EMG-simulated", 200), 50, number)
    store.write(trial, {"status": "ok", "number": number})
"""


# Two processes that run one plan, in test_run.py, write into one store in the fast tests.
@pytest.mark.slow
def test_two_processes_write_into_one_store(tmp_path, python):
    writers = [python(WRITE_MANY, tmp_path / "store", *ends) for ends in ((0, 60), (30, 90))]
    assert [writer.wait() for writer in writers] == [0, 0]
    records = list(Store(tmp_path / "store").iter_records())
    assert sorted(record["number"] for record in records) == list(range(90))
    assert json.loads((tmp_path / "store" / "store.json").read_text())["settings"] == {"seed": 0}


WRITE_ENDLESSLY = """
import sys
from sktl.experiments import Data, Store, Trial
store = Store(sys.argv[1])
print("ready", flush=True)
while True:
    for number in range(20):
        trial = Trial("reference", "TCN", Data("EMG-simulated", 200), 50, number)
        store.write(trial, {"status": "ok", "text": "x" * 20_000})
"""


# The last is killed once there are records, however long that takes on a busy machine.
@pytest.mark.parametrize(
    "delays",
    [(None,), pytest.param((0.02, 0.05, 0.11, None), marks=pytest.mark.slow)],
    ids=["once", "often"],
)
def test_a_killed_writer_leaves_whole_records_alone(store, python, delays):
    for delay in delays:
        writer = python(WRITE_ENDLESSLY, store.folder)
        assert writer.stdout.readline() == "ready\n"
        while delay is None and len(store.scan()) < 2:
            assert writer.poll() is None
            time.sleep(0.05)
        time.sleep(delay or 0)
        writer.kill()
        writer.wait()
        store.scan()
        assert not store.damaged()
    assert len(store.scan()) > 1
