from itertools import pairwise

import numpy as np
import pytest

from sktl.datasets import load_dataset
from sktl.experiments import Data, shorten
from sktl.experiments._data import load, reduced


@pytest.mark.parametrize(("old", "new"), [(80, 80), (80, 40), (81, 40), (50, 7), (3, 1)])
def test_shortening_keeps_the_largest_value_of_each_block(old, new):
    X = np.random.default_rng(0).normal(size=(4, 2, old)).astype(np.float32)
    short = shorten(X, new)
    assert (short.shape, short.dtype) == ((4, 2, new), np.float32)
    ends = [block * old // new for block in range(new + 1)]
    for block, (start, stop) in enumerate(pairwise(ends)):
        piece = X[..., start:stop]
        largest = np.abs(piece).argmax(axis=-1)[..., None]
        expected = np.take_along_axis(piece, largest, axis=-1)[..., 0]
        np.testing.assert_array_equal(short[..., block], expected)
    np.testing.assert_array_equal(np.abs(short).max(axis=-1), np.abs(X).max(axis=-1))


def test_series_do_not_get_longer():
    with pytest.raises(ValueError, match="Received: n_timepoints=9"):
        shorten(np.zeros((1, 1, 8)), 9)


@pytest.mark.fast_only("S&P 500-simulated")
@pytest.mark.parametrize("name", ["EMG-simulated", "S&P 500-simulated"])
def test_short_data_is_the_same_data_shortened(name):
    short = load(Data(name, n_instances=300, n_timepoints=20, seed=5))
    full = load_dataset(name, 300, 5)
    assert load(Data(name, n_instances=300, n_timepoints=20, seed=5)) is short
    for part in ("train", "validation", "test"):
        one, other = short.part(part), full.part(part)
        np.testing.assert_array_equal(one.X, shorten(other.X, 20))
        np.testing.assert_array_equal(one.y, other.y)
        np.testing.assert_array_equal(one.groups, other.groups)
    assert (short.name, short.simulated, short.spec) == (name, True, full.spec)


def test_a_reduced_part_depends_on_size_and_rerun_alone():
    data = Data("EMG-simulated", n_instances=200)
    first = reduced(data, 40, 0).train.X
    other = reduced(data, 40, 1).train.X
    np.testing.assert_array_equal(reduced(data, 40, 0).train.X, first)
    assert first.shape == (40, 3, 80)
    assert not np.array_equal(first, other)
    assert len(reduced(data, None, 3).train.y) == 140
