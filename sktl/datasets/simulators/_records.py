"""What is recorded: draws earthquakes, paths and stations as one dataset collects them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.signal import butter as butterworth
from scipy.signal import detrend, lfilter

from sktl.datasets.simulators import _propagation, _source_model
from sktl.datasets.simulators._chunks import chunk_generator
from sktl.datasets.simulators._waveforms import (
    PAD_BEFORE,
    Parameters,
    draw_ground,
    predicted_snr,
    synthesise,
)

#: Instances that share one generator; small enough for 100 MB at STEAD's length.
CHUNK = 64
_CANDIDATES = 512


@dataclass(frozen=True)
class Collection:
    """How one dataset was collected.

    Parameters
    ----------
    rate : float
        Hz.
    n_timepoints : int
        Official length.
    components : tuple of int
        Order of the channels: 0 east, 1 north, 2 vertical.
    maximum, b_value : float
        Largest magnitude and slope of the Gutenberg-Richter law.
    draw_paths : callable
        ``draw_paths(rng, size)`` gives epicentral distances and source depths, km.
    smallest : callable
        ``smallest(rng, distance_km)`` gives the smallest magnitude looked for.
    network_km : float or None
        How far apart the stations of one event are; None where they lie anywhere around it.
    draw_leads : callable
        ``draw_leads(rng, size)`` gives when P arrives in the window, s.
    draw_station : callable
        ``draw_station(rng, size)`` gives ``sensor_corner``, ``native_rate``, ``gain`` and, where
        the records were filtered, ``band_low`` and ``band_high``.
    minimum_snr : float
        Expected signal-to-noise ratio below which nobody would have picked the record, dB.
    finish : callable
        ``finish(record, rate, n_before, lead_s)`` cuts the window and processes it as the
        dataset's authors did; it returns the panel and which instances are accepted.
    """

    rate: float
    n_timepoints: int
    components: tuple[int, int, int]
    maximum: float
    b_value: float
    draw_paths: Callable[[np.random.Generator, int], tuple[np.ndarray, np.ndarray]]
    smallest: Callable[[np.random.Generator, np.ndarray], np.ndarray]
    network_km: float | None
    draw_leads: Callable[[np.random.Generator, int], np.ndarray]
    draw_station: Callable[[np.random.Generator, int], Parameters]
    minimum_snr: float
    finish: Callable[[np.ndarray, float, int, np.ndarray], tuple[np.ndarray, np.ndarray]]


def _take(given: Parameters, index: np.ndarray) -> Parameters:
    return {name: values[..., index] for name, values in given.items()}


def _lognormal(rng: np.random.Generator, median: float, sigma: float, size: int) -> np.ndarray:
    return median * np.exp(rng.normal(0.0, sigma, size))


def _draw_surroundings(rng: np.random.Generator, size: int) -> Parameters:
    return {
        "kappa": _lognormal(rng, 0.05, 0.45, size),
        "noise_level": rng.beta(4.0, 4.5, size),
    }


def _draw(
    rng: np.random.Generator,
    collection: Collection,
    station: Mapping[str, float] | None,
    catalogue: Mapping[str, np.ndarray] | None,
) -> Parameters:
    """Draw candidates: events of one to eight stations, or the rows of a catalogue."""
    if catalogue is None:
        per_event = np.minimum(rng.geometric(0.4, _CANDIDATES), 8)
        event = np.repeat(np.arange(_CANDIDATES), per_event)[:_CANDIDATES]
        first = np.searchsorted(event, np.arange(event[-1] + 1))
    else:
        event = first = np.arange(len(catalogue["magnitude"]))
    size = event.size
    distance, depth = collection.draw_paths(rng, size)
    if catalogue is None and collection.network_km is not None:
        offset = rng.normal(0.0, collection.network_km, size)
        distance = np.abs(distance[first][event] + offset) + 5.0
    smallest = collection.smallest(rng, distance)
    magnitude = _source_model.draw_magnitudes(
        rng, size, smallest, collection.maximum, collection.b_value
    )
    lead = collection.draw_leads(rng, size)
    stress_drop = _lognormal(rng, 3e6, 0.7, size)
    if catalogue is not None:
        magnitude, distance, depth, lead = (
            np.asarray(catalogue.get(name, drawn), dtype=float)
            for name, drawn in (
                ("magnitude", magnitude),
                ("distance_km", distance),
                ("depth_km", depth),
                ("lead_s", lead),
            )
        )
    else:  # one source for all stations of an event
        magnitude, depth, stress_drop = (
            values[first][event] for values in (magnitude, depth, stress_drop)
        )
        # Magnitude ranges that depend on distance hold for each station.
        magnitude = np.where(magnitude < smallest, np.nan, magnitude)
    # Catalogues err by about 0.1 units.
    moment = _source_model.seismic_moment(
        _source_model.moment_magnitude(magnitude + rng.normal(0.0, 0.1, size)[first][event])
    )
    p_velocity, vp_vs = rng.normal(6.1, 0.15, size), rng.normal(1.73, 0.03, size)
    hypocentral = np.hypot(distance, depth)
    p_time, s_time = _propagation.travel_times(distance, depth, p_velocity, vp_vs)
    corner = _source_model.corner_frequency(moment, stress_drop)
    far = distance > 3.0 * _propagation.KM_PER_DEGREE
    given = {
        "event": event,
        "magnitude": magnitude,
        "distance_km": distance,
        "depth_km": depth,
        "moment": moment,
        "corner": corner,
        "radiation": _source_model.draw_radiation(rng, size),
        "p_velocity": p_velocity,
        "vp_vs": vp_vs,
        "p_time": p_time,
        "s_time": s_time,
        "spreading_km": _propagation.spreading_distance(hypocentral, rng.uniform(40, 80, size)),
        "q": _lognormal(rng, 220.0, 0.25, size),
        "q_ratio": _lognormal(rng, 1.0, 0.3, size),
        "q_exponent": rng.uniform(0.35, 0.65, size),
        "qp_qs": rng.uniform(0.7, 1.4, size),
        "lead_s": lead,
        "azimuth": rng.uniform(0.0, 2.0 * np.pi, size),
        "incidence": np.radians(rng.uniform(5.0, 35.0, size)),
        # Far P comes steeply through the mantle and is scattered less.
        "p_direct": np.where(far, rng.uniform(0.4, 0.85, size), rng.uniform(0.03, 0.35, size)),
        "s_direct": rng.uniform(0.05, 0.35, size),
        "P_forward": rng.uniform(0.0, 0.3, size),
        "S_forward": rng.uniform(0.25, 0.6, size),
        "coherence": np.where(far, rng.uniform(0.3, 0.8, size), rng.uniform(0.05, 0.4, size)),
        "duration": (0.3 + 0.5 / corner + 0.008 * np.minimum(hypocentral, 500.0))
        * _lognormal(rng, 1.0, 0.5, size),
        "depth_phase_s": np.where(far, 2.0 * depth / 7.5, 0.0),
        "coda_q": _lognormal(rng, 80.0, 0.35, size),
        "coda_exponent": rng.uniform(0.6, 0.9, size),
        "P_rise": (0.1 + 0.005 * np.minimum(hypocentral, 800.0)) * _lognormal(rng, 1.0, 0.8, size),
        "S_rise": (0.1 + 0.005 * hypocentral) * _lognormal(rng, 1.0, 0.8, size),
    }
    given.update(collection.draw_station(rng, size), **_draw_surroundings(rng, size))
    for name, value in (station or {}).items():
        given[name] = np.full(size, float(value))
    # Noise changes by the hour.
    given["noise_level"] = given["noise_level"] + rng.normal(0.0, 0.06, size)
    return given


def _candidates(
    rng: np.random.Generator, collection: Collection, station: Mapping[str, float] | None
) -> Parameters:
    """Draw until ``CHUNK`` records stand out of their noise."""
    found: list[Parameters] = []
    n_found, n_events = 0, 0
    while n_found < CHUNK:
        given = _draw(rng, collection, station, None)
        given["event"] = given["event"] + n_events
        n_events += _CANDIDATES
        heard = ~np.isnan(given["magnitude"])
        heard[heard] = predicted_snr(_take(given, heard)) > collection.minimum_snr
        found.append(_take(given, np.flatnonzero(heard)))
        n_found += int(heard.sum())
    joined = {name: np.concatenate([part[name] for part in found], axis=-1) for name in found[0]}
    return _take(joined, np.arange(CHUNK))


def magnitudes(given: Parameters) -> np.ndarray:
    """Return the catalogue magnitude of every record."""
    return given["magnitude"]


def stream(
    seed: int,
    collection: Collection,
    n_timepoints: int,
    station: Mapping[str, float] | None = None,
    catalogue: Mapping[str, np.ndarray] | None = None,
    targets: Callable[[Parameters], np.ndarray] = magnitudes,
    quiet: float = 0.0,
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Simulate chunk after chunk without end, or the rows of a catalogue.

    Parameters
    ----------
    seed : int
        Chunk ``c`` depends on ``(seed, c)`` alone.
    collection : Collection
        The dataset.
    n_timepoints : int
        Length of the window; P arrives earlier where it is shorter than half the official one.
    station : mapping, optional
        Makes all records those of one station; its values override what is drawn.
    catalogue : mapping of str to numpy.ndarray, optional
        ``magnitude`` and, optionally, ``distance_km``, ``depth_km`` and ``lead_s`` of each
        record; nothing is selected then.
    targets : callable, default=magnitudes
        Gives what is to be predicted, one row per record, from what was drawn.
    quiet : float, default=0
        Share of records without an earthquake: their ``moment`` is 0.

    Yields
    ------
    tuple of numpy.ndarray
        Panel, targets, number of the event, of up to ``CHUNK`` instances.
    """
    ground = None
    if station is not None:
        rng = chunk_generator(seed, 1)
        ground = draw_ground(rng, 1, collection.rate, n_timepoints)
        drawn = {**collection.draw_station(rng, 1), **_draw_surroundings(rng, 1)}
        station = {**{name: float(values[0]) for name, values in drawn.items()}, **station}
    shrink = min(1.0, 2.0 * n_timepoints / collection.n_timepoints)
    n_before = round(PAD_BEFORE * collection.rate)
    chunk = 0
    while catalogue is None or chunk * CHUNK < len(catalogue["magnitude"]):
        rng = chunk_generator(seed, 0, chunk)
        panels: list[tuple[np.ndarray, ...]] = []
        wanted = CHUNK
        while wanted > 0:
            if catalogue is None:
                given = _candidates(rng, collection, station)
                given["lead_s"] = given["lead_s"] * shrink
            else:
                rows = slice(chunk * CHUNK, (chunk + 1) * CHUNK)
                given = _draw(
                    rng, collection, station, {k: np.asarray(v)[rows] for k, v in catalogue.items()}
                )
            if quiet:  # the station waits, and nothing comes
                silent = rng.random(len(given["moment"])) < quiet
                given["moment"] = np.where(silent, 0.0, given["moment"])
            record = synthesise(rng, given, collection.rate, n_timepoints, ground)
            X, accepted = collection.finish(record, collection.rate, n_before, given["lead_s"])
            accepted |= given["moment"] == 0
            if catalogue is not None:
                accepted, wanted = np.ones(len(X), dtype=bool), 0
            event = given["event"] + len(panels) * 1_000_000
            panels.append((X[accepted], targets(given)[accepted], event[accepted]))
            wanted -= int(accepted.sum())
        X, y, event = (np.concatenate(parts) for parts in zip(*panels, strict=True))
        X, y, event = X[:CHUNK, collection.components], y[:CHUNK], event[:CHUNK]
        groups = chunk * CHUNK + np.unique(event, return_inverse=True)[1]
        yield np.ascontiguousarray(X), y.astype(np.float32), groups.astype(np.int64)
        chunk += 1


def tapered(
    record: np.ndarray, rate: float, n_before: int, lead_s: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Cut, detrend and taper (1.5 s at the start, 0.8 s at the end), as in STEAD's files."""
    window = detrend(record[..., n_before:], axis=-1).astype(np.float32)
    n = window.shape[-1]
    for length, end in ((min(round(1.5 * rate), n // 4), 1), (min(round(0.8 * rate), n // 4), -1)):
        ramp = 0.5 - 0.5 * np.cos(np.pi * np.arange(length) / max(length, 1))
        window[..., ::end][..., :length] *= ramp.astype(np.float32)
    return window, np.ones(len(window), dtype=bool)


def detrended(
    record: np.ndarray, rate: float, n_before: int, lead_s: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Cut and remove the linear trend; accept every record."""
    window = detrend(record[..., n_before:], axis=-1).astype(np.float32)
    return window, np.ones(len(window), dtype=bool)


def audible(
    record: np.ndarray, rate: float, n_before: int, lead_s: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Accept what LOMAX's authors accepted, then cut.

    The standard deviation of the 10 s from 1 s before P must be three times that of what
    comes before, on any component, as recorded or above 1 Hz.
    """
    record = detrend(record, axis=-1).astype(np.float32)
    start = n_before + round((lead_s[0] - 1.0) * rate)
    accepted = np.zeros(len(record), dtype=bool)
    numerator, denominator = butterworth(4, 1.0, "highpass", fs=rate)
    for version in (record, lfilter(numerator, denominator, record, axis=-1)):
        signal = version[..., start : start + round(10.0 * rate)].std(-1)
        accepted |= (signal >= 3.0 * version[..., round(rate) : start].std(-1)).any(-1)
    return record[..., n_before:], accepted
