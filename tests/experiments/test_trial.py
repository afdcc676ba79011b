import os
import subprocess
import sys
from dataclasses import fields, replace

import pytest

from sktl.experiments import Data, versions
from sktl.experiments import _versions as module

OTHER = {
    "kind": "reference", "architecture": "MagNet", "n_train": 51, "rerun": 1, "source": "mine",
    "omega": 0.25, "parameters": {"filters": (2, 4)}, "seed": 1, "repeat": 1,
    "weights_sha256": "0" * 64,
}  # fmt: skip
OTHER_DATA = {
    "name": "EMG", "n_instances": 201, "n_timepoints": 40, "split": "grouped", "seed": 4,
    "content": "sha256:1", "task": "regression",
}  # fmt: skip


def test_every_field_but_the_place_of_the_weights_changes_the_key(trial):
    named = {field.name for field in fields(trial)} - {"data", "weights_path"}
    assert named == set(OTHER)
    assert {field.name for field in fields(Data)} == set(OTHER_DATA)
    changed = [replace(trial, **{name: value}) for name, value in OTHER.items()]
    changed += [
        replace(trial, data=replace(trial.data, **{name: value}))
        for name, value in OTHER_DATA.items()
    ]
    keys = [trial.key, *(one.key for one in changed)]
    assert len(set(keys)) == len(keys)
    assert replace(trial, weights_path="/elsewhere").key == trial.key


@pytest.mark.parametrize("name", sorted(versions()))
def test_every_version_changes_the_key(trial, monkeypatch, name):
    before = replace(trial).key
    now = versions() | {name: "other"}
    monkeypatch.setattr("sktl.experiments._trial.versions", lambda: now)
    assert replace(trial).key != before


# Processes that share a store, in test_run.py, must agree on keys in the fast tests.
@pytest.mark.slow
def test_the_key_is_the_same_in_another_process(trial, monkeypatch):
    # Whoever edits the code while this test runs would change it.
    now = versions()
    monkeypatch.setattr("sktl.experiments._trial.versions", lambda: now)
    code = (
        "import sktl.experiments._trial as module\n"
        f"module.versions = lambda: dict(reversed({now}.items()))\n"
        "from sktl.experiments import Data, Trial\n"
        "data = Data('EMG-simulated', n_instances=200, seed=3)\n"
        "print(Trial('transfer', 'TCN', data, 50, 0, 'LOMAX-simulated', 0.5,"
        " {'filters': [2, 3]}).key)"
    )
    env = os.environ | {"PYTHONHASHSEED": "7"}
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    assert printed.stdout.strip() == trial.key


def test_the_seed_depends_on_the_trial_and_not_on_its_settings(trial):
    assert replace(trial, parameters={}).random_state == trial.random_state
    others = [
        replace(trial, **{name: OTHER[name]}) for name in ("omega", "rerun", "seed", "repeat")
    ]
    seeds = {trial.random_state, *(one.random_state for one in others)}
    assert len(seeds) == 5
    assert all(0 <= seed < 2**31 for seed in seeds)


def test_the_backend_is_found_without_keras(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert versions()["backend"] == "jax"
    assert "jax" in versions()
    monkeypatch.delenv("KERAS_BACKEND")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    assert module.keras_backend() == "tensorflow"
    (tmp_path / "keras.json").write_text('{"backend": "jax"}')
    assert module.keras_backend() == "jax"


def test_an_unknown_kind_is_refused(trial):
    with pytest.raises(ValueError, match="Received: kind='refrence'"):
        replace(trial, kind="refrence")
