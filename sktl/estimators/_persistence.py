"""Saving a fitted network as a source: its weights and its card."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar

from sktl.estimators.network import described
from sktl.sources import Card, check_own_name, own_sources_directory, save_source
from sktl.training.training_data import DataFacts


class PersistenceMixin:
    """Adds the method `save_pretrained` to estimators."""

    # Attributes of the estimator and of its fit.
    architecture: ClassVar[str]
    history_: Any
    best_epoch_: int
    classes_: Any
    schedule_: dict[str, Any]
    source_: Any
    _facts: DataFacts
    _weights: Any
    check_is_fitted: Any
    get_params: Any

    def save_pretrained(self, path=None, *, name: str | None = None, **card) -> Path:
        """Save the fitted network as a source for other estimators.

        Parameters
        ----------
        path : str or path-like, optional
            Folder to write, atomically; an existing source in it is replaced. Default: a folder of
            this name in the user's own sources, so that `source=name` finds it.
        name : str, optional
            Name of the source; default: that of the folder.
        **card
            Further fields of the card: ``dataset``, ``simulated``, ``sampling_rate`` (Hz),
            ``licence``, ``citation``, ``notes``, ... See `sktl.sources.Card`.

        Returns
        -------
        pathlib.Path
            The folder.

        Raises
        ------
        ValueError
            If neither `path` nor `name` is given, if a name without a path belongs to a bundled
            source, or if y had one class, so that no network was trained.
        """
        self.check_is_fitted()
        if "_weights" not in vars(self):
            raise ValueError(
                "save_pretrained needs a trained network, and with one class in y none is trained. "
                f"Received: y with the class {self.classes_.tolist()}"
            )
        if path is None and name is None:
            raise ValueError("save_pretrained needs a path or a name. Received: neither")
        if path is None:
            check_own_name(str(name))
            path = own_sources_directory() / self.architecture / str(name)
        facts = self._facts
        fields: dict[str, Any] = described(self, facts) | {
            "name": name or Path(path).name,
            "sampling_rate": self.get_params(deep=False)["sampling_rate"],
            "preprocessing": facts.preprocessing.description(),
            "parameters": {
                key: value
                if isinstance(value, int | float | str | tuple | list | dict | None)
                else repr(value)
                for key, value in self._used_params().items()
            },
            "score": self._card_score(),
            "versions": {p: version(p) for p in ("sktl", "sktime", "keras", "numpy")},
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        return save_source(path, Card(**(fields | card)), self._weights)

    def _used_params(self):
        """Return the parameters, with the name of the source that was actually used."""
        params = self.get_params(deep=False) | self.schedule_
        if self.source_ is not None and self.source_.name == f"{params['source']}-simulated":
            params["source"] = self.source_.name
        return params

    def _card_score(self):
        if "val_score" not in self.history_:
            return None
        value = float(self.history_["val_score"][self.best_epoch_])
        return {"metric": self._facts.targets.score_name, "value": value, "split": "validation"}
