"""Panels of your own recordings: folders of SeisBench, ObsPy streams with a catalogue, arrays."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from os import PathLike, fspath
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sktl._checks import check_number
from sktl._hdf5_files import check_array, is_foreign
from sktl._panels import as_panel
from sktl._tables import as_number, read_table
from sktl._untrusted import DAMAGE, refusing
from sktl.datasets._dataset import Part
from sktl.datasets._finding import find_files
from sktl.datasets._hdf5 import open_hdf5
from sktl.datasets._losses import Skipped, warn_of_losses
from sktl.datasets._readers import Skip
from sktl.datasets._resampling import cut_and_resample
from sktl.datasets._windows import pure_windows

__all__ = ["panel_from_recordings", "panel_from_seisbench", "panel_from_stream"]

# Horizontal components of stations that are not turned to north and east.
_ALIASES = {"N": "1", "E": "2"}
_EVENT_COLUMNS = ("event", "station", "p_time", "magnitude")


def panel_from_seisbench(
    path: str | PathLike[str],
    *,
    n_timepoints: int,
    rate_hz: float | None = None,
    components: str = "ZNE",
    target: str = "source_magnitude",
    group: str = "source_id",
    arrival: str | None = "trace_p_arrival_sample",
    before_s: float = 5.0,
) -> Part:
    """Make a panel of a dataset in SeisBench's format.

    Parameters
    ----------
    path : path-like
        Folder with ``metadata<chunk>.csv`` and ``waveforms<chunk>.hdf5``; all chunks are read.
    n_timepoints : int
        Samples of an instance.
    rate_hz : float, optional
        Sampling rate (Hz) to which traces are resampled, such as that of a source; default: that
        of the first trace.
    components : str, default="ZNE"
        Channels in the order wanted; the order in the file (``component_order``) is known.
    target, group : str, default="source_magnitude", "source_id"
        Columns of the metadata: what to predict, and what traces have in common (the earthquake).
    arrival : str or None, default="trace_p_arrival_sample"
        Column with the sample number of an arrival; None: windows begin with the trace.
    before_s : float, default=5.0
        Seconds from the beginning of the window to the arrival.

    Returns
    -------
    Part
        ``X`` of shape (n_instances, n_channels, n_timepoints), float32, in the file's unit, ``y``
        and ``groups``.

    Raises
    ------
    ValueError
        If there is no such dataset, a column is missing, or no trace can be used.

    Warns
    -----
    UserWarning
        If more than 2 % of the traces cannot be used, and why.

    References
    ----------
    .. [1] J. Woollam et al. (2022). SeisBench - a toolbox for machine learning in seismology.
       Seismological Research Letters 93, 1695-1709.
    """
    check_number("n_timepoints", n_timepoints, least=1, whole=True)
    folder, gathered, wanted_hz = Path(path), _Gathered(), rate_hz
    for metadata, waveforms in _chunks(folder):
        table = read_table(metadata, low_memory=False)
        wanted = ["trace_name", target, group, *([arrival] if arrival else [])]
        missing = [name for name in wanted if name not in table.columns]
        if missing:
            raise ValueError(
                f"{metadata} must have the columns {wanted}. Received: {missing} are missing; "
                f"there are {table.columns.tolist()[:20]}"
            )
        with open_hdf5(waveforms) as file:
            facts = _data_format(file)
            for row in table.to_dict("records"):
                name = str(row["trace_name"])
                rate = as_number(row.get("trace_sampling_rate_hz", facts["sampling_rate"]))
                if wanted_hz is None and rate > 0:
                    wanted_hz = rate

                def instance(
                    row=row, name=name, rate=rate, file=file, facts=facts, wanted_hz=wanted_hz
                ):
                    if not rate > 0:
                        raise Skip("no sampling rate")
                    at = 0.0 if arrival is None else as_number(row[arrival]) - before_s * rate
                    if not np.isfinite(at):
                        raise Skip("no arrival")
                    series = _ordered(_trace(file, name, facts), row, facts, components)
                    return cut_and_resample(series, rate, at, n_timepoints, wanted_hz)

                gathered.add(name, instance, row[target], row[group])
    return gathered.part(f"path={fspath(path)!r}")


def _chunks(folder):
    files = {file.name: file for file in find_files(folder, "metadata*.csv", "waveforms*.hdf5")}
    names = sorted(
        name[len("metadata") : -len(".csv")] for name in files if name.startswith("metadata")
    )
    listed = folder / "chunks"
    if listed.is_file():
        names = listed.read_text().split() or names
    pairs = [(files.get(f"metadata{n}.csv"), files.get(f"waveforms{n}.hdf5")) for n in names]
    whole = [(table, waves) for table, waves in pairs if table and waves]
    if not whole or len(whole) < len(pairs):
        raise ValueError(
            "path must be a folder with metadata<chunk>.csv and waveforms<chunk>.hdf5 for every "
            f"chunk. Received: path={fspath(folder)!r} with {sorted(files)[:10] or 'neither'}"
        )
    return whole


def _data_format(file):
    facts = {"dimension_order": "CW", "component_order": "ZNE", "sampling_rate": np.nan}
    with refusing(f"{file.filename} has a group data_format that cannot be read"):
        for key, value in file.get("data_format", {}).items():
            value = check_array(value, 0)[()]
            facts[key] = value.decode() if isinstance(value, bytes) else value
    for key in ("dimension_order", "component_order"):
        if not isinstance(facts[key], str):
            raise ValueError(f"{file.filename} must have a text {key}. Received: {facts[key]!r}")
    return facts


def _trace(file, name, facts):
    """Read a trace, an array of its own or a piece of a bucket; return (components, samples)."""
    block, _, location = name.partition("$")
    try:
        array = file["data"][block]
        if is_foreign(array, file):
            raise Skip("trace in another file")
        check_array(array, Path(file.filename).stat().st_size)
        series = array[tuple(_index(one) for one in location.split(","))] if location else array[()]
    except DAMAGE as error:
        raise Skip("damaged or missing trace") from error
    if series.ndim != 2 or series.dtype.kind not in "iuf":
        raise Skip("trace that is not an array of components and samples")
    return series if facts["dimension_order"].strip("N") == "CW" else series.T


def _index(text):
    bounds = [int(one) if one.strip() else None for one in text.split(":")]
    return bounds[0] if len(bounds) == 1 else slice(*bounds)


def _ordered(series, row, facts, components):
    order = row.get("trace_component_order", facts["component_order"])
    order = order if isinstance(order, str) else facts["component_order"]
    lacking = [one for one in components if one not in order]
    if lacking or len(order) > len(series):
        raise Skip(f"no component {', '.join(lacking) or components}")
    return series[[order.index(one) for one in components]]


def panel_from_stream(
    stream: Any,
    events: Any,
    *,
    n_timepoints: int,
    rate_hz: float,
    components: str = "ZNE",
    before_s: float = 5.0,
) -> Part:
    """Make a panel of ObsPy's traces and a catalogue of magnitudes.

    Parameters
    ----------
    stream : obspy.Stream, iterable of traces, or path-like
        Continuous data or pieces. ObsPy reads a path: a file, a pattern such as
        ``"records/*.mseed"``, or a folder, whose files in other formats are left out.
    events : pandas.DataFrame, path-like, or obspy.Catalog
        A table with one row for each arrival and the columns ``event``, ``station`` ("STA" or
        "NET.STA"), ``p_time`` (UTC) and ``magnitude``, or a ``.csv`` file of it; or a catalogue, or
        a file of it that ObsPy reads, such as QuakeML: its P picks and each earthquake's
        preferred, or first, magnitude are used.
    n_timepoints : int
        Samples of an instance.
    rate_hz : float
        Sampling rate (Hz) to which traces are resampled, such as that of a source.
    components : str, default="ZNE"
        Channels in the order wanted, the last letters of the channels' codes; ``1`` and ``2``
        stand in for N and E.
    before_s : float, default=5.0
        Seconds from the beginning of the window to the arrival.

    Returns
    -------
    Part
        ``X`` of shape (n_instances, n_channels, n_timepoints), float32, in the traces' unit,
        magnitudes ``y`` and earthquakes ``groups``.

    Raises
    ------
    ImportError
        If a path has to be read by ObsPy, which is not installed.
    ValueError
        If the events lack a column, or no window can be used.

    Warns
    -----
    UserWarning
        If more than 2 % of the arrivals cannot be used (not recorded, gaps), and why.
    """
    check_number("n_timepoints", n_timepoints, least=1, whole=True)
    check_number("rate_hz", rate_hz, least=0, above=True)
    if isinstance(stream, str | PathLike):
        stream = _traces_of(Path(stream))
    traces: dict[tuple[str, str], list[Any]] = {}
    for trace in stream:
        stats = trace.stats
        for station in (stats.station, f"{stats.network}.{stats.station}"):
            traces.setdefault((station, stats.channel[-1:]), []).append(trace)
    gathered = _Gathered()
    for event, station, time, magnitude in _arrivals(events):

        def instance(station=station, time=time):
            if not np.isfinite(time):
                raise Skip("no arrival")
            start = time - before_s
            return np.concatenate(
                [_piece(traces, station, one, start, n_timepoints, rate_hz) for one in components]
            )

        gathered.add(f"{station} of {event}", instance, magnitude, event)
    stations = sorted({station for station, _ in traces})
    return gathered.part(f"events with {len(gathered)} rows, recordings of {stations[:10]}")


def _traces_of(path):
    """Read a file, or all files of a folder that ObsPy knows."""
    obspy = _obspy()
    if not path.is_dir():
        return obspy.read(fspath(path))
    traces: list[Any] = []
    for file in find_files(path, "**/*"):
        if file.is_file():
            try:
                traces.extend(obspy.read(fspath(file)))
            except TypeError:  # ObsPy's error for a format that it does not know
                continue
    if not traces:
        raise ValueError(
            "A folder must hold waveforms in a format that ObsPy reads, such as miniSEED. "
            f"Received: stream={fspath(path)!r}"
        )
    return traces


def _piece(traces, station, component, start, length, rate_hz):
    found = traces.get((station, component)) or traces.get((station, _ALIASES.get(component, "")))
    if not found and not any(one == station for one, _ in traces):
        raise Skip("no recording of the station")
    if not found:
        raise Skip(f"no component {component} of the station")
    reason = Skip("window reaches beyond the recording")
    for trace in found:
        rate = float(trace.stats.sampling_rate)
        at = (start - trace.stats.starttime.timestamp) * rate
        try:
            return cut_and_resample(trace.data[None], rate, at, length, rate_hz)
        except Skip as error:
            reason = error
    raise reason


def _arrivals(events):
    if isinstance(events, str | PathLike):
        if fspath(events).endswith(".csv"):
            events = read_table(events, dtype={"event": str, "station": str})
        else:
            events = _obspy().read_events(fspath(events))
    if not isinstance(events, pd.DataFrame):
        return list(_picks(events))
    missing = [name for name in _EVENT_COLUMNS if name not in events.columns]
    if missing:
        raise ValueError(
            f"events must have the columns {', '.join(_EVENT_COLUMNS)}: rename yours, "
            f"events.rename(columns={{...}}). Received: {', '.join(missing)} missing in "
            f"{events.columns.tolist()[:20]}"
        )
    times = pd.to_datetime(events["p_time"], utc=True, errors="coerce", format="ISO8601")
    seconds = (times - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(seconds=1)
    columns = (events["event"], events["station"], seconds, events["magnitude"])
    return list(zip(*columns, strict=True))


def _picks(catalog):
    for event in catalog:
        magnitude = event.preferred_magnitude() or next(iter(event.magnitudes), None)
        for pick in event.picks:
            if (pick.phase_hint or "").upper().startswith("P"):
                code = pick.waveform_id
                network = f"{code.network_code}." if code.network_code else ""
                yield (
                    str(event.resource_id), f"{network}{code.station_code}", pick.time.timestamp,
                    getattr(magnitude, "mag", None),
                )  # fmt: skip


def _obspy():
    try:
        import obspy
    except ImportError as error:
        raise ImportError(
            "ObsPy reads such files: pip install 'sktl[obspy]'; or give its streams and "
            "catalogues, or a data frame of the arrivals"
        ) from error
    return obspy


def panel_from_recordings(
    recordings: Iterable[Any],
    labels: Iterable[Any],
    groups: Iterable[Any] | None = None,
    *,
    length: int,
    step: int,
    ignored: Sequence[Any] = (),
) -> Part:
    """Cut recordings into windows of one label each: gestures, words, states.

    Parameters
    ----------
    recordings : iterable of array-like of shape (n_samples,) or (n_samples, n_channels)
        Recordings at one sampling rate.
    labels : iterable
        For each recording its label, or the labels of all its samples.
    groups : iterable, optional
        The subject or speaker of each recording. Default: each recording is a group of its own.
    length, step : int
        Samples in a window, and from one window to the next.
    ignored : sequence, default=()
        Labels whose windows are left out, such as rest.

    Returns
    -------
    Part
        ``X`` of shape (n_windows, n_channels, length), labels ``y`` as str, and ``groups``.

    Raises
    ------
    ValueError
        If the recordings have different channels, or no window can be cut.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.datasets import panel_from_recordings
    >>> emg = [np.arange(20).reshape(10, 2), np.arange(12).reshape(6, 2)]
    >>> windows = panel_from_recordings(emg, ["fist", "wave"], ["ann", "bob"], length=4, step=3)
    >>> windows.X.shape, windows.y.tolist(), windows.groups.tolist()
    ((4, 2, 4), ['fist', 'fist', 'fist', 'wave'], ['ann', 'ann', 'ann', 'bob'])
    """
    check_number("length", length, least=1, whole=True)
    check_number("step", step, least=1, whole=True)
    recordings, labels = list(recordings), list(labels)
    groups = [str(n) for n in range(len(recordings))] if groups is None else list(groups)
    if not len(recordings) == len(labels) == len(groups):
        raise ValueError(
            "Every recording needs a label and a group. Received: "
            f"{len(recordings)} recordings, {len(labels)} labels, {len(groups)} groups"
        )
    gathered, left_out = _Gathered(), {str(one) for one in ignored}
    for number, recording in enumerate(recordings):
        samples, label = np.ma.asanyarray(recording), np.asarray(labels[number]).astype(str)
        samples = samples[:, None] if samples.ndim == 1 else samples
        of_samples = label if label.ndim else np.broadcast_to(label, len(samples))
        if len(of_samples) != len(samples):
            raise ValueError(
                "A recording needs one label, or one for each of its samples. Received: "
                f"{len(of_samples)} labels for {len(samples)} samples of recording {number}"
            )
        starts = pure_windows(of_samples, length, step)
        if not len(starts):
            gathered.skipped.leave_out("recording without a window of one label", str(number))
        for start in starts:
            if of_samples[start] in left_out:
                continue

            def instance(samples=samples, start=start):
                return cut_and_resample(samples.T, 1.0, start, length, None)

            gathered.add(
                f"recording {number}", instance, str(of_samples[start]), groups[number], False
            )
    return gathered.part(f"length={length}, step={step}")


class _Gathered:
    """Instances one after the other, and what was left out."""

    def __init__(self) -> None:
        self.skipped = Skipped()
        self._X: list[np.ndarray] = []
        self._y: list[Any] = []
        self._groups: list[str] = []
        self._contents: set[bytes] = set()

    def __len__(self) -> int:
        return len(self._X) + self.skipped.total()

    def add(
        self,
        name: str,
        instance: Callable[[], np.ndarray],
        y: Any,
        group: Any,
        once: bool = True,
    ) -> None:
        """Keep an instance, by default once, or count why not."""
        try:
            if not isinstance(y, str):
                y = as_number(y)
                if not np.isfinite(y):
                    raise Skip("no magnitude")
            X = instance()
            digest = hashlib.sha256(repr((y, group)).encode() + X.tobytes()).digest()
            if once and digest in self._contents:
                raise Skip("duplicate content")
            self._contents.add(digest)
            self._X.append(X)
        except Skip as reason:
            self.skipped.leave_out(reason, name, y if isinstance(y, str) else None)
            return
        self._y.append(y)
        self._groups.append(str(group))

    def part(self, received: str) -> Part:
        """Return what was kept, and warn of what was not."""
        if not self._X:
            raise ValueError(f"No instance can be used: {dict(self.skipped)}. Received: {received}")
        y = np.array(self._y)
        y = y if y.dtype.kind == "U" else y.astype(np.float32)
        warn_of_losses(y, self.skipped, {}, (), set())
        return Part(np.asarray(as_panel(self._X)), y, np.array(self._groups))
