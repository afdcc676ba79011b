"""Magnitudes from simulated seismograms: learned, and measured as on a Wood-Anderson record."""

from __future__ import annotations

import numpy as np
from scipy.signal import welch
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sktl.datasets.simulators import simulate_len_db, simulate_stead

# Centres of the bands whose power is looked at, Hz.
BANDS = np.array([0.5, 0.8, 1.2, 1.8, 2.6, 3.7, 5.2, 7.2, 10.0, 14.0])


def _whole_trace_features(X: np.ndarray, rate: float = 100.0) -> np.ndarray:
    """Log spectra of nine pieces of each trace scaled to a peak of one: no picks, no amplitude."""
    X = X / np.abs(X).max(axis=(1, 2), keepdims=True)
    spectra = []
    for piece in np.array_split(X[..., round(1.5 * rate) : -round(rate)], 9, axis=-1):
        f, power = welch(piece, rate, nperseg=256)
        index = [int(np.abs(f - band).argmin()) for band in BANDS]
        spectra.append(np.log10(power[..., index] + 1e-12).reshape(len(X), -1))
    return np.concatenate(spectra, axis=1)


def transfer(
    real: np.ndarray, magnitude: np.ndarray, n_train: int, random_state: int
) -> dict[str, dict[str, float]]:
    """Ridge regression of magnitude, trained on simulated traces and, for comparison, real ones.

    The simulated training set is the default one, which knows nothing of the real station.
    """
    X, y = simulate_stead(n_train, random_state)
    model = make_pipeline(StandardScaler(), RidgeCV(np.logspace(0, 6, 13)))
    features = _whole_trace_features(real)
    predictions = {
        "trained on simulated": model.fit(_whole_trace_features(X), y).predict(features),
        "trained on the other real ones": cross_val_predict(model, features, magnitude, cv=50),
        "the mean magnitude": np.full(len(magnitude), magnitude.mean()),
    }
    scores = {}
    for name, predicted in predictions.items():
        error = predicted - magnitude
        scores[name] = {
            "correlation": np.corrcoef(predicted, magnitude)[0, 1] if predicted.std() else np.nan,
            "MAE": np.abs(error).mean(),
            "MAE without mean error": np.abs(error - error.mean()).mean(),
        }
    return scores


def local_magnitudes(random_state: int) -> tuple[np.ndarray, np.ndarray]:
    """Magnitudes asked for, and measured on simulated Wood-Anderson records.

    Hutton and Boore (1987), Bull. Seismol. Soc. Am. 77, 2074-2094.
    """
    rng = np.random.default_rng(random_state)
    magnitude, distance = rng.uniform(1.5, 4.5, 600), rng.uniform(15.0, 130.0, 600)
    given = {"magnitude": magnitude, "distance_km": distance, "depth_km": np.full(600, 8.0)}
    X, _ = simulate_len_db(600, random_state, n_timepoints=1200, catalogue=given)
    f = np.fft.rfftfreq(1200, 0.05)
    s, natural = 2j * np.pi * np.maximum(f, 1e-9), 2 * np.pi / 0.8
    response = 2080 * s / (s**2 + 1.4 * natural * s + natural**2) * (f > 0.05)
    peak = 1e3 * np.abs(np.fft.irfft(np.fft.rfft(X[:, 1:]) * response)).max(2)
    r = np.hypot(distance, 8.0)
    measured = np.log10(peak).mean(1) + 1.11 * np.log10(r / 100) + 0.00189 * (r - 100) + 3.0
    return magnitude, measured
