"""Simulated pinches beside real recordings of the same armband (other gestures, ten people)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.signal import welch
from sklearn.linear_model import RidgeClassifierCV
from sklearn.model_selection import GroupKFold, StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.simulator_realism._pictures import draw_emg
from benchmarks.simulator_realism._report import quantiles, told_apart
from sktl.datasets.simulators import simulate_emg_pinch

GESTURES = ("pinch", "tripod", "index", "three")  # the real gestures nearest to pinches
CHANNELS = [0, 2, 5]


def read_real(shared: Path, step: int = 80) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Windows of 80 samples in which a gesture is held, with gestures and subjects."""
    X, y, groups = [], [], []
    for number, file in enumerate(sorted((shared / "data/emg_myo").glob("S*.npz"))):
        with np.load(file) as recordings:
            for gesture in GESTURES:
                windows = np.lib.stride_tricks.sliding_window_view(recordings[gesture], 80, axis=0)
                windows = windows[::step].astype(np.float32)
                level = windows.std(axis=(1, 2))
                held = windows[level > 0.4 * np.quantile(level, 0.95)]
                X.append(held)
                y += [gesture] * len(held)
                groups += [number] * len(held)
    return np.concatenate(X), np.array(y), np.array(groups)


def describe(X: np.ndarray) -> dict[str, np.ndarray]:
    """Features of windows (n, 8, 80) that a turned band or another gesture leaves as they are."""
    level = X.std(axis=2) + 0.3
    order = np.sort(level, axis=1)[:, ::-1]
    features = {f"log rms of channel ranked {k + 1}": np.log(order[:, k]) for k in range(8)}
    around = np.take_along_axis(
        level, (level.argmax(axis=1)[:, None] + np.arange(1, 5)) % 8, axis=1
    )
    for k in range(4):
        features[f"rms {k + 1} electrodes from the strongest"] = around[:, k] / order[:, 0]
    f, power = welch(X, 200, nperseg=80)
    loud = level.argsort(axis=1)[:, ::-1][:, :3]
    power = np.take_along_axis(power, loud[:, :, None], axis=1)
    power = np.log(power / power.sum(axis=2, keepdims=True) + 1e-5).mean(axis=1)
    for low in range(0, 100, 10):
        band = (f >= low) & (f < low + 10)
        features[f"spectrum {low} to {low + 10} Hz"] = power[:, band].mean(axis=1)
    Z = (X - X.mean(axis=2, keepdims=True)) / level[:, :, None]
    Z = np.take_along_axis(Z, loud[:, :, None], axis=1)
    features["kurtosis"] = (Z**4).mean(axis=(1, 2))
    features["skewness"] = (Z**3).mean(axis=(1, 2))
    features["largest over rms"] = np.abs(Z).max(axis=2).mean(axis=1)
    halves = np.split(Z, 4, axis=2)
    features["unevenness"] = np.std([h.std(axis=2) for h in halves], axis=0).mean(axis=1)
    features["mean"] = X.mean(axis=(1, 2))
    C = np.stack(
        [np.corrcoef(x + 1e-3 * np.sin(np.arange(80) * np.arange(1, 9)[:, None])) for x in X]
    )
    for lag in range(1, 5):
        pairs = np.stack([C[:, k, (k + lag) % 8] for k in range(8)], axis=1)
        features[f"correlation {lag} electrodes apart"] = pairs.mean(axis=1)
        features[f"spread of correlation {lag} apart"] = pairs.std(axis=1)
    return features


def _scaled(X: np.ndarray) -> np.ndarray:
    low, high = X.min(axis=(1, 2), keepdims=True), X.max(axis=(1, 2), keepdims=True)
    return (X - low) / np.maximum(high - low, 1)


def class_score(X: np.ndarray, y: np.ndarray, groups: np.ndarray) -> dict[str, float]:
    """Ridge accuracy from log rms and log spectra: of new people, and of windows at random."""
    _, power = welch(X, 200, nperseg=40)
    flat = np.log(np.concatenate([X.var(axis=2) + 0.1, power.reshape(len(X), -1) + 1e-3], axis=1))
    model = make_pipeline(StandardScaler(), RidgeClassifierCV(np.logspace(0, 4, 9)))
    shuffled = StratifiedKFold(5, shuffle=True, random_state=0)
    return {
        "new people": cross_val_score(model, flat, y, groups=groups, cv=GroupKFold(5)).mean(),
        "windows at random": cross_val_score(model, flat, y, cv=shuffled).mean(),
    }


def judge(shared: Path, out: Path, random_state: int) -> list[str]:
    """Compare, draw, and return the report's lines."""
    real, y_real, people = read_real(shared)
    pick = np.random.default_rng(random_state).permutation(len(real))[:1408]
    X, y, groups = simulate_emg_pinch(1408, random_state, all_channels=True, return_groups=True)
    draw_emg(out / "emg.png", X, y, real, y_real)
    features_real, features = describe(real[pick]), describe(X)
    panels = _scaled(real[pick][:, CHANNELS]), _scaled(X[:, CHANNELS])
    new_people = np.concatenate([people[pick], 1000 + groups])
    lines = [
        "## EMG",
        "",
        f"{len(real)} real windows (of ten people, gestures {', '.join(GESTURES)}: the same "
        "armband, not the pinches themselves) against 1,408 simulated pinches of 22 people.",
        "",
        *told_apart(features_real, features, panels, random_state, new_people),
        "",
        "| feature | real | simulated |",
        "|---|---|---|",
    ]
    lines += [
        f"| {n} | {quantiles(features_real[n])} | {quantiles(features[n])} |" for n in features
    ]
    scores = class_score(real[:, CHANNELS], y_real, people), class_score(X[:, CHANNELS], y, groups)
    lines += ["", "### Four classes from three channels (ridge; chance 0.25)", ""]
    lines += ["| | real gestures | simulated pinches |", "|---|---|---|"]
    return lines + [
        f"| {name} | {scores[0][name]:.3f} | {scores[1][name]:.3f} |" for name in scores[0]
    ]
