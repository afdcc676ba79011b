"""PyTorch gives what the backend of these tests gives, on the same weights.

Run as a program, it writes its results on the backend that Keras then has.
"""

import importlib.util
import os
import pickle
import subprocess
import sys

import keras
import numpy as np
import pytest

TOLERANCE = {"rtol": 1e-5, "atol": 1e-5}


def results():
    """Train small networks from weights drawn by numpy; return all they give, by name."""
    from sktl.estimators import (
        FrozenSource,
        LSTMClassifier,
        MagNetRegressor,
        MLSTMFCNClassifier,
    )
    from sktl.training.compiled_network import weight_names

    found = {}
    networks = [
        ("MagNet", MagNetRegressor(filters=(4, 3), lstm_units=3, dropout=0.0), 1, False),
        ("MLSTMFCN", MLSTMFCNClassifier(
            filters=(4, 6, 4), lstm_units=2, reduction=2, dropout=0.0), 3, False),
        ("LSTM", LSTMClassifier(lstm_units=3), 3, True),
    ]  # fmt: skip
    for name, estimator, n_outputs, unequal in networks:
        rng = np.random.default_rng(0)
        X = rng.normal(size=(7, 2, 20)).astype("float32")
        if unequal:
            X[0, :, 12:] = X[3, :, 1:] = np.nan
        y = rng.normal(size=(7, 1)) if n_outputs == 1 else np.eye(n_outputs)[np.arange(7) % 3]
        shape = (2, 20, n_outputs, True) if unequal else (2, 20, n_outputs)
        with estimator.lease_network(shape) as network:
            weights = {
                path: np.abs(rng.normal(0.3, 0.2, variable.shape)).astype("float32")
                for path, variable in weight_names(network.model).items()
            }
            network.reset(weights, omega=0.25, learning_rate=1e-3, seed=0)
            columns = y.astype("float32"), rng.uniform(0.5, 2, 7).astype("float32")
            data = network.to_tensors([X, rng.random((7, 1)).astype("float32")], *columns)
            found[f"{name} outputs"] = network.predict(data[:2])
            found[f"{name} features"] = network.features(data[:2])
            found[f"{name} loss"] = network.train(data, rng.permutation(7), 3)
            model = network.model
            n_variables = len(model.trainable_variables) + len(model.non_trainable_variables)
            # Adam's state: the first moment is a mean of the gradients.
            for number, part in enumerate(network.state()[n_variables:]):
                found[f"{name} Adam {number}"] = part
            # Before a batch normalisation a bias has no gradient, and Adam follows its rounding.
            normalised = [path for path in weights if "moving_mean" in path]
            noise = [f"conv{n}/bias" for n in range(1, 4)] + normalised if normalised else []
            found |= {f"{name} {p}": w for p, w in network.weights().items() if p not in noise}
            if not noise:
                found[f"{name} trained outputs"] = network.predict(data[:2])
            found[f"{name} penalty"] = network.penalty()
    X = np.random.default_rng(1).normal(size=(3, 3, 40))
    found["frozen source"] = FrozenSource("MagNet", "EMG-simulated").transform(X)
    X[0, :, 30:] = np.nan
    found["frozen source, unequal length"] = FrozenSource("MagNet", "EMG-simulated").transform(X)
    return found


@pytest.fixture(scope="module")
def on_torch(tmp_path_factory):
    if importlib.util.find_spec("torch") is None:
        pytest.skip("needs PyTorch, the extra torch")
    if keras.backend.backend() == "torch":
        pytest.skip("these tests run on PyTorch themselves: there is nothing to compare with")
    path = tmp_path_factory.mktemp("torch") / "results.npz"
    subprocess.run(
        [sys.executable, __file__, str(path), str(path.parent / "source")],
        check=True,
        env=os.environ | {"KERAS_BACKEND": "torch"},
    )
    return np.load(path)


def test_torch_agrees(on_torch):
    expected = results()
    assert {name for name in on_torch.files if not name.startswith("user")} == set(expected)
    for name, value in expected.items():
        np.testing.assert_allclose(on_torch[name], value, **TOLERANCE, err_msg=name)


def fits(folder):
    """Fit, save and load as a user does who has set much for PyTorch; return predictions."""
    import torch

    from sktl.estimators import ConvNetQuakeINGVRegressor

    X = np.random.default_rng(0).normal(size=(12, 3, 40)).astype("float32")
    form = {"n_layers": 2, "filters": 4, "n_epochs": 2, "random_state": 0}
    plain = ConvNetQuakeINGVRegressor(**form).fit(X, X[:, 0, 0])
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        network = ConvNetQuakeINGVRegressor(**form).fit(X, X[:, 0, 0])
    assert torch.is_grad_enabled()
    network.save_pretrained(folder)
    tuned = ConvNetQuakeINGVRegressor(source=folder, omega=0, **form).fit(X, X[:, 0, 1])
    return {
        "user plain": plain.predict(X),
        "user set": network.predict(X),
        "user pickled": pickle.loads(pickle.dumps(network)).predict(X),
        "user kernel": network.network_.get_layer("conv1").get_weights()[0],
        "user tuned kernel": tuned.network_.get_layer("conv1").get_weights()[0],
    }


def test_a_fit_on_torch_without_tensorflow(on_torch):
    for name in ("user set", "user pickled"):
        np.testing.assert_array_equal(on_torch[name], on_torch["user plain"])
    np.testing.assert_array_equal(on_torch["user tuned kernel"], on_torch["user kernel"])


def test_a_keras_that_keeps_the_seed_of_dropout_elsewhere_is_named():
    from keras import layers

    from sktl.training.backends import _use_stream

    stream = layers.Dropout(0.5).seed_generator
    _use_stream(stream)
    assert stream.get_config()["seed"] == 0
    with pytest.warns(RuntimeWarning, match="without _initial_seed"):
        _use_stream(object())


if __name__ == "__main__":
    # As if it were not installed: whoever imports it fails.
    sys.modules["tensorflow"] = None  # type: ignore[assignment]
    np.savez(sys.argv[1], **fits(sys.argv[2]), **results())
