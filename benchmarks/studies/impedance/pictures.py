"""Figures of the page: sections, errors, single traces, and scores against the number of traces."""

import numpy as np

from sktl.evaluation.figures import OTHER, SCRATCH, TRANSFER, panels, to_svg
from sktl.evaluation.report.document import Picture

COLOURS = {"scratch": SCRATCH, "transfer": TRANSFER, "interpolation": OTHER, "unet": "#cc79a7"}
MARKS = {"scratch": "s", "transfer": "o", "interpolation": "^", "unet": "D"}
#: What the figures call the methods.
SHORT = {
    "direct": "direct prediction", "scratch": "five traces alone", "transfer": "transfer",
    "interpolation": "interpolation", "unet": "U-Net",
}  # fmt: skip


def curve(means, halves):
    """Draw r2 against the number of traces; rows are numbers of traces, columns methods."""
    figure, (axis,) = panels(1, 1, 6.0, 3.4)
    for method in (m for m in COLOURS if m in means):
        here = means[method].dropna()
        axis.errorbar(
            here.index, 100 * here, 100 * halves[method].loc[here.index].fillna(0),
            color=COLOURS[method], marker=MARKS[method], capsize=3,
            label=SHORT[method].replace("five", "these"),
        )  # fmt: skip
    low = np.nanmin(means[[m for m in ("scratch", "transfer") if m in means]].to_numpy())
    axis.set(
        xscale="log", xlabel="traces of the target", ylabel="r2 in percent",
        ylim=(max(100 * low - 5, 0), 100.5),
    )  # fmt: skip
    axis.set_xticks(means.index, [str(n) for n in means.index])
    axis.minorticks_off()
    axis.legend(frameon=False, fontsize=8)
    return Picture(
        "curve", "r2 on all other traces; bars: 95 % intervals over the seeds", to_svg(figure),
        "Lines of r2 against the number of traces for each method",
    )  # fmt: skip


def sections(y, kept, name, what, dt_ms=4):
    """Draw a row of the truth and each prediction, and a row of their errors."""
    figure, axes = panels(2 * len(kept) + 2, len(kept) + 1, 2.7, 2.1)
    step = max(1, len(y) // 240), max(1, y.shape[1] // 200)

    def thin(values):
        return values[:: step[0], :: step[1]].T / 1e6

    low, high = np.percentile(y, [1, 99]) / 1e6
    extent = (0, len(y), dt_ms * y.shape[1], 0)
    shown = {"vmin": low, "vmax": high, "cmap": "viridis", "aspect": "auto", "extent": extent}
    image = axes[0].imshow(thin(y), **shown)
    axes[0].set(title="true", ylabel="time in ms")
    reach = (high - low) / 2
    for number, (method, predicted) in enumerate(kept.items(), start=1):
        axes[number].imshow(thin(predicted), **shown)
        axes[number].set(title=SHORT.get(method, method))
        below = axes[len(kept) + 1 + number]
        error = below.imshow(
            thin(predicted - y), vmin=-reach, vmax=reach, cmap="RdBu", aspect="auto", extent=extent
        )
        below.set(title=f"its error{'' if number > 1 else ' (blue: too high)'}", xlabel="trace")
    axes[len(kept) + 1].set_axis_off()
    figure.colorbar(image, ax=axes[: len(kept) + 1], label="1e6 kg/(m² s)")
    figure.colorbar(error, ax=axes[len(kept) + 1 :], label="1e6 kg/(m² s)")
    return Picture(
        name, f"Impedance and error: {what}", to_svg(figure),
        "Sections of impedance, true and predicted, and of the errors",
    )  # fmt: skip


def traces(y, kept, name, dt_ms=4):
    """Draw single traces, the paper's 70 and 350 where there are as many."""
    places = (70, 350) if len(y) > 350 else (len(y) // 8, 3 * len(y) // 8)
    figure, axes = panels(2, 1, 7.0, 2.3)
    for axis, place in zip(axes, places, strict=True):
        time = dt_ms * np.arange(y.shape[1])
        axis.plot(time, y[place] / 1e6, color="black", label="true", linewidth=1.5)
        for method, predicted in kept.items():
            axis.plot(
                time, predicted[place] / 1e6, label=SHORT.get(method, method), linewidth=1,
                color=COLOURS.get(method, "#999999"),
            )  # fmt: skip
        axis.set(title=f"trace {place}", ylabel="Z in 1e6 kg/(m² s)")
    axes[-1].set(xlabel="two-way time in ms")
    axes[0].legend(frameon=False, fontsize=8, ncols=2)
    return Picture(
        name, f"Impedance of traces {places[0]} and {places[1]}, which no training saw, first seed",
        to_svg(figure), "Impedance against time, true and by three methods",
    )  # fmt: skip
