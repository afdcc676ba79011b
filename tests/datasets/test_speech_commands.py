"""SPEECH: 300 real clips, and folders with all that can be wrong."""

import tarfile

import numpy as np
import pytest
from scipy.io import wavfile

from sktl.datasets import fetch_speech_commands, get_spec, load_dataset, read_speech_commands

REAL = "data/speech_commands/sample_300.tar.gz"


def test_real_clips(shared, tmp_path, write_wav):
    archive = shared(REAL)
    with tarfile.open(archive) as file:
        file.extractall(tmp_path / "real", filter="data")
    rng = np.random.default_rng(0)
    write_wav(tmp_path / "real/_background_noise_/hum.wav", rng.normal(0, 300, 40_000))
    reader = read_speech_commands(tmp_path / "real")
    X, _ = reader.read(range(len(reader)))
    assert X.shape == (300, 1, 8000)
    assert reader.skipped == {}
    assert {word: int((reader.y == word).sum()) for word in set(reader.y)} == {
        "bed": 100,
        "cat": 100,
        "happy": 100,
    }
    assert np.abs(X).max() < 1.5
    assert "00176480" in reader.groups
    # Against another reader of WAV files, where nothing had to be completed.
    rate, samples = wavfile.read(tmp_path / "real/bed/00176480_nohash_0.wav")
    number = int(np.flatnonzero(reader.groups == "00176480")[0])
    assert (rate, len(samples)) == (16000, 16000)
    np.testing.assert_allclose(X[number, 0, 100:-100], samples[200:-200:2] / 32768, atol=0.05)
    assert np.corrcoef(X[number, 0], samples[::2])[0, 1] > 0.95


def test_real_clips_without_noise_are_not_completed(shared, sktl_home):
    dataset = load_dataset("SPEECH", path=shared(REAL))
    X, y = dataset.load()
    short = dataset.skipped["shorter than a second, and no background noise to complete it"]
    assert len(y) + short == 300
    assert 0 < short < 60
    assert X.shape == (300 - short, 1, 8000)


@pytest.fixture
def speech(tmp_path, write_wav, tone):
    """A folder with four good clips of two words and background noise."""
    root = tmp_path / "speech"
    for word, speaker in (("yes", "aa"), ("yes", "bb"), ("no", "aa"), ("no", "cc")):
        write_wav(root / word / f"{speaker}_nohash_0.wav", tone(16000))
    write_wav(root / "_background_noise_/hum.wav", tone(32000, 50, amplitude=2000))
    return root


def test_resampling_keeps_a_tone(speech, tone):
    X, _ = read_speech_commands(speech).read([0])
    expected = tone(8000, rate=8000) / 32768
    np.testing.assert_allclose(X[0, 0, 200:-200], expected[200:-200], atol=2e-3)


def test_short_clips_are_completed_by_their_name(speech, write_wav, tone):
    write_wav(speech / "no/dd_nohash_0.wav", tone(6000))
    first, again = (read_speech_commands(speech) for _ in range(2))
    number = int(np.flatnonzero(first.groups == "dd")[0])
    X, _ = first.read([number])
    np.testing.assert_array_equal(X, again.read([1, number])[0][1:])
    assert 0 < np.abs(X[0, 0, 3200:]).max() < 0.08
    assert np.abs(X[0, 0, 500:2500]).max() > 0.2


def test_long_clips_are_cut(speech, write_wav, tone):
    write_wav(speech / "no/dd_nohash_0.wav", tone(20000))
    reader = read_speech_commands(speech)
    assert reader.read(range(len(reader)))[0].shape == (5, 1, 8000)


def test_what_is_wrong_is_counted_and_left_out(speech, write_wav, tone):
    (speech / "yes/ee_nohash_0.wav").write_bytes(b"no wave at all")
    (speech / "yes/ee_nohash_1.wav").write_bytes(b"")
    write_wav(speech / "yes/ff_nohash_0.wav", tone(44100), rate=44100)
    write_wav(speech / "yes/gg_nohash_0.wav", tone(32000), channels=2)
    write_wav(speech / "yes/hh_nohash_0.wav", [])
    whole = write_wav(speech / "yes/ii_nohash_0.wav", tone(16000))
    whole.write_bytes(whole.read_bytes()[:20_000])
    write_wav(speech / "ja/jj_nohash_0.wav", tone(16000))
    (speech / "no/notes.txt").write_text("notes")
    reader = read_speech_commands(speech)
    X, kept = reader.read(range(len(reader)))
    assert len(X) == 6
    assert reader.skipped == {
        "not one of the 35 words": 1,
        "not a WAV file": 2,
        "not a sound file": 1,  # notes.txt
        "cut short": 2,
    }
    np.testing.assert_array_equal(reader.y[kept], ["no", "no", *["yes"] * 4])


def test_folders_of_something_else_are_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="nohash"):
        fetch_speech_commands(path=tmp_path / "empty")
    (tmp_path / "a.wav").write_bytes(b"RIFF")
    with pytest.raises(ValueError, match="folder or an archive"):
        fetch_speech_commands(path=tmp_path / "a.wav")


def test_published_facts():
    spec = get_spec("SPEECH")
    assert spec.n_classes == 35
    assert list(spec.classes) == sorted(set(spec.classes))
    assert spec.files[0].size == 2_428_923_189
