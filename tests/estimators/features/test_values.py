"""Values of aligned series as features, against scikit-learn and SciPy."""

import numpy as np
import pytest
from scipy.signal import savgol_filter
from sklearn.preprocessing import StandardScaler

from sktl.estimators.features.values import ValueBlock
from sktl.training.kernel_ridge import Block


def test_values_and_smoothed_differences():
    X = np.random.default_rng(0).normal(size=(3, 2, 40)).cumsum(axis=2)
    table = ValueBlock().fit(X).transform(X)
    assert table.shape == (3, 2 * 40 + 2 * 39)
    np.testing.assert_array_equal(table[:, :80], X.reshape(3, -1))
    smooth = savgol_filter(X, 5, 0, axis=2, mode="nearest")
    np.testing.assert_allclose(table[:, 80:], np.diff(smooth, axis=2).reshape(3, -1), atol=1e-12)


def test_shape_loses_offset_and_gain_of_each_channel():
    X = np.random.default_rng(0).normal(size=(3, 2, 30))
    block = ValueBlock("shape").fit(X)
    expected = StandardScaler().fit_transform(X.reshape(6, 30).T).T.reshape(3, 60)
    np.testing.assert_allclose(block.transform(X)[:, :60], expected, atol=1e-12)
    changed = X * np.array([[[2.0], [0.1]]]) + 7
    np.testing.assert_allclose(block.transform(changed), block.transform(X), atol=1e-9)
    assert np.isfinite(block.transform(np.ones((1, 2, 30)))).all()


def test_profile_keeps_how_much_each_point_varies():
    X = np.random.default_rng(0).normal(size=(50, 1, 12)) * np.arange(1, 13)
    table = ValueBlock("profile").fit(X).transform(X)
    spread = Block.fit(table, common_scale=True).rows[:, :12].std(axis=0)
    np.testing.assert_allclose(
        spread / spread[0], X[:, 0].std(axis=0) / X[:, 0, 0].std(), rtol=1e-5
    )
    assert np.mean(table[:, :12].var(axis=0)) == pytest.approx(1)
    assert np.mean(table[:, 12:].var(axis=0)) == pytest.approx(1)


def test_long_series_are_averaged():
    X = np.repeat(np.arange(500.0), 3)[None, None]
    table = ValueBlock().fit(X).transform(X)
    np.testing.assert_allclose(table[0, :500], np.arange(500.0))
    assert table.shape == (1, 999)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("form", ["values", "profile", "shape"])
def test_one_time_point_has_no_differences(form):
    X = np.arange(6.0).reshape(3, 2, 1)
    assert ValueBlock(form).fit(X).transform(X).shape == (3, 2)
