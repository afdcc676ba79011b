"""Baselines are compared on the instances that compare networks, and kept like scratch."""

import copy
import pickle
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.dummy import DummyRegressor as Mean
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, mean_absolute_error, mean_squared_error
from sklearn.model_selection import KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sktime.classification.dummy import DummyClassifier
from sktime.regression.dummy import DummyRegressor

from sktl.estimators import MagNetClassifier, MagNetRegressor
from sktl.model_selection import OmegaSearch, OmegaSearchClassifier, OmegaSearchRegressor
from sktl.model_selection._baselines import FittedBaseline
from sktl.training.randomness import random_streams, validation_split
from sktl.training.targets import ClassTargets

from .conftest import SMALL, make_panel

FEW = SMALL | {"n_epochs": 1}


class Oracle:
    """Reads the label from the first value; no estimator of any library."""

    def fit(self, X, y):
        self.seen = len(y)
        self.classes_ = np.unique(y)[::-1]
        return self

    def predict(self, X):
        return np.array(["a", "b", "c"])[X[:, 0, 0].astype(int)]

    def predict_proba(self, X):
        return np.where(self.predict(X)[:, None] == self.classes_, 0.98, 0.01)


class Certain(Oracle):
    predict_proba = None

    def __getattribute__(self, name):
        if name == "predict_proba":
            raise AttributeError(name)
        return super().__getattribute__(name)


def marked_panel(n_instances=36, seed=0):
    X, y = make_panel(n_instances, seed=seed)
    X[:, 0, 0] = y
    return X, np.array(["a", "b", "c"])[y]


def flat(X):
    return X.reshape(len(X), -1)


@pytest.fixture
def searched(source):
    search = OmegaSearch(MagNetClassifier(**FEW), (1.0,), [source], baselines=[Oracle()])
    return search.fit(*marked_panel())


def test_a_kept_baseline_predicts(searched, tmp_path):
    X, y = marked_panel(12, seed=4)
    assert searched.decision_["kept"] == "baseline"
    assert searched.decision_["baseline"] == pytest.approx(-np.log(0.98), rel=1e-5)
    assert searched.best_params_ == {"baseline": "Oracle"}
    assert searched.best_index_ == searched.decision_["baseline_index"] == 2
    row = searched.cv_results_.iloc[2]
    assert row["source"] is None
    assert np.isnan(row["omega"])
    assert (row["params"], row["rank_test_score"]) == ({"baseline": "Oracle"}, 1)
    assert searched.best_estimator_.seen == 36  # all of X, the validation part with it
    searched.save(tmp_path / "search")
    for one in (
        searched,
        copy.deepcopy(searched),
        pickle.loads(pickle.dumps(searched)),
        OmegaSearchClassifier.load_from_path(tmp_path / "search.zip"),
    ):
        assert (one.predict(X) == y).all()
        assert np.allclose(one.predict_proba(X).max(axis=1), 0.98)
        assert (one.classes_[one.predict_proba(X).argmax(axis=1)] == y).all()
    with pytest.raises(ValueError, match="no network to save as a source: Oracle, a baseline"):
        searched.save_pretrained(name="mine")
    assert not hasattr(clone(searched), "best_estimator_")
    assert isinstance(clone(searched).baselines[0], Oracle)


def test_its_loss_and_noise_are_those_of_scikit_learn(source):
    X, y = marked_panel()
    X[:, 0, 0] = 0
    held_out = (X[:12] + 0.1, y[:12])
    network = MagNetClassifier(**SMALL | {"n_epochs": 8})
    linear = make_pipeline(FunctionTransformer(flat), LogisticRegression(C=0.01))
    search = OmegaSearch(network, (1.0,), [source], include_scratch=False)
    search.set_params(baselines=[("linear", linear), DummyClassifier("prior")])
    search.fit(X, y, validation_data=held_out)
    table, decision = search.cv_results_, search.decision_
    found = clone(linear).fit(X, y).predict_proba(held_out[0])
    assert table["val_loss"][1] == pytest.approx(log_loss(held_out[1], found), rel=1e-5)
    assert table["val_loss"][2] == pytest.approx(decision["chance"], rel=1e-5)
    single = network.set_params(source=source).fit(X, y, validation_data=held_out)
    transfer = single.predict_proba(held_out[0])
    at = np.arange(12), np.searchsorted(single.classes_, held_out[1])
    difference = np.log(transfer[at]) - np.log(found[at])
    noise = difference.std(ddof=1) / np.sqrt(12)
    assert decision["baseline_index"] == 1
    assert decision["noise"] == pytest.approx(noise, rel=1e-4)
    assert decision["gain"] == pytest.approx(1 - table["val_loss"][0] / table["val_loss"][1])
    assert decision["kept"] == ("transfer" if difference.mean() > noise else "baseline")


@pytest.mark.slow
def test_numbers_are_compared_in_the_networks_unit(source, panel):
    X, y = panel
    search = OmegaSearch(MagNetRegressor(**FEW), (1.0,), [source], baselines=[DummyRegressor()])
    table = search.fit(X, y).cv_results_
    training, held_out = validation_split(len(y), 0.15, None, random_streams(3)["split"])
    mean = np.full(len(held_out), y[training].mean())
    loss = mean_squared_error(y[held_out], mean) / y[training].var()
    assert table["val_loss"][2] == pytest.approx(loss, rel=1e-5)
    assert table["val_score"][2] == pytest.approx(mean_absolute_error(y[held_out], mean), rel=1e-6)
    both = search.clone().set_params(refit=True, margin=1e9, include_scratch=False)
    both.fit(X, y, validation_data=(X + 1, y + 1))
    assert both.predict(X) == pytest.approx(y.mean() + 0.5)  # of X and the validation data


def test_cross_validation_fits_it_to_whole_folds(panel):
    X, y = panel
    folds = KFold(3, shuffle=True, random_state=0)
    search = OmegaSearch(MagNetRegressor(**FEW), sources=[None], selection=folds)
    search.set_params(scoring="val_score", baselines=[Mean(), Mean(strategy="median")])
    table = search.fit(X, y).cv_results_
    scores = cross_val_score(Mean(), X, y, cv=folds, scoring="neg_mean_absolute_error")
    assert table["mean_test_score"][1] == pytest.approx(scores.mean(), rel=1e-6)
    assert [one.get("baseline") for one in table["params"]] == [
        None, "DummyRegressor", "DummyRegressor 2"
    ]  # fmt: skip
    assert set(search.curves_.index.get_level_values("candidate")) == {0}


def test_one_that_fails_is_a_row(panel):
    X, y = panel
    search = OmegaSearch(MagNetRegressor(**FEW), sources=[None], baselines=[LogisticRegression()])
    with pytest.warns(UserWarning, match="LogisticRegression is no candidate, because it failed"):
        table = search.fit(X, y).cv_results_
    assert "Found array with dim 3" in table["error"][1]
    assert table["rank_test_score"].tolist() == [1, 2]
    assert search.decision_["kept"] == "scratch"


def test_classes_alone_are_compared_by_the_score(panel):
    X, y = marked_panel()
    search = OmegaSearch(MagNetClassifier(**FEW), sources=[None], baselines=[Certain()])
    with pytest.raises(TypeError, match="needs the probabilities of a baseline"):
        search.fit(X, y)
    search.set_params(scoring="val_score").fit(X, y)
    assert search.cv_results_["val_score"][1] == 1
    assert np.isnan(search.cv_results_["val_loss"][1])
    assert (search.predict(X) == y).all()


def test_series_of_unequal_length_are_frames(panel):
    X, y = panel
    X[::2, :, 20:] = np.nan  # as it is inside
    facts = SimpleNamespace(at_length=lambda X: X, targets=ClassTargets(None, np.arange(4)))
    fitted = FittedBaseline.fit(DummyClassifier("prior"), X, y, facts)
    assert [len(one) for one in fitted._series(X[:2])] == [20, 24]
    # A training part that lacks the last class.
    assert fitted.outputs(X)[0].tolist() == pytest.approx([1 / 3] * 3 + [0])


@pytest.mark.parametrize(
    ("baselines", "message"),
    [
        (DummyClassifier(), "must be a list of estimators"),
        ([DummyClassifier], "must be a classifier with fit and predict"),
        (("mean", DummyClassifier()), "must be a classifier with fit and predict.*'mean'"),
        ([DummyRegressor()], "must be classifiers"),
    ],
)
def test_what_cannot_be_compared_is_refused(baselines, message, panel):
    search = OmegaSearch(MagNetClassifier(**FEW), sources=[None], baselines=baselines)
    with pytest.raises(TypeError, match=message):
        search.fit(*panel)
    assert OmegaSearchRegressor(MagNetRegressor()).baselines == ()
