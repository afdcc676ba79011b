"""A stand-in for training: fast, deterministic, and able to fail and to kill its worker."""

import hashlib
import os
import signal
import time

import numpy as np


def number(trial):
    """A number between 0 and 1 that depends on the whole trial."""
    digest = hashlib.sha256(repr(sorted(trial.content().items(), key=str)).encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


def execute(trial, store, seconds=0.0, failing=None, killing=None, log=None, error=RuntimeError):
    """Give made-up scores; `failing` and `killing` name the rerun that fails or kills."""
    from sktl.sources import Card, save_source

    if log is not None:
        with open(log, "a") as file:
            file.write(f"{trial.key}\n")
    time.sleep(seconds)
    if trial.kind == "transfer" and trial.rerun == failing:
        raise error("it diverged")
    if trial.kind == "transfer" and trial.rerun == killing:
        os.kill(os.getpid(), signal.SIGKILL)
    value = number(trial)
    if trial.kind == "pretraining":
        shape = {"n_channels": 3, "n_timepoints": 8, "n_outputs": 1}
        card = Card(trial.data.name, trial.architecture, "regression", **shape)
        weights = {"conv1/bias": np.full(4, value, "float32")}
        save_source(store.source_folder(trial), card, weights)
    curve = [value + 1 / epoch for epoch in range(1, 6)]
    return {
        "n_train": trial.n_train or 100,
        "test_score": value,
        "validation_score": value / 2,
        "curves": {"validation": curve},
    }


def killed_once(trial, store, folder):
    """Kill the worker at the first attempt of TCN's reference and transfer on EMG of rerun 1."""
    mark = os.path.join(folder, trial.key)
    chosen = trial.architecture == "TCN" and trial.data.name == "EMG-simulated"
    if chosen and trial.rerun == 1 and trial.omega != 0.1 and not os.path.exists(mark):
        open(mark, "w").close()
        os.kill(os.getpid(), signal.SIGKILL)
    return execute(trial, store)
