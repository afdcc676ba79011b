"""Pre-training sees no held-out instance, ends where it says, and is an estimator like others."""

import pickle
import warnings

import numpy as np
import pytest
from sklearn.base import clone, is_classifier
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sktime.utils.estimator_checks import check_estimator

from sktl.estimators import LSTMClassifier, LSTMRegressor, MagNetClassifier, MagNetRegressor
from sktl.synthesis import (
    AugmentationGenerator,
    BaseGenerator,
    ClassMeanGenerator,
    ResamplingGenerator,
    SyntheticPretraining,
    SyntheticPretrainingClassifier,
    SyntheticPretrainingRegressor,
    WGANGPGenerator,
)

from ..conftest import CLASSIFIER_FAST, REGRESSOR_FAST

SMALL = {
    "filters": (3, 2), "lstm_units": 2, "n_epochs": 2, "batch_size": 8, "random_state": 0,
}  # fmt: skip


def make_panel(n=24, n_channels=2, seed=0):
    """A panel whose instances have a number of their own in every value."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, n_channels, 12)).astype("float32")
    return X, np.arange(n) % 3


@pytest.fixture
def panel():
    return make_panel()


@pytest.fixture(params=[MagNetClassifier, MagNetRegressor], ids=["classifier", "regressor"])
def network(request):
    return request.param(**SMALL)


def target(network, y):
    return np.array(["a", "b", "c"])[y] if is_classifier(network) else y.astype(float)


class Spy(AugmentationGenerator):
    """Keeps all that reaches a generator."""

    seen: list = []  # noqa: RUF012

    def __init__(self, task="auto", random_state=None):
        super().__init__(task=task, random_state=random_state)

    def fit(self, X, y):
        self.seen.append((np.array(X), np.array(y)))
        return super().fit(X, y)


@pytest.fixture
def spy(monkeypatch):
    monkeypatch.setattr(Spy, "seen", [])
    return Spy()


def rows(X):
    return {instance.astype("float32").tobytes() for instance in X}


def held_out_by(network, X, y):
    """The instances on which the plain estimator stops, read off its own split."""
    from sktl.training.randomness import random_streams, validation_split

    strata = y if is_classifier(network) else None
    rng = random_streams(network.random_state)["split"]
    return validation_split(len(y), network.validation_size, strata, rng)


@CLASSIFIER_FAST
def test_no_validation_instance_reaches_the_generator(network, spy, panel):
    X, y = panel[0], target(network, panel[1])
    training, validation = held_out_by(network, X, y)
    fitted = SyntheticPretraining(network, spy).fit(X, y)
    ((X_seen, y_seen),) = spy.seen
    assert np.array_equal(X_seen, X[training])
    assert np.array_equal(y_seen, y[training])
    assert not rows(X_seen) & rows(X[validation])
    # The split is that of the plain estimator, and so are the scaling and what it is scored on.
    plain = clone(network).fit(X, y)
    assert plain._facts.data_sha256 == fitted.estimator_._facts.data_sha256
    for one in (fitted.pretrained_, fitted.estimator_):
        assert np.array_equal(one._facts.preprocessing.mask, plain._facts.preprocessing.mask)


@CLASSIFIER_FAST
def test_given_validation_data_do_not_reach_it_either(network, spy, panel):
    X, y = panel[0], target(network, panel[1])
    X_held, y_held = make_panel(9, seed=1)
    y_held = target(network, y_held)
    fitted = SyntheticPretraining(network, spy).fit(X, y, validation_data=(X_held, y_held))
    ((X_seen, _),) = spy.seen
    assert np.array_equal(X_seen, X)
    for history in (fitted.pretraining_history_, fitted.history_):
        assert history["val_score"].notna().all()
    # They were used: the last epoch's score is that of the networks on them.
    score = fitted.history_["val_score"][fitted.best_epoch_]
    from sklearn.metrics import f1_score, mean_absolute_error

    predicted = fitted.predict(X_held)
    expected = (
        f1_score(y_held, predicted, average="weighted")
        if is_classifier(network)
        else mean_absolute_error(y_held, predicted)
    )
    assert score == pytest.approx(expected, rel=1e-5)


@CLASSIFIER_FAST
def test_no_test_fold_reaches_it(network, spy, panel):
    X, y = panel[0], target(network, panel[1])
    folds = KFold(3, shuffle=True, random_state=0)
    cross_val_score(SyntheticPretraining(network, spy), X, y, cv=folds, error_score="raise")
    assert len(spy.seen) == 3
    for (X_seen, _), (_, test) in zip(spy.seen, folds.split(X), strict=True):
        assert not rows(X_seen) & rows(X[test])
        assert rows(X_seen) < rows(X)


@REGRESSOR_FAST
def test_the_generator_may_see_a_share(network, spy, panel):
    X, y = panel[0], target(network, panel[1])
    training, _ = held_out_by(network, X, y)
    model = SyntheticPretraining(network, spy, generator_share=0.7, multiple=4).fit(X, y)
    ((X_seen, y_seen),) = spy.seen
    assert rows(X_seen) < rows(X[training])
    assert len(X_seen) == len(training) - round(0.3 * len(training))
    assert model.n_generated_ == 4 * len(training)
    if is_classifier(network):
        assert set(y_seen) == {"a", "b", "c"}


@CLASSIFIER_FAST
def test_fine_tuning_is_that_of_a_saved_source(network, panel, tmp_path):
    X, y = panel[0], target(network, panel[1])
    params = {"omega": 0.3, "transfer": "transferable"}
    model = SyntheticPretraining(network, AugmentationGenerator(), **params).fit(X, y)
    source = model.pretrained_.save_pretrained(tmp_path / "source", simulated=True)
    again = clone(network).set_params(source=str(source), omega=0.3, head="random").fit(X, y)
    assert again.history_.equals(model.history_)
    for path, values in again._weights.items():
        assert np.array_equal(values, model.estimator_._weights[path])
    assert again.source_.data_sha256 == model.estimator_.source_.data_sha256
    assert model.estimator_.source_.simulated is True


@CLASSIFIER_FAST
def test_all_weights_are_taken_over_and_omega_slows_what_transfers(network, panel):
    X, y = panel[0], target(network, panel[1])
    still = clone(network).set_params(learning_rate=1e-30)
    generator = AugmentationGenerator()
    moving = {"learning_rate": 1e-2}
    model = SyntheticPretraining(still, generator, pretraining_params=moving).fit(X, y)
    for path, values in model.pretrained_._weights.items():
        np.testing.assert_allclose(model.estimator_._weights[path], values, rtol=0, atol=1e-20)
    frozen = SyntheticPretraining(network, generator, omega=0.0).fit(X, y)
    layers = set(network._transferable())
    for path, values in frozen.pretrained_._weights.items():
        same = np.array_equal(frozen.estimator_._weights[path], values)
        # The recurrent kernel has nothing to learn from one step.
        assert same == (path.split("/")[0] in layers) or "recurrent" in path


@REGRESSOR_FAST
def test_pretraining_learns_on_samples_and_is_watched_on_real_series(network, panel):
    X, y = panel[0], target(network, panel[1])
    model = SyntheticPretraining(
        network, ResamplingGenerator(), pretraining_params={"n_epochs": 5}
    ).fit(X, y)
    assert model.pretraining_history_.index[-1] == 5
    assert model.history_.index[-1] == 2
    assert (
        model.pretrained_._facts.n_instances
        == model.n_generated_
        == 2 * len(held_out_by(network, X, y)[0])
    )
    # Copies in place of the data, once: the same first epoch but for the order of the batches.
    whole = {"batch_size": 100, "n_epochs": 1, "head": "random"}
    once = SyntheticPretraining(
        clone(network).set_params(**whole), ResamplingGenerator(), multiple=1
    ).fit(X, y)
    plain = clone(network).set_params(**whole).fit(X, y)
    for column in ("loss", "val_loss"):
        # Dropout falls on other rows.
        assert once.pretraining_history_[column][1] == pytest.approx(
            plain.history_[column][1], rel=0.2
        )


@pytest.mark.slow
@REGRESSOR_FAST
def test_a_source_of_its_own_comes_before(network, panel, tmp_path):
    X, y = panel[0], target(network, panel[1])
    donor = clone(network).set_params(random_state=9).fit(*make_mono(network))
    source = str(donor.save_pretrained(tmp_path / "mono"))
    started = clone(network).set_params(source=source, omega=0.0)
    model = SyntheticPretraining(started, AugmentationGenerator(), omega=0.0).fit(X, y)
    first = network._first_layers[0] + "/kernel"
    np.testing.assert_allclose(
        model.estimator_._weights[first][:, 1], donor._weights[first][:, 0], rtol=1e-6
    )
    # One channel against a source's three: the series are repeated, generated ones too.
    three = clone(network).fit(*make_three(network))
    source = str(three.save_pretrained(tmp_path / "three"))
    model.set_params(estimator__source=source).fit(X[:, :1], y)
    assert model.generator_.shape_ == (1, 12)
    assert len(model.predict(X[:, :1])) == len(y)


def make_mono(network):
    X, y = make_panel(n_channels=1, seed=3)
    return X, target(network, y)


def make_three(network):
    X, y = make_panel(n_channels=3, seed=3)
    return X, target(network, y)


@CLASSIFIER_FAST
def test_seed_of_the_estimator_decides_all(network, panel):
    X, y = panel[0], target(network, panel[1])
    gan = WGANGPGenerator(n_steps=2, n_critic=1, batch_size=4, filters=2)
    fits = []
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Mode collapse")
        for seed in (1, 1, 2):
            model = SyntheticPretraining(clone(network).set_params(random_state=seed), gan)
            fits.append(model.fit(X, y))
    assert fits[0].history_.equals(fits[1].history_)
    assert fits[0].pretraining_history_.equals(fits[1].pretraining_history_)
    assert not fits[0].history_.equals(fits[2].history_)
    assert not hasattr(gan, "card_")  # what was given stays as it was


@CLASSIFIER_FAST
def test_pickle_and_grid_search(network, panel):
    X, y = panel[0], target(network, panel[1])
    model = SyntheticPretraining(network, AugmentationGenerator())
    grid = {"omega": [0.0, 1.0], "generator__jitter": [0.0, 0.2]}
    search = GridSearchCV(model, grid, cv=KFold(2), error_score="raise").fit(X, y)
    assert len(search.cv_results_["params"]) == 4
    copied = pickle.loads(pickle.dumps(search.best_estimator_))
    assert np.array_equal(copied.predict(X), search.predict(X))
    assert copied.generator_.sample(3, random_state=0)[0].shape == (3, 2, 12)


def test_a_class_is_chosen_by_the_estimator():
    model = SyntheticPretraining(MagNetRegressor(), ResamplingGenerator())
    assert type(model) is SyntheticPretrainingRegressor
    model = SyntheticPretraining(MagNetClassifier(), ResamplingGenerator())
    assert type(model) is SyntheticPretrainingClassifier
    with pytest.raises(TypeError, match="must be a classifier or regressor of sktl"):
        SyntheticPretraining("MagNet", ResamplingGenerator())


class Wrong(BaseGenerator):
    """Gives what cannot be trained on."""

    def _fit(self, X, targets, rng):
        return {}

    def _sample(self, targets, rng):
        return np.full((len(targets), *self.shape_), np.nan)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"generator": "gan"}, "must be a generator of sktl.synthesis.*Received: generator='gan'"),
        ({"estimator": MagNetRegressor()}, "must be a classifier of sktl.estimators"),
        ({"multiple": 0}, "multiple must be a number above 0"),
        ({"omega": -1}, r"omega must be a number in \[0, inf\)"),
        ({"transfer": "al"}, "Did you mean 'all'"),
        ({"generator_share": 1.5}, "generator_share must be at most 1"),
        ({"generator_share": 0}, "generator_share must be a number above 0"),
        ({"generator": ResamplingGenerator(task="regression")}, "task='auto' or 'classification'"),
        ({"generator": Wrong()}, r"finite series of shape \(2, 12\)"),
        ({"pretraining_params": {"epochs": 3}}, "epochs"),
    ],
)
def test_bad_parameters(params, message, panel):
    model = SyntheticPretrainingClassifier(MagNetClassifier(**SMALL), ResamplingGenerator())
    with pytest.raises((TypeError, ValueError), match=message):
        model.set_params(**params).fit(*panel)


TINY = {"lstm_units": 2, "n_layers": 1, "n_epochs": 1, "random_state": 0}


@pytest.mark.filterwarnings("ignore:Mode collapse")
@pytest.mark.parametrize(
    "kind", [LSTMClassifier, pytest.param(LSTMRegressor, marks=pytest.mark.slow)]
)
def test_two_time_points_a_constant_channel_and_a_class_of_one(kind):
    X = make_panel(12)[0][:, :, :2]
    X[:, 1] = 7.5
    y = target(kind(), np.where(np.arange(12) == 5, 2, np.arange(12) % 2))
    for generator in (AugmentationGenerator(), WGANGPGenerator(n_steps=2, filters=2)):
        model = SyntheticPretraining(kind(**TINY), generator).fit(X, y)
        assert len(model.predict(X)) == 12
        assert (model.generator_.sample(5, random_state=0)[0][:, 1] == 7.5).all()


def test_one_instance_of_every_class():
    X, y = make_panel(12)[0], np.arange(12)
    model = SyntheticPretraining(LSTMClassifier(**TINY), ResamplingGenerator())
    with pytest.raises(ValueError, match=r"two of one class.*validation_size=None"):
        model.fit(X, y)
    model.set_params(estimator__validation_size=None).fit(X, y)
    assert model.predict_proba(X).shape == (12, 12)
    with pytest.raises(ValueError, match="use noise=0 for class means only"):
        model.set_params(generator=ClassMeanGenerator()).fit(X, y)


class Collapsed(WGANGPGenerator):
    """Gives one series again and again."""

    def _sample(self, targets, rng):
        return np.repeat(super()._sample(targets, rng)[:1], len(targets), axis=0)


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind", [pytest.param(LSTMClassifier, marks=pytest.mark.slow), LSTMRegressor]
)
def test_a_collapse_is_said_by_the_meta_estimator_too(kind, panel):
    X, y = panel[0], target(kind(), panel[1])
    model = SyntheticPretraining(kind(**TINY), Collapsed(n_steps=1, filters=2))
    with pytest.warns(RuntimeWarning, match="Mode collapse"):
        model.fit(X, y)
    assert (model.generator_.diversity_ < 1e-9).all()
    assert len(model.predict(X)) == len(X)


@pytest.mark.slow
@pytest.mark.parametrize("cls", [SyntheticPretrainingClassifier, SyntheticPretrainingRegressor])
def test_sktimes_whole_suite(cls, monkeypatch):
    params = cls.get_test_params()
    for one in params:
        one["estimator"] = one["estimator"].clone().set_params(**SMALL | {"n_epochs": 1})
    monkeypatch.setattr(cls, "get_test_params", classmethod(lambda cls, name="default": params))
    results = check_estimator(cls, raise_exceptions=False, verbose=False)
    failed = {name: result for name, result in results.items() if result != "PASSED"}
    assert not failed
    assert len(results) > (200 if cls is SyntheticPretrainingClassifier else 105)
