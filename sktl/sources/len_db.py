"""The detector of earthquakes that the author of LEN-DB trained on it and published."""

from __future__ import annotations

import numpy as np

from sktl._untrusted import refusing
from sktl.sources._card import Card
from sktl.sources._published_file import Published

_LAYERS = 8


def read_detector(content: bytes) -> dict[str, np.ndarray]:
    """Read the whole detector into the layers of our ConvNetQuake INGV.

    Two things are written another way, with the same outputs: the author's network multiplies the
    amplitude by a weight and adds a bias before the dense layer reads it, which is folded into
    this layer; and its one output is a sigmoid, the second of our two under a softmax, whose first
    is 0.

    Parameters
    ----------
    content : bytes
        The author's Keras 2 file, ``modelFinal.h5``.

    Returns
    -------
    dict of str to np.ndarray
        ``conv1`` to ``conv8``, ``dense`` and ``head``, each ``/kernel`` and ``/bias``; float32.

    Raises
    ------
    ValueError
        If the file has other layers.
    """
    from sktl._hdf5_files import read_arrays

    with refusing("This is no Keras file of the detector with its layers"):
        return _of_our_layers(read_arrays(content))


def _of_our_layers(arrays):
    def weights(name):
        place = f"model_weights/{name}/{name}"
        return arrays[f"{place}/kernel:0"], arrays[f"{place}/bias:0"]

    layers = {f"conv{n}": weights(f"conv1d_{n}") for n in range(1, _LAYERS + 1)}
    amplitude, dense, output = (weights(f"dense_{n}") for n in (1, 2, 3))
    kernel, bias = (part.astype(np.float64) for part in dense)
    read = kernel[-1].copy()  # the last input is the amplitude
    kernel[-1] = amplitude[0].item() * read
    layers["dense"] = kernel, bias + amplitude[1].item() * read
    layers["head"] = tuple(np.stack([np.zeros_like(part), part], -1)[..., 0, :] for part in output)
    return {
        f"{layer}/{name}": values.astype(np.float32)
        for layer, pair in layers.items()
        for name, values in zip(("kernel", "bias"), pair, strict=True)
    }


LEN_DB_DETECTION = Published(
    card=Card(
        name="LEN-DB-detection",
        architecture="ConvNetQuakeINGV",
        task="classification",
        dataset="LEN-DB: local earthquakes and noise on broad-band stations around the world",
        simulated=False,
        domain="seismology",
        n_channels=3,
        n_timepoints=540,
        n_outputs=2,
        classes=["noise", "earthquake"],
        sampling_rate=20.0,
        preprocessing={"scaling": None, "stream_max": "raw", "units": "m/s in the data set"},
        parameters={
            "n_layers": _LAYERS,
            "filters": [32, 32, 32, 32, 32, 32, 64, 64],
            "kernel_size": 3,
            "downsampling": "max_pool",
            "pool_padding": [1, 1, 1, 1, 0, 0, 0, 0],
            "dense_units": 256,
            "l2": 2e-4,
        },
        transferable=[f"conv{n}" for n in range(1, _LAYERS + 1)],
        versions={"keras": "2.2.4"},
        licence="none stated: download, do not redistribute",
        citation="F. Magrini, D. Jozinović, F. Cammarano, A. Michelini and L. Boschi, Local "
        "earthquakes detection: A benchmark dataset of 3-component seismograms built on a global "
        "scale, Artificial Intelligence in Geosciences 1 (2020), 1-10",
        notes="Tells earthquakes from noise, not their magnitude. Its author states neither the "
        "scaling nor which output is which. Series between 0.1 and 5 Hz, divided by their largest "
        "absolute value, give the second class for 48 of 50 real earthquakes of STEAD and for no "
        "Gaussian noise of this band.",
        weights_sha256="e1747acb318e6bfa2e245fd3a73f2b6be83016bd72fe8e08336f00ab6ce0b45b",
    ),
    url="https://raw.githubusercontent.com/djozinovi/LEN-DB/"
    "3ac3d3f29db64fece4748f9c5cc03bc2a294cab5/modelFinal.h5",
    read=read_detector,
)
