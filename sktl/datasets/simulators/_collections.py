"""How STEAD, LEN-DB and LOMAX were collected: where, how far, how long, by which recorders."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sktl.datasets.simulators._propagation import KM_PER_DEGREE
from sktl.datasets.simulators._records import Collection, audible, detrended, tapered

EAST, NORTH, VERTICAL = 0, 1, 2


def _crustal_depths(rng: np.random.Generator, size: int) -> np.ndarray:
    return np.clip(8.0 * np.exp(rng.normal(0.0, 0.7, size)), 0.5, 60.0)


def _stead_paths(rng: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
    return np.clip(rng.gamma(2.0, 28.0, size), 3.0, 350.0), _crustal_depths(rng, size)


def _stead_leads(rng: np.random.Generator, size: int) -> np.ndarray:
    # Most windows start a whole number of seconds before the P pick.
    whole = rng.integers(4, 10, size).astype(float)
    return np.where(rng.random(size) < 0.8, whole, rng.uniform(4.0, 9.0, size))


def _stead_stations(rng: np.random.Generator, size: int) -> dict[str, np.ndarray]:
    return {
        "sensor_corner": rng.choice([1 / 120, 1 / 30, 1.0, 2.0], size, p=[0.45, 0.2, 0.25, 0.1]),
        "native_rate": rng.choice([100.0, 50.0, 40.0, 20.0], size, p=[0.65, 0.08, 0.22, 0.05]),
        "gain": 10.0 ** rng.normal(8.85, 0.35, size),
        "band_low": np.full(size, 1.0),
        "band_high": np.full(size, 45.0),
    }


def _len_db_paths(rng: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
    return np.clip(134.0 * np.sqrt(rng.random(size)), 3.0, 134.0), _crustal_depths(rng, size)


def _len_db_leads(rng: np.random.Generator, size: int) -> np.ndarray:
    return np.clip(rng.normal(4.0, 0.5, size), 1.0, 8.0)


def _len_db_stations(rng: np.random.Generator, size: int) -> dict[str, np.ndarray]:
    return {
        "sensor_corner": rng.choice([1 / 120, 1 / 30], size, p=[0.7, 0.3]),
        "native_rate": np.full(size, 20.0),
        "gain": np.ones(size),
        "band_low": rng.uniform(0.05, 0.3, size),
        "band_high": rng.uniform(5.0, 9.0, size),
    }


def _lomax_paths(rng: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
    ring = rng.choice(4, size, p=[0.12, 0.48, 0.27, 0.13])
    low, high = np.array([0.1, 2.0, 20.0, 70.0])[ring], np.array([2.0, 20.0, 70.0, 150.0])[ring]
    depth = np.where(rng.random(size) < 0.2, rng.uniform(60, 600, size), _crustal_depths(rng, size))
    distance = rng.uniform(low, high) * KM_PER_DEGREE
    return distance, np.where(ring == 0, np.minimum(depth, 100.0), depth)


def _lomax_smallest(rng: np.random.Generator, distance_km: np.ndarray) -> np.ndarray:
    rings = np.array([2.0, 20.0, 70.0]) * KM_PER_DEGREE
    return np.array([3.0, 4.0, 5.0, 6.0])[np.searchsorted(rings, distance_km)]


def _lomax_stations(rng: np.random.Generator, size: int) -> dict[str, np.ndarray]:
    return {
        "sensor_corner": rng.choice([1 / 360, 1 / 120], size),
        "native_rate": np.full(size, 20.0),
        "gain": np.ones(size),
    }


STEAD = Collection(
    rate=100.0,
    n_timepoints=6000,
    components=(EAST, NORTH, VERTICAL),
    maximum=7.5,
    b_value=0.8,
    draw_paths=_stead_paths,
    smallest=lambda rng, distance: rng.uniform(-0.5, 3.0, len(distance)),
    network_km=None,
    draw_leads=_stead_leads,
    draw_station=_stead_stations,
    minimum_snr=10.0,
    finish=tapered,
)
LEN_DB = replace(
    STEAD,
    rate=20.0,
    n_timepoints=540,
    components=(VERTICAL, NORTH, EAST),
    maximum=7.0,
    draw_paths=_len_db_paths,
    smallest=lambda rng, distance: rng.uniform(0.5, 3.5, len(distance)),
    draw_leads=_len_db_leads,
    draw_station=_len_db_stations,
    minimum_snr=3.0,
    finish=detrended,
)
LOMAX = replace(
    LEN_DB,
    n_timepoints=1001,
    components=(EAST, NORTH, VERTICAL),
    maximum=8.5,
    b_value=1.0,
    draw_paths=_lomax_paths,
    smallest=_lomax_smallest,
    network_km=600.0,
    draw_leads=lambda rng, size: np.full(size, 5.0),
    draw_station=_lomax_stations,
    minimum_snr=6.0,
    finish=audible,
)
