import numpy as np
import pytest
from scipy import stats

from sktl.evaluation import statistics

# Demšar (2006), Table 6: AUC of four variants of C4.5 on 14 data sets. On `voting` (the last but
# one) he ranks the third before the fourth, which are equal as printed: hence .97501.
DEMSAR = np.array([
    [.763, .768, .771, .798], [.599, .591, .590, .569], [.954, .971, .968, .967],
    [.628, .661, .654, .657], [.882, .888, .886, .898], [.936, .931, .916, .931],
    [.661, .668, .609, .685], [.583, .583, .563, .625], [.775, .838, .866, .875],
    [1, 1, 1, 1], [.940, .962, .965, .962], [.619, .666, .614, .669],
    [.972, .981, .97501, .975], [.957, .978, .946, .970],
])  # fmt: skip


def test_mean_ranks_of_demsar():
    np.testing.assert_allclose(
        statistics.mean_ranks(DEMSAR), [3.143, 2.000, 2.893, 1.964], atol=5e-4
    )


def test_friedman_of_demsar():
    # His chi2 = 9.28 and F = 3.69 ignore ties; the tie-corrected values are a little greater.
    ranks = statistics.mean_ranks(DEMSAR)
    uncorrected = 12 * 14 / (4 * 5) * (np.sum(ranks**2) - 4 * 25 / 4)
    assert uncorrected == pytest.approx(9.28, abs=0.01)
    result = statistics.friedman(DEMSAR)
    assert result.details["chi2"] == pytest.approx(stats.friedmanchisquare(*DEMSAR.T).statistic)
    assert uncorrected < result.details["chi2"] < uncorrected * 1.15
    assert (result.details["df1"], result.details["df2"]) == (3, 39)
    assert result.pvalue < 0.05


def test_iman_davenport_is_the_anova_of_the_ranks():
    # Identity: F of Iman and Davenport = F of a two-way analysis of variance of the ranks.
    ranks = stats.rankdata(DEMSAR, axis=1)
    n, k = ranks.shape
    between = n * np.sum((ranks.mean(axis=0) - ranks.mean()) ** 2)
    residual = np.sum(
        (ranks - ranks.mean(axis=0) - ranks.mean(axis=1)[:, None] + ranks.mean()) ** 2
    )
    expected = (between / (k - 1)) / (residual / ((n - 1) * (k - 1)))
    assert statistics.friedman(DEMSAR).statistic == pytest.approx(expected)


def test_friedman_extremes():
    assert statistics.friedman(np.ones((5, 3))).pvalue == 1
    same_order = np.arange(3.0) + np.zeros((6, 1))
    assert statistics.friedman(same_order).statistic == np.inf
    with pytest.raises(ValueError, match="three treatments"):
        statistics.friedman(np.ones((5, 2)))
    with pytest.raises(ValueError, match="incomplete"):
        statistics.friedman([[1, 2, np.nan], [1, 2, 3]])


@pytest.mark.parametrize(
    ("k", "q"), [(2, 1.960), (3, 2.343), (4, 2.569), (5, 2.728), (6, 2.850), (10, 3.164)]
)
def test_nemenyi_critical_values_of_demsar(k, q):
    n = 14
    expected = q * np.sqrt(k * (k + 1) / (6 * n))
    assert statistics.nemenyi_critical_difference(n, k) == pytest.approx(expected, abs=5e-4)


def test_nemenyi_p_below_alpha_where_ranks_differ_by_the_critical_difference():
    rng = np.random.default_rng(3)
    scores = rng.normal(size=(20, 5)) + np.arange(5) * 0.5
    ranks = statistics.mean_ranks(scores)
    apart = np.abs(ranks[:, None] - ranks) > statistics.nemenyi_critical_difference(20, 5)
    assert apart.any()
    assert not apart.all()
    np.testing.assert_array_equal(statistics.nemenyi(scores) < 0.05, apart)


def test_conover_against_its_formula():
    # Conover (1999), section 5.8: t = |R_i - R_j| / sqrt(2 (n A - sum R^2) / ((n-1)(k-1))).
    x = np.array(
        [[31, 27, 24], [31, 28, 31], [45, 29, 46], [21, 18, 48], [42, 36, 46], [32, 17, 40]]
    )
    ranks = stats.rankdata(x, axis=1)
    n, k = ranks.shape
    sums = ranks.sum(axis=0)
    scale = np.sqrt(2 * (n * np.sum(ranks**2) - np.sum(sums**2)) / ((n - 1) * (k - 1)))
    t = np.abs(sums[:, None] - sums) / scale
    expected = 2 * stats.t.sf(t, (n - 1) * (k - 1))
    np.testing.assert_allclose(statistics.conover(x, correction=None), expected, rtol=1e-10)
    assert (statistics.conover(x) >= statistics.conover(x, correction=None) - 1e-15).all()
