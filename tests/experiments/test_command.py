import shutil
from pathlib import Path

import numpy as np
import pytest

from sktl.cli import main
from sktl.experiments import Store, command, missing, quick

TINY = [
    "grid", "--architectures", "ConvNetQuakeINGV", "--sources", "emg", "--targets", "sp500",
    "--sizes", "40", "--omegas", "1", "--reruns", "1", "--n-instances", "200", "--n-epochs", "1",
    "--baselines", "constant",
]  # fmt: skip


@pytest.fixture
def reports(monkeypatch):
    """Catch the call of the report."""
    calls = []
    real = command.main

    def caught(arguments, say, report):
        return real(arguments, say, lambda *given: calls.append(given))

    monkeypatch.setattr(command, "main", caught)
    return calls


def test_a_dry_run_counts_estimates_and_writes_nothing(tmp_path, capsys, monkeypatch):
    from sktl.experiments import _estimate

    costs = _estimate.Pilot(start=1.0, train=(0.01, 0.0), predict=(0.0, 0.0))
    monkeypatch.setattr(_estimate, "pilot", lambda name, **options: (name, costs))
    out = tmp_path / "grid"
    assert main([*TINY, "--dry-run", "--n-jobs", "1", "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "The quick grid on simulated data: 4 trials" in said
    assert "1 transfers" in said
    # 140 + 40 + 40 instances, one epoch, three networks to build, a baseline of 3 s.
    assert "With one worker on this machine they take about 8 s (pilots" in said
    assert not out.exists()


def test_a_grid_is_run_reported_and_not_run_again(tmp_path, capsys, reports):
    out = tmp_path / "grid"
    arguments = [*TINY, "--out", str(out), "--n-jobs", "1", "--protocol", "published"]
    assert main(arguments) == 0
    assert "4 trials finished in" in capsys.readouterr().out
    assert reports == [(out / "records", out / "report", "published", "plain")]
    assert main([*arguments, "--no-report"]) == 0
    assert len(reports) == 1
    assert "0 trials finished in 0 s, 4 were there before" in capsys.readouterr().out
    assert main([*arguments, "--dry-run"]) == 0
    assert "nothing is left to do" in capsys.readouterr().out
    # Other settings in the same folder would be compared with these.
    assert main([*arguments, "--seed", "1"]) == 1
    assert "Received: seed=1 instead of 0" in capsys.readouterr().err


def test_failed_trials_are_told_by_the_exit_code(tmp_path, capsys, reports):
    arguments = [*TINY, "--out", str(tmp_path / "grid"), "--n-jobs", "1", "--retries", "0"]
    arguments[arguments.index("--sizes") + 1] = "150"  # more than there are
    assert main(arguments) == 3
    said = capsys.readouterr().out
    assert "trials FAILED" in said
    assert "Received: n_train=150" in said
    assert reports


def test_the_paper_profile_without_data_names_what_is_missing(capsys, sktl_home):
    assert main(["grid", "--profile", "paper", "--dry-run"]) == 1
    captured = capsys.readouterr()
    for count in ("240 sources to pre-train", "336 references", "16,800 transfers"):
        assert count in captured.out
    for name in ("LOMAX", "LEN-DB", "STEAD", "SPEECH", "EMG", "S&P 500"):
        assert f"- {name}:" in captured.err
    assert "sktl fetch 'LEN-DB'" in captured.err
    assert "--data simulated" in captured.err
    assert str(sktl_home) in captured.err


def test_real_data_that_is_there_is_used(shared, tmp_path, monkeypatch, capsys, reports):
    folder = tmp_path / "mirror"
    folder.mkdir()
    shutil.copy(shared("data/sp500/GSPC.csv"), folder)
    monkeypatch.setenv("SKTL_MIRROR", str(folder))
    assert missing(["S&P 500"]) == {}
    assert main(
        ["grid", "--data", "real", "--architectures", "ConvNetQuakeINGV", "--loaded",
         "EMG-Roshambo", "STEAD-simulated", "--omegas", "0.5",
         "--targets", "sp500", "--sizes", "100", "--reruns", "1", "--n-epochs", "1", "--baselines",
         "last value", "--n-jobs", "1", "--out", str(tmp_path / "grid")]
    ) == 0  # fmt: skip
    records = list(Store(tmp_path / "grid").iter_records())
    assert {record["target"] for record in records} == {"S&P 500"}
    assert "loaded, not pre-trained: EMG-Roshambo, STEAD-simulated" in capsys.readouterr().out
    loaded = {record["source"]: record for record in records if record.get("source_loaded")}
    assert set(loaded) == {"EMG-Roshambo", "STEAD-simulated"}
    assert loaded["STEAD-simulated"]["source_domain"] == "seis"
    assert loaded["EMG-Roshambo"]["source_domain"] == "other"
    simulated = {record["source"] for record in records if record["simulated"]}
    assert simulated == {"STEAD-simulated"}
    assert records[0]["trial"]["data"]["content"].startswith("sha256:")
    assert Path(tmp_path / "grid" / "store.json").exists()


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (["--shard", "4/3"], "Received: '4/3'"),
        (["--shard", "one"], "must look like 3/12"),
        (["--profile", "papr"], "invalid choice"),
    ],
)
def test_wrong_usage_ends_with_2(arguments, match, capsys):
    with pytest.raises(SystemExit) as error:
        main(["grid", *arguments])
    assert error.value.code == 2
    assert match in capsys.readouterr().err


def test_unknown_names_end_with_1(capsys):
    assert main(["grid", "--targets", "STAED"]) == 1
    assert "Did you mean 'STEAD'" in capsys.readouterr().err


def test_the_schedule_for_few_instances_is_a_choice():
    import argparse

    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    plan = command.make_plan(parser.parse_args(["--schedule", "adaptive"]))
    assert plan.training == {"n_epochs": 20, "batch_size": "auto", "schedule": "adaptive"}
    assert command.make_plan(parser.parse_args([])).training == quick().training


def test_a_file_of_the_users_own_is_a_target(tmp_path, capsys, monkeypatch):
    from sktl.experiments import _estimate

    costs = _estimate.Pilot(start=0.0, train=(0.01, 0.0), predict=(0.0, 0.0))
    monkeypatch.setattr(_estimate, "pilot", lambda name, **options: (name, costs))
    rng = np.random.default_rng(0)
    file = tmp_path / "grip.npz"
    np.savez(file, X=rng.normal(size=(60, 2, 150)), y=np.tile(["a", "b", "c"], 20))
    arguments = [*TINY, "--dry-run", "--n-jobs", "1", "--out", str(tmp_path / "grid")]
    arguments[arguments.index("sp500")] = str(file)
    del arguments[arguments.index("--sizes") : arguments.index("--sizes") + 2]
    arguments[-1:] = [str(tmp_path / "grid"), "--baselines", "linear"]
    assert main(arguments) == 0
    said = capsys.readouterr().out
    assert (
        "grip: 42 + 9 + 9 instances to train, validate and test, classification, 2 channels, 150 "
        "points; shortened to 100 points (--max-timepoints); trained on 42 (--sizes)"
    ) in said
    # 140 and two times 42 instances, one epoch; a baseline of 3 s.
    assert "about 5 s" in said
    assert main(["grid", "--targets", str(tmp_path / "gripp.npz")]) == 1
    assert "There is no such file" in capsys.readouterr().err


def test_without_numba_minirocket_is_left_out_and_named(monkeypatch):
    monkeypatch.setattr(command, "find_spec", lambda name: None)
    said = []
    plan = command.without_minirocket(quick(targets=["EMG"]), said.append)
    assert plan.baselines == ("constant", "class prior", "last value", "linear")
    assert "MiniRocket is left out: it needs numba" in said[0]
    with pytest.raises(ValueError, match="needs numba: pip install numba"):
        command.without_minirocket(quick(baselines=["MiniRocket"]), said.append)
