"""The detector of LEN-DB's author: its file, and that our network says what the author's does."""

import json

import h5py
import numpy as np
import pytest
from scipy.signal import butter, sosfiltfilt

from sktl.estimators import ConvNetQuakeINGVClassifier
from sktl.estimators.transfer import transferred_weights
from sktl.sources import find_card, list_sources, load_source
from sktl.sources.len_db import read_detector

FILE = "data/lendb_detector/modelFinal.h5"
NAME, ARCHITECTURE = "LEN-DB-detection", "ConvNetQuakeINGV"


@pytest.fixture
def mirror(shared, monkeypatch):
    monkeypatch.setenv("SKTL_MIRROR", str(shared(FILE).parent))


def whole_network():
    """Build our network and give it all weights of the source."""
    source = load_source(NAME, ARCHITECTURE)
    card = source.card
    estimator = ConvNetQuakeINGVClassifier(stream_max="raw", **card.parameters)
    network = estimator.build_network(card.n_channels, card.n_timepoints, card.n_outputs)
    for variable in network.weights:
        variable.assign(source.arrays[variable.path])
    return network


def authors_network(path):
    """Build the network of the file's own configuration, layer by layer, with its weights."""
    from keras import Model, layers

    made = {}
    with h5py.File(path) as file:
        config = json.loads(file.attrs["model_config"])["config"]
        for layer in config["layers"]:
            kind, values, inbound = layer["class_name"], layer["config"], layer["inbound_nodes"]
            if kind == "InputLayer":
                made[values["name"]] = layers.Input(values["batch_input_shape"][1:])
                continue
            known = (
                "filters", "kernel_size", "strides", "padding", "pool_size", "units", "activation",
            )  # fmt: skip
            built = getattr(layers, kind)(**{k: values[k] for k in known if k in values})
            inputs = [made[node[0]] for node in inbound[0]]
            made[values["name"]] = built(inputs if len(inputs) > 1 else inputs[0])
            group = file["model_weights"][values["name"]]
            if values["name"] in group:
                stored = group[values["name"]]
                built.set_weights([np.array(stored[n]) for n in ("kernel:0", "bias:0")])
    inputs = [made[node[0]] for node in config["input_layers"]]
    return Model(inputs, made[config["output_layers"][0][0]])


@pytest.fixture
def earthquakes(shared):
    """Real earthquakes of STEAD from 3 s before the P arrival, as the detector's card tells."""
    path = shared("data/stead/waveforms_50_109C_TA.hdf5")
    band = butter(4, [0.1, 5], "band", fs=100, output="sos")
    series = []
    with h5py.File(path) as file:
        for trace in file["earthquake/local"].values():
            X = trace[:].T.astype(float)
            X = sosfiltfilt(band, X - X.mean(axis=1, keepdims=True), axis=1)[:, ::5]
            start = max(0, int(trace.attrs["p_arrival_sample"]) // 5 - 60)
            series.append(X[:, start : start + 540])
    return np.array(series)


def scaled(X):
    return (X / np.abs(X).max(axis=(1, 2), keepdims=True)).transpose(0, 2, 1).astype(np.float32)


def test_our_network_says_what_the_authors_does(mirror, shared):
    import keras

    rng = np.random.default_rng(0)
    X = rng.normal(size=(20, 540, 3)).astype(np.float32) * np.geomspace(0.01, 10, 20)[:, None, None]
    amplitude = np.geomspace(1e-3, 2, 20).astype(np.float32)[:, None]
    theirs = authors_network(shared(FILE))([X, amplitude], training=False)
    ours = whole_network()([X, amplitude], training=False)
    theirs, ours = (keras.ops.convert_to_numpy(out) for out in (theirs, ours))
    np.testing.assert_allclose(ours[:, 1], theirs[:, 0], rtol=1e-4, atol=1e-5)
    assert np.ptp(theirs) > 0.5


def test_it_tells_real_earthquakes_from_noise(mirror, earthquakes):
    import keras

    rng = np.random.default_rng(0)
    noise = rng.normal(size=(50, 3, 540))
    noise = sosfiltfilt(butter(4, [0.1, 5], "band", fs=20, output="sos"), noise, axis=-1)
    network = whole_network()
    found = [
        keras.ops.convert_to_numpy(
            network([scaled(X), np.zeros((len(X), 1), np.float32)], training=False)
        ).argmax(axis=1)
        for X in (earthquakes, noise)
    ]
    assert len(found[0]) == 50
    assert found[0].sum() == 48
    assert found[1].sum() == 0
    assert find_card(NAME, ARCHITECTURE).classes == ["noise", "earthquake"]


def test_its_convolutions_transfer(mirror):
    card = find_card(NAME, ARCHITECTURE)
    estimator = ConvNetQuakeINGVClassifier.from_pretrained(NAME, **card.parameters)
    network = estimator.build_network(3, 60, 2)
    start = {variable.path: variable for variable in network.weights}
    transferred = transferred_weights(estimator, load_source(NAME, ARCHITECTURE), start, 3)
    assert list(dict.fromkeys(path.split("/")[0] for path in transferred)) == card.transferable


def test_the_default_network_is_told_what_the_source_needs(mirror):
    X, y = np.zeros((4, 3, 60)), [0, 1, 0, 1]
    with pytest.raises(ValueError, match=r"(?s)does not fit.*find_card.*downsampling='max_pool'"):
        ConvNetQuakeINGVClassifier.from_pretrained(NAME, n_epochs=1).fit(X + 1, np.array(y))


def test_the_magnitudes_of_the_same_data_set_are_another_source():
    table = list_sources(ARCHITECTURE).set_index("source")
    assert table.loc[NAME, ["task", "data", "where"]].tolist() == [
        "classification", "real", "published",
    ]  # fmt: skip
    assert table.loc["LEN-DB-simulated", "task"] == "regression"


@pytest.mark.parametrize("content", [b"", b"no HDF5", "cut"], ids=["empty", "text", "cut"])
def test_other_files_are_refused(content, shared):
    if content == "cut":
        content = shared(FILE).read_bytes()[:400_000]
    with pytest.raises(ValueError, match="no Keras file of the detector"):
        read_detector(content)


def test_a_network_of_other_layers_is_refused(shared):
    magnet = next(shared("data/magnet").glob("*.h5")).read_bytes()
    with pytest.raises(ValueError, match="no Keras file of the detector"):
        read_detector(magnet)
