"""ResNet18 as keras-hub keeps it, read without keras-hub.

A preset is a folder with ``config.json`` and ``model.weights.h5``. Keras 3 names what is in the
latter by kind and number alone, ``layers/conv2d_7/vars/0``, in the order of the network's layers;
which is which follows from that order, and every shape is held against it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

WEIGHTS = "model.weights.h5"
_BN = ("gamma", "beta", "moving_mean", "moving_variance")


def is_keras_hub(file: Mapping) -> bool:
    """Whether a file's arrays, by their paths, name layers by kind and number."""
    return "layers/conv2d/vars/0" in file


def read_keras_hub(file: Mapping) -> dict[str, np.ndarray]:
    """Read ResNet18, or one of its form with other widths or stages.

    Parameters
    ----------
    file : mapping of str to np.ndarray
        Arrays of ``model.weights.h5`` by their paths.

    Returns
    -------
    dict of str to np.ndarray
        ``"layer/weight"`` to values, under the names of our ResNet18.

    Raises
    ------
    ValueError
        If the network is another.
    """
    layers_there = {path.split("/")[1] for path in file if path.startswith("layers/")}
    numbers = range(sum(name.split("_")[0] == "conv2d" for name in layers_there))
    arrays = {}
    # A first convolution, then stages of two blocks; all but the first stage have a shortcut.
    layers = list(_order((len(numbers) + 4) // 5))
    for number, (conv, bn, size) in zip(numbers, layers, strict=False):
        end = f"_{number}" if number else ""
        kernel = file.get(f"layers/conv2d{end}/vars/0", np.empty(0))
        place = f"layers/batch_normalization{end}/vars/"
        values = [file[path] for path in sorted(file) if path.startswith(place)]
        width = kernel.shape[-1:]
        if kernel.shape[:2] != (size, size) or [v.shape for v in values] != [width] * len(_BN):
            raise _other(f"{conv} of shape {kernel.shape}")
        arrays[f"{conv}/kernel"] = kernel
        arrays |= {f"{bn}/{name}": v for name, v in zip(_BN, values, strict=True)}
    if len(layers) != len(numbers):
        raise _other(f"{len(numbers)} convolutions")
    return arrays


def _order(n_stages: int) -> Iterator[tuple[str, str, int]]:
    """Name convolutions and normalisations in keras-hub's order, with the kernels' sizes."""
    yield "conv1", "bn1", 7
    for stage in range(1, n_stages + 1):
        for block in (0, 1):
            name = f"layer{stage}_{block}"
            yield f"{name}_conv1", f"{name}_bn1", 3
            if stage > 1 and block == 0:
                yield f"{name}_downsample_0", f"{name}_downsample_1", 1
            yield f"{name}_conv2", f"{name}_bn2", 3


def _other(found: str) -> ValueError:
    return ValueError(
        "Of keras-hub's networks, those of ResNet18's form can be read (resnet_18_imagenet). "
        f"Received: {found}"
    )
