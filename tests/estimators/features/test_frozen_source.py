"""Features of sources against the layers' maps, computed apart and summarised by numpy."""

import pickle

import numpy as np
import pytest

from sktl.estimators import FrozenSource, MagNetRegressor
from sktl.estimators.features.frozen_source import POOLING
from sktl.sources import load_source
from sktl.sources.ucr import fcn_logits
from sktl.training.compiled_network import weight_names

EMG = FrozenSource("MagNet", "EMG-simulated")
STATISTICS = {
    "mean": lambda maps: maps.mean(axis=1),
    "std": lambda maps: maps.std(axis=1),
    "max": lambda maps: maps.max(axis=1),
    "positive": lambda maps: (maps > 0).mean(axis=1),
}


def panel(n_instances=6, n_channels=3, n_timepoints=20, seed=0):
    return np.random.default_rng(seed).normal(size=(n_instances, n_channels, n_timepoints))


def z_scores(X):
    centred = X - X.mean(axis=2, keepdims=True)
    return centred / centred.std(axis=(1, 2), keepdims=True)


def convolve(x, kernel, bias):
    padded = np.pad(x, ((0, 0), (1, 1), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, 3, axis=1)
    return np.einsum("ntck,kcf->ntf", windows, kernel) + bias


def maps_of_magnet(X, arrays):
    """MagNet's convolutions in numpy; pooling pads the end."""
    first = convolve(X.transpose(0, 2, 1), arrays["conv1/kernel"], arrays["conv1/bias"])
    missing = -first.shape[1] % 4
    before = missing // 2
    padding = ((0, 0), (before, missing - before), (0, 0))
    padded = np.pad(first, padding, constant_values=-np.inf)
    pooled = padded.reshape(len(X), -1, 4, first.shape[2]).max(axis=2)
    return first, convolve(pooled, arrays["conv2/kernel"], arrays["conv2/bias"])


@pytest.mark.parametrize("n_timepoints", [20, 21, 5])
def test_every_feature_is_the_statistic_of_its_filters_map(n_timepoints):
    X = panel(n_timepoints=n_timepoints)
    features = dict(zip(EMG.names(3), EMG.transform(X).T, strict=True))
    maps = maps_of_magnet(z_scores(X), load_source("EMG-simulated", "MagNet").arrays)
    checked = 0
    for layer, values in zip(("conv1", "conv2"), maps, strict=True):
        for kind in POOLING:
            for number, expected in enumerate(STATISTICS[kind](values).T):
                name = f"MagNet/EMG-simulated/{layer}/{number}/{kind}"
                np.testing.assert_allclose(features[name], expected, rtol=1e-3, atol=1e-4)
                checked += 1
    assert checked == 4 * (64 + 32) == len(features) - 200


def test_a_layer_that_gives_vectors_is_taken_as_it_is():
    import keras

    X = panel()
    model = MagNetRegressor().build_network(3, 20)
    arrays = load_source("EMG-simulated", "MagNet").arrays
    for path, variable in weight_names(model).items():
        if path in arrays and arrays[path].shape == tuple(variable.shape):
            variable.assign(arrays[path])
    part = keras.Model(model.inputs[0], model.get_layer("bilstm").output)
    series = z_scores(X).transpose(0, 2, 1).astype("float32")
    expected = keras.ops.convert_to_numpy(part(series, training=False))
    columns = [f"MagNet/EMG-simulated/bilstm/{number}/value" for number in range(200)]
    names = EMG.names(3)
    features = EMG.transform(X)[:, [names.index(column) for column in columns]]
    np.testing.assert_allclose(features, expected, rtol=1e-3, atol=1e-4)


def test_batches_do_not_matter_and_the_input_is_left_alone(monkeypatch):
    X = panel(11)
    X.setflags(write=False)
    whole = EMG.transform(X)
    monkeypatch.setattr("sktl.estimators.features.frozen_source.MAP_VALUES", 1)  # batches of four
    np.testing.assert_allclose(EMG.transform(X), whole, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(EMG.transform(X[3:4]), whole[3:4], rtol=1e-4, atol=1e-5)


def test_series_on_disk_are_read(tmp_path):
    X = panel(9).astype("float32")
    np.save(tmp_path / "panel.npy", X)
    mapped = np.load(tmp_path / "panel.npy", mmap_mode="r")
    np.testing.assert_array_equal(EMG.transform(mapped), EMG.transform(X))


@pytest.mark.parametrize("channels", ["joint", "each"])
@pytest.mark.parametrize("scaling", ["z-score", "min-max"])
def test_scale_and_a_common_offset_of_an_instance_do_not_matter(channels, scaling):
    source = FrozenSource("MagNet", "EMG-simulated", channels=channels, scaling=scaling)
    X = panel()
    changed = X * np.geomspace(1e-6, 1e6, 6)[:, None, None]
    changed += np.abs(changed).max(axis=(1, 2), keepdims=True) * np.array([[[3.0]]])
    np.testing.assert_allclose(source.transform(changed), source.transform(X), rtol=2e-3, atol=1e-3)


def test_min_max_divides_by_the_range():
    source = FrozenSource("MagNet", "EMG-simulated", pooling=("max",), scaling="min-max")
    X = panel()
    scaled = (X - X.mean(axis=2, keepdims=True)) / np.ptp(X, axis=(1, 2), keepdims=True)
    first, _ = maps_of_magnet(scaled, load_source("EMG-simulated", "MagNet").arrays)
    np.testing.assert_allclose(source.transform(X)[:, :64], first.max(axis=1), atol=1e-4)


def test_each_channel_is_seen_as_if_it_were_alone():
    X = panel()
    each = FrozenSource("MagNet", "EMG-simulated", channels="each")
    expected = np.concatenate([EMG.transform(X[:, c : c + 1]) for c in range(3)], axis=1)
    np.testing.assert_allclose(each.transform(X), expected, rtol=1e-4, atol=1e-5)
    names = each.names(3)
    assert len(names) == len(set(names)) == expected.shape[1]
    assert names[0].endswith("/channel0")
    assert names[-1].endswith("/channel2")


def test_one_channel_is_shown_as_all_that_the_source_knows():
    X = panel(n_channels=1)
    n_channels = load_source("EMG-simulated", "MagNet").card.n_channels
    np.testing.assert_allclose(
        EMG.transform(X), EMG.transform(np.repeat(X, n_channels, axis=1)), rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize("n_channels", [1, 2, 3, 7])
@pytest.mark.parametrize("n_timepoints", [1, 2, 9])
def test_any_number_of_channels_and_any_length(n_channels, n_timepoints):
    features = EMG.transform(panel(4, n_channels, n_timepoints))
    assert features.shape == (4, len(EMG.names(n_channels)))
    assert features.dtype == np.float32
    assert np.isfinite(features).all()


@pytest.mark.parametrize("value", [0.0, 0.1, -1e9])
def test_constant_series_are_seen_as_zeros(value):
    zeros = EMG.transform(np.zeros((1, 3, 20)))
    np.testing.assert_array_equal(EMG.transform(np.full((1, 3, 20), value)), zeros)


def test_integers_are_series_like_others():
    X = np.random.default_rng(0).integers(-9, 9, size=(4, 3, 20)).astype(np.int8)
    np.testing.assert_array_equal(EMG.transform(X), EMG.transform(X.astype(float)))


def test_random_kernels_are_reproducible_and_of_their_seed():
    X = panel()
    first = FrozenSource("MagNet", None, random_state=3)
    assert first.name == "MagNet/random"
    features = first.transform(X)
    FrozenSource("MagNet", None, random_state=4).transform(X)  # the same network, other weights
    np.testing.assert_array_equal(first.transform(X), features)
    assert not np.allclose(FrozenSource("MagNet", None, random_state=4).transform(X), features)
    assert not np.allclose(EMG.transform(X), features)
    assert first.names(3)[0] == "MagNet/random/conv1/0/mean"


def test_a_chosen_pooling_is_a_choice_of_columns():
    X = panel()
    some = FrozenSource("MagNet", "EMG-simulated", pooling=("max", "mean"))
    names = EMG.names(3)
    chosen = EMG.transform(X)[:, [names.index(name) for name in some.names(3)]]
    np.testing.assert_allclose(some.transform(X), chosen, rtol=1e-4, atol=1e-5)


def test_it_survives_a_pickle():
    X = panel()
    again = pickle.loads(pickle.dumps(EMG))
    assert again == EMG
    np.testing.assert_array_equal(again.transform(X), EMG.transform(X))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"channels": "all"}, r"channels.*'joint', 'each'.*Received: channels='all'"),
        ({"scaling": "none"}, r"scaling.*'z-score', 'min-max'.*Received: scaling='none'"),
        ({"pooling": ("mean", "median")}, r"pooling.*'positive'.*Received: pooling='median'"),
        ({"source": "STAED"}, r"Received: source='STAED'"),
    ],
)
def test_errors_name_what_is_allowed_and_what_was_received(parameters, message):
    given = {"architecture": "MagNet", "source": "EMG-simulated"} | parameters
    with pytest.raises(ValueError, match=f"(?s){message}"):
        FrozenSource(**given).transform(panel())


def test_published_fcns_give_the_features_of_their_own_heads(shared, monkeypatch):
    monkeypatch.setenv("SKTL_MIRROR", str(shared("data/fcn_ucr")))
    X = panel(5, 1, 40)
    source = FrozenSource("MLSTMFCN", "UCR/GunPoint", pooling=("mean",))
    arrays = load_source("UCR/GunPoint", "MLSTMFCN").arrays
    width = arrays["head/kernel"].shape[0]
    names = source.names(1)
    last = [k for k, name in enumerate(names) if name.split("/")[-3] == names[-1].split("/")[-3]]
    assert len(last) == width
    logits = source.transform(X)[:, last] @ arrays["head/kernel"] + arrays["head/bias"]
    np.testing.assert_allclose(logits, fcn_logits(arrays, z_scores(X)), rtol=1e-3, atol=1e-3)


def test_operations_grow_with_length_and_with_channels_one_by_one():
    X = np.zeros((2, 3, 64))
    each, joint = (
        FrozenSource("ConvNetQuakeINGV", "STEAD-simulated", channels=c) for c in ("each", "joint")
    )
    # Nine convolutions of 3 points and stride 2: 3 to 32 filters, then 32 to 32.
    steps = [32, 16, 8, 4, 2, 1, 1, 1, 1]
    by_hand = 3 * 3 * 32 * steps[0] + sum(3 * 32 * 32 * n for n in steps[1:])
    assert joint.operations(X) == by_hand
    assert each.operations(X) == 3 * by_hand
    unequal = np.concatenate([X, np.full((2, 3, 64), np.nan)], axis=2)
    unequal[0, :, 64:] = 0
    assert joint.operations(unequal) == joint.operations(np.zeros((2, 3, 128)))
