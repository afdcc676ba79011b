"""Pictures of simulated speech, EMG and prices beside real ones."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np
from scipy.signal import stft

mpl.use("Agg")
import matplotlib.pyplot as plt

BLUE, ORANGE = "#1f77b4", "#d95f02"
KINDS = (("real", BLUE), ("simulated", ORANGE))


def save(figure: plt.Figure, path: Path, dpi: int = 70) -> None:
    """Write a figure with few colours, which keeps the file small."""
    from PIL import Image

    figure.tight_layout()
    figure.savefig(path, dpi=dpi)
    plt.close(figure)
    Image.open(path).convert("RGB").quantize(96).save(path, optimize=True)


def _spectrogram(axis: plt.Axes, x: np.ndarray, title: str, colour: str) -> None:
    _, _, Z = stft(x, 8000, nperseg=64, noverlap=48, nfft=256)
    level = 20 * np.log10(np.abs(Z) + 1e-7)
    top = level.max()
    axis.imshow(
        level, origin="lower", aspect="auto", cmap="magma", vmin=top - 60, vmax=top,
        extent=(0, x.size / 8000, 0, 4),
    )  # fmt: skip
    axis.set_title(title, fontsize=8, color=colour)
    axis.tick_params(labelsize=6)


def draw_speech(
    path: Path, X: np.ndarray, y: np.ndarray, real: np.ndarray | None, y_real: np.ndarray | None
) -> None:
    """Spectrograms of each word; real clips above where they are at hand."""
    words = sorted(set(y))
    rows = [("simulated", X, y, ORANGE)]
    if real is not None and y_real is not None:
        rows.insert(0, ("real", real, y_real, BLUE))
    n_each = 6 // len(words)
    figure, axes = plt.subplots(
        len(rows), 6, figsize=(11, 2 * len(rows) + 0.3), sharey=True, squeeze=False
    )
    for row, (kind, panel, labels, colour) in zip(axes, rows, strict=True):
        for k, axis in enumerate(row):
            word = words[k // n_each]
            found = np.flatnonzero(labels == word)
            clip = panel[found[(7 + 20 * (k % n_each)) % len(found)], 0]
            _spectrogram(axis, clip, f"{kind}: {word}", colour)
        row[0].set_ylabel("kHz", fontsize=8)
    axes[-1, 0].set_xlabel("s", fontsize=8)
    save(figure, path)


def draw_emg(
    path: Path, X: np.ndarray, y: np.ndarray, real: np.ndarray | None, y_real: np.ndarray | None
) -> None:
    """One window of eight channels for each class."""
    rows = [("simulated", X, y, ORANGE)]
    if real is not None and y_real is not None:
        rows.insert(0, ("real", real, y_real, BLUE))
    figure, axes = plt.subplots(len(rows), 4, figsize=(11, 2.6 * len(rows)), squeeze=False)
    shift = 60.0 * np.arange(X.shape[1])
    time = np.arange(80) / 200
    for row, (kind, panel, labels, colour) in zip(axes, rows, strict=True):
        for axis, name in zip(row, dict.fromkeys(labels), strict=True):
            found = np.flatnonzero(labels == name)
            level = panel[found].std(axis=(1, 2))
            middle = found[np.argsort(level)[len(level) // 2]]  # the one of median strength
            axis.plot(time, panel[middle].T + shift, color=colour, lw=0.7)
            axis.set_title(f"{kind}: {name}", fontsize=8)
            axis.set_yticks(shift, [f"{k}" for k in range(X.shape[1])])
            axis.tick_params(labelsize=6)
        row[0].set_ylabel("electrode", fontsize=8)
    axes[-1, 0].set_xlabel("s", fontsize=8)
    save(figure, path)


def draw_prices(path: Path, simulated: np.ndarray, real: np.ndarray | None) -> None:
    """Closes, daily returns and the autocorrelation of their size; paths in the rows."""
    rows = [("real", real, BLUE)] if real is not None else []
    rows += [("simulated", closes, ORANGE) for closes in simulated]
    figure, axes = plt.subplots(len(rows), 3, figsize=(11, 1.9 * len(rows)), squeeze=False)
    for row, (kind, closes, colour) in zip(axes, rows, strict=True):
        returns = np.diff(np.log(closes))
        row[0].semilogy(closes, color=colour, lw=0.7)
        row[0].set_title(f"{kind}: close, dollars", fontsize=8)
        row[1].plot(100 * returns, color=colour, lw=0.3)
        row[1].set_ylim(-25, 25)
        row[1].set_title("daily return, percent", fontsize=8)
        size = np.abs(returns)
        lags = np.arange(1, 301, 3)
        row[2].plot(lags, [np.corrcoef(size[:-k], size[k:])[0, 1] for k in lags], color=colour)
        row[2].set_ylim(-0.05, 0.45)
        row[2].set_title("autocorrelation of its size, by lag in days", fontsize=8)
        for axis in row:
            axis.tick_params(labelsize=6)
    save(figure, path)
