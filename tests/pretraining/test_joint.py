"""A source of several simulators and targets at once."""

from dataclasses import replace

import numpy as np
import pytest

from sktl.datasets.simulators import iter_seismic, simulate_len_db, simulate_seismic
from sktl.estimators import ConvNetQuakeINGVRegressor
from sktl.pretraining import pretrain, recipe_for
from sktl.pretraining.joint import spec_of


@pytest.fixture(scope="module")
def records():
    return simulate_seismic(256, random_state=1, return_groups=True)


def test_every_target_means_what_it_says(records):
    X, y, groups = records
    assert X.shape == (256, 3, 540)
    assert np.isfinite(X).all()
    magnitude, distance, delay, _, _, quake = y.T
    assert set(quake) == {0, 1}
    assert 0.1 < 1 - quake.mean() < 0.3
    assert np.isnan(y[quake == 0, :5]).all()
    assert np.isfinite(y[quake == 1][:, [0, 1, 3, 4]]).all()
    assert ((magnitude > -1) & (magnitude < 9))[quake == 1].all()
    # S is slower than P by about a second every 8 km, and must arrive in the 27 s.
    near = np.isfinite(delay)
    hypocentral = np.hypot(10**distance, 10 ** y[:, 3])
    assert 6 < np.median(hypocentral[near] / delay[near]) < 10
    assert (delay[near] < 27).all()
    # An earthquake is louder after its first seconds than before, noise is not.
    change = np.log10(X[:, :, 160:360].std(axis=(1, 2)) / X[:, :, 5:75].std(axis=(1, 2)))
    assert np.median(change[quake == 1]) > 0.5
    assert abs(np.median(change[quake == 0])) < 0.2
    assert len(np.unique(groups)) > 60


def test_a_small_simulation_is_the_beginning_of_a_large_one(records):
    first, second = iter_seismic(100, random_state=1, batch_size=70)
    np.testing.assert_array_equal(np.concatenate([first[0], second[0]]), records[0][:100])
    np.testing.assert_array_equal(np.concatenate([first[1], second[1]]), records[1][:100])


def test_one_network_learns_all_and_starts_another(tmp_path):
    recipe = replace(recipe_for("seismic"), n_timepoints=200, limit=1.5)
    made = pretrain(
        "seismic", "ConvNetQuakeINGV", n_instances=200, n_epochs=2, recipe=recipe, out=tmp_path,
        parameters={"n_layers": 3, "filters": 4, "l2": 0.0},
    )  # fmt: skip
    card = made.card
    assert (card.name, card.dataset, card.simulated) == ("seismic", "seismic-simulated", True)
    assert (card.domain, card.n_outputs, card.parameters["stream_max"]) == ("seismology", 6, "log")
    assert tuple(card.training["targets"]) == spec_of("seismic").targets
    errors = list(card.training["targets"].values())
    assert card.score["metric"] == "relative_mae"
    assert card.score["value"] == pytest.approx(np.mean(errors))
    X, y = simulate_len_db(20, random_state=0, n_timepoints=200)
    network = ConvNetQuakeINGVRegressor.from_pretrained(
        made.path, n_layers=3, filters=4, omega=0.0, n_epochs=1, random_state=0
    )
    assert network.fit(X, y).predict(X).shape == (20,)


def test_it_is_simulated_alone(tmp_path):
    for options in ({"data": "real"}, {"path": tmp_path}):
        with pytest.raises(ValueError, match="'seismic' has no files"):
            pretrain("seismic", "TCN", out=tmp_path, **options)
