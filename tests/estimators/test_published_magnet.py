"""MagNet against the weight file of its author, on real earthquakes."""

import json

import h5py
import keras
import numpy as np
import pytest

from sktl.datasets import fetch_stead
from sktl.estimators import MagNetClassifier, MagNetRegressor

FILE = "data/magnet/mag_regressionLSTM_ML_multiobservations_1000_067.h5"


@pytest.fixture
def mirror(shared, monkeypatch):
    monkeypatch.setenv("SKTL_MIRROR", str(shared(FILE).parent))


@pytest.fixture
def earthquakes(shared):
    return fetch_stead(split=None, path=shared("data/stead/waveforms_50_109C_TA.hdf5"))


def authors_network(path):
    """Rebuild the network from the file's own description, its dropout off."""
    with h5py.File(path) as file:
        layers = json.loads(file.attrs["model_config"])["config"]["layers"]
        weights = file["model_weights"]
        series = x = keras.Input((3000, 3))
        for layer in layers:
            config, kind = layer["config"], layer["class_name"]
            if kind == "Conv1D":
                x = keras.layers.Conv1D(
                    config["filters"],
                    config["kernel_size"][0],
                    padding=config["padding"],
                    activation=config["activation"],
                    name=config["name"],
                )(x)
            elif kind == "MaxPooling1D":
                x = keras.layers.MaxPooling1D(config["pool_size"][0], padding=config["padding"])(x)
            elif kind == "Bidirectional":
                break
        network = keras.Model(series, x)
        for name in ("conv1d_1", "conv1d_2"):
            group = weights[name][name]
            network.get_layer(name).set_weights([group["kernel:0"][()], group["bias:0"][()]])
    return network


def test_layers_on_a_real_trace_equal_the_authors(shared, mirror, earthquakes):
    X, y = earthquakes
    X = X[:, :, :3000]
    fitted = MagNetRegressor.from_pretrained(
        "STEAD", omega=0, n_epochs=1, lstm_units=2, random_state=0
    ).fit(X[:8], y[:8])
    ours = keras.Model(fitted.network_.inputs, fitted.network_.get_layer("pool2").output)
    series = X[8:10].transpose(0, 2, 1)
    expected = np.array(authors_network(shared(FILE))(series))
    assert expected.shape == (2, 188, 32)
    outputs = np.array(ours([series, np.zeros((2, 1), "float32")]))
    np.testing.assert_allclose(outputs, expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max())


def test_both_tasks_start_from_it(mirror, earthquakes):
    X, y = earthquakes
    X = X[:20, :, :600]
    common = {"n_epochs": 0, "head": "probe", "lstm_units": 2, "random_state": 0}
    regressor = MagNetRegressor.from_pretrained("STEAD", **common).fit(X, y[:20])
    classifier = MagNetClassifier.from_pretrained("STEAD", **common).fit(X, y[:20] > 2.5)
    for fitted in (regressor, classifier):
        assert fitted.source_.name == "STEAD"
        assert fitted.source_.simulated is False
        assert len(fitted.predict(X)) == 20
