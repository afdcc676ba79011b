"""The real targets of the study, which half each belongs to, and how instances are drawn.

    from benchmarks.studies.few_labels.targets import TARGETS, load, draw
    parts = draw("digits", n_train=100, draw=0, shared=Path("../shared/data"))
    parts.X_train, parts.y_train, parts.groups_train, parts.X_test, parts.y_test

Choices inside sktl (weights, grids, defaults) may be made on the half ``"development"``. The half
``"held out"`` is scored once, at the end. All targets of one data set lie in one half. Data sets
that measurements had already been made on when the halves were chosen are development.

The parts of a draw depend on the target and the draw; smaller training sets lie inside larger
ones. Groups (speakers, people, earthquakes) lie on one side: of each draw, about 30 % of the
groups are test groups. Official parts are kept: training instances come from the official
training part, test instances from the official test part. Time goes forward: the first 70 % of
the history train, the last 15 % test.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.studies.few_labels import readers
from benchmarks.studies.few_labels.readers import Instances

DEVELOPMENT, HELD_OUT = "development", "held out"
MOST_TESTED = 400
LONG_TESTED = 200
SHARE_TESTED = 0.3
SHARED = Path("../shared/data")
CACHE = Path("results/few_labels/cache")


@dataclass(frozen=True)
class Target:
    """A real target.

    Parameters
    ----------
    name : str
    half : {"development", "held out"}
    domain : str
    task : {"classification", "regression"}
    sizes : tuple of int
        Training sizes.
    read : callable
        Folder of the shared data -> Instances.
    time_ordered : bool
        Whether instances follow one another in time; drawn instances come in that order, and
        groups are years or decades.
    continues : bool
        Whether y continues the series, in its unit: the last value is a method.
    unit : str
        Of y, for regression.
    most_tested : int
        Test instances drawn at most; fewer of the longest series.
    own_sources : tuple of str
        Sources that were trained on this data set: no method of ours may use them here.
    about : str
        What is predicted, and from what.
    """

    name: str
    half: str
    domain: str
    task: str
    sizes: tuple[int, ...]
    read: Callable[[Path], Instances]
    about: str
    time_ordered: bool = False
    continues: bool = False
    unit: str = ""
    most_tested: int = MOST_TESTED
    own_sources: tuple[str, ...] = ()

    @property
    def metric(self) -> str:
        """The score's name in sktl.evaluation."""
        return "mae" if self.task == "regression" else "f1_weighted"


@dataclass(frozen=True)
class Parts:
    """Training and test instances of a draw; groups are None where there are none."""

    X_train: np.ndarray
    y_train: np.ndarray
    groups_train: np.ndarray | None
    X_test: np.ndarray
    y_test: np.ndarray
    groups_test: np.ndarray | None

    def groups_to_leave_out(self, target: Target) -> np.ndarray | None:
        """Return groups that leave-group-out can use: of forecasts none, and at least two."""
        groups = self.groups_train
        few = groups is None or len(np.unique(groups)) < 2
        return None if few or target.time_ordered else groups


def _classify(*facts: object, **options: object) -> Target:
    name, half, domain, sizes, read, about = facts
    return Target(name, half, domain, "classification", sizes, read, about, **options)  # type: ignore[arg-type]


def _regress(*facts: object, unit: str, **flags: object) -> Target:
    name, half, domain, sizes, read, about = facts
    return Target(
        name, half, domain, "regression", sizes, read, about, unit=unit, **flags  # type: ignore[arg-type]
    )  # fmt: skip


_FORECAST = {"time_ordered": True, "continues": True}
_ALL = (20, 100, 500, 1500)
_TARGETS = [
    # Development: the seven targets of the sources' proof, and what resembles them.
    _classify("digits", DEVELOPMENT, "speech", _ALL, readers.digits,
              "ten spoken digits by unseen speakers, 4 kHz, 0.5 s", most_tested=LONG_TESTED),
    _classify("three words", DEVELOPMENT, "speech", (20, 100, 150), readers.three_words,
              "bed, cat or happy by unseen speakers, 4 kHz, 0.5 s", most_tested=LONG_TESTED),
    _regress("STEAD 50", DEVELOPMENT, "seismology", (10, 20, 35), readers.stead_magnitude,
             "magnitude of 50 earthquakes of one station, 20 Hz, 27 s", unit="magnitude units",
             own_sources=("STEAD",)),
    _regress("STEAD 50 S-P", DEVELOPMENT, "seismology", (10, 20, 35), readers.stead_s_minus_p,
             "delay of the S wave behind the P wave, 20 Hz, 27 s", unit="s",
             own_sources=("STEAD",)),
    _classify("Myo", DEVELOPMENT, "EMG", (100, 500, 1500), readers.myo,
              "ten gestures of unseen people, three electrodes, 200 Hz, 0.4 s"),
    _regress("S&P 500", DEVELOPMENT, "finance", _ALL, readers.index_close("sp500/GSPC.csv"),
             "the next close from 50 closes", unit="index points", own_sources=("S&P 500",),
             **_FORECAST),
    _regress("NASDAQ", DEVELOPMENT, "finance", _ALL, readers.index_close("indices/IXIC.csv"),
             "the next close from 50 closes", unit="index points", **_FORECAST),
    _regress("S&P 500 volatility", DEVELOPMENT, "finance", (20, 100, 500, 1500),
             readers.index_volatility("sp500/GSPC.csv"),
             "log standard deviation of the next 20 daily returns from 50 returns",
             unit="natural logarithm", time_ordered=True, own_sources=("S&P 500",)),
    _regress("CO2", DEVELOPMENT, "climate", (20, 100, 500), readers.co2,
             "CO2 at Mauna Loa in 13 weeks from 52 weeks", unit="ppm", **_FORECAST),
    _regress("Covid3Month", DEVELOPMENT, "health", (20, 100),
             readers.wheel("aeon", "Covid3Month", regression=True),
             "death rate of a country from 84 days of cases", unit="share"),
    _classify("BasicMotions", DEVELOPMENT, "motion", (12, 20),
              readers.wheel("sktime", "BasicMotions"),
              "four activities, accelerometer and gyroscope"),
    _classify("JapaneseVowels", DEVELOPMENT, "speech", (20, 100),
              readers.wheel("sktime", "JapaneseVowels", length=29),
              "nine speakers by cepstra of a vowel, completed with zeros to 29 points"),
    _classify("ERing", DEVELOPMENT, "motion", (12, 24), readers.uea("ERing"),
              "six finger postures, electric field ring"),
    _classify("Libras", DEVELOPMENT, "motion", (30, 100), readers.uea("Libras"),
              "fifteen hand movements of sign language"),
    _classify("ArrowHead", DEVELOPMENT, "shapes", (12, 30), readers.wheel("sktime", "ArrowHead"),
              "three kinds of arrowheads by their outline"),
    _classify("PLAID", DEVELOPMENT, "devices", (20, 100, 500),
              readers.wheel("sktime", "PLAID", length=500),
              "eleven appliances by their current; cut or completed with zeros to 500 points"),
    # Held out: no measurement was made on any of these data sets before.
    _classify("DSPSpeech-20", HELD_OUT, "speech", _ALL, readers.dspspeech,
              "twenty spoken words by unseen speakers, 4 kHz, 0.5 s", most_tested=LONG_TESTED,
              own_sources=("DSPSpeech-20",)),
    _classify("ArticularyWordRecognition", HELD_OUT, "speech", (50, 100, 250),
              readers.uea("ArticularyWordRecognition"),
              "25 words by movements of tongue and lips"),
    _classify("Roshambo", HELD_OUT, "EMG", _ALL, readers.roshambo,
              "three gestures of unseen people, eight electrodes, 200 Hz, 0.4 s",
              own_sources=("EMG-Roshambo",)),
    _classify("Francic", HELD_OUT, "EMG", _ALL, readers.francic,
              "seven wrist gestures of unseen people, eight electrodes, 200 Hz, 1 s",
              own_sources=("EMG-Francic",)),
    _classify("AtrialFibrillation", HELD_OUT, "health", (12,), readers.uea("AtrialFibrillation"),
              "three kinds of atrial fibrillation, two ECG leads"),
    _classify("FingerMovements", HELD_OUT, "health", (20, 100, 300),
              readers.uea("FingerMovements"), "left or right hand, 28 EEG channels"),
    _classify("Epilepsy", HELD_OUT, "motion", (20, 100), readers.uea("Epilepsy"),
              "four activities, wrist accelerometer"),
    _classify("PickupGestureWiimoteZ", HELD_OUT, "motion", (20, 40),
              readers.wheel("aeon", "PickupGestureWiimoteZ", length=361),
              "ten gestures, one accelerometer; completed with zeros to 361 points"),
    _classify("PenDigits", HELD_OUT, "motion", _ALL, readers.uea("PenDigits"),
              "ten written digits, eight points of the pen"),
    _classify("OSULeaf", HELD_OUT, "shapes", (20, 100, 200), readers.wheel("sktime", "OSULeaf"),
              "six kinds of leaves by their outline"),
    _classify("ItalyPowerDemand", HELD_OUT, "devices", (20, 60),
              readers.wheel("sktime", "ItalyPowerDemand"), "winter or summer by a day's demand"),
    _classify("ACSF1", HELD_OUT, "devices", (20, 100), readers.wheel("sktime", "ACSF1"),
              "ten kinds of appliances by their power", most_tested=LONG_TESTED),
    _regress("Nikkei", HELD_OUT, "finance", _ALL, readers.index_close("indices/N225.csv"),
             "the next close from 50 closes", unit="index points", **_FORECAST),
    _regress("Nikkei volatility", HELD_OUT, "finance", _ALL,
             readers.index_volatility("indices/N225.csv"),
             "log standard deviation of the next 20 daily returns from 50 returns",
             unit="natural logarithm", time_ordered=True),
    _regress("CardanoSentiment", HELD_OUT, "finance", (20, 70),
             readers.wheel("aeon", "CardanoSentiment", regression=True),
             "sentiment of a day's news from 24 hours of price and volume", unit="score"),
    _regress("El Nino", HELD_OUT, "climate", (20, 100, 400), readers.el_nino,
             "sea surface temperature in six months from 24 months", unit="degrees C",
             **_FORECAST),
    _regress("sunspots", HELD_OUT, "climate", (20, 100), readers.sunspots,
             "the next year's sunspot number from 22 years", unit="sunspots", **_FORECAST),
    _regress("Tecator", HELD_OUT, "chemistry", (20, 100, 170),
             readers.wheel("sktime", "Tecator", regression=True),
             "fat of meat from its infrared spectrum", unit="percent"),
]  # fmt: skip
TARGETS: dict[str, Target] = {target.name: target for target in _TARGETS}


def load(name: str, shared: Path = SHARED, cache: Path | None = CACHE) -> Instances:
    """Load all instances of a target.

    Parameters
    ----------
    name : str
        One of `TARGETS`.
    shared : pathlib.Path
        Folder of the shared data.
    cache : pathlib.Path, optional
        Folder where arrays are kept; None for none.

    Returns
    -------
    Instances
    """
    if name not in TARGETS:
        raise ValueError(f"Targets are {', '.join(TARGETS)}. Received: name={name!r}")
    return _load(name, Path(shared), None if cache is None else Path(cache))


@lru_cache(maxsize=4)
def _load(name: str, shared: Path, cache: Path | None) -> Instances:
    path = None if cache is None else cache / f"{name.replace(' ', '_').replace('&', 'and')}.npz"
    if path is not None and path.exists():
        with np.load(path, allow_pickle=False) as arrays:
            return Instances(**{key: arrays[key] for key in arrays.files})
    found = TARGETS[name].read(shared)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        arrays = {key: value for key, value in vars(found).items() if value is not None}
        partial = path.with_suffix(".partial.npz")
        np.savez(partial, **arrays)
        partial.replace(path)
    return found


def balanced(y: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Order instances so that any number of the first ones holds the classes evenly."""
    rank = pd.Series(y[order]).groupby(y[order]).cumcount().to_numpy()
    return order[np.argsort(rank, kind="stable")]


def _sides(target: Target, found: Instances, rng: np.random.Generator) -> list[np.ndarray]:
    """Return the indices that may train and those that may be tested."""
    if found.part is not None:
        return [np.flatnonzero(found.part == part) for part in ("train", "test")]
    if found.groups is None:
        raise ValueError(f"{target.name} has neither groups nor parts")
    groups = rng.permutation(np.unique(found.groups))
    tested = np.isin(found.groups, groups[: max(1, round(SHARE_TESTED * len(groups)))])
    return [np.flatnonzero(~tested), np.flatnonzero(tested)]


def draw(
    name: str, n_train: int, draw: int, shared: Path = SHARED, cache: Path | None = CACHE
) -> Parts:
    """Draw the instances of a cell.

    Parameters
    ----------
    name : str
        One of `TARGETS`.
    n_train : int
        Number of training instances, evenly of the classes as far as there are any.
    draw : int
        Number of the draw.
    shared, cache : pathlib.Path
        As in `load`.

    Returns
    -------
    Parts
        At most 400 test instances (200 of the longest series), the same at every size of a draw.

    Raises
    ------
    ValueError
        If fewer than ``n_train`` instances may train.
    """
    target, found = TARGETS[name], load(name, shared, cache)
    rng = np.random.default_rng([zlib.crc32(name.encode()), draw])
    may_train, may_test = _sides(target, found, rng)
    if not 1 <= n_train <= len(may_train):
        raise ValueError(
            f"n_train must lie between 1 and {len(may_train)} for {name}. Received: {n_train=}"
        )
    tested = rng.permutation(may_test)[: target.most_tested]
    order = rng.permutation(may_train)
    if target.task == "classification":
        order = balanced(found.y, order)
    trained = order[:n_train]
    if target.time_ordered:
        tested, trained = np.sort(tested), np.sort(trained)
    else:
        # Balanced instances lie in rounds of classes, which folds without shuffling would see.
        trained = rng.permutation(trained)
    return Parts(*(
        None if array is None else array[where]
        for where in (trained, tested)
        for array in (found.X, found.y, found.groups)
    ))  # fmt: skip
