"""Simulated words beside the 300 real clips of bed, cat and happy."""

from __future__ import annotations

import io
import tarfile
import wave
from pathlib import Path

import numpy as np
from scipy.fft import dct
from scipy.signal import resample_poly, stft
from sklearn.linear_model import LogisticRegression, RidgeClassifierCV
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.simulator_realism._pictures import draw_speech
from benchmarks.simulator_realism._report import quantiles, told_apart
from sktl.datasets.simulators import simulate_speech_commands

WORDS = ["bed", "cat", "happy"]
DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
RATE = 8000


def read_real(shared: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Read the clips at 8 kHz: panel, words, and which are a whole second long."""
    X, y, whole = [], [], []
    with tarfile.open(shared / "data/speech_commands/sample_300.tar.gz") as archive:
        for name in sorted(n for n in archive.getnames() if n.endswith(".wav")):
            with wave.open(io.BytesIO(archive.extractfile(name).read())) as clip:
                x = np.frombuffer(clip.readframes(-1), "<i2") / 32768
            whole.append(len(x) >= 16000)
            x = resample_poly(x, 1, 2)[:8000]
            X.append(np.pad(x, (0, 8000 - len(x))))
            y.append(Path(name).parent.name)
    return np.array(X, dtype=np.float32)[:, None], np.array(y), np.array(whole)


def log_mel(X: np.ndarray, n_bands: int = 32) -> np.ndarray:
    """Log mel spectrogram in dB, (n, bands, 100 frames of 10 ms)."""
    f, _, Z = stft(X[:, 0], RATE, nperseg=200, noverlap=120, nfft=512)
    power = np.abs(Z) ** 2
    edges = 700 * (10 ** (np.linspace(0, 2595 * np.log10(1 + 4000 / 700), n_bands + 2) / 2595) - 1)
    low, centre, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    bank = np.clip(np.minimum((f - low) / (centre - low), (high - f) / (high - centre)), 0, None)
    bank /= bank.sum(axis=1, keepdims=True)
    return 10 * np.log10(np.einsum("bf,nft->nbt", bank, power[:, :, :100]) + 1e-12)


def read_digits(shared: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read every fifth clip of the Free Spoken Digit Dataset, padded to a second."""
    X, y = [], []
    with tarfile.open(shared / "data/fsdd/recordings.tar.gz") as archive:
        for name in sorted(n for n in archive.getnames() if n.endswith(".wav")):
            digit, _, number = Path(name).stem.split("_")
            if int(number) % 5 == 0:
                with wave.open(io.BytesIO(archive.extractfile(name).read())) as clip:
                    x = np.frombuffer(clip.readframes(-1), "<i2")[:8000] / 32768
                hush = 1e-4 * np.random.default_rng(len(X)).standard_normal(8000)
                X.append(np.pad(x, (0, 8000 - len(x))) + hush)
                y.append(DIGITS[int(digit)])
    return np.array(X, dtype=np.float32)[:, None], np.array(y)


def describe(X: np.ndarray) -> dict[str, np.ndarray]:
    """Features of clips by name, none of which knows the word or the clip's level."""
    mel = log_mel(X)
    energy = 10 * np.log10((10 ** (mel / 10)).mean(axis=1))
    top = energy.max(axis=1, keepdims=True)
    features = {}
    order = np.sort(energy - top, axis=1)
    for share in (0.05, 0.25, 0.5, 0.75, 0.9):
        features[f"energy quantile {share:g}"] = order[:, int(share * order.shape[1])]
    loud = energy > top - 20
    features["share of time within 20 dB"] = loud.mean(axis=1)
    features["first loud frame"] = loud.argmax(axis=1)
    features["last loud frame"] = loud.shape[1] - loud[:, ::-1].argmax(axis=1)
    level = (mel * loud[:, None]).sum(axis=2) / loud.sum(axis=1)[:, None]
    level -= level.mean(axis=1, keepdims=True)
    weight = loud[:, None] / loud.sum(axis=1)[:, None, None]
    spread = np.sqrt((weight * (mel - (mel * weight).sum(axis=2, keepdims=True)) ** 2).sum(axis=2))
    change = np.abs(np.diff(mel, axis=2))
    both = (loud[:, 1:] & loud[:, :-1])[:, None]
    change = (change * both).sum(axis=2) / np.maximum(both.sum(axis=2), 1)
    quiet = np.quantile(mel, 0.1, axis=2) - top
    for band in range(0, mel.shape[1], 2):
        features[f"level of band {band}"] = level[:, band]
        features[f"spread of band {band}"] = spread[:, band]
        features[f"change of band {band}"] = change[:, band]
        features[f"background of band {band}"] = quiet[:, band]
    # Roughness along frequency: how sharp formants and harmonics stand out.
    cepstrum = dct(mel, axis=1, norm="ortho")
    for k in (1, 2, 4, 6, 8, 12, 16, 24):
        features[f"cepstrum {k}"] = np.sqrt((weight[:, 0] * cepstrum[:, k] ** 2).sum(axis=1))
    peaks = energy.argmax(axis=1).clip(3, 92) * 80 - 200
    loudest = np.array([x[0, i : i + 400] for x, i in zip(X, peaks, strict=True)])
    spectrum = np.fft.rfft(loudest, 1024, axis=1)
    correlation = np.fft.irfft(np.abs(spectrum) ** 2, axis=1)
    correlation /= correlation[:, :1]
    features["periodicity"] = correlation[:, 20:120].max(axis=1)
    features["pitch lag"] = correlation[:, 20:120].argmax(axis=1)
    features["peak over rms"] = np.abs(X[:, 0]).max(axis=1) / X[:, 0].std(axis=1)
    return features


def formants(X: np.ndarray) -> np.ndarray:
    """Medians of F1 to F3 over the loud frames of each clip, by linear prediction, in Hz."""
    out = np.full((len(X), 3), np.nan)
    for i, x in enumerate(X[:, 0]):
        x = np.append(x[0], x[1:] - 0.95 * x[:-1])
        frames = np.lib.stride_tricks.sliding_window_view(x, 240)[::80]
        power = frames.var(axis=1)
        found = []
        for frame in frames[power > power.max() / 10]:
            r = np.correlate(frame * np.hamming(240), frame * np.hamming(240), "full")[239:250]
            matrix = r[np.abs(np.subtract.outer(range(10), range(10)))] + 1e-6 * r[0] * np.eye(10)
            roots = np.roots(np.append(1, -np.linalg.solve(matrix, r[1:])))
            roots = roots[roots.imag > 0.01]
            frequency = np.angle(roots) * RATE / (2 * np.pi)
            width = -np.log(np.abs(roots)) * RATE / np.pi
            frequency = np.sort(frequency[(width < 500) & (frequency > 180)])
            if len(frequency) >= 3:
                found.append(frequency[:3])
        if found:
            out[i] = np.median(found, axis=0)
    return out


def _aligned(X: np.ndarray) -> np.ndarray:
    """Log mel spectrograms of 0.8 s, the energy's centre in the middle, each scaled."""
    mel = log_mel(X)
    energy = (10 ** (mel / 10)).sum(axis=1)
    centre = (energy * np.arange(100)).sum(axis=1) / energy.sum(axis=1)
    top = mel.max(axis=(1, 2), keepdims=True)
    mel = np.pad((mel - top).clip(-55, 0), ((0, 0), (0, 0), (40, 40)), constant_values=-55)
    return np.stack([m[:, int(c) : int(c) + 80] for m, c in zip(mel, centre, strict=True)])


def _scaled(X: np.ndarray) -> np.ndarray:
    low, high = X.min(axis=2, keepdims=True), X.max(axis=2, keepdims=True)
    return (X - low) / (high - low)


def _flat(X: np.ndarray) -> np.ndarray:
    return _aligned(X)[:, ::2, ::2].reshape(len(X), -1)


def _listener() -> Pipeline:
    return make_pipeline(StandardScaler(), LogisticRegression(C=1e-3, max_iter=300))


def digits_score(shared: Path, n_train: int, random_state: int) -> float:
    """Accuracy on real spoken digits after simulated ones only; chance is 0.1."""
    X, y = simulate_speech_commands(n_train, random_state, words=DIGITS)
    real, digits = read_digits(shared)
    return _listener().fit(_flat(X), y).score(_flat(real), digits)


def transfer_score(
    real: np.ndarray, y: np.ndarray, n_train: int, random_state: int
) -> dict[str, float]:
    """Accuracy on the real clips of classifiers that saw simulated ones only; chance is 1/3."""
    X, words = simulate_speech_commands(n_train, random_state, words=WORDS)
    model, flat = _listener(), _flat
    known = cross_val_score(model, flat(real), y, cv=10).mean()
    scores = {"trained on the real clips, ten folds (log mel)": float(known)}
    scores["trained on 1,500 simulated clips, log mel"] = model.fit(flat(X), words).score(
        flat(real), y
    )
    predicted = model.predict(flat(real))
    for word in WORDS:
        scores[f"recall of {word}"] = float((predicted[y == word] == word).mean())
    from sktime.transformations.panel.rocket import MiniRocketMultivariate

    kernels = MiniRocketMultivariate(2000, random_state=random_state).fit(_scaled(X))
    ridge = make_pipeline(StandardScaler(), RidgeClassifierCV(np.logspace(0, 6, 13)))
    ridge.fit(kernels.transform(_scaled(X)).to_numpy(), words)
    scores["trained on 1,500 simulated clips, MiniRocket"] = ridge.score(
        kernels.transform(_scaled(real)).to_numpy(), y
    )
    return scores


def judge(shared: Path, out: Path, random_state: int) -> list[str]:
    """Compare, draw, and return the report's lines."""
    real, y, whole = read_real(shared)
    X, words = simulate_speech_commands(300, random_state, words=WORDS)
    draw_speech(out / "speech.png", X, words, real[whole], y[whole])
    features_real, features = describe(real[whole]), describe(X)
    found_real, found = formants(real[whole]), formants(X)
    lines = [
        "## Speech",
        "",
        f"{whole.sum()} real clips of bed, cat and happy that last a whole second against 300 "
        "simulated ones.",
        "",
        *told_apart(features_real, features, (_scaled(real[whole]), _scaled(X)), random_state),
        "",
        "### Formants of loud frames (median over clips, Hz)",
        "",
        "| word | real F1, F2, F3 | simulated |",
        "|---|---|---|",
    ]
    for word in WORDS:
        pair = (found_real[y[whole] == word], found[words == word])
        cells = [", ".join(f"{f:.0f}" for f in np.nanmedian(values, axis=0)) for values in pair]
        lines.append(f"| {word} | {cells[0]} | {cells[1]} |")
    lines += ["", "### Long-term average spectrum (median over clips, dB re mean of bands)", ""]
    lines += ["| mel band | real | simulated |", "|---|---|---|"]
    for band in range(0, 32, 4):
        name = f"level of band {band}"
        lines.append(f"| {band} | {quantiles(features_real[name])} | {quantiles(features[name])} |")
    lines += [
        "",
        "### Told on real clips (all 300; chance 0.333)",
        "",
        "| | accuracy |",
        "|---|---|",
    ]
    scores = transfer_score(real, y, 1500, random_state)
    scores["trained on 2,000 simulated digits, told on 600 real ones (chance 0.1)"] = digits_score(
        shared, 2000, random_state
    )
    return lines + [f"| {name} | {score:.3f} |" for name, score in scores.items()]
