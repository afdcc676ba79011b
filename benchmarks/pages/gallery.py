"""Draw the gallery of the documentation: one picture per dataset, real beside simulated.

    python -m benchmarks.pages.gallery --shared ../shared [--out docs/images/gallery]

Without the real files only the simulated half of a picture is drawn.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from benchmarks.simulator_realism import emg, prices, seismograms, speech
from benchmarks.simulator_realism._pictures import (
    BLUE,
    ORANGE,
    draw_emg,
    draw_prices,
    draw_speech,
    plt,
    save,
)
from sktl.datasets.simulators import (
    simulate_emg_pinch,
    simulate_len_db,
    simulate_lomax,
    simulate_speech_commands,
    simulate_stead,
)
from sktl.datasets.simulators.prices import simulate_prices

SEED = 0


Panels = list[tuple[str, str, np.ndarray, np.ndarray]]


def draw_traces(path: Path, panels: Panels, hz: float, components: str = "ENZ") -> None:
    """Three-component traces, each scaled to its peak; one column for each kind."""
    figure, axes = plt.subplots(3, len(panels), figsize=(11, 5.5), sharex=True, squeeze=False)
    shift = np.array([0.0, 1.2, 2.4])
    for column, (kind, colour, X, magnitude) in zip(axes.T, panels, strict=True):
        order = np.argsort(magnitude)
        for axis, k in zip(column, order[[len(order) // 6, len(order) // 2, -2]], strict=True):
            x = X[k] - X[k].mean(axis=1, keepdims=True)
            axis.plot(
                np.arange(x.shape[1]) / hz, (x / np.abs(x).max()).T + shift, color=colour, lw=0.5
            )
            axis.set_title(f"{kind}: magnitude {magnitude[k]:.1f}", fontsize=8)
            axis.set_yticks(shift, list(components))
            axis.tick_params(labelsize=6)
        column[-1].set_xlabel("s", fontsize=8)
    save(figure, path)


def main() -> None:
    """Draw all six pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="the real data")
    default = Path(__file__).parents[2] / "docs/images/gallery"
    parser.add_argument("--out", type=Path, default=default)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    real = (arguments.shared / "data").is_dir()

    X, y = simulate_stead(24, SEED)
    panels = [("simulated", ORANGE, X, y)]
    if real:
        traces, catalogue = seismograms.read_real(arguments.shared)
        panels.insert(0, ("real", BLUE, traces, catalogue["magnitude"]))
    draw_traces(arguments.out / "stead.png", panels, 100)
    for name, simulate, order in (
        ("len_db", simulate_len_db, "ZNE"),
        ("lomax", simulate_lomax, "ENZ"),
    ):
        halves = [simulate(24, SEED + k) for k in range(2)]
        draw_traces(
            arguments.out / f"{name}.png", [("simulated", ORANGE, *h) for h in halves], 20, order
        )

    spoken = ["bed", "cat", "happy"]
    X, y = simulate_speech_commands(210, SEED, words=spoken)
    clips, words = speech.read_real(arguments.shared)[:2] if real else (None, None)
    draw_speech(arguments.out / "speech_commands.png", X, y, clips, words)
    others = ["five", "seven", "sheila", "stop", "visual", "zero"]
    X, y = simulate_speech_commands(210, SEED, words=others)
    draw_speech(arguments.out / "speech_commands_words.png", X, y, None, None)

    X, y = simulate_emg_pinch(352, SEED, all_channels=True)
    windows, gestures = emg.read_real(arguments.shared)[:2] if real else (None, None)
    draw_emg(arguments.out / "emg_pinch.png", X, y, windows, gestures)

    paths = np.array([simulate_prices(random_state=SEED + k) for k in range(2)])
    draw_prices(
        arguments.out / "sp500.png", paths, prices.read_real(arguments.shared) if real else None
    )


if __name__ == "__main__":
    main()
