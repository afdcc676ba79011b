"""Series of unequal length give what they give alone.

Plain networks, built for the length of one series, are the oracle.
"""

import inspect
import pickle
import warnings

import keras
import numpy as np
import pandas as pd
import pytest
from sktime.datasets import load_japanese_vowels
from sktime.datatypes import convert_to
from sktime.transformations.series.summarize import SummaryTransformer

import sktl.estimators
from sktl._lengths import lengthened, panel_of
from sktl.estimators import (
    ConvNetQuakeINGVClassifier,
    ConvNetQuakeINGVRegressor,
    FrozenSource,
    LinearProbeClassifier,
    MagNetClassifier,
    MagNetRegressor,
    MLSTMFCNClassifier,
)
from sktl.estimators.features.frozen_source import _feature_model
from sktl.estimators.features.random_convolutions import RandomBlock
from sktl.model_selection import AutoTransferClassifier, OmegaSearch
from sktl.training.compiled_network import weight_names
from sktl.training.keras_settings import fixed_keras_settings
from sktl.training.preprocessing import Standardisation, scale_instances
from sktl.training.unequal_length import UnequalPreprocessing
from sktl.transformations import SourceFeatures

RNG = np.random.default_rng(0)
LENGTHS = [1, 2, 3, 6, 9, 16, 17, 31]
SERIES = [RNG.normal(size=(2, n)).cumsum(axis=1) for n in LENGTHS]
MASKED = ["InceptionTime", "LSTM", "MLSTMFCN", "MagNet", "TCN"]

# Loud and quiet series, of two channels.
Y = np.arange(16) % 2
X = [(1 + 9 * one) * RNG.normal(size=(2, n)) for one, n in zip(Y, 2 * LENGTHS, strict=True)]
FRAMES = [pd.DataFrame(one.T, columns=["Z", "N"]) for one in X]
INPUTS = {
    "list of arrays": X,
    "array of arrays": np.array([*X, None], dtype=object)[:-1],
    "lists of lists": [one.tolist() for one in X],
    "list of frames": FRAMES,
    "multi-index": pd.concat(dict(enumerate(FRAMES))),
    "nested": convert_to(FRAMES, "nested_univ", as_scitype="Panel"),
}
SMALL = {"n_epochs": 2, "batch_size": 8, "random_state": 0}
MAGNET = SMALL | {"filters": (4, 3), "lstm_units": 3}


def of(architecture, **more):
    cls = getattr(sktl.estimators, f"{architecture}Classifier")
    if "dropout" in inspect.signature(cls).parameters:
        more = {"dropout": 0.0} | more
    return cls(**cls.get_test_params()[0] | more)


def scaled(n_timepoints):
    """Series as the networks read them: time first, NaN after them."""
    panel = lengthened(panel_of(SERIES), n_timepoints)
    return panel.transpose(0, 2, 1).astype("float32"), RNG.normal(size=(len(SERIES), 1))


def network(estimator, n_timepoints, masked, weights=None):
    with fixed_keras_settings():
        model = estimator._build(2, n_timepoints, 3, *([True] if masked else []))
    rng = np.random.default_rng(1)
    drawn = {}
    for path, variable in weight_names(model).items():
        values = rng.normal(size=variable.shape, scale=0.5)
        drawn[path] = np.abs(values) + 0.1 if path.endswith("variance") else values
        if weights:
            # The LSTM of MLSTM-FCN has a row for every time point of the longest series.
            drawn[path] = weights[path][tuple(slice(size) for size in variable.shape)]
        variable.assign(drawn[path])
    return model, drawn


on_tensorflow = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="gradients are taken by TensorFlow's tape"
)


@pytest.mark.fast_only("MagNet", "MLSTMFCN", "TCN")
# PyTorch's tensors give the second with NumPy 2.
@pytest.mark.filterwarnings("error", "ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize("architecture", MASKED)
def test_each_series_gives_what_a_plain_network_of_its_length_gives(architecture):
    estimator = of(architecture)
    x, stream_max = scaled(33)
    masked, weights = network(estimator, 33, True)
    found = np.array(masked([x, stream_max]))
    assert found.std(axis=0).min() > 0.02  # not all the same
    for n, series, largest, one in zip(LENGTHS, x, stream_max, found, strict=True):
        plain, _ = network(estimator, n, False, weights)
        alone = np.array(plain([series[None, :n], largest[None]]))[0]
        np.testing.assert_allclose(one, alone, atol=2e-5)


@on_tensorflow
def test_training_does_not_see_how_far_it_is_padded():
    """Also where the statistics of a batch are those of several series."""
    estimator = of("InceptionTime")
    gradients = []
    for n_timepoints in (31, 40):
        x, _ = scaled(n_timepoints)
        model, _ = network(estimator, n_timepoints, True)
        gradients.append(_gradient(model, [x, np.zeros((len(x), 1))]))
    assert set(gradients[0]) == set(gradients[1])
    for path, expected in gradients[0].items():
        np.testing.assert_allclose(gradients[1][path], expected, rtol=1e-3, atol=1e-4)
    assert sum(np.abs(one).max() > 1e-4 for one in gradients[0].values()) > 3


@on_tensorflow
@pytest.mark.fast_only("MagNet", "TCN")  # MagNet's last layer is an LSTM
@pytest.mark.parametrize("architecture", ["LSTM", "MagNet", "TCN"])
def test_gradients_are_those_of_the_series_alone(architecture):
    estimator = of(architecture)
    x, stream_max = scaled(31)
    model, weights = network(estimator, 31, True)
    together = _gradient(model, [x, stream_max])
    alone = []
    for n, series, largest in zip(LENGTHS, x, stream_max, strict=True):
        plain, _ = network(estimator, n, False, weights)
        alone.append(_gradient(plain, [series[None, :n], largest[None]]))
    for path, found in together.items():
        expected = np.mean([one[path] for one in alone], axis=0)
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)


def _gradient(model, inputs):
    import tensorflow as tf

    with tf.GradientTape() as tape:
        outputs = model(inputs, training=True)
        loss = tf.reduce_mean(tf.reduce_sum(outputs**2 * [1.0, 2.0, -3.0], axis=1))
    variables = model.trainable_variables
    return {
        v.path: np.array(g)
        for v, g in zip(variables, tape.gradient(loss, [v.value for v in variables]), strict=True)
        if g is not None
    }


@pytest.fixture(scope="module")
def fitted():
    return MagNetClassifier(**MAGNET).fit(X, Y)


@pytest.mark.parametrize("form", INPUTS)
def test_forms_of_input(form, fitted):
    expected = fitted.predict_proba(X)
    np.testing.assert_array_equal(fitted.predict_proba(INPUTS[form]), expected)
    if form != "list of arrays":
        again = MagNetClassifier(**MAGNET).fit(INPUTS[form], Y)
        np.testing.assert_array_equal(again.predict_proba(INPUTS[form]), expected)


def test_predictions_are_those_of_the_series_alone(fitted):
    together = fitted.predict_proba(X)
    assert (together.argmax(axis=1) == Y).mean() > 0.7
    for one, expected in zip(X, together, strict=True):
        np.testing.assert_allclose(fitted.predict_proba([one])[0], expected, atol=1e-6)
        np.testing.assert_allclose(fitted.predict_proba(one[None])[0], expected, atol=1e-6)
    longer = [*X, RNG.normal(size=(2, 100))]
    np.testing.assert_allclose(fitted.predict_proba(longer)[:-1], together, atol=1e-6)
    copy = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(copy.predict_proba(X), together)
    inputs = fitted._facts.preprocessing.transform(panel_of(X))
    by_keras = np.array(fitted.network_([inputs[0].transpose(0, 2, 1), inputs[1]]))
    np.testing.assert_allclose(by_keras, together, atol=1e-6)


@pytest.mark.slow
def test_validation_data_of_other_lengths():
    held_out = [RNG.normal(size=(2, n)) for n in (5, 40)], [0, 1]
    fitted = MagNetRegressor(**MAGNET).fit(X, Y.astype(float), validation_data=held_out)
    assert np.isfinite(fitted.history_).all(axis=None)
    with pytest.raises(ValueError, match="channels and time points of X"):
        fitted.fit(np.zeros((4, 2, 8)), [0.0, 1, 2, 3], validation_data=held_out)
    # An array has no ends: NaN is what is missing, as in X.
    gaps = np.where(np.arange(8) > 5, np.nan, np.zeros((2, 2, 8)))
    with pytest.raises(ValueError, match="X must be finite"):
        fitted.fit(X, Y.astype(float), validation_data=(gaps, [0, 1]))


def test_targets_relative_to_the_last_value_of_a_series():
    y = np.array([one[0, -1] for one in X]) + 0.01
    # Its output layer starts as a probe: a network that trains no step is not compiled for it.
    params = MAGNET | {"n_epochs": 0, "head": "probe", "target_scaling": "instance"}
    fitted = MagNetRegressor(**params).fit(X, y)
    assert np.abs(fitted.predict(X) - y).max() < 0.05 * np.ptp(y)


def test_preprocessing_leaves_out_what_follows():
    preprocessing, (inputs, _) = UnequalPreprocessing.fit(panel_of(X), "log")
    alone = [scale_instances(one[None])[0][0] for one in X]
    mean = np.concatenate(alone, axis=1).mean(axis=1)
    for one, scaled_alone in zip(inputs, alone, strict=True):
        n = scaled_alone.shape[1]
        np.testing.assert_allclose(one[:, :n], scaled_alone - mean[:, None], atol=1e-6)
        assert np.isnan(one[:, n:]).all()
    amplitude = np.log([np.abs(one).max() for one in X])
    assert preprocessing.center == pytest.approx(amplitude.mean())


def test_trained_on_equal_length():
    equal = np.array([np.resize(one, (2, 12)) for one in X])
    fitted = MagNetClassifier(**MAGNET).fit(equal, Y)
    shorter = [equal[0], equal[1][:, :7]]
    with pytest.warns(UserWarning, match=r"had 12 time points each.*7 to 12 time points"):
        found = fitted.predict_proba(shorter)
    np.testing.assert_allclose(found[0], fitted.predict_proba(equal)[0], atol=1e-6)
    with pytest.warns(UserWarning, match="7 to 7 time points"):
        alone = fitted.predict_proba(equal[1:2, :, :7])
    np.testing.assert_allclose(found[1], alone[0], atol=1e-6)


@pytest.mark.slow
def test_longer_series_than_a_layer_has_weights_for():
    fitted = MLSTMFCNClassifier(**MLSTMFCNClassifier.get_test_params()[0]).fit(X, Y)
    assert fitted.predict(X).shape == (16,)
    with pytest.raises(ValueError, match="at most 31 time points"):
        fitted.predict([np.zeros((2, 32))])


# --- a stated policy ---------------------------------------------------------------------------
def continued(one, n):
    return np.pad(one, ((0, 0), (0, max(0, n - one.shape[1]))), mode="edge")[:, :n]


def interpolated(one, n):
    at = np.linspace(0, one.shape[1] - 1, n)
    return np.array([np.interp(at, np.arange(len(channel)), channel) for channel in one])


LONG = [one for one in X if one.shape[1] > 8]
LABELS = [label for one, label in zip(X, Y, strict=True) if one.shape[1] > 8]
POLICIES = {"pad": (31, continued), "crop": (9, continued), "resample": (31, interpolated)}


@pytest.mark.fast_only("pad", "resample")
@pytest.mark.parametrize("policy", POLICIES)
def test_policies(policy):
    length, by_hand = POLICIES[policy]
    plain = np.array([by_hand(one, length) for one in LONG])
    small = SMALL | {"n_layers": 3, "filters": 4}
    expected = ConvNetQuakeINGVClassifier(**small).fit(plain, LABELS)
    network = ConvNetQuakeINGVClassifier(**small, unequal_length=policy).fit(LONG, LABELS)
    assert network.get_tag("capability:unequal_length")
    np.testing.assert_allclose(
        network.predict_proba(LONG), expected.predict_proba(plain), atol=1e-5
    )
    np.testing.assert_allclose(
        network.predict_proba(LONG[0][None]), expected.predict_proba(plain[:1]), atol=1e-5
    )
    other = {"pad": [LONG[-1], np.ones((2, 40))], "crop": [LONG[-1], np.ones((2, 5))]}
    if policy in other:
        with pytest.warns(UserWarning, match=f"1 of 2 series .*unequal_length='{policy}'"):
            network.predict(other[policy])


def test_without_a_policy_the_three_are_named():
    network = ConvNetQuakeINGVClassifier(**SMALL)
    assert not network.get_tag("capability:unequal_length")
    with pytest.raises(ValueError, match=r"'pad'.*'crop'.*'resample'.*of 1 to 31 time points"):
        network.fit(X, Y)
    with pytest.raises(ValueError, match="unequal_length must be one of"):
        network.set_params(unequal_length="cut").fit(np.zeros((4, 2, 8)), [0, 1, 0, 1])


# --- features and searches ---------------------------------------------------------------------
@pytest.mark.fast_only("MagNet")
@pytest.mark.parametrize("architecture", ["ConvNetQuakeINGV", "MLSTMFCN", "MagNet", "TCN"])
def test_features_are_those_of_the_series_alone(architecture):
    source = FrozenSource(architecture, "EMG-simulated")
    together = source.transform(panel_of([X[3], X[6]]))
    np.testing.assert_allclose(source.transform(X[3][None])[0], together[0], atol=2e-4)


def test_features_behind_maxima():
    kind = {"n_layers": 3, "filters": 3, "downsampling": "max_pool", "pool_padding": (0, 1, 0)}
    estimator = ConvNetQuakeINGVRegressor(**kind, l2=0.0)
    layers, parameters = estimator._feature_layers(), estimator._network_parameters()
    x, _ = scaled(31)
    masked = _feature_model(estimator, layers, parameters, (31, 2, True))
    outputs = [np.array(output) for output in masked([x])]
    maps, counts = outputs[: len(layers)], outputs[len(layers) :]
    for row, n in enumerate(LENGTHS[:5]):
        plain = _feature_model(estimator, layers, parameters, (n, 2))
        plain.set_weights(masked.get_weights())
        expected = [np.array(output)[0] for output in plain([x[row : row + 1, :n]])]
        for found, count, alone in zip(maps, counts, expected, strict=True):
            assert count[row] == len(alone)
            np.testing.assert_allclose(found[row, : count[row]], alone, atol=1e-5)


def japanese_vowels():
    """Utterances of nine speakers, of 7 to 29 time points."""
    data = [load_japanese_vowels(split, return_X_y=True) for split in ("train", "test")]
    return [(frame.iloc[::5], labels[::5]) for frame, labels in data]


@pytest.mark.parametrize(
    ("convolutions", "least"),
    [(None, 0.7), pytest.param("minirocket", 0.9, marks=pytest.mark.slow)],
)
def test_probe_of_real_series(convolutions, least):
    (train, y), (test, truth) = japanese_vowels()
    probe = LinearProbeClassifier(["EMG-simulated"], ["MagNet"], random_features=convolutions).fit(
        train, y
    )
    assert probe.score(test, truth) > least
    together = probe.predict_proba(test)
    for row in (0, 50):
        alone = probe.predict_proba(test.iloc[row : row + 1])
        np.testing.assert_allclose(alone[0], together[row], atol=1e-5)


def test_random_convolutions_know_their_length():
    block = RandomBlock("minirocket")
    block.unequal_, block.length_ = False, 12
    with pytest.raises(ValueError, match=r"drawn for series of 12 time points.*of 7 to 12"):
        block.transform(panel_of([np.zeros((2, 12)), np.zeros((2, 7))]))
    with pytest.raises(ValueError, match="MultiRocket cannot take"):
        LinearProbeClassifier(sources=None, random_features="multirocket").fit(X, Y)
    equal_only = SummaryTransformer(("mean",), None)
    equal_only.set_tags(**{"capability:unequal_length": False})
    with pytest.raises(ValueError, match="transformer cannot take"):
        RandomBlock(equal_only).fit(panel_of(X))


@pytest.mark.parametrize("form", ["multi-index", "nested", "list of arrays"])
def test_source_features(form):
    table = SourceFeatures(["EMG-simulated"], ["MagNet"], pooling=("mean",)).fit(INPUTS[form])
    found = table.transform(INPUTS[form])
    alone = table.transform(X[3][None])
    np.testing.assert_allclose(found.iloc[[3]].to_numpy(), alone.to_numpy(), atol=1e-4)


def test_z_scores_as_the_source_was_trained(fitted, tmp_path):
    z_scores = {"scaling": Standardisation.scaling}
    mine = fitted.save_pretrained(tmp_path / "mine", preprocessing=z_scores)
    options = MAGNET | {"n_epochs": 0, "head": "probe", "validation_size": None}
    network = MagNetClassifier(source=mine, preprocessing="source", **options).fit(X, Y)
    values = np.concatenate(X, axis=1)
    found = network._facts.preprocessing
    np.testing.assert_allclose(found.center.ravel(), values.mean(axis=1), rtol=1e-6)
    np.testing.assert_allclose(found.scale.ravel(), values.std(axis=1), rtol=1e-6)
    together = network.predict_proba(X)
    for k in (2, 7):
        np.testing.assert_allclose(network.predict_proba([X[k]])[0], together[k], atol=1e-5)


def test_searches(fitted, tmp_path):
    mine = fitted.save_pretrained(tmp_path / "mine")
    search = OmegaSearch(MagNetClassifier(**MAGNET), sources=[mine], omegas=[0.5])
    assert search.get_tag("capability:unequal_length")
    assert search.fit(X, Y).predict_proba(INPUTS["multi-index"]).shape == (16, 2)
    folds = search.clone().set_params(selection=2).fit(X, Y)
    assert folds.predict(X).shape == (16,)
    fixed = OmegaSearch(ConvNetQuakeINGVClassifier(**SMALL, unequal_length="pad"), sources=[None])
    with pytest.raises(ValueError, match="supports no unequal lengths"):
        fixed.set_params(estimator__unequal_length="error").fit(X, Y)


def test_auto_transfer(monkeypatch):
    # Compiling MiniRocket takes longer than all the rest: means and deviations stand for it.
    block = lambda *_: RandomBlock(SummaryTransformer(("mean", "std"), None))  # noqa: E731
    monkeypatch.setattr("sktl.model_selection._auto_blocks.RandomBlock", block)
    search = AutoTransferClassifier("fast", sources=None).fit(X, Y)
    together = search.predict_proba(X)
    assert (together.argmax(axis=1) == Y).all()
    np.testing.assert_allclose(search.predict_proba([X[3]])[0], together[3], atol=1e-6)
    problems = search.leaderboard_.set_index("candidate")["problem"].dropna()
    assert problems.str.startswith("left out: X must hold series of equal length").all()
    of_points = ["series", "spectrum", "values", "profile", "shape"]
    assert problems.index.tolist() == of_points


def test_series_without_end_marks_are_refused():
    with pytest.raises(ValueError, match=r"X must be finite"):
        FrozenSource("MagNet", None).transform(np.array([[[1, np.nan, 2, np.nan]]]))
    with pytest.raises(ValueError, match=r"equal channels.*\[x.T for x in X\]"):
        MagNetClassifier().fit([one.T for one in X], Y)
    with warnings.catch_warnings(), pytest.raises(ValueError, match=r"missing values"):
        MagNetClassifier().fit([np.where(one > 5, np.nan, one) for one in X], Y)
