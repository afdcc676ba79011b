"""What is transferred, how fast it moves, and what does not fit."""

import dataclasses
import pickle
import re

import numpy as np
import pytest

from sktl.estimators import (
    ConvNetQuakeINGVClassifier,
    MagNetClassifier,
    MagNetRegressor,
    MLSTMFCNRegressor,
    ResNetImageClassifier,
)
from sktl.estimators._image_drawing import PictureScaling
from sktl.estimators.transfer import stated_preprocessing
from sktl.sources import Card
from sktl.training.preprocessing import Standardisation

from .conftest import make_panel

# Any weights can be transferred, and a network that trains no step is not compiled for it.
UNTRAINED = {"n_epochs": 0, "head": "probe"}


def sister(cls):
    """The class of the other task with the same architecture."""
    import sktl.estimators

    pair = ("Classifier", "Regressor")
    name = cls.__name__
    other = name.replace(*pair) if name.endswith(pair[0]) else name.replace(*pair[::-1])
    # An architecture with one class is its own sister.
    return getattr(sktl.estimators, other, cls)


@pytest.fixture
def small(cls):
    """As everywhere, but that the output layer is drawn: its probe would see the source."""
    return cls.get_test_params()[0] | {"head": "random"}


@pytest.fixture
def source(cls, small, tmp_path):
    """A source of the other task, with three channels and another length."""
    other = sister(cls)
    X, y = make_panel(other, n_timepoints=33, seed=5)
    fitted = other(**small | UNTRAINED | {"random_state": 5}).fit(X, y)
    return fitted.save_pretrained(tmp_path / "source"), fitted


def transferred(estimator):
    layers = set(estimator._transferable())
    return {k: v for k, v in estimator._weights.items() if k.split("/")[0] in layers}


def first_kernel(weights, estimator):
    """The kernel of the layer that reads the channels, which are its last axis but one.

    Where series are drawn as pictures, no layer does: the first kernel of all.
    """
    layer = (estimator._first_layers or estimator._transferable())[0]
    (path,) = (p for p in weights if p.startswith(f"{layer}/") and p.endswith("/kernel"))
    return weights[path]


def start_of(cls, params, X, y):
    """The weights before training, seen at a learning rate that moves nothing."""
    return cls(**params | {"learning_rate": 1e-30, "n_epochs": 1}).fit(X, y)._weights


@pytest.mark.others_slow
def test_omega_zero_freezes_what_was_transferred_and_nothing_else(cls, small, source, panel):
    folder, donor = source
    X, y = panel
    params = small | {"source": folder}
    before = start_of(cls, params, X, y)
    fitted = cls(**params | {"omega": 0.0}).fit(X, y)
    for path, values in transferred(fitted).items():
        np.testing.assert_array_equal(values, donor._weights[path])
    moved = {
        path for path, v in fitted._weights.items() if not np.array_equal(v, before[path])
    } - set(transferred(fitted))
    assert "head/kernel" in moved
    assert fitted.source_.architecture == cls.architecture
    assert fitted.source_.task == sister(cls)._task


@pytest.mark.others_slow
def test_rest_of_the_network_starts_as_from_scratch(cls, small, source, panel):
    X, y = panel
    from_source = start_of(cls, small | {"source": source[0]}, X, y)
    scratch = start_of(cls, small, X, y)
    fitted = cls(**small)
    # Batch statistics follow the data that the convolutions give them, at any learning rate.
    for path in (path for path in scratch if "/moving_" not in path):
        # A step of 1e-30 is seen only where a weight was zero.
        same = np.allclose(from_source[path], scratch[path], rtol=0, atol=1e-20)
        is_bias = not path.endswith("kernel")
        assert same or path.split("/")[0] in fitted._transferable()
        assert not same or is_bias or path.split("/")[0] not in fitted._transferable()


@pytest.mark.others_slow
def test_omega_multiplies_the_first_step(cls, small, source, panel):
    X, y = panel
    params = small | {"source": source[0], "n_epochs": 1, "batch_size": 100}
    start = source[1]._weights
    moves = {}
    for omega in (1.0, 2.0):
        fitted = cls(**params | {"omega": omega}).fit(X, y)
        moves[omega] = {k: v - start[k] for k, v in transferred(fitted).items()}
        head = fitted._weights["head/kernel"]
        moves[omega]["head"] = head
    np.testing.assert_array_equal(moves[1.0].pop("head"), moves[2.0].pop("head"))
    largest = max(np.abs(move).max() for move in moves[1.0].values())
    assert largest > 1e-4
    for path, move in moves[1.0].items():
        if "moving" in path:  # statistics of the batches, which no rate moves
            continue
        np.testing.assert_allclose(moves[2.0][path], 2 * move, rtol=1e-3, atol=largest * 1e-3)


@pytest.mark.others_slow("ConvNetQuakeINGVClassifier")
def test_plateau_keeps_the_ratio(cls, small, source, panel):
    """Adam's first step moves every weight by its rate; so does one after a plateau, smaller."""
    import keras

    if keras.backend.backend() == "jax":
        pytest.skip("reads the optimizer's variables, which JAX keeps elsewhere")
    from sktl.training.backends import compile_network
    from sktl.training.compiled_network import initial_weights

    estimator = cls(**small)
    outputs = 3 if cls._task == "classification" else 1
    network = compile_network(
        estimator._build(3, 20, outputs), cls._loss, estimator._transferable(), jit=False
    )
    start = initial_weights(network.model, np.random.default_rng(0))
    X, _ = make_panel(cls)
    targets = np.eye(outputs, dtype="float32")[np.arange(24) % outputs]
    data = network.to_tensors([X, np.ones((24, 1), "float32")], targets, np.ones(24, "float32"))
    steps = {}
    for rate in (1e-2, 2e-3):
        network.reset(start, 0.25, 1e-2, seed=0)
        network.set_learning_rate(rate)
        network.train(data, np.arange(24), 24)
        ends = network.weights()
        steps[rate] = {path: np.abs(ends[path] - start[path]).max() for path in start}
    for rate, moved in steps.items():
        assert moved["head/kernel"] == pytest.approx(rate, rel=0.02)
        assert first_kernel(moved, estimator) == pytest.approx(0.25 * rate, rel=0.05)


@pytest.mark.others_slow
@pytest.mark.parametrize("channels", [1, pytest.param(2, marks=pytest.mark.slow), 5])
def test_any_number_of_channels(cls, small, source, channels):
    folder, donor = source
    X, y = make_panel(cls, n_channels=channels)
    fitted = cls(**small | UNTRAINED | {"source": folder}).fit(X, y)
    kernel, original = (first_kernel(one._weights, fitted) for one in (fitted, donor))
    # The target's one channel is repeated, also at predict; a picture has always three colours.
    if channels == 1 or not fitted._first_layers:
        np.testing.assert_array_equal(kernel, original)
    else:
        cyclic = original[..., np.arange(channels) % 3, :] * (3 / channels)
        np.testing.assert_allclose(kernel, cyclic, rtol=1e-6)
    assert len(fitted.predict(X)) == len(X)


@pytest.mark.others_slow
@pytest.mark.parametrize(("how", "divisor"), [("replicate", 1), ("replicate_scaled", 3)])
def test_one_channel_to_three(cls, small, tmp_path, how, divisor):
    X, y = make_panel(cls, n_channels=1)
    donor = cls(**small | UNTRAINED).fit(X, y)
    folder = donor.save_pretrained(tmp_path / "mono")
    X, y = make_panel(cls)
    params = UNTRAINED | {"source": folder, "channel_adaptation": how}
    fitted = cls(**small | params).fit(X, y)
    kernel, original = (first_kernel(one._weights, fitted) for one in (fitted, donor))
    if not fitted._first_layers:
        np.testing.assert_array_equal(kernel, original)
        return
    for channel in range(3):
        np.testing.assert_allclose(
            kernel[..., channel, :], original[..., 0, :] / divisor, rtol=1e-6
        )


@pytest.mark.others_slow
def test_another_size_is_refused_with_layers_and_shapes(cls, source, small, panel):
    changed = {
        "MLSTMFCN": {"kernel_sizes": (9, 5, 3)},
        "InceptionTime": {"bottleneck": 6},
        "LSTM": {"lstm_units": 6},
        "ResNetImage": {"filters": (3, 3)},
    }.get(cls.architecture, {"kernel_size": 6})
    with pytest.raises(ValueError, match=r"does not fit") as error:
        cls(**small | {"source": source[0]} | changed).fit(*panel)
    first = (cls._first_layers or ("conv1",))[0]
    assert re.search(rf"{first}/\S*kernel: source has", str(error.value))


def test_another_architecture_is_refused(tmp_path):
    X, y = make_panel(MagNetRegressor)
    folder = (
        MagNetRegressor(**MagNetRegressor.get_test_params()[0])
        .fit(X, y)
        .save_pretrained(tmp_path / "magnet")
    )
    with pytest.raises(ValueError, match="MagNet"):
        ConvNetQuakeINGVClassifier.from_pretrained(folder)
    with pytest.raises(ValueError, match="MagNet"):
        ConvNetQuakeINGVClassifier(source=folder).fit(X, y.astype(int))


def test_blocks_of_mlstm_fcn_transfer_on_request(tmp_path):
    params = MLSTMFCNRegressor.get_test_params()[0] | {"head": "random"}
    X, y = make_panel(MLSTMFCNRegressor)
    donor = MLSTMFCNRegressor(**params | UNTRAINED).fit(X, y)
    params |= {"source": donor.save_pretrained(tmp_path / "s"), "omega": 0.0, "random_state": 9}
    with_blocks = MLSTMFCNRegressor(**params, transfer_blocks=True).fit(X, y)
    without = MLSTMFCNRegressor(**params).fit(X, y)
    for path in ("se1_reduce/kernel", "bn2/gamma"):
        np.testing.assert_array_equal(with_blocks._weights[path], donor._weights[path])
        assert not np.array_equal(without._weights[path], donor._weights[path])


def test_unknown_source_is_named_with_what_there_is():
    with pytest.raises(ValueError, match=r"STEAD.*\n*.*Received: source='STAED'"):
        MagNetClassifier.from_pretrained("STAED")


@pytest.mark.others_slow
def test_card_says_what_was_trained(cls, small, panel, tmp_path):
    X, y = panel
    fitted = cls(**small).fit(X, y)
    folder = fitted.save_pretrained(tmp_path / "mine", dataset="noise", simulated=True)
    again = cls.from_pretrained(folder, **small).fit(X, y)
    card = again.source_
    assert (card.name, card.dataset, card.simulated) == ("mine", "noise", True)
    assert (card.n_channels, card.n_timepoints) == X.shape[1:]
    assert card.parameters["batch_size"] == small["batch_size"]
    assert card.score["value"] == pytest.approx(fitted.history_["val_score"][fitted.best_epoch_])
    assert card.transferable == fitted._transferable()
    assert (card.classes is None) == (cls._task == "regression")


@pytest.mark.others_slow
def test_saved_under_a_name_is_found_by_it(cls, small, panel, sktl_home):
    fitted = cls(**small).fit(*panel)
    folder = fitted.save_pretrained(name="own")
    assert sktl_home in folder.parents
    assert cls.from_pretrained("own", **small).fit(*panel).source_.name == "own"
    with pytest.raises(ValueError, match="path or a name"):
        fitted.save_pretrained()
    with pytest.raises(ValueError, match=r"those of bundled sources.*'own-simulated'"):
        fitted.save_pretrained(name="own-simulated")


def test_another_sampling_rate_is_told(tmp_path):
    cls = MagNetRegressor
    params = cls.get_test_params()[0]
    X, y = make_panel(cls)
    donor = cls(**params | {"sampling_rate": 50}).fit(X, y)
    source = donor.save_pretrained(tmp_path / "mine")
    assert donor.clone().set_params(source=source).fit(X, y).source_.sampling_rate == 50
    with pytest.warns(UserWarning, match=r"'mine' was trained at 50 Hz.*resample\(X, 20, 50\)"):
        cls(**params | {"sampling_rate": 20, "source": source}).fit(X, y)
    with pytest.raises(ValueError, match=r"sampling_rate must be a number in \(0, inf\) or None"):
        cls(**params | {"sampling_rate": 0}).fit(X, y)


TINY = {"filters": (4, 3), "lstm_units": 3, "random_state": 0, "validation_size": None, **UNTRAINED}
Z_SCORES = {"scaling": Standardisation.scaling}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """One network under three cards: as it was trained, with z-scores, and without a word."""
    X, y = make_panel(MagNetRegressor, seed=5)
    fitted, folder = MagNetRegressor(**TINY).fit(X, y), tmp_path_factory.mktemp("sources")
    cards = {"min-max": {}, "z-scores": {"preprocessing": Z_SCORES}, "none": {"preprocessing": {}}}
    return {name: fitted.save_pretrained(folder / name, **card) for name, card in cards.items()}


def test_series_are_scaled_as_the_source_was_trained(trained, tmp_path):
    X, y = make_panel(MagNetRegressor)

    def fitted(source, preprocessing):
        return MagNetRegressor(source=source, preprocessing=preprocessing, **TINY).fit(X, y)

    by_source = fitted(trained["z-scores"], "source")
    center, scale = (of(X, axis=(0, 2))[:, None] for of in (np.mean, np.std))
    np.testing.assert_allclose(
        by_source._facts.preprocessing.transform(X)[0], (X - center) / scale, atol=1e-5
    )
    own = fitted(trained["z-scores"], "own").predict(X)
    assert not np.allclose(by_source.predict(X), own, rtol=1e-3)
    # The network's own scaling, where the source was trained under it, and from scratch.
    np.testing.assert_array_equal(fitted(trained["min-max"], "source").predict(X), own)
    scratch = [fitted(None, how).predict(X) for how in ("own", "source")]
    np.testing.assert_array_equal(*scratch)
    # It survives, and becomes the scaling of the next source.
    again = pickle.loads(pickle.dumps(by_source))
    np.testing.assert_array_equal(again.predict(X), by_source.predict(X))
    assert by_source.clone().preprocessing == "source"
    by_source.save_pretrained(tmp_path / "next")
    following = fitted(tmp_path / "next", "source")
    assert isinstance(following._facts.preprocessing, Standardisation)


def test_a_source_that_states_no_scaling_is_refused(trained):
    X, y = make_panel(MagNetRegressor)
    estimator = MagNetRegressor(source=trained["none"], preprocessing="source", **TINY)
    message = "states as its scaling 'min-max.*' or 'z-scores.*'own'.*source='none'.*states None"
    with pytest.raises(ValueError, match=message):
        estimator.fit(X, y)
    with pytest.raises(ValueError, match=r"'own', 'source'\..*Received: preprocessing='card'"):
        estimator.set_params(preprocessing="card").fit(X, y)


def test_pictures_are_drawn_as_the_source_was_trained():
    card = Card("a", "ResNetImage", "regression", 1, 9, 1, preprocessing={})
    estimator = ResNetImageClassifier(preprocessing="source", n_marks=1)
    with pytest.raises(ValueError, match=r"drawn as pictures, amplitude='channel'.*states None"):
        stated_preprocessing(estimator, card)
    stated = PictureScaling("log", 0).scaling
    card = dataclasses.replace(card, preprocessing={"scaling": stated})
    assert stated_preprocessing(estimator, card) == PictureScaling("log", 1)
