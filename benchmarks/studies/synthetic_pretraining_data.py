"""The problems of the experiment on synthetic pre-training: archives, spoken digits, gestures."""

from functools import cache
from pathlib import Path

import numpy as np
from sklearn.model_selection import train_test_split

from benchmarks.studies.few_labels.readers import read_ts
from sktl.datasets import load_myo, load_spoken_digits, load_uea

LENGTHS = {"JapaneseVowels": 29}
# The cheapest to train on first.
NINE = (
    "ERing", "PenDigits", "BasicMotions", "JapaneseVowels", "Libras", "AtrialFibrillation",
    "FingerMovements", "Epilepsy", "ArticularyWordRecognition",
)  # fmt: skip
SHARED = ("SpokenDigits-100", "SpokenDigits-300", "Myo-100", "Myo-300")


@cache
def myo(folder):
    """Read all gestures in windows of one second."""
    return load_myo(folder, length=200, step=200)


def gestures(folder, n_train, seed):
    """Give n training windows of one subject, and test windows from later in the recordings."""
    dataset = myo(folder)
    reader = dataset.reader
    subjects = np.unique(reader.groups)
    own = reader.groups == subjects[seed % len(subjects)]
    rng = np.random.default_rng(seed)
    training, test = [], []
    for gesture in dataset.classes:
        windows = np.flatnonzero(own & (reader.y == gesture))  # in the order of time
        early, late = np.split(windows, [int(0.6 * len(windows)), int(0.7 * len(windows))])[::2]
        training.extend(rng.choice(early, n_train // len(dataset.classes), replace=False))
        test.extend(late)
    return (*envelopes(reader, training), *envelopes(reader, test))


def envelopes(reader, indices):
    """Give the mean absolute value in steps of 40 ms, as is usual for the activity of muscles."""
    X, kept = reader.read(np.sort(indices))
    return np.abs(X).reshape(*X.shape[:2], -1, 8).mean(axis=3), reader.y[kept]


def digits(archive, n_train, seed):
    """Give n training clips of half a second, and all clips of a speaker not among them."""
    dataset = load_spoken_digits(archive, length=4000, split="grouped", random_state=seed)
    training, test = dataset.reduced(n_train, rerun=seed).train, dataset.test
    return band_levels(training.X), training.y, band_levels(test.X), test.y


def band_levels(X, frame=256, step=200, n_bands=8):
    """Give the logarithm of the power in 8 bands, 100 Hz to 4 kHz, in steps of 25 ms."""
    margin = (frame - step) // 2
    padded = np.pad(X[:, 0], ((0, 0), (margin, margin)))
    frames = np.lib.stride_tricks.sliding_window_view(padded, frame, axis=1)[:, ::step]
    power = np.abs(np.fft.rfft(frames * np.hanning(frame), axis=2)) ** 2
    edges = np.geomspace(100, 4000, n_bands + 1)
    bands = np.digitize(np.fft.rfftfreq(frame, 1 / 8000), edges[:-1]) - 1
    levels = [np.log10(power[:, :, bands == band].sum(axis=2) + 1e-3) for band in range(n_bands)]
    return np.stack(levels, axis=1).astype(np.float32)


def load(name, shared, seed, most_trained=None):
    """Give X, y of the training set, or of so many of it, and of the test set."""
    if name in SHARED:
        kind, size = name.split("-")
        read, path = {
            "Myo": (gestures, "emg_myo"),
            "SpokenDigits": (digits, "fsdd/recordings.tar.gz"),
        }[kind]
        return read(Path(shared) / "data" / path, int(size), seed)
    X, y, X_test, y_test = uea(name, shared)
    if most_trained and len(y) > most_trained:
        drawn, _ = train_test_split(
            np.arange(len(y)), train_size=most_trained, stratify=y, random_state=seed
        )
        X, y = X[drawn], y[drawn]
    return X, y, X_test, y_test


@cache
def uea(name, shared=None):
    """Read the official parts of a problem once: from `shared`, else by sktime."""
    folder = Path(shared or "") / "data" / "uea"
    if shared and (folder / f"{name}_TRAIN.ts").exists():
        return tuple(
            array
            for part in ("TRAIN", "TEST")
            for array in read_ts(folder / f"{name}_{part}.ts", LENGTHS.get(name))
        )
    dataset = load_uea(name, length=LENGTHS.get(name))
    parts = dataset.train, dataset.validation
    X, y = (np.concatenate([getattr(part, array) for part in parts]) for array in "Xy")
    return X, y, dataset.test.X, dataset.test.y


def available(names, shared, seeds, most_trained=None):
    """Load what can be had, by name and seed; give the reasons for the rest."""
    found, left_out = {}, {}
    for name in names:
        if name in SHARED and not shared:
            left_out[name] = "needs --shared"
            continue
        try:
            found |= {(name, seed): load(name, shared, seed, most_trained) for seed in range(seeds)}
        except Exception as error:  # whatever a download or a reader meets
            left_out[name] = f"{type(error).__name__}: {error}".splitlines()[0]
    return found, left_out
