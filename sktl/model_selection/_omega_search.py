"""The search over omega and sources, and the guard against negative transfer."""

from __future__ import annotations

import math
import warnings
from numbers import Real
from typing import ClassVar

import numpy as np
from sktime.classification.base import BaseClassifier
from sktime.regression.base import BaseRegressor

from sktl._checks import check_choice, check_number
from sktl._lengths import series_of, together
from sktl._random import draw_seed
from sktl.estimators.base import BaseTransferEstimator
from sktl.estimators.preparation import held_out_part, prepare
from sktl.estimators.transfer import repeats_for
from sktl.estimators.wrapper import NetworkWrapper
from sktl.model_selection._candidates import Candidate, Part, advance_all, fitting, race
from sktl.model_selection._noise import chance, judge, standard_error
from sktl.model_selection._results import contestants, curves, decide, tabulate
from sktl.sources import expand_sources
from sktl.training.optimizer import OMEGA_GRID
from sktl.training.randomness import random_streams
from sktl.training.training_data import data_hash


class OmegaSearch(NetworkWrapper):
    """Choose omega and the source by validation, and keep scratch unless transfer wins.

    Every candidate trains on the same split from the same seed: the layers that do not transfer
    start alike in all of them. A candidate gives, bit for bit, what
    ``estimator.set_params(source=..., omega=...).fit(X, y)`` gives with the same `random_state`;
    the compiled network and the pre-processed data are made once. The test set of an experiment
    has no part in this: choosing omega on it, as the original experiment did, favours transfer.

    ``OmegaSearch(estimator)`` makes an `OmegaSearchClassifier` or an `OmegaSearchRegressor`,
    after the estimator's kind.

    Parameters
    ----------
    estimator : estimator of sktl.estimators
        The network; its `source` and `omega` are what the search varies.
    omegas : sequence of float, default=OMEGA_GRID
        Multipliers of the transferred layers' learning rate; each is tried with each source.
    sources : sequence of (str, path-like or None), "available", group or None, default=None
        Sources to try; None in a sequence stands for scratch. "available": all that load without
        a download, but no groups and nothing that was trained on the very X and y; the name of a
        group, such as "UCR": its members; of both those that have the shapes of the estimator's
        layers (a warning names the others). See `sktl.sources.expand_sources`. None: the
        estimator's own `source`.
    include_scratch : bool, default=True
        Train from random initialisation as well (once, at omega 1) and guard against *negative
        transfer*: scratch is kept unless the best transfer beats it by more than `margin`.
    selection : "validation", int, cross-validation splitter or iterable of splits, \
default="validation"
        What compares the candidates. "validation": the inner split of the estimator (or the
        ``validation_data`` given to `fit`), the same for all. Otherwise cross-validation as in
        scikit-learn: every fold's training part has an inner split of its own, and the fold
        compares.
    scoring : {"val_loss", "val_score"}, default="val_loss"
        What is compared: the loss at the best epoch, without the penalty on kernels, or the
        estimator's score (mean absolute error, weighted F1) there.
    margin : float or "noise", default="noise"
        How much better than scratch the best transfer must be. "noise": by more than one standard
        error, over the instances that compare, of the mean difference of the two losses (for
        ``scoring="val_score"`` of absolute errors or of wrong classes). A number: as a share of
        scratch's value; 0.05 asks for a loss at least 5 percent lower. A tie keeps scratch.
    search : {"grid", "race"}, default="grid"
        Train all candidates to their end, or drop those that are behind: after `race_epochs`
        epochs, and again after `race_factor` times as many and so on, the best
        ``1 / race_factor`` of the transfers continue from where they are. Scratch is never
        dropped. A race can drop a slow starter that would have won; `decision_` says how many
        candidates were not trained to their end.
    race_epochs : int, default=10
        Epochs before the first comparison of a race.
    race_factor : float, default=2.0
        At each comparison the best ``1 / race_factor`` of the transfers continue; above 1.
    refit : bool, default=False
        With selection="validation", False keeps the best candidate as it was trained.
        True trains it anew on the training and the validation part together, for as many
        epochs as were best, with the learning rate falling by the training loss. With
        cross-validation the best candidate is always trained anew on all of X: with the
        estimator's inner split (False), or without one for the folds' median number of epochs
        (True).
    n_jobs : int or None, default=None
        Candidates trained at the same time, as in joblib; each worker has one thread.

    Attributes
    ----------
    best_estimator_ : estimator
        The fitted network of the kept candidate.
    best_params_ : dict
        Its ``source`` and ``omega``. The source is what was used: ``"STEAD-simulated"`` where
        published weights could not be downloaded and bundled ones stand in.
    best_index_ : int
        Its row in `cv_results_`.
    best_score_ : float
        Its ``mean_test_score``.
    cv_results_ : pandas.DataFrame
        One row per candidate, scratch first: ``source``, ``omega``, ``params``, ``val_loss`` and
        ``val_score`` (means over the folds), ``best_epoch`` (mean), ``n_epochs`` (trained, over
        all folds), ``finished`` (False: dropped from a race), ``mean_test_score`` and
        ``std_test_score`` (`scoring` with the sign that makes greater better),
        ``rank_test_score``, ``fit_time`` (s) and ``error``. The names with "test" are what tools
        of scikit-learn look for; what they hold is validation.
    curves_ : pandas.DataFrame
        The history of every training, indexed by ``candidate``, ``fold`` and ``epoch``.
    decision_ : dict
        How the best was chosen: ``kept`` ("scratch" or "transfer"), ``scratch`` and ``transfer``
        (their values of `scoring`; NaN where there is none), ``transfer_index`` (row of the best
        transfer), ``gain`` (how much better transfer was, as a share of scratch's value),
        ``margin`` (what was asked, as such a share), ``noise`` (one standard error of the
        difference; NaN where there is nothing to compare), ``chance`` (`scoring` of the mean
        target or the shares of the classes), ``at_chance`` (whether the kept candidate is not
        better than that by more than one standard error; a warning says so, too),
        ``n_transfers`` (how many chances transfer had),
        ``n_unfinished`` (candidates a race dropped), ``epochs_trained``, and
        ``epochs_saved_at_most`` (what the dropped would have trained without early stopping).

    Notes
    -----
    Transfer has as many chances as there are sources and omegas, scratch has one: of n equal
    candidates and scratch, a transfer is the best n times of n + 1, by luck. A `margin`, or
    cross-validation, makes the guard stricter.

    Among equal candidates the first row is the best.
    """

    def __init__(
        self,
        estimator,
        omegas=OMEGA_GRID,
        sources=None,
        include_scratch=True,
        selection="validation",
        scoring="val_loss",
        margin="noise",
        search="grid",
        race_epochs=10,
        race_factor=2.0,
        refit=False,
        n_jobs=None,
    ):
        self.estimator = estimator
        self.omegas = omegas
        self.sources = sources
        self.include_scratch = include_scratch
        self.selection = selection
        self.scoring = scoring
        self.margin = margin
        self.search = search
        self.race_epochs = race_epochs
        self.race_factor = race_factor
        self.refit = refit
        self.n_jobs = n_jobs
        super().__init__()
        if isinstance(estimator, BaseTransferEstimator):
            takes = "capability:unequal_length"
            self.set_tags(**{takes: estimator.get_tag(takes)})
        # Else sktime would search anew for every column of y.
        if isinstance(estimator, BaseTransferEstimator) and estimator.get_tag(
            "capability:multioutput", False, raise_error=False
        ):
            names = ("capability:multioutput", "y_inner_mtype")
            tags = {name: estimator.get_tag(name) for name in names}
            self.set_tags(**tags)

    def fit(self, X, y, validation_data=None, groups=None):
        """Train the candidates and keep the best.

        Parameters
        ----------
        X : sktime panel, or np.ndarray of shape (n_instances, n_channels, n_timepoints)
            Training series, in any unit, of unequal length where the estimator takes them.
        y : array-like of shape (n_instances,)
            Class labels, or numbers in any unit.
        validation_data : tuple of (X, y), optional
            Held-out instances instead of the inner split.
        groups : array-like of shape (n_instances,), optional
            What instances have in common (a speaker, a recording), for a `selection` by a splitter
            such as `sklearn.model_selection.GroupKFold`. The inner splits do not know of it.

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError
            If a parameter, the data or a source cannot be used.
        FloatingPointError
            If no candidate has a finite loss after its first epoch.
        """
        validation_data = self._checked_together(X, y, validation_data)
        return self._fit_with(X, y, validation_data=validation_data, groups=groups)

    def _fit(self, X, y):
        self._check_parameters()
        candidates = self._candidates(X, y)
        parts = self._parts(X, y, candidates)
        advance = advance_all(self.n_jobs, parts)
        self._greater_is_better = parts[0].facts.targets.monitors[self.scoring]
        if self.search == "race":
            factor = float(self.race_factor)
            candidates = race(candidates, advance, self._value, self.race_epochs, factor)
        else:
            candidates = advance(candidates, None)
        if all(candidate.error for candidate in candidates):
            raise FloatingPointError(f"No candidate could be trained. {candidates[0].error}")
        sign = 1 if self._greater_is_better else -1
        self.cv_results_ = tabulate(candidates, self.scoring, sign)
        self.curves_ = curves(candidates)
        values = [self._value(candidate) for candidate in candidates]
        self.best_index_, self.decision_ = decide(
            candidates,
            values,
            self.scoring,
            self.margin,
            candidates[0].estimator.schedule_for(parts[0].facts.n_instances)["n_epochs"],
            self._noise(candidates, values, parts),
        )
        self.decision_ |= chance(candidates[self.best_index_], parts, self.scoring)
        if self.decision_["at_chance"]:
            warnings.warn(
                "No candidate is beyond chance: the best is not better than a constant by more "
                f"than noise on the instances that compare. Received: {self.decision_}",
                UserWarning,
                stacklevel=5,
            )
        best = candidates[self.best_index_]
        self.best_params_ = best.params
        self.best_score_ = float(self.cv_results_["mean_test_score"][self.best_index_])
        self.best_estimator_ = self._final(best, parts, X, y)
        return self

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

    def _candidates(self, X, y):
        """Make the candidates, scratch first, each with the same number as random state."""
        sources = self._sources(X, y)
        template = self.estimator.clone()
        template.set_params(random_state=draw_seed(template.random_state))
        pairs: list[tuple] = [(None, 1.0)] if self.include_scratch or None in sources else []
        repeats = {None: 1}
        for asked in sources:
            if asked is None:
                continue
            for omega in self.omegas:
                template.clone().set_params(source=asked, omega=omega).check_parameters()
            loaded = template.clone().set_params(source=asked).load_source()
            # What stands in for published weights has a name of its own.
            source = loaded.card.name if loaded and loaded.origin == "bundled" else asked
            repeats[source] = repeats_for(template, X, loaded)
            pairs += [(source, omega) for omega in self.omegas]
        candidates = []
        for source, omega in dict.fromkeys(pairs):
            estimator = template.clone().set_params(source=source, omega=omega)
            estimator.check_parameters()
            candidates.append(Candidate(estimator, repeats[source]))
        return candidates

    def _sources(self, X, y) -> list:
        if self.sources is None:
            if self.estimator.source is None:
                raise ValueError(
                    "There is nothing to transfer: give the estimator a source, or a list of "
                    "sources to the search. Received: sources=None, estimator.source=None"
                )
            return [self.estimator.source]
        sources = expand_sources(self.sources, self.estimator.architecture, [data_hash(X, y)])
        if isinstance(self.sources, str):
            return fitting(self.estimator, X, sources)
        if not sources:
            raise ValueError("sources must name at least one source. Received: sources=[]")
        return sources

    def _parts(self, X, y, candidates):
        template = candidates[0].estimator
        repeats = {candidate.channel_repeats for candidate in candidates}

        def data_of(X, y):
            # The same numbers that fit draws, so that the split is the same.
            return {
                n: prepare(
                    template,
                    X,
                    y,
                    random_streams(template.random_state)["split"],
                    channel_repeats=n,
                    validation_data=self._given.get("validation_data"),
                    classes=vars(self).get("classes_"),
                )
                for n in repeats
            }

        if isinstance(self.selection, str):
            return [Part(data_of(X, y))]
        from sklearn.model_selection import check_cv

        splitter = check_cv(self.selection, y, classifier=self._kind == "classifier")
        return [
            Part(data_of(X[training], y[training]), (X[fold], y[fold]))
            for training, fold in splitter.split(X, y, self._given.get("groups"))
        ]

    def _value(self, candidate):
        """Return what is compared, smaller is better."""
        value = candidate.mean(self.scoring)
        if not math.isfinite(value):
            return math.inf
        return -value if self._greater_is_better else value

    def _noise(self, candidates, values, parts):
        """Return the standard error of the difference between scratch and the best transfer."""
        pair = contestants(candidates, values)
        if None in pair or any(math.isinf(values[number]) for number in pair):
            return math.nan
        return standard_error(*[judge(candidates[n], parts, self.scoring) for n in pair])

    def _final(self, best, parts, X, y):
        estimator = best.estimator.clone()
        validation_data = self._given.get("validation_data")
        if not self.refit and isinstance(self.selection, str):
            return best.runs(parts)[0].fit_estimator(estimator, series_of(X), y)
        if not self.refit:
            return estimator.fit(series_of(X), y, validation_data=validation_data)
        if validation_data is not None:
            X_held_out, y_held_out = held_out_part(estimator, validation_data, X)
            X, y = together([X, X_held_out]), np.concatenate([y, y_held_out])
        n_epochs = int(np.median([state.best_epoch for state in best.states]))
        return estimator.set_params(
            validation_size=None,
            # Epoch 0, the best in the median, is the probe.
            n_epochs=n_epochs,
            early_stopping_patience=None,
        ).fit(series_of(X), y)

    def save_pretrained(self, path=None, *, name=None, **card):
        """Save the kept network as a source that others can start from.

        Parameters
        ----------
        path : str or path-like, optional
            Folder to write. Default: a folder of this name in the user's own directory.
        name : str, optional
            Name of the source; default: that of the folder.
        **card
            What only you know, see `sktl.sources.Card`.

        Returns
        -------
        pathlib.Path
            The folder; as of the estimator's own `save_pretrained`.

        Raises
        ------
        ValueError
            If neither `path` nor `name` is given, or the name cannot be one of your own.
        """
        self.check_is_fitted()
        return self.best_estimator_.save_pretrained(path, name=name, **card)

    def _predict(self, X):
        return self.best_estimator_.predict(series_of(X))

    def _predict_proba(self, X):
        return self.best_estimator_.predict_proba(series_of(X))

    @classmethod
    def get_test_params(cls, parameter_set="default"):
        """Return parameters that make a fit short, for the suites of sktime.

        Parameters
        ----------
        parameter_set : str, default="default"
            Not used.

        Returns
        -------
        list of dict
            Two sets of parameters; from scratch alone, because a source is a folder on disk.
        """
        from sktl import estimators

        network = getattr(estimators, f"MagNet{cls._kind.capitalize()}")
        estimator = network(**network.get_test_params()[0])
        return [
            {"estimator": estimator, "sources": [None]},
            {"estimator": estimator, "sources": [None], "selection": 2, "refit": True},
        ]


_EXAMPLE = """
    Examples
    --------
    >>> import tempfile
    >>> from sktime.datasets import load_unit_test
    >>> from sktl.estimators import MagNet{kind}
    >>> from sktl.model_selection import OmegaSearch
    >>> X, y = load_unit_test(return_type="numpy3D")
    >>> network = MagNet{kind}(n_epochs=2, random_state=0)
    >>> source = network.fit(X, y{numbers}).save_pretrained(tempfile.mkdtemp() + "/mine")
    >>> search = OmegaSearch(network, omegas=(0.25, 1.0), sources=[source])
    >>> search = search.fit(X, y{numbers})
    >>> len(search.cv_results_), sorted(search.best_params_)
    (3, ['omega', 'source'])
    >>> search.predict(X).shape
    (42,)
    """


class OmegaSearchClassifier(OmegaSearch, BaseClassifier):
    __doc__ = (OmegaSearch.__doc__ or "") + _EXAMPLE.format(kind="Classifier", numbers="")

    _kind = "classifier"
    _tags: ClassVar = {"capability:predict_proba": True}


class OmegaSearchRegressor(OmegaSearch, BaseRegressor):
    __doc__ = (OmegaSearch.__doc__ or "") + _EXAMPLE.format(
        kind="Regressor", numbers=".astype(float)"
    )

    _kind = "regressor"


OmegaSearch._classes = {"classifier": OmegaSearchClassifier, "regressor": OmegaSearchRegressor}
