import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.descriptivestats import sign_test as statsmodels_sign_test

from sktl.evaluation.statistics import sign_test, sign_test_counts, wilcoxon_signed_rank


@pytest.mark.parametrize(("n", "critical"), [(5, 5), (10, 9), (14, 11), (20, 15), (25, 18)])
def test_critical_counts_of_demsar(n, critical):
    # Demšar (2006), Table 3, level 0.05.
    assert sign_test_counts(n, 0).details["critical"] == critical


@pytest.mark.parametrize("n", [48, 60, 192])
def test_exact_count_is_one_higher_than_the_papers(n):
    details = sign_test_counts(n, 0).details
    assert details["critical_exact"] == details["critical"] + 1
    assert not sign_test_counts(details["critical"], n - details["critical"]).details["significant"]


def test_critical_count_of_the_paper():
    assert sign_test_counts(136, 104).details["significant_by_count"]
    assert not sign_test_counts(135, 105).details["significant_by_count"]
    assert sign_test_counts(104, 136).details["significant"]  # two-tailed


def test_binomial_against_statsmodels():
    x = np.random.default_rng(1).normal(0.3, size=31)
    ours = sign_test(x, np.zeros(31))
    assert ours.pvalue == pytest.approx(statsmodels_sign_test(x)[1])


def test_ties_are_split_evenly_and_an_odd_one_is_left_out():
    details = sign_test_counts(5, 2, ties=3).details
    assert (details["wins"], details["losses"], details["n"]) == (6, 3, 9)
    assert sign_test([1, 1], [1, 1]).pvalue == 1


@pytest.mark.parametrize("counts", [(0, 0), (1, 0), (3, 0)])
def test_too_few_cases_are_never_significant(counts):
    result = sign_test_counts(*counts)
    assert not result.details["significant"]
    assert result.details["critical_exact"] is None


# Demšar (2006), Table 6: AUC of C4.5 and C4.5+m on 14 data sets; the text gives T = 12.
# fmt: off
C45 = [.763, .599, .954, .628, .882, .936, .661, .583, .775, 1, .940, .619, .972, .957]
C45M = [.768, .591, .971, .661, .888, .931, .668, .583, .838, 1, .962, .666, .981, .978]
# fmt: on


def test_wilcoxon_example_of_demsar():
    # His T = 12 splits the two zero differences' ranks; dropping them, T = 7 with n = 12.
    result = wilcoxon_signed_rank(C45, C45M)
    assert result.details == {"n": 12, "direction": -1}
    difference = np.subtract(C45M, C45).round(3)
    zsplit = stats.wilcoxon(difference, zero_method="zsplit", method="asymptotic")
    assert zsplit.statistic == 12
    assert result.pvalue < 0.05


def test_wilcoxon_exact_distribution_by_enumeration():
    x = np.array([0.5, -1.2, 2.1, 3.3, -0.1, 4.0, 1.7])
    ranks = stats.rankdata(np.abs(x))
    signs = (np.arange(2**7)[:, None] >> np.arange(7)) & 1
    positive = (signs * ranks).sum(axis=1)
    observed = ranks[x > 0].sum()
    tail = min((positive >= observed).mean(), (positive <= observed).mean())
    assert wilcoxon_signed_rank(x, np.zeros(7)).pvalue == pytest.approx(2 * tail)


def test_wilcoxon_without_a_difference():
    result = wilcoxon_signed_rank([1, 2], [1, 2])
    assert (result.pvalue, result.details["n"]) == (1, 0)


def test_bad_pairs_are_named():
    with pytest.raises(ValueError, match=r"paired\. Received: 2 and 3"):
        sign_test([1, 2], [1, 2, 3])
    with pytest.raises(ValueError, match="1 non-finite"):
        wilcoxon_signed_rank([1, np.nan], [1, 2])
    with pytest.raises(ValueError, match="negative"):
        sign_test_counts(-1, 2)
