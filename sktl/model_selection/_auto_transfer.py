"""One call that compares baselines, probes of all sources and networks, and averages the best."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from sktime.regression.base import BaseRegressor

from sktl._checks import Number, check_choice, check_finite, check_parameters
from sktl._lengths import is_unequal, values_of
from sktl._parallel import workers_for
from sktl._random import draw_seed
from sktl._targets import refuse_columns
from sktl.estimators.panel_input import PanelClassifier
from sktl.estimators.sklearn_mixin import ScikitLearnMixin
from sktl.estimators.transfer import warn_of_rate
from sktl.model_selection import _auto_candidates as candidates
from sktl.model_selection._auto_blocks import PRESETS, collect_blocks
from sktl.model_selection._auto_compiled import COMPILED, compile_features
from sktl.model_selection._auto_decision import decide
from sktl.model_selection._auto_folds import drawn, folds_for
from sktl.model_selection._auto_makers import MAKERS, Setting
from sktl.model_selection._auto_progress import Progress
from sktl.model_selection._ensemble import losses
from sktl.sources import find_card
from sktl.training.folds import checked_groups
from sktl.training.probe_model import KERNEL_INSTANCES
from sktl.training.training_data import data_hashes

# y continues a channel where its last value predicts y this much better than the median.
CONTINUES = 0.5
# Instances on which candidates are compared; what is chosen is then fitted to all.
COMPARED_INSTANCES = 600
# How much longer a forest takes on all instances than on the training parts of the folds, beside
# what the number of instances makes.
MORE_THAN_FOLDS = 1.4


class _AutoTransfer(ScikitLearnMixin):
    """Compares simple baselines, linear probes of all sources and fine-tuned networks.

    All candidates predict the same left-out folds, and are averaged with weights by their errors
    there; for classes, by how far beyond noise they are worse than the best. For numbers, the
    average is shrunk towards the median as far as the gain may be noise, and the last value
    predicts instead unless the average is clearly better.

    Parameters
    ----------
    preset : {"fast", "balanced", "best"}, default="balanced"
        How much is tried: "fast" ridge models only, in at most 20 s; "balanced" forests of trees
        and more sources, in at most 60 s; "best" fine-tuned networks as well, whatever fits into
        600 s.
    time_limit : float, optional
        Seconds for `fit`, instead of the preset's. What would take longer is left out, and
        `leaderboard_` says so. Not counted are loading Keras, once per session, and compiling
        MiniRocket, MultiRocket, Hydra and catch22, a minute or two at the first use on a machine.
    sources : {"bundled", "available"}, sequence of (str or None), or None, default="available"
        Sources whose features are tried, see `LinearProbeClassifier`. Sources that were trained
        on the very instances given to `fit` are left out, with a warning, unless they are named.
        None: no source.
    architectures : sequence of str, optional
        Only sources of these; default: all.
    cv : int, scikit-learn splitter, iterable of (training, test) or None, default=None
        The folds. None: ten for fewer than 100 instances, otherwise five; of whole groups where
        `fit` gets groups. For series that follow one another in time give
        ``sklearn.model_selection.TimeSeriesSplit()``.
    sampling_rate : float or None, default=None
        Samples per second of the series (Hz). Nothing is resampled: a warning is given if the best
        source was trained at another rate. See `sktl.datasets.resample`.
    random_state : int, numpy.random.RandomState, numpy.random.Generator or None, default=0
        Seed of the folds, of random convolutions, of trees and of networks.
    verbose : bool, default=False
        Show what runs and the best so far.
    backend : {"loky", "dask", "ray"} or None, default=None
        Fit forests and networks to the folds in processes of this machine, or on the workers of a
        Dask or Ray cluster: each fit is a job. More fits into `time_limit` so, which does not count
        the start of the workers. Features and ridge models stay in this process. Where the time
        suffices, the result is that of one process, to the bit with as many threads. None: this
        process.
    backend_params : dict or None, default=None
        ``n_jobs``, workers at a time (default: a core each; of a cluster, all it has);
        ``scheduler_address`` of the cluster (default: the one to which this process is connected,
        such as by `dask.distributed.Client`, otherwise one on this machine); ``threads`` of each
        worker (default: 1).

    Attributes
    ----------
    leaderboard_ : pandas.DataFrame
        One row a ``candidate``, the best first: its ``kind``, ``score`` (out-of-fold mean absolute
        error, or log loss; smaller is better), ``standard_error``, ``weight`` in what predicts,
        ``seconds`` of its fit (without the features that it shares with others),
        ``predict_seconds`` of 1,000 new series, with all features that it needs, and ``problem``:
        why it was left out.
    decision_ : str
        What predicts, and why.
    best_source_ : str or None
        Architecture and source of the best single source, by its out-of-fold error.
    source_errors_ : pandas.Series
        Out-of-fold error of every block of features alone, over the variance of the targets: 1 is
        as good as the mean.
    seconds_ : float
        Time of the fit, without what `time_limit` does not count.

    References
    ----------
    .. [1] T. Kim, J. Kim, Y. Tae, C. Park, J.-H. Choi, J. Choo (2022). Reversible instance
       normalization for accurate time-series forecasting against distribution shift. ICLR 2022.
    """

    _tags: ClassVar[dict[str, Any]] = {
        "capability:random_state": True,
        "property:randomness": "derandomized",
        "capability:unequal_length": True,
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
        sampling_rate=None,
        random_state=0,
        verbose=False,
        backend=None,
        backend_params=None,
    ):
        self.preset = preset
        self.time_limit = time_limit
        self.sources = sources
        self.architectures = architectures
        self.cv = cv
        self.sampling_rate = sampling_rate
        self.random_state = random_state
        self.verbose = verbose
        self.backend = backend
        self.backend_params = backend_params
        super().__init__()

    def fit(self, X, y, groups=None):
        """Compare the candidates and keep the best.

        Parameters
        ----------
        X : sktime panel, or np.ndarray of shape (n_instances, n_channels, n_timepoints)
            Training series, in any unit, as a list of arrays or a frame where they differ in
            length: then features that belong to time points are left out.
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
        ImportError
            If the backend is not installed.
        """
        self._checked_together(X, y)
        if groups is not None:
            refuse_columns(y, "groups")
        return self._fit_with(X, y, groups=groups)

    def _fit(self, X, y):
        check_choice("preset", self.preset, tuple(PRESETS))
        check_parameters(
            {"sampling_rate": self.sampling_rate},
            {"sampling_rate": Number(with_low=False, none=True)},
        )
        settings = PRESETS[self.preset]
        if self.time_limit is not None:
            settings = replace(settings, time_limit=self.time_limit)
        limit = settings.time_limit
        if not limit > 0:
            raise ValueError(f"time_limit must be above 0 seconds. Received: time_limit={limit!r}")
        X = self._as_array(X)
        check_finite(values_of(X))
        self._shape, self._unequal = X.shape[1:], is_unequal(X)
        groups = checked_groups(self._given.get("groups"), len(X))
        seed = draw_seed(self.random_state)
        problem = candidates.Problem(X, self._encode(y), self._n_classes(), [], seed)
        problem.sampling_rate = self.sampling_rate
        self._searched = data_hashes(X, y)
        problem.folds = folds_for(self.cv, problem, groups)
        problem.independent = self.cv is None and groups is None
        n_given = len(X)
        if n_given > KERNEL_INSTANCES:
            warnings.warn(
                f"AutoTransfer is for few labels: it uses {KERNEL_INSTANCES} of the {n_given} "
                "instances, drawn at random. OmegaSearch and LinearProbe use all.",
                stacklevel=2,
            )
            problem, groups, _ = drawn(problem, groups, KERNEL_INSTANCES)
        with (
            warnings.catch_warnings(),
            workers_for(self.backend, self.backend_params) as workers,
            Progress(self.verbose, limit) as progress,
        ):
            warnings.filterwarnings("ignore", "The least populated class", UserWarning)
            progress.tell("loading and compiling, once on a machine")
            compile_features(
                list(COMPILED) if settings.more else ["minirocket"], self.sources is not None
            )
            started = progress.start()
            compared, groups, chosen = drawn(problem, groups, COMPARED_INSTANCES)
            # Features, comparisons, and, where these are of fewer, the fits to all.
            shares = (1.0, 1.0) if compared is problem else (0.65, 0.8)
            deadlines = [started + share * limit for share in shares]
            rows, setting, tables = self._candidates(
                problem, compared, chosen, settings, deadlines, progress, workers
            )
            progress.tell("averaging")
            decision = decide(rows, compared, groups, self._may_replace)
            self._keep(rows, decision)
            if compared is not problem:
                self._fit_to_all(setting, problem, tables, started + limit)
            self._ready()
        if n_given > len(problem.y):
            self.decision_ += f" Fitted to {len(problem.y)} of {n_given} instances."
        self.seconds_ = time.perf_counter() - started
        return self

    def _candidates(self, everything, problem, chosen, settings, deadlines, progress, workers):
        """Make the candidates, of the chosen instances of everything, while time is left."""
        rows = [candidates.constant(problem)]
        channel = None
        if problem.n_classes is None:
            last = candidates.last_value(problem)
            rows.append(last)
            known = np.isfinite(rows[0].out_of_fold)
            by_median = losses(rows[0].out_of_fold, problem.y)[known].mean()
            if losses(last.out_of_fold, problem.y).mean() < CONTINUES * by_median:
                channel = last.model.channel
        self._continues = channel is not None
        collected = collect_blocks(
            everything, self.sources, self.architectures, settings, deadlines[0], progress.tell,
            self._searched,
        )  # fmt: skip
        self._blocks, self._seconds = collected.blocks, collected.seconds
        rows += collected.problems
        kinds = {name: block.kind for name, block in collected.blocks.items()}
        progress.tell("comparing blocks")
        tables = collected.tables
        if problem is not everything:
            tables = {name: table[chosen] for name, table in tables.items()}
        setting = Setting(
            problem, tables, kinds, channel, deadlines[1], progress.tell, settings.n_networks,
            workers,
        )  # fmt: skip
        self.source_errors_ = pd.Series(setting.errors, name="error").sort_values()
        of_sources = [name for name in setting.errors if kinds[name] == "sources"]
        self.best_source_ = min(of_sources, key=setting.errors.__getitem__, default=None)
        if self.best_source_ is not None:
            architecture, source = self.best_source_.split("/", 1)
            warn_of_rate(self.sampling_rate, find_card(source, architecture))
        for make in MAKERS:
            for candidate in make(setting):
                rows.append(candidate)
                if candidate.out_of_fold is not None:
                    score = np.nanmean(losses(candidate.out_of_fold, problem.y))
                    progress.found(candidate.name, score)
        return rows, setting, collected.tables

    def _keep(self, rows, decision):
        """Keep what the prediction needs."""
        self._average = decision.average
        usable = [c for c in rows if decision.average.weights.get(c.name, 0) > 0]
        needed = {block for c in usable for block in c.blocks}
        self._blocks = {n: block for n, block in self._blocks.items() if n in needed}
        self._members = usable
        self.leaderboard_ = decision.leaderboard(rows, self._seconds)
        self.decision_ = decision.why

    def _fit_to_all(self, setting, problem, tables, deadline):
        """Fit what was chosen on the instances of a setting to all of the problem.

        Ridge models first, as they take little. Others that would take longer than the time that
        is left stay as they are.
        """
        needed = {name: tables[name] for name in self._blocks}
        n_compared = len(setting.problem.y)
        growth = len(problem.y) / n_compared
        setting = replace(setting, problem=problem, tables=needed)
        stay = []
        for candidate in sorted(self._members, key=lambda c: c.kind != "ridge"):
            if not candidate.on_all:
                continue
            until = time.perf_counter() + MORE_THAN_FOLDS * growth * candidate.seconds
            if candidate.kind in ("trees", "network") and until > deadline:
                stay.append(candidate.name)
                continue
            setting.tell(f"{candidate.name}, on all")
            candidate.model = candidate.on_all(setting)
        if stay:
            self.decision_ += (
                f" Fitted to {n_compared} of {len(problem.y)} instances, as the time did not "
                f"suffice: {'; '.join(stay)}."
            )

    def _ready(self):
        """Drop what only the fit needs, and gather the blocks that the ridge models share."""
        # Functions like `on_all` cannot be pickled.
        self._members = [replace(candidate, on_all=None) for candidate in self._members]
        probes = [c.model.probe for c in self._members if c.kind == "ridge"]
        self._standardised = {n: b for probe in probes for n, b in probe.blocks_.items()}

    def _combined(self, X):
        X = self._as_array(X)
        if self._unequal:
            if X.shape[1] != self._shape[0]:
                raise ValueError(
                    f"X must have the {self._shape[0]} channels of the training series. "
                    f"Received: {X.shape[1]} channels"
                )
        elif X.shape[1:] != self._shape or is_unequal(X):
            raise ValueError(
                "X must have the channels and time points of the training series, "
                f"{self._shape}. Received: {X.shape[1:]}"
                + ", series of unequal length"
                * is_unequal(X)
            )
        check_finite(values_of(X))
        tables = candidates.Tables(
            {name: block.transform(X) for name, block in self._blocks.items()}, self._standardised
        )
        return self._average.of({c.name: c.predict(X, tables) for c in self._members})

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


class AutoTransferClassifier(_AutoTransfer, PanelClassifier):
    """Classification from few labels: compares baselines, probes of sources, trees and networks.

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
    """Regression from few labels: compares baselines, probes of sources, trees and networks.

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
        return np.asarray(y, float)

    def _n_classes(self):
        return None

    def _may_replace(self, candidate):
        return candidate.kind == "constant" or self._continues

    def _predict(self, X):
        return self._combined(X)
