"""Sources as a transformer: sktime's contract, scikit-learn's pipelines, the table's columns."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.linear_model import RidgeClassifierCV
from sklearn.pipeline import make_pipeline
from sktime.utils.estimator_checks import check_estimator

from sktl.estimators import FrozenSource
from sktl.estimators.features.amplitude import AmplitudeBlock
from sktl.transformations import SourceFeatures

FEW = {"sources": ["EMG-simulated"], "architectures": ["MagNet"]}


@pytest.fixture
def panel():
    rng = np.random.default_rng(0)
    y = np.arange(24) % 3
    waves = np.sin(np.arange(20) * (0.3 + 0.5 * y)[:, None])
    return waves[:, None] + 0.3 * rng.normal(size=(24, 3, 20)), y


@pytest.mark.slow
def test_sktimes_whole_suite():
    results = check_estimator(SourceFeatures, raise_exceptions=False, verbose=False)
    assert not {name: result for name, result in results.items() if result != "PASSED"}
    assert len(results) > 100


def test_it_is_the_features_of_the_source_beside_the_amplitudes(panel):
    X, _ = panel
    table = SourceFeatures(**FEW).fit_transform(X)
    source = FrozenSource("MagNet", "EMG-simulated")
    amplitudes = AmplitudeBlock().fit(X)
    assert table.columns.tolist() == source.names(3) + amplitudes.names(3)
    assert table.columns.is_unique
    np.testing.assert_array_equal(table.iloc[:, :-12], source.transform(X))
    np.testing.assert_array_equal(table.iloc[:, -12:], amplitudes.transform(X))


def test_sources_stand_side_by_side_each_under_its_own_name(panel):
    X, _ = panel
    several = SourceFeatures(["EMG-simulated", None], ["MagNet"], ("mean",), False)
    table = several.fit_transform(X)
    assert set(table.columns.str.split("/").str[1]) == {"EMG-simulated", "random"}
    alone = SourceFeatures(["EMG-simulated"], ["MagNet"], ("mean",), False).fit_transform(X)
    pd.testing.assert_frame_equal(table[alone.columns], alone)


def test_fit_transform_is_transform_and_new_series_change_nothing(panel):
    X, _ = panel
    fitted = SourceFeatures(**FEW).fit(X)
    table = fitted.transform(X)
    pd.testing.assert_frame_equal(SourceFeatures(**FEW).fit_transform(X), table)
    few = fitted.transform(X[:5])
    np.testing.assert_allclose(few, table.iloc[:5], rtol=1e-4, atol=1e-5)
    pd.testing.assert_frame_equal(pickle.loads(pickle.dumps(fitted)).transform(X), table)
    pd.testing.assert_frame_equal(clone(fitted).fit_transform(X), table)


def test_silence_is_measured_by_the_training_series(panel):
    X, _ = panel
    fitted = SourceFeatures(**FEW).fit(X)
    silent = fitted.transform(np.zeros((1, 3, 20)))
    smallest = fitted.transform(X).iloc[:, -12:].min()
    np.testing.assert_allclose(silent.iloc[0, -12:], smallest)


def test_it_feeds_scikit_learns_ridge(panel):
    X, y = panel
    pipeline = make_pipeline(SourceFeatures(**FEW), RidgeClassifierCV())
    assert pipeline.fit(X[:18], y[:18]).score(X[18:], y[18:]) > 0.8


def test_what_is_not_finite_is_refused(panel):
    X = panel[0].copy()
    X[0, 0, 0] = np.inf
    fitted = SourceFeatures(**FEW).fit(panel[0])
    with pytest.raises(ValueError, match=r"X must be finite.*Received: 1 NaN or infinite"):
        fitted.transform(X)
    with pytest.raises(ValueError, match=r"X must be finite"):
        SourceFeatures(**FEW).fit(X)


def test_no_features_at_all_are_refused(panel):
    with pytest.raises(ValueError, match=r"at least one.*Received: sources=\[\], amplitude=False"):
        SourceFeatures([], amplitude=False).fit(panel[0])
