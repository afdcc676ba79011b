"""Read the real data behind the targets: whole panels with groups, official parts or time.

A reader gets the folder of the shared data (``shared``) and gives `Instances`. What comes with
sktime, aeon or statsmodels is read from their wheels.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from sktl import datasets
from sktl.datasets.sp500 import read_closes
from sktl.pretraining import decimate

# 4 kHz, the loudest half second: as the bundled sources of speech.
SPEECH = {"every": 2, "n_timepoints": 2000, "window": "loudest"}
# 20 Hz, 27 s: as the bundled sources of STEAD.
STEAD = {"every": 5, "n_timepoints": 540}
LONGEST_PAUSE = np.timedelta64(14, "D")


@dataclass(frozen=True)
class Instances:
    """All instances of a target.

    Parameters
    ----------
    X : np.ndarray of shape (n_instances, n_channels, n_timepoints)
        float32 panel in its own unit.
    y : np.ndarray of shape (n_instances,)
        float64 targets, or labels as str.
    groups : np.ndarray of shape (n_instances,), optional
        Speaker, person, earthquake or year, as str: none lies in both parts.
    part : np.ndarray of shape (n_instances,), optional
        ``"train"`` or ``"test"`` where the parts are fixed (officially, or by time), ``""`` for
        instances of neither.
    """

    X: np.ndarray
    y: np.ndarray
    groups: np.ndarray | None = None
    part: np.ndarray | None = None


def _ts_lines(path: Path) -> Iterator[str]:
    for encoding in ("utf-8", "latin-1"):
        try:
            text = path.read_text(encoding=encoding)
        except UnicodeDecodeError:
            continue
        at_data = False
        for line in text.splitlines():
            if at_data and line.strip():
                yield line.strip()
            at_data = at_data or line.strip().lower() == "@data"
        return


def read_ts(path: Path, length: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Read a ``.ts`` file without time stamps.

    Parameters
    ----------
    path : pathlib.Path
        ``<problem>_TRAIN.ts`` or ``<problem>_TEST.ts``.
    length : int, optional
        Series are cut to this length, or completed with zeros; needed where lengths differ.

    Returns
    -------
    X : np.ndarray of shape (n_instances, n_channels, n_timepoints)
    y : np.ndarray of shape (n_instances,), of str
    """
    series, labels = [], []
    for line in _ts_lines(path):
        *channels, label = line.split(":")
        values = [np.array(channel.split(","), dtype=np.float32) for channel in channels]
        series.append([
            one[:length] if length is None else np.pad(one[:length], (0, max(0, length - len(one))))
            for one in values
        ])  # fmt: skip
        labels.append(label.strip())
    return np.array(series, dtype=np.float32), np.array(labels)


def _official(folder: Path, name: str, length: int | None, regression: bool) -> Instances:
    pairs = [read_ts(folder / f"{name}_{part}.ts", length) for part in ("TRAIN", "TEST")]
    y = np.concatenate([labels for _, labels in pairs])
    part = np.repeat(["train", "test"], [len(labels) for _, labels in pairs])
    X = np.concatenate([panel for panel, _ in pairs])
    return Instances(X, y.astype(float) if regression else y, part=part)


def uea(name: str, length: int | None = None) -> Callable[[Path], Instances]:
    """Return the reader of a problem in the folder ``uea`` of the shared data."""
    return lambda shared: _official(shared / "uea", name, length, regression=False)


def wheel(
    package: str, name: str, length: int | None = None, regression: bool = False
) -> Callable[[Path], Instances]:
    """Return the reader of a problem that ``sktime`` or ``aeon`` brings along."""

    def read(shared: Path) -> Instances:
        # The packages themselves need not be imported for their files.
        spec = importlib.util.find_spec(package)
        if spec is None or spec.origin is None:
            raise ModuleNotFoundError(f"{name} comes with {package}: pip install {package}")
        folder = Path(spec.origin).parent / "datasets" / "data" / name
        return _official(folder, name, length, regression)

    return read


def _of_dataset(dataset: datasets.Dataset, **recipe: object) -> Instances:
    parts = [dataset.part(name) for name in ("train", "validation", "test")]
    X, y, groups = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return Instances(decimate(X, **recipe), y, groups)


def digits(shared: Path) -> Instances:
    """Read the Free Spoken Digit Dataset; groups are its six speakers."""
    archive = shared / "fsdd/recordings.tar.gz"
    return _of_dataset(datasets.load_spoken_digits(archive), **SPEECH)


def three_words(shared: Path) -> Instances:
    """Read 300 clips of Speech Commands (bed, cat, happy); groups are speakers."""
    archive = shared / "speech_commands/sample_300.tar.gz"
    return _of_dataset(datasets.load_dataset("SPEECH", path=archive, split="grouped"), **SPEECH)


def myo(shared: Path) -> Instances:
    """Read ten gestures of ten people, electrodes 0, 2 and 5; groups are people."""
    return _of_dataset(datasets.load_myo(shared / "emg_myo", channels=(0, 2, 5)))


def dspspeech(shared: Path) -> Instances:
    """Read the twenty words of DSPSpeech-20, 4 kHz, 0.5 s; groups are its 34 speakers."""
    with np.load(shared / "dspspeech20/dspspeech20_4khz.npz") as archive:
        X, y, speaker = archive["X"], archive["label"], archive["speaker"]
    return Instances(X[:, None].astype(np.float32), y.astype(str), speaker.astype(str))


def roshambo(shared: Path, length: int = 80, step: int = 40) -> Instances:
    """Read windows of 0.4 s with one of three gestures; groups are ten people."""
    series, labels, people = [], [], []
    with np.load(shared / "emg_roshambo/roshambo_int8.npz") as archive:
        for name in sorted(key for key in archive.files if key.endswith("_emg")):
            emg, ann = archive[name], archive[name.replace("_emg", "_ann")]
            for start in range(0, len(emg) - length + 1, step):
                labels_inside = ann[start : start + length]
                if labels_inside[0] and (labels_inside == labels_inside[0]).all():
                    series.append(emg[start : start + length].T)
                    labels.append(("rock", "paper", "scissor")[labels_inside[0] - 1])
                    people.append(name.split("_")[0])
    return Instances(np.array(series, np.float32), np.array(labels), np.array(people))


def francic(shared: Path, length: int = 200) -> Instances:
    """Read the middle second of each segment of seven wrist gestures; groups are 41 people."""
    with np.load(shared / "emg_francic/segments.npz") as archive:
        emg, gesture, person = archive["emg"], archive["gesture"], archive["person"]
        start, stop = archive["start"], archive["stop"]
    wanted = np.flatnonzero((gesture > 0) & (stop - start >= length))
    first = (start[wanted] + stop[wanted] - length) // 2
    X = np.stack([emg[one : one + length].T for one in first]).astype(np.float32)
    return Instances(X, gesture[wanted].astype(str), person[wanted].astype(str))


def stead_earthquakes(shared: Path, of: Callable[[object], float]) -> Instances:
    """Read 50 earthquakes of one station; ``of`` gives the target from a trace's attributes."""
    import h5py

    series, y, events = [], [], []
    with h5py.File(shared / "stead/waveforms_50_109C_TA.hdf5") as file:
        folder = file["earthquake/local"]
        for name in sorted(folder):
            trace = folder[name]
            series.append(np.asarray(trace, np.float32).T)
            y.append(of(trace.attrs))
            events.append(str(trace.attrs["source_id"]))
    X = decimate(np.array(series), **STEAD)
    return Instances(X, np.array(y, float), np.array(events))


def stead_magnitude(shared: Path) -> Instances:
    """Read 50 earthquakes of one station; the target is the magnitude."""
    return stead_earthquakes(shared, lambda of: float(of["source_magnitude"]))


def stead_s_minus_p(shared: Path) -> Instances:
    """Read 50 earthquakes; the target is the S wave's delay behind the P wave, in seconds.

    From the analysts' picks. Traces begin at various times before the P wave.
    """
    return stead_earthquakes(
        shared, lambda of: (of["s_arrival_sample"] - of["p_arrival_sample"]) / 100.0
    )


def _by_time(X: np.ndarray, y: np.ndarray, days: np.ndarray, years: np.ndarray) -> Instances:
    """Train on the first 70 %, test on the last 15 % of the time; nothing between is used."""
    place = np.arange(len(y)) / len(y)
    part = np.where(place < 0.7, "train", np.where(place >= 0.85, "test", ""))
    order = np.argsort(days, kind="stable")
    return Instances(
        X[order].astype(np.float32), y[order].astype(float), years[order].astype(str), part
    )


def _closes(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    closes = read_closes(path).dropna()
    days = closes.index.to_numpy()
    return closes.to_numpy(float), days, closes.index.year.to_numpy()


def _unbroken(days: np.ndarray, closes: np.ndarray, starts: np.ndarray, reach: int) -> np.ndarray:
    """Keep windows without a long pause, and without a week of one and the same close.

    The Nikkei's history repeats one close for a month of 1972.
    """
    torn = np.diff(days) > LONGEST_PAUSE
    unchanged = np.diff(closes) == 0
    for number in range(len(torn) - 4):
        torn[number] |= unchanged[number : number + 5].all()
    torn_before = np.concatenate([[0], np.cumsum(torn)])
    return starts[torn_before[starts + reach - 1] == torn_before[starts]]


def index_close(file: str, window: int = 50) -> Callable[[Path], Instances]:
    """Return the reader of 50 daily closes; the target is the close of the next day."""

    def read(shared: Path) -> Instances:
        closes, days, years = _closes(shared / file)
        starts = _unbroken(days, closes, np.arange(len(closes) - window), window + 1)
        X = closes[starts[:, None] + np.arange(window)][:, None]
        end = starts + window
        return _by_time(X, closes[end], days[end], years[end])

    return read


def index_volatility(file: str, window: int = 50, ahead: int = 20) -> Callable[[Path], Instances]:
    """Return the reader of 50 daily log returns in percent.

    The target is the natural logarithm of the standard deviation of the next 20 returns.
    """

    def read(shared: Path) -> Instances:
        closes, days, years = _closes(shared / file)
        returns = 100 * np.diff(np.log(closes))
        starts = np.arange(len(returns) - window - ahead + 1)
        starts = _unbroken(days, closes, starts, window + ahead + 1)
        X = returns[starts[:, None] + np.arange(window)][:, None]
        future = returns[starts[:, None] + window + np.arange(ahead)]
        end = starts + window
        return _by_time(X, np.log(future.std(axis=1)), days[end], years[end])

    return read


def _forecast(values: np.ndarray, years: np.ndarray, window: int, ahead: int) -> Instances:
    starts = np.arange(len(values) - window - ahead + 1)
    X = values[starts[:, None] + np.arange(window)][:, None]
    at = starts + window + ahead - 1
    return _by_time(X, values[at], at, years[at])


def el_nino(shared: Path) -> Instances:
    """Read 24 monthly sea surface temperatures; the target is the one six months later."""
    import statsmodels.datasets.elnino as source

    table = source.load_pandas().data
    values = table.drop(columns="YEAR").to_numpy(float).ravel()
    return _forecast(values, np.repeat(table["YEAR"].to_numpy(int), 12), 24, 6)


def sunspots(shared: Path) -> Instances:
    """Read 22 yearly sunspot numbers; the target is that of the next year. Groups are decades."""
    import statsmodels.datasets.sunspots as source

    table = source.load_pandas().data
    values = table["SUNACTIVITY"].to_numpy(float)
    return _forecast(values, table["YEAR"].to_numpy(int) // 10 * 10, 22, 1)


def co2(shared: Path) -> Instances:
    """Read 52 weekly CO2 concentrations; the target is the one 13 weeks later."""
    import statsmodels.datasets.co2 as source

    # Single missing weeks lie between their neighbours.
    weekly: pd.Series = source.load_pandas().data["co2"].interpolate()
    return _forecast(weekly.to_numpy(float), weekly.index.year.to_numpy(), 52, 13)
