import io
import tarfile
import wave
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import resample_poly, stft

from sktl.datasets.simulators import iter_speech_commands, simulate_speech_commands
from sktl.datasets.simulators._phonemes import FIELDS, OFFICIAL_COUNTS, SOUNDS, WORDS, spell
from sktl.datasets.simulators.speech import CLASSES


def spectrogram(X):
    """Log power in 24 bands and 50 frames, the energy's centre in the middle."""
    _, _, Z = stft(X[:, 0], 8000, nperseg=256, noverlap=176)
    power = np.abs(Z[:, 1:121, :100]) ** 2
    power = power.reshape(len(X), 24, 5, -1).mean(axis=2)
    energy = power.sum(axis=1)
    centre = (energy * np.arange(energy.shape[1])).sum(axis=1) / energy.sum(axis=1)
    level = 10 * np.log10(power / power.max(axis=(1, 2), keepdims=True) + 1e-5)
    level = np.pad(level, ((0, 0), (0, 0), (40, 40)), constant_values=-50)
    cut = [one[:, int(c) : int(c) + 80 : 2] for one, c in zip(level, centre, strict=True)]
    return np.array(cut).reshape(len(X), -1)


def test_official_format():
    X, y, groups = simulate_speech_commands(71, 0, return_groups=True)
    assert X.shape == (71, 1, 8000)
    assert X.dtype == np.float32
    assert np.isfinite(X).all()
    assert np.abs(X).max() <= 1
    steps = X.astype(float) * 32768
    np.testing.assert_array_equal(steps, np.rint(steps))
    assert (np.abs(X).max(axis=2) > 0.005).all()
    assert len(np.unique(groups)) == 36
    names, counts = np.unique(y[:70], return_counts=True)
    assert tuple(names) == tuple(sorted(CLASSES))
    assert set(counts) == {2}


def test_instances_depend_neither_on_the_number_asked_for_nor_on_the_batch_size():
    whole = simulate_speech_commands(40, 3, return_groups=True)
    few = simulate_speech_commands(6, 3)
    np.testing.assert_array_equal(whole[0][:6], few[0])
    batches = list(iter_speech_commands(40, 3, batch_size=17))
    assert [len(batch[0]) for batch in batches] == [17, 17, 6]
    for one, parts in zip(whole, zip(*batches, strict=True), strict=True):
        np.testing.assert_array_equal(one, np.concatenate(parts))
    assert not np.array_equal(few[0], simulate_speech_commands(6, 4)[0])
    assert simulate_speech_commands(2, 0, n_timepoints=100)[0].shape == (2, 1, 100)


def test_official_frequencies():
    assert sum(OFFICIAL_COUNTS) == 105_829  # clips of version 0.02 (Warden 2018)
    assert len(OFFICIAL_COUNTS) == len(WORDS) == 35
    words = np.concatenate([y for _, y, _ in iter_speech_commands(140, 0, balance="official")])
    assert not np.all(np.unique(words, return_counts=True)[1] == 4)


@pytest.mark.parametrize("sounds", sorted({way for ways in WORDS.values() for way in ways}))
def test_every_pronunciation_can_be_spelt(sounds):
    assert set(sounds.split()) <= set(SOUNDS)
    segments = spell(sounds, np.random.default_rng(0))
    assert segments.shape[1] == len(FIELDS) + 1
    assert 0.15 < segments[:, 0].sum() < 0.9
    formants = segments[:, 1:4]
    assert (np.diff(formants, axis=1) > 100).all()  # F1 < F2 < F3


def test_hisses_are_high_and_vowels_are_low():
    X, y = simulate_speech_commands(60, 0, words=["six", "no"])
    power = np.abs(np.fft.rfft(X[:, 0])) ** 2
    high = power[:, 3000:].sum(axis=1) / power[:, 100:].sum(axis=1)
    assert np.median(high[y == "six"]) > 10 * np.median(high[y == "no"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"words": ["yes", "maybe"]}, "maybe"),
        ({"balance": "fair"}, "fair"),
        ({"n_instances": 0}, "n_instances=0"),
        ({"n_timepoints": 9000}, "n_timepoints=9000"),
        ({"random_state": "seed"}, "seed"),
    ],
)
def test_wrong_options_are_named(options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        simulate_speech_commands(**({"n_instances": 2} | options))


@pytest.mark.slow
def test_who_heard_only_simulated_words_understands_real_ones(shared):
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    real, words = [], []
    with tarfile.open(shared("data/speech_commands/sample_300.tar.gz")) as archive:
        for name in (n for n in archive.getnames() if n.endswith(".wav")):
            with wave.open(io.BytesIO(archive.extractfile(name).read())) as clip:
                x = resample_poly(np.frombuffer(clip.readframes(-1), "<i2") / 32768, 1, 2)[:8000]
            real.append(np.pad(x, (0, 8000 - len(x))))
            words.append(Path(name).parent.name)
    X, y = simulate_speech_commands(240, 0, words=["bed", "cat", "happy"])
    model = make_pipeline(StandardScaler(), LogisticRegression(C=1e-3, max_iter=200))
    model.fit(spectrogram(X), y)
    assert model.score(spectrogram(np.array(real)[:, None]), words) > 0.75  # chance: 1/3
