import json

import numpy as np
import pandas as pd
import pytest

from sktl.estimators import ConvNetQuakeINGVRegressor
from sktl.evaluation import read_records
from sktl.experiments import Data, Plan, Store, Trial, run, same_result
from sktl.experiments._execute import execute, facts, make_estimator
from sktl.sources import load_source

SMALL = {"n_epochs": 2, "n_layers": 3, "filters": 4}


@pytest.fixture(scope="module")
def plan():
    return Plan(
        architectures=["ConvNetQuakeINGV"], sources=["EMG", "S&P 500"], targets=["S&P 500"],
        sizes=[40], omegas=[0.5], reruns=1, repeats=1, baselines=["constant", "linear"],
        data="simulated", n_instances=200, training=SMALL,
    )  # fmt: skip


@pytest.fixture(scope="module")
def finished(plan, tmp_path_factory):
    """The store of a small grid with real fits."""
    store = Store(tmp_path_factory.mktemp("grid"))
    summary = run(plan, store, backend="sequential")
    assert summary.complete, summary.errors
    return store


def records(store, kind):
    return [record for record in store.iter_records() if record["kind"] == kind]


def test_a_grid_of_real_fits_has_scores_curves_and_facts(plan, finished):
    assert len(records(finished, "pretraining")) == 2
    for record in [*records(finished, "reference"), *records(finished, "transfer")]:
        assert 1 <= record["best_epoch"] <= record["epochs"] == 2
        curve = record["curves"]["validation"]
        assert record["validation_score"] == curve[record["best_epoch"] - 1]
        assert np.isfinite([record["test_score"], *record["curves"]["training_loss"]]).all()
        assert (record["n_train"], record["metric"], record["simulated"]) == (40, "mae", True)
        assert (record["loss"], record["monitor"]) == ("mean_squared_error", "val_loss")
        assert record["n_parameters"] > 100
    (transfer,) = records(finished, "transfer")
    assert (transfer["source"], transfer["source_domain"]) == ("EMG-simulated", "other")
    (baselines) = records(finished, "baseline")
    assert {record["architecture"] for record in baselines} == {"constant", "linear"}


def test_the_same_seed_gives_the_same_records(plan, finished, tmp_path):
    again = Store(tmp_path / "again")
    run(plan, again, backend="sequential")
    assert_same(finished, again)


def assert_same(one, other):
    one, other = ({record["key"]: record for record in s.iter_records()} for s in (one, other))
    assert set(one) == set(other)
    assert all(same_result(record, other[key]) for key, record in one.items())


@pytest.mark.slow
def test_processes_of_their_own_give_the_same_records_every_time(plan, tmp_path):
    stores = [Store(tmp_path / name) for name in ("one", "other")]
    for store in stores:
        summary = run(plan, store, n_jobs=2)
        assert summary.complete, summary.errors
    assert_same(*stores)


def test_a_trial_is_what_the_estimator_gives(plan, finished):
    (transfer,) = records(finished, "transfer")
    weights = finished.folder / "sources" / "ConvNetQuakeINGV" / "EMG-simulated"
    (folder,) = weights.iterdir()
    dataset = plan.dataset("S&P 500")
    from sktl.datasets import load_dataset

    data = load_dataset("S&P 500-simulated", dataset.n_instances, 0).reduced(40, 0)
    X, X_validation, X_test = (
        np.repeat(part.X, 3, axis=1) for part in (data.train, data.validation, data.test)
    )
    estimator = ConvNetQuakeINGVRegressor(
        source=folder, omega=0.5, random_state=transfer["random_state"], initializer="he_normal",
        l2=0.7, schedule="published", **SMALL,
    )  # fmt: skip
    estimator.fit(X, data.train.y, validation_data=(X_validation, data.validation.y))
    error = np.abs(estimator.predict(X_test) - data.test.y).mean()
    np.testing.assert_allclose(transfer["test_score"], error, rtol=1e-5)
    np.testing.assert_allclose(
        transfer["curves"]["validation"], estimator.history_["val_score"], rtol=1e-5
    )


def test_a_pretraining_leaves_a_source_that_says_what_it_is(finished):
    for record in records(finished, "pretraining"):
        folder = finished.folder / "sources" / "ConvNetQuakeINGV" / record["target"]
        source = load_source(folder / record["key"][:16], "ConvNetQuakeINGV")
        assert source.card.simulated is True
        assert source.card.dataset == record["target"]
        assert source.card.weights_sha256 == record["weights_sha256"]
        assert source.card.score["value"] == record["validation_score"]
    text = json.dumps([record for record in finished.iter_records()])
    assert "conv1" not in text  # weights are in sources/ alone


def test_reference_and_transfer_differ_in_source_and_omega_alone(plan):
    found = {}
    for trial in plan.trials():
        if trial.kind != "baseline":
            found[trial.kind] = make_estimator(trial, "regression").get_params()
    different = {
        name for name, value in found["reference"].items() if found["transfer"][name] != value
    }
    assert different == {"source", "omega", "random_state"}


def test_another_source_of_a_planned_name_is_refused(tmp_path):
    name, data = "EMG-Roshambo", Data("S&P 500-simulated", n_instances=200)
    planned = {"source": name, "weights_path": name, "omega": 0.5, "parameters": {"n_epochs": 1}}
    good = Plan(["ConvNetQuakeINGV"], sources=[], loaded=[name]).loaded_weights()
    (weights,) = good.values()
    store = Store(tmp_path).create()
    for sha256 in (weights.sha256, "0" * 64):
        trial = Trial("transfer", "ConvNetQuakeINGV", data, 40, 0, weights_sha256=sha256, **planned)
        if sha256 == weights.sha256:
            assert execute(trial, store)["source_used"] == name
        else:
            with pytest.raises(ValueError, match=f"Received: sha256={weights.sha256} instead"):
                execute(trial, store)


def test_a_trial_that_cannot_be_says_why(tmp_path):
    trial = Trial("reference", "TCN", Data("EMG-simulated", n_instances=100), 5000, 0)
    with pytest.raises(ValueError, match="Received: n_train=5000"):
        execute(trial, Store(tmp_path))


class Diverged:
    """Stands for an estimator whose training diverged after its second epoch."""

    history_ = pd.DataFrame(
        {
            "loss": [1.0, 0.5, np.inf],
            "val_loss": [1.0, 0.6, np.nan],
            "val_score": [3.0, 2.0, np.nan],
            "learning_rate": 0.1,
        },
        index=[1, 2, 3],
    )
    best_epoch_, source_, monitor, _loss = 2, None, "val_loss", "mean_squared_error"
    network_ = ConvNetQuakeINGVRegressor(n_layers=1, filters=1).build_network(1, 8)

    def fit(self, X, y, validation_data):
        return self

    def predict(self, X):
        return np.zeros(len(X))


def test_a_late_divergence_is_a_record_with_gaps_in_its_curves(tmp_path, monkeypatch):
    monkeypatch.setattr("sktl.experiments._execute.make_estimator", lambda *_: Diverged())
    data = Data("S&P 500-simulated", n_instances=200)
    trial, store = Trial("reference", "ConvNetQuakeINGV", data, 40, 0), Store(tmp_path).create()
    results = execute(trial, store)
    assert results["diverged"] is True
    store.write(trial, {"status": "ok", "error": None} | facts(trial) | results)
    assert store.read(trial)["curves"]["validation"] == [3.0, 2.0, None]
    found = read_records(store.records)
    np.testing.assert_array_equal(found.curves[0]["validation"], [3.0, 2.0, np.nan])
    assert found.table["validation_score"].tolist() == [2.0]
    assert any(note.startswith("1 training run diverged: 1 after") for note in found.notes)
