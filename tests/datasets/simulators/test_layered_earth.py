import numpy as np
import pytest

from sktl.datasets.forward_model import ricker, synthetic_traces
from sktl.datasets.simulators import (
    iter_layered_earth,
    simulate_layered_earth,
    simulate_wedge,
)


def test_format():
    X, y, groups = simulate_layered_earth(130, 0, return_groups=True)
    assert X.shape == (130, 1, 400)
    assert y.shape == (130, 400)
    assert (X.dtype, y.dtype) == (np.float32, np.float32)
    assert np.bincount(groups).tolist() == [64, 64, 2]
    assert np.isfinite(X).all()
    assert (y > 1.4e6).all()
    assert (y < 3e7).all()


def test_traces_depend_neither_on_the_number_asked_for_nor_on_the_batch_size():
    X, y = simulate_layered_earth(100, 5, noise=0.2)
    few = simulate_layered_earth(7, 5, noise=0.2)
    np.testing.assert_array_equal(X[:7], few[0])
    np.testing.assert_array_equal(y[:7], few[1])
    batches = list(iter_layered_earth(100, 5, noise=0.2, batch_size=30))
    np.testing.assert_array_equal(np.concatenate([batch[0] for batch in batches]), X)


def test_traces_are_those_of_the_impedance():
    X, y = simulate_layered_earth(64, 0, frequency_hz=30.0)
    expected = synthetic_traces(y, ricker(30.0, 0.004))
    np.testing.assert_allclose(X[:, 0], expected, atol=1e-5)


def test_impedance_grows_with_depth_and_neighbours_resemble_each_other():
    _, y = simulate_layered_earth(640, 0)
    assert np.median(y[:, -50:]) > 1.3 * np.median(y[:, :50])
    neighbours = np.mean([np.corrcoef(y[i], y[i + 1])[0, 1] for i in range(0, 63)])
    strangers = np.mean([np.corrcoef(y[i], y[i + 64])[0, 1] for i in range(0, 63)])
    assert neighbours > 0.9 > strangers


def test_noise_is_a_share_of_the_section():
    clean, _ = simulate_layered_earth(64, 0)
    noisy, _ = simulate_layered_earth(64, 0, noise=0.2)
    assert (noisy - clean).std() == pytest.approx(0.2 * clean.std(), rel=0.03)


def test_wedge_tunes_where_theory_says():
    # Kallweit and Wood (1982): two opposite reflections interfere to the largest amplitude at a
    # two-way time of sqrt(6) / (2 pi f).
    X, y, thickness = simulate_wedge(
        101, dt_s=0.0005, n_timepoints=800, thickest_s=0.05, frequency_hz=25.0,
        return_thickness=True,
    )  # fmt: skip
    tuned = thickness[np.abs(X[:, 0]).max(1).argmax()]
    assert tuned == pytest.approx(np.sqrt(6) / (2 * np.pi * 25.0), abs=0.001)
    assert np.abs(X[0]).max() == 0
    assert (y[0] == 6e6).all()
    assert (y == 7.5e6).sum(1) * 0.0005 == pytest.approx(thickness)


def test_ricker_has_the_values_of_bruges():
    # bruges 0.5.4, filters.ricker(0.128, 0.002, 25)
    expected = [1.0, 0.927483, 0.727177, 0.445174, 0.141794, -0.126115, -0.31944]
    wavelet = ricker(25.0, 0.002)
    centre = len(wavelet) // 2
    np.testing.assert_allclose(wavelet[centre : centre + 7], expected, atol=1e-6)
    spectrum = np.abs(np.fft.rfft(wavelet, 4096))
    assert np.fft.rfftfreq(4096, 0.002)[spectrum.argmax()] == pytest.approx(25.0, abs=0.2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_instances": 0}, "n_instances"),
        ({"n_instances": 3, "dt_s": 0.0}, "dt_s"),
        ({"n_instances": 3, "frequency_hz": (30.0, 10.0)}, "frequency_hz"),
        ({"n_instances": 3, "frequency_hz": 500.0}, "frequency_hz"),
        ({"n_instances": 3, "noise": -1.0}, "noise"),
    ],
)
def test_wrong_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        simulate_layered_earth(**arguments)


def test_wedge_must_fit():
    with pytest.raises(ValueError, match="thickest_s"):
        simulate_wedge(thickest_s=10.0)
