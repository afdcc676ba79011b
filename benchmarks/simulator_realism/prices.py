"""A simulated index beside the real S&P 500 series."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.simulator_realism._pictures import draw_prices
from benchmarks.simulator_realism._report import told_apart
from sktl.datasets.simulators import simulate_sp500
from sktl.datasets.simulators.prices import N_DAYS, simulate_prices

N_PATHS = 30


def read_real(shared: Path) -> np.ndarray:
    """Closes of the published range."""
    return pd.read_csv(shared / "data/sp500/GSPC.csv")["Close"].to_numpy()[:N_DAYS]


def stylised_facts(closes: np.ndarray) -> dict[str, float]:
    """What is known to hold for daily returns (Cont 2001), from one path."""
    returns = np.diff(np.log(closes))
    size = np.abs(returns)
    z = (returns - returns.mean()) / returns.std()
    years = returns[: len(returns) // 250 * 250].reshape(-1, 250).std(axis=1)

    def correlation(x: np.ndarray, lag: int) -> float:
        return float(np.corrcoef(x[:-lag], x[lag:])[0, 1])

    facts = {
        "first close": closes[0],
        "lowest close": closes.min(),
        "highest close": closes.max(),
        "deepest fall": (closes / np.maximum.accumulate(closes) - 1).min(),
        "mean daily return, percent": 100 * returns.mean(),
        "daily volatility, percent": 100 * returns.std(),
        "excess kurtosis": (z**4).mean() - 3,
        "skewness": (z**3).mean(),
        "worst day, percent": 100 * returns.min(),
        "best day, percent": 100 * returns.max(),
        "share of days beyond 4 sigma, per mille": 1000 * (np.abs(z) > 4).mean(),
        "autocorrelation of returns, lag 1": correlation(returns, 1),
        "return against next day's square": float(
            np.corrcoef(returns[:-1], returns[1:] ** 2)[0, 1]
        ),
        "volatility of calm years (10 %), percent": 100 * np.quantile(years, 0.1),
        "volatility of wild years (90 %), percent": 100 * np.quantile(years, 0.9),
    }
    for lag in (1, 5, 20, 60, 250):
        facts[f"autocorrelation of |return|, lag {lag}"] = correlation(size, lag)
    return facts


def describe(X: np.ndarray) -> dict[str, np.ndarray]:
    """Features of windows (n, 50) that do not know the level."""
    returns = np.diff(np.log(X), axis=1)
    z = (returns - returns.mean(axis=1, keepdims=True)) / returns.std(axis=1, keepdims=True)
    size = np.abs(z)
    features = {
        "log volatility": np.log(returns.std(axis=1)),
        "change over the window": np.log(X[:, -1] / X[:, 0]),
        "range": np.log(X.max(axis=1) / X.min(axis=1)),
        "kurtosis": (z**4).mean(axis=1),
        "skewness": (z**3).mean(axis=1),
        "worst day": z.min(axis=1),
        "best day": z.max(axis=1),
        "days without change": (returns == 0).mean(axis=1),
        "half against half": np.log(size[:, :25].mean(axis=1) / size[:, 25:].mean(axis=1)),
    }
    for lag in (1, 2, 5):
        features[f"autocorrelation, lag {lag}"] = (z[:, lag:] * z[:, :-lag]).mean(axis=1)
        a, b = size[:, lag:], size[:, :-lag]
        features[f"of the size, lag {lag}"] = (a * b).mean(axis=1) - a.mean(axis=1) * b.mean(axis=1)
    return features


def judge(shared: Path, out: Path, random_state: int) -> list[str]:
    """Compare, draw, and return the report's lines."""
    real = read_real(shared)
    paths = [simulate_prices(random_state=random_state + k) for k in range(N_PATHS)]
    draw_prices(out / "prices.png", np.array(paths[:2]), real)
    facts = stylised_facts(real)
    theirs = [stylised_facts(path) for path in paths]
    # Windows that do not overlap: others would lie on both sides of a fold.
    starts = np.arange(0, N_DAYS - 50, 50)
    windows = np.stack([real[k : k + 50] for k in starts])
    X = simulate_sp500(len(starts), random_state)[0][:, 0]

    def scaled(Z: np.ndarray) -> np.ndarray:
        low, high = Z.min(axis=1, keepdims=True), Z.max(axis=1, keepdims=True)
        return ((Z - low) / (high - low))[:, None]

    panels = scaled(windows), scaled(X)
    lines = [
        "## Prices",
        "",
        f"{len(starts)} real and as many simulated windows without overlap.",
        "",
        *told_apart(describe(windows), describe(X.astype(float)), panels, random_state),
        "",
        f"### Stylised facts: the real index and {N_PATHS} simulated ones",
        "",
        "| | real | simulated: median (10 to 90 %) | share of paths below the real value |",
        "|---|---|---|---|",
    ]
    for name, value in facts.items():
        ours = np.array([fact[name] for fact in theirs])
        low, median, high = np.quantile(ours, [0.1, 0.5, 0.9])
        cell = f"{median:.3f} ({low:.3f} to {high:.3f})"
        lines.append(f"| {name} | {value:.3f} | {cell} | {(ours < value).mean():.2f} |")
    return lines
