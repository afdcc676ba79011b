"""The contracts of sktime and scikit-learn, over all estimators."""

import copy
import pickle
import re
import subprocess
import sys
from pathlib import Path

import joblib
import numpy as np
import pytest
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    StratifiedKFold,
    cross_val_predict,
    cross_val_score,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sktime.utils.estimator_checks import check_estimator

import sktl.estimators
from sktl.estimators.lookup import architectures
from sktl.registry import all_estimators

from .conftest import CLASSES, FAST, make_panel


def test_every_file_with_an_architecture_gives_its_classes():
    folder = Path(sktl.estimators.__file__).parent
    names = [
        found[1]
        for file in sorted(folder.glob("*.py"))
        if (found := re.search(r'^    architecture = "(\w+)"$', file.read_text(), re.MULTILINE))
    ]
    assert len(names) > 7
    assert sorted(architectures()) == sorted(names)
    # A series to a series is a regression alone.
    assert set(names) - set(architectures("classification")) == {"TCNSequence"}
    assert set(names) == set(architectures("regression"))
    classes = {*architectures("classification").values(), *architectures("regression").values()}
    assert set(CLASSES) == classes
    others = {"FrozenSource", "LinearProbeClassifier", "LinearProbeRegressor"}
    assert set(sktl.estimators.__all__) - others == {cls.__name__ for cls in classes}
    with pytest.raises(ValueError, match="'classifier', 'regressor'"):
        all_estimators("forecaster")


@pytest.mark.others_slow("ConvNetQuakeINGVClassifier")
def test_sktimes_suite_with_one_set_of_parameters(cls, monkeypatch):
    params = cls.get_test_params()[1]
    assert {"omega", "stream_max", "validation_size"} < set(params)
    monkeypatch.setattr(cls, "get_test_params", classmethod(lambda cls, name="default": params))
    # Which ask for a second set of parameters, and for what test_docstrings.py runs.
    unlike = ["test_get_test_params_coverage", "test_doctest_examples"]
    results = check_estimator(cls, tests_to_exclude=unlike, raise_exceptions=False, verbose=False)
    assert not {name: result for name, result in results.items() if result != "PASSED"}
    assert len(results) > 100


@pytest.mark.slow
def test_sktimes_whole_suite(cls):
    results = check_estimator(cls, raise_exceptions=False, verbose=False)
    failed = {name: result for name, result in results.items() if result != "PASSED"}
    assert not failed
    assert len(results) > (200 if cls in classifiers() else 105)


def classifiers():
    return [cls for cls in CLASSES if cls.__name__.endswith("Classifier")]


def test_scikit_learn_knows_the_kind(cls, small):
    estimator = cls(**small)
    assert is_classifier(estimator) == (cls in classifiers())
    assert is_regressor(estimator) != is_classifier(estimator)
    assert clone(estimator).get_params() == estimator.get_params()


def same_predictions(estimators, X):
    first, *others = estimators
    method = "predict_proba" if is_classifier(first) else "predict"
    expected = getattr(first, method)(X)
    return all(np.array_equal(getattr(other, method)(X), expected) for other in others)


@pytest.mark.others_slow
def test_copies_predict_bit_for_bit(cls, small, panel, tmp_path):
    X, y = panel
    fitted = cls(**small).fit(X, y)
    _ = fitted.network_  # a network that was looked at must not get in the way
    joblib.dump(fitted, tmp_path / "model.joblib")
    fitted.save(tmp_path / "model")
    copies = [
        pickle.loads(pickle.dumps(fitted)),
        copy.deepcopy(fitted),
        joblib.load(tmp_path / "model.joblib"),
        cls.load_from_path(tmp_path / "model.zip"),
        cls.load_from_serial(fitted.save()[1]),
    ]
    assert same_predictions([fitted, *copies], X)


@pytest.mark.parametrize(
    "names",
    [FAST, pytest.param([cls.__name__ for cls in CLASSES], marks=pytest.mark.slow)],
    ids=["two", "classes"],
)
def test_pickles_predict_the_same_in_another_process(names, tmp_path):
    expected = {}
    for cls in (cls for cls in CLASSES if cls.__name__ in names):
        X, y = make_panel(cls)
        fitted = cls(**cls.get_test_params()[0]).fit(X, y)
        joblib.dump((fitted, X), tmp_path / f"{cls.__name__}.joblib")
        expected[cls.__name__] = fitted.predict(X)
    code = (
        "import joblib, pathlib, sys\n"
        "found = {}\n"
        "for path in pathlib.Path(sys.argv[1]).glob('*.joblib'):\n"
        "    fitted, X = joblib.load(path)\n"
        "    found[path.stem] = fitted.predict(X)\n"
        "joblib.dump(found, sys.argv[2])\n"
    )
    arguments = [str(tmp_path), str(tmp_path / "predictions")]
    subprocess.run([sys.executable, "-c", code, *arguments], check=True)
    found = joblib.load(arguments[1])
    assert set(found) == set(expected)
    differing = [name for name in found if not np.array_equal(found[name], expected[name])]
    assert not differing


# One without dropout, one with recurrent layers and dropout.
@pytest.mark.others_slow("ConvNetQuakeINGVClassifier", "MLSTMFCNRegressor")
def test_random_state_decides_bit_for_bit(cls, small, panel):
    X, y = panel
    fits = [cls(**small | {"random_state": seed}).fit(X, y) for seed in (3, 3, 4)]
    assert same_predictions(fits[:2], X)
    assert fits[0].history_.equals(fits[1].history_)
    assert not same_predictions(fits[1:], X)


@pytest.mark.others_slow
def test_given_validation_data_decide(cls, small, panel):
    X, y = panel
    X_held_out, y_held_out = make_panel(cls, n_instances=9, seed=1)
    fitted = cls(**small).fit(X, y, validation_data=(X_held_out, y_held_out))
    outputs = fitted.predict(X_held_out)
    if cls in classifiers():
        from sklearn.metrics import f1_score

        expected = f1_score(y_held_out, outputs, average="weighted")
    else:
        expected = np.abs(outputs - y_held_out).mean()
    assert fitted.history_["val_score"][fitted.best_epoch_] == pytest.approx(expected, rel=1e-5)
    # The hold-out counts alone, so all instances train: the inner split would have left fewer.
    assert fitted._facts.n_instances == len(X)


@pytest.mark.others_slow
def test_search_over_omega_and_source_in_scikit_learn(cls, small, panel, tmp_path):
    assert searched(cls, small, panel, tmp_path).shape == (3,)


# Two processes import a backend for it; searches of our own send fits to workers in any case.
@pytest.mark.slow
@pytest.mark.others_slow
def test_search_of_scikit_learn_on_workers(cls, small, panel, tmp_path, xla):
    alone, spread = (searched(cls, small, panel, tmp_path, n_jobs) for n_jobs in (1, 2))
    np.testing.assert_array_equal(alone, spread)


def searched(cls, small, panel, folder, n_jobs=1):
    X, y = panel
    source = cls(**small).fit(X, y).save_pretrained(folder / f"source{n_jobs}")
    grid = [{"omega": [0.0, 1.0], "source": [str(source)]}, {"source": [None]}]
    folds = (StratifiedKFold if cls in classifiers() else KFold)(2)
    search = GridSearchCV(cls(**small), grid, cv=folds, n_jobs=n_jobs, error_score="raise")
    search.fit(X, y)
    assert len(search.predict(X)) == len(X)
    return search.cv_results_["mean_test_score"]


@pytest.mark.others_slow("ConvNetQuakeINGVClassifier")
def test_cross_validation_and_pipeline(cls, small, panel):
    X, y = panel
    estimator = cls(**small)
    assert np.isfinite(cross_val_score(estimator, X, y, cv=2, error_score="raise")).all()
    scoring = "accuracy" if cls in classifiers() else "neg_mean_absolute_error"
    assert np.isfinite(cross_val_score(estimator, X, y, cv=2, scoring=scoring)).all()
    assert cross_val_predict(estimator, X, y, cv=2).shape == y.shape
    pipeline = make_pipeline(FunctionTransformer(np.abs), estimator).fit(X, y)
    direct = cls(**small).fit(np.abs(X), y)
    assert np.array_equal(pipeline.predict(X), direct.predict(np.abs(X)))


@pytest.mark.others_slow("ConvNetQuakeINGVClassifier")
def test_sktimes_benchmarks_run_it(cls, small, tmp_path):
    from sklearn.metrics import accuracy_score, mean_absolute_error
    from sktime.benchmarking.classification import ClassificationBenchmark
    from sktime.benchmarking.regression import RegressionBenchmark
    from sktime.datasets import load_unit_test

    def load():
        X, y = load_unit_test(return_type="numpy3D")
        return X, (y if cls in classifiers() else y.astype(float))

    is_classification = cls in classifiers()
    benchmark = (ClassificationBenchmark if is_classification else RegressionBenchmark)()
    benchmark.add_estimator(cls(**small))
    scorer = accuracy_score if is_classification else mean_absolute_error
    benchmark.add_task(load, KFold(2), [scorer])
    results = benchmark.run(tmp_path / "results.csv")
    assert len(results) == 1
    column = next(name for name in results.columns if name.startswith(f"{scorer.__name__}_mean"))
    assert np.isfinite(results[column]).all()
