"""What a search compares, and on what: its parameters checked, sources, networks, parts."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from sktl._checks import check_choice, check_number
from sktl._lengths import refuse_unequal, together
from sktl.estimators.preparation import held_out_part, prepare
from sktl.estimators.transfer import form_of, has_shapes_of
from sktl.model_selection._candidates import Candidate, Part
from sktl.model_selection._rank_sources import rank_sources
from sktl.sources import expand_sources
from sktl.training.randomness import random_streams
from sktl.training.training_data import data_hashes


class SearchInputs:
    """Gives `OmegaSearch` what its parameters, X and y stand for."""

    # What the search has.
    estimator: Any
    omegas: Any
    sources: Any
    include_scratch: bool
    selection: Any
    scoring: str
    margin: Any
    search: str
    race_epochs: int
    race_factor: float
    refit: bool
    n_sources: Any
    _given: Mapping[str, Any]
    _kind: ClassVar[str]
    _check_estimator: Any

    def _check_parameters(self):
        self._check_estimator()
        check_choice("scoring", self.scoring, ("val_loss", "val_score"))
        check_choice("search", self.search, ("grid", "race"))
        if not isinstance(self.margin, str):
            check_number("margin", self.margin, least=0, wanted="at least 0, or 'noise'")
        else:
            check_choice("margin", self.margin, ("noise",))
        check_number("race_factor", self.race_factor, least=1, above=True, wanted="above 1")
        check_number("race_epochs", self.race_epochs, least=0, above=True, whole=True)
        if self.n_sources is not None:
            check_number("n_sources", self.n_sources, least=1, whole=True)
        if isinstance(self.omegas, Real | str) or not len(self.omegas):
            raise ValueError(
                f"omegas must be a sequence of numbers. Received: omegas={self.omegas!r}"
            )
        if isinstance(self.selection, str):
            check_choice("selection", self.selection, ("validation",))
            given = self._given.get("validation_data") is not None
            if self.estimator.validation_size is None and not given:
                raise ValueError(
                    "selection='validation' needs the estimator's inner split or validation_data "
                    "given to fit. Received: validation_size=None and no validation_data"
                )
            if self._given.get("groups") is not None:
                raise ValueError(
                    "groups need selection=GroupKFold(5) or another splitter that takes them. "
                    "Received: groups with selection='validation'"
                )

    def _networks(self, template, X, y, prepared):
        """Make the networks' candidates, scratch first, each with the same random state.

        What is prepared for it is left in `prepared`, by its form.
        """
        sources = self._sources(X, y)
        scratch = self.include_scratch or None in sources
        pairs: list[tuple] = [(None, 1.0)] if scratch else []
        self.ranking_ = None
        if self.n_sources is not None:
            sources = self._best_ranked(template, X, y, sources, prepared)
        forms = {None: form_of(template, X, None)}
        for asked in sources:
            if asked is None:
                continue
            for omega in self.omegas:
                template.clone().set_params(source=asked, omega=omega).check_parameters()
            loaded = template.clone().set_params(source=asked).load_source()
            # What stands in for published weights has a name of its own.
            source = loaded.card.name if loaded and loaded.origin == "bundled" else asked
            forms[source] = form_of(template, X, loaded)
            pairs += [(source, omega) for omega in self.omegas]
        candidates = []
        for source, omega in dict.fromkeys(pairs):
            estimator = template.clone().set_params(source=source, omega=omega)
            estimator.check_parameters()
            candidates.append(Candidate(estimator, forms[source]))
        return candidates

    def _sources(self, X, y) -> list:
        if self.sources is None:
            if self.estimator.source is None:
                raise ValueError(
                    "There is nothing to transfer: give the estimator a source, or a list of "
                    "sources to the search. Received: sources=None, estimator.source=None"
                )
            return [self.estimator.source]
        architecture = self.estimator.architecture
        sources = expand_sources(self.sources, architecture, data_hashes(X, y))
        if isinstance(self.sources, str):
            return fitting(self.estimator, X, sources)
        if not sources:
            raise ValueError("sources must name at least one source. Received: sources=[]")
        return sources

    def _best_ranked(self, template, X, y, sources, prepared):
        """Leave out all but the best sources, by what does not compare the candidates."""
        refuse_unequal(X, "n_sources ranks sources on such; n_sources=None tries all of them")
        rows = slice(None)
        if isinstance(self.selection, str):
            form = form_of(template, X, None)
            prepared[form] = self._prepared(template, X, y, form)
            rows = prepared[form].rows
        named = [source for source in sources if source is not None]
        groups = self._given.get("groups")
        best, self.ranking_ = best_ranked(template, X[rows], y[rows], named, self.n_sources, groups)
        return best

    def _prepared(self, template, X, y, form):
        # The same numbers that fit draws, so that the split is the same.
        return prepare(
            template,
            X,
            y,
            random_streams(template.random_state)["split"],
            form=form,
            validation_data=self._given.get("validation_data"),
            classes=vars(self).get("classes_"),
        )

    def _parts(self, X, y, template, forms, prepared):
        def data_of(X, y):
            return {
                form: prepared[form] if form in prepared else self._prepared(template, X, y, form)
                for form in forms
            }

        if isinstance(self.selection, str):
            data = data_of(X, y)
            return [Part(data, next(iter(data.values())).rows)]
        from sklearn.model_selection import check_cv

        splitter = check_cv(self.selection, y, classifier=self._kind == "classifier")
        return [
            Part(data_of(X[training], y[training]), training, (X[fold], y[fold]))
            for training, fold in splitter.split(X, y, self._given.get("groups"))
        ]

    def _held_out(self, estimator, X):
        """Return the series and targets that `fit` was given to compare, None where it was not."""
        given = self._given.get("validation_data")
        return (None, None) if given is None else held_out_part(estimator, given, X)

    def _everything(self, X, y):
        """Return all that the kept candidate may be fitted to anew."""
        X_held_out, y_held_out = self._held_out(self.estimator, X)
        if not self.refit or X_held_out is None:
            return X, y
        return together([X, X_held_out]), np.concatenate([y, y_held_out])


def fitting(estimator, X: np.ndarray, sources: list) -> list:
    """Leave out the sources whose layers have other shapes than the network's.

    Parameters
    ----------
    estimator : BaseTransferEstimator
        Has the network's parameters.
    X : np.ndarray of shape (n_instances, n_channels, n_timepoints)
        The training series.
    sources : list of str
        Names of sources.

    Returns
    -------
    list of str
        Those that fit; a warning names the others.
    """
    left_out = []
    for name in sources:
        candidate = estimator.clone().set_params(source=name)
        if not has_shapes_of(candidate, candidate.load_source(), X):
            left_out.append(name)
    if left_out:
        warnings.warn(
            f"{', '.join(left_out)} left out, because their layers have other "
            "shapes than those of the estimator",
            stacklevel=2,
        )
    return [name for name in sources if name not in left_out]


def best_ranked(
    estimator,
    X: np.ndarray,
    y: np.ndarray,
    sources: Sequence[Any],
    n_sources: int,
    groups: np.ndarray | None = None,
) -> tuple[list, pd.DataFrame]:
    """Leave out the sources whose frozen features say least of y.

    Parameters
    ----------
    estimator : BaseTransferEstimator
        Has the network's parameters; its random state is a number.
    X, y : np.ndarray
        What they are ranked on; see `rank_sources`.
    sources : sequence of (str or path-like)
        Names.
    n_sources : int
        How many stay.
    groups : np.ndarray of shape (n_instances,), optional
        Instances of one group are left out together.

    Returns
    -------
    sources : list
        Those that stay, the best first; what stood in for published weights by its own name.
    table : pandas.DataFrame
        The ranking.
    """
    table = rank_sources(
        X, y, estimator, list(sources), by="probe_loo", random_state=estimator.random_state,
        groups=groups,
    )  # fmt: skip
    best = table["source"].dropna()[:n_sources]
    return best.tolist(), table
