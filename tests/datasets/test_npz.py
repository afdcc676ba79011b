"""Datasets of the user's own in one file: what may be in it, and what is said of what may not."""

import numpy as np
import pytest

from sktl.datasets import load_npz, make_dataset, save_npz

X = np.random.default_rng(0).normal(size=(40, 2, 12)).astype(np.float32)
Y = np.tile(["a", "b"], 20)
GROUPS = np.repeat(np.arange(8), 5)
PART = np.repeat(["train", "validation", "test"], [25, 5, 10])


@pytest.fixture
def file(tmp_path):
    def write(**arrays):
        np.savez(tmp_path / "mine.npz", **arrays)
        return tmp_path / "mine.npz"

    return write


def test_what_a_file_says_is_what_make_dataset_gives(file):
    path = file(X=X, y=Y, groups=GROUPS)
    found, made = load_npz(path, random_state=3), make_dataset("mine", X, Y, GROUPS, random_state=3)
    assert found.fingerprint(None) == made.fingerprint(None)
    assert (found.split, load_npz(path, split="published").split) == ("grouped", "published")
    numbers = load_npz(
        file(X=X.astype(np.int16), y=np.arange(40), task="regression", name="counts")
    )
    assert (numbers.name, numbers.task, numbers.train.y.dtype) == (
        "counts",
        "regression",
        "float32",
    )


def test_a_split_of_the_file_holds(file):
    dataset = load_npz(file(X=X, y=Y, groups=GROUPS, part=PART, sampling_rate=200), split="grouped")
    np.testing.assert_array_equal(dataset.test.X, X[30:])
    assert (dataset.sampling_rate, dataset.split) == (200.0, "own")


@pytest.mark.parametrize("split", ["published", "grouped"])
def test_what_is_saved_is_what_is_loaded(split, tmp_path):
    dataset = make_dataset("my data", X, Y, GROUPS, split=split, sampling_rate=50)
    again = load_npz(save_npz(dataset, tmp_path / "other name.npz"))
    assert again.fingerprint(None) == dataset.fingerprint(None)
    assert repr(again) == repr(dataset)
    with pytest.raises(ValueError, match=r"end in \.npz.*mine\.csv"):
        save_npz(dataset, tmp_path / "mine.csv")


def test_the_fingerprint_knows_every_value_and_fact():
    dataset = make_dataset("mine", X, Y, GROUPS)
    other = X.copy()
    other[dataset.parts["test"][0], 0, 0] += 1e-3
    changed = [
        make_dataset("mine", other, Y, GROUPS),
        make_dataset("mine", X, np.where(GROUPS == 7, "a", Y), GROUPS),
        make_dataset("mine", X, Y, GROUPS, random_state=1),
        make_dataset("mine", X, Y, GROUPS, sampling_rate=100),
        make_dataset("yours", X, Y, GROUPS),
    ]
    assert len({one.fingerprint(None) for one in [dataset, *changed]}) == 6


@pytest.mark.parametrize(
    ("arrays", "match"),
    [
        ({"X": X}, r"'y' is missing.*Received: arrays \['X'\]"),
        ({"X": X, "y": Y, "group": GROUPS}, r"'group' is not known \(is it 'groups'\?\)"),
        ({"X_train": X, "y_train": Y}, r"'X' is missing.*`part` says which"),
        ({"X": X[:, 0], "y": Y}, r"one channel are X\[:, None, :\]\. Received: X \(40, 12\)"),
        ({"X": X, "y": Y[:30]}, r"Received: X \(40, 2, 12\), y \(30,\)"),
        ({"X": X, "y": Y.astype(object)}, r"save y\.astype\(str\)"),
        ({"X": np.where(X > 2, np.nan, X), "y": Y}, r"mine\.npz cannot be used: X must be finite"),
        ({"X": X, "y": Y, "part": np.repeat(["train", "test"], 20)}, r"'validation': 0"),
        ({"X": X, "y": Y, "part": np.repeat(["train", "dev"], 20)}, r"and \['dev'\]"),
        ({"X": X, "y": Y, "part": PART, "groups": GROUPS[::-1] // 2},
         r"1 of 4 lie in several.*Received: group '1' in \['train', 'validation'\]"),
        ({"X": X, "y": Y, "sampling_rate": -5}, "sampling_rate must be a number"),
        ({"X": X, "y": Y, "task": "clustering"}, "Received: task='clustering'"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_named(arrays, match, file):
    with pytest.raises(ValueError, match=match):
        load_npz(file(**arrays))


@pytest.mark.parametrize("content", [b"", b"no archive", None])
def test_damaged_files_are_named(content, file):
    path = file(X=X, y=Y)
    path.write_bytes(path.read_bytes()[:1500] if content is None else content)
    with pytest.raises(ValueError, match=r"mine\.npz is damaged or no \.npz file"):
        load_npz(path)
