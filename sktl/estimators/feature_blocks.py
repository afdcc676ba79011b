"""Tables of features that a linear probe weighs as blocks: sources, amplitudes, random kernels."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view

from sktl._checks import check_choice
from sktl._lengths import (
    UnequalLengthError,
    by_length,
    is_unequal,
    lengths_of,
    refuse_unequal,
    series_of,
)
from sktl.estimators.frozen_features import POOLING, FrozenSource
from sktl.estimators.lookup import architectures
from sktl.estimators.value_blocks import averaged
from sktl.layers.fast_forms import plain_forms
from sktl.sources import SOURCE_GROUPS, expand_sources, find_card, list_sources

# Kernels of MiniRocket have nine taps.
SHORTEST_ROCKET = 9


class SourceBlock:
    """Frozen features of a source, see `FrozenSource`.

    Parameters
    ----------
    source : FrozenSource
        The source.
    kind : str, default="sources"
        Blocks of one kind are weighed together.
    """

    def __init__(self, source: FrozenSource, kind: str = "sources"):
        self.source, self.kind = source, kind
        self.name = source.name

    def fit(self, X: np.ndarray) -> SourceBlock:
        """Learn the scaling of the source, if it is wanted, of training series like X."""
        self.source = self.source.fit(X)
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Return the features of series, (n_instances, n_features)."""
        return self.source.transform(X)

    def names(self, n_channels: int) -> list[str]:
        """Name the columns, for series of so many channels."""
        return self.source.names(n_channels)


class AmplitudeBlock:
    """Logarithms of the size of each channel and of the whole instance.

    Magnitudes and loudness are logarithms, and what scales the instances removes them. Of each
    channel and of the instance: largest absolute value, range and standard deviation, to base 10.
    A size of zero counts as the smallest positive one of the training series.
    """

    kind = name = "amplitude"

    def fit(self, X: np.ndarray) -> AmplitudeBlock:
        """Learn the smallest positive sizes, X of shape (n_instances, n_channels, n_timepoints)."""
        sizes = by_length(_sizes, X)
        positive = np.where(sizes > 0, sizes, np.inf).min(axis=0)
        self.floor_ = np.where(np.isfinite(positive), positive, 1.0)
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Return the logarithms, (n_instances, 3 * (n_channels + 1)); one channel gives three."""
        return np.log10(np.maximum(by_length(_sizes, X), self.floor_))

    @staticmethod
    def names(n_channels: int) -> list[str]:
        """Name the columns, for series of so many channels."""
        of = [f"channel{c}" for c in range(n_channels)] + ["instance"] * (n_channels > 1)
        return [f"amplitude/{kind}/{who}" for kind in ("largest", "range", "std") for who in of]


def _sizes(X):
    X = np.asarray(X, np.float64)
    low, high = X.min(axis=2), X.max(axis=2)
    columns = [np.maximum(np.abs(low), np.abs(high)), high - low, X.std(axis=2)]
    if X.shape[1] > 1:
        low, high = low.min(axis=1), high.max(axis=1)
        whole = [np.maximum(np.abs(low), np.abs(high)), high - low, X.std(axis=(1, 2))]
        columns = [np.column_stack(pair) for pair in zip(columns, whole, strict=True)]
    return np.column_stack(columns)


class RandomBlock:
    """Features of random convolutions: MiniRocket or MultiRocket of sktime, or any transformer.

    Parameters
    ----------
    transformer : {"minirocket", "multirocket"} or sktime transformer
        Panel to table. Series shorter than the kernels are padded with their last value. Fitted to
        series of unequal length, "minirocket" is the authors' form for these, and a transformer
        needs sktime's tag ``capability:unequal_length``.
    random_state : int
        Seed of the named ones.
    kind : str, default="random"
        Blocks of one kind are weighed together.
    n_kernels : int, optional
        Kernels of the named ones instead of their authors' number.

    References
    ----------
    .. [1] A. Dempster, D. F. Schmidt, G. I. Webb (2021). MiniRocket: a very fast (almost)
       deterministic transform for time series classification. KDD 2021, 248-257.
    .. [2] C. W. Tan, A. Dempster, C. Bergmeir, G. I. Webb (2022). MultiRocket: multiple pooling
       operators and transformations for fast and effective time series classification. Data
       Mining and Knowledge Discovery 36, 1623-1646.
    """

    def __init__(
        self,
        transformer: Any = "minirocket",
        random_state: int = 0,
        kind: str = "random",
        n_kernels: int | None = None,
    ):
        self.transformer, self.random_state, self.kind = transformer, random_state, kind
        self.n_kernels = n_kernels
        self.name = transformer if isinstance(transformer, str) else type(transformer).__name__

    def fit(self, X: np.ndarray) -> RandomBlock:
        """Draw the kernels for series like X, (n_instances, n_channels, n_timepoints)."""
        self.unequal_, self.length_ = is_unequal(X), X.shape[2]
        with warnings.catch_warnings():
            # That there is another form for one channel, which this one agrees with, or for series
            # of equal length, as very short ones are once they are continued.
            warnings.filterwarnings("ignore", "X is (univariate|of equal length)", UserWarning)
            self.fitted_ = self._make().fit(self._long_enough(X))
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Return the features of series, (n_instances, n_features)."""
        if not self.unequal_ and (is_unequal(X) or X.shape[2] != self.length_):
            lengths = lengths_of(X)
            raise ValueError(
                f"The random convolutions were drawn for series of {self.length_} time points: fit "
                "with series of unequal length, or give random_features=None. Received: series of "
                f"{lengths.min()} to {lengths.max()} time points"
            )
        table = np.asarray(self.fitted_.transform(self._long_enough(X)), np.float32)
        return np.where(np.isfinite(table), table, 0)

    def _make(self):
        if not isinstance(self.transformer, str):
            if self.unequal_ and not self.transformer.get_tag("capability:unequal_length"):
                raise ValueError(
                    "The transformer cannot take series of unequal length. Received: "
                    f"random_features={self.transformer!r}"
                )
            return self.transformer.clone()
        check_choice("random_features", self.transformer, ("minirocket", "multirocket"))
        from numba import get_num_threads
        from sktime.transformations.panel import rocket

        if self.unequal_ and self.transformer == "multirocket":
            raise UnequalLengthError(
                "MultiRocket cannot take series of unequal length, MiniRocket can. Received: "
                "random_features='multirocket'"
            )
        kind = {
            "minirocket": "MiniRocketMultivariate" + "Variable" * self.unequal_,
            "multirocket": "MultiRocketMultivariate",
        }
        # With n_jobs=-1 sktime asks numba for a thread a processor, whatever numba may use.
        make = getattr(rocket, kind[self.transformer])
        chosen = {} if self.n_kernels is None else {"num_kernels": self.n_kernels}
        return make(random_state=self.random_state, n_jobs=get_num_threads(), **chosen)

    def _long_enough(self, X):
        if is_unequal(X):
            return [
                pd.DataFrame(continued(one[None].astype(np.float64), SHORTEST_ROCKET + 1)[0].T)
                for one in series_of(X)
            ]
        return continued(np.asarray(X, np.float64), SHORTEST_ROCKET + 1)


def continued(X: np.ndarray, length: int) -> np.ndarray:
    """Continue series that are shorter than a length with their last value.

    Parameters
    ----------
    X : np.ndarray of shape (n_instances, n_channels, n_timepoints)
        Series.
    length : int
        Fewest time points.

    Returns
    -------
    np.ndarray of shape (n_instances, n_channels, max(n_timepoints, length))
        The series.
    """
    missing = max(0, length - X.shape[2])
    return np.pad(X, ((0, 0), (0, 0), (0, missing)), mode="edge") if missing else X


class SeriesBlock:
    """The series themselves, relative to their last value, for linear forecasts.

    The last value and the logarithm of the spread are features as well. Long series are averaged
    to at most 200 time points.
    """

    kind = name = "series"

    def fit(self, X: np.ndarray) -> SeriesBlock:
        """Return itself; refuse series of unequal length."""
        refuse_unequal(X, "its features are single time points")
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Return the values, (n_instances, n_features)."""
        X = averaged(X, 200)
        last = X[:, :, -1]
        return np.concatenate([(X - last[:, :, None])[:, :, :-1].reshape(len(X), -1), last], axis=1)


class SpectrumBlock:
    """Logarithms of the power in up to 32 bands of frequency, as shares of the instance's power.

    The bands widen with frequency.
    """

    kind = name = "spectrum"

    def fit(self, X: np.ndarray) -> SpectrumBlock:
        """Return itself; refuse series of unequal length."""
        refuse_unequal(X, "its bands depend on the length")
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Return the logarithms, (n_instances, n_channels * n_bands)."""
        X = np.asarray(X, np.float64)
        power = np.abs(np.fft.rfft(X - X.mean(axis=2, keepdims=True), axis=2))[:, :, 1:] ** 2
        n = power.shape[2]
        if not n:
            return np.zeros((len(X), X.shape[1]))
        edges = np.unique(np.geomspace(1, n + 1, min(32, n) + 1).round().astype(int)) - 1
        bands = np.add.reduceat(power, edges[:-1], axis=2) / np.diff(edges)
        total = bands.sum(axis=(1, 2), keepdims=True)
        return np.log10(bands / np.where(total > 0, total, 1) + 1e-8).reshape(len(X), -1)


class TimingBlock:
    """Times at which shares of the energy, amplitudes and extremes are reached.

    Of every channel, and of all together, as shares of the length: when 2 to 90 % of the energy
    have passed, when a tenth to all of the largest size is first reached, and of every channel
    when its highest and lowest values come. Means over time, which most features are, lose it.
    """

    kind = name = "timing"
    energies = (0.02, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9)
    sizes = (0.1, 0.3, 0.6, 1.0)

    def fit(self, X: np.ndarray) -> TimingBlock:
        """Return itself."""
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Return the times, (n_instances, n_features)."""
        return by_length(self._times, X)

    def _times(self, X):
        X = np.asarray(X, np.float64)
        X = X - X.mean(axis=2, keepdims=True)
        energy = X**2
        if X.shape[1] > 1:
            energy = np.concatenate([energy, energy.sum(axis=1, keepdims=True)], axis=1)
        passed = np.cumsum(energy, axis=2)
        whole = passed[:, :, -1:]
        times = [(passed < share * whole).sum(axis=2) for share in self.energies]
        size = np.sqrt(energy)
        largest = size.max(axis=2, keepdims=True)
        times += [(size >= share * largest).argmax(axis=2) for share in self.sizes]
        times += [X.argmax(axis=2), X.argmin(axis=2)]
        return np.concatenate(times, axis=1) / X.shape[2]


class IntervalBlock:
    """Quantiles of intervals of the series, its differences and its spectrum: QUANT.

    The series, its smoothed first differences, its second differences and the size of its Fourier
    coefficients are halved up to five times, and the intervals shifted by half of their length
    beside. Of every interval each fourth of its sorted values is interpolated, and from every other
    one the mean of the interval is subtracted [1]_.

    References
    ----------
    .. [1] A. Dempster, D. F. Schmidt, G. I. Webb (2024). QUANT: a minimalist interval method for
       time series classification. Data Mining and Knowledge Discovery 38, 2377-2402.
    """

    kind = name = "intervals"
    depth = 6
    # Values of an interval for one quantile; longer and wider series get fewer.
    divisor = 4
    most_features = 50_000

    def fit(self, X: np.ndarray) -> IntervalBlock:
        """Choose how many quantiles there are, for series like X, of equal length."""
        refuse_unequal(X, "the intervals depend on the length")
        # The intervals of a depth hold every value about twice, of four forms of the series.
        of_all = 7 * self.depth * X.shape[1] * X.shape[2]
        while of_all / self.divisor > self.most_features and self.divisor < X.shape[2]:
            self.divisor *= 2
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Return the quantiles, (n_instances, n_features), float32."""
        X = np.asarray(X, np.float32)
        forms = [X]
        if X.shape[2] > 2:
            padded = np.pad(np.diff(X, axis=2), ((0, 0), (0, 0), (2, 2)), mode="edge")
            forms.append(sliding_window_view(padded, 5, axis=2).mean(axis=3))
            forms.append(np.diff(X, n=2, axis=2))
        forms.append(np.abs(np.fft.rfft(X, axis=2)).astype(np.float32))
        columns = []
        for form in forms:
            for start, stop in _intervals(form.shape[2], self.depth):
                columns.append(self._quantiles(form[:, :, start:stop]).reshape(len(X), -1))
        return np.concatenate(columns, axis=1)

    def _quantiles(self, part):
        length = part.shape[2]
        if length == 1:
            return part
        count = 1 + (length - 1) // self.divisor
        ordered = np.sort(part, axis=2)
        at = (length - 1) * (np.linspace(0, 1, count) if count > 1 else np.array([0.5]))
        below = np.floor(at).astype(int)
        share = (at - below).astype(np.float32)
        above = np.minimum(below + 1, length - 1)
        quantiles = ordered[:, :, below] * (1 - share) + ordered[:, :, above] * share
        if count > 1:
            quantiles[:, :, 1::2] -= part.mean(axis=2, keepdims=True)
        return quantiles


def _intervals(length, depth):
    """Give the halves, quarters and so on of a length, and those shifted by half of theirs."""
    for level in range(min(depth, int(np.log2(length)) + 1)):
        edges = np.linspace(0, length, 2**level + 1).astype(int)
        parts = np.column_stack([edges[:-1], edges[1:]])
        yield from parts
        if level and np.median(np.diff(edges)) > 1:
            yield from np.minimum(parts[:-1] + int(np.ceil(length / 2**level / 2)), length)


class Catch22Block:
    """The 22 canonical characteristics of sktime of every channel, scaled to z-scores.

    Two of them count thresholds in steps of 0.01: of series in large units they take minutes.

    References
    ----------
    .. [1] C. H. Lubba, S. S. Sethi, P. Knaute, S. R. Schultz, B. D. Fulcher, N. S. Jones (2019).
       catch22: canonical time-series characteristics. Data Mining and Knowledge Discovery 33,
       1821-1852.
    """

    kind = name = "catch22"

    def fit(self, X: np.ndarray) -> Catch22Block:
        """Return itself."""
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Return the characteristics, (n_instances, 22 * n_channels)."""
        return by_length(self._characteristics, X)

    @staticmethod
    def _characteristics(X):
        X = np.asarray(X, np.float64)
        X = X - X.mean(axis=2, keepdims=True)
        spread = X.std(axis=2, keepdims=True)
        X = X / np.where(spread > 0, spread, 1)
        # Constant series have no characteristics; they count as 0.
        inside = not plain_forms() and _may_call_inside()
        table = _series_by_series(X) if inside else _by_sktime(X)
        table = np.nan_to_num(table, posinf=0.0, neginf=0.0)
        return np.clip(table, -1e30, 1e30).astype(np.float32)


def _by_sktime(X):
    from sktime.transformations.panel.catch22 import Catch22

    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return np.asarray(Catch22(replace_nans=True).fit_transform(X), np.float64)


def _series_by_series(X):
    """Do as `_by_sktime` without its tables of pandas, which take nine tenths of the time."""
    from sktime.transformations.panel.catch22 import Catch22

    transformer = Catch22(replace_nans=True)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        rows = [
            transformer._transform_case(x, transformer.f_idx)[0] for x in X.reshape(-1, X.shape[2])
        ]
    return np.asarray(rows, np.float64).reshape(len(X), -1)


@lru_cache(maxsize=1)
def _may_call_inside():
    """Return True if the private method that `_series_by_series` calls does as the public one."""
    X = np.random.default_rng(0).normal(size=(2, 2, 30))
    expected = np.nan_to_num(_by_sktime(X))
    try:
        found = np.nan_to_num(_series_by_series(X))
    except (AttributeError, TypeError, ValueError, IndexError):
        return False
    return found.shape == expected.shape and np.allclose(found, expected)


def source_blocks(
    sources: str | Sequence = "bundled",
    architectures: Sequence[str] | None = None,
    pooling: tuple[str, ...] = POOLING,
    channels: str = "joint",
    scaling: str = "z-score",
    random_state: int = 0,
    searched: Collection[str] = (),
    preprocessing: str = "own",
) -> list[SourceBlock]:
    """Make the blocks of sources by their names.

    Parameters
    ----------
    sources : {"bundled", "available", "UCR"} or sequence of (str or None), default="bundled"
        The sources that come with the package; all that load without a download, members of
        groups left out; those of a group that load without a download; or names of sources and
        groups, each for every architecture that has it. None among them: random kernels.
    architectures : sequence of str, optional
        Only these; default: all that have sources with feature layers.
    pooling, channels, scaling, random_state, preprocessing
        See `FrozenSource`.
    searched : collection of str, default=()
        sha256 of the data that the features are for: sources that were trained on it are left out
        unless they are named, see `sktl.sources.expand_sources`.

    Returns
    -------
    list of SourceBlock
        One per source and architecture.

    Raises
    ------
    ValueError
        If no architecture has a source of a name.
    """
    table = list_sources()
    known = [name for name in sorted(set(table["architecture"])) if _has_feature_layers(name)]
    chosen = known if architectures is None else list(architectures)
    for architecture in chosen:
        check_choice("architectures", architecture, tuple(known))
    table = table[table["architecture"].isin(chosen) & table["available"]]
    table = table.drop_duplicates(["architecture", "source"])
    pairs: list[tuple[str, Any]] = []
    if isinstance(sources, str):
        check_choice("sources", sources, ("bundled", "available", *SOURCE_GROUPS))
        if sources == "bundled":
            table = table[table["where"] == "bundled"]
        for architecture in chosen:
            own = set(table.loc[table["architecture"] == architecture, "source"])
            if sources not in SOURCE_GROUPS or SOURCE_GROUPS[sources] == architecture:
                asked = sources if sources in SOURCE_GROUPS else "available"
                pairs += [
                    (architecture, n)
                    for n in expand_sources(asked, architecture, searched)
                    if n in own
                ]
    else:
        names: dict[Any, None] = {}
        for source in sources:
            group = SOURCE_GROUPS.get(source) if isinstance(source, str) else None
            found = [source] if group is None else expand_sources([source], group, searched)
            names |= dict.fromkeys(found)
        for name in names:
            having = [kind for kind in chosen if name is None or _exists(name, kind)]
            if not having:
                raise ValueError(
                    f"No architecture of {', '.join(chosen)} has this source. Available: "
                    f"{', '.join(sorted(set(table['source'])))}. Received: source={name!r}"
                )
            pairs += [(architecture, name) for architecture in having]
    return [
        SourceBlock(
            FrozenSource(
                architecture, name, tuple(pooling), channels, scaling, random_state, preprocessing
            )
        )
        for architecture, name in pairs
    ]


def _has_feature_layers(architecture):
    kind = architectures().get(architecture)
    return kind is not None and bool(kind()._feature_layers())


def _exists(source, architecture):
    try:
        find_card(source, architecture)
    except ValueError:
        return False
    return True
