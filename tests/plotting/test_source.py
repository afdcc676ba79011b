import numpy as np
import pytest

from sktl.plotting import plot_source
from sktl.sources import Card, load_source, save_source


def test_a_bundled_source_at_a_glance():
    card, kernels, spectra, training = plot_source("EMG-Roshambo", "MagNet")
    words = {text.get_text() for text in card.texts}
    assert {"200 Hz", "10,065", "real"} <= words
    (image,) = kernels.get_images()
    kernel = load_source("EMG-Roshambo", "MagNet").arrays["conv1/kernel"]
    assert image.get_array().shape == (len(kernel), 24)
    assert spectra.get_xlim() == (0, 100)  # half of 200 Hz
    assert len(training.get_lines()[0].get_xdata()) == 15


def test_the_spectrum_of_a_known_kernel(tmp_path):
    times = np.arange(16)
    tones = [np.sin(2 * np.pi * cycles * times / 16) for cycles in (6, 2, 4)]
    kernel = np.array(tones, "float32").T[:, None, :]
    card = Card("tones", "MagNet", "regression", 1, 100, 1, sampling_rate=32.0,
                transferable=["conv1"])  # fmt: skip
    folder = save_source(tmp_path / "tones", card, {"conv1/kernel": kernel})
    _, kernels, spectra, training = plot_source(folder, "MagNet")
    peaks = [line.get_xdata()[np.argmax(line.get_ydata())] for line in spectra.get_lines()[:3]]
    assert peaks == pytest.approx([12, 4, 8], abs=0.6)  # cycles in 16 points, at 32 Hz
    # Low to high, each over its largest value.
    shown = np.asarray(kernels.get_images()[0].get_array())
    np.testing.assert_allclose(shown, np.array([tones[1], tones[2], tones[0]]).T, atol=0.09)
    assert "No training curves" in training.texts[0].get_text()


def test_a_source_without_convolutions_says_so(tmp_path):
    card = Card("flat", "LSTM", "regression", 1, 100, 1)
    folder = save_source(tmp_path / "flat", card, {"lstm/kernel": np.ones((1, 8), "float32")})
    _, kernels, spectra, _ = plot_source(folder, "LSTM")
    assert "No kernels" in kernels.texts[0].get_text()
    assert "No spectra" in spectra.texts[0].get_text()


def test_an_unknown_source_is_refused():
    with pytest.raises(ValueError, match="Did you mean 'STEAD'"):
        plot_source("STAED", "MagNet")
