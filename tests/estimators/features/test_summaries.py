import numpy as np
import pytest

from sktl.estimators.features.summaries import POOLING, summaries

MAPS = np.random.default_rng(0).normal(size=(4, 9, 5)).astype("float32")
MAPS[0] = np.maximum(MAPS[0], 0)
MAPS[1] = 0
MAPS[2] += 1000
NUMPY = {
    "mean": lambda maps: maps.mean(axis=1),
    "std": lambda maps: maps.std(axis=1),
    "max": lambda maps: maps.max(axis=1),
    "positive": lambda maps: (maps > 0).mean(axis=1),
}


@pytest.mark.parametrize("pooling", [POOLING, ("positive",), ("max", "mean")])
def test_every_summary_is_numpys_in_the_order_that_was_asked(pooling):
    expected = np.concatenate([NUMPY[kind](MAPS.astype(float)) for kind in pooling], axis=1)
    result = summaries(MAPS, pooling)
    assert result.shape == (4, 5 * len(pooling))
    np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-6)


def test_time_points_behind_the_lengths_do_not_count():
    lengths = np.array([9, 1, 4, 6])
    together = summaries(MAPS, POOLING, lengths)
    for maps, length, found in zip(MAPS, lengths, together, strict=True):
        np.testing.assert_array_equal(summaries(maps[None, :length], POOLING)[0], found)


def test_what_does_not_vary_has_no_deviation():
    constant = np.full((1, 500, 3), 0.1, dtype="float32")
    np.testing.assert_array_equal(summaries(constant, ("std",)), 0)
    np.testing.assert_array_equal(summaries(MAPS[:, :1], ("std", "max"))[:, :5], 0)


def test_an_unknown_summary_is_refused():
    with pytest.raises(ValueError, match=r"pooling must be one of.*median"):
        summaries(MAPS, ("median",))
