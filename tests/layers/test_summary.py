import numpy as np
import pytest

from sktl.layers.summary import summary_over_time

MAPS = np.random.default_rng(0).normal(size=(4, 9, 5)).astype("float32")
MAPS[0] = np.maximum(MAPS[0], 0)
MAPS[1] = 0


@pytest.mark.parametrize(
    "pooling", [("mean", "std", "max", "positive"), ("positive",), ("max", "mean")]
)
def test_every_summary_is_numpys_in_the_order_that_was_asked(pooling):
    functions = {
        "mean": lambda: MAPS.mean(axis=1),
        "std": lambda: MAPS.std(axis=1),
        "max": lambda: MAPS.max(axis=1),
        "positive": lambda: (MAPS > 0).mean(axis=1),
    }
    expected = np.concatenate([functions[kind]() for kind in pooling], axis=1)
    result = np.asarray(summary_over_time()(pooling)(MAPS))
    assert result.shape == (4, 5 * len(pooling))
    np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-6)


def test_a_single_time_point_has_no_spread():
    result = np.asarray(summary_over_time()(("std", "max"))(MAPS[:, :1]))
    np.testing.assert_allclose(result[:, :5], 0, atol=1e-7)
    np.testing.assert_array_equal(result[:, 5:], MAPS[:, 0])
