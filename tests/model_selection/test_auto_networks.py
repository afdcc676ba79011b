"""Fine-tuned networks as candidates: in time, from the best sources, or left out with a reason."""

import time
from types import SimpleNamespace

import numpy as np
import pytest

from sktl.estimators import MagNetClassifier
from sktl.model_selection._auto_candidates import Problem
from sktl.model_selection._auto_networks import Timed, networks


def make_setting(seconds, n_networks=1):
    rng = np.random.default_rng(0)
    y = np.arange(24) % 2
    X = rng.normal(size=(24, 1, 40)) + 2 * y[:, None, None] * np.sin(np.arange(40))
    halves = np.arange(12), np.arange(12, 24)
    return SimpleNamespace(
        problem=Problem(X, y, 2, [halves, halves[::-1]], 0),
        errors={"MagNet/EMG-simulated": 0.5, "MagNet/STEAD-simulated": 0.4, "amplitude": 0.1},
        kinds={"MagNet/EMG-simulated": "sources", "MagNet/STEAD-simulated": "sources",
               "amplitude": "amplitude"},
        channel=None, deadline=time.perf_counter() + seconds, tell=lambda what: None,
        n_networks=n_networks, workers=None,
    )  # fmt: skip


def test_the_best_source_of_an_architecture_is_fine_tuned_and_predicts():
    setting = make_setting(60, n_networks=3)
    (candidate,) = networks(setting)
    assert candidate.name == "MagNet/STEAD-simulated, fine-tuned"
    assert candidate.problem is None
    assert np.mean(candidate.out_of_fold.argmax(axis=1) == setting.problem.y) > 0.8
    first = candidate.model.models[0]
    assert (first.source_.name, first.omega) == ("STEAD-simulated", 0.25)
    np.testing.assert_allclose(candidate.predict(setting.problem.X, {}).sum(axis=1), 1, rtol=1e-5)


def test_without_time_or_permission_nothing_is_begun():
    (candidate,) = networks(make_setting(1))
    assert candidate.out_of_fold is None
    assert candidate.problem == "left out: it would have taken 8 s or more"
    assert list(networks(make_setting(60, n_networks=0))) == []


def test_a_training_ends_when_its_time_is_over():
    problem = make_setting(1).problem
    fitted = Timed(MagNetClassifier(n_epochs=500, early_stopping_patience=None), 1e-3).fit(
        problem.X, problem.y
    )
    assert fitted.history_.index[-1] == 0  # the probe
    assert fitted.best_epoch_ == 0
    with pytest.raises(ValueError, match="n_epochs"):
        Timed(MagNetClassifier(n_epochs=-1), 1).fit(problem.X, problem.y)


def test_of_series_of_unequal_length_no_network_that_ends_with_the_longest():
    setting = make_setting(1, n_networks=3)
    setting.problem.X[0, 0, -1] = np.nan
    names = ["MLSTMFCN/STEAD-simulated", "ConvNetQuakeINGV/STEAD-simulated"]
    setting.errors |= dict.fromkeys(names, 0.1)
    setting.kinds |= dict.fromkeys(names, "sources")
    assert [found.name for found in networks(setting)] == ["MagNet/STEAD-simulated, fine-tuned"]
