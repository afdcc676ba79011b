"""The `Dataset`: parts, reduced sets, batches, and what one loads by name."""

import pickle

import numpy as np
import pytest

from sktl.datasets import get_spec, list_datasets, load_dataset, make_dataset, read_stead
from sktl.datasets._dataset import Dataset
from sktl.datasets._splits import random_split

RNG = np.random.default_rng(0)


@pytest.fixture
def classes():
    y = np.repeat(["a", "b", "c"], [140, 50, 10])
    return make_dataset("mine", RNG.normal(size=(200, 2, 9)), y)


@pytest.fixture
def numbers():
    return make_dataset("mine", RNG.normal(size=(200, 2, 9)), RNG.normal(size=200))


def test_parts(classes, numbers):
    assert (classes.task, numbers.task) == ("classification", "regression")
    assert classes.classes.tolist() == ["a", "b", "c"]
    assert numbers.classes is None
    assert numbers.train.y.dtype == np.float32
    assert classes.train.X.dtype == np.float32
    assert [len(classes.part(part).y) for part in classes.parts] == [140, 30, 30]
    assert classes.train is classes.train
    with pytest.raises(ValueError, match="Received: 'dev'"):
        classes.part("dev")


@pytest.mark.parametrize("kind", ["classes", "numbers"])
def test_reduced_sets(kind, request):
    dataset = request.getfixturevalue(kind)
    smaller = dataset.reduced(40, rerun=2)
    assert len(smaller.train.X) == 40
    assert set(smaller.parts["train"]) <= set(dataset.parts["train"])
    np.testing.assert_array_equal(smaller.train.X, dataset.reduced(40, 2).train.X)
    assert set(smaller.parts["train"]) != set(dataset.reduced(40, 3).parts["train"])
    np.testing.assert_array_equal(smaller.test.X, dataset.test.X)
    np.testing.assert_array_equal(smaller.validation.y, dataset.validation.y)
    if kind == "classes":
        assert np.unique(smaller.train.y, return_counts=True)[1].tolist() == [28, 10, 2]


def test_reduced_sets_depend_on_target_size_and_rerun_only(numbers):
    X, _ = numbers.reader.read(range(200))
    again = make_dataset("mine", X, numbers.reader.y)
    again.test, again.train  # noqa: B018 - what was read before must not matter
    np.testing.assert_array_equal(
        numbers.reduced(30, 1).parts["train"], again.reduced(30, 1).parts["train"]
    )
    other = Dataset("other", numbers.reader, numbers.parts, "regression")
    assert set(other.reduced(30, 1).parts["train"]) != set(numbers.reduced(30, 1).parts["train"])


@pytest.mark.parametrize("n_train", [0, -1, 141, 9000])
def test_sizes_that_do_not_fit(numbers, n_train):
    with pytest.raises(ValueError, match=rf"between 1 and 140.*n_train={n_train}"):
        numbers.reduced(n_train)


def test_fewer_instances_than_classes(classes):
    with pytest.raises(ValueError, match="between 3 and 140"):
        classes.reduced(2)


def test_unreadable_instances_are_replaced_in_reduced_sets(stead_file):
    bad = {"series": np.full((6000, 3), np.nan, "f4")}
    path = stead_file(n=20, change=lambda number: bad if number % 4 == 0 else {})
    fresh, known = read_stead(path), read_stead(path)
    known.read(range(20))
    parts = random_split(20)
    drawn = [
        Dataset("STEAD", reader, parts, "regression").reduced(8, 0) for reader in (fresh, known)
    ]
    np.testing.assert_array_equal(drawn[0].parts["train"], drawn[1].parts["train"])
    assert np.isfinite(drawn[0].train.X).all()
    assert len(drawn[0].train.y) == 8


def test_batches_are_the_part(classes):
    batches = list(classes.iter_batches("train", batch_size=32))
    assert [len(y) for _, y in batches] == [32, 32, 32, 32, 12]
    np.testing.assert_array_equal(np.concatenate([X for X, _ in batches]), classes.train.X)
    np.testing.assert_array_equal(np.concatenate([y for _, y in batches]), classes.train.y)
    with pytest.raises(ValueError, match="batch_size=0"):
        list(classes.iter_batches(batch_size=0))


def test_load_by_name(classes):
    X, y, X_validation = classes.load("X", "y", "X_validation")
    assert len(X) == len(y) == 200
    assert len(X_validation) == 30
    np.testing.assert_array_equal(classes.load("y_test"), classes.test.y)
    with pytest.raises(ValueError, match=r"Received: \['Z'\]"):
        classes.load("Z")


def test_groups_follow_the_parts():
    groups = np.repeat(np.arange(20), 10)
    dataset = make_dataset("mine", RNG.normal(size=(200, 1, 5)), RNG.normal(size=200), groups)
    assert dataset.split == "grouped"
    np.testing.assert_array_equal(
        dataset.groups, np.concatenate([dataset.part(part).groups for part in dataset.parts])
    )
    assert not set(dataset.train.groups) & set(dataset.test.groups)


@pytest.mark.parametrize("kind", ["file", "simulated"])
def test_pickled_datasets_are_the_same(kind, stead_file):
    if kind == "file":
        dataset = load_dataset("STEAD", path=stead_file())
    else:
        dataset = load_dataset("LEN-DB-simulated", n_instances=20)
    copy = pickle.loads(pickle.dumps(dataset))
    np.testing.assert_array_equal(copy.test.X, dataset.test.X)
    assert copy.spec == dataset.spec


def test_fingerprint_tells_data_apart(numbers):
    assert numbers.fingerprint() == numbers.fingerprint()
    assert numbers.fingerprint() != numbers.fingerprint("test")
    assert numbers.fingerprint() != numbers.reduced(100).fingerprint()


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (np.zeros((5, 4)), np.zeros(5), r"X.shape=\(5, 4\)"),
        (np.zeros((5, 1, 4)), np.zeros(4), r"y.shape=\(4,\)"),
        (np.full((5, 1, 4), np.nan), np.zeros(5), "finite"),
    ],
)
def test_wrong_arrays(X, y, message):
    with pytest.raises(ValueError, match=message):
        make_dataset("mine", X, y)


@pytest.mark.fast_only("LOMAX", "S&P 500")
@pytest.mark.parametrize("name", ["EMG", "LEN-DB", "LOMAX", "S&P 500", "SPEECH", "STEAD"])
def test_simulated_datasets_say_so_and_have_the_official_shape(name):
    spec = get_spec(name)
    n = 40 if name == "SPEECH" else 60
    dataset = load_dataset(f"{name}-simulated", n_instances=n, random_state=3)
    assert dataset.simulated
    assert dataset.name == f"{name}-simulated"
    assert dataset.task == spec.task
    X, y = dataset.load()
    assert X.shape[1:] == (spec.n_channels, spec.n_timepoints)
    assert 0.85 * n <= len(y) <= n
    assert X.dtype == np.float32
    assert set(y) <= set(spec.classes) if spec.classes else y.dtype == np.float32
    again = load_dataset(f"{name}-simulated", n_instances=n, random_state=3)
    np.testing.assert_array_equal(again.test.X, dataset.test.X)
    if not spec.chronological:
        grouped = load_dataset(f"{name}-simulated", n_instances=n, split="grouped")
        assert not set(grouped.train.groups) & set(grouped.test.groups)


def test_every_dataset_is_found_with_its_facts():
    assert [spec.name for spec in list_datasets()] == [
        "DSPSpeech-20", "EMG", "EMG-Francic", "EMG-Roshambo", "LEN-DB", "LOMAX", "S&P 500",
        "SPEECH", "STEAD",
    ]  # fmt: skip
    assert [spec.name for spec in list_datasets() if spec.has_simulator] == [
        "EMG", "LEN-DB", "LOMAX", "S&P 500", "SPEECH", "STEAD",
    ]  # fmt: skip
    for spec in list_datasets():
        assert spec.citation
        assert spec.licence
        assert spec.files
        assert (spec.task == "classification") == bool(spec.classes)
        assert all(file.manual or file.known_hash or file.zenodo_record for file in spec.files)


def test_published_use_of_the_stream_max():
    assert {spec.name for spec in list_datasets() if not spec.stream_max} == {"STEAD"}


@pytest.mark.parametrize("name", ["sp500", "S&P 500", "SP500-simulated", "s&p-500"])
def test_names_are_tolerant(name):
    assert get_spec(name).name == "S&P 500"


def test_unknown_names_get_a_near_one():
    with pytest.raises(ValueError, match=r"Did you mean 'STEAD'\? Received: name='STAED'"):
        load_dataset("STAED")


def test_simulated_needs_a_size():
    with pytest.raises(ValueError, match="needs a size"):
        load_dataset("STEAD-simulated")


@pytest.mark.parametrize("option", [{"split": "random"}, {"n_instances": 0}])
def test_wrong_options(closes_file, option):
    key, value = next(iter(option.items()))
    with pytest.raises(ValueError, match=f"Received: {key}={value!r}"):
        load_dataset("S&P 500", path=closes_file(), **option)


def test_n_instances_are_drawn_from_each_part(closes_file):
    whole = load_dataset("S&P 500", path=closes_file())
    some = load_dataset("S&P 500", path=closes_file(), n_instances=100)
    assert sum(map(len, some.parts.values())) == 100
    for part, rows in some.parts.items():
        assert set(rows) < set(whole.parts[part])
