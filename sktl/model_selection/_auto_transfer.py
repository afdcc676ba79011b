"""One call that compares baselines, probes of all sources and networks, and keeps what is best."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from sktime.classification.base import BaseClassifier
from sktime.regression.base import BaseRegressor

from sktl._checks import check_choice, check_finite
from sktl.estimators.sklearn_mixin import ScikitLearnMixin, as_targets, check_labels
from sktl.model_selection import _auto_candidates as candidates
from sktl.model_selection._auto_blocks import PRESETS, collect_blocks, compile_features
from sktl.model_selection._auto_candidates import Candidate, Problem, RidgeFitter
from sktl.model_selection._ensemble import (
    losses,
    simplest_within_noise,
    standard_error,
    voting_ensemble,
)
from sktl.training.folds import checked_groups, indices
from sktl.training.randomness import draw_seed

# y continues a channel where its last value predicts y this much better than the median.
CONTINUES = 0.5
# Ridge models that are fitted even where the time is over.
ALWAYS_FITTED = 3


class _AutoTransfer(ScikitLearnMixin):
    """Compares simple baselines, linear probes of all sources and fine-tuned networks.

    All candidates predict the same left-out folds. Those that predict them best are averaged; a
    constant or the last value is kept instead where the average is not better beyond noise.

    Parameters
    ----------
    preset : {"fast", "balanced", "best"}, default="balanced"
        How much is tried: "fast" ridge models only, in at most 20 s; "balanced" forests of trees
        and more sources, in at most 60 s; "best" whatever fits into 600 s.
    time_limit : float, optional
        Seconds for `fit`, instead of the preset's. What would take longer is left out, and
        `leaderboard_` says so. It does not count that the first use on a machine compiles
        MiniRocket, MultiRocket and catch22, which takes a minute or two.
    sources : {"bundled", "available"} or sequence of (str or None), default="available"
        Sources whose features are tried, see `LinearProbeClassifier`.
    architectures : sequence of str, optional
        Only sources of these; default: all.
    cv : int, scikit-learn splitter, iterable of (training, test) or None, default=None
        The folds. None: ten for fewer than 100 instances, otherwise five; of whole groups where
        `fit` gets groups. For series that follow one another in time give
        ``sklearn.model_selection.TimeSeriesSplit()``.
    random_state : int, numpy.random.RandomState, numpy.random.Generator or None, default=0
        Seed of the folds, of random convolutions and of trees.
    verbose : bool, default=False
        Show what runs and the best so far.

    Attributes
    ----------
    leaderboard_ : pandas.DataFrame
        One row a candidate, the best first: ``score`` (out-of-fold mean absolute error, or log
        loss; smaller is better), ``standard_error``, ``weight`` in what predicts, ``kind``,
        ``seconds`` of its fit (without the features that it shares with others), and ``problem``:
        why it was left out.
    decision_ : str
        What predicts, and why.
    best_source_ : str or None
        Architecture and source of the best single source, by its out-of-fold error.
    source_errors_ : pandas.Series
        Out-of-fold error of every block of features alone, over the variance of the targets: 1 is
        as good as the mean.

    References
    ----------
    .. [1] R. Caruana, A. Niculescu-Mizil, G. Crew, A. Ksikes (2004). Ensemble selection from
       libraries of models. ICML 2004.
    .. [2] T. Kim, J. Kim, Y. Tae, C. Park, J.-H. Choi, J. Choo (2022). Reversible instance
       normalization for accurate time-series forecasting against distribution shift. ICLR 2022.
    """

    _tags: ClassVar[dict[str, Any]] = {
        "capability:random_state": True,
        "property:randomness": "derandomized",
    }
    # What the task gives.
    _encode: ClassVar[Callable[..., Any]]
    _n_classes: ClassVar[Callable[..., Any]]
    _may_replace: ClassVar[Callable[..., bool]]

    def __init__(
        self,
        preset="balanced",
        time_limit=None,
        sources="available",
        architectures=None,
        cv=None,
        random_state=0,
        verbose=False,
    ):
        self.preset = preset
        self.time_limit = time_limit
        self.sources = sources
        self.architectures = architectures
        self.cv = cv
        self.random_state = random_state
        self.verbose = verbose
        super().__init__()

    def fit(self, X, y, groups=None):
        """Compare the candidates and keep the best.

        Parameters
        ----------
        X : sktime panel, or np.ndarray of shape (n_instances, n_channels, n_timepoints)
            Training series of equal length, in any unit.
        y : array-like of shape (n_instances,)
            Class labels, or numbers in any unit.
        groups : array-like of shape (n_instances,), optional
            Instances of one group (a recording, a person, an earthquake) are not independent:
            they are left out together.

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError
            If a parameter or the data cannot be used.
        """
        # Sktime resets at the start of fit; attributes with a double underscore stay.
        self._given__groups = groups
        self._checked_together(X, y)
        try:
            return super().fit(X, as_targets(y, groups))  # type: ignore[misc]
        finally:
            del self._given__groups

    def _fit(self, X, y):
        check_choice("preset", self.preset, tuple(PRESETS))
        settings = PRESETS[self.preset]
        limit = settings.time_limit if self.time_limit is None else self.time_limit
        if not limit > 0:
            raise ValueError(f"time_limit must be above 0 seconds. Received: time_limit={limit!r}")
        check_finite(X)
        self._shape = X.shape[1:]
        groups = checked_groups(self._given__groups, len(X))
        seed = draw_seed(self.random_state)
        problem = Problem(X, self._encode(y), self._n_classes(), [], seed)
        problem.folds = _folds(self.cv, problem, groups)
        self._tell("compiling MiniRocket, MultiRocket and catch22, once on a machine")
        compile_features(settings)
        started = time.perf_counter()
        deadline = started + limit
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "The least populated class", UserWarning)
            rows = self._candidates(problem, settings, deadline)
        self._decide(rows, problem, groups)
        self.seconds_ = time.perf_counter() - started
        return self

    def _candidates(self, problem, settings, deadline):
        """Make the candidates while time is left."""
        channel = None
        rows = [candidates.constant(problem)]
        if problem.n_classes is None:
            found = [candidates.last_value(problem, c) for c in range(problem.X.shape[1])]
            last = min(found, key=lambda c: losses(c.out_of_fold, problem.y).mean())
            rows.append(last)
            known = np.isfinite(rows[0].out_of_fold)
            by_median = losses(rows[0].out_of_fold, problem.y)[known].mean()
            if losses(last.out_of_fold, problem.y).mean() < CONTINUES * by_median:
                channel = last.model.channel
        self._continues = channel is not None
        self._tell("features")
        collected = collect_blocks(
            problem, self.sources, self.architectures, settings, deadline, self._tell
        )
        self._blocks = collected.blocks
        rows += collected.problems
        kinds = {name: block.kind for name, block in collected.blocks.items()}
        tables = dict(collected.tables)
        # Heavy tails and counts: for trees alone.
        slow: tuple[str, ...] = ("intervals", "catch22")
        for_trees = {n: tables.pop(n) for n in slow if n in tables}
        fitter = RidgeFitter(problem, tables, {n: kinds[n] for n in tables}, channel)
        errors = fitter.errors()
        self.source_errors_ = pd.Series(errors, name="error").sort_values()
        rows += self._ridges(fitter, errors, channel, deadline)
        for name, table in for_trees.items():
            self._tell(f"trees on {name}")
            beside = {n: tables[n] for n in ("amplitude", "spectrum") if n in tables}
            joined = {name: table} | beside
            make = _trees(problem)
            rows.append(
                candidates.bagged(
                    f"trees on {name}", "trees", make, problem, joined, channel, deadline
                )
            )
        return rows

    def _ridges(self, fitter, errors, channel, deadline):
        """Fit ridge models to mixtures of blocks."""
        rows: list[Candidate] = []

        def fit(name, weights):
            # The first ones take milliseconds, and something must predict.
            if not weights:
                return
            if time.perf_counter() > deadline and len(rows) >= ALWAYS_FITTED:
                rows.append(Candidate(name, "ridge", problem="left out: the time was over"))
            else:
                rows.append(fitter.candidate(name, weights, channel))

        for name, mixture in candidates.MIXTURES.items():
            fit(name, fitter.weights(mixture))
        prior = fitter.weights(candidates.MIXTURES["all"]) or dict.fromkeys(errors, 1.0)
        fit("all, by their errors", candidates.weights_by_error(prior, errors, 1.0))
        fit("all, by their squared errors", candidates.weights_by_error(prior, errors, 2.0))
        ranked = [name for name in sorted(errors, key=errors.get) if errors[name] < 1]
        for count in (3, 6):
            fit(f"best {count} blocks", dict.fromkeys(ranked[:count], 1.0))
        sources = [n for n in ranked if fitter.kinds[n] == "sources"]
        of_sources = [name for name, kind in fitter.kinds.items() if kind == "sources"]
        self.best_source_ = min(of_sources, key=errors.__getitem__, default=None)
        fit("best source", dict.fromkeys(sources[:1], 1.0))
        fit("best source, rocket, amplitudes", _beside(sources[:1], fitter, 1.0))
        fit("best 4 sources, rocket, amplitudes", _beside(sources[:4], fitter, 0.25))
        return rows

    def _decide(self, rows, problem, groups):
        """Average the candidates that predict the folds best, or keep what is simpler."""
        usable = [c for c in rows if c.out_of_fold is not None]
        known = np.all(
            [np.isfinite(c.out_of_fold).reshape(len(problem.y), -1).all(axis=1) for c in usable],
            axis=0,
        )
        y = problem.y[known]
        groups = None if groups is None else groups[known]
        by_name = {c.name: losses(c.out_of_fold[known], y) for c in usable}
        simple = [c for c in usable if c.kind in ("constant", "last value")]
        fitted = [c for c in usable if c not in simple]
        weights = dict.fromkeys(by_name, 0.0)
        if fitted:
            found = voting_ensemble([c.out_of_fold[known] for c in fitted], y)
            weights |= {c.name: float(w) for c, w in zip(fitted, found, strict=True)}
            together = sum(weights[c.name] * c.out_of_fold[known] for c in fitted)
            by_name["average"] = losses(together, y)
        chosen, why = self._choose(by_name, simple, groups, weights)
        if chosen != "average":
            weights = {name: float(name == chosen) for name in weights}
        self._members = [(c, weights[c.name]) for c in usable if weights[c.name] > 0]
        needed = {block for c, _ in self._members for block in c.blocks}
        self._blocks = {n: block for n, block in self._blocks.items() if n in needed}
        probes = [c.model.probe for c, _ in self._members if c.kind == "ridge"]
        self._standardised = {n: b for probe in probes for n, b in probe.blocks_.items()}
        self.leaderboard_ = _leaderboard(rows, by_name, weights, groups)
        self.decision_ = why

    def _choose(self, by_name, simple, groups, weights):
        if "average" not in by_name:
            best = min(by_name, key=lambda name: by_name[name].mean())
            return best, f"Only {best} could be used."
        members = ", ".join(f"{n} ({w:.0%})" for n, w in weights.items() if w)
        for name in [c.name for c in simple if self._may_replace(c)]:
            # The average is the best of many on these very folds, which flatters it; and windows of
            # one series overlap, so that their errors are less certain than they seem.
            width = 3.0 if "last value" in name else 1.0
            kept, _ = simplest_within_noise(
                {n: by_name[n] for n in (name, "average")}, [name, "average"], groups, width
            )
            if kept == name:
                return name, (
                    f"{name} predicts: the average of {members} is not better beyond noise "
                    f"({by_name['average'].mean():.4g} against {by_name[name].mean():.4g} out of "
                    "fold)."
                )
        constant = by_name[simple[0].name]
        difference = constant - by_name["average"]
        chance = difference.mean() <= standard_error(difference, groups)
        text = (
            f"The average of {members} predicts: out of fold {by_name['average'].mean():.4g}, "
            f"{simple[0].name} {constant.mean():.4g}."
        )
        return "average", text + (" That is not better than chance beyond noise." if chance else "")

    def _combined(self, X):
        if X.shape[1:] != self._shape:
            raise ValueError(
                "X must have the channels and time points of the training series, "
                f"{self._shape}. Received: {X.shape[1:]}"
            )
        check_finite(X)
        tables = candidates.Tables(
            {name: block.transform(X) for name, block in self._blocks.items()}, self._standardised
        )
        return sum(weight * c.predict(X, tables) for c, weight in self._members)

    def _tell(self, what):
        if self.verbose:
            warnings.warn(what, stacklevel=2)

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
            Two sets of parameters.
        """
        few = {"sources": ["EMG-simulated"], "architectures": ["MagNet"], "preset": "fast"}
        return [few, few | {"random_state": 1, "cv": 3}]


class AutoTransferClassifier(_AutoTransfer, BaseClassifier):
    """Classification by whatever serves few labels best: probes of sources, baselines, trees.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.model_selection import AutoTransferClassifier
    >>> y = np.arange(12) % 2
    >>> X = np.sin((1 + y[:, None, None]) * np.arange(40) + np.arange(12)[:, None, None])
    >>> search = AutoTransferClassifier("fast", sources=None).fit(X, y)
    >>> search.predict(X[:4]).tolist()
    [0, 1, 0, 1]
    """

    _kind = "classifier"
    _tags: ClassVar = {"capability:predict_proba": True}

    def _encode(self, y):
        check_labels(y)
        return np.searchsorted(self.classes_, y)

    def _n_classes(self):
        return len(self.classes_)

    def _may_replace(self, candidate):
        # The most frequent class has the smaller log loss where little is known, and is useless.
        return False

    def _predict(self, X):
        return self.classes_[self._combined(X).argmax(axis=1)]

    def _predict_proba(self, X):
        return self._combined(X)


class AutoTransferRegressor(_AutoTransfer, BaseRegressor):
    """Regression by whatever serves few labels best: probes of sources, baselines, trees.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.model_selection import AutoTransferRegressor
    >>> y = np.arange(12.0)
    >>> X = 10 ** y[:, None, None] * np.random.default_rng(0).normal(size=(12, 1, 40))
    >>> search = AutoTransferRegressor("fast", sources=None).fit(X, y)
    >>> bool(np.abs(search.predict(X) - y).mean() < 1)
    True
    """

    _kind = "regressor"

    def _encode(self, y):
        y = np.asarray(y, float)
        if not np.isfinite(y).all():
            raise ValueError("y must be finite. Received: NaN or infinite values")
        return y

    def _n_classes(self):
        return None

    def _may_replace(self, candidate):
        return candidate.kind == "constant" or self._continues

    def _predict(self, X):
        return self._combined(X)


def _beside(sources, fitter, share):
    """Weigh sources beside MiniRocket and amplitudes."""
    rest = fitter.weights(candidates.MIXTURES["rocket, amplitudes"])
    return rest | dict.fromkeys(sources, share) if sources and rest else {}


def _trees(problem):
    from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

    kind = ExtraTreesRegressor if problem.n_classes is None else ExtraTreesClassifier
    features = 0.3 if problem.n_classes is None else "sqrt"
    jobs = -1 if len(problem.y) > 500 else None
    return lambda: kind(200, max_features=features, random_state=problem.seed, n_jobs=jobs)


def _leaderboard(rows, by_name, weights, groups):
    table = [
        {
            "candidate": name,
            "kind": kind,
            "score": by_name[name].mean() if name in by_name else np.nan,
            "standard_error": (
                standard_error(by_name[name], groups) if name in by_name else np.nan
            ),
            "weight": weights.get(name, np.nan),
            "seconds": seconds,
            "problem": problem,
        }
        for name, kind, seconds, problem in [
            *((c.name, c.kind, c.seconds, c.problem) for c in rows),
            *([("average", "average", 0.0, None)] if "average" in by_name else []),
        ]
    ]
    frame = pd.DataFrame(table).sort_values("score", kind="stable", na_position="last")
    return frame.reset_index(drop=True)


def _folds(cv, problem, groups):
    from sklearn.model_selection import (
        GroupKFold,
        KFold,
        StratifiedGroupKFold,
        StratifiedKFold,
        check_cv,
    )

    n, classifies = len(problem.y), problem.n_classes is not None
    count = 10 if n < 100 else 5
    if isinstance(cv, Integral):
        count = int(cv)
    splitter: Any
    if cv is not None and not isinstance(cv, Integral):
        splitter = check_cv(cv)
    elif groups is not None:
        n_groups = len(np.unique(groups))
        if n_groups < 2:
            raise ValueError(
                "groups must hold two or more, so that one can be left out. Received: one group"
            )
        count = min(count, n_groups)
        # No class may have fewer instances than there are folds in all.
        most = min(count, int(np.bincount(problem.y).max())) if classifies else 0
        splitter = StratifiedGroupKFold(most) if most > 1 else GroupKFold(count)
    else:
        kind = StratifiedKFold if classifies else KFold
        if n < 4:
            raise ValueError(f"At least four instances are needed. Received: {n}")
        count = min(count, n // 2)
        if classifies and np.bincount(problem.y).max() < count:
            # Fewer folds would train on much less than all, and stratified ones are impossible.
            kind = KFold
        splitter = kind(count, shuffle=True, random_state=problem.seed)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        folds = list(splitter.split(np.zeros((n, 1)), problem.y, groups))
    return [(indices(a), indices(b)) for a, b in folds if len(b)]
