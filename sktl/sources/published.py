"""Weights that others have published: one entry a file, and the groups of them.

An entry states the address at one exact commit and the sha256; the file is downloaded by its
user, from its author, and is never part of this package.
"""

from __future__ import annotations

import numpy as np

from sktl.sources import ucr
from sktl.sources._card import Card
from sktl.sources._published_file import Published
from sktl.sources.imagenet import PUBLISHED_IMAGENET
from sktl.sources.len_db import LEN_DB_DETECTION


def _read_magnet(content: bytes) -> dict[str, np.ndarray]:
    """Read the weights of a Keras 2 HDF5 file, under the layer names of our MagNet."""
    from sktl._hdf5_files import read_arrays

    lstm = "bidirectional_1/bidirectional_1"
    groups = {
        "conv1": "conv1d_1/conv1d_1",
        "conv2": "conv1d_2/conv1d_2",
        "bilstm/forward": f"{lstm}/forward_lstm_1",
        "bilstm/backward": f"{lstm}/backward_lstm_1",
        "dense": "dense_1/dense_1",
    }
    found, arrays = read_arrays(content), {}
    for layer, group in groups.items():
        place = f"model_weights/{group}/"
        inside = {path: values for path, values in found.items() if path.startswith(place)}
        if not inside:
            raise ValueError(f"This is no Keras file of MagNet. Received: nothing at {place}")
        for path, values in inside.items():
            arrays[f"{layer}/{path.removeprefix(place).removesuffix(':0')}"] = values
    return arrays


_MAGNET_STEAD = Published(
    card=Card(
        name="STEAD",
        architecture="MagNet",
        task="regression",
        dataset="STEAD (STanford EArthquake Dataset): local magnitudes, distances up to 110 km, "
        "signal-to-noise ratio of at least 20 dB",
        simulated=False,
        domain="seismology",
        n_channels=3,
        n_timepoints=3000,
        n_outputs=2,
        sampling_rate=100.0,
        preprocessing={
            "window": "3000 samples from 100 samples before the P arrival",
            "scaling": None,
            "units": "counts, the instrument response not removed",
        },
        transferable=["conv1", "conv2"],
        versions={"keras": "2.3.0"},
        licence="none stated: download, do not redistribute",
        citation="S. M. Mousavi and G. C. Beroza, A Machine-Learning Approach for Earthquake "
        "Magnitude Estimation, Geophysical Research Letters 47 (2020), doi:10.1029/2019GL085976",
        created="2020-01-19T12:26:24-08:00",
        notes="The outputs are the magnitude's mean and log-variance. Its author kept the dropout "
        "on when predicting and averaged 50 predictions; the report beside the file gives a "
        "standard deviation of the test error of 0.18, of the last of 77 epochs, while this file "
        "is epoch 67. `created` is the time at which the file was published.",
        weights_sha256="4fa20868646aa8fa543fccf33a02d1d3dd2166cf1f748944c6032a980a2e8bcc",
    ),
    url="https://raw.githubusercontent.com/smousavi05/MagNet/"
    "248c63c365086f3a92c89e61c84d07256f285e25/"
    "mag_regressionLSTM_ML_multiobservations_1000_067.h5",
    read=_read_magnet,
)

PUBLISHED: tuple[Published, ...] = (_MAGNET_STEAD, LEN_DB_DETECTION, *PUBLISHED_IMAGENET)


#: Group of sources to its architecture; the members are named ``<group>/<name>``.
GROUPS = {ucr.GROUP: ucr.ARCHITECTURE}


def published_for(architecture: str) -> tuple[Published, ...]:
    """Return the entries of an architecture, those of groups after the others.

    Parameters
    ----------
    architecture : str
        As in the entries' cards.

    Returns
    -------
    tuple of Published
        The entries.
    """
    single = tuple(entry for entry in PUBLISHED if entry.card.architecture == architecture)
    return single + (ucr.published_fcns() if architecture == ucr.ARCHITECTURE else ())
