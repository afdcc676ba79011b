"""The simulators as generators."""

import numpy as np
import pytest

from sktl.datasets import get_spec, list_datasets
from sktl.synthesis import BaseGenerator, SimulatorGenerator


@pytest.mark.fast_only("S&P 500", "LEN-DB")
@pytest.mark.parametrize("name", [spec.name for spec in list_datasets() if spec.has_simulator])
def test_every_simulator_generates(name):
    spec = get_spec(name)
    X, y = spec.simulate(6, random_state=0)[:2]
    generator = SimulatorGenerator(name, surplus=2).fit(X, y)
    X_new, y_new = generator.sample(4, random_state=1)
    assert X_new.shape == (4, spec.n_channels, spec.n_timepoints)
    assert len(y_new) == 4
    assert not np.array_equal(X_new, X[:4])
    again, _ = generator.sample(4, random_state=1)
    np.testing.assert_array_equal(again, X_new)


@pytest.mark.slow
def test_labels_are_those_of_the_series(all_subjects):
    X, y = get_spec("EMG").simulate(8, random_state=0, n_subjects=1, windows_per_hold=2)[:2]
    generator = SimulatorGenerator("EMG").fit(X, y)
    X_new, y_new = generator.sample(y=["Pinch2"] * 60, random_state=3)
    assert set(y_new) == {"Pinch2"}
    # Of the same class as the simulator's own: compare the channels' energies.
    X_own, y_own = get_spec("EMG").simulate(400, random_state=9)[:2]
    energies = {label: X_own[np.asarray(y_own) == label].std(axis=(0, 2)) for label in set(y_own)}
    distance = {k: np.abs(np.log(X_new.std(axis=(0, 2)) / v)).sum() for k, v in energies.items()}
    assert min(distance, key=distance.get) == "Pinch2"


@pytest.mark.slow
def test_numbers_are_those_that_were_simulated(tmp_path):
    X, y = get_spec("S&P 500").simulate(30, random_state=0)[:2]
    generator = SimulatorGenerator("S&P 500", surplus=20).fit(X, np.asarray(y, float))
    wanted = np.full(20, np.median(y))
    X_new, y_new = generator.sample(y=wanted, random_state=0)
    assert not np.array_equal(y_new, wanted)
    # The next close is near the last one of its own series.
    assert np.abs(y_new / X_new[:, 0, -1] - 1).max() < 0.3
    loaded = BaseGenerator.load(generator.save(tmp_path / "g.npz"))
    np.testing.assert_array_equal(loaded.sample(y=wanted, random_state=0)[1], y_new)


@pytest.mark.parametrize(
    ("dataset", "X", "y", "message"),
    [
        ("EMG", np.zeros((2, 3, 80)), ["Pinch1", "fist"], r"Received: \['fist'\]"),
        (
            "EMG",
            np.zeros((2, 3, 81)),
            ["Pinch1", "Pinch2"],
            r"80 time points, as.*Received: \(3, 81\)",
        ),
        ("EMG", np.zeros((2, 3, 80)), [0.5, 1.5], "y must be for classification"),
        ("S&P 500", np.zeros((2, 1, 50)), ["up", "down"], "y must be for regression"),
        ("EMGG", np.zeros((2, 3, 80)), ["Pinch1", "Pinch2"], "EMG"),
    ],
)
def test_what_a_simulator_cannot_do(dataset, X, y, message):
    with pytest.raises(ValueError, match=message):
        SimulatorGenerator(dataset).fit(X, np.array(y))
