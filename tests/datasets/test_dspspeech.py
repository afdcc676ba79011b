"""DSPSpeech-20: official clips, resampled, and prepared ones; speakers apart."""

import numpy as np
import pytest

from sktl.datasets import get_spec, load_dataset, read_dspspeech


@pytest.fixture
def folder(tmp_path, write_wav, tone):
    """Four speakers, two words, each a tone of 0.4 s in the middle of two quiet seconds."""
    for speaker in range(4):
        for word, frequency in (("00", 300.0), ("19", 700.0)):
            clip = np.zeros(32_000)
            clip[12_000:18_400] = tone(6_400, frequency)
            name = f"1630711000{speaker}"
            write_wav(tmp_path / "speech_data" / name / f"{name}-{word}-01.wav", clip)
    return tmp_path


def test_official_clips(folder):
    reader = read_dspspeech(folder)
    assert sorted(set(reader.y)) == ["00", "19"]
    assert len(set(reader.groups)) == 4
    X, kept = reader.read(np.arange(len(reader)))
    assert X.shape == (8, 1, 2000)
    assert len(kept) == 8
    # The tone is inside, at a quarter of the rate: its frequency is where it was.
    spectrum = np.abs(np.fft.rfft(X[:, 0], axis=1))
    peaks = spectrum.argmax(axis=1) * 4000 / 2000
    np.testing.assert_allclose(peaks, np.where(reader.y == "00", 300, 700), atol=2)
    assert np.abs(X).max() == pytest.approx(8000 / 32768, rel=0.05)
    assert (np.square(X[:, 0]).sum(axis=1) > 0.98 * 1600 * (8000 / 32768) ** 2 / 2).all()


def test_prepared_clips(tmp_path):
    rng = np.random.default_rng(0)
    X = rng.integers(-32768, 32768, (40, 2000)).astype(np.int16)
    arrays = {"X": X, "label": np.arange(40) % 20, "speaker": np.arange(40) // 10}
    np.savez(tmp_path / "words.npz", **arrays)
    dataset = load_dataset("DSPSpeech-20", path=tmp_path / "words.npz", split="grouped")
    speakers = [set(dataset.part(part).groups) for part in ("train", "validation", "test")]
    assert sum(map(len, speakers)) == len(set.union(*speakers)) == 4
    read, _ = dataset.reader.read([7])
    np.testing.assert_array_equal(read[0, 0], X[7].astype(np.float32) / 32768)
    assert (dataset.reader.y[7], dataset.reader.groups[37]) == ("07", "speaker03")


def test_what_cannot_be_used_is_counted_or_refused(folder, tmp_path, write_wav):
    write_wav(folder / "speech_data" / "163-20-01.wav", np.ones(9))
    write_wav(folder / "speech_data" / "163-03-01.wav", np.ones(9), rate=8000)
    dataset = load_dataset("DSPSpeech-20", path=folder)
    dataset.load()
    assert dataset.skipped == {"name is not <speaker>-<word>-<take>.wav": 1}
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match=r"<speaker>-<word>-<take>\.wav"):
        read_dspspeech(tmp_path / "empty")
    np.savez(tmp_path / "a.npz", X=np.zeros((3, 2000), np.int16))
    with pytest.raises(ValueError, match=r"arrays \['label', 'speaker'\]"):
        read_dspspeech(tmp_path / "a.npz")
    np.savez(tmp_path / "a.npz", X=np.zeros((3, 99)), label=np.zeros(3), speaker=np.zeros(3))
    with pytest.raises(ValueError, match=r"X\.shape=\(3, 99\)"):
        read_dspspeech(tmp_path / "a.npz")


def test_real_words(shared):
    reader = read_dspspeech(shared("data/dspspeech20/dspspeech20_4khz.npz"))
    spec = get_spec("DSPSpeech-20")
    assert len(reader) == spec.n_instances == 13_599
    assert len(set(reader.groups)) == 34
    assert sorted(set(reader.y)) == list(spec.classes)
    assert (reader.n_channels, reader.n_timepoints) == (1, 2000)
