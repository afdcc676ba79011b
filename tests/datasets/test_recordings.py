"""Panels of people's own recordings, against the arrays that were written."""

from types import SimpleNamespace

import h5py
import numpy as np
import pandas as pd
import pytest

from sktl.datasets import panel_from_recordings, panel_from_seisbench, panel_from_stream
from sktl.datasets._resampling import cut_and_resample

RNG = np.random.default_rng(0)


def waves(n=6, length=900):
    return RNG.normal(size=(n, 3, length)).astype(np.float32)


def write_seisbench(folder, X, chunk="", order="ZNE", dimensions="CW", bucket=True, **columns):
    """Write as SeisBench does: traces in a bucket, their places in the metadata."""
    folder.mkdir(parents=True, exist_ok=True)
    n = len(X)
    with h5py.File(folder / f"waveforms{chunk}.hdf5", "w") as file:
        stored = X if dimensions == "CW" else X.transpose(0, 2, 1)
        if bucket:
            file["data/bucket0"] = stored
            shape = ",".join(f":{size}" for size in stored.shape[1:])
            names = [f"bucket0${number},{shape}" for number in range(n)]
        else:
            names = [f"trace{number}{chunk}" for number in range(n)]
            for name, one in zip(names, stored, strict=True):
                file[f"data/{name}"] = one
        file["data_format/component_order"] = order
        file["data_format/dimension_order"] = dimensions
        file["data_format/sampling_rate"] = 100.0
    table = {
        "trace_name": names,
        "source_magnitude": np.arange(n) / 2,
        "source_id": [f"event{number // 2}" for number in range(n)],
        "trace_p_arrival_sample": np.full(n, 300.0),
    }
    pd.DataFrame(table | columns).to_csv(folder / f"metadata{chunk}.csv", index=False)
    return folder


@pytest.mark.parametrize("bucket", [True, False])
@pytest.mark.parametrize("dimensions", ["CW", "WC"])
@pytest.mark.parametrize("order", ["ZNE", "ENZ"])
def test_seisbench(bucket, dimensions, order, tmp_path):
    X = waves()
    stored = X[:, ["ZNE".index(one) for one in order]]
    write_seisbench(tmp_path, stored, order=order, dimensions=dimensions, bucket=bucket)
    panel = panel_from_seisbench(tmp_path, n_timepoints=400, before_s=1.0)
    np.testing.assert_array_equal(panel.X, X[:, :, 200:600])
    np.testing.assert_array_equal(panel.y, np.arange(6) / 2)
    assert panel.groups.tolist() == [f"event{n // 2}" for n in range(6)]
    first = panel_from_seisbench(tmp_path, n_timepoints=400, arrival=None, components="EZ")
    np.testing.assert_array_equal(first.X, X[:, [2, 0], :400])


@pytest.mark.parametrize("listed", [True, False])
def test_chunks_and_copies(listed, tmp_path):
    X = waves(8)
    write_seisbench(tmp_path, X[:4], "_a")
    write_seisbench(tmp_path, X[4:], "_b", source_id=[f"b{n}" for n in range(4)])
    (tmp_path / "._metadata_a.csv").write_bytes(b"Mac OS X")
    if listed:
        (tmp_path / "chunks").write_text("_b\n_a\n")
    panel = panel_from_seisbench(tmp_path, n_timepoints=100, before_s=1)
    assert len(panel.y) == 8
    write_seisbench(tmp_path, X[:4], "_copy")
    (tmp_path / "chunks").unlink(missing_ok=True)
    again = panel_from_seisbench(tmp_path, n_timepoints=100, before_s=1)
    assert len(again.y) == 8


def test_a_rate_of_the_source(tmp_path):
    """A tone below the new Nyquist frequency stays what it is."""
    t = np.arange(3000) / 100
    X = np.repeat(np.sin(2 * np.pi * 2 * t)[None, None], 3, axis=1).repeat(2, axis=0)
    X[1] *= 2
    write_seisbench(tmp_path, X)
    panel = panel_from_seisbench(tmp_path, n_timepoints=500, rate_hz=20, before_s=0)
    expected = np.sin(2 * np.pi * 2 * (3 + np.arange(500) / 20))
    np.testing.assert_allclose(panel.X[0, 0, 10:-10], expected[10:-10], atol=0.01)
    mixed = tmp_path / "mixed"
    write_seisbench(mixed, X, trace_sampling_rate_hz=[100.0, 50.0])
    two = panel_from_seisbench(mixed, n_timepoints=400, rate_hz=20, before_s=0)
    # At half the rate the same samples are a tone of 1 Hz.
    slow = 2 * np.sin(2 * np.pi * 1 * (6 + np.arange(400) / 20))
    np.testing.assert_allclose(two.X[1, 0, 10:-10], slow[10:-10], atol=0.02)


def test_what_cannot_be_used_is_named(tmp_path):
    X = waves(8)
    X[1, 0, 200] = np.nan
    columns = {
        "source_magnitude": [0, 1, np.nan, 3, 4, 5, 6, 7],
        "trace_p_arrival_sample": [300, 300, 300, np.nan, 905, 100, 300, 300],
        "trace_component_order": ["ZNE"] * 6 + ["ZN", "ZNE"],
    }
    write_seisbench(tmp_path, X, **columns)
    with pytest.warns(UserWarning, match="6 of 8 are left out") as caught:
        panel = panel_from_seisbench(tmp_path, n_timepoints=200, before_s=2)
    text = str(caught[0].message)
    for words in ("1 gap in the window", "no magnitude", "no arrival", "2 window reaches beyond",
                  "no component E"):  # fmt: skip
        assert words in text
    np.testing.assert_array_equal(panel.y, [0, 7])


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda folder: (folder / "waveforms.hdf5").unlink(), "every chunk"),
        (lambda folder: (folder / "metadata.csv").unlink(), "every chunk"),
        (lambda folder: (folder / "metadata.csv").write_text("trace_name\nx\n"), "must have the c"),
        (lambda folder: (folder / "chunks").write_text("_z"), "every chunk"),
    ],
)
def test_other_folders_are_refused(spoil, words, tmp_path):
    write_seisbench(tmp_path, waves())
    spoil(tmp_path)
    with pytest.raises(ValueError, match=words):
        panel_from_seisbench(tmp_path, n_timepoints=10)


# --- streams ------------------------------------------------------------------------------------
START = 1_600_000_000.0


def trace(data, station="AQU", channel="HHZ", rate=100.0, start=START, network="MN"):
    """Return what ObsPy's traces offer."""
    stats = SimpleNamespace(
        network=network,
        station=station,
        channel=channel,
        sampling_rate=rate,
        starttime=SimpleNamespace(timestamp=start),
    )
    return SimpleNamespace(data=data, stats=stats)


def stream(X, **options):
    return [trace(X[n], channel=f"HH{one}", **options) for n, one in enumerate("ZNE")]


def arrivals(*seconds, station="MN.AQU"):
    times = [pd.Timestamp(START + one, unit="s", tz="UTC").isoformat() for one in seconds]
    return pd.DataFrame(
        {
            "event": [f"e{n}" for n in range(len(seconds))],
            "station": station,
            "p_time": times,
            "magnitude": np.arange(len(seconds)) + 2.5,
        }
    )


@pytest.mark.parametrize("station", ["AQU", "MN.AQU"])
@pytest.mark.parametrize("as_csv", [True, False])
def test_streams(station, as_csv, tmp_path):
    X = RNG.normal(size=(3, 6000))
    events = arrivals(10, 40, station=station)
    if as_csv:
        events.to_csv(tmp_path / "events.csv", index=False)
        events = tmp_path / "events.csv"
    panel = panel_from_stream(stream(X), events, n_timepoints=500, rate_hz=100, before_s=2)
    expected = np.stack([X[:, 800:1300], X[:, 3800:4300]]).astype(np.float32)
    np.testing.assert_array_equal(panel.X, expected)
    np.testing.assert_array_equal(panel.y, [2.5, 3.5])
    assert panel.groups.tolist() == ["e0", "e1"]


def test_gaps_other_stations_and_pieces():
    X = RNG.normal(size=(3, 6000))
    gappy = np.ma.masked_array(X, mask=np.zeros(X.shape, bool))
    gappy[1, 4000] = np.ma.masked
    other = RNG.normal(size=(3, 6000))
    pieces = stream(other[:, :3000], station="BBB")
    pieces += stream(other[:, 3000:], station="BBB", start=START + 30)
    events = pd.concat(
        [arrivals(10, 40, 59.5), arrivals(10, 40, 31, station="BBB"), arrivals(10, station="CCC")]
    )
    with pytest.warns(UserWarning, match="4 of 7 are left out") as caught:
        panel = panel_from_stream(
            stream(gappy) + pieces, events, n_timepoints=300, rate_hz=100, before_s=2
        )
    text = str(caught[0].message)
    assert "1 gap in the window" in text
    assert "2 window reaches beyond the recording" in text
    assert "1 no recording of the station (such as CCC of e0)" in text
    np.testing.assert_array_equal(panel.X[0], X[:, 800:1100].astype(np.float32))
    np.testing.assert_array_equal(panel.X[2], other[:, 3800:4100].astype(np.float32))


def test_horizontals_that_are_not_turned():
    X = RNG.normal(size=(3, 3000))
    turned = [trace(X[n], channel=f"HH{one}") for n, one in enumerate("Z12")]
    panel = panel_from_stream(turned, arrivals(10), n_timepoints=100, rate_hz=100)
    np.testing.assert_array_equal(panel.X[0], X[:, 500:600].astype(np.float32))


def test_catalogues():
    """A catalogue as ObsPy gives it: picks, and a preferred or first magnitude."""
    X = RNG.normal(size=(3, 6000))
    code = SimpleNamespace(network_code="MN", station_code="AQU")

    def pick(seconds, phase):
        time = SimpleNamespace(timestamp=START + seconds)
        return SimpleNamespace(phase_hint=phase, waveform_id=code, time=time)

    def event(name, preferred, magnitudes, *picks):
        return SimpleNamespace(
            resource_id=name,
            preferred_magnitude=lambda: preferred,
            magnitudes=magnitudes,
            picks=picks,
        )

    magnitude = SimpleNamespace(mag=3.1)
    catalog = [
        event("a", magnitude, [], pick(10, "P"), pick(14, "S")),
        event("b", None, [SimpleNamespace(mag=1.5)], pick(30, "Pg")),
    ]
    panel = panel_from_stream(stream(X), catalog, n_timepoints=100, rate_hz=100, before_s=1)
    np.testing.assert_allclose(panel.y, [3.1, 1.5])
    np.testing.assert_array_equal(panel.X[1], X[:, 2900:3000].astype(np.float32))
    nothing = [event("c", None, [], pick(10, "P"))]
    with pytest.raises(ValueError, match=r"No instance can be used: \{'no magnitude': 1\}"):
        panel_from_stream(stream(X), nothing, n_timepoints=100, rate_hz=100)


def test_what_obspy_has_to_read(tmp_path):
    try:
        import obspy  # noqa: F401
    except ImportError:
        with pytest.raises(ImportError, match=r"pip install 'sktl\[obspy\]'"):
            panel_from_stream(tmp_path / "a.mseed", arrivals(1), n_timepoints=1, rate_hz=1)
        with pytest.raises(ImportError, match=r"pip install 'sktl\[obspy\]'"):
            panel_from_stream([], tmp_path / "a.xml", n_timepoints=1, rate_hz=1)


def test_obspys_own_example(tmp_path):
    """Its stream, a catalogue with a P and an S pick, and both through miniSEED and QuakeML."""
    obspy = pytest.importorskip("obspy")
    from obspy.core import event

    recorded = obspy.read()
    start = recorded[0].stats.starttime
    code = event.WaveformStreamID("BW", "RJOB")
    picks = [
        event.Pick(time=start + seconds, phase_hint=phase, waveform_id=code)
        for phase, seconds in (("P", 10), ("S", 15))
    ]
    catalog = event.Catalog([event.Event(magnitudes=[event.Magnitude(mag=2.2)], picks=picks)])
    options = {"n_timepoints": 1000, "rate_hz": 100, "before_s": 2}
    panel = panel_from_stream(recorded, catalog, **options)
    expected = recorded.select(component="Z")[0].slice(start + 8, start + 18).data[:1000]
    np.testing.assert_array_equal(panel.X[0, 0], expected.astype(np.float32))
    np.testing.assert_allclose(panel.y, [2.2])
    for one in recorded:
        one.data = one.data.astype(np.float32)
    recorded.write(str(tmp_path / "a.mseed"), format="MSEED")
    catalog.write(str(tmp_path / "a.xml"), format="QUAKEML")
    read = panel_from_stream(tmp_path / "a.mseed", tmp_path / "a.xml", **options)
    np.testing.assert_array_equal(read.X, panel.X)
    torn = recorded.copy().trim(start, start + 9) + recorded.copy().trim(start + 11, start + 29)
    with pytest.raises(ValueError, match="gap in the window"):
        panel_from_stream(torn.merge(), catalog, **options)


def test_events_need_their_columns():
    events = arrivals(1).drop(columns="p_time")
    with pytest.raises(ValueError, match="Received: p_time missing in"):
        panel_from_stream([], events, n_timepoints=1, rate_hz=1)


# --- recordings ---------------------------------------------------------------------------------
def test_recordings_with_labels_of_samples():
    recording = RNG.normal(size=(20, 3))
    labels = ["rest"] * 5 + ["fist"] * 10 + ["rest"] * 5
    panel = panel_from_recordings([recording], [labels], length=4, step=1, ignored=["rest"])
    np.testing.assert_array_equal(panel.y, ["fist"] * 7)
    np.testing.assert_array_equal(panel.X[0], recording[5:9].T.astype(np.float32))
    assert set(panel.groups) == {"0"}


def test_sounds_and_gaps():
    sound = np.ma.masked_array(np.arange(12.0), mask=False)
    sound[9] = np.ma.masked
    with pytest.warns(UserWarning, match="1 gap in the window.*1 recording without a window"):
        panel = panel_from_recordings(
            [sound, np.arange(2.0), np.zeros(12)], ["yes", "no", "no"], list("abc"),
            length=4, step=4,
        )  # fmt: skip
    assert panel.X.shape == (5, 1, 4)
    np.testing.assert_array_equal(panel.y, ["yes", "yes", "no", "no", "no"])


@pytest.mark.parametrize(
    ("recordings", "labels", "options", "words"),
    [
        ([np.zeros((9, 2))], ["a", "b"], {}, "1 recordings, 2 labels"),
        ([np.zeros((9, 2))], [["a"] * 8], {}, "8 labels for 9 samples"),
        ([np.zeros((9, 2)), np.zeros((9, 3))], ["a", "b"], {}, "equal"),
        ([np.zeros((3, 2))], ["a"], {}, "No instance can be used"),
        ([np.zeros((9, 2))], ["a"], {"length": 2.5}, "length must be"),
        ([np.zeros((9, 2))], ["a"], {"step": 0}, "step must be"),
    ],
)
def test_recordings_that_make_no_panel(recordings, labels, options, words):
    with pytest.raises(ValueError, match=words):
        panel_from_recordings(recordings, labels, **({"length": 4, "step": 2} | options))


def test_cutting_before_and_after_is_no_window():
    from sktl.datasets._readers import Skip

    for start in (-1, 7):
        with pytest.raises(Skip, match="beyond"):
            cut_and_resample(np.zeros((1, 10)), 1.0, start, 4, None)
