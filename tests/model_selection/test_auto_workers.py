"""AutoTransfer on workers: the same as in one process, and what happens where they fail."""

import numpy as np
import pandas as pd
import pytest
from sklearn.tree import DecisionTreeClassifier

from sktl._parallel import Workers, workers_for
from sktl.model_selection import AutoTransferRegressor
from sktl.model_selection._auto_networks import networks
from sktl.model_selection._auto_workers import Bag, fitted

from .test_auto_networks import make_setting
from .test_auto_transfer import make_panel


def one_by_one(function, items, shared, seconds):
    return (function(item, *shared) for item in items)


# What stands for workers, below, is given networks and trees in the fast tests.
@pytest.mark.slow
def test_trees_on_workers_are_those_of_one_process():
    distributed = pytest.importorskip("distributed")
    X, _, loudness = make_panel(30)
    options = {"sources": None, "time_limit": 300, "cv": 2}
    alone = AutoTransferRegressor(**options).fit(X, loudness)
    with distributed.Client(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None
    ):
        spread = AutoTransferRegressor(**options, backend="dask").fit(X, loudness)
    assert {"trees", "ridge"} <= set(spread.leaderboard_["kind"])
    np.testing.assert_array_equal(spread.predict(X), alone.predict(X))
    timed = ["seconds", "predict_seconds"]
    pd.testing.assert_frame_equal(
        spread.leaderboard_.drop(columns=timed), alone.leaderboard_.drop(columns=timed)
    )
    assert spread.decision_ == alone.decision_


@pytest.mark.slow
def test_networks_on_workers_are_those_of_one_process():
    setting = make_setting(600)
    (alone,) = networks(setting)
    said = []
    setting.workers, setting.tables, setting.tell = Workers(2, one_by_one), {}, said.append
    (spread,) = networks(setting)
    assert spread.problem is None
    np.testing.assert_array_equal(spread.out_of_fold, alone.out_of_fold)
    assert said[-1] == "MagNet/STEAD-simulated, fine-tuned on workers, 2 of 2 fits"


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["loky", "dask", "ray"])
def test_networks_on_a_cluster_are_those_of_one_process(backend):
    pytest.importorskip({"loky": "joblib", "dask": "distributed"}.get(backend, backend))
    setting = make_setting(600, n_networks=3)
    setting.errors["TCN/EMG-simulated"], setting.kinds["TCN/EMG-simulated"] = 0.3, "sources"
    alone = list(networks(setting))
    with workers_for(backend, {"n_jobs": 2}) as setting.workers:
        setting.tables = {}
        spread = list(networks(setting))
    assert [row.name.split("/")[0] for row in spread] == ["TCN", "MagNet"]
    for one, other in zip(spread, alone, strict=True):
        assert one.problem is None
        np.testing.assert_array_equal(one.out_of_fold, other.out_of_fold)


def test_without_time_no_network_is_sent():
    setting = make_setting(3)
    setting.workers = Workers(2, one_by_one)
    (candidate,) = networks(setting)
    assert candidate.problem == "left out: it would have taken 4 s or more"


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (TimeoutError(), "left out: the time was over"),
        (ValueError("gone"), "failed: ValueError: gone"),
    ],
)
def test_what_workers_have_finished_counts_when_they_fail(error, why):
    def failing(function, items, shared, seconds):
        for item in items[:3]:
            yield function(item, *shared)
        raise error

    setting = make_setting(60)
    setting.workers, setting.tables = Workers(1, failing), {"x": setting.problem.X[:, 0]}
    bags = [Bag(name, "trees", DecisionTreeClassifier, ("x",)) for name in ("one", "two")]
    first, second = fitted(setting, bags)
    assert (first.problem, second.problem) == (None, why)
    assert first.out_of_fold.shape == (24, 2)
    assert second.out_of_fold is None


def test_a_fit_that_fails_on_a_worker_is_a_row():
    class Broken:
        def fit(self, X, y):
            raise ValueError("no")

    setting = make_setting(60)
    setting.workers = Workers(1, one_by_one)
    (found,) = fitted(setting, [Bag("broken", "network", Broken, None)])
    assert found.problem == "failed: no"
