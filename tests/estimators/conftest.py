"""All networks, and panels small enough to fit in a moment."""

import numpy as np
import pytest

from sktl.registry import all_estimators

CLASSES = [
    cls
    for _, cls in all_estimators()
    if cls.__module__.startswith("sktl.estimators.") and hasattr(cls, "architecture")
]


# Of each task one, for tests whose code all classes share.
FAST = ("ConvNetQuakeINGVClassifier", "MagNetRegressor")


def one_of_each():
    """One class of every architecture, of both tasks in turn, for `others_slow`."""
    found = []
    for number, architecture in enumerate(sorted({cls.architecture for cls in CLASSES})):
        own = sorted(cls.__name__ for cls in CLASSES if cls.architecture == architecture)
        found.append(next((name for name in own if name in FAST), own[number % len(own)]))
    return found


ONE_OF_EACH = one_of_each()


def pytest_generate_tests(metafunc):
    of_two = metafunc.definition.get_closest_marker("others_slow")
    for fixture, kind in (("cls", ""), ("classifier", "Classifier"), ("regressor", "Regressor")):
        if fixture in metafunc.fixturenames:
            chosen = [cls for cls in CLASSES if cls.__name__.endswith(kind)]
            fast = (of_two.args or FAST) if of_two else [cls.__name__ for cls in chosen]
            marks = [() if cls.__name__ in fast else pytest.mark.slow for cls in chosen]
            params = [pytest.param(c, marks=m) for c, m in zip(chosen, marks, strict=True)]
            metafunc.parametrize(fixture, params, ids=[cls.__name__ for cls in chosen])


def gives_series(cls):
    """Whether y has a column for every time point."""
    return bool(cls.get_class_tag("capability:multioutput"))


@pytest.fixture
def small(cls):
    """Parameters of a small network that trains two epochs."""
    return cls.get_test_params()[0]


@pytest.fixture
def panel(cls):
    """A panel (24, 3, 20) and a target that suits the class."""
    return make_panel(cls)


def make_panel(cls, n_instances=24, n_channels=3, n_timepoints=20, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_instances, n_channels, n_timepoints)).astype("float32")
    y = np.arange(n_instances) % 3
    X += y[:, None, None] * np.sin(np.arange(n_timepoints))
    if gives_series(cls):
        return X, X.mean(axis=1, dtype=float).cumsum(axis=1)
    is_regressor = cls.__name__.endswith("Regressor")
    return X, (y.astype(float) if is_regressor else np.array(["a", "b", "c"])[y])
