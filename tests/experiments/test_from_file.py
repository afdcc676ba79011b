"""Trials whose instances stay in their file: the scores of trials in memory."""

import shutil

import numpy as np
import pytest

import sktl.datasets
from sktl.cli import main
from sktl.experiments import Data, Store, Trial, command, paper
from sktl.experiments._execute import InMemory, execute
from sktl.experiments._from_file import InFile, default_memory, in_file

SMALL = {"n_epochs": 2, "n_layers": 3, "filters": 4, "schedule": "published"}


@pytest.fixture
def store(files, tmp_path, monkeypatch):
    """A store, for datasets whose official files are made here."""
    load = sktl.datasets.load_dataset

    def load_made(name, n_instances, seed, split, download_if_missing):
        return load(f"{name}-simulated", n_instances, seed, path=files / f"{name}.hdf5")

    monkeypatch.setattr(sktl.datasets, "load_dataset", load_made)
    return Store(tmp_path / "store").create()


def test_scores_are_those_of_memory(store, monkeypatch):
    monkeypatch.setattr("sktl.pretraining.from_file._BLOCK", 3000)  # several blocks
    monkeypatch.setattr("sktl.experiments._from_file.BATCH", 256)
    used = []

    def count_fits_of(kind):
        fit = kind.fit

        def fit_and_count(self, estimator):
            used.append(kind)
            return fit(self, estimator)

        monkeypatch.setattr(kind, "fit", fit_and_count)

    count_fits_of(InFile)
    count_fits_of(InMemory)
    emg, prices = Data("EMG", content="made"), Data("S&P 500", n_timepoints=20, content="made")
    network = {"architecture": "ConvNetQuakeINGV", "parameters": SMALL, "rerun": 0}
    pretraining = Trial("pretraining", data=emg, n_train=None, **network)
    trials = [
        pretraining,
        Trial("reference", data=prices, n_train=60, **network),
        Trial("transfer", data=prices, n_train=60, **network, source="EMG", omega=0.5,
              weights_path=str(store.source_folder(pretraining))),
        Trial("baseline", "linear", prices, 60, 0),
    ]  # fmt: skip
    for trial in trials:
        held, read = execute(trial, store, memory=1.0), execute(trial, store, memory=0.0)
        if trial.kind == "pretraining":
            # The sum of the losses is rounded once a block; the rest is the same.
            losses = (one["curves"].pop("training_loss") for one in (held, read))
            np.testing.assert_allclose(*losses, rtol=1e-6)
        assert read == held
    assert used == [InMemory, InFile] * 3


def test_what_is_in_memory_in_any_case_stays_there(store):
    simulated = Trial("reference", "TCN", Data("EMG-simulated", 200), 50, 0)
    assert in_file(simulated, 3, None, 0.0) is None
    trial = Trial("reference", "TCN", Data("EMG", content="held"), 50, 0)
    assert in_file(trial, 3, None, 1.0) is None
    assert default_memory(2) == default_memory(1) / 2


def test_the_command_says_what_is_read_and_what_cannot_be():
    assert command.larger_than(paper(), 1e6) == []
    lines = command.larger_than(paper(), 8.0)
    assert any(line.startswith("STEAD would take ") for line in lines)
    assert not any(line.startswith("S&P 500") for line in lines)
    plan = paper(architectures=["ResNetImage"], sources=["LEN-DB"], targets=["LEN-DB", "STEAD"])
    with pytest.raises(ValueError, match=r"pre-training ResNetImage on LEN-DB needs 14.5 GB"):
        command.larger_than(plan, 1.0)


@pytest.mark.slow
def test_a_grid_with_little_memory_ends_alike(shared, tmp_path, monkeypatch, capsys):
    folder = tmp_path / "mirror"
    folder.mkdir()
    shutil.copy(shared("data/sp500/GSPC.csv"), folder)
    monkeypatch.setenv("SKTL_MIRROR", str(folder))
    arguments = [
        "grid", "--data", "real", "--architectures", "ConvNetQuakeINGV", "--sources", "sp500",
        "--targets", "sp500", "--sizes", "50", "--reruns", "1", "--n-epochs", "1", "--baselines",
        "--n-jobs", "1", "--n-instances", "400", "--no-report",
    ]  # fmt: skip
    scores = []
    for memory in ("8", "0"):
        out = tmp_path / memory
        assert main([*arguments, "--memory", memory, "--out", str(out)]) == 0
        scores.append({r["key"]: r["test_score"] for r in Store(out).iter_records()})
    assert scores[0] == scores[1]
    assert "S&P 500 would take " in capsys.readouterr().out
