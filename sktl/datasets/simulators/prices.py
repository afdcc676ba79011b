"""A simulated share index with the length and the level range of the S&P 500 series.

Daily log returns follow a GJR-GARCH(1,1) process (Glosten, Jagannathan and Runkle 1993) with
Student-t innovations, Poisson jumps (Merton 1976) and a Markov regime of calm years, crises
and depressions (Hamilton and Susmel 1994). The constants were chosen from the published stylised
facts of daily index returns (Cont 2001; Engle and Patton 2001): volatility persistence about
0.99, annual volatility 15 to 20 percent, falls that raise volatility more than rises, excess
kurtosis far above a normal law, and autocorrelated magnitudes of uncorrelated returns. Over years,
prices drift back to their trend (Poterba and Summers 1988).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.signal import lfilter

from sktl._random import RandomState, draw_seed
from sktl.datasets.simulators._chunks import at_once, batches, check_n_instances, chunk_generator

N_DAYS = 22_834
"""Days of the published series, 1927-12-30 to 2018-11-26."""
N_TIMEPOINTS = 50
"""Closes per window."""
_FIRST, _LAST = 17.66, 2_673.45
# Days after which a price is back at its trend but for a share of 1/e, and how far (in log
# price) it may stray below and above; the real index did from -1.65 to 0.50.
_PULL_DAYS, _BELOW, _ABOVE = 2000, -2.4, 1.0
# GJR-GARCH: alpha + gamma/2 + beta = 0.98 of the variance lives on to the next day.
_ALPHA, _GAMMA, _BETA = 0.02, 0.12, 0.90
_DEGREES_OF_FREEDOM = 6.0
# Regimes: calm, crisis, depression. Daily volatility and drift, chance per day to leave, and
# where one goes from there.
_VOLATILITY = np.array([0.0076, 0.0180, 0.0285])
_DRIFT = np.array([0.0, -0.0010, -0.0012])
_LEAVE = np.array([1 / 1100, 1 / 280, 1 / 900])
_NEXT = np.cumsum([[0.0, 0.92, 0.08], [1.0, 0.0, 0.0], [0.6, 0.4, 0.0]], axis=1)
_SKEW = 0.07  # falls are larger than rises
# Returns followed the day before in some decades and ran against it in others.
_CARRY_MEAN, _CARRY_SCALE, _CARRY_DAYS = 0.03, 0.09, 4000
_JUMPS_PER_DAY, _JUMP_MEAN, _JUMP_SCALE = 1 / 400, -0.008, 0.035


def simulate_returns(n_days: int, n_paths: int = 1, random_state: RandomState = None) -> np.ndarray:
    """Simulate daily log returns without drift.

    Parameters
    ----------
    n_days : int
        Days per path.
    n_paths : int, default=1
        Independent paths.
    random_state : int, numpy Generator or RandomState, or None
        Seed.

    Returns
    -------
    numpy.ndarray of shape (n_paths, n_days)
        Log returns.

    References
    ----------
    .. [1] Glosten, Jagannathan and Runkle (1993), Journal of Finance 48, 1779-1801.
    .. [2] Merton (1976), Journal of Financial Economics 3, 125-144.
    .. [3] Hamilton and Susmel (1994), Journal of Econometrics 64, 307-333.
    .. [4] Cont (2001), Quantitative Finance 1, 223-236.
    .. [5] Engle and Patton (2001), Quantitative Finance 1, 237-245.

    Examples
    --------
    >>> from sktl.datasets.simulators.prices import simulate_returns
    >>> simulate_returns(250, n_paths=2, random_state=0).shape
    (2, 250)
    """
    rng = chunk_generator(draw_seed(random_state))
    n_burn_in = 5000
    n = n_days + n_burn_in
    nu = _DEGREES_OF_FREEDOM
    shocks = rng.standard_t(nu, (n, n_paths)) * np.sqrt((nu - 2) / nu)
    shocks = np.where(shocks < 0, 1 + _SKEW, 1 - _SKEW) * shocks
    shocks = (shocks - shocks.mean(axis=0)) / shocks.std(axis=0)
    switches = rng.random((n, n_paths))
    jump = rng.random((n, n_paths)) < _JUMPS_PER_DAY
    jumps = np.where(jump, rng.normal(_JUMP_MEAN, _JUMP_SCALE, (n, n_paths)), 0.0)
    jumps -= _JUMPS_PER_DAY * _JUMP_MEAN
    persistence = _ALPHA + _GAMMA / 2 + _BETA
    where = rng.random((n, n_paths))
    knots = rng.normal(_CARRY_MEAN, _CARRY_SCALE, (n // _CARRY_DAYS + 2, n_paths))
    days = np.arange(n) / _CARRY_DAYS
    carry = np.stack([np.interp(days, np.arange(len(knots)), k) for k in knots.T], axis=1)
    before = np.zeros(n_paths)
    regime = np.zeros(n_paths, dtype=int)
    variance = _VOLATILITY[regime] ** 2
    returns = np.empty((n, n_paths))
    for day in range(n):
        onward = (where[day][:, None] > _NEXT[regime]).sum(axis=1)
        regime = np.where(switches[day] < _LEAVE[regime], onward, regime)
        innovation = np.sqrt(variance) * shocks[day] + jumps[day]
        returns[day] = innovation + carry[day] * before + _DRIFT[regime]
        before = innovation
        # A jump moves the price at once; what it leaves in the volatility is bounded.
        felt = np.clip(innovation, -0.1, 0.1)
        variance = (
            (1 - persistence) * _VOLATILITY[regime] ** 2
            + (_ALPHA + _GAMMA * (felt < 0)) * felt**2
            + _BETA * variance
        )
    return returns[n_burn_in:].T


def simulate_prices(
    n_days: int = N_DAYS,
    random_state: RandomState = None,
    *,
    first: float = _FIRST,
    last: float = _LAST,
) -> np.ndarray:
    """Simulate the closes of one index.

    The drift is set so that the path leads from ``first`` to ``last`` over 22,834 days (a
    shorter path covers that share of the way), and prices drift back to that trend within years
    [1]_ [2]_: without it, the levels of a path are arbitrary and its windows need not have those
    of the index. A path that nevertheless strays to a tenth or to three times its trend is drawn
    again.

    Parameters
    ----------
    n_days : int, default=22834
        Trading days.
    random_state : int, numpy Generator or RandomState, or None
        Seed.
    first, last : float
        Close of day 0 and of day 22,833, in dollars.

    Returns
    -------
    numpy.ndarray of shape (n_days,)
        Closes in dollars, rounded to cents.

    References
    ----------
    .. [1] Poterba and Summers (1988), Journal of Financial Economics 22, 27-59.
    .. [2] Fama and French (1988), Journal of Political Economy 96, 246-273.

    Examples
    --------
    >>> from sktl.datasets.simulators.prices import simulate_prices
    >>> closes = simulate_prices(random_state=0)
    >>> len(closes), float(closes[0]), float(closes[-1])
    (22834, 17.66, 2673.45)
    """
    rng = chunk_generator(draw_seed(random_state))
    share = np.arange(n_days) / (N_DAYS - 1)
    while True:
        returns = simulate_returns(n_days, 1, int(rng.integers(2**32)))[0]
        strayed = lfilter([1.0], [1.0, 1 / _PULL_DAYS - 1], returns)
        strayed -= np.linspace(strayed[0], strayed[-1], n_days)
        if strayed.min() > _BELOW and strayed.max() < _ABOVE:
            return np.round(first * np.exp(strayed + share * np.log(last / first)), 2)


def _history(seed: int, history: int) -> tuple[np.ndarray, np.ndarray]:
    # Every history ends higher or lower than the real one did, mostly by less than a half.
    rng = chunk_generator(seed, history)
    last = _LAST * np.exp(rng.normal(0, 0.2))
    closes = simulate_prices(N_DAYS, int(rng.integers(2**32)), last=last)
    windows = np.lib.stride_tricks.sliding_window_view(closes, N_TIMEPOINTS + 1)
    return windows[:, None, :-1].astype(np.float32), windows[:, -1].astype(np.float32)


def iter_sp500(
    n_instances: int, random_state: RandomState = None, *, batch_size: int = 1000
) -> Iterator[tuple[np.ndarray, ...]]:
    """Simulate windows batch by batch; see :func:`simulate_sp500`.

    Parameters
    ----------
    n_instances : int
        Windows in all.
    random_state : int, numpy Generator or RandomState, or None
        Seed.
    batch_size : int, default=1000
        Windows per batch.

    Yields
    ------
    X : numpy.ndarray of shape (batch_size, 1, 50), float32
        Closes in dollars.
    y : numpy.ndarray of shape (batch_size,)
        The next close.
    groups : numpy.ndarray of int
        The simulated history a window is from.

    Examples
    --------
    >>> from sktl.datasets.simulators.prices import iter_sp500
    >>> [len(y) for _, y, _ in iter_sp500(250, random_state=0, batch_size=100)]
    [100, 100, 50]
    """
    seed = draw_seed(random_state)
    n_windows = N_DAYS - N_TIMEPOINTS
    n_instances = check_n_instances(n_instances)
    # Fewer windows than a history has are spread over all of it, so that every level occurs.
    per_history = min(n_instances, n_windows)
    starts = np.linspace(0, n_windows - 1, per_history).round().astype(int)

    def stream() -> Iterator[tuple[np.ndarray, ...]]:
        for history in range(-(-n_instances // n_windows)):
            X, y = _history(seed, history)
            yield X[starts], y[starts], np.full(per_history, history)

    yield from batches(stream(), n_instances, batch_size)


def simulate_sp500(
    n_instances: int = N_DAYS - N_TIMEPOINTS,
    random_state: RandomState = None,
    *,
    return_groups: bool = False,
) -> tuple[np.ndarray, ...]:
    """Simulate the S&P 500 task: 50 daily closes, and the 51st to be predicted.

    One price path of 22,834 days (see :func:`simulate_prices`) is cut into windows with step 1,
    in chronological order, as was done with the real index. Fewer instances are spread evenly
    over the path; more come from further, independent paths. The data is simulated: no window
    has anything to do with a real day.

    Parameters
    ----------
    n_instances : int, default=22784
        Number of windows; the default is all windows of one path.
    random_state : int, numpy Generator or RandomState, or None
        Seed.
    return_groups : bool, default=False
        Also return the number of the path that each window is from.

    Returns
    -------
    X : numpy.ndarray of shape (n_instances, 1, 50), float32
        Closes in dollars.
    y : numpy.ndarray of shape (n_instances,), float32
        The 51st close in dollars.
    groups : numpy.ndarray of shape (n_instances,)
        Only with ``return_groups=True``.

    Raises
    ------
    ValueError
        If ``n_instances`` is not a positive integer.

    References
    ----------
    .. [1] Otovic et al. (2022), for the windows; see :func:`simulate_returns` for the process.

    Examples
    --------
    >>> from sktl.datasets.simulators import simulate_sp500
    >>> X, y = simulate_sp500(100, random_state=0)
    >>> X.shape, y.shape
    ((100, 1, 50), (100,))
    """
    return at_once(iter_sp500, n_instances, random_state, return_groups)
