import numpy as np
import pytest

from sktl.plotting import plot_instances

RNG = np.random.default_rng(0)


def titles(axes):
    return [ax.get_title() for ax in axes]


def test_classes_take_turns():
    y = np.array(["often"] * 20 + ["rare"])
    assert titles(plot_instances(RNG.normal(size=(21, 2, 30)), y, n=4)) == ["often"] * 3 + ["rare"]


def test_numbers_go_from_the_smallest_to_the_largest():
    y = RNG.permutation(21).astype(float)
    axes = plot_instances(RNG.normal(size=(21, 1, 30)), y, n=3, label="magnitude")
    assert titles(axes) == ["magnitude 0", "magnitude 10", "magnitude 20"]


def test_channels_stand_above_one_another_in_one_scale():
    X = RNG.normal(size=(1, 3, 50)) * np.array([1, 10, 5])[:, None] + 100
    (ax,) = plot_instances(X, channels="ENZ", sampling_rate=10)
    centred = X[0] - X[0].mean(axis=1, keepdims=True)
    drawn = np.array([line.get_ydata() for line in ax.get_lines()])
    bases = ax.get_yticks()
    np.testing.assert_allclose(drawn - bases[:, None], centred)
    assert (np.diff(bases) < 0).all()
    assert ax.get_lines()[0].get_xdata()[-1] == pytest.approx(4.9)
    assert ax.get_xlabel() == "time (s)"


def test_one_channel_keeps_its_values_about_the_mean():
    series = RNG.normal(size=(2, 40))
    first, second = plot_instances(series)
    drawn = {tuple(np.round(ax.get_lines()[0].get_ydata(), 6)) for ax in (first, second)}
    assert drawn == {tuple(np.round(one - one.mean(), 6)) for one in series}


def test_what_does_not_go_together_is_refused():
    X = RNG.normal(size=(3, 2, 10))
    with pytest.raises(ValueError, match="Received: 3 of X, 2 of y"):
        plot_instances(X, [1, 2])
    with pytest.raises(ValueError, match="name all 2 channels"):
        plot_instances(X, channels=["a"])
    with pytest.raises(ValueError, match="Received: shape"):
        plot_instances(np.zeros(4))
