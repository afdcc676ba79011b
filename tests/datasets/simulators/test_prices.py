import numpy as np
import pandas as pd
import pytest

from sktl.datasets.simulators import iter_sp500, simulate_sp500
from sktl.datasets.simulators.prices import N_DAYS, simulate_prices, simulate_returns


def correlation(x, lag):
    return np.corrcoef(x[:-lag], x[lag:])[0, 1]


def test_official_format_and_chronological_windows_with_step_one():
    X, y, groups = simulate_sp500(random_state=0, return_groups=True)
    assert X.shape == (22_784, 1, 50)
    assert (X.dtype, y.dtype) == (np.float32, np.float32)
    assert set(groups) == {0}
    np.testing.assert_array_equal(X[1:, 0, :-1], X[:-1, 0, 1:])
    np.testing.assert_array_equal(X[1:, 0, -1], y[:-1])
    assert (X > 0).all()


@pytest.mark.slow
def test_a_short_run_spans_the_history_and_a_long_one_has_several():
    X, y = simulate_sp500(200, 1)
    assert X.shape == (200, 1, 50)
    assert X[0, 0, 0] == np.float32(17.66)
    assert y[-1] > 500
    _, _, groups = simulate_sp500(30_000, 1, return_groups=True)
    assert np.unique(groups, return_counts=True)[1].tolist() == [22_784, 30_000 - 22_784]


@pytest.mark.slow
def test_batches_are_the_whole():
    whole = simulate_sp500(250, 3, return_groups=True)
    batches = list(iter_sp500(250, 3, batch_size=100))
    assert [len(batch[0]) for batch in batches] == [100, 100, 50]
    for one, parts in zip(whole, zip(*batches, strict=True), strict=True):
        np.testing.assert_array_equal(one, np.concatenate(parts))
    assert not np.array_equal(whole[0], simulate_sp500(250, 4)[0])


def test_path_leads_from_the_first_to_the_last_level():
    closes = simulate_prices(random_state=0)
    assert len(closes) == N_DAYS
    assert closes[[0, -1]].tolist() == [17.66, 2673.45]
    np.testing.assert_allclose(closes * 100, np.rint(closes * 100), atol=1e-6)


def test_wrong_options_are_named():
    with pytest.raises(ValueError, match="n_instances=-3"):
        simulate_sp500(-3)
    with pytest.raises(TypeError, match=r"random_state=1\.5"):
        simulate_sp500(3, 1.5)


def test_moments_lie_around_those_of_the_real_index(shared):
    def facts(returns):
        size = np.abs(returns)
        z = returns / returns.std()
        levels = [100 * returns.std(), np.log((z**4).mean()), 100 * np.median(size)]
        return np.array(levels + [correlation(size, lag) for lag in (1, 5, 20, 60)])

    closes = pd.read_csv(shared("data/sp500/GSPC.csv"))["Close"].to_numpy()[:N_DAYS]
    real = facts(np.diff(np.log(closes)))
    ours = np.array([facts(path) for path in simulate_returns(N_DAYS - 1, 20, 0)])
    # The real index is one draw: each of its moments must lie among those of twenty others.
    assert ((ours.min(axis=0) < real) & (real < ours.max(axis=0))).all(), (ours.min(0), real)


@pytest.mark.slow
def test_levels_stay_around_the_trend_as_those_of_the_real_index(shared):
    def strayed(closes):
        log = np.log(closes)
        off = log - np.linspace(log[0], log[-1], len(log))
        return [off.min(), off.max(), off.std(), closes.min(), closes.max()]

    closes = pd.read_csv(shared("data/sp500/GSPC.csv"))["Close"].to_numpy()[:N_DAYS]
    real = strayed(closes)
    histories = [simulate_sp500(random_state=seed) for seed in range(6)]
    ours = np.array([strayed(np.append(X[0, 0], y)) for X, y in histories])
    for number in (0, 1):
        assert ours[:, number].min() < real[number] < ours[:, number].max()
    assert 0.5 < np.median(ours[:, 2]) / real[2] < 2
    assert ours[:, 3].min() > 1.5  # the real index: 4.40
    assert ours[:, 4].max() < 10_000  # the real index: 2,931


def test_returns_are_heavy_tailed_and_uncorrelated_and_their_size_is_not():
    returns = simulate_returns(20_000, 5, 1)
    assert np.abs(np.mean([correlation(path, 1) for path in returns])) < 0.1
    assert np.mean([correlation(np.abs(path), 20) for path in returns]) > 0.1
    assert np.mean([(path**4).mean() / path.var() ** 2 for path in returns]) > 6
