"""The search over omega and sources, and the guard against negative transfer."""

from __future__ import annotations

import math
import warnings
from typing import ClassVar

import numpy as np
from sktime.regression.base import BaseRegressor

from sktl._lengths import series_of
from sktl._random import draw_seed
from sktl.estimators.base import BaseTransferEstimator
from sktl.estimators.panel_input import PanelClassifier
from sktl.estimators.transfer import Form
from sktl.estimators.wrapper import NetworkWrapper
from sktl.model_selection._baselines import make_baselines
from sktl.model_selection._candidates import advance_all, race
from sktl.model_selection._noise import chance, judge, standard_error
from sktl.model_selection._results import contestants, curves, decide, tabulate
from sktl.model_selection._search_inputs import SearchInputs
from sktl.training.optimizer import OMEGA_GRID
from sktl.training.training_data import TrainingData


class OmegaSearch(SearchInputs, NetworkWrapper):
    """Choose omega and the source by validation, and keep what is simpler unless transfer wins.

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
        How much better than scratch, or than the best of `baselines` where that is better still,
        the best transfer must be. "noise": by more than one standard error, over the instances
        that compare, of the mean difference of the two losses (for ``scoring="val_score"`` of
        absolute errors or of wrong classes). A number: as a share of what it must beat; 0.05 asks
        for a loss at least 5 percent lower. A tie does not keep transfer.
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
        Networks trained at the same time, as in joblib; each worker has one thread.
    n_sources : int or None, default=None
        Try only so many of the sources, the best by ``rank_sources(by="probe_loo")``: `ranking_`.
        None: all. With selection="validation" what compares the candidates has no part in the
        ranking. With cross-validation the ranking is made once, of all of X (of whole `groups`
        where `fit` gets them), folds and all: the choice of the sources has then seen the
        instances that compare, which flatters transfer a little. Series must be of equal length.
    baselines : list of (estimator or (str, estimator)), default=()
        What else transfer must beat: classifiers or regressors of sktime, or anything with `fit`,
        `predict` and, for a classifier's loss, `predict_proba`. They are fitted to what the
        networks' training part is, in cross-validation to a fold's whole training part (there is
        nothing that they would stop by), and judged on the same instances; names are those of
        their classes unless given. Numbers are compared in the unit of the network's loss. A
        classifier that is certain of everything, as those of sktime without probabilities are,
        has a large loss for each wrong class: compare it by ``scoring="val_score"``. One that
        fails is a row with its reason, and a warning says so.

    Attributes
    ----------
    best_estimator_ : estimator
        The fitted network of the kept candidate; or the baseline, fitted anew to all of X, because
        it needs no validation part once it is chosen (`validation_data` joins it with
        ``refit=True``, as for a network).
    best_params_ : dict
        Its ``source`` and ``omega``. The source is what was used: ``"STEAD-simulated"`` where
        published weights could not be downloaded and bundled ones stand in. Of a baseline
        ``{"baseline": name}``.
    best_index_ : int
        Its row in `cv_results_`.
    best_score_ : float
        Its ``mean_test_score``.
    cv_results_ : pandas.DataFrame
        One row per candidate, scratch first, baselines last (source None, omega NaN):
        ``source``, ``omega``, ``params``, ``val_loss`` and
        ``val_score`` (means over the folds), ``best_epoch`` (mean), ``n_epochs`` (trained, over
        all folds), ``finished`` (False: dropped from a race), ``mean_test_score`` and
        ``std_test_score`` (`scoring` with the sign that makes greater better),
        ``rank_test_score``, ``fit_time`` (s) and ``error``. The names with "test" are what tools
        of scikit-learn look for; what they hold is validation.
    curves_ : pandas.DataFrame
        The history of every network's training, indexed by ``candidate``, ``fold`` and ``epoch``.
    ranking_ : pandas.DataFrame or None
        What `rank_sources` gave; None without `n_sources`.
    decision_ : dict
        How the best was chosen: ``kept`` ("scratch", "baseline" or "transfer"), ``scratch``,
        ``baseline`` (the best) and ``transfer`` (the best): their values of `scoring`, NaN where
        there is none; ``baseline_index`` and ``transfer_index`` (their rows, None where there is
        none), ``gain`` (how much better transfer was than the better of the others, as a share of
        its value), ``margin`` (what was asked, as such a share), ``noise`` (one standard error of
        the difference; NaN where there is nothing to compare), ``chance`` (`scoring` of the mean
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
        n_sources=None,
        baselines=(),
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
        self.n_sources = n_sources
        self.baselines = baselines
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
        X = self._as_array(X)
        template = self.estimator.clone()
        template.set_params(random_state=draw_seed(template.random_state))
        baselines = make_baselines(self.baselines, template, self.scoring)
        prepared: dict[Form, TrainingData] = {}
        candidates = self._networks(template, X, y, prepared)
        forms = dict.fromkeys(candidate.form for candidate in candidates)
        parts = self._parts(X, y, template, forms, prepared)
        self._greater_is_better = parts[0].facts.targets.monitors[self.scoring]
        X_held_out = self._held_out(template, X)[0] if baselines else None
        for baseline in baselines:
            baseline.compare(parts, X, y, X_held_out)
        candidates = [*self._trained(candidates, parts), *baselines]
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
            template.schedule_for(parts[0].facts.n_instances)["n_epochs"],
            self._noise(candidates, values, parts),
        )
        best = candidates[self.best_index_]
        self.decision_ |= chance(best, parts, self.scoring)
        if self.decision_["at_chance"]:
            warnings.warn(
                "No candidate is beyond chance: the best is not better than a constant by more "
                f"than noise on the instances that compare. Received: {self.decision_}",
                UserWarning,
                stacklevel=5,
            )
        self.best_params_ = best.params
        self.best_score_ = float(self.cv_results_["mean_test_score"][self.best_index_])
        self._baseline = None
        if best.kind == "baseline":
            self._baseline = best.fit(*self._everything(X, y), parts[0].facts)
            self.best_estimator_ = self._baseline.estimator
        else:
            self.best_estimator_ = self._final(best, parts, X, y)
        return self

    def _trained(self, candidates, parts):
        """Train the networks."""
        advance = advance_all(self.n_jobs, parts)
        if self.search != "race":
            return advance(candidates, None)
        factor = float(self.race_factor)
        return race(candidates, advance, self._value, self.race_epochs, factor)

    def _value(self, candidate):
        """Return what is compared, smaller is better."""
        value = candidate.mean(self.scoring)
        if not math.isfinite(value):
            return math.inf
        return -value if self._greater_is_better else value

    def _noise(self, candidates, values, parts):
        """Return the standard error of the difference between transfer and what it must beat."""
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
        X, y = self._everything(X, y)
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
            If neither `path` nor `name` is given, the name cannot be one of your own, or a
            baseline was kept.
        """
        self.check_is_fitted()
        if vars(self).get("_baseline") is not None:
            raise ValueError(
                f"There is no network to save as a source: {self.best_params_['baseline']}, a "
                "baseline, was kept. Save the search itself by `save`, or search without "
                "baselines. Received: decision_['kept']='baseline'"
            )
        return self.best_estimator_.save_pretrained(path, name=name, **card)

    def _predict(self, X):
        X = self._as_array(X)
        if self._baseline is not None:
            return self._baseline.predict(X)
        return self.best_estimator_.predict(series_of(X))

    def _predict_proba(self, X):
        X = self._as_array(X)
        if self._baseline is not None:
            return self._baseline.predict_proba(X)
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


class OmegaSearchClassifier(OmegaSearch, PanelClassifier):
    __doc__ = (OmegaSearch.__doc__ or "") + _EXAMPLE.format(kind="Classifier", numbers="")

    _kind = "classifier"
    _tags: ClassVar = {"capability:predict_proba": True}


class OmegaSearchRegressor(OmegaSearch, BaseRegressor):
    __doc__ = (OmegaSearch.__doc__ or "") + _EXAMPLE.format(
        kind="Regressor", numbers=".astype(float)"
    )

    _kind = "regressor"


OmegaSearch._classes = {"classifier": OmegaSearchClassifier, "regressor": OmegaSearchRegressor}
