"""Series in, series out: shapes, lengths, what transfers, and errors that say what is wrong."""

import copy

import keras
import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV

from sktl.datasets.simulators import simulate_layered_earth, simulate_wedge
from sktl.estimators import TCNSequenceRegressor
from sktl.model_selection import OmegaSearch, rank_sources
from sktl.training.preprocessing import Standardisation

SMALL = {"filters": (3, 4), "kernel_size": 3, "n_epochs": 2, "random_state": 0}
# A network that trains no step is not compiled for it.
UNTRAINED = {"n_epochs": 0, "head": "probe"}


@pytest.fixture(scope="module")
def wedge():
    return simulate_wedge(20, random_state=0, n_timepoints=48, dt_s=0.004, noise=0.1)


@pytest.fixture(scope="module")
def source(wedge, tmp_path_factory):
    """A source of other traces of another length."""
    X, y = simulate_layered_earth(20, random_state=1, n_timepoints=60)
    donor = TCNSequenceRegressor(**SMALL).fit(X, y)
    return donor, donor.save_pretrained(tmp_path_factory.mktemp("sources") / "earth")


def test_presets_are_the_published_networks():
    causal, noncausal = map(TCNSequenceRegressor.from_preset, ("causal", "noncausal"))
    assert (causal.receptive_field, noncausal.receptive_field) == (505, 2033)
    # By hand: kernels, biases and gains of each convolution, 1x1 where the width changes.
    for estimator in (causal, noncausal):
        k, widths = estimator.kernel_size, estimator.filters
        expected = 1 + widths[-1] + 1  # head and skip
        for before, after in zip((1, *widths), widths, strict=False):
            expected += (k * before + 2) * after + (k * after + 2) * after
            expected += (before + 1) * after if before != after else 0
        assert estimator.build_network(1, 20, 20).count_params() == expected
    with pytest.raises(ValueError, match="Did you mean 'causal'"):
        TCNSequenceRegressor.from_preset("casual")


@pytest.mark.parametrize("padding", ["causal", "same"])
def test_what_an_output_sees(padding):
    """Moving one sample moves the outputs of its receptive field and no other."""
    estimator = TCNSequenceRegressor(**SMALL | {"padding": padding, "short_series": "pad"})
    network = estimator.build_network(1, 60, 60)
    X = np.random.default_rng(0).normal(size=(1, 60, 1)).astype("float32")
    # A ReLU may be silent at one place: many directions make that unlikely.
    moved = np.zeros(60, bool)
    for seed in range(20):
        values = [np.random.default_rng(seed).normal(size=w.shape) for w in network.weights]
        network.set_weights(values)
        both = np.repeat(X, 2, axis=0)
        both[1, 30] += 5
        moved |= np.abs(np.diff(np.array(network(both)), axis=0))[0] > 1e-6
    before, after = {"causal": (0, 12), "same": (6, 6)}[padding]
    assert estimator.receptive_field == 13
    assert np.flatnonzero(moved).tolist() == list(range(30 - before, 30 + after + 1))


def test_loss_is_the_mean_square_of_z_scores_with_the_weight_decay(wedge):
    """One step on all traces with nothing random, against numpy."""
    X, y = wedge
    estimator = TCNSequenceRegressor(
        **SMALL
        | {"n_epochs": 1, "batch_size": 100, "dropout": 0.0, "validation_size": None}
        | {"head": "random"}
    )
    start = estimator.build_network(1, 48, 48)
    z = ((X - X.mean()) / X.std()).transpose(0, 2, 1).astype("float32")
    error = np.array(start(z)) - (y - y.mean(dtype=float)) / y.std(dtype=float)
    decayed = [w for w in start.weights if not w.path.endswith("bias")]
    penalty = sum(0.5e-4 * float(keras.ops.sum(w**2)) for w in decayed)
    fitted = estimator.fit(X, y)
    assert fitted.history_["loss"][1] == pytest.approx((error**2).mean() + penalty, rel=1e-4)


@pytest.mark.slow
def test_predictions_are_in_the_unit_and_form_of_y(wedge):
    X, y = wedge
    fitted = TCNSequenceRegressor(**SMALL).fit(X, y)
    expected = fitted.predict(X)
    assert expected.shape == y.shape
    assert 1e6 < expected.mean() < 2e7
    assert fitted.score(X, y) <= 1
    frame = pd.DataFrame(y, columns=[f"t{number}" for number in range(48)])
    named = TCNSequenceRegressor(**SMALL).fit(X, frame)
    pd.testing.assert_frame_equal(named.predict(X), pd.DataFrame(expected, columns=frame.columns))
    with pytest.raises(ValueError, match="X must have 48 time points, those of the columns of y"):
        named.predict(X[:, :, :40])


@pytest.mark.slow
def test_coarser_targets_belong_to_the_last_time_point_of_their_block(wedge):
    X, y = wedge
    full = TCNSequenceRegressor(**SMALL | {"dropout": 0.0}).build_network(1, 48, 48)
    third = TCNSequenceRegressor(**SMALL | {"dropout": 0.0}).build_network(1, 48, 16)
    last = TCNSequenceRegressor(**SMALL | {"dropout": 0.0}).build_network(1, 48, 1)
    series = X.transpose(0, 2, 1)
    for network, columns in ((third, slice(2, None, 3)), (last, slice(47, None))):
        network.set_weights(full.get_weights())
        np.testing.assert_allclose(network(series), np.array(full(series))[:, columns], atol=1e-6)
    fitted = TCNSequenceRegressor(**SMALL | UNTRAINED).fit(X, y[:, -1])
    assert fitted.predict(X).shape == fitted.predict(X[:, :, :31]).shape == (20,)


def test_length_may_change_between_fit_and_predict(wedge):
    X, y = wedge
    fitted = TCNSequenceRegressor(**SMALL | UNTRAINED).fit(X, y)
    whole, part = fitted.predict(X), fitted.predict(X[:, :, :31])
    # Causal: what comes later changes nothing.
    np.testing.assert_allclose(part, whole[:, :31], rtol=1e-4)


def test_targets_may_be_coarser(wedge):
    X, y = wedge
    coarse = TCNSequenceRegressor(**SMALL | UNTRAINED).fit(X, y[:, 1::2])
    assert coarse.predict(X[:, :, :30]).shape == (20, 15)
    with pytest.raises(ValueError, match="multiple of 2 time points"):
        coarse.predict(X[:, :, :31])


def test_source_of_another_length_predicts_at_omega_zero_what_it_predicted(wedge, source):
    donor, folder = source
    X, y = wedge
    frozen = TCNSequenceRegressor.from_pretrained(folder, omega=0.0, **SMALL).fit(X, y)
    for path, values in donor._weights.items():
        np.testing.assert_array_equal(frozen._weights[path], values)
    # Only the z-scores are the target's own.
    inputs = (X - frozen._facts.preprocessing.center) / frozen._facts.preprocessing.scale
    back = inputs * donor._facts.preprocessing.scale + donor._facts.preprocessing.center
    expected = (
        donor.predict(back.astype("float32")) - donor._facts.targets.center
    ) / donor._facts.targets.scale
    np.testing.assert_allclose(
        (frozen.predict(X) - frozen._facts.targets.center) / frozen._facts.targets.scale,
        expected,
        atol=1e-4,
    )
    assert frozen.source_.n_timepoints == 60
    assert frozen.source_.preprocessing["scaling"].startswith("z-scores")
    new_head = TCNSequenceRegressor.from_pretrained(
        folder, omega=0.0, transfer_head=False, **SMALL | UNTRAINED
    ).fit(X, y)
    assert not np.array_equal(new_head._weights["head/kernel"], donor._weights["head/kernel"])


@pytest.mark.slow
def test_channels_of_the_skip_are_adapted(wedge, source):
    X, y = wedge
    twice = np.repeat(X, 2, axis=1)
    params = SMALL | {"omega": 0.0, "channel_adaptation": "replicate_scaled"}
    fitted = TCNSequenceRegressor.from_pretrained(source[1], **params).fit(twice, y)
    np.testing.assert_allclose(
        fitted._weights["skip/kernel"][0, :, 0], source[0]._weights["skip/kernel"].item() / 2
    )


def test_another_padding_is_refused(wedge, source):
    with pytest.raises(ValueError, match=r"has padding='causal'. Received: padding='same'"):
        TCNSequenceRegressor.from_pretrained(source[1], padding="same", **SMALL).fit(*wedge)


# The search of series below is the faster of the two.
@pytest.mark.slow
def test_searches(wedge, source):
    X, y = wedge
    held_out = X[1::4], y[1::4]
    network = TCNSequenceRegressor.from_pretrained(source[1], **SMALL)
    search = OmegaSearch(network, (0.0, 1.0)).fit(X[::4], y[::4], validation_data=held_out)
    assert len(search.cv_results_) == 3  # one search for all columns, scratch first
    alone = network.clone().set_params(**search.best_params_)
    alone.fit(X[::4], y[::4], validation_data=held_out)
    np.testing.assert_array_equal(search.predict(X), alone.predict(X))
    folds = OmegaSearch(network, (1.0,), selection=2, include_scratch=False).fit(X, y)
    assert folds.predict(X).shape == y.shape
    grid = GridSearchCV(network, {"omega": [0.0, 1.0]}, cv=2, error_score="raise").fit(X, y)
    assert grid.predict(X).shape == y.shape


@pytest.mark.slow
def test_search_of_series_keeps_what_is_simpler_and_starts_from_the_best_ranked(wedge, source):
    X, y = wedge
    (here, held_out), useless = (slice(None, None, 4), slice(1, None, 4)), source[1].parent / "flat"
    donor = copy.deepcopy(source[0])
    donor._weights = {name: np.zeros_like(values) for name, values in donor._weights.items()}
    donor.save_pretrained(useless)
    table = rank_sources(X, y, TCNSequenceRegressor(**SMALL), [useless, source[1]])
    assert table["source"].tolist()[-1] == useless
    assert table["probe_loo"].iloc[0] > 0.1
    network = TCNSequenceRegressor(**SMALL)
    search = OmegaSearch(
        network,
        (1.0,),
        [useless, source[1]],
        n_sources=1,
        # Of the four traces that compare, it knows the answers.
        baselines=[("knows", KNeighborsOfSeries().known(X[held_out], y[held_out]))],
    ).fit(X[here], y[here], validation_data=(X[held_out], y[held_out]))
    assert search.ranking_["source"].dropna().tolist() == [source[1], useless]
    assert len(search.cv_results_) == 3  # scratch, one source, the baseline
    assert search.decision_["kept"] == "baseline"
    np.testing.assert_allclose(search.predict(X[held_out]), y[held_out], rtol=1e-5)


class KNeighborsOfSeries(BaseEstimator):
    """Gives the y of the most similar of the series that it was told of."""

    def __init__(self, X=None, y=None):
        self.X = X
        self.y = y

    def known(self, X, y):
        return self.set_params(X=X, y=y)

    def fit(self, X, y):
        return self

    def predict(self, X):
        distances = ((X[:, None] - self.X) ** 2).sum(axis=(2, 3))
        return self.y[distances.argmin(axis=1)]


def test_probe_is_a_linear_fit_and_fine_tuning_starts_from_it(wedge, source):
    X, y = wedge
    data = {"X": X[::2], "y": y[::2], "validation_data": (X[1::2], y[1::2])}
    params = SMALL | {"transfer_head": False, "head": "probe", "omega": 0.0, "dropout": 0.0}
    network = TCNSequenceRegressor.from_pretrained(source[1], **params)
    probe = network.clone().set_params(n_epochs=0).fit(**data)
    for path, values in source[0]._weights.items():
        if path.startswith("block"):
            np.testing.assert_array_equal(probe._weights[path], values)
    scaled = (X[::2] - X[::2].mean()) / X[::2].std()
    last = probe.network_.get_layer("block2_relu").output
    body = keras.Model(probe.network_.inputs[0], last)
    series = scaled.transpose(0, 2, 1)
    rows = np.concatenate([np.array(body(series)), series], axis=2).reshape(-1, 5)
    predicted, known = probe.predict(X[::2]).ravel(), y[::2].ravel()
    # A linear map of features and series, and one that is worth more than the mean.
    assert LinearRegression().fit(rows, predicted).score(rows, predicted) > 0.9999
    assert np.mean((predicted - known) ** 2) < 0.99 * known.var()
    tuned = network.clone().fit(**data)
    assert tuned.history_["val_loss"][0] == pytest.approx(probe.history_["val_loss"][0])
    assert tuned.history_.index.tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y": slice(0, 47)}, "47 columns in y, 48 time points in X"),
        ({"y": slice(0, 96)}, "96 columns in y, 48 time points in X"),
        ({"filters": (3, 4, 4, 4)}, r"receptive field, 61 time points.*Received: 48 time points"),
        ({"filters": 4}, "filters must be a sequence"),
        ({"padding": "valid"}, "padding must be one of 'causal', 'same'"),
        ({"short_series": "zeros"}, "short_series must be one of"),
        ({"weight_decay": -1.0}, "weight_decay must be a number"),
    ],
)
def test_what_does_not_fit_is_named(wedge, change, message):
    X, y = wedge
    params = SMALL | change
    y = np.tile(y, 2)[:, params.pop("y", slice(0, 48))]
    with pytest.raises((ValueError, TypeError), match=message):
        TCNSequenceRegressor(**params).fit(X, y)


def test_data_that_do_not_fit_are_named(wedge):
    X, y = (part.copy() for part in wedge)
    fitted = TCNSequenceRegressor(**SMALL).fit(X, y)
    with pytest.raises(ValueError, match="receptive field, 13 time points"):
        fitted.predict(X[:, :, :12])
    with pytest.raises(ValueError, match="Number in X = 20 nos in y = 19"):
        TCNSequenceRegressor(**SMALL).fit(X, y[:19])
    with pytest.raises(ValueError, match=r"\(24,\) and \(48,\)"):
        TCNSequenceRegressor(**SMALL).fit(X, y, validation_data=(X, y[:, ::2]))
    y[0, 3] = np.nan
    with pytest.raises(ValueError, match="y must be finite"):
        TCNSequenceRegressor(**SMALL).fit(X, y)
    X[0, 0, 3] = np.nan
    with pytest.raises(ValueError, match=r"missing values|NaN"):
        TCNSequenceRegressor(**SMALL).fit(X, wedge[1])


def test_z_scores_against_scikit_learn():
    from sklearn.preprocessing import StandardScaler

    X = np.random.default_rng(0).normal(3, 2, size=(7, 2, 5))
    fitted, inputs = Standardisation.fit(X, "standard")
    flat = X.transpose(0, 2, 1).reshape(-1, 2)
    expected = StandardScaler().fit_transform(flat).reshape(7, 5, 2).transpose(0, 2, 1)
    np.testing.assert_allclose(inputs[0], expected, atol=1e-6)
    amplitude = StandardScaler().fit_transform(np.abs(X).max(axis=(1, 2))[:, None])
    np.testing.assert_allclose(inputs[1], amplitude, atol=1e-6)
    assert fitted.transform(X[:, :, :2])[0].shape == (7, 2, 2)
    with pytest.raises(ValueError, match=r"fitted with, 2. Received: \(1, 5\)"):
        fitted.transform(X[:, :1])


@pytest.mark.slow
def test_learns_real_impedance(shared):
    from sktl.datasets.impedance import read_marmousi, trace_split
    from sktl.evaluation import r2

    X, y = read_marmousi(shared("data/marmousi/marmousi_dz10.mat")).traces()
    parts = trace_split(len(X), 100)
    train, held_out, test = ((X[rows], y[rows]) for rows in parts.values())
    fitted = TCNSequenceRegressor(n_epochs=30, random_state=0).fit(*train, validation_data=held_out)
    # The training mean of every time reaches less.
    mean = np.broadcast_to(train[1].mean(axis=0), test[1].shape)
    assert r2(test[1], fitted.predict(test[0])) > r2(test[1], mean)
