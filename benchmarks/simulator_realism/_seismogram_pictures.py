"""Pictures of simulated seismograms beside real ones."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np
from scipy.signal import welch

from sktl.datasets.simulators import simulate_len_db, simulate_lomax, simulate_stead

mpl.use("Agg")
import matplotlib.pyplot as plt

BLUE, ORANGE = "#1f77b4", "#d95f02"
SHIFT = np.array([0.0, 1.2, 2.4])


def _save(figure: plt.Figure, path: Path) -> None:
    figure.tight_layout()
    figure.savefig(path, dpi=80)
    plt.close(figure)


def draw_pairs(out: Path, real: np.ndarray, simulated: np.ndarray, catalogue: dict) -> None:
    """Real earthquakes and simulations of the same magnitude and distance."""
    order = np.argsort(catalogue["magnitude"])[[2, 12, 22, 32, 40, 48]]
    figure, axes = plt.subplots(len(order), 2, figsize=(13, 11), sharex=True)
    time = np.arange(real.shape[-1]) / 100.0
    for row, k in zip(axes, order, strict=True):
        for axis, X, kind in ((row[0], real, "real"), (row[1], simulated, "simulated")):
            x = X[k] / np.abs(X[k]).max()
            axis.plot(time, x.T + SHIFT, lw=0.5, color=BLUE if kind == "real" else ORANGE)
            axis.set_yticks(SHIFT, ["east", "north", "vertical"])
            axis.set_title(
                f"{kind}: M {catalogue['magnitude'][k]:.1f}, {catalogue['distance_km'][k]:.0f} km",
                fontsize=9,
            )
    axes[-1, 0].set_xlabel("s")
    axes[-1, 1].set_xlabel("s")
    _save(figure, out / "stead_pairs.png")


def draw_spectra(out: Path, real: np.ndarray, simulated: np.ndarray, catalogue: dict) -> None:
    """Spectra of noise, P and S, each trace scaled to a peak of one; coda; amplitudes."""
    p, s = catalogue["p"].astype(int), catalogue["s"].astype(int)
    figure, axes = plt.subplots(2, 3, figsize=(14, 8))
    stations = [real, *simulated]
    for axis, label, component in (
        (axes[0, 0], "noise", 2),
        (axes[0, 1], "P", 2),
        (axes[0, 2], "S", 1),
    ):
        for number, X in enumerate(stations):
            powers = []
            for x, start_p, start_s in zip(X, p, s, strict=True):
                start, stop = {
                    "noise": (160, start_p - 40),
                    "P": (start_p, min(start_p + 600, start_s - 30)),
                    "S": (start_s, start_s + 800),
                }[label]
                part = x[component, start:stop]
                f, power = welch(part / part.std(), 100.0, nperseg=min(256, len(part)), nfft=256)
                powers.append(10 * np.log10(power))
            low, middle, high = np.percentile(powers, [10, 50, 90], axis=0)
            kept = (f > 0.5) & (f < 18)
            style = (
                {"color": BLUE, "lw": 2, "label": "real station"}
                if number == 0
                else {
                    "color": ORANGE,
                    "lw": 0.8,
                    "label": "simulated stations" if number == 1 else None,
                }
            )
            axis.semilogx(f[kept], middle[kept], **style)
            if number == 0:
                axis.fill_between(f[kept], low[kept], high[kept], color=BLUE, alpha=0.15)
        axis.set(title=f"{label}, {'ENZ'[component]}", xlabel="Hz", ylabel="dB", ylim=(-55, 0))
        axis.legend(fontsize=8)
    after = np.arange(-2, 30, 0.5)
    for number, X in enumerate(stations):
        curves = []
        for x, start_s, magnitude in zip(X, s, catalogue["magnitude"], strict=True):
            if magnitude < 2.5:
                continue
            power = (x**2).sum(0)
            bins = [power[start_s + int(100 * t) :][:50].mean() for t in after]
            curves.append(10 * np.log10(np.array(bins) / power[start_s : start_s + 200].mean()))
        color = BLUE if number == 0 else ORANGE
        axes[1, 0].plot(after, np.median(curves, axis=0), color=color, lw=2 if number == 0 else 0.8)
    axes[1, 0].set(title="energy after S, M > 2.5", xlabel="s after S", ylabel="dB")
    for axis, wave in ((axes[1, 1], "P"), (axes[1, 2], "S")):
        for number, X in enumerate(stations[:3]):
            peak = [
                np.abs(x[:, a : b - 30] if wave == "P" else x[:, b : b + 1000]).max()
                for x, a, b in zip(X, p, s, strict=True)
            ]
            peak = np.log10(peak)
            axis.plot(
                catalogue["magnitude"], peak - np.median(peak), "o", ms=5 if number == 0 else 3,
                color=BLUE if number == 0 else ORANGE, alpha=0.8,
            )  # fmt: skip
        axis.set(title=f"log10 peak of {wave}, less its median", xlabel="magnitude")
    _save(figure, out / "stead_spectra.png")


def draw_gallery(out: Path, random_state: int) -> None:
    """Six simulated traces of each dataset."""
    figure, axes = plt.subplots(6, 3, figsize=(15, 11))
    for column, (name, simulate, rate) in enumerate(
        (
            ("STEAD", simulate_stead, 100.0),
            ("LEN-DB", simulate_len_db, 20.0),
            ("LOMAX", simulate_lomax, 20.0),
        )
    ):
        X, y = simulate(64, random_state)
        for axis, k in zip(axes[:, column], np.argsort(y)[[3, 15, 27, 39, 51, 62]], strict=True):
            axis.plot(
                np.arange(X.shape[-1]) / rate, X[k].T / np.abs(X[k]).max() + [0, 1.2, 2.4], lw=0.5
            )
            axis.set_title(
                f"{name}-simulated, M {y[k]:.1f}, peak {np.abs(X[k]).max():.1e}", fontsize=9
            )
            axis.set_yticks([])
    _save(figure, out / "seismogram_gallery.png")


def draw_all(
    out: Path, real: np.ndarray, simulated: np.ndarray, catalogue: dict, random_state: int
) -> None:
    """Draw every picture into ``out``."""
    draw_pairs(out, real, simulated[0], catalogue)
    draw_spectra(out, real, simulated, catalogue)
    draw_gallery(out, random_state)
