"""Finding the geological models of `sktl.datasets.impedance` by their file names."""

from __future__ import annotations

from dataclasses import replace
from os import PathLike
from pathlib import Path

from sktl._paths import find_in_mirror
from sktl.datasets.impedance import EarthModel, read_marmousi, read_marmousi2, read_overthrust

#: File names of the models, the official ones first.
FILES = {
    "Marmousi-2": ("MODEL_P-WAVE_VELOCITY_1.25m.segy", "marmousi2_vp_1601x401_f4_kms.bin"),
    "Overthrust": ("overthrust.vites", "overthrust/vp_true.npy"),
    "Marmousi": ("marmousi_dz10.mat",),
}


def fetch_overthrust(data_home: str | PathLike[str] | None = None, line: int = 400) -> EarthModel:
    """Read a section of the SEG/EAGE Overthrust model from the files that are at hand.

    Nothing is downloaded: the model has no address that is known to last.

    Parameters
    ----------
    data_home : path-like, optional
        Folder that is searched; by default ``$SKTL_MIRROR``. See `load_earth_model`.
    line : int, default=400
        Which of the 801 sections of the official cube.

    Returns
    -------
    EarthModel
        Of the official cube, ``overthrust.vites``, where it is there, else of the section
        ``overthrust/vp_true.npy``; see `sktl.datasets.impedance.read_overthrust`.

    Raises
    ------
    FileNotFoundError
        If neither file is there.
    ValueError
        If the file or ``line`` does not fit.

    Examples
    --------
    >>> import tempfile
    >>> from sktl.datasets.earth_models import fetch_overthrust
    >>> fetch_overthrust(tempfile.mkdtemp())
    Traceback (most recent call last):
    FileNotFoundError: Overthrust needs overthrust.vites (the official cube) or \
overthrust/vp_true.npy (a section of it), in data_home or $SKTL_MIRROR. Received: neither
    """
    model = load_earth_model("Overthrust", data_home, line)
    if model is None:
        cube, section = FILES["Overthrust"]
        raise FileNotFoundError(
            f"Overthrust needs {cube} (the official cube) or {section} (a section of it), in "
            "data_home or $SKTL_MIRROR. Received: neither"
        )
    return model


def load_earth_model(
    name: str, data_home: str | PathLike[str] | None = None, line: int = 400
) -> EarthModel | None:
    """Read a model where its file is at hand; nothing is downloaded.

    Parameters
    ----------
    name : {"Marmousi-2", "Overthrust", "Marmousi"}
        Which.
    data_home : path-like, optional
        Folder that is searched, at any depth, for the file names in `FILES`, the first one first;
        by default ``$SKTL_MIRROR``.
    line : int, default=400
        Which section of the official cube of Overthrust.

    Returns
    -------
    EarthModel or None
        None where no such file is found. The official Marmousi-2, 13,601 traces at 1.25 m, is
        given as every fifth, the 2,721 of the publications; its density is the model's where
        ``MODEL_DENSITY_1.25m.segy`` lies beside it, else Gardner's.

    Raises
    ------
    ValueError
        If there is no such model, or its file does not fit the format.

    Examples
    --------
    >>> import tempfile
    >>> from sktl.datasets.earth_models import load_earth_model
    >>> load_earth_model("Overthrust", tempfile.mkdtemp()) is None
    True
    """
    if name not in FILES:
        raise ValueError(f"name must be one of {sorted(FILES)}. Received: name={name!r}")

    def find(filename: str) -> Path | None:
        if data_home is None:
            return find_in_mirror(filename)
        return next(iter(sorted(Path(data_home).expanduser().rglob(filename))), None)

    path = next((found for file in FILES[name] if (found := find(file))), None)
    if path is None:
        return None
    if name == "Overthrust":
        return read_overthrust(path, line)
    if name == "Marmousi":
        return read_marmousi(path)
    if path.suffix != ".segy":
        return read_marmousi2(path)
    model = read_marmousi2(path, find("MODEL_DENSITY_1.25m.segy") or "gardner")
    return replace(model, vp=model.vp[::5], density=model.density[::5], dx_m=5 * model.dx_m)
