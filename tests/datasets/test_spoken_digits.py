"""The real spoken digits."""

import numpy as np
import pytest

from sktl.datasets import load_spoken_digits


@pytest.mark.slow
def test_real_digits(shared):
    dataset = load_spoken_digits(shared("data/fsdd/recordings.tar.gz"))
    assert len(dataset.groups) == 3000
    assert dataset.skipped == {}
    np.testing.assert_array_equal(dataset.classes, list("0123456789"))
    assert len(set(dataset.groups)) == 6
    X, y, speakers = dataset.test
    assert X.shape == (500, 1, 8000)
    assert len(set(speakers)) == 1
    assert set(np.unique(y, return_counts=True)[1]) == {50}
    assert (X[:, 0, -500:] == 0).mean() > 0.9
    assert np.abs(X).max() > 0.1


def test_clips_are_completed_with_zeros_or_cut(tmp_path, write_wav, tone):
    for speaker in ("ann", "bob", "cem"):
        write_wav(tmp_path / f"3_{speaker}_0.wav", tone(100, rate=8000), rate=8000)
        write_wav(tmp_path / f"4_{speaker}_0.wav", tone(900, rate=8000), rate=8000)
    write_wav(tmp_path / "three_ann_0.wav", tone(100), rate=8000)
    write_wav(tmp_path / "5_ann_0.wav", tone(100), rate=16000)
    dataset = load_spoken_digits(tmp_path, length=500)
    X, y = dataset.load()
    assert X.shape == (7, 1, 500)
    assert dataset.skipped == {"name is not <digit>_<speaker>_<k>.wav": 1}
    # A hundred samples at 16 kHz are fifty at 8.
    assert (X[y == "5"][0, 0, 50:] == 0).all()
    assert (X[y == "3", 0, 100:] == 0).all()
    np.testing.assert_allclose(X[y == "4"][0, 0], tone(500, rate=8000) / 32768)


def test_wrong_paths(tmp_path):
    with pytest.raises(ValueError, match="no clips"):
        load_spoken_digits(tmp_path)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        load_spoken_digits("nowhere")
    with pytest.raises(ValueError, match="length"):
        load_spoken_digits(tmp_path, length=0)
