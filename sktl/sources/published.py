"""Weights that others have published: one entry a file.

An entry states the address at one exact commit and the sha256; the file is downloaded by its
user, from its author, and is never part of this package.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sktl import _paths
from sktl.sources._card import Card
from sktl.sources._folder import Source, verify, write_file


@dataclass(frozen=True)
class Published:
    """A file of weights that its authors have published.

    Parameters
    ----------
    card : Card
        What the weights are; ``weights_sha256`` is the hash of the authors' file.
    url : str
        Address of the file.
    read : callable
        Turns the file's bytes into ``"layer/weight"`` to array.
    """

    card: Card
    url: str
    read: Callable[[bytes], dict[str, np.ndarray]]

    @property
    def filename(self) -> str:
        """The official name of the file."""
        return self.url.rsplit("/", 1)[-1]

    @property
    def kept_at(self) -> Path:
        """Where the file is kept once it was downloaded."""
        return _paths.home() / "published" / self.card.architecture / self.filename

    def is_available(self) -> bool:
        """Whether the file is on this machine, kept or in ``$SKTL_MIRROR``."""
        return self.kept_at.is_file() or _paths.find_in_mirror(self.filename) is not None

    def fingerprint(self) -> tuple | None:
        """Path, change time, size and sha256 of the kept file; None when there is none."""
        try:
            stat = self.kept_at.stat()
        except FileNotFoundError:
            return None
        return (str(self.kept_at), stat.st_mtime_ns, stat.st_size, self.card.weights_sha256)

    def load(self) -> Source:
        """Read the weights; from ``$SKTL_HOME``, else ``$SKTL_MIRROR``, else their address.

        Returns
        -------
        Source
            Card and arrays.

        Raises
        ------
        ConnectionError
            If the file is not on this machine and cannot be downloaded.
        ValueError
            If the file is not the published one.
        """
        kept, expected = self.kept_at, str(self.card.weights_sha256)
        if kept.is_file():
            content = kept.read_bytes()
            verify(content, expected, kept)
        elif (mirrored := _paths.find_in_mirror(self.filename)) is not None:
            content = mirrored.read_bytes()
            verify(content, expected, mirrored)
            kept.parent.mkdir(parents=True, exist_ok=True)
            write_file(kept, content)
        else:
            self._download()
            content = kept.read_bytes()
            verify(content, expected, kept)
        arrays = self.read(content)
        for array in arrays.values():
            array.flags.writeable = False
        return Source(self.card, arrays, "published", kept)

    def _download(self) -> None:
        import pooch

        kept = self.kept_at
        try:
            pooch.retrieve(
                self.url,
                known_hash=f"sha256:{self.card.weights_sha256}",
                fname=kept.name,
                path=kept.parent,
                downloader=pooch.HTTPDownloader(timeout=30),
            )
        except OSError as error:
            raise ConnectionError(
                f"{self.card.name!r} for {self.card.architecture} could not be downloaded from "
                f"{self.url} ({error}). On a machine without network, get this file elsewhere and "
                f"put it at {kept}, or set SKTL_MIRROR to a folder that holds it."
            ) from error


def _read_magnet(content: bytes) -> dict[str, np.ndarray]:
    """Read the weights of a Keras 2 HDF5 file, under the layer names of our MagNet."""
    import h5py

    lstm = "bidirectional_1/bidirectional_1"
    groups = {
        "conv1": "conv1d_1/conv1d_1",
        "conv2": "conv1d_2/conv1d_2",
        "bilstm/forward": f"{lstm}/forward_lstm_1",
        "bilstm/backward": f"{lstm}/backward_lstm_1",
        "dense": "dense_1/dense_1",
    }
    with h5py.File(io.BytesIO(content), "r") as file:
        return {
            f"{layer}/{weight.removesuffix(':0')}": np.array(dataset)
            for layer, group in groups.items()
            for weight, dataset in file["model_weights"][group].items()
        }


_MAGNET_STEAD = Published(
    card=Card(
        name="STEAD",
        architecture="MagNet",
        task="regression",
        dataset="STEAD (STanford EArthquake Dataset): local magnitudes, distances up to 110 km, "
        "signal-to-noise ratio of at least 20 dB",
        simulated=False,
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

PUBLISHED: tuple[Published, ...] = (_MAGNET_STEAD,)


def find_published(architecture: str, name: str) -> Published | None:
    """Return the entry of an architecture and name, or None.

    Parameters
    ----------
    architecture, name : str
        As in the entry's card.

    Returns
    -------
    Published or None
        The entry.
    """
    for entry in PUBLISHED:
        if (entry.card.architecture, entry.card.name) == (architecture, name):
            return entry
    return None
