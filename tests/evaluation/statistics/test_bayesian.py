import numpy as np
import pytest

from sktl.evaluation.statistics import bayesian_signed_rank


def test_against_a_direct_simulation_of_the_definition():
    # Benavoli et al. (2014): Dirichlet weights on the differences and a pseudo-observation at 0
    # of weight 1/2; a draw belongs to the region that holds most of the weight of Walsh sums.
    rng = np.random.default_rng(0)
    x, y, rope = rng.normal(0.4, 1, 12), np.zeros(12), 0.3
    z = np.append(0.0, x - y)
    walsh = z[:, None] + z
    wins = np.zeros(3)
    for weights in rng.dirichlet([0.5] + [1.0] * 12, size=20_000):
        mass = np.outer(weights, weights)
        shares = [
            mass[walsh > 2 * rope].sum(),
            mass[np.abs(walsh) <= 2 * rope].sum(),
            mass[walsh < -2 * rope].sum(),
        ]
        wins[np.argmax(shares)] += 1
    result = bayesian_signed_rank(x, y, rope, n_samples=20_000, random_state=1)
    np.testing.assert_allclose(result, wins / 20_000, atol=0.015)


def test_direction_and_equivalence():
    rng = np.random.default_rng(2)
    x = rng.normal(size=20)
    assert bayesian_signed_rank(x + 3, x, 0.5, 2000, random_state=0).greater > 0.99
    assert bayesian_signed_rank(x, x + 3, 0.5, 2000, random_state=0).smaller > 0.99
    assert bayesian_signed_rank(x, x + 0.01, 0.5, 2000, random_state=0).equivalent > 0.99


def test_random_state_of_any_kind():
    x, y = np.arange(8.0), np.arange(8.0)[::-1] * 0.8
    for make in (lambda: 3, lambda: np.random.RandomState(3), lambda: np.random.default_rng(3)):
        assert bayesian_signed_rank(x, y, 0.2, 500, make()) == bayesian_signed_rank(
            x, y, 0.2, 500, make()
        )
    with pytest.raises(ValueError, match="rope=0"):
        bayesian_signed_rank(x, y, 0)
