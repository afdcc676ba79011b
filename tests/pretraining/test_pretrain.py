import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from sktl.cli import main
from sktl.datasets import simulate_len_db, simulate_to_file
from sktl.estimators import ConvNetQuakeINGVRegressor
from sktl.pretraining import NotConvergedError, pretrain, recipe_for
from sktl.sources import load_source

EASY = replace(recipe_for("S&P 500"), limit=9.0)
TINY = {"n_instances": 200, "n_epochs": 3, "parameters": {"l2": 0.0}, "recipe": EASY}
# What passes the dataset's own check.
ENOUGH = ["--n-instances", "600", "--epochs", "8"]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    out = tmp_path_factory.mktemp("sources")
    said = []
    made = pretrain(
        "sp500", "ConvNetQuakeINGV", n_repeats=3, out=out, storage="float16", progress=said.append,
        commit="0" * 40, card={"notes": "mine"}, **TINY,
    )  # fmt: skip
    return made, said


def test_the_best_repeat_by_validation_becomes_the_source(made):
    made, said = made
    scores = [repeat["validation"] for repeat in made.repeats]
    training = made.card.training
    assert len(set(scores)) == 3
    assert training["validation_scores"] == scores
    assert training["chosen_repeat"] == int(np.argmin(scores))
    assert made.card.score["value"] == made.repeats[int(np.argmin(scores))]["test"]
    assert len(said) == 3


def test_the_card_is_complete(made):
    made, _ = made
    card = made.card
    assert (card.name, card.dataset, card.simulated) == ("S&P 500", "S&P 500-simulated", True)
    assert (card.notes, card.n_instances, card.n_timepoints) == ("mine", 200, 50)
    assert card.score["split"] == "held-out simulated"
    assert card.training["relative"] <= EASY.limit
    assert card.training["commit"] == "0" * 40
    missing = {name for name, value in card.to_dict().items() if value is None}
    assert missing == {"classes", "sampling_rate", "licence", "results"}
    assert card.domain == "finance"


def test_the_score_is_that_of_the_network_on_instances_it_never_saw(made):
    from sktl.pretraining.instances import Instances

    made, _ = made
    instances = Instances("S&P 500", True, EASY, 200, 0)
    X, y = instances.part("test")
    constant = np.abs(y - np.median(instances.part("train")[1])).mean()
    assert made.card.training["constant"] == pytest.approx(constant)
    assert made.card.training["relative"] == pytest.approx(made.card.score["value"] / constant)
    assert not set(map(bytes, X)) & set(map(bytes, instances.part("train")[0]))


def test_kernels_are_stored_short_and_transfer(made):
    made, _ = made
    arrays = load_source(made.path, "ConvNetQuakeINGV").arrays
    assert {a.dtype.name for a in arrays.values() if a.ndim > 1} == {"float16"}
    assert {a.dtype.name for a in arrays.values() if a.ndim == 1} == {"float32"}
    X = np.random.default_rng(0).normal(size=(20, 5, 30)).astype("float32")
    network = ConvNetQuakeINGVRegressor(source=made.path, omega=0.0, n_epochs=1, random_state=0)
    network.fit(X, np.arange(20.0))
    kernel = network.network_.get_layer("conv2").kernel
    assert np.array_equal(np.asarray(kernel), arrays["conv2/kernel"].astype("float32"))


@pytest.mark.slow
def test_rounding_to_float16_changes_no_prediction_that_matters():
    X, y = simulate_len_db(300, 0)[:2]
    network = ConvNetQuakeINGVRegressor(n_epochs=4, l2=0.0, random_state=0).fit(X[:200], y[:200])
    before = network.predict(X[200:])
    rounded = {n: a.astype("float16").astype("float32") for n, a in network._weights.items()}
    network._weights = {n: rounded[n] if a.ndim > 1 else a for n, a in network._weights.items()}
    change = np.abs(network.predict(X[200:]) - before)
    assert 0 < change.max() < 0.01 * np.abs(before - y[200:]).mean()


def test_curves_of_all_repeats_lie_beside_and_nothing_else_is_left(made):
    made, _ = made
    curves = pd.read_csv(made.path.with_name("S&P 500.curves.csv"))
    assert curves["repeat"].unique().tolist() == [0, 1, 2]
    assert {"epoch", "loss", "val_loss", "val_score"} <= set(curves.columns)
    assert sorted(p.name for p in made.path.parent.iterdir()) == ["S&P 500", "S&P 500.curves.csv"]


def test_what_is_there_is_not_made_again(made):
    made, _ = made
    before = made.path.stat().st_mtime_ns
    said = []
    again = pretrain("S&P 500", "ConvNetQuakeINGV", n_repeats=3, out=made.path.parents[1],
                     progress=said.append, **TINY)  # fmt: skip
    assert made.path.stat().st_mtime_ns == before
    assert again.card == made.card
    assert said == ["ConvNetQuakeINGV S&P 500: is there already"]


# The command, below, is refused in the fast tests.
@pytest.mark.slow
def test_a_network_that_learnt_nothing_is_refused(tmp_path):
    strict = replace(recipe_for("EMG"), limit=3.9)
    with pytest.raises(NotConvergedError, match=r"did not converge on EMG.*No source was written"):
        pretrain("EMG", "ConvNetQuakeINGV", n_instances=100, n_epochs=1, recipe=strict,
                 out=tmp_path)  # fmt: skip
    assert not (tmp_path / "ConvNetQuakeINGV" / "EMG").exists()


def test_the_command_refuses_makes_and_lists(tmp_path, capsys, sktl_home):
    command = ["pretrain", "S&P 500", "--architecture", "ConvNetQuakeINGV"]
    assert main([*command, "--n-instances", "100", "--epochs", "1", "--n-timepoints", "2"]) == 1
    assert "did not converge on S&P 500" in capsys.readouterr().err
    assert not (sktl_home / "sources" / "ConvNetQuakeINGV" / "S&P 500").exists()
    assert main([*command, *ENOUGH]) == 0
    assert "held-out simulated" in capsys.readouterr().out
    assert load_source("S&P 500", "ConvNetQuakeINGV").origin == "own"
    assert main(["pretrain", "S&P 501", "--architecture", "TCN"]) == 1
    assert "Did you mean 'S&P 500'?" in capsys.readouterr().err
    assert main([*command[:3], "TNC"]) == 1
    assert "TCN" in capsys.readouterr().err


def test_a_simulated_file_and_real_data_are_trained_on(tmp_path):
    file = tmp_path / "sp500.hdf5"
    simulate_to_file("S&P 500", 400, file, random_state=3)
    made = pretrain("S&P 500", "ConvNetQuakeINGV", path=file, out=tmp_path / "a", **TINY)
    assert made.card.simulated
    assert made.card.n_instances == 200
    prices = 500 + np.cumsum(np.random.default_rng(0).normal(size=700))
    days = pd.date_range("2000-01-03", periods=700, freq="B")
    table = pd.DataFrame({"Date": days.strftime("%Y-%m-%d"), "Close": prices})
    table.to_csv(tmp_path / "GSPC.csv", index=False)
    real = pretrain("S&P 500", "ConvNetQuakeINGV", data="real", path=tmp_path / "GSPC.csv",
                    out=tmp_path / "b", **TINY)  # fmt: skip
    assert (real.card.simulated, real.card.dataset) == (False, "S&P 500")
    assert real.card.score["split"] == "test"
    with pytest.raises(ValueError, match="fresh=True needs the simulator"):
        pretrain("S&P 500", "ConvNetQuakeINGV", path=file, fresh=True, **TINY)
    with pytest.raises(ValueError, match=r"has .* training instances"):
        pretrain("S&P 500", "ConvNetQuakeINGV", path=file, n_instances=500)


@pytest.fixture(scope="module")
def gestures(tmp_path_factory):
    """Six people who each held three gestures: a channel's size tells which."""
    folder, rng = tmp_path_factory.mktemp("roshambo"), np.random.default_rng(0)
    labels = np.repeat(["rock", "paper", "scissor"], 200)
    for person in range(1, 7):
        emg = rng.normal(size=(600, 8)) * np.where(labels == "rock", 9, 1)[:, None]
        emg[labels == "paper", 2] *= 30
        np.save(folder / f"subject{person:02d}_session01_emg.npy", emg)
        np.save(folder / f"subject{person:02d}_session01_ann.npy", labels)
    return folder


def test_people_apart_and_a_name_of_ones_own(gestures, tmp_path):
    made = pretrain(
        "EMG-Roshambo", "ConvNetQuakeINGV", data="real", name="fists", split="grouped",
        path=gestures, out=tmp_path, n_instances=100, n_epochs=1, parameters={"l2": 0.0},
        recipe=replace(recipe_for("EMG-Roshambo"), limit=0.0),
    )  # fmt: skip
    assert made.path == tmp_path / "ConvNetQuakeINGV" / "fists"
    assert (made.card.name, made.card.dataset) == ("fists", "EMG-Roshambo")
    assert made.card.training["split"] == "grouped"
    assert 80 <= made.card.n_instances <= 100
    assert made.path.with_name("fists.curves.csv").is_file()


def test_fewer_real_instances_come_from_all_people_and_parts_stay_apart(gestures):
    from sktl.pretraining.instances import Instances, _opened

    people, rows = [], []
    for n_instances in (40, 10**6):
        instances = Instances(
            "EMG-Roshambo", False, recipe_for("EMG-Roshambo"), n_instances, 0, str(gestures),
            split="grouped",
        )  # fmt: skip
        dataset = _opened(instances)
        rows.append({part: set(indices) for part, indices in dataset.parts.items()})
        people.append([set(dataset.reader.groups[i]) for i in dataset.parts.values()])
    assert people[0] == people[1]
    assert sum(map(len, people[0])) == len(set.union(*people[0])) == 6
    assert 30 <= len(rows[0]["train"]) <= 40
    assert all(rows[0][part] < rows[1][part] for part in rows[0])


def test_what_has_no_simulator_is_not_simulated(tmp_path):
    with pytest.raises(ValueError, match=r"Received: name='EMG-Francic-simulated'"):
        pretrain("EMG-Francic", "TCN", out=tmp_path)


@pytest.mark.slow
def test_fresh_instances_reach_the_training(tmp_path):
    fresh = pretrain("S&P 500", "ConvNetQuakeINGV", fresh=True, out=tmp_path / "a", **TINY)
    fixed = pretrain("S&P 500", "ConvNetQuakeINGV", out=tmp_path / "b", **TINY)
    curves = [pd.read_csv(m.path.with_name("S&P 500.curves.csv")) for m in (fresh, fixed)]
    assert curves[0]["loss"][0] == curves[1]["loss"][0]
    assert curves[0]["loss"][1] != curves[1]["loss"][1]
    assert fresh.card.training["fresh_instances_every_epoch"]


@pytest.mark.parametrize(
    "wrong", [{"data": "both"}, {"storage": "int8"}, {"n_instances": 0}, {"n_repeats": 0}]
)
def test_impossible_arguments_are_refused(wrong):
    with pytest.raises(ValueError, match=rf"Received: {next(iter(wrong))}="):
        pretrain("EMG", "TCN", **wrong)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs signals of POSIX")
def test_a_killed_run_goes_on_with_the_repeat_it_was_at(tmp_path):
    # As everywhere in the tests without XLA, which takes seconds to compile a network.
    code = (
        "import sys, sktl.cli, sktl.estimators.convnetquake as module\n"
        "module._ConvNetQuakeINGV._jit = False\n"
        "sktl.cli.main(sys.argv[1:])\n"
    )
    command = [
        sys.executable, "-c", code, "pretrain", "S&P 500", "--architecture",
        "ConvNetQuakeINGV", *ENOUGH, "--repeats", "2", "--out", str(tmp_path),
    ]  # fmt: skip
    folder = tmp_path / "ConvNetQuakeINGV"
    process = subprocess.Popen(command, env=os.environ)
    deadline = time.monotonic() + 120
    while not (first := list(folder.glob(".S&P 500.*.repeats/0/card.json"))):
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (folder / "S&P 500").exists()
    before = json.loads(first[0].read_text())
    made = pretrain("S&P 500", "ConvNetQuakeINGV", n_instances=600, n_epochs=8, n_repeats=2,
                    parameters={"batch_size": 32}, out=tmp_path)  # fmt: skip
    assert made.card.training["validation_scores"][0] == before["score"]["value"]
    if made.card.training["chosen_repeat"] == 0:
        assert made.card.created == before["created"]
