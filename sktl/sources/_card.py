"""The card: the description of a file of pretrained weights."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from datetime import datetime
from typing import Any

import numpy as np

FORMAT_VERSION = 2
TASKS = ("classification", "regression")
_LARGEST = 2**63 - 1
# What steers a terminal, and half of a letter; lines and tabs may be.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True)
class Card:
    """Description of a source, kept as ``card.json`` in its folder.

    Everything that is not known is None. Numpy scalars and tuples are turned into plain Python
    values, so that a card is always JSON.

    Parameters
    ----------
    name : str
        Name of the source, for example ``"STEAD"``.
    architecture : str
        The network, for example ``"MagNet"``.
    task : {"regression", "classification"}
        What the network was trained for.
    n_channels : int
        Channels of an instance that it was trained on.
    n_timepoints : int or None
        Time points of such an instance; None: they differ in length.
    n_outputs : int
        Number of its outputs.
    dataset : str, optional
        What it was trained on.
    simulated : bool, optional
        Whether that data was simulated.
    domain : str, optional
        What kind of data it is, such as ``"seismology"`` or ``"ECG"``.
    n_instances : int, optional
        Number of training instances.
    data_sha256 : str, optional
        sha256 of the training data, 64 lower-case hexadecimal digits.
    classes : list of str, int, float or bool, optional
        The labels, in the order of the outputs. Only for classification.
    sampling_rate : float, optional
        Samples per second (Hz).
    preprocessing : dict, optional
        What was done to an instance before the network saw it. Its ``"scaling"`` is the rule that
        estimators with ``preprocessing="source"`` apply.
    parameters : dict, optional
        Constructor parameters of the estimator that was trained.
    transferable : list of str, optional
        Names of the layers that are meant to be transferred.
    score : dict, optional
        ``{"metric": str, "value": float, "split": str}``.
    training : dict, optional
        How it was trained: seeds, repeats, epochs, the check of convergence, the code's commit.
    results : list of dict, optional
        Measured effects on targets.
    versions : dict of str to str, optional
        Package to version.
    licence, citation, notes : str, optional
        Free text.
    created : str, optional
        Time in ISO 8601.
    weights_sha256 : str, optional
        sha256 of the file of weights; `save_source` fills it in.
    format_version : int, default=2
        Version of this format.

    Raises
    ------
    TypeError
        If a field has the wrong type.
    ValueError
        If a field has an impossible value.

    Examples
    --------
    >>> from sktl.sources import Card
    >>> card = Card("mine", "MagNet", "regression", n_channels=3, n_timepoints=540, n_outputs=1)
    >>> Card.from_dict(card.to_dict()) == card
    True
    """

    name: str
    architecture: str
    task: str
    n_channels: int
    n_timepoints: int | None
    n_outputs: int
    dataset: str | None = None
    simulated: bool | None = None
    domain: str | None = None
    n_instances: int | None = None
    data_sha256: str | None = None
    classes: list | None = None
    sampling_rate: float | None = None
    preprocessing: dict | None = None
    parameters: dict | None = None
    transferable: list[str] | None = None
    score: dict | None = None
    training: dict | None = None
    results: list[dict] | None = None
    versions: dict[str, str] | None = None
    licence: str | None = None
    citation: str | None = None
    created: str | None = None
    notes: str | None = None
    weights_sha256: str | None = None
    format_version: int = FORMAT_VERSION

    def __post_init__(self):
        for field in fields(self):
            given = getattr(self, field.name)
            value = _plain(given, field.name)
            if value is not given:
                object.__setattr__(self, field.name, value)
            if value is None and field.default is not None and field.name != "n_timepoints":
                raise TypeError(f"A card's {field.name} must be given. Received: {field.name}=None")
            if value is not None:
                _CHECKS[field.name](field.name, value)
        if self.task == "regression" and self.classes is not None:
            raise ValueError(
                f"A regression source has no classes. Received: classes={self.classes!r}"
            )
        if self.classes is not None and len(self.classes) != self.n_outputs:
            raise ValueError(
                "A card needs one class per output. "
                f"Received: {len(self.classes)} classes, n_outputs={self.n_outputs}"
            )

    def to_dict(self) -> dict[str, Any]:
        """Return the card as a dictionary of plain Python values.

        Returns
        -------
        dict
            One entry per field, None included; a deep copy.
        """
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Card:
        """Make a card of a dictionary, as read from JSON.

        Parameters
        ----------
        values : mapping
            Field name to value. Fields that may be None may be absent.

        Returns
        -------
        Card
            The card.

        Raises
        ------
        TypeError
            If ``values`` is no mapping or a field has the wrong type.
        ValueError
            If a field is unknown, missing or impossible, or the format is newer than this package.
        """
        if not isinstance(values, Mapping):
            raise TypeError(f"A card must be a JSON object. Received: {type(values).__name__}")
        version = values.get("format_version")
        if isinstance(version, int) and version > FORMAT_VERSION:
            raise ValueError(
                f"This sktl reads cards up to format_version={FORMAT_VERSION}; "
                f"install a newer one. Received: format_version={version}"
            )
        known = [field.name for field in fields(cls)]
        for name in values:
            if name not in known:
                near = difflib.get_close_matches(str(name), known, 1)
                hint = f" Did you mean {near[0]!r}?" if near else ""
                raise ValueError(
                    f"A card has no field of this name.{hint} Known: {', '.join(known)}. "
                    f"Received: {name!r}"
                )
        required = [f.name for f in fields(cls) if f.default is MISSING] + ["format_version"]
        missing = [name for name in required if name not in values]
        if missing:
            raise ValueError(
                f"A card needs {', '.join(required)}. Missing: {', '.join(missing)}. "
                f"Received: {', '.join(map(str, values)) or 'an empty card'}"
            )
        return cls(**values)


def _plain(value, where):
    """Turn numpy scalars, tuples and mappings into what JSON knows, or say where it is not."""
    if value is None or type(value) is bool:
        return value
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"A card's numbers must be finite. Received: {where}={value}")
    if isinstance(value, int) and not -_LARGEST <= value <= _LARGEST:
        raise ValueError(f"A card's whole numbers have at most 64 bits. Received: {where}")
    if isinstance(value, str) and _CONTROL.search(value):
        raise ValueError(f"A card's text must hold no control characters. Received: {where}")
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, list | tuple):
        return [_plain(item, f"{where}[{i}]") for i, item in enumerate(value)]
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise TypeError(f"A card's dictionaries need text as keys. Received: {where}={value!r}")
        return {str(key): _plain(item, f"{where}[{key!r}]") for key, item in value.items()}
    raise TypeError(
        "A card holds text, numbers, booleans, None, lists and dictionaries. "
        f"Received: {where} of type {type(value).__name__}"
    )


def _refuse(name, wanted, value, kind=TypeError):
    raise kind(f"A card's {name} must be {wanted}. Received: {name}={value!r}")


def _text(name, value):
    if not isinstance(value, str) or not value:
        _refuse(name, "text", value)


def _task(name, value):
    if value not in TASKS:
        _refuse(name, " or ".join(map(repr, TASKS)), value, ValueError)


def _flag(name, value):
    if not isinstance(value, bool):
        _refuse(name, "true or false", value)


def _count(name, value):
    if isinstance(value, bool) or not isinstance(value, int):
        _refuse(name, "a whole number", value)
    if value < 1:
        _refuse(name, "at least 1", value, ValueError)


def _rate(name, value):
    if isinstance(value, bool) or not isinstance(value, int | float):
        _refuse(name, "a number", value)
    if value <= 0:
        _refuse(name, "above 0", value, ValueError)


def _hash(name, value):
    if not isinstance(value, str) or not re.fullmatch("[0-9a-f]{64}", value):
        _refuse(name, "64 lower-case hexadecimal digits", value, ValueError)


def _time(name, value):
    _text(name, value)
    try:
        datetime.fromisoformat(value)
    except ValueError:
        _refuse(name, "a time in ISO 8601", value, ValueError)


def _dict(name, value):
    if not isinstance(value, dict):
        _refuse(name, "a dictionary", value)


def _versions(name, value):
    _dict(name, value)
    if not all(isinstance(item, str) for item in value.values()):
        _refuse(name, "a dictionary of package to version", value)


def _score(name, value):
    _dict(name, value)
    number = value.get("value")
    if (
        set(value) != {"metric", "value", "split"}
        or not isinstance(value["metric"], str)
        or not isinstance(value["split"], str)
        or isinstance(number, bool)
        or not isinstance(number, int | float)
    ):
        _refuse(name, "{'metric': text, 'value': number, 'split': text}", value, ValueError)


def _classes(name, value):
    if not isinstance(value, list) or not all(isinstance(v, str | int | float) for v in value):
        _refuse(name, "a list of labels (text or numbers)", value)


def _names(name, value):
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
        _refuse(name, "a list of names", value)


def _tables(name, value):
    if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
        _refuse(name, "a list of dictionaries", value)


_CHECKS = (
    dict.fromkeys(
        ["name", "architecture", "dataset", "domain", "licence", "citation", "notes"], _text
    )
    | dict.fromkeys(
        ["n_channels", "n_timepoints", "n_outputs", "n_instances", "format_version"], _count
    )
    | dict.fromkeys(["data_sha256", "weights_sha256"], _hash)
    | dict.fromkeys(["preprocessing", "parameters", "training"], _dict)
    | {
        "task": _task,
        "simulated": _flag,
        "classes": _classes,
        "sampling_rate": _rate,
        "transferable": _names,
        "results": _tables,
        "score": _score,
        "versions": _versions,
        "created": _time,
    }
)
