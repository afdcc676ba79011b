"""128 published networks for MLSTM-FCN: the FCN of Wang et al. (2017), one for each UCR problem.

``UCR/GunPoint`` names the network that was trained on GunPoint. The table ``ucr_fcn.csv`` beside
this module lists them: type, training instances, classes and length of each problem as in the
archive's own summary (a length that is left out: the series differ in length), whether its data
is simulated (those of the type Simulated, and the two that their descriptions call so), and the
sha256 of the author's file.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np

from sktl.sources._card import Card
from sktl.sources._published_file import Published
from sktl.sources._torch_file import read_torch_file

ARCHITECTURE = "MLSTMFCN"
GROUP = "UCR"
COMMIT = "4892a796f59b7fbfefe875f52389b4c6015ef159"
_URL = f"https://github.com/danelee2601/supervised-FCN/raw/{COMMIT}/supervised_FCN/saved_models"
# What a variance is added to before the root is taken: torch's default, and our layers'.
_THEIR_EPSILON, _OUR_EPSILON = 1e-5, 1e-3
_CONVOLUTIONS = 3
_WORDS = {"Spectro": "spectroscopy"}


@cache
def published_fcns() -> tuple[Published, ...]:
    """Return the entries of all 128 networks, in the order of their names.

    The table is read at the first call.

    Returns
    -------
    tuple of Published
        One entry per problem.

    Examples
    --------
    >>> from sktl.sources.ucr import published_fcns
    >>> len(published_fcns()), published_fcns()[0].card.name
    (128, 'UCR/ACSF1')
    """
    with Path(__file__).with_name("ucr_fcn.csv").open(newline="") as table:
        return tuple(_entry(row) for row in csv.DictReader(table))


def _entry(row: dict[str, str]) -> Published:
    problem, kind = row["problem"], row["type"]
    card = Card(
        name=f"{GROUP}/{problem}",
        architecture=ARCHITECTURE,
        task="classification",
        dataset=f"{problem}, training part of the UCR archive (2018)",
        simulated=row["simulated"] == "yes",
        domain=_WORDS.get(kind, kind if kind.isupper() else kind.lower()),
        n_instances=int(row["n_train"]),
        n_channels=1,
        n_timepoints=int(row["length"]) if row["length"] else None,
        n_outputs=int(row["n_classes"]),
        preprocessing={
            "scaling": "z-scores of each channel by all values of the training instances",
            "missing": "0 after scaling; shorter series end in such values",
            "mask": None,
            "stream_max": None,
        },
        parameters={"filters": [128, 256, 128], "kernel_sizes": [8, 5, 3]},
        transferable=[f"{kind}{n}" for n in (1, 2, 3) for kind in ("conv", "bn")],
        training={
            "epochs": 1000,
            "batch_size": 256,
            "optimizer": "AdamW, learning rate 1e-3 with cosine annealing, weight decay 1e-5",
        },
        licence="MIT (Daesoo Lee)",
        citation="Z. Wang, W. Yan and T. Oates, Time series classification from scratch with deep "
        "neural networks: A strong baseline, IJCNN 2017; D. Lee, supervised-FCN, "
        f"github.com/danelee2601/supervised-FCN, commit {COMMIT[:7]}; H. A. Dau et al., The UCR "
        "time series archive, IEEE/CAA J. Autom. Sinica 6 (2019)",
        notes="Convolutions, batch normalisation and head of a plain FCN: no squeeze-and-excite "
        "blocks, no LSTM. The scale of the batch normalisation is that of the author's layers, "
        "written for an epsilon of 1e-3. The outputs are logits of the sorted labels. The author "
        "watched the test part during the training; the weights are those of the last epoch, "
        "which nothing chose.",
        weights_sha256=row["sha256"],
    )
    return Published(card, f"{_URL}/{problem}.ckpt", read_fcn)


def read_fcn(content: bytes) -> dict[str, np.ndarray]:
    """Read the FCN in a file that torch wrote, without torch and without running code.

    The batch normalisation of the author's network adds 1e-5 to the variance, ours 1e-3. The
    difference is folded into its scale, ``gamma``, so that our layers compute what the author's
    do, up to the rounding of ``gamma`` to float32.

    Parameters
    ----------
    content : bytes
        The file: a state dictionary of the author's ``FCNBaseline``.

    Returns
    -------
    dict of str to np.ndarray
        Under the layer names of our MLSTM-FCN: ``conv1/kernel`` (time, in, out), ``conv1/bias``,
        ``bn1/gamma``, ``bn1/beta``, ``bn1/moving_mean``, ``bn1/moving_variance``, ..., and
        ``head/kernel`` (features, classes), ``head/bias``; float32.

    Raises
    ------
    ValueError
        If the file is cut short, asks for code, or holds anything but such a network.
    """
    tensors = read_torch_file(content)
    arrays: dict[str, np.ndarray] = {}
    width = None
    for number in range(1, _CONVOLUTIONS + 1):
        layers = f"layers.{number - 1}.layers"
        kernel = _take(tensors, f"{layers}.0.weight", (None, width, None))
        width = len(kernel)
        arrays[f"conv{number}/kernel"] = np.ascontiguousarray(kernel.transpose(2, 1, 0))
        arrays[f"conv{number}/bias"] = _take(tensors, f"{layers}.0.bias", (width,))
        gamma, beta, mean, variance = (
            _take(tensors, f"{layers}.1.{name}", (width,))
            for name in ("weight", "bias", "running_mean", "running_var")
        )
        if (variance < 0).any():
            raise ValueError(
                "A variance of this FCN is below 0. "
                f"Received: {layers}.1.running_var with {variance.min()}"
            )
        exact = variance.astype(np.float64)
        fold = np.sqrt((exact + _OUR_EPSILON) / (exact + _THEIR_EPSILON))
        arrays |= {
            f"bn{number}/gamma": (gamma * fold).astype(np.float32),
            f"bn{number}/beta": beta,
            f"bn{number}/moving_mean": mean,
            f"bn{number}/moving_variance": variance,
        }
    kernel = _take(tensors, "final.weight", (None, width))
    arrays["head/kernel"] = np.ascontiguousarray(kernel.T)
    arrays["head/bias"] = _take(tensors, "final.bias", (len(kernel),))
    return arrays


def _take(tensors: Mapping[str, np.ndarray], name: str, shape: tuple) -> np.ndarray:
    """Return a tensor of this shape, in which None is any length."""
    tensor = tensors.get(name)
    if tensor is None:
        raise ValueError(
            f"This is no FCN of three convolutions: it has no {name}. "
            f"Received: {', '.join(tensors) or 'no tensors'}"
        )
    wanted = tuple("any" if n is None else n for n in shape)
    if tensor.ndim != len(shape) or any(
        n not in (None, have) for n, have in zip(shape, tensor.shape, strict=True)
    ):
        raise ValueError(
            f"A tensor of this FCN does not fit the others: {name} must have the shape "
            f"({', '.join(map(str, wanted))}). Received: {tensor.shape}"
        )
    if tensor.dtype != np.float32 or not np.isfinite(tensor).all():
        raise ValueError(
            f"A tensor of an FCN holds finite numbers in float32. Received: {name} of "
            f"{tensor.dtype}{'' if np.isfinite(tensor).all() else ' with NaN or infinity'}"
        )
    return tensor


def fcn_logits(arrays: Mapping[str, np.ndarray], X: np.ndarray) -> np.ndarray:
    """Apply a whole published FCN, its own head included, in numpy.

    Parameters
    ----------
    arrays : mapping of str to np.ndarray
        As of `read_fcn`, or of ``load_source("UCR/GunPoint", "MLSTMFCN").arrays``.
    X : np.ndarray of shape (n_instances, 1, n_timepoints)
        Series scaled as the network's card tells; of any length.

    Returns
    -------
    np.ndarray of shape (n_instances, n_classes), float32
        Logits; the columns are the labels in sorted order.

    Raises
    ------
    ValueError
        If X has another shape.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.sources import load_source
    >>> from sktl.sources.ucr import fcn_logits
    >>> arrays = load_source("UCR/GunPoint", "MLSTMFCN").arrays  # doctest: +SKIP
    >>> scaled = (X_test - X_train.mean()) / X_train.std()  # doctest: +SKIP
    >>> np.unique(y_train)[fcn_logits(arrays, scaled).argmax(axis=1)]  # doctest: +SKIP
    array(['1', '2', '2', ...
    """
    X = np.asarray(X)
    channels = arrays["conv1/kernel"].shape[1]
    if X.ndim != 3 or X.shape[1] != channels or 0 in X.shape:
        raise ValueError(
            f"X must have shape (n_instances, {channels}, n_timepoints). Received: {X.shape}"
        )
    return np.concatenate([_logits(arrays, part) for part in np.array_split(X, -(-len(X) // 32))])


def _logits(arrays, X):
    x = X.transpose(0, 2, 1).astype(np.float32)
    for number in range(1, _CONVOLUTIONS + 1):
        kernel = arrays[f"conv{number}/kernel"]
        before = (len(kernel) - 1) // 2
        padded = np.pad(x, ((0, 0), (before, len(kernel) - 1 - before), (0, 0)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, len(kernel), axis=1)
        x = np.einsum("ntck,kcf->ntf", windows, kernel, optimize=True)
        x += arrays[f"conv{number}/bias"]
        gamma, beta, mean, variance = (
            arrays[f"bn{number}/{name}"]
            for name in ("gamma", "beta", "moving_mean", "moving_variance")
        )
        x = (x - mean) * (gamma / np.sqrt(variance + np.float32(_OUR_EPSILON))) + beta
        x = np.maximum(x, 0)
    return x.mean(axis=1) @ arrays["head/kernel"] + arrays["head/bias"]
