import numpy as np
import pytest

from sktl.evaluation.statistics import holm, two_stage_bky

# Benjamini and Hochberg (1995), section 4.1: 15 p-values of a study of myocardial infarction.
BH1995 = [.0001, .0004, .0019, .0095, .0201, .0278, .0298, .0344, .0459, .3240, .4262, .5719,
          .6528, .7590, 1.0]  # fmt: skip


def bh_rejections(p, q):
    p = np.sort(p)
    below = np.flatnonzero(p <= q * np.arange(1, p.size + 1) / p.size)
    return 0 if below.size == 0 else below[-1] + 1


def test_two_stage_follows_definition_6():
    # Stage 1: BH at q/(1+q) rejects r1; stage 2: BH at that level times m / (m - r1).
    level = 0.05 / 1.05
    first = bh_rejections(BH1995, level)
    second = bh_rejections(BH1995, level * 15 / (15 - first))
    assert first == 4  # four, as the paper finds at 0.05
    reject, adjusted = two_stage_bky(BH1995)
    assert reject.sum() == second
    np.testing.assert_array_equal(reject, adjusted <= 0.05)


def test_holm_of_the_published_p_values():
    reject, adjusted = holm(BH1995)
    assert reject.sum() == 3  # Benjamini and Hochberg (1995): Bonferroni-type methods reject three
    assert adjusted[2] == pytest.approx(13 * 0.0019)


@pytest.mark.parametrize("method", [holm, two_stage_bky])
def test_nan_is_no_member_of_the_family(method):
    reject, adjusted = method([0.01, np.nan, 0.04])
    without, adjusted_without = method([0.01, 0.04])
    assert np.isnan(adjusted[1])
    assert not reject[1]
    np.testing.assert_array_equal(adjusted[[0, 2]], adjusted_without)
    np.testing.assert_array_equal(reject[[0, 2]], without)
    assert method([])[0].size == 0
    with pytest.raises(ValueError, match="between 0 and 1"):
        method([1.2])
