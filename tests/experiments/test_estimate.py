import time

import pytest

from sktl._parallel import keras_backend
from sktl.experiments import Plan, Store, best_sources, estimate, run
from sktl.experiments._estimate import Pilot, pilot


def test_time_is_the_sum_over_the_trials(monkeypatch, tmp_path):
    costs = Pilot(start=10.0, train=(0.1, 0.001), predict=(0.01, 0.0))
    monkeypatch.setattr("sktl.experiments._estimate.pilot", lambda name, **options: (name, costs))
    plan = Plan(
        architectures=["TCN"], sources=["EMG"], targets=["EMG"], sizes=[50], reruns=2, repeats=1,
        baselines=["class prior"], data="simulated", n_instances=200, training={"n_epochs": 100},
    )  # fmt: skip
    found = estimate(plan, Store(tmp_path))

    def seconds(n_train, epochs):
        return epochs * (n_train * 0.18 + 30 * 0.01) + 30 * 0.01

    assert found.pending == {"pretraining": 1, "reference": 2, "baseline": 2}
    expected = [20 + seconds(140, n) + 2 * seconds(50, n) + 2 * 3 for n in (58, 100)]
    assert [found.seconds, found.longest] == pytest.approx(expected)


def test_finished_trials_time_those_like_them(monkeypatch, tmp_path, plan, stand_in):
    store = Store(tmp_path / "store")
    run(plan, store, backend="sequential", execute=stand_in.execute)
    for trial in plan.trials(best_sources(store, plan.pretraining())[0]):
        if trial.rerun == 1:
            store.path(trial).unlink()
    found = estimate(plan, store)
    assert sum(found.pending.values()) == found.measured == 17
    assert found.seconds == found.longest < 1


@pytest.mark.slow
def test_a_pilot_foretells_a_fit():
    import numpy as np

    from sktl.estimators import MLSTMFCNRegressor

    _, costs = pilot("MLSTMFCN", 1, keras_backend())
    X = np.random.default_rng(0).normal(size=(600, 3, 120)).astype("float32")
    y = X.mean(axis=(1, 2))
    estimator = MLSTMFCNRegressor(n_epochs=1, early_stopping_patience=None)
    estimator.fit(X[:500], y[:500], validation_data=(X[500:], y[500:]))
    started = time.perf_counter()
    estimator.set_params(n_epochs=6).fit(X[:500], y[:500], validation_data=(X[500:], y[500:]))
    ratio = (time.perf_counter() - started) / costs.seconds(500, 100, 120, 6)
    assert 0.4 < ratio < 2.5
