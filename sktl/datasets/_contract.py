"""The one contract of every ``fetch_X``: made from a dataset's facts, so that none differs."""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike
from typing import Any

import numpy as np

from sktl.datasets._spec import DatasetSpec

_FACTS = ("name", "task", "classes", "rate_hz", "unit", "licence", "citation", "url")
_DOC = """Fetch {name}, {title}.

{n_instances:,} instances of {n_channels} channel{s} and {n_timepoints:,} time points{rate}, in
{unit}; {task} of the {target}. See {url}.

Parameters
----------
split : {{"train", "validation", "test"}} or None, default="train"
    Which part; None gives everything.
return_X_y : bool, default=True
    Whether to return the panel and the target alone.
n_instances : int, optional
    At most this many instances, drawn at random{stratified}; all by default.
data_home : path-like, optional
    Where downloads are kept; by default ``$SKTL_HOME/datasets``.
path : path-like, optional
    A file or folder of your own in the official format; nothing is downloaded.
return_type : str, default="numpy3D"
    A panel type of sktime, such as ``"pd-multiindex"``.
grouped : bool, default=False
    Whether all instances of one {group} lie in one part; the published split does not
    care and its scores are too good where groups share something.
random_state : int, default=0
    Seed of the split and of the draw.
download_if_missing : bool, default=True
    Whether a missing file may be downloaded.

Returns
-------
X : panel of shape (n_instances, n_channels, n_timepoints)
    float32, of type ``return_type``.
y : np.ndarray of shape (n_instances,)
    {dtype}.
bunch : sklearn.utils.Bunch
    Instead of both, with ``return_X_y=False``: ``data``, ``target``, ``groups``
    ({group}), ``split`` (part of each instance), ``skipped``, ``rate_hz``, ``unit``,
    ``task``, ``classes``, ``licence``, ``citation``, ``url`` and ``name``.

Raises
------
ValueError
    If an option is unknown or a file is not in the official format.
OSError
    If a file is missing and cannot be downloaded; the message says what to do.

References
----------
{citation}

Examples
--------
>>> from sktl.datasets import fetch_{module}
>>> X, y = fetch_{module}(split="train")  # doctest: +SKIP
"""


def _document(spec: DatasetSpec) -> str:
    return _DOC.format(
        **vars(spec),
        s="s" if spec.n_channels > 1 else "",
        rate=f" at {spec.rate_hz:g} Hz" if spec.rate_hz else "",
        stratified=" in proportion to the classes" if spec.classes else "",
        dtype="Labels as str" if spec.classes else "float32",
    )


def make_fetcher(spec: DatasetSpec) -> Callable[..., Any]:
    """Return ``fetch_X`` of a dataset."""

    def fetch(
        split: str | None = "train",
        return_X_y: bool = True,
        n_instances: int | None = None,
        data_home: str | PathLike[str] | None = None,
        *,
        path: str | PathLike[str] | None = None,
        return_type: str | None = "numpy3D",
        grouped: bool = False,
        random_state: int = 0,
        download_if_missing: bool = True,
    ) -> Any:
        from sktime.datatypes import convert_to

        from sktl.datasets._registry import load_dataset
        from sktl.datasets._splits import PARTS

        wanted = PARTS if split is None else (split.lower(),)
        if not set(wanted) <= set(PARTS):
            raise ValueError(
                f"split must be one of {PARTS} or None; grouped=True keeps each group in one "
                f"part. Received: split={split!r}"
            )
        dataset = load_dataset(
            spec.name,
            random_state=random_state,
            split="grouped" if grouped else "published",
            path=path,
            data_home=data_home,
            download_if_missing=download_if_missing,
        )
        empty = np.empty(0, dtype=np.int64)
        dataset.parts = {part: dataset.parts[part] if part in wanted else empty for part in PARTS}
        if n_instances is not None:
            dataset = dataset.limited(n_instances, random_state)
        read = {part: dataset.part(part) for part in wanted}
        X = np.concatenate([part.X for part in read.values()])
        if not len(X):
            raise ValueError(
                f"No instance of {spec.name} in split={split!r} can be used. "
                f"Skipped: {dataset.skipped}. Received: path={path!r}"
            )
        y = np.concatenate([part.y for part in read.values()])
        panel = convert_to(X, return_type or "numpy3D", as_scitype="Panel")
        if return_X_y:
            return panel, y
        from sklearn.utils import Bunch

        return Bunch(
            data=panel,
            target=y,
            groups=np.concatenate([part.groups for part in read.values()]),
            split=np.repeat(list(read), [len(part.y) for part in read.values()]),
            skipped=dataset.skipped,
            **{fact: getattr(spec, fact) for fact in _FACTS},
        )

    fetch.__name__ = fetch.__qualname__ = f"fetch_{spec.module}"
    fetch.__module__ = f"sktl.datasets.{spec.module}"
    fetch.__doc__ = _document(spec)
    return fetch
