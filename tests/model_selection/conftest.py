"""Panels, and sources as small as a network can be."""

import numpy as np
import pytest

from sktl.estimators import MagNetClassifier, MagNetRegressor

SMALL = {"filters": (4, 3), "lstm_units": 3, "batch_size": 8, "n_epochs": 4, "random_state": 3}


def make_panel(n_instances=36, n_channels=3, n_timepoints=24, seed=0):
    """Sines of three frequencies in noise; the frequency is the class and the number."""
    rng = np.random.default_rng(seed)
    y = np.arange(n_instances) % 3
    waves = np.sin(np.arange(n_timepoints) * (0.3 + 0.5 * y)[:, None])
    X = waves[:, None] + 0.5 * rng.normal(size=(n_instances, n_channels, n_timepoints))
    return X, y


@pytest.fixture
def panel():
    return make_panel()


@pytest.fixture(params=[MagNetClassifier, MagNetRegressor], ids=lambda cls: cls.__name__)
def network(request):
    """An estimator of each kind that trains four epochs."""
    return request.param(**SMALL)


@pytest.fixture(scope="session")
def source(tmp_path_factory):
    """A source with three channels, trained on the kind of waves that the panels hold."""
    X, y = make_panel(60, seed=1)
    fitted = MagNetClassifier(**SMALL | {"n_epochs": 20}).fit(X, y)
    return str(fitted.save_pretrained(tmp_path_factory.mktemp("sources") / "waves"))


@pytest.fixture(scope="session")
def useless(tmp_path_factory):
    """A source with one channel that is dead: no signal passes, and no gradient comes back."""
    X, y = make_panel(24, n_channels=1, seed=2)
    fitted = MagNetClassifier(**SMALL | {"n_epochs": 1}).fit(X, y)
    fitted._weights = {path: 0 * values for path, values in fitted._weights.items()}
    return str(fitted.save_pretrained(tmp_path_factory.mktemp("sources") / "useless"))
