"""Simulated seismograms beside the 50 real STEAD traces of station 109C.TA."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
from scipy.signal import butter, lfilter, welch

from benchmarks.simulator_realism._discriminator import forest_auc, rocket_auc
from benchmarks.simulator_realism._seismogram_magnitudes import BANDS, local_magnitudes, transfer
from benchmarks.simulator_realism._seismogram_pictures import draw_all
from sktl.datasets.simulators import simulate_len_db, simulate_stead

# What is known of the one station that all real traces come from: a broadband sensor at 40 Hz.
STATION = {"native_rate": 40.0, "sensor_corner": 1 / 120}


def read_real(shared: Path) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Read the real traces and what their catalogue says."""
    names = {
        "magnitude": "source_magnitude",
        "distance_km": "source_distance_km",
        "depth_km": "source_depth_km",
        "p": "p_arrival_sample",
        "s": "s_arrival_sample",
    }
    with h5py.File(shared / "data/stead/waveforms_50_109C_TA.hdf5") as file:
        traces = list(file["earthquake/local"].values())
        X = np.stack([trace[()].T for trace in traces])
        catalogue = {
            name: np.array([float(np.ravel(trace.attrs[key])[0]) for trace in traces])
            for name, key in names.items()
        }
    return X, catalogue


def simulate_like(
    catalogue: dict[str, np.ndarray], random_state: int, n_stations: int = 6
) -> np.ndarray:
    """Simulate the real earthquakes at each of several stations of the same kind.

    Returns
    -------
    numpy.ndarray of shape (n_stations, n_earthquakes, 3, n_timepoints)
    """
    given = {name: catalogue[name] for name in ("magnitude", "distance_km", "depth_km")}
    given["lead_s"] = catalogue["p"] / 100.0
    n = len(given["lead_s"])
    return np.stack(
        [
            simulate_stead(n, 100 * random_state + k, station=STATION, catalogue=given)[0]
            for k in range(n_stations)
        ]
    )


def _decibel(x: np.ndarray) -> np.ndarray:
    return 10.0 * np.log10(np.maximum(x, 1e-30))


def describe(
    X: np.ndarray, p: np.ndarray, s: np.ndarray, rate: float = 100.0
) -> dict[str, np.ndarray]:
    """Features of traces scaled to a peak of one, by name; dB unless stated otherwise.

    The catalogue's S times serve real and simulated traces alike.
    """
    bands = BANDS[0.4 * rate > BANDS]
    X = X / np.abs(X).max(axis=(1, 2), keepdims=True)
    features: dict[str, list[float]] = {}

    def add(name: str, value: float) -> None:
        features.setdefault(name, []).append(float(value))

    for x, start_p, start_s in zip(X, p.astype(int), s.astype(int), strict=True):
        noise = x[:, round(1.6 * rate) : start_p - round(0.4 * rate)]
        wave_p = x[:, start_p : min(start_p + round(6 * rate), start_s - round(0.3 * rate))]
        wave_s = x[:, start_s : start_s + round(8 * rate)]
        levels = {}
        for label, part in (("noise", noise), ("P", wave_p), ("S", wave_s)):
            f, power = welch(part, rate, nperseg=min(round(2.56 * rate), part.shape[1]))
            for channel, letter in enumerate("ENZ"):
                levels[label, letter] = part[channel].var()
                spectrum = np.interp(bands, f, power[channel])
                for band, value in zip(bands, _decibel(spectrum / spectrum.sum()), strict=True):
                    add(f"{label} spectrum {letter} {band:g} Hz", value)
        add("SNR of S", _decibel(levels["S", "N"] / levels["noise", "N"]))
        add("SNR of P", _decibel(levels["P", "Z"] / levels["noise", "Z"]))
        for letter in "ENZ":
            add(f"S over P {letter}", _decibel(levels["S", letter] / levels["P", letter]))
        for label in ("noise", "P", "S"):
            add(f"{label} E over Z", _decibel(levels[label, "E"] / levels[label, "Z"]))
            add(f"{label} N over E", _decibel(levels[label, "N"] / levels[label, "E"]))
        power = (x**2).sum(0)
        first = power[start_s : start_s + round(2 * rate)].mean()
        for delay in (2, 5, 10, 15, 20) if rate == 100.0 else ():  # short windows end too soon
            at = slice(start_s + round(delay * rate), start_s + round((delay + 3) * rate))
            add(f"coda {delay} s after S", _decibel(power[at].mean() / first))
        for share in (0.2, 0.4, 0.6, 0.8):
            at = start_p + int(share * (start_s - start_p))
            first = power[start_p : start_p + round(rate)].mean()
            add(
                f"P coda at {share:g} of S-P", _decibel(power[at : at + round(rate)].mean() / first)
            )
        for label, part in (("P", wave_p), ("S", wave_s)):
            add(f"{label} peak over rms", _decibel((part**2).max() / (part**2).mean()))
            z = part[2] - part[2].mean()
            east = part[0] - part[0].mean()
            add(f"{label} E-Z coherence (0 to 1)", abs((z * east).mean()) / (z.std() * east.std()))
    return {name: np.array(values) for name, values in features.items()}


def matrix(features: dict[str, np.ndarray]) -> np.ndarray:
    """Features as (n_instances, n_features)."""
    return np.stack(list(features.values()), axis=1)


def amplitude_law(X: np.ndarray, catalogue: dict[str, np.ndarray]) -> dict[str, float]:
    """Least squares ``log10(peak S) = a M + b log10(R) + c`` on the north component."""
    peak = np.array(
        [np.abs(x[1, int(s) :][:1000]).max() for x, s in zip(X, catalogue["s"], strict=True)]
    )
    distance = np.hypot(catalogue["distance_km"], catalogue["depth_km"])
    terms = np.stack([catalogue["magnitude"], np.log10(distance), np.ones(len(peak))], axis=1)
    law, *_ = np.linalg.lstsq(terms, np.log10(peak), rcond=None)
    scatter = (np.log10(peak) - terms @ law).std()
    return {"per unit of magnitude": law[0], "per decade of distance": law[1], "scatter": scatter}


def less_the_station(features: np.ndarray) -> np.ndarray:
    """Features (n_earthquakes, n_features) less their median at this station."""
    return features - np.median(features, axis=0)


def at_20_hz(X: np.ndarray, p: np.ndarray) -> np.ndarray:
    """The 27 s from 4 s before P at 20 Hz, between 1 and 5 Hz: what LEN-DB would hold."""
    low, high = butter(4, [1.0, 5.0], "bandpass", fs=100.0)
    filtered = lfilter(low, high, X, axis=-1)
    windows = [x[:, int(s) - 400 : int(s) + 2300 : 5] for x, s in zip(filtered, p, strict=True)]
    return np.stack(windows)


def compare_at_20_hz(
    real: np.ndarray, catalogue: dict[str, np.ndarray], random_state: int
) -> tuple[float, float]:
    """AUC of the forest on LEN-DB's windows, real ones made from STEAD's."""
    given = {name: catalogue[name] for name in ("magnitude", "distance_km", "depth_km")}
    given["lead_s"] = np.full(len(real), 4.0)
    parts = [simulate_len_db(len(real), random_state + k, catalogue=given)[0] for k in range(4)]
    simulated = np.concatenate(parts)[:, ::-1]  # to east, north, vertical
    b, a = butter(4, [1.0, 5.0], "bandpass", fs=20.0)
    simulated = lfilter(b, a, simulated, axis=-1)
    p, s = np.full(len(real), 80), 80 + (catalogue["s"] - catalogue["p"]) / 5.0
    ours = describe(simulated, np.tile(p, 4), np.tile(s, 4), rate=20.0)
    theirs = describe(at_20_hz(real, catalogue["p"]), p, s, rate=20.0)
    keep = [name for name in ours if not any(f" {b:g} Hz" in name for b in BANDS[BANDS > 5])]
    ours, theirs = ({name: f[name] for name in keep} for f in (ours, theirs))
    return forest_auc(matrix(theirs), matrix(ours), random_state)[:2]


def judge(shared: Path, out: Path, random_state: int) -> list[str]:
    """Compare, draw, and return the report's lines."""
    real, catalogue = read_real(shared)
    simulated = simulate_like(catalogue, random_state)
    p, s = catalogue["p"], catalogue["s"]
    described = [describe(X, p, s) for X in simulated]
    real_described = describe(real, p, s)
    names = list(real_described)
    theirs, ours = matrix(real_described), [matrix(features) for features in described]

    lines = ["## Seismograms: STEAD", ""]
    lines += [
        "50 real traces of one station (109C.TA) against simulations of the same 50 earthquakes "
        f"(magnitude, distance, depth, P time) at {len(ours)} stations that digitise at 40 Hz.",
        "",
        "### Told apart? (AUC, 0.5 = not at all)",
        "",
        "| | real | simulated stations, each against the others |",
        "|---|---|---|",
    ]
    for label, prepare in (
        ("as they are", lambda f: f),
        ("less the station's median", less_the_station),
    ):
        mine = [prepare(features) for features in ours]
        auc, deviation, importance = forest_auc(prepare(theirs), np.concatenate(mine), random_state)
        control = [
            forest_auc(mine[k], np.concatenate(mine[:k] + mine[k + 1 :]), random_state)[0]
            for k in range(len(mine))
        ]
        lines.append(
            f"| forest, features {label} | {auc:.3f} ± {deviation:.3f} | {np.mean(control):.3f} "
            f"({min(control):.3f} to {max(control):.3f}) |"
        )
    worst = [names[k] for k in np.argsort(-importance)[:6]]
    short = [X[..., ::5] for X in (real, *simulated)]  # nothing above 20 Hz is left in these
    short = [X / np.abs(X).max(axis=(1, 2), keepdims=True) for X in short]
    control = rocket_auc(short[1], np.concatenate(short[2:]), random_state)
    auc = rocket_auc(short[0], np.concatenate(short[1:]), random_state)
    lines.append(f"| MiniRocket, traces at 20 Hz | {auc:.3f} | {control:.3f} (one station) |")
    lines += ["", f"What gives it away, station removed: {'; '.join(worst)}.", ""]

    lines += [
        "### Medians (10th to 90th percentile), dB",
        "",
        "| | real | simulated |",
        "|---|---|---|",
    ]
    for name in names:
        if "spectrum" in name:
            continue
        cells = []
        for values in (real_described[name], np.concatenate([f[name] for f in described])):
            low, median, high = np.percentile(values, [10, 50, 90])
            digits = 2 if "coherence" in name else 1
            cells.append(f"{median:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})")
        lines.append(f"| {name} | {cells[0]} | {cells[1]} |")

    laws = [amplitude_law(X, catalogue) for X in (real, *simulated)]
    lines += [
        "",
        "### Peak of S, log10: least squares",
        "",
        "| | real | simulated |",
        "|---|---|---|",
    ]
    for term in laws[0]:
        values = [law[term] for law in laws[1:]]
        low, middle, high = min(values), np.mean(values), max(values)
        lines.append(f"| {term} | {laws[0][term]:.2f} | {middle:.2f} ({low:.2f} to {high:.2f}) |")
    asked, measured = local_magnitudes(random_state)
    lines += [
        "",
        "Simulated Wood-Anderson records give back the local magnitude with a slope of "
        f"{np.polyfit(asked, measured, 1)[0]:.2f}, a mean error of "
        f"{np.mean(measured - asked):+.2f} and a scatter of {np.std(measured - asked):.2f}.",
        "",
        "### Magnitude of the 50 real traces by ridge regression",
        "",
        "| | correlation | MAE | MAE without mean error |",
        "|---|---|---|---|",
    ]
    for name, score in transfer(real, catalogue["magnitude"], 3000, random_state).items():
        lines.append("| " + name + " | " + " | ".join(f"{v:.2f}" for v in score.values()) + " |")
    auc, deviation = compare_at_20_hz(real, catalogue, random_state)
    lines += [
        "",
        "## Seismograms: LEN-DB and LOMAX",
        "",
        "No real file is at hand. STEAD's traces, cut and decimated as LEN-DB's and limited to "
        "1 to 5 Hz, are told from simulated LEN-DB with an AUC of "
        f"{auc:.3f} ± {deviation:.3f} (one real station against many simulated ones). What lies "
        "below 1 Hz, LEN-DB's mix of magnitudes and distances, and everything about LOMAX beyond "
        "local distances cannot be checked here.",
    ]
    draw_all(out, real, simulated, catalogue, random_state)
    return lines
