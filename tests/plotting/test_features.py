import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from sktl.plotting import plot_features

RNG = np.random.default_rng(0)


def test_the_map_is_scikit_learns_pca():
    table = RNG.normal(size=(30, 5)) * [1, 10, 100, 1, 1]
    table[:, 4] = 7.0  # constant: left out
    ax = plot_features(table)
    pca = PCA(2).fit(StandardScaler().fit_transform(table[:, :4]))
    expected = pca.transform(StandardScaler().fit_transform(table[:, :4]))
    drawn = np.array(ax.get_lines()[0].get_data()).T
    np.testing.assert_allclose(np.abs(drawn), np.abs(expected), atol=1e-9)
    assert f"{pca.explained_variance_ratio_[0]:.0%}" in ax.get_xlabel()


def test_classes_differ_by_colour_and_marker():
    ax = plot_features(RNG.normal(size=(20, 3)), np.arange(20) % 10)
    looks = {(line.get_color(), line.get_marker()) for line in ax.get_lines()}
    assert len(looks) == 10
    assert all(len(line.get_xdata()) == 2 for line in ax.get_lines())


def test_numbers_have_a_colour_bar():
    y = RNG.normal(size=20)
    ax = plot_features(RNG.normal(size=(20, 3)), y, label="magnitude")
    np.testing.assert_array_equal(ax.collections[0].get_array(), y)
    assert ax.figure.axes[1].get_ylabel() == "magnitude"


def test_what_makes_no_map_is_refused():
    with pytest.raises(ValueError, match="1 features that vary"):
        plot_features(np.column_stack([RNG.normal(size=9), np.ones(9)]))
    with pytest.raises(ValueError, match="must be finite"):
        plot_features([[1.0, np.nan]] * 3)
    with pytest.raises(ValueError, match="Received: 3 of features, 2 of y"):
        plot_features(RNG.normal(size=(3, 3)), [1, 2])
