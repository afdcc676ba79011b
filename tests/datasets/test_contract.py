"""Every ``fetch_X`` keeps one contract, and sktime takes what they and `Dataset` give."""

import inspect

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, mean_absolute_error
from sklearn.model_selection import KFold
from sktime.benchmarking.classification import ClassificationBenchmark
from sktime.benchmarking.regression import RegressionBenchmark
from sktime.classification.dummy import DummyClassifier
from sktime.datasets.base import BaseDataset
from sktime.datatypes import check_is_mtype
from sktime.regression.dummy import DummyRegressor

import sktl.datasets
from sktl.datasets import (
    fetch_sp500,
    fetch_speech_commands,
    list_datasets,
    load_dataset,
    make_dataset,
)

SPECS = list_datasets()


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.module)
def test_fetchers_have_one_signature_and_their_own_document(spec):
    fetch = getattr(sktl.datasets, f"fetch_{spec.module}")
    assert fetch.__name__ == f"fetch_{spec.module}"
    assert inspect.signature(fetch) == inspect.signature(fetch_sp500)
    assert spec.title in fetch.__doc__
    assert spec.citation in fetch.__doc__
    assert hasattr(sktl.datasets, f"simulate_{spec.module}") == spec.has_simulator
    assert callable(getattr(sktl.datasets, f"read_{spec.module}"))


def test_unknown_attribute_gets_a_near_one():
    with pytest.raises(AttributeError, match="Did you mean 'fetch_sp500'"):
        getattr(sktl.datasets, "fetch_sp501")  # noqa: B009
    assert "fetch_stead" in dir(sktl.datasets)


@pytest.mark.parametrize("split", ["train", "TRAIN", "validation", "test", None])
def test_parts(closes_file, split):
    path = closes_file()
    X, y = fetch_sp500(split=split, path=path)
    dataset = load_dataset("S&P 500", path=path)
    key = "" if split is None else f"_{split.lower()}"
    np.testing.assert_array_equal(X, dataset.load(f"X{key}"))
    np.testing.assert_array_equal(y, dataset.load(f"y{key}"))
    assert check_is_mtype(X, "numpy3D", scitype="Panel")


def test_n_instances(closes_file):
    X, y = fetch_sp500(n_instances=20, path=closes_file())
    assert (len(X), len(y)) == (20, 20)
    whole, _ = fetch_sp500(path=closes_file())
    assert {x.tobytes() for x in X} < {x.tobytes() for x in whole}
    again, _ = fetch_sp500(n_instances=20, path=closes_file())
    np.testing.assert_array_equal(X, again)


@pytest.mark.parametrize(
    "mtype", ["numpy3D", "pd-multiindex", "df-list", "nested_univ", "numpyflat"]
)
def test_return_types(closes_file, mtype):
    X, y = fetch_sp500(n_instances=7, path=closes_file(), return_type=mtype)
    assert check_is_mtype(X, mtype, scitype="Panel")
    assert len(y) == 7


def test_everything_else(closes_file):
    bunch = fetch_sp500(split=None, return_X_y=False, path=closes_file())
    assert bunch.rate_hz is None
    assert bunch.unit == "index points"
    assert len(bunch.data) == len(bunch.target) == len(bunch.groups) == len(bunch.split)
    assert bunch.skipped == {}
    assert "Yahoo" in bunch.citation


def test_wrong_split():
    with pytest.raises(ValueError, match="Received: split='dev'"):
        fetch_sp500(split="dev")
    with pytest.raises(ValueError, match="grouped=True keeps"):
        fetch_sp500(split="grouped")


@pytest.mark.parametrize("n_instances", [0, 2.5, "5"])
def test_wrong_number(closes_file, n_instances):
    with pytest.raises(ValueError, match="n_instances must be a positive integer"):
        fetch_sp500(path=closes_file(), n_instances=n_instances)


def test_a_folder_that_holds_the_official_file(closes_file):
    path = closes_file()
    official = path.rename(path.with_name("GSPC.csv"))
    assert len(fetch_sp500(path=official.parent)[0]) == len(fetch_sp500(path=official)[0])


def test_nothing_but_damage_is_an_error(tmp_path):
    for number in range(7):
        clip = tmp_path / "bed" / f"a_nohash_{number}.wav"
        clip.parent.mkdir(exist_ok=True)
        clip.write_bytes(b"RIFF, but no clip")
    with pytest.raises(ValueError, match=r"No instance of SPEECH.*'not a WAV file': 5"):
        fetch_speech_commands(path=tmp_path)


@pytest.fixture
def gestures():
    X = np.random.default_rng(0).normal(size=(80, 3, 80))
    return make_dataset("gestures", X, np.repeat(list("abcd"), 20))


def test_sktime_classification_benchmark(tmp_path, gestures):
    emg = gestures.to_sktime()
    assert isinstance(emg, BaseDataset)
    assert emg.get_tag("n_instances_train") == 56
    assert emg.clone().load("X_train").shape == (56, 3, 80)
    benchmark = ClassificationBenchmark()
    benchmark.add_estimator(DummyClassifier())
    benchmark.add_task(emg, KFold(2), [accuracy_score])
    result = benchmark.run(str(tmp_path / "result.csv"))
    assert "gestures" in result.validation_id[0]
    assert 0 < result.accuracy_score_mean[0] < 1


def test_sktime_regression_benchmark(tmp_path, closes_file):
    path = closes_file()
    dataset = load_dataset("S&P 500", path=path, n_instances=60)
    benchmark = RegressionBenchmark()
    benchmark.add_estimator(DummyRegressor())
    for number, data in enumerate((dataset, dataset.to_sktime(), dataset.load())):
        benchmark.add_task(data, KFold(2), [mean_absolute_error], task_id=f"task {number}")
    benchmark.add_task(
        lambda: fetch_sp500(path=path, n_instances=60), KFold(2), [mean_absolute_error], task_id="f"
    )
    result = benchmark.run(str(tmp_path / "result.csv"))
    assert len(result) == 4
    assert result.mean_absolute_error_mean[:3].nunique() == 1


def test_sktime_objects_convert(gestures):
    frames = sktl.datasets.ClassificationDataset(gestures, return_mtype="pd-multiindex")
    X, y = frames.load("X_validation", "y_validation")
    assert isinstance(X, pd.DataFrame)
    assert X.index.get_level_values(0).nunique() == len(y) == len(gestures.validation.y)
    assert "X_validation" in frames.keys()  # noqa: SIM118 - keys is a method of sktime's own
