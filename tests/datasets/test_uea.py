"""UEA problems through sktime: those in its wheel, and one in a folder of its own."""

import numpy as np
import pytest
from sktime.datasets import load_basic_motions

from sktl.datasets import load_uea


def test_basic_motions():
    dataset = load_uea("BasicMotions")
    X, y = load_basic_motions(split="test", return_type="numpy3D")
    np.testing.assert_allclose(dataset.test.X, X, rtol=1e-5)
    np.testing.assert_array_equal(dataset.test.y, y)
    assert np.unique(dataset.validation.y, return_counts=True)[1].tolist() == [2, 2, 2, 2]
    train, _ = load_basic_motions(split="train", return_type="numpy3D")
    ours = np.concatenate([dataset.train.X, dataset.validation.X])
    assert {x.tobytes() for x in ours} == {x.astype("f4").tobytes() for x in train}
    assert dataset.reduced(16, 0).train.X.shape == (16, 6, 100)


def test_series_of_unequal_length_need_a_length():
    with pytest.raises(ValueError, match="7 to 26 time points"):
        load_uea("JapaneseVowels")
    dataset = load_uea("JapaneseVowels", length=29)
    assert dataset.train.X.shape == (216, 12, 29)
    assert (dataset.train.X[:, :, 26:] == 0).all()


def test_wrong_share():
    with pytest.raises(ValueError, match="validation=1"):
        load_uea("BasicMotions", validation=1)


def test_unknown_names_get_a_near_one(tmp_path, monkeypatch):
    import sktime.datasets

    def refuse(*_, **__):
        raise RuntimeError("All download strategies failed\nfor many reasons")

    monkeypatch.setattr(sktime.datasets, "load_UCR_UEA_dataset", refuse)
    with pytest.raises(OSError, match=r"Did you mean 'BasicMotions'.*name='BasicMotion' .All"):
        load_uea("BasicMotion", data_home=tmp_path)


def test_mirror_is_used(tmp_path, monkeypatch):
    folder = tmp_path / "Tiny"
    folder.mkdir()
    header = "@problemName Tiny\n@timeStamps false\n@missing false\n@univariate false\n"
    header += "@dimensions 2\n@equalLength true\n@seriesLength 3\n@classLabel true a b\n@data\n"
    rows = [f"{k},2,3:4,5,6:{label}\n" for k in range(5) for label in "ab"]
    for part in ("TRAIN", "TEST"):
        (folder / f"Tiny_{part}.ts").write_text(header + "".join(rows))
    monkeypatch.setenv("SKTL_MIRROR", str(tmp_path))
    dataset = load_uea("Tiny")
    assert dataset.test.X.shape == (10, 2, 3)
    np.testing.assert_array_equal(dataset.test.X[2], [[1, 2, 3], [4, 5, 6]])
