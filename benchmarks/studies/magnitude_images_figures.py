"""The figures of the magnitude experiment: scatter, confusion, what the networks see."""

from pathlib import Path

import numpy as np

from sktl.estimators.images import add_marks, magnitude_classes, render_pictures


def _panels(n, title):
    """Make n panels, four in a row, under a title."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    columns = min(4, n)
    rows = -(-n // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(3 * columns, 3.2 * rows), squeeze=False, layout="constrained"
    )
    for axis in axes.flat[n:]:
        axis.axis("off")
    figure.suptitle(title)
    return figure, axes


def _save(figure, path):
    import matplotlib.pyplot as plt

    figure.savefig(path, dpi=80)
    plt.close(figure)


def draw_scatter(true, results, title, folder):
    """Draw the paper's Figure 8: predicted against true magnitudes, with lines at 0.3."""
    figure, axes = _panels(len(results), title)
    for axis, (name, predicted) in zip(axes.flat, results.items(), strict=False):
        axis.plot(true, predicted, "o", markersize=3, alpha=0.5)
        for shift, style in ((0, "-"), (0.3, "--"), (-0.3, "--")):
            axis.plot([0, 3], [shift, 3 + shift], style, color="0.4", linewidth=0.8)
        axis.set(title=name, xlim=(0, 3), ylim=(-0.5, 3.5), xlabel="magnitude", ylabel="predicted")
    _save(figure, folder / "figure8.png")


def draw_confusion(true, results, n_classes, title, folder):
    """Draw which class is predicted for which: the share of each true class, a panel a method."""
    figure, axes = _panels(len(results), title)
    for axis, (name, predicted) in zip(axes.flat, results.items(), strict=False):
        image = axis.imshow(
            confusion(true, predicted, n_classes), origin="lower", cmap="viridis", vmin=0, vmax=0.5,
            extent=(0.5, n_classes + 0.5, 0.5, n_classes + 0.5),
        )  # fmt: skip
        axis.plot([0.5, n_classes + 0.5], [0.5, n_classes + 0.5], color="w", linewidth=0.5)
        axis.set(title=name, xlabel="predicted class", ylabel="true class")
    figure.colorbar(image, ax=axes, label="share of the true class (0.5 and more: one colour)")
    _save(figure, folder / "confusion.png")


def confusion(true, predicted, n_classes):
    """Count classes of magnitudes: row k has the shares of what was predicted for class k + 1.

    Predictions outside of the classes count as the nearest; a class without instances is NaN.
    """
    table = np.zeros((n_classes, n_classes))
    guessed = np.clip(magnitude_classes(predicted), 1, n_classes)
    np.add.at(table, (magnitude_classes(true) - 1, guessed - 1), 1)
    with np.errstate(invalid="ignore"):
        return table / table.sum(axis=1, keepdims=True)


def draw_pictures(data, size, path):
    """Draw what the networks see of some traces, ordered by magnitude."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    X, magnitudes, marks = data
    chosen = np.argsort(magnitudes)[np.linspace(0, len(X) - 1, 4).astype(int)]
    X = add_marks(X, *marks)
    options = ({}, {"amplitude": "log"}, {"resize": round(size * 8 / 7), "line_width": 2})
    names = ("default", 'amplitude="log"', f"resize={round(size * 8 / 7)}, line_width=2")
    figure, axes = plt.subplots(3, 4, figsize=(11, 9), layout="constrained")
    for row, given, name in zip(axes, options, names, strict=True):
        pictures = render_pictures(X, n_marks=3, picture_size=size, **given)[chosen]
        for axis, picture, magnitude in zip(row, pictures, magnitudes[chosen], strict=True):
            axis.imshow(picture, interpolation="nearest")
            axis.set(xticks=[], yticks=[], title=f"M {magnitude:.1f}")
        row[0].set_ylabel(name)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=90)
