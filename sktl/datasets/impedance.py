"""Geological models for impedance inversion: Marmousi, Marmousi-2 and Overthrust.

Models are given in depth. `EarthModel.traces` converts them to two-way vertical travel time, where
seismic traces are recorded, before it convolves.
"""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import numpy as np

from sktl._untrusted import DAMAGE, read_npy, refusing
from sktl.datasets.forward_model import depth_to_time, gardner_density, ricker, synthetic_traces


@dataclass(frozen=True)
class EarthModel:
    """A vertical section of the earth.

    Parameters
    ----------
    name : str
        Which model.
    vp : np.ndarray of shape (n_traces, n_depths)
        P-wave velocity in m/s.
    density : np.ndarray of shape (n_traces, n_depths)
        Density in kg/m3.
    dx_m, dz_m : float
        Spacing of the traces and of the depths.
    density_from : {"model", "gardner"}
        Whether density is that of the model or Gardner's approximation from velocity.
    """

    name: str
    vp: np.ndarray
    density: np.ndarray
    dx_m: float
    dz_m: float
    density_from: str

    @property
    def impedance(self) -> np.ndarray:
        """Acoustic impedance in kg/(m2 s), of shape (n_traces, n_depths)."""
        return self.vp * self.density

    def traces(
        self,
        frequency_hz: float = 25.0,
        dt_s: float = 0.004,
        n_samples: int | None = None,
        noise: float = 0.0,
        random_state: int | np.random.Generator | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return seismic traces and the impedance that they show, both in two-way time.

        Parameters
        ----------
        frequency_hz : float, default=25
            Of the Ricker wavelet.
        dt_s : float, default=0.004
            Sampling interval.
        n_samples : int, optional
            Length; by default up to where the fastest trace ends.
        noise : float, default=0
            Standard deviation of the noise as a share of that of the section.
        random_state : int, Generator or None
            Seed of the noise.

        Returns
        -------
        X : np.ndarray of shape (n_traces, 1, n_samples)
            float32 seismic traces.
        y : np.ndarray of shape (n_traces, n_samples)
            float32 impedance in kg/(m2 s).
        """
        impedance = depth_to_time(self.impedance, self.vp, self.dz_m, dt_s, n_samples)
        seismic = synthetic_traces(impedance, ricker(frequency_hz, dt_s), noise, random_state)
        return seismic[:, None], impedance.astype(np.float32)


def _model(
    name: str, vp: np.ndarray, density: np.ndarray | None, dx_m: float, dz_m: float
) -> EarthModel:
    vp = np.ascontiguousarray(vp, dtype=np.float32)
    if vp.ndim != 2 or not vp.size:
        raise ValueError(f"{name}: velocities must be a section. Received: shape {vp.shape}")
    if not np.isfinite(vp).all() or vp.min() < 300 or vp.max() > 9000:
        raise ValueError(
            f"{name}: P-wave velocities must be finite and between 300 and 9000 m/s. "
            f"Received: {np.nanmin(vp):g} to {np.nanmax(vp):g}"
        )
    if density is not None and density.shape != vp.shape:
        raise ValueError(
            f"{name}: velocity and density must have one shape. Received: {vp.shape} and "
            f"{density.shape}"
        )
    if density is not None and not (np.isfinite(density).all() and np.min(density) > 0):
        raise ValueError(
            f"{name}: density must be positive and finite. Received: "
            f"{np.count_nonzero(~(np.asarray(density) > 0))} values that are not"
        )
    known = density is not None
    values = np.asarray(density if known else gardner_density(vp), dtype=np.float32)
    return EarthModel(name, vp, values, dx_m, dz_m, "model" if known else "gardner")


def _raw(path: Path, shape: tuple[int, ...], dtype: str) -> np.ndarray:
    expected = int(np.prod(shape)) * np.dtype(dtype).itemsize
    size = path.stat().st_size
    if size != expected:
        raise ValueError(
            f"{path} must have {expected} bytes for the shape {shape}. Received: {size}"
        )
    return np.memmap(path, dtype=dtype, mode="r", shape=shape)


def read_segy_section(path: str | PathLike[str]) -> np.ndarray:
    """Read a SEG-Y file that holds one section.

    Parameters
    ----------
    path : path-like
        SEG-Y; segyio must be installed (``pip install sktl[segy]``).

    Returns
    -------
    np.ndarray of shape (n_traces, n_samples)
        float32, in the file's unit.

    Raises
    ------
    ValueError
        If the file is no SEG-Y file.
    """
    import segyio

    if not Path(path).is_file():
        raise FileNotFoundError(f"There is no such file. Received: path={str(path)!r}")
    with (
        refusing(f"{path} is damaged or no SEG-Y file"),
        segyio.open(str(path), "r", ignore_geometry=True) as file,
    ):
        return file.trace.raw[:]


def read_marmousi2(
    path: str | PathLike[str], density: str | PathLike[str] | None = None
) -> EarthModel:
    """Read Marmousi-2.

    Parameters
    ----------
    path : path-like
        P-wave velocity: the official SEG-Y file (``MODEL_P-WAVE_VELOCITY_1.25m.segy``, m/s,
        1.25 m), or the raw part of 1601 x 401 float32 values in km/s (7.5 m).
    density : path-like or "gardner", optional
        The official SEG-Y file of density in g/cm3, or Gardner's approximation from velocity. Must
        be said for the official velocity; the raw file has no density beside it, so there it is
        Gardner's.

    Returns
    -------
    EarthModel

    Raises
    ------
    ValueError
        If a file does not fit the format.

    References
    ----------
    Martin, G. S., Wiley, R. and Marfurt, K. J. (2006). Marmousi2: an elastic upgrade for
    Marmousi. The Leading Edge 25, 156-166.
    """
    path = Path(path)
    if path.suffix.lower() in {".segy", ".sgy"}:
        if density is None:
            raise ValueError(
                "The official velocity comes with a file of density: give its path, or "
                "density='gardner' for Gardner's approximation. Received: density=None"
            )
        rho = None if density == "gardner" else 1000.0 * read_segy_section(density)
        return _model("Marmousi-2", read_segy_section(path), rho, 1.25, 1.25)
    if density not in (None, "gardner"):
        raise ValueError(
            f"density goes with the official SEG-Y velocity. Received: path={str(path)!r}"
        )
    return _model("Marmousi-2", 1000.0 * _raw(path, (1601, 401), "<f4"), None, 7.5, 7.5)


def read_marmousi(path: str | PathLike[str]) -> EarthModel:
    """Read the Marmousi model of 1988 from a MATLAB file.

    Parameters
    ----------
    path : path-like
        ``.mat`` file with ``vel`` of shape (n_depths, n_traces) in m/s and ``x``, ``z`` in m.

    Returns
    -------
    EarthModel
        Density by Gardner's approximation.

    Raises
    ------
    ValueError
        If the file does not fit the format.
    """
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    path = Path(path)
    try:
        content = loadmat(path)
        vp = content["vel"].T
        dx, dz = (float(np.diff(content[axis].ravel().astype(float)).mean()) for axis in "xz")
        if (len(content["x"].ravel()), len(content["z"].ravel())) != vp.shape:
            raise ValueError("x, z and vel do not fit together")
    except FileNotFoundError:
        raise
    except (MatReadError, *DAMAGE) as error:
        raise ValueError(f"{path} must be a .mat file with x, z and vel: {error}") from error
    return _model("Marmousi", vp, None, dx, dz)


def read_overthrust(path: str | PathLike[str], line: int = 400) -> EarthModel:
    """Read a section of the SEG/EAGE Overthrust model.

    Parameters
    ----------
    path : path-like
        ``overthrust.vites``: big-endian float32 of shape (187 depths, 801, 801), m/s, 25 m; or
        a section of it as a NumPy file (``.npy``) of shape (n_traces, n_depths), m/s, 20 m, as
        examples of full-waveform inversion use it (501 traces below 400 m of water).
    line : int, default=400
        Which of the 801 sections of the official file.

    Returns
    -------
    EarthModel
        801 traces of 187 depths, or those of the section; density by Gardner's approximation.

    Raises
    ------
    ValueError
        If the size of the file or ``line`` does not fit.

    References
    ----------
    Aminzadeh, F., Brac, J. and Kunz, T. (1997). 3-D salt and overthrust models. SEG/EAGE 3-D
    modeling series 1.
    """
    if Path(path).suffix == ".npy":
        section = read_npy(path)
        if section.ndim != 2 or section.dtype.kind != "f":
            raise ValueError(
                f"{path} must hold floating-point velocities of shape (n_traces, n_depths). "
                f"Received: {section.dtype} of shape {section.shape}"
            )
        return _model("Overthrust", section, None, 20.0, 20.0)
    if not 0 <= line <= 800:
        raise ValueError(f"line must lie between 0 and 800. Received: line={line}")
    cube = _raw(Path(path), (187, 801, 801), ">f4")
    return _model("Overthrust", cube[:, line, :].T, None, 25.0, 25.0)


def trace_split(
    n_traces: int, n_train: int, n_validation: int | None = None
) -> dict[str, np.ndarray]:
    """Split the traces of a section evenly in space.

    Parameters
    ----------
    n_traces : int
        Traces in the section.
    n_train : int
        Training traces, evenly spaced (published: 450 of 2,721, and 5 for fine-tuning).
    n_validation : int, optional
        Validation traces, evenly spaced among the rest; by default as many as ``n_train``.

    Returns
    -------
    dict of str to np.ndarray
        Indices of ``"train"``, ``"validation"`` and ``"test"``.

    Examples
    --------
    >>> {part: len(rows) for part, rows in trace_split(2721, 450).items()}
    {'train': 450, 'validation': 450, 'test': 1821}
    """
    n_validation = n_train if n_validation is None else n_validation
    if n_train < 1 or n_validation < 0 or n_train + n_validation >= n_traces:
        raise ValueError(
            f"Training and validation must leave traces for the test. Received: {n_traces=}, "
            f"{n_train=}, {n_validation=}"
        )
    train = np.linspace(0, n_traces - 1, n_train).round().astype(int)
    rest = np.setdiff1d(np.arange(n_traces), train)
    validation = rest[np.linspace(0, len(rest) - 1, n_validation).round().astype(int)]
    return {"train": train, "validation": validation, "test": np.setdiff1d(rest, validation)}
