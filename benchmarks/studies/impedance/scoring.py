"""Splits, scores, files, and a source that is useless by construction."""

import os
from dataclasses import replace

import numpy as np

from benchmarks.studies.impedance.data import few_split
from sktl.evaluation import pcc_squared, pearson_correlation, r2
from sktl.sources import load_source, save_source

#: Impedance of water, in kg/(m2 s), and a little more.
WATER = 1.5e6 + 1


def split(section, n):
    """Return what a network is fitted to, and which traces are which part."""
    parts = few_split(len(section.X), n)
    train, held_out = ((section.X[parts[p]], section.y[parts[p]]) for p in ("train", "validation"))
    return {"X": train[0], "y": train[1], "validation_data": held_out}, parts


def score(method, y, predicted):
    """Compare impedances, all samples of all traces together; those below the water apart, too."""
    found = {
        "method": method, "n_test": len(y), "pcc": pearson_correlation(y, predicted),
        "r2": r2(y, predicted), "pcc2": pcc_squared(y, predicted),
    }  # fmt: skip
    below_water = rock(y)
    if not below_water.all():
        below, guessed = y[below_water][None], predicted[below_water][None]
        found |= {"pcc_rock": pearson_correlation(below, guessed), "r2_rock": r2(below, guessed)}
    return found


def rock(y):
    """Return which samples of impedance traces lie below the water, if there is any."""
    return np.cumsum(y > WATER, axis=1) > 0


def best_loss(fitted):
    """Return the training loss of the epoch whose weights are used."""
    return float(fitted.history_["loss"][fitted.best_epoch_])


def shuffle(donor, folder, seed):
    """Save a copy of a source whose arrays are shuffled, each in itself."""
    source = load_source(donor, "TCNSequence")
    rng = np.random.default_rng(seed)
    arrays = {k: rng.permuted(v.ravel()).reshape(v.shape) for k, v in source.arrays.items()}
    return save_source(folder, replace(source.card, name="shuffled", weights_sha256=None), arrays)


def write(path, content):
    """Write a text or an array, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    with open(part, "wb") as file:
        if isinstance(content, str):
            file.write(content.encode())
        else:
            np.save(file, content)
    os.replace(part, path)
    return path
