"""A source at a glance."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from sktl._tables import coerced, read_table
from sktl.plotting._canvas import BLUE, GREY, VERMILION, log_where_wide, several_axes
from sktl.sources import load_source

_MOST_KERNELS = 24


def plot_source(source: Any, architecture: str, *, axes: Any = None) -> np.ndarray:
    """Plot a source's card, its first kernels, their spectra and its training.

    Parameters
    ----------
    source : str or path-like
        Name or path of a source, see `sktl.sources.load_source`.
    architecture : str
        The network, such as ``"MagNet"``.
    axes : sequence of four matplotlib.axes.Axes, optional
        For the card, the kernels, their spectra and the training curves. Default: a new figure.

    Returns
    -------
    numpy.ndarray of matplotlib.axes.Axes
        The card in words; the kernels of the first convolution, averaged over channels, one per
        column by ascending mean frequency; the magnitudes of their spectra (grey), with the median
        and the quartiles; the validation loss of the training by epoch. Where a source has no
        kernels over time or no curves, the panel says so.

    Raises
    ------
    ValueError, FileNotFoundError, ConnectionError
        If there is no such source, or it cannot be loaded.

    Examples
    --------
    >>> from sktl.plotting import plot_source
    >>> axes = plot_source("EMG-Roshambo", "MagNet")
    >>> [ax.get_title() for ax in axes][1:]
    ['Kernels of conv1', 'Spectra of conv1', 'Training']
    """
    loaded = load_source(source, architecture)
    axes = several_axes(axes, 4, 4, 3.4, 3.2)
    _card(axes[0], loaded.card)
    name, kernels = _first_kernels(loaded)
    if kernels is None:
        for ax, what in zip(axes[1:3], ("kernels", "spectra"), strict=True):
            _say(ax, f"No {what}: its first layer\nis no convolution over time.")
    else:
        rate = loaded.card.sampling_rate
        spectra, frequencies = _spectra(kernels, rate)
        _draw_kernels(axes[1], kernels[:, _by_frequency(spectra, frequencies)], name, rate)
        _draw_spectra(axes[2], spectra, frequencies, name, rate)
    _training(axes[3], loaded)
    return axes


def _first_kernels(loaded):
    """Return the layer that reads the series, and its kernels (time, filters) over channels."""
    card = loaded.card
    layers = card.transferable or [key.rpartition("/")[0] for key in loaded.arrays]
    found = []
    for layer in layers:
        kernel = loaded.arrays.get(f"{layer}/kernel")
        # A sequence layer's kernel has two dimensions, a picture's four; of length 1 it only mixes.
        if kernel is not None and kernel.ndim == 3 and kernel.shape[1] == card.n_channels:
            found.append((layer, kernel))
    found = [pair for pair in found if pair[1].shape[0] > 1]
    if not found:
        return None, None
    layer, kernel = found[0]
    return layer, np.asarray(kernel, float).mean(axis=1)


def _spectra(kernels, rate):
    length = max(64, 4 * len(kernels))
    return np.abs(np.fft.rfft(kernels, length, axis=0)), np.fft.rfftfreq(length, 1 / (rate or 1))


def _by_frequency(spectra, frequencies):
    power = spectra**2
    return np.argsort((power * frequencies[:, None]).sum(0) / np.maximum(power.sum(0), 1e-30))


def _draw_kernels(ax, kernels, name, rate):
    n_kernels = kernels.shape[1]
    n_shown = min(n_kernels, _MOST_KERNELS)
    shown = kernels[:, np.linspace(0, n_kernels - 1, n_shown).round().astype(int)]
    # Each kernel by its own size: a source's kernels differ by orders of magnitude.
    shown = shown / np.maximum(np.abs(shown).max(axis=0), 1e-30)
    ax.imshow(shown, aspect="auto", cmap="PuOr", vmin=-1, vmax=1, interpolation="nearest")
    ax.set_title(f"Kernels of {name}", fontsize="medium")
    more = f" ({n_shown} of {n_kernels})" if n_shown < n_kernels else ""
    ax.set_xlabel(f"kernel, low to high frequency{more}")
    ax.set_ylabel("time point")
    ax.set_xticks([])
    ax.yaxis.get_major_locator().set_params(integer=True)


def _draw_spectra(ax, spectra, frequencies, name, rate):
    relative = spectra / np.maximum(spectra.max(axis=0), 1e-30)
    ax.plot(frequencies, relative, color=GREY, alpha=0.2, linewidth=0.6)
    low, middle, high = np.quantile(relative, (0.25, 0.5, 0.75), axis=1)
    ax.fill_between(frequencies, low, high, color=BLUE, alpha=0.25, linewidth=0, label="quartiles")
    ax.plot(frequencies, middle, color=BLUE, label="median")
    ax.set_title(f"Spectra of {name}", fontsize="medium")
    ax.set_xlabel("frequency (Hz)" if rate else "frequency (cycles a time point)")
    ax.set_ylabel("magnitude (largest = 1)")
    ax.set_ylim(0, 1.05)
    ax.set_xlim(0, frequencies[-1])
    ax.legend(frameon=False, fontsize="small", loc="lower center")


def _training(ax, loaded):
    ax.set_title("Training", fontsize="medium")
    folder = Path(loaded.path)
    curves = folder.with_name(f"{folder.name}.curves.csv")
    if not curves.is_file():
        _say(ax, "No training curves\ncome with this source.")
        return
    table = read_table(curves)
    missing = sorted({"repeat", "epoch", "loss", "val_loss"} - set(table.columns))
    if missing:
        raise ValueError(f"{curves} must have the columns {missing}")
    for name in ("repeat", "epoch", "loss", "val_loss"):
        table[name] = coerced(table[name])
    chosen = (loaded.card.training or {}).get("chosen_repeat", 0)
    for repeat, rows in table.groupby("repeat"):
        kept = repeat == chosen
        look = {"linewidth": 1.6 if kept else 0.7, "alpha": 1.0 if kept else 0.35}
        for column, colour, dashes in (("loss", BLUE, "-"), ("val_loss", VERMILION, "--")):
            label = {"loss": "training", "val_loss": "validation"}[column] if kept else None
            ax.plot(rows["epoch"], rows[column], dashes, color=colour, label=label, **look)
    ax.set_xlabel("epoch")
    ax.set_ylabel("loss")
    log_where_wide(ax, table[["loss", "val_loss"]].to_numpy())
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.legend(frameon=False, fontsize="small")


def _card(ax, card):
    data = {True: "simulated", False: "real", None: "not known"}[card.simulated]
    rate = f"{card.sampling_rate:g} Hz" if card.sampling_rate else "not known"
    length = card.n_timepoints if card.n_timepoints else "any"
    score = card.score
    facts = {
        "architecture": card.architecture,
        "trained on": card.dataset or "not known",
        "data": data,
        "domain": card.domain,
        "task": card.task,
        "instances": f"{card.n_instances:,}" if card.n_instances else None,
        "channels": card.n_channels,
        "time points": length,
        "rate": rate,
        "score": f"{score['metric']} {score['value']:.3g}" if score else None,
        "scored on": score["split"] if score else None,
        "licence": card.licence,
    }
    lines = [(key, str(value)) for key, value in facts.items() if value is not None]
    ax.set_axis_off()
    ax.set_title(card.name, fontweight="bold", loc="left")
    for number, (key, value) in enumerate(lines):
        height = 0.94 - number * 0.082
        ax.text(0.0, height, key, color="#555555", fontsize="small", transform=ax.transAxes)
        short = value if len(value) <= 25 else value[:24] + "…"
        ax.text(0.38, height, short, fontsize="small", transform=ax.transAxes)


def _say(ax, text):
    ax.text(0.5, 0.5, text, ha="center", va="center", transform=ax.transAxes, color="#555555")
    ax.set_xticks([])
    ax.set_yticks([])
