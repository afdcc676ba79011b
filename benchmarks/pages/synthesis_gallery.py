"""Draw what the generators make of real training sets, beside real series they have not seen.

    python -m benchmarks.pages.synthesis_gallery [--out docs/images/synthesis] [--steps 600]

One picture a problem: a row a generator, a column a class, and the mean spectra at the right.
"""

import argparse
from pathlib import Path

import numpy as np

from benchmarks.simulator_realism._pictures import BLUE, ORANGE, plt, save
from sktl.datasets import load_uea
from sktl.synthesis import (
    AugmentationGenerator,
    ClassMeanGenerator,
    MixupGenerator,
    WGANGPGenerator,
    mean_spectrum,
)

PROBLEMS = {"BasicMotions": None, "JapaneseVowels": 29}  # name: length
N_CLASSES, N_SERIES, SEED = 4, 6, 0


def draw(path, name, rows, y_real):
    """Draw one problem; rows are names with (X, y), the first one real."""
    classes = np.unique(y_real)[:N_CLASSES]
    figure, axes = plt.subplots(
        len(rows), len(classes) + 1, figsize=(11, 1.35 * len(rows)), squeeze=False
    )
    real = mean_spectrum(rows[0][1])[0]
    for line, (kind, X, y) in zip(axes, rows, strict=True):
        colour = BLUE if kind == "real" else ORANGE
        for axis, label in zip(line, classes, strict=False):
            axis.plot(X[y == label][:N_SERIES, 0].T, color=colour, lw=0.7, alpha=0.7)
            axis.tick_params(labelsize=5)
            # The scale of the real series, so that too large and too small is seen.
            own = rows[0][1][rows[0][2] == label][:, 0]
            low, high = np.percentile(own, [0.5, 99.5])
            axis.set_ylim(low - 0.3 * (high - low), high + 0.3 * (high - low))
        line[0].set_ylabel(kind, fontsize=7)
        frequency = np.arange(1, len(real) + 1) / X.shape[2]
        line[-1].semilogy(frequency, real, color=BLUE, lw=0.8)
        line[-1].semilogy(frequency, mean_spectrum(X)[0], color=colour, lw=0.8)
        line[-1].tick_params(labelsize=5)
    for axis, title in zip(axes[0], [f"class {c}" for c in classes] + ["spectrum"], strict=True):
        axis.set_title(title, fontsize=8)
    axes[-1, -1].set_xlabel("cycles per time point", fontsize=6)
    figure.suptitle(
        f"{name}: first channel; real series of the test set, and generated", fontsize=9
    )
    save(figure, path, dpi=80)


def main():
    """Draw all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = Path(__file__).parents[2] / "docs/images/synthesis"
    parser.add_argument("--out", type=Path, default=default)
    parser.add_argument("--steps", type=int, default=600, help="steps of the GAN")
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    generators = {
        "WGAN-GP": WGANGPGenerator(n_steps=chosen.steps, random_state=SEED),
        "augmentation": AugmentationGenerator(random_state=SEED),
        "mixup": MixupGenerator(random_state=SEED),
        "class mean": ClassMeanGenerator(random_state=SEED),
    }
    for name, length in PROBLEMS.items():
        dataset = load_uea(name, length=length)
        test = dataset.test
        rows = [("real", test.X, test.y)]
        for kind, generator in generators.items():
            fitted = generator.fit(dataset.train.X, dataset.train.y)
            rows.append((kind, *fitted.sample(y=test.y, random_state=SEED)))
        draw(chosen.out / f"{name}.png", name, rows, test.y)


if __name__ == "__main__":
    main()
