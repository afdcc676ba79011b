import numpy as np
import pytest
from scipy import stats

from sktl.evaluation import statistics


def test_cliffs_delta_from_the_mann_whitney_count():
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 9, 30), rng.integers(2, 11, 25)
    u = stats.mannwhitneyu(x, y).statistic
    assert statistics.cliffs_delta(x, y) == pytest.approx(2 * u / (30 * 25) - 1)


def test_rank_biserial_from_the_rank_sums():
    rng = np.random.default_rng(1)
    x, y = rng.normal(0.3, size=25), rng.normal(size=25)
    smaller = stats.wilcoxon(x - y).statistic  # the smaller of the two rank sums
    assert abs(statistics.rank_biserial(x, y)) == pytest.approx(1 - 2 * smaller / (25 * 26 / 2))
    assert statistics.rank_biserial([1, 2], [0, 0]) == 1
    assert statistics.rank_biserial([1, 2], [1, 2]) == 0


def test_cohens_d_is_t_over_root_n():
    x, y = np.random.default_rng(2).normal(size=(2, 16))
    assert statistics.cohens_d_paired(x, y) == pytest.approx(
        statistics.paired_t(x, y).statistic / 4
    )
    assert np.isnan(statistics.cohens_d_paired([1, 2], [0, 1]))


def test_bootstrap_interval_of_a_mean_matches_the_normal_one():
    sample = np.random.default_rng(3).normal(5, 2, 400)
    estimate, low, high = statistics.bootstrap_interval(sample, random_state=0)
    half = 1.96 * sample.std(ddof=1) / 20
    assert estimate == pytest.approx(sample.mean())
    assert low == pytest.approx(estimate - half, abs=0.03)
    assert high == pytest.approx(estimate + half, abs=0.03)
    assert np.isnan(statistics.bootstrap_interval([1.0]).low)
