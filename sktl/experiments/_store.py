"""The store: a folder with one record, written whole or not at all, for every finished trial.

::

    store.json           the settings that all records share
    records/ab/<key>.json
    pretraining/<key>.json
    sources/<architecture>/<dataset>/<key>/   weights of the pre-training
    data/<checksum>.npz  the user's own datasets
    outdated/, damaged/  records moved aside, never deleted
    locks/               who is at what; may be deleted while nothing runs
"""

from __future__ import annotations

import hashlib
import json
import os
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sktl._files import check_folder, is_left_behind
from sktl._untrusted import read_json
from sktl.experiments._files import move, store_error, write_whole
from sktl.experiments._locks import waiting_lock
from sktl.experiments._trial import Data, Trial, canonical
from sktl.experiments._versions import versions

if TYPE_CHECKING:
    from sktl.datasets import Dataset

FORMAT = 1
#: Fields of a record that differ between two runs of the same trial.
VOLATILE = ("seconds", "provenance", "checksum")
_OLD = 3600  # seconds after which an unfinished file belongs to nobody


@dataclass(frozen=True)
class State:
    """What is known of a record without its content.

    Attributes
    ----------
    path : pathlib.Path
        The record's file.
    status : {"ok", "failed"}
        How the trial ended.
    stamp : int
        Time of the file's last change, in nanoseconds.
    identity : tuple
        See `Trial.identity`.
    current : bool
        Whether format and versions are those of this process.
    final : bool
        Whether running the trial again would end alike: it succeeded, or its training diverges.
    """

    path: Path
    status: str
    stamp: int
    identity: tuple
    current: bool
    final: bool


class Store:
    """Records of finished trials in a folder; several processes may work on one.

    Parameters
    ----------
    folder : path-like
        The folder. Nothing is read or made before it is needed.

    Examples
    --------
    >>> import tempfile
    >>> from sktl.experiments import Data, Store, Trial
    >>> store = Store(tempfile.mkdtemp()).create()
    >>> trial = Trial("reference", "TCN", Data("EMG-simulated", 200), n_train=50, rerun=0)
    >>> _ = store.write(trial, {"status": "ok", "test_score": 0.5})
    >>> store.read(trial)["test_score"]
    0.5
    """

    def __init__(self, folder: str | os.PathLike[str]):
        self.folder = Path(folder).expanduser().absolute()
        self.records = self.folder / "records"
        self.locks = self.folder / "locks"

    def __repr__(self) -> str:
        return f"Store({str(self.folder)!r})"

    def create(self, settings: Mapping[str, Any] | None = None) -> Store:
        """Make the folder ready for writing.

        Parameters
        ----------
        settings : mapping, optional
            What all records of the store share, JSON values. The first run writes it down, and
            later runs must have the same.

        Returns
        -------
        Store
            This store.

        Raises
        ------
        StoreError
            If the folder cannot be written.
        ValueError
            If the store holds records of other settings.
        """
        check_folder(self.folder, "folder")
        try:
            for name in ("records", "pretraining", "sources", "locks"):
                (self.folder / name).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise store_error(error, self.folder) from error
        for path in self.folder.rglob(".*.tmp"):
            # What a killed process left behind; a living one has its file for milliseconds.
            if path.is_file() and time.time() - path.stat().st_mtime > _OLD:
                path.unlink(missing_ok=True)
        write_whole(self.folder / ".writable", b"")
        (self.folder / ".writable").unlink(missing_ok=True)
        if settings is not None:
            with waiting_lock(self.locks / "store.lock"):
                self._check_settings(json.loads(canonical(settings)))
        return self

    def _check_settings(self, settings: dict[str, Any]) -> None:
        path = self.folder / "store.json"
        try:
            kept = dict(read_json(path.read_bytes())["settings"])
        except (OSError, ValueError, KeyError, TypeError):
            content = {"format": FORMAT, "settings": settings}
            write_whole(path, json.dumps(content, indent=1).encode())
            return
        different = sorted(
            name for name in {*kept, *settings} if kept.get(name) != settings.get(name)
        )
        if different:
            pairs = [
                f"{name}={settings.get(name)!r} instead of {kept.get(name)!r}" for name in different
            ]
            raise ValueError(
                "The records of one folder must have the same settings, else they cannot be "
                f"compared; use another folder. Received: {'; '.join(pairs)} in {self.folder}"
            )

    def path(self, trial: Trial) -> Path:
        """Return where a trial's record lies, or will lie."""
        if trial.kind == "pretraining":
            return self.folder / "pretraining" / f"{trial.key}.json"
        return self.records / trial.key[:2] / f"{trial.key}.json"

    def source_folder(self, trial: Trial) -> Path:
        """Return where the weights of a pre-training lie, or will lie."""
        folder = self.folder / "sources" / trial.architecture / trial.data.name
        return folder / trial.key[:16]

    def data_file(self, data: Data) -> Path | None:
        """Return where the user's own data lies, or will lie; None of other data."""
        return self.folder / "data" / f"{data.content}.npz" if data.own else None

    def keep(self, data: Data, dataset: Dataset) -> None:
        """Keep the user's own data where every worker finds it, unless an intact copy is there.

        Parameters
        ----------
        data : Data
            What trials call it.
        dataset : sktl.datasets.Dataset
            Its instances in their parts.

        Raises
        ------
        StoreError
            If it cannot be written.
        """
        from sktl.datasets import save_npz
        from sktl.experiments._data import load_own

        path = self.folder / "data" / f"{data.content}.npz"
        try:
            load_own(data, path)
        except (OSError, ValueError):
            try:
                save_npz(dataset, path)
            except OSError as error:
                raise store_error(error, path) from error

    def write(self, trial: Trial, results: Mapping[str, Any]) -> dict[str, Any]:
        """Write a record: all of it, or nothing.

        Parameters
        ----------
        trial : Trial
            What was done.
        results : mapping
            What came out, JSON values without NaN: ``status``, scores, curves, ...

        Returns
        -------
        dict
            The record as written.

        Raises
        ------
        StoreError
            If it cannot be written; what was there before is unchanged.
        """
        record = {
            "format": FORMAT,
            "key": trial.key,
            **_row(trial),
            **results,
            "trial": trial.content(),
            "versions": versions(),
        }
        record["checksum"] = _checksum(record)
        write_whole(self.path(trial), json.dumps(record, allow_nan=False).encode())
        return record

    def read(self, trial: Trial) -> dict[str, Any] | None:
        """Return a trial's record; None where there is none or it is damaged.

        A damaged record is moved to the folder ``damaged``.
        """
        return self._load(self.path(trial))

    def stamp(self, trial: Trial) -> int | None:
        """Return when a trial's record was written, in nanoseconds; None where there is none."""
        try:
            return self.path(trial).stat().st_mtime_ns
        except OSError:
            return None

    def _load(self, path: Path, repair: bool = True) -> dict[str, Any] | None:
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return None
        record = _parsed(content)
        if record is None or record["key"] != path.stem:
            if repair:
                self._move(path, "damaged")
            return None
        return record

    def scan(self, repair: bool = True) -> dict[str, State]:
        """Read every record and say what is there.

        Parameters
        ----------
        repair : bool, default=True
            Move damaged records to the folder ``damaged``; False: only skip them.

        Returns
        -------
        dict of str to State
            By key.
        """
        now, found = versions(), {}
        for path in self._paths():
            record = self._load(path, repair)
            if record is not None:
                current = record.get("format") == FORMAT and record.get("versions") == now
                identity = identity_of(record["trial"]) if current else ()
                stamp = path.stat().st_mtime_ns
                status = record["status"]
                final = status == "ok" or bool(record.get("diverged"))
                found[path.stem] = State(path, status, stamp, identity, current, final)
        return found

    def _paths(self) -> Iterator[Path]:
        for folder in (self.folder / "pretraining", self.records):
            yield from sorted(p for p in folder.rglob("*.json") if not is_left_behind(p))

    def sort_out(self, planned: Iterable[Trial]) -> tuple[dict[str, State], int]:
        """Leave only records that may be compared with those of the planned trials.

        Moved aside are records of another format or other versions, and those of a planned trial
        with other content, for example from other source weights. A record that was moved aside
        and is planned again is brought back.

        Parameters
        ----------
        planned : iterable of Trial
            What is about to be run.

        Returns
        -------
        found : dict of str to State
            The records that are left, by key.
        moved : int
            How many were moved aside.
        """
        keys = {}
        for trial in planned:
            keys[trial.identity] = trial.key
            aside = self.folder / "outdated" / f"{trial.key}.json"
            if aside.is_file() and not self.path(trial).exists():
                move(aside, self.path(trial))
        found, moved = self.scan(), 0
        for key, state in list(found.items()):
            if not state.current or keys.get(state.identity, key) != key:
                moved += self._move(state.path, "outdated")
                del found[key]
        return found, moved

    def set_aside(self, trial: Trial) -> None:
        """Move a trial's record to the damaged ones, so that it is run again."""
        self._move(self.path(trial), "damaged")

    def _move(self, path: Path, where: str) -> bool:
        """Move a record aside; another process may have been faster."""
        target = self.folder / where / path.name
        if target.exists():
            target = target.with_name(f"{path.stem}.{uuid.uuid4().hex[:8]}.json")
        try:
            move(path, target)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise store_error(error, path) from error
        return True

    def damaged(self) -> list[Path]:
        """Return the damaged records that were moved aside."""
        return sorted((self.folder / "damaged").glob("*"))

    def iter_records(self) -> Iterator[dict[str, Any]]:
        """Iterate over the intact records, those of pre-training first, in the order of keys."""
        for path in self._paths():
            record = self._load(path, repair=False)
            if record is not None:
                yield record


def _row(trial: Trial) -> dict[str, Any]:
    """Return the columns that a table of results finds a trial by."""
    kind, architecture, source, target, n_train, omega, rerun, repeat = trial.identity
    return {
        "kind": kind,
        "architecture": architecture,
        "source": source,
        "target": target,
        "n_train": n_train,
        "omega": omega,
        "rerun": rerun,
        "repeat": repeat,
    }


def identity_of(content: Mapping[str, Any]) -> tuple:
    """Return `Trial.identity` from what `Trial.content` gave."""
    first = content["kind"], content["architecture"], content["source"], content["data"]["name"]
    return (*first, *(content[name] for name in ("n_train", "omega", "rerun", "repeat")))


def _checksum(record: Mapping[str, Any]) -> str:
    content = {name: value for name, value in record.items() if name != "checksum"}
    return hashlib.sha256(canonical(content)).hexdigest()


def _parsed(content: bytes) -> dict[str, Any] | None:
    """Return a record, or None where it is not exactly what was written."""
    try:
        record = read_json(content)
        intact = record["checksum"] == _checksum(record)
        hash(identity_of(record["trial"]))
        return record if intact and {"key", "status"} <= record.keys() else None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def same_result(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return True if two records agree in everything but times, hosts and the like.

    Parameters
    ----------
    one, other : mapping
        Records.

    Returns
    -------
    bool
        True where all fields but `VOLATILE` are equal.
    """
    names = ({*one} | {*other}) - {*VOLATILE}
    return all(one.get(name) == other.get(name) for name in names)
