"""HDF5: the official files that hold one array per instance, and panel files of our own."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from sktl._files import replacing
from sktl._hdf5_files import check_array, check_heaps, is_foreign
from sktl._untrusted import DAMAGE, refusing
from sktl.datasets._index import Index, load_index, save_index
from sktl.datasets._readers import Reader, Skip, is_valid_shape

Describe = Callable[[str, h5py.AttributeManager], tuple[float, str]]
_FORMAT = "sktl-panel-1"
# An index that took longer than this is kept for the next time.
SLOW_S = 10.0


@contextmanager
def open_hdf5(path: Path, **options: Any) -> Iterator[h5py.File]:
    """Open a file for reading, or say that it is missing, damaged or of another format."""
    if not Path(path).is_file():
        raise FileNotFoundError(f"There is no such file. Received: path={str(path)!r}")
    check_heaps(Path(path))
    try:
        file = h5py.File(path, "r", **options)
    except OSError as error:
        raise ValueError(
            f"{path} is no intact HDF5 file (truncated download, or another format): {error}"
        ) from error
    with file:
        yield file


def _scan(
    path: Path, folders: tuple[str, ...], stored: tuple[int, ...], describe: Describe
) -> Index:
    """Read names, shapes and attributes of every instance."""
    names: list[bytes] = []
    offsets, targets, groups = [], [], []
    skipped: Counter[str] = Counter()
    seen: set[str] = set()
    size = Path(path).stat().st_size
    with open_hdf5(path) as file, refusing(f"{path} is no intact HDF5 file"):
        present = [folder for folder in folders if isinstance(file.get(folder), h5py.Group)]
        if not present:
            raise ValueError(
                f"{path} lacks the groups of the official format, {sorted(folders)}. "
                f"Received: a file with {sorted(file)[:10]}"
            )
        for folder in present:
            parent = file[folder]
            for name in parent:
                try:
                    if name in seen:
                        raise Skip("duplicate name")
                    instance = parent[name]
                    if not isinstance(instance, h5py.Dataset) or is_foreign(instance, file):
                        raise Skip("not an array")
                    is_valid_shape(instance.shape or (), stored)
                    check_array(instance, size)
                    target, group = describe(name, instance.attrs)
                except Skip as reason:
                    skipped[str(reason)] += 1
                    continue
                except DAMAGE:
                    skipped["damaged"] += 1
                    continue
                seen.add(name)
                names.append(f"{folder}/{name}".encode())
                offsets.append(h5py.h5o.get_info(instance.id).addr)
                targets.append(target)
                groups.append(group)
    return Index(
        np.array(names, dtype=bytes),
        np.array(offsets, dtype=np.int64),
        np.array(targets, dtype=np.float32),
        np.array(groups, dtype=str),
        dict(skipped),
    )


class HDF5Reader(Reader):
    """Read a file with one HDF5 dataset for each instance.

    The first pass reads names, shapes and attributes only, and is remembered where it took long;
    series are read in the order in which they lie in the file.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    folders : sequence of str
        Groups that hold the instances; at least one must exist.
    shape : tuple of int
        (n_channels, n_timepoints) of an instance.
    time_first : bool
        Whether arrays are stored as (n_timepoints, n_channels).
    describe : callable
        ``describe(name, attributes)`` returns target and group, or raises `Skip`.
    """

    def __init__(
        self,
        path: Path,
        folders: Iterable[str],
        shape: tuple[int, int],
        time_first: bool,
        describe: Describe,
    ):
        self._path = Path(path)
        self._time_first = time_first
        stored = shape[::-1] if time_first else shape
        folders = tuple(folders)
        key = (folders, stored, describe.__module__)
        index = load_index(self._path, key)
        if index is None:
            start = time.monotonic()
            index = _scan(self._path, folders, stored, describe)
            if time.monotonic() - start > SLOW_S:
                save_index(self._path, key, index)
        super().__init__(index.y, index.groups, shape, Counter(index.skipped))
        self._names, self._offsets = index.names, index.offsets

    @property
    def names(self) -> np.ndarray:
        """The instances' names, without the folder in the file."""
        return np.array([self._name(index) for index in range(len(self))], str)

    def _name(self, index: int) -> str:
        return self._names[index].rpartition(b"/")[2].decode()

    def _source(self) -> AbstractContextManager:
        return open_hdf5(self._path)

    def _reading_order(self, indices: np.ndarray) -> np.ndarray:
        return np.argsort(self._offsets[indices], kind="stable")

    def _instance(self, source: Any, index: int) -> np.ndarray:
        try:
            array = source[self._names[index]][()]
            return (array.T if self._time_first else array).astype(np.float32)
        except DAMAGE as error:
            raise Skip("damaged") from error


class _Blocks:
    """Instances of one array: a chunk at a time for who reads on, alone for who jumps."""

    def __init__(self, array: h5py.Dataset):
        self._array, self._size = array, array.chunks[0] if array.chunks else len(array)
        self._start, self._block = 0, np.empty(0)
        self._next = -1

    def __getitem__(self, index: int) -> np.ndarray:
        jumps, self._next = index != self._next, index + 1
        if not self._start <= index < self._start + len(self._block):
            if jumps:
                return self._array[index]
            stop = (index // self._size + 1) * self._size
            self._start, self._block = index, self._array[index:stop]
        return self._block[index - self._start]


class PanelReader(Reader):
    """Read a panel file that `write_panel` wrote.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    name : str
        The dataset it must hold, such as ``"STEAD-simulated"``.

    Raises
    ------
    ValueError
        If the file is damaged, in another format, or holds another dataset.
    """

    def __init__(self, path: Path, name: str):
        self._path = Path(path)
        stored = self._path.stat().st_size if self._path.is_file() else 0
        with open_hdf5(self._path) as file, refusing(f"{path} is no intact panel file"):
            if file.attrs.get("format") != _FORMAT or file.attrs.get("name") != name:
                raise ValueError(
                    f"{path} must hold {name}, written by `sktl simulate`. Received: a file with "
                    f"format={file.attrs.get('format')!r}, name={file.attrs.get('name')!r}"
                )
            arrays = {key: file.get(key) for key in ("X", "y", "groups")}
            for array in arrays.values():
                if array is not None and is_foreign(array, file):
                    raise ValueError("arrays must lie in the file itself")
            sizes = {
                key: None if array is None else len(check_array(array, stored))
                for key, array in arrays.items()
            }
            if None in sizes.values() or len(set(sizes.values())) > 1:
                raise ValueError(f"{path} is damaged. Received: arrays of the lengths {sizes}")
            y = file["y"]
            y = y.asstr()[:] if h5py.check_string_dtype(y.dtype) else y[:]
            groups = file["groups"].asstr()[:].astype(str)
            shape = file["X"].shape[1:]
            if len(shape) != 2 or file["X"].dtype.kind != "f" or y.ndim != 1:
                raise ValueError(f"X has the shape {file['X'].shape}, y {y.shape}")
        super().__init__(np.asarray(y, dtype=None if y.dtype.kind == "f" else str), groups, shape)

    @contextmanager
    def _source(self) -> Iterator[_Blocks]:
        # With a cache of chunks, HDF5 would read a whole one for each instance.
        with open_hdf5(self._path, rdcc_nbytes=0) as file:
            yield _Blocks(file["X"])

    def _instance(self, source: Any, index: int) -> np.ndarray:
        try:
            return source[index]
        except DAMAGE as error:
            raise Skip("damaged") from error


def write_panel(
    path: Path,
    name: str,
    batches: Iterable[tuple[np.ndarray, np.ndarray, np.ndarray]],
    **facts: Any,
) -> int:
    """Write batches of a panel to an HDF5 file without holding more than one.

    The file has the datasets ``X`` of shape (n_instances, n_channels, n_timepoints), ``y`` and
    ``groups``, and facts as attributes. It is written beside its place and moved there when
    complete.

    Parameters
    ----------
    path : pathlib.Path
        Where to.
    name : str
        The dataset's name.
    batches : iterable of (X, y, groups)
        What to write.
    **facts
        Attributes of the file.

    Returns
    -------
    int
        Number of instances written.
    """
    text = h5py.string_dtype()
    total = 0
    with replacing(Path(path)) as new, h5py.File(new, "w") as file:
        file.attrs.update({"format": _FORMAT, "name": name, **facts})
        for X, y, groups in batches:
            if not total:
                shape = X.shape[1:]
                chunk = max(1, 2**18 // (4 * shape[0] * shape[1]))
                kind = np.float32 if np.asarray(y).dtype.kind == "f" else text
                file.create_dataset(
                    "X",
                    (0, *shape),
                    np.float32,
                    chunks=(chunk, *shape),
                    maxshape=(None, *shape),
                )
                file.create_dataset("y", (0,), kind, chunks=(4096,), maxshape=(None,))
                file.create_dataset("groups", (0,), text, chunks=(4096,), maxshape=(None,))
            for key, values in (("X", X), ("y", y), ("groups", np.asarray(groups).astype(str))):
                file[key].resize(total + len(X), axis=0)
                file[key][total:] = values.astype(object) if values.dtype.kind == "U" else values
            total += len(X)
    return total
