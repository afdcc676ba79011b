"""Files as people have them: joined twice, of other rates, with commas, with a system's leavings.

The right value is that of the same data in the official form; where data goes, a warning names it.
"""

import os
import shutil
import struct
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.io import wavfile

from sktl.datasets import (
    fetch_speech_commands,
    fetch_stead,
    load_dataset,
    load_myo,
    load_spoken_digits,
    read_emg_roshambo,
    read_speech_commands,
    read_stead,
)
from sktl.datasets._audio import read_clip
from sktl.datasets._finding import find_files
from sktl.datasets._readers import JoinedReader, Skip
from sktl.datasets.sp500 import read_closes, read_sp500


# --- the same trace in several files ------------------------------------------------------------
@pytest.fixture
def chunks(stead_file, tmp_path):
    """Two chunks of ten traces, and the merged file of both, with other event names for copies."""
    folder = tmp_path / "stead"
    folder.mkdir()
    merged = stead_file(20, folder="data", name="merge.hdf5")
    import h5py

    with h5py.File(merged) as file:
        for number in (2, 3):
            with h5py.File(folder / f"chunk{number}.hdf5", "w") as part:
                group = part.create_group("data")
                for name in sorted(file["data"])[10 * (number - 2) : 10 * (number - 1)]:
                    file.copy(f"data/{name}", group)
    shutil.copy(merged, folder / "merge.hdf5")
    return folder


def names_of(reader, indices):
    return set(reader.names[indices].tolist())


@pytest.mark.parametrize("split", ["published", "grouped"])
def test_a_trace_in_several_files_is_there_once(chunks, split):
    dataset = load_dataset("STEAD", path=chunks, split=split)
    assert len(dataset.reader) == 20
    assert dataset.skipped == {"duplicate name": 20}
    parts = [names_of(dataset.reader, rows) for rows in dataset.parts.values()]
    assert sum(map(len, parts)) == len(set.union(*parts)) == 20
    X, _ = dataset.load()
    assert len(np.unique(X[:, 0, 0])) == 20
    smaller = dataset.reduced(6, rerun=1)
    held_out = np.concatenate([dataset.test.X, dataset.validation.X])
    assert not np.isin(smaller.train.X[:, 0, 0], held_out[:, 0, 0]).any()


def test_what_is_read_belongs_to_its_name(chunks, tmp_path):
    joined, merged = read_stead(chunks), read_stead(chunks / "merge.hdf5")
    order = np.argsort(joined.names)
    np.testing.assert_array_equal(joined.names[order], merged.names)
    np.testing.assert_array_equal(joined.y[order], merged.y)
    X, kept = joined.read(order)
    np.testing.assert_array_equal(X, merged.read(np.arange(20))[0])
    np.testing.assert_array_equal(kept, order)


@pytest.mark.parametrize("how", ["symlink", "hard link", "folder", "copy in a folder"])
def test_links_and_inner_folders(chunks, how):
    (chunks / "merge.hdf5").unlink()
    if how == "symlink":
        os.symlink(chunks / "chunk2.hdf5", chunks / "link.hdf5")
    elif how == "hard link":
        os.link(chunks / "chunk2.hdf5", chunks / "link.hdf5")
    elif how == "folder":
        (chunks / "inner").mkdir()
        shutil.move(chunks / "chunk3.hdf5", chunks / "inner" / "chunk3.hdf5")
    else:
        (chunks / "inner").mkdir()
        shutil.copy(chunks / "chunk3.hdf5", chunks / "inner" / "chunk3.hdf5")
    reader = read_stead(chunks)
    assert len(reader) == 20
    assert reader.skipped == ({"duplicate name": 10} if how.startswith("copy") else {})


def test_unusable_traces_of_joined_files_keep_their_place(chunks):
    import h5py

    with h5py.File(chunks / "chunk3.hdf5", "a") as file:
        file["data/T013_EV"][0] = np.nan
    reader = read_stead(chunks)
    with pytest.warns(UserWarning, match=r"1 of 20.*not finite \(such as T013_EV\)"):
        X, kept = reader.read(np.arange(20))
    assert len(X) == 19
    assert names_of(reader, np.setdiff1d(np.arange(20), kept)) == {"T013_EV"}


def test_readers_without_names_are_joined_as_they_are(write_wav, tone, tmp_path):
    from sktl.datasets._readers import MemoryReader

    one = MemoryReader(np.ones((3, 1, 4)), np.arange(3.0))
    joined = JoinedReader([one, one])
    assert len(joined) == 6
    assert joined.names is None
    np.testing.assert_array_equal(joined.read([0, 5])[0], np.ones((2, 1, 4)))


def recording(folder, name, seed):
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    np.save(folder / f"{name}_emg.npy", rng.integers(-99, 99, (400, 8)).astype(np.int8))
    np.save(folder / f"{name}_ann.npy", np.repeat(["rock", "paper", "scissor", "none"], 100))


def test_recordings_under_two_names_or_in_two_folders(tmp_path):
    for number in range(3):
        recording(tmp_path, f"subject0{number}_session01", number)
    alone = read_emg_roshambo(tmp_path)
    recording(tmp_path / "backup", "subject01_session01", 1)
    recording(tmp_path, "subject09_session01", 2)
    reader = read_emg_roshambo(tmp_path)
    assert reader.skipped == {"duplicate name": 1, "duplicate content": 1}
    assert len(reader) == len(alone)
    assert set(reader.groups) == {"subject00", "subject01", "subject02"}


# --- what systems leave behind ------------------------------------------------------------------
@pytest.mark.parametrize("name", ["._{}", ".DS_Store", "Thumbs.db", "desktop.ini", "__MACOSX/{}"])
def test_what_systems_leave_behind_is_not_read(name, chunks, tmp_path, write_wav, tone):
    (chunks / "merge.hdf5").unlink()
    speech, digits, roshambo = (tmp_path / one for one in ("speech", "digits", "roshambo"))
    for speaker in ("aa", "bb", "cc"):
        write_wav(speech / "yes" / f"{speaker}_nohash_0.wav", tone(16000))
        write_wav(digits / f"3_{speaker}_0.wav", tone(900, rate=8000), rate=8000)
    recording(roshambo, "subject01_session01", 1)
    for folder, file in (
        (chunks, "chunk2.hdf5"),
        (speech / "yes", "aa_nohash_0.wav"),
        (digits, "3_aa_0.wav"),
        (roshambo, "subject01_session01_emg.npy"),
    ):
        left = folder / name.format(file)
        left.parent.mkdir(exist_ok=True)
        left.write_bytes(b"Mac OS X" * 10)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for reader, n in (
            (read_stead(chunks), 20),
            (read_speech_commands(speech), 3),
            (load_spoken_digits(digits).reader, 3),
            (read_emg_roshambo(roshambo), 9),
        ):
            X, _ = reader.read(np.arange(len(reader)))
            assert len(X) == len(reader) == n
            assert reader.skipped == {}


def test_files_are_found_once_and_in_order(tmp_path):
    for name in ("b.txt", "a.txt", "in/c.txt", "in/._c.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    os.symlink(tmp_path / "a.txt", tmp_path / "d.txt")
    found = find_files(tmp_path, "**/*.txt", "*.txt")
    assert [file.name for file in found] == ["a.txt", "b.txt", "c.txt"]
    assert find_files(tmp_path / "nowhere", "*") == []


# --- WAV files ----------------------------------------------------------------------------------
def sine(rate, seconds=1.0, channels=1):
    wave = 0.5 * np.sin(2 * np.pi * 440 * np.arange(int(rate * seconds)) / rate)
    return np.repeat(wave[:, None], channels, axis=1)


def packed(samples, width):
    """Little-endian samples of 8 (unsigned), 16, 24 or 32 bits."""
    if width == 1:
        return (np.round(samples * 127) + 128).astype(np.uint8).tobytes()
    whole = np.round(samples * (2 ** (8 * width - 1) - 1)).astype("<i4")
    return whole.ravel().view(np.uint8).reshape(-1, 4)[:, :width].tobytes()


def write_riff(path, samples, rate, width, kind=1, extensible=False):
    """Write a WAV file by hand, as its definition says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = samples.astype("<f4").tobytes() if kind == 3 else packed(samples, width)
    block = samples.shape[1] * width
    head = (0xFFFE if extensible else kind, samples.shape[1], rate, rate * block, block, 8 * width)
    form = struct.pack("<HHIIHH", *head)
    if extensible:
        guid = struct.pack("<H", kind) + bytes.fromhex("000000001000800000aa00389b71")
        form += struct.pack("<HHI", 22, 8 * width, 0) + guid
    body = b"fmt " + struct.pack("<I", len(form)) + form
    body += b"data" + struct.pack("<I", len(data)) + data
    path.write_bytes(b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body)
    return path


WAVES = {
    "16 kHz": (16000, 2, 1, {}),
    "8 kHz": (8000, 2, 1, {}),
    "11.025 kHz": (11025, 2, 1, {}),
    "22.05 kHz": (22050, 2, 1, {}),
    "44.1 kHz": (44100, 2, 1, {}),
    "48 kHz": (48000, 2, 1, {}),
    "stereo": (16000, 2, 2, {}),
    "four channels": (16000, 2, 4, {}),
    "8 bit": (16000, 1, 1, {}),
    "24 bit": (16000, 3, 1, {}),
    "24 bit stereo at 44.1 kHz": (44100, 3, 2, {}),
    "32 bit": (16000, 4, 1, {}),
    "floats": (16000, 4, 1, {"kind": 3}),
    "extensible": (16000, 2, 1, {"extensible": True}),
    "extensible 24 bit": (48000, 3, 2, {"extensible": True}),
}


@pytest.mark.parametrize("row", WAVES)
def test_any_wav_file_is_the_same_sound(row, tmp_path):
    rate, width, channels, options = WAVES[row]
    file = write_riff(tmp_path / "a.wav", sine(rate, channels=channels), rate, width, **options)
    clip = read_clip(file, 16000)
    assert clip.dtype == np.float32
    assert clip.shape == (16000,)
    expected = sine(16000)[:, 0]
    inner = slice(400, -400)  # a filter has no future at the ends
    np.testing.assert_allclose(clip[inner], expected[inner], atol=0.009 if width == 1 else 2e-3)


def test_the_official_form_is_read_bit_for_bit(tmp_path):
    samples = np.random.default_rng(0).integers(-32768, 32768, 500).astype("<i2")
    wavfile.write(tmp_path / "a.wav", 16000, samples)
    np.testing.assert_array_equal(
        read_clip(tmp_path / "a.wav", 16000), samples.astype(np.float32) / 32768
    )


NO_WAVES = {
    "text": (b"no wave at all", "not a WAV file"),
    "nothing": (b"", "not a WAV file"),
    "FLAC": (b"fLaC" + bytes(100), "FLAC"),
    "Ogg": (b"OggS" + bytes(100), "Ogg"),
    "MP3": (b"ID3" + bytes(100), "MP3"),
    "AIFF": (b"FORM" + bytes(100), "AIFF"),
}


@pytest.mark.parametrize("row", NO_WAVES)
def test_what_is_no_wav_file_says_what_it_is(row, tmp_path):
    content, words = NO_WAVES[row]
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(Skip, match=words):
        read_clip(tmp_path / "a.wav", 16000)


@pytest.mark.parametrize("ending", ["flac", "ogg", "mp3"])
def test_other_formats_are_the_same_sound(ending, tmp_path):
    soundfile = pytest.importorskip("soundfile", reason="needs sktl[audio]")
    file = tmp_path / f"a.{ending}"
    soundfile.write(file, sine(44100, channels=2), 44100)
    clip = read_clip(file, 16000)
    assert clip.dtype == np.float32
    # MP3 begins with silence of its own, and lossy codecs ring at the ends.
    spectrum = np.abs(np.fft.rfft(clip[2000:14000]))
    expected = np.abs(np.fft.rfft(sine(16000)[2000:14000, 0]))
    assert spectrum.argmax() == expected.argmax()
    assert spectrum.max() == pytest.approx(expected.max(), rel=0.05)
    if ending == "flac":
        np.testing.assert_allclose(clip[400:-400], sine(16000)[400:-400, 0], atol=2e-3)
    file.write_bytes(file.read_bytes()[:60])
    with pytest.raises(Skip):
        read_clip(file, 16000)


def test_clips_in_other_formats_are_found_once(tmp_path):
    soundfile = pytest.importorskip("soundfile", reason="needs sktl[audio]")
    for speaker in ("aa", "bb", "cc"):
        write_riff(tmp_path / f"yes/{speaker}_nohash_0.wav", sine(16000), 16000, 2)
        (tmp_path / "no").mkdir(exist_ok=True)
        for folder in ("yes", "no"):
            soundfile.write(tmp_path / f"{folder}/{speaker}_nohash_0.flac", sine(16000), 16000)
    reader = read_speech_commands(tmp_path)
    assert len(reader) == 6
    assert reader.skipped == {"duplicate name": 3}
    X, _ = fetch_speech_commands(path=tmp_path, split=None)
    np.testing.assert_allclose(X, np.broadcast_to(X[:1], X.shape), atol=1e-3)


@pytest.mark.parametrize("width", [2, 3])
@pytest.mark.parametrize("left", [30, 44, 5000])
def test_clips_without_their_end_are_not_read(width, left, tmp_path):
    file = write_riff(tmp_path / "a.wav", sine(16000), 16000, width)
    file.write_bytes(file.read_bytes()[:left])
    with pytest.raises(Skip):
        read_clip(file, 16000)


def test_a_word_in_another_form_is_not_lost(tmp_path):
    for speaker in ("aa", "bb", "cc"):
        write_riff(tmp_path / f"yes/{speaker}_nohash_0.wav", sine(16000), 16000, 2)
        write_riff(tmp_path / f"no/{speaker}_nohash_0.wav", sine(44100, channels=2), 44100, 3)
    X, y = fetch_speech_commands(path=tmp_path, split=None)
    assert sorted(set(y)) == ["no", "yes"]
    inner = X[:, 0, 400:-400]
    np.testing.assert_allclose(inner, np.broadcast_to(inner[0], inner.shape), atol=5e-3)


def test_a_class_that_is_gone_is_named(tmp_path):
    for speaker in ("aa", "bb", "cc", "dd"):
        write_riff(tmp_path / f"yes/{speaker}_nohash_0.wav", sine(16000), 16000, 2)
        (tmp_path / "no").mkdir(exist_ok=True)
        (tmp_path / f"no/{speaker}_nohash_0.wav").write_bytes(b"fLaC" + bytes(50))
    with pytest.warns(UserWarning, match=r"4 [\w ]* FLAC.* \(such as no/aa.*left of 'no'"):
        fetch_speech_commands(path=tmp_path, split=None)


# --- losses -------------------------------------------------------------------------------------
@pytest.mark.parametrize(("bad", "told"), [(1, False), (2, True)])
def test_more_than_two_percent_is_told(bad, told, stead_file):
    path = stead_file(60, change=lambda number: {"source_magnitude": None} if number < bad else {})
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fetch_stead(path=path)
    assert [str(one.message) for one in caught if one.category is UserWarning] == (
        [f"{bad} of 60 are left out: {bad} no magnitude."] if told else []
    )


def test_noise_is_no_loss(stead_file):
    path = stead_file(20, change=lambda number: {"trace_category": "noise"} if number % 2 else {})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert load_dataset("STEAD", path=path).skipped == {"noise": 10}


# --- prices -------------------------------------------------------------------------------------
DAYS = pd.bdate_range("2010-01-04", periods=400)
CLOSES = 990 + np.arange(400) / 10


def csv(path, closes=CLOSES, days=DAYS, form="%Y-%m-%d", header="Date,Open,Close"):
    rows = [f"{day.strftime(form)},1.0,{close}" for day, close in zip(days, closes, strict=True)]
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def grouped(closes):
    return [f'"{close:,.2f}"' for close in closes]


PRICES = {
    "plain": lambda path: csv(path),
    "commas": lambda path: csv(path, grouped(CLOSES)),
    "times": lambda path: csv(path, form="%Y-%m-%d 00:00:00"),
    "zones": lambda path: csv(path, form="%Y-%m-%d 00:00:00-05:00"),
    "ISO": lambda path: csv(path, form="%Y-%m-%dT00:00:00Z"),
    "newest first": lambda path: csv(path, CLOSES[::-1], DAYS[::-1]),
    "spaces": lambda path: csv(path, header="Date, Open, Close"),
    "yfinance": lambda path: csv(
        path, header="Price,Open,Close\nTicker,^GSPC,^GSPC\nDate,,"
    ),
    "yfinance, newest first, zones": lambda path: csv(
        path, CLOSES[::-1], DAYS[::-1], "%Y-%m-%d 00:00:00-04:00",
        "Price,Open,Close\nTicker,^GSPC,^GSPC\nDate,,",
    ),
}  # fmt: skip


@pytest.mark.parametrize("row", PRICES)
def test_prices_as_people_have_them(row, tmp_path):
    closes = read_closes(PRICES[row](tmp_path / "a.csv"))
    np.testing.assert_allclose(closes.to_numpy(), CLOSES, atol=0.005)
    np.testing.assert_array_equal(closes.index, DAYS)
    reader = read_sp500(tmp_path / "a.csv")
    assert (reader.y > 1000).sum() > 60
    assert reader.skipped == {}


NO_PRICES = {
    "weekly": (lambda path: csv(path, days=DAYS[0] + pd.to_timedelta(7 * np.arange(400), "D")),
               "daily closes. Received: a row every 7 days"),
    "monthly": (lambda path: csv(path, days=pd.date_range("1980", periods=400, freq="MS")),
                "a row every 31 days"),
    "decimal commas": (lambda path: csv(path, [f'"1.{n:03d},5"' for n in range(400)]),
                       "400 closes of .* are no numbers, such as '1.000,5'"),
    "several tickers": (lambda path: csv(path, header="Price,Close,Close.1\nTicker,A,B\nDate,,"),
                        r"one series. Received: \['A', 'B'\]"),
    "twice a day": (lambda path: csv(path, days=DAYS[[*range(200), *range(200)]]), "each day once"),
    "American dates": (lambda path: csv(path, form="%m/%d/%Y"), "YYYY-MM-DD"),
    "other columns": (lambda path: csv(path, header="Day,Open,Last"), "Date and Close"),
}  # fmt: skip


@pytest.mark.parametrize("row", NO_PRICES)
def test_other_prices_are_refused(row, tmp_path):
    write, words = NO_PRICES[row]
    with pytest.raises(ValueError, match=words):
        read_closes(write(tmp_path / "a.csv"))


def test_prices_after_the_published_history_are_not_lost_silently(tmp_path):
    later = DAYS + pd.Timedelta(days=365 * 60)
    with pytest.warns(UserWarning, match="are left out, because the published history ends"):
        read_closes(csv(tmp_path / "a.csv", days=later))


def test_closes_that_cannot_be_read_are_shown(tmp_path):
    closes = CLOSES.astype(str)
    closes[[50, 90]] = "halted"
    with pytest.warns(UserWarning, match="2 closes of .* are no numbers, such as 'halted'"):
        read = read_closes(csv(tmp_path / "a.csv", closes))
    assert np.flatnonzero(read.isna()).tolist() == [50, 90]
    with pytest.warns(UserWarning, match="left out: .* window with a missing close"):
        load_dataset("S&P 500", path=tmp_path / "a.csv")


def test_a_weekly_beginning_is_not_taken_as_daily(tmp_path):
    weekly = DAYS[0] - pd.to_timedelta(7 * np.arange(150, 0, -1), "D")
    csv(tmp_path / "a.csv", np.arange(550) + 1.0, weekly.append(DAYS))
    with pytest.warns(UserWarning, match="window of closes that are not daily"):
        dataset = load_dataset("S&P 500", path=tmp_path / "a.csv")
    assert dataset.train.X.min() > 100
    assert dataset.skipped["window of closes that are not daily"] > 100


# --- recordings of the Myo armband --------------------------------------------------------------
GESTURES = ("fist", "rest", "wave")


def samples_of(subject, gesture):
    seed = ord(subject) * 10 + GESTURES.index(gesture)
    return np.random.default_rng(seed).integers(-99, 99, (320, 8)).astype(np.int16)


def myo_npz(folder):
    for subject in "ABC":
        np.savez(
            folder / f"{subject}.npz", **{name: samples_of(subject, name) for name in GESTURES}
        )


def myo_csv(folder, header=None, clock=False, name="{subject}/{gesture}.csv"):
    for subject in "ABC":
        for gesture in GESTURES:
            file = folder / name.format(subject=subject, gesture=gesture)
            file.parent.mkdir(exist_ok=True)
            table = samples_of(subject, gesture).astype(object)
            if clock:
                times = 1_500_000_000_000 + 5 * np.arange(len(table))
                table = np.column_stack([times.astype(object), table])
            lines = [",".join(map(str, row)) for row in table]
            file.write_text("\n".join([*([header] if header else []), *lines]) + "\n")


def myo_dat(folder):
    for subject in "ABC":
        for number, gesture in enumerate(GESTURES):
            file = folder / subject / "training0" / f"classe_{number + 7}.dat"
            file.parent.mkdir(parents=True, exist_ok=True)
            samples_of(subject, gesture).astype("<i2").tofile(file)


ELECTRODES = ",".join(f"emg{number}" for number in range(1, 9))
MYO = {
    "npz": myo_npz,
    "csv": myo_csv,
    "csv with a header": lambda folder: myo_csv(folder, ELECTRODES),
    "csv with times": lambda folder: myo_csv(folder, clock=True),
    "csv with a header and times": lambda f: myo_csv(f, f"timestamp,{ELECTRODES}", clock=True),
    "csv in one folder": lambda folder: myo_csv(folder, name="{subject}_{gesture}.csv"),
    "csv with takes": lambda folder: myo_csv(folder, name="{subject}/{gesture}_1.csv"),
    "dat": myo_dat,
}


@pytest.mark.parametrize("row", MYO)
def test_recordings_as_people_have_them(row, tmp_path):
    MYO[row](tmp_path)
    reader = load_myo(tmp_path).reader
    assert reader.skipped == {}
    assert set(reader.groups) == set("ABC")
    labels = ["0", "1", "2"] if row == "dat" else list(GESTURES)
    assert sorted(set(reader.y)) == labels
    for gesture, label in zip(GESTURES, labels, strict=True):
        rows = np.flatnonzero((reader.groups == "B") & (reader.y == label))
        X, _ = reader.read(rows)
        np.testing.assert_array_equal(X[1], samples_of("B", gesture)[80:160].T)


def test_a_gesture_of_nine_columns_is_named(tmp_path):
    for subject in "ABC":
        arrays = {name: samples_of(subject, name) for name in GESTURES}
        arrays["wave"] = np.pad(arrays["wave"], ((0, 0), (0, 1)))
        np.savez(tmp_path / f"{subject}.npz", **arrays)
    with pytest.warns(
        UserWarning, match=r"3 recording without 8 channels \(such as A\.npz:wave.*left of 'wave'"
    ):
        load_myo(tmp_path)


def test_a_copy_of_a_subject_is_no_subject(tmp_path):
    myo_npz(tmp_path)
    shutil.copy(tmp_path / "A.npz", tmp_path / "A (1).npz")
    dataset = load_myo(tmp_path)
    assert dataset.skipped == {"duplicate content": 3}
    assert len(set(dataset.reader.groups)) == 3


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("A_x.csv", b"no,table\n1"),
        ("A_x.csv", b""),
        ("A_x.csv", b"1,2,3\n4,5,6\n"),
        ("A_x.dat", b"\0" * 30),
        ("A_x.csv", b"1,2,3,4,5,6,7,8\n1,2,,4,5,6,7,8\n"),
    ],
)
def test_damaged_recordings_are_named(name, content, tmp_path):
    myo_npz(tmp_path)
    (tmp_path / name).write_bytes(content)
    with pytest.warns(UserWarning, match=f"1 recording .*such as {name}"):
        dataset = load_myo(tmp_path)
    assert sorted(set(dataset.reader.y)) == list(GESTURES)
