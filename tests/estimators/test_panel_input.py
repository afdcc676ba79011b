"""What is given as X and y reaches `_fit` and `_predict` by sktime's public methods alone."""

from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from sktime.classification.base import BaseClassifier
from sktime.regression.base import BaseRegressor

from sktl.estimators import LinearProbeClassifier
from sktl.estimators.panel_input import PanelClassifier
from sktl.estimators.sklearn_mixin import ScikitLearnMixin

LENGTHS = (5, 7, 6, 7)


class _Seen(ScikitLearnMixin):
    """Keeps the panel that it was given last."""

    _tags: ClassVar = {"capability:unequal_length": True}

    def fit(self, X, y):
        return self._fit_with(X, y)

    def _fit(self, X, y):
        self.seen = self._as_array(X)
        return self

    def _predict(self, X):
        self.seen = self._as_array(X)
        return np.ones(len(self.seen))


class SeenClassifier(_Seen, PanelClassifier):
    _kind = "classifier"


class SeenRegressor(_Seen, BaseRegressor):
    _kind = "regressor"


@pytest.fixture
def series():
    rng = np.random.default_rng(0)
    return [rng.normal(size=(2, n)).astype(np.float32) for n in LENGTHS]


def multiindex(series):
    frames = {n: pd.DataFrame(one.T, columns=["Z", "N"]) for n, one in enumerate(series)}
    return pd.concat(frames)


def nested(series):
    rows = [[pd.Series(channel) for channel in one] for one in series]
    return pd.DataFrame(rows, columns=["Z", "N"])


FORMS = {
    "arrays": list,
    "frames": lambda series: [pd.DataFrame(one.T, columns=["Z", "N"]) for one in series],
    "multiindex": multiindex,
    "nested": nested,
}


@pytest.mark.parametrize("equal", [False, True])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", [SeenClassifier, SeenRegressor])
def test_every_form_of_a_panel_arrives_as_the_same_array(kind, form, equal, series):
    if equal:
        series = [one[:, :5] for one in series]
    expected = np.full((4, 2, max(one.shape[1] for one in series)), np.nan, np.float32)
    for row, one in zip(expected, series, strict=True):
        row[:, : one.shape[1]] = one
    estimator = kind().fit(FORMS[form](series), [1, 1, 2, 2])
    np.testing.assert_array_equal(estimator.seen, expected)
    assert estimator.seen.dtype == np.float32
    assert len(estimator.predict(FORMS[form](series[::-1]))) == 4
    np.testing.assert_array_equal(estimator.seen, expected[::-1])


@pytest.mark.parametrize("form", ["frames", "multiindex", "nested"])
def test_channels_are_put_in_the_order_of_the_training_at_each_fit_anew(form, series):
    estimator = SeenRegressor().fit(FORMS[form](series), range(4))
    expected = estimator.seen
    swapped = FORMS[form](series)
    swapped = [one[["N", "Z"]] for one in swapped] if form == "frames" else swapped[["N", "Z"]]
    estimator.predict(swapped)
    np.testing.assert_array_equal(estimator.seen, expected)
    estimator.fit(swapped, range(4))
    np.testing.assert_array_equal(estimator.seen, expected[:, ::-1])


def test_out_of_fold_predictions_take_what_fit_takes():
    y = np.arange(12) % 2
    X = np.sin((1 + y[:, None, None]) * np.arange(40) + np.arange(12)[:, None, None])
    probe = LinearProbeClassifier(sources=None, random_features=None, random_state=0)
    # Not arrays, of which sktime 1.2 makes no folds.
    frames = FORMS["frames"](np.repeat(X, 2, axis=1))
    found = probe.fit_predict(frames, y.tolist(), cv=3)
    plain = BaseClassifier.fit_predict(probe, pd.concat(dict(enumerate(frames))), y, cv=3)
    np.testing.assert_array_equal(found, plain)
    proba = probe.fit_predict_proba(frames, y.tolist(), cv=3, change_state=False)
    assert proba.shape == (12, 2)
