"""EMG-Francic: seven wrist gestures of 41 people, recorded with a Myo armband."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from sktl._untrusted import check_claim, needed_arrays
from sktl.datasets._contract import make_fetcher
from sktl.datasets._finding import Once, files_or_archive
from sktl.datasets._losses import Skipped
from sktl.datasets._readers import Reader, Skip
from sktl.datasets._spec import DatasetSpec, RemoteFile
from sktl.datasets._windows import (
    N_MYO_CHANNELS,
    check_recording,
    check_window,
    labelled_windows,
)

CLASSES = (
    "extension",
    "fist",
    "flexion",
    "pronation",
    "radial deviation",
    "supination",
    "ulnar deviation",
)
REST = "rest"
CHANNELS = tuple(range(N_MYO_CHANNELS))
WINDOW, STEP = 80, 40
# The numbers at the ends of the official lines.
_LABELS = np.array(
    [
        REST,
        "flexion",
        "extension",
        "radial deviation",
        "ulnar deviation",
        "pronation",
        "supination",
        "fist",
    ]
)
_COMMIT = "2630b1dd8b83b2fa386f06d536f64254ad541ac5"
_ARRAYS = ("emg", "person", "gesture", "start", "stop")
Recording = tuple[str, np.ndarray, np.ndarray]


def _segments(path: Path, skipped: Skipped) -> Iterator[Recording]:
    """Recordings of a compressed archive, each a segment of one gesture."""
    emg, *columns = needed_arrays(path, _ARRAYS)
    person, gesture, start, stop = columns
    whole = all(one.shape == (person.size,) and one.dtype.kind in "iu" for one in columns)
    if emg.ndim != 2 or emg.shape[1] != N_MYO_CHANNELS or emg.dtype.kind not in "iuf" or not whole:
        raise ValueError(
            f"{path} must hold emg (n_samples, {N_MYO_CHANNELS}) and whole numbers, one a segment. "
            f"Received: emg {emg.shape}, {', '.join(str(one.shape) for one in columns)}"
        )
    inside = (start >= 0) & (start < stop) & (stop <= len(emg))
    # Segments may overlap, but not so that they hold each sample a thousand times.
    samples = int((stop.astype(float) - start)[inside].sum())
    check_claim(samples * emg.shape[1] * emg.itemsize, emg.nbytes, f"The segments of {path}")
    for who, what, first, last in zip(person, gesture, start, stop, strict=True):
        if not 0 <= what < len(_LABELS):
            skipped.leave_out("segment with an unknown gesture", f"person{who:02d}")
        elif not 0 <= first < last <= len(emg):
            skipped.leave_out(
                "segment outside the recording", f"person{who:02d}", str(_LABELS[what])
            )
        else:
            yield f"person{who:02d}", emg[first:last], np.full(last - first, _LABELS[what])


def _texts(files: list[Path], skipped: Skipped) -> Iterator[Recording]:
    """Segments of official recordings: a minute in a file, each line eight values and a label."""
    once = Once()
    for file in files:
        try:
            emg, labels = _text(file)
            once.check(f"{file.parent.name}/{file.name}", emg, labels)
        except Skip as reason:
            skipped.leave_out(reason, f"{file.parent.name}/{file.name}")
            continue
        cuts = [0, *(np.flatnonzero(labels[1:] != labels[:-1]) + 1), len(labels)]
        for first, last in pairwise(cuts):
            yield file.parent.name.partition("-")[0], emg[first:last], labels[first:last]


def _text(file: Path) -> tuple[np.ndarray, np.ndarray]:
    try:
        table = np.loadtxt(file, delimiter=",", dtype=np.int16, ndmin=2)
    except (ValueError, OverflowError) as error:
        raise Skip("damaged recording") from error
    if table.shape[1] != N_MYO_CHANNELS + 1:
        raise Skip("recording without 8 channels and a label")
    codes = table[:, -1]
    if codes.size and not 0 <= codes.min() <= codes.max() < len(_LABELS):
        raise Skip("recording with an unknown gesture")
    emg = table[:, :-1]
    small = not emg.size or -128 <= emg.min() <= emg.max() <= 127
    return check_recording(emg.astype(np.int8) if small else emg, _LABELS[codes])


def read_emg_francic(
    path: Path,
    *,
    window: int = WINDOW,
    step: int = STEP,
    channels: Sequence[int] = CHANNELS,
    rest: bool = False,
) -> Reader:
    """Read the gestures as windows of 80 samples, every 40 samples, of all eight channels.

    Parameters
    ----------
    path : path-like
        The official folder, with ``<person>-<session>/<gesture>.txt`` at any depth, or a ``.npz``
        file with the arrays ``emg`` (n_samples, 8) and, for each segment of one gesture,
        ``person``, ``gesture``, ``start`` and ``stop``.
    window, step : int, default=80, 40
        Samples in a window, and from one window to the next; the armband gives about 200 a
        second.
    channels : sequence of int, default=all eight
        Which electrodes.
    rest : bool, default=False
        Whether windows of rest, half of each recording, are kept, as the class ``"rest"``.

    Returns
    -------
    Reader
        Windows within one gesture; groups are persons. What cannot be used is counted in
        ``skipped``.

    Raises
    ------
    ValueError
        If there is no recording, or an option does not fit.
    """
    path = Path(path)
    check_window(window, step, channels)
    files, path = files_or_archive(path, "*-*/[0-9].txt", "<person>-<session>/<gesture>.txt")
    skipped = Skipped()
    opened = _texts(files, skipped) if files else _segments(path, skipped)
    classes = (*CLASSES, REST) if rest else CLASSES
    return labelled_windows(opened, classes, channels, window, step, skipped, ignored=REST)


SPEC = DatasetSpec(
    name="EMG-Francic",
    module="emg_francic",
    title="Myo readings dataset: seven wrist gestures of 41 people",
    domain="electromyography",
    task="classification",
    target="gesture of the wrist",
    n_channels=N_MYO_CHANNELS,
    n_timepoints=WINDOW,
    rate_hz=200.0,
    unit="units of the Myo armband (8 bit)",
    group="person",
    n_instances=126_343,
    stream_max=True,
    licence="MIT",
    citation=(
        "Frančič, A. Myo readings dataset. github.com/aljazfrancic/myo-readings-dataset, commit "
        f"{_COMMIT}"
    ),
    url="https://github.com/aljazfrancic/myo-readings-dataset",
    files=(
        RemoteFile(
            f"myo-readings-dataset-{_COMMIT}.zip",
            f"https://github.com/aljazfrancic/myo-readings-dataset/archive/{_COMMIT}.zip",
            known_hash="git-tree:e984d8e492eb142d4aa5935be20c790c201e2a5d",
        ),
    ),
    read=read_emg_francic,
    classes=CLASSES,
)

fetch_emg_francic = make_fetcher(SPEC)
