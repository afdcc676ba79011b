"""Blocks of features that read the series themselves, on ordinary and on degenerate ones."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from scipy.signal import periodogram
from sktime.transformations.panel.catch22 import Catch22

from sktl.estimators.features import catch22
from sktl.estimators.features.amplitude import AmplitudeBlock, EndAmplitudeBlock
from sktl.estimators.features.catch22 import Catch22Block
from sktl.estimators.features.intervals import IntervalBlock
from sktl.estimators.features.random_convolutions import RandomBlock
from sktl.estimators.features.spectrum import SpectrumBlock
from sktl.estimators.features.timing import TimingBlock
from sktl.estimators.features.values import SeriesBlock


def panel(n_instances=6, n_channels=3, n_timepoints=20, seed=0):
    return np.random.default_rng(seed).normal(size=(n_instances, n_channels, n_timepoints))


PLAIN = [
    AmplitudeBlock, EndAmplitudeBlock, SeriesBlock, SpectrumBlock, IntervalBlock, TimingBlock,
]  # fmt: skip


@pytest.mark.parametrize("kind", PLAIN)
@pytest.mark.parametrize("n_timepoints", [1, 2, 3, 4, 5, 6, 7, 8, 9, 64, 333])
@pytest.mark.parametrize("n_channels", [1, 2])
def test_any_length_gives_finite_features_of_one_width(kind, n_timepoints, n_channels):
    X = panel(4, n_channels, n_timepoints)
    X[0], X[1] = 0, 7  # silent, and constant
    block = kind().fit(X)
    features = block.transform(X)
    assert features.ndim == 2
    assert len(features) == 4
    assert features.shape[1] > 0
    assert np.isfinite(features).all()
    assert block.transform(X[:1]).shape[1] == features.shape[1]


@pytest.mark.parametrize("kind", PLAIN)
@pytest.mark.parametrize("dtype", [np.int8, np.int64, bool, np.float16])
def test_any_dtype_is_read_as_numbers(kind, dtype):
    X = (50 * panel()).astype(np.int8).astype(dtype)
    as_floats = X.astype(float)
    features = kind().fit(X).transform(X)
    np.testing.assert_array_equal(features, kind().fit(as_floats).transform(as_floats))


def test_amplitudes_are_numpys_in_the_order_of_their_names():
    X = panel() * 10.0 ** np.arange(6)[:, None, None]
    block = AmplitudeBlock().fit(X)
    functions = {
        "largest": lambda x: np.abs(x).max(axis=-1),
        "range": lambda x: np.ptp(x, axis=-1),
        "std": lambda x: x.std(axis=-1),
    }
    features = dict(zip(block.names(3), block.transform(X).T, strict=True))
    assert len(features) == 12
    for kind, function in functions.items():
        for channel in range(3):
            values = features[f"amplitude/{kind}/channel{channel}"]
            np.testing.assert_allclose(values, np.log10(function(X[:, channel])))
        whole = np.log10(function(X.reshape(6, -1)))
        np.testing.assert_allclose(features[f"amplitude/{kind}/instance"], whole)


def test_one_channel_is_the_instance():
    block = AmplitudeBlock().fit(panel(n_channels=1))
    assert block.names(1) == [f"amplitude/{k}/channel0" for k in ("largest", "range", "std")]
    assert block.transform(panel(n_channels=1)).shape == (6, 3)


@pytest.mark.parametrize("kind", [AmplitudeBlock, EndAmplitudeBlock])
def test_ten_times_the_series_is_one_more(kind):
    X = panel()
    block = kind().fit(X)
    np.testing.assert_allclose(block.transform(10 * X), block.transform(X) + 1)


def test_silence_counts_as_the_smallest_sound_of_the_training_series():
    X = panel()
    X[2] = 0
    block = AmplitudeBlock().fit(X)
    features = block.transform(X)
    np.testing.assert_allclose(features[2], np.delete(features, 2, axis=0).min(axis=0))
    silent = AmplitudeBlock().fit(np.zeros((3, 2, 5)))
    np.testing.assert_array_equal(silent.transform(np.zeros((3, 2, 5))), 0)


def test_series_are_relative_to_their_last_value():
    X = panel(n_timepoints=4)
    features = SeriesBlock().fit(X).transform(X)
    np.testing.assert_array_equal(features[:, -3:], X[:, :, -1])
    moved = SeriesBlock().transform(X + 100)
    np.testing.assert_allclose(moved[:, :-3], features[:, :-3])
    np.testing.assert_allclose(features[:, 0], X[:, 0, 0] - X[:, 0, -1])
    assert SeriesBlock().transform(panel(n_timepoints=1000)).shape == (6, 3 * 200)


@pytest.mark.parametrize("frequency", [3, 40])
def test_a_sine_has_its_power_in_one_band(frequency):
    time = np.arange(200) / 200
    X = np.sin(2 * np.pi * frequency * time)[None, None]
    features = SpectrumBlock().transform(X)[0]
    assert features.max() == pytest.approx(features[np.argmax(features)])
    assert np.sum(features > features.max() - 3) == 1
    power = periodogram(X[0, 0], detrend="constant")[1][1:]
    edges = np.unique(np.geomspace(1, 101, 33).round().astype(int)) - 1
    bands = [power[a:b].mean() for a, b in pairwise(edges)]
    assert np.argmax(features) == np.argmax(bands)


def test_bands_are_shares_of_the_instances_power():
    X = panel()
    features = SpectrumBlock().transform(X)
    np.testing.assert_allclose(SpectrumBlock().transform(1e4 * X - 5), features, rtol=1e-6)
    np.testing.assert_allclose((10**features - 1e-8).sum(axis=1), 1, rtol=1e-6)


@pytest.mark.parametrize("n_timepoints", [5, 33, 80])
def test_intervals_are_those_of_quants_authors_rule(n_timepoints):
    X = panel(2, 1, n_timepoints)
    features = IntervalBlock().fit(X).transform(X)
    count = 1 + (n_timepoints - 1) // 4
    quantiles = np.quantile(X[:, 0], np.linspace(0, 1, count), axis=1).T
    quantiles[:, 1::2] -= X.mean(axis=2)
    np.testing.assert_allclose(features[:, :count], quantiles, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("n_channels", "n_timepoints"), [(1, 80), (3, 101), (2, 9)])
def test_intervals_are_aeons_in_another_order(n_channels, n_timepoints):
    pytest.importorskip("torch")
    aeon = pytest.importorskip("aeon.transformations.collection.interval_based")
    X = panel(4, n_channels, n_timepoints).astype(np.float32)
    ours = IntervalBlock().fit(X).transform(X)
    theirs = aeon.QUANTTransformer().fit_transform(X)
    np.testing.assert_allclose(np.sort(ours), np.sort(theirs), atol=1e-4)


def test_wide_series_get_fewer_quantiles():
    narrow, wide = panel(2, 1, 400), panel(2, 60, 400)
    assert IntervalBlock().fit(narrow).divisor == 4
    features = IntervalBlock().fit(wide).transform(wide)
    assert features.shape[1] < 2 * IntervalBlock.most_features


def test_times_are_those_of_a_click():
    X = np.zeros((2, 2, 100))
    X[0, 0, 30] = X[1, 0, 70] = 1
    X[:, 1, :] = np.sin(np.arange(100))
    times = TimingBlock().fit(X).transform(X)
    n_times = len(TimingBlock.energies) + len(TimingBlock.sizes)
    # The times of the first channel, of the second, and of both together.
    of_click = times[:, : 3 * n_times : 3]
    np.testing.assert_array_equal(of_click[0, 2:], 0.3)
    np.testing.assert_array_equal(of_click[1, 2:], 0.7)
    np.testing.assert_array_equal(times[:, 3 * n_times], [0.3, 0.7])  # the highest value
    np.testing.assert_allclose(TimingBlock().transform(5 - 3 * X)[:, : 3 * n_times],
                               times[:, : 3 * n_times])  # fmt: skip


def test_catch22_is_sktimes_even_where_its_inside_has_changed(monkeypatch):
    X = panel(2, 2, 40)
    X[1, 1] = 3  # constant
    found = Catch22Block().transform(X)
    assert catch22._may_call_inside()
    z = X - X.mean(axis=2, keepdims=True)
    spread = z.std(axis=2, keepdims=True)
    z /= np.where(spread > 0, spread, 1)
    expected = Catch22(replace_nans=True).fit_transform(z)
    np.testing.assert_allclose(found, np.nan_to_num(expected), rtol=1e-5, atol=1e-6)
    with monkeypatch.context() as plain:
        plain.setenv("SKTL_PLAIN_LAYERS", "1")
        plain.setattr(catch22, "_series_by_series", None)
        np.testing.assert_allclose(Catch22Block().transform(X), found, rtol=1e-5, atol=1e-6)
    monkeypatch.setattr(Catch22, "_transform_case", lambda self, X, f_idx: [None])
    monkeypatch.setattr(Catch22, "_transform", lambda self, X, y=None: pd.DataFrame([[7.0] * 22]))
    catch22._may_call_inside.cache_clear()
    try:
        np.testing.assert_array_equal(Catch22Block().transform(X), 7)
    finally:
        catch22._may_call_inside.cache_clear()


class Doubling:
    """A transformer that a user wrote."""

    def clone(self):
        return Doubling()

    def fit(self, X):
        return self

    def transform(self, X):
        table = 2 * X[:, 0, :3]
        table[0, 0], table[1, 1] = np.nan, np.inf
        return table


def test_any_transformer_is_a_random_block_and_what_is_not_finite_is_zero():
    X = panel(n_timepoints=4)  # padded to ten time points
    block = RandomBlock(Doubling()).fit(X)
    table = block.transform(X)
    assert block.name == "Doubling"
    assert table[0, 0] == table[1, 1] == 0
    np.testing.assert_allclose(table[2:], 2 * X[2:, 0, :3], rtol=1e-6)
    with pytest.raises(ValueError, match=r"random_features.*Received: random_features='rocket'"):
        RandomBlock("rocket").fit(X)


def test_short_series_are_padded_with_their_last_value():
    X = panel(n_timepoints=4)
    padded = RandomBlock("minirocket")._long_enough(X)
    assert padded.shape == (6, 3, 10)
    np.testing.assert_array_equal(padded[:, :, 4:], np.repeat(X[:, :, -1:], 6, axis=2))
