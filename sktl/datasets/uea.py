"""The UEA and UCR archives of time series classification, through sktime's loaders."""

from __future__ import annotations

import difflib
from os import PathLike
from pathlib import Path

import numpy as np

from sktl._paths import find_in_mirror, home
from sktl.datasets._dataset import Dataset
from sktl.datasets._readers import MemoryReader
from sktl.datasets._splits import share_out

MULTIVARIATE = (
    "ArticularyWordRecognition",
    "AtrialFibrillation",
    "BasicMotions",
    "Cricket",
    "Epilepsy",
    "ERing",
    "FingerMovements",
    "HandMovementDirection",
    "Handwriting",
    "Heartbeat",
    "Libras",
    "LSST",
    "NATOPS",
    "PenDigits",
)
"""Multivariate problems on which pre-training with generated series has been studied."""


def _in_the_wheel() -> list[str]:
    """Return the problems that sktime brings along."""
    import sktime.datasets

    data = Path(sktime.datasets.__file__).parent / "data"
    return [found.parent.name for found in data.glob("*/*_TRAIN.ts")]


def _folder(name: str, data_home: str | PathLike[str] | None) -> str | None:
    """Return where sktime shall look and download to; None for what its wheel brings along."""
    if name in _in_the_wheel():
        return None
    mirrored = find_in_mirror(f"{name}_TRAIN.ts")
    if mirrored:
        return str(mirrored.parent.parent)
    folder = Path(data_home) if data_home else home() / "datasets" / "uea"
    folder.mkdir(parents=True, exist_ok=True)
    return str(folder)


def _panel(nested: object, length: int | None) -> np.ndarray:
    """Return the series as (n_instances, n_channels, length), completed with zeros or cut."""
    instances = [
        [np.asarray(series, dtype=np.float32) for series in row]
        for row in nested.to_numpy()  # type: ignore[attr-defined]
    ]
    lengths = sorted({len(series) for row in instances for series in row})
    if length is None and len(lengths) > 1:
        raise ValueError(
            f"Series have {lengths[0]} to {lengths[-1]} time points: give length=... to cut longer "
            "and complete shorter ones with zeros, or fit estimators to what sktime's own "
            "load_UCR_UEA_dataset gives, which many take as it is. Received: length=None"
        )
    n = length or lengths[0]
    return np.array(
        [[np.pad(one[:n], (0, max(0, n - len(one)))) for one in row] for row in instances]
    )


def load_uea(
    name: str,
    *,
    length: int | None = None,
    validation: float = 0.2,
    random_state: int = 0,
    data_home: str | PathLike[str] | None = None,
) -> Dataset:
    """Load a classification problem of the archives at timeseriesclassification.com.

    The official test set stays whole; validation is drawn from the official training set, in
    proportion to the classes.

    Parameters
    ----------
    name : str
        Such as ``"BasicMotions"``, which comes with sktime, as do JapaneseVowels, GunPoint,
        ArrowHead and others; the rest is downloaded by sktime.
    length : int, optional
        For series of unequal length: cut to this many time points, or completed with zeros.
    validation : float, default=0.2
        Share of the training set that becomes the validation part.
    random_state : int, default=0
        Seed of that draw.
    data_home : path-like, optional
        Where downloads are kept, by default ``$SKTL_HOME/datasets/uea``.

    Returns
    -------
    Dataset

    Raises
    ------
    ValueError
        If its series differ in length and ``length`` is not given.
    OSError
        If there is no such problem, or it cannot be downloaded.

    Examples
    --------
    >>> from sktl.datasets import load_uea
    >>> dataset = load_uea("BasicMotions")
    >>> dataset.train.X.shape, dataset.validation.X.shape, dataset.test.X.shape
    ((32, 6, 100), (8, 6, 100), (40, 6, 100))
    """
    from sktime.datasets import load_UCR_UEA_dataset

    if not 0 < validation < 1:
        raise ValueError(f"validation must lie between 0 and 1. Received: validation={validation}")
    folder = _folder(name, data_home)
    try:
        sets = [
            load_UCR_UEA_dataset(name, split, return_type="nested_univ", extract_path=folder)
            for split in ("train", "test")
        ]
    except RuntimeError as error:
        near = difflib.get_close_matches(name, [*_in_the_wheel(), *MULTIVARIATE], n=1)
        hint = f" Did you mean {near[0]!r}?" if near and near[0] != name else ""
        raise OSError(
            f"There is no such problem here and none could be downloaded.{hint} "
            f"Received: name={name!r} ({str(error).splitlines()[0]})"
        ) from error
    X = _panel(sets[0][0], length), _panel(sets[1][0], length)
    y = [np.asarray(labels).astype(str) for _, labels in sets]
    if X[0].shape[1:] != X[1].shape[1:]:
        raise ValueError(
            "Training and test series differ in length: give length=... . "
            f"Received: {X[0].shape[2]} and {X[1].shape[2]} time points"
        )
    rng = np.random.default_rng(random_state)
    labels, counts = np.unique(y[0], return_counts=True)
    held_out = share_out(max(1, round(validation * len(y[0]))), counts)
    drawn = np.concatenate(
        [
            rng.permutation(np.flatnonzero(y[0] == label))[:n]
            for label, n in zip(labels, held_out, strict=True)
        ]
    )
    parts = {
        "train": np.setdiff1d(np.arange(len(y[0])), drawn),
        "validation": np.sort(drawn),
        "test": len(y[0]) + np.arange(len(y[1])),
    }
    return Dataset(
        name,
        MemoryReader(np.concatenate(X), np.concatenate(y)),
        parts,
        "classification",
        split="official",
    )
