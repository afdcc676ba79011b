import numpy as np
import pytest
from statsmodels.stats.weightstats import DescrStatsW, ttest_ind

from sktl.evaluation import statistics

# Student (1908) on Cushny and Peebles (1905): hours of sleep gained with two drugs.
FIRST = np.array([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0])
SECOND = np.array([1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4])


def test_paired_t_on_the_sleep_data():
    result = statistics.paired_t(FIRST, SECOND)  # as printed by R's t.test(paired = TRUE)
    assert result.statistic == pytest.approx(-4.0621, abs=5e-5)
    assert result.pvalue == pytest.approx(0.002833, abs=5e-7)
    assert result.details["df"] == 9
    assert result.pvalue == pytest.approx(DescrStatsW(FIRST - SECOND).ttest_mean()[1])


def test_welch_t_on_the_sleep_data():
    result = statistics.welch_t(FIRST, SECOND)  # as printed by R's t.test
    assert result.statistic == pytest.approx(-1.8608, abs=5e-5)
    assert result.details["df"] == pytest.approx(17.776, abs=5e-4)
    assert result.pvalue == pytest.approx(0.07939, abs=5e-6)
    assert result.pvalue == pytest.approx(ttest_ind(FIRST, SECOND, usevar="unequal")[1])


def test_shapiro_wilk_of_the_published_example():
    # Shapiro and Wilk (1965), example 3: weights in pounds of 11 men, W = 0.79.
    weights = [148, 154, 158, 160, 161, 162, 166, 170, 182, 195, 236]
    result = statistics.shapiro_wilk(weights)
    assert result.statistic == pytest.approx(0.79, abs=0.005)
    assert result.pvalue < 0.01


def test_levene_is_the_anova_of_the_distances_from_the_medians():
    from statsmodels.stats.oneway import anova_oneway

    samples = [FIRST, SECOND, 3 * FIRST[:7]]
    distances = [np.abs(sample - np.median(sample)) for sample in samples]
    expected = anova_oneway(distances, use_var="equal")
    result = statistics.levene(*samples)
    assert result.statistic == pytest.approx(expected.statistic)
    assert result.pvalue == pytest.approx(expected.pvalue)
    with pytest.raises(ValueError, match="two or more"):
        statistics.levene(FIRST)
