"""Datasets of your own in one ``.npz`` file: arrays that any program of numpy writes."""

from __future__ import annotations

import difflib
import io
import zipfile
from os import PathLike, fspath
from pathlib import Path

import numpy as np

from sktl._files import write_npz, write_whole
from sktl._untrusted import ObjectArrayError, read_npz
from sktl.datasets._dataset import Dataset
from sktl.datasets._registry import make_dataset
from sktl.datasets._splits import PARTS

_NEEDED = ("X", "y")
_OF_INSTANCES = ("X", "y", "groups", "part")
_FACTS = ("name", "task", "sampling_rate", "split")
_KNOWN = (*_OF_INSTANCES, *_FACTS)


def load_npz(
    path: str | PathLike[str], *, split: str | None = None, random_state: int = 0
) -> Dataset:
    """Load a dataset of your own from one file.

    Parameters
    ----------
    path : path-like
        A ``.npz`` file, as ``numpy.savez`` writes it, with the arrays

        ``X`` of shape (n_instances, n_channels, n_timepoints)
            Numbers, all finite.
        ``y`` of shape (n_instances,)
            Floats for regression; text, whole numbers or booleans for classification.
        ``groups`` of shape (n_instances,), optional
            What instances share, such as the subject, the recording or the earthquake.
        ``part`` of shape (n_instances,), optional
            ``"train"``, ``"validation"`` or ``"test"``: the split, where it is fixed.
        ``name``, optional
            Name in tables; default: the file's.
        ``task``, optional
            ``"regression"`` or ``"classification"``, where `y` does not say it.
        ``sampling_rate``, optional
            In Hz.
        ``split``, optional
            How ``part`` was made; ``"published"`` allows that a group lies in several parts.

    split : {"published", "grouped"}, optional
        How instances without ``part`` are split; default: ``"grouped"`` where there are groups.
        See `sktl.datasets.load_dataset`.
    random_state : int, default=0
        Seed of the split.

    Returns
    -------
    Dataset

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is damaged, arrays are missing, unknown or of unequal lengths, a value cannot be
        used, or a group lies in several parts.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import numpy as np
    >>> from sktl.datasets import load_npz
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "grip.npz"
    >>> X = np.random.default_rng(0).normal(size=(60, 2, 50))
    >>> subject = np.repeat(["A", "B", "C", "D", "E", "F"], 10)
    >>> np.savez(file, X=X, y=X.std(axis=(1, 2)), groups=subject, sampling_rate=200)
    >>> load_npz(file)
    <Dataset grip: regression, train=40, validation=10, test=10, split='grouped'>
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise FileNotFoundError(
            f"A dataset of your own is a .npz file. There is no such file. Received: {fspath(path)}"
        )
    arrays = _arrays(path)
    _check_lengths(path, arrays)
    facts = {name: _fact(path, arrays[name]) for name in _FACTS if name in arrays}
    part = arrays.get("part")
    try:
        dataset = make_dataset(
            str(facts.get("name", path.stem)),
            arrays["X"],
            arrays["y"],
            arrays.get("groups"),
            task=facts.get("task"),
            split=split if part is None else "published",
            random_state=random_state,
            sampling_rate=facts.get("sampling_rate"),
        )
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path} cannot be used: {error}") from error
    if part is not None:
        dataset.split = str(facts.get("split", "own"))
        groups = None if dataset.split == "published" else arrays.get("groups")
        dataset.parts = _given_parts(path, part.astype(str), groups)
    return dataset


def save_npz(dataset: Dataset, path: str | PathLike[str]) -> Path:
    """Write a dataset with its split into one file, which `load_npz` reads.

    Parameters
    ----------
    dataset : Dataset
        Any; all its parts are read into memory.
    path : path-like
        A name that ends in ``.npz``. A file that is there is replaced; the new one is written
        whole or not at all.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    ValueError
        If the name does not end in ``.npz``.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from sktl.datasets import load_dataset, load_npz, save_npz
    >>> dataset = load_dataset("EMG-simulated", n_instances=100)
    >>> load_npz(save_npz(dataset, pathlib.Path(tempfile.mkdtemp()) / "emg.npz"))
    <Dataset EMG-simulated: classification, train=70, validation=15, test=15, split='published'>
    """
    path = Path(path).expanduser()
    if path.suffix != ".npz":
        raise ValueError(f"The file's name must end in .npz. Received: path={fspath(path)!r}")
    parts = {name: dataset.part(name) for name in PARTS}
    arrays = {
        "part": np.repeat(PARTS, [len(part.y) for part in parts.values()]),
        "name": np.array(dataset.name),
        "task": np.array(dataset.task),
        "split": np.array(dataset.split),
    }
    for at, name in enumerate(("X", "y", "groups")):
        arrays[name] = np.concatenate([part[at] for part in parts.values()])
    if dataset.sampling_rate is not None:
        arrays["sampling_rate"] = np.array(dataset.sampling_rate)
    content = io.BytesIO()
    write_npz(content, arrays)
    write_whole(path, content.getvalue())
    return path


def _arrays(path):
    """Read the arrays by name; refuse names that mean nothing, which may be misspelt."""
    if not zipfile.is_zipfile(path):
        raise ValueError(
            f"{path} is damaged or no .npz file: numpy.savez(path, X=X, y=y) writes one"
        )
    try:
        found = read_npz(path, _KNOWN)
    except ObjectArrayError as error:
        kind = "float" if error.name == "X" else "str"
        raise ValueError(
            f"{path} must hold plain arrays: save {error.name}.astype({kind}) after series of "
            "unequal length were cut or padded to one. Received: Python objects in "
            f"{error.name!r}"
        ) from error
    _check_names(path, list(found))
    return found


def _check_names(path, names):
    problems = [f"{name!r} is missing" for name in _NEEDED if name not in names]
    for name in names:
        if name not in _KNOWN:
            near = difflib.get_close_matches(name.lower(), [one.lower() for one in _KNOWN], n=1)
            hint = next((f" (is it {one!r}?)" for one in _KNOWN if one.lower() in near), "")
            problems.append(f"{name!r} is not known{hint}")
    if problems:
        needed, optional = list(_NEEDED), list(_KNOWN[len(_NEEDED) :])
        raise ValueError(
            f"{path} must hold the arrays {needed} and may hold {optional}: "
            f"{', '.join(problems)}. Arrays of several parts are joined, and `part` says which "
            f"instance is 'train', 'validation' or 'test'. Received: arrays {sorted(names)}"
        )


def _check_lengths(path, arrays):
    of_instances = {name: arrays[name] for name in _OF_INSTANCES if name in arrays}
    flat = all(array.ndim == 1 for name, array in of_instances.items() if name != "X")
    lengths = {len(array) if array.ndim else 0 for array in of_instances.values()}
    if arrays["X"].ndim != 3 or not flat or len(lengths) > 1:
        shapes = ", ".join(f"{name} {array.shape}" for name, array in of_instances.items())
        hint = " Series of one channel are X[:, None, :]." if arrays["X"].ndim == 2 else ""
        raise ValueError(
            f"{path} must hold X of shape (n_instances, n_channels, n_timepoints) and one entry of "
            f"the others for each instance.{hint} Received: {shapes}"
        )


def _fact(path, array):
    if array.size != 1:
        raise ValueError(
            f"{path} must hold one value each of {list(_FACTS)}. "
            f"Received: an array of shape {array.shape}"
        )
    return array.reshape(-1)[0].item()


def _given_parts(path, part, groups):
    counts = {name: int((part == name).sum()) for name in PARTS}
    unknown = sorted(set(part.tolist()) - set(PARTS))
    if unknown or not all(counts.values()):
        raise ValueError(
            f"part in {path} must be one of {list(PARTS)} for each instance, with all three there. "
            f"Received: {counts}" + (f" and {unknown[:5]}" if unknown else "")
        )
    if groups is not None:
        parts_of: dict[str, set[str]] = {}
        for group, where in zip(groups.astype(str).tolist(), part.tolist(), strict=True):
            parts_of.setdefault(group, set()).add(where)
        twice = [group for group, where in parts_of.items() if len(where) > 1]
        if twice:
            raise ValueError(
                f"A group must lie in one part, else the test holds what was trained on. In {path} "
                f"{len(twice)} of {len(parts_of)} lie in several; split='published' in the file "
                "allows it. "
                f"Received: group {twice[0]!r} in {sorted(parts_of[twice[0]])}"
            )
    return {name: np.flatnonzero(part == name) for name in PARTS}
