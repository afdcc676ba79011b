import numpy as np
import pytest

from sktl.datasets import list_datasets
from sktl.pretraining import decimate, recipe_for


def test_every_dataset_has_a_recipe_that_its_series_are_long_enough_for():
    for spec in list_datasets():
        recipe = recipe_for(spec.name)
        assert 1 <= recipe.n_timepoints <= spec.n_timepoints // recipe.every


def test_slow_waves_survive_and_fast_ones_are_removed():
    time = np.arange(1000) / 100
    slow, fast = np.sin(2 * np.pi * time), np.sin(2 * np.pi * 30 * time)
    X = np.stack([slow, fast])[:, None].astype("float32")
    shortened = decimate(X, every=5)
    assert shortened.shape == (2, 1, 200)
    inner = slice(20, -20)
    np.testing.assert_allclose(shortened[0, 0, inner], slow[::5][inner], atol=0.01)
    assert np.abs(shortened[1, 0, inner]).max() < 0.02


def test_an_offset_stays():
    np.testing.assert_allclose(decimate(np.full((1, 2, 60), 7.0), every=3), 7.0, rtol=1e-5)


def test_the_loudest_piece_is_kept_of_all_channels_at_once():
    X = np.zeros((2, 2, 50), "float32")
    X[0, 1, 20:24] = [1, -2, 2, 1]
    X[1, 0, 46:] = 3
    kept = decimate(X, n_timepoints=4, window="loudest")
    assert kept[0, 1].tolist() == [1, -2, 2, 1]
    assert kept[0, 0].tolist() == [0] * 4
    assert kept[1, 0].tolist() == [3] * 4


def test_the_beginning_is_kept():
    X = np.arange(20.0).reshape(1, 1, 20)
    assert decimate(X, n_timepoints=5)[0, 0].tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    "wrong", [{"window": "last"}, {"every": 0}, {"n_timepoints": 21}, {"n_timepoints": 0}]
)
def test_impossible_options_are_refused(wrong):
    with pytest.raises(ValueError, match=rf"Received: {next(iter(wrong))}="):
        decimate(np.zeros((1, 1, 20)), **wrong)
