"""Frozen features of series that are scaled as their source was trained."""

from dataclasses import replace

import numpy as np
import pytest

from sktl._lengths import panel_of
from sktl.estimators import FrozenSource, LinearProbeClassifier
from sktl.estimators.features.frozen_scaling import SourceScaling
from sktl.sources import load_source, save_source
from sktl.training.preprocessing import Preprocessing, Standardisation
from sktl.transformations import SourceFeatures

from .test_frozen_source import maps_of_magnet, panel


def another(folder, scaling):
    """Save EMG-simulated as if it had been trained under another scaling."""
    found = load_source("EMG-simulated", "MagNet")
    card = replace(found.card, preprocessing={"scaling": scaling})
    return str(save_source(folder, card, found.arrays))


@pytest.fixture(scope="module")
def z_scored(tmp_path_factory):
    return another(tmp_path_factory.mktemp("sources") / "z", Standardisation.scaling)


def scaled(X, of, source):
    """Scale as the source was trained, with the statistics of other series."""
    if source == "EMG-simulated":
        low, span = (one(axis=(1, 2), keepdims=True) for one in (of.min, of.max))
        mean = ((of - low) / (span - low)).mean(axis=0)
        low, high = X.min(axis=(1, 2), keepdims=True), X.max(axis=(1, 2), keepdims=True)
        return (X - low) / (high - low) - mean
    center, size = (one(axis=(0, 2))[:, None] for one in (of.mean, of.std))
    return (X - center) / size


@pytest.mark.parametrize("stated", ["min-max", "z-scores"])
def test_the_network_sees_the_scaling_of_its_training(stated, z_scored):
    source = "EMG-simulated" if stated == "min-max" else z_scored
    X_train, X = 5 * panel(9, seed=1) + 3, 5 * panel() + 3
    frozen = FrozenSource("MagNet", source, ("max",), preprocessing="source").fit(X_train)
    first, _ = maps_of_magnet(scaled(X, X_train, source), load_source(source, "MagNet").arrays)
    np.testing.assert_allclose(frozen.transform(X)[:, :64], first.max(axis=1), atol=1e-3)
    table = SourceFeatures([source], ["MagNet"], ("max",), False, preprocessing="source")
    np.testing.assert_array_equal(table.fit(X_train).transform(X), frozen.transform(X))


def test_each_channel_is_scaled_as_if_it_were_alone():
    X = panel()
    options = {"pooling": ("max",), "preprocessing": "source"}
    each = FrozenSource("MagNet", "EMG-simulated", channels="each", **options).fit(X)
    alone = FrozenSource("MagNet", "EMG-simulated", **options)
    expected = [alone.fit(X[:, [c]]).transform(X[:, [c]]) for c in range(3)]
    np.testing.assert_allclose(each.transform(X), np.concatenate(expected, axis=1), atol=1e-4)
    with pytest.raises(ValueError, match=r"3 channels as the training.*Received: 2 channels"):
        each.transform(X[:, :2])


@pytest.mark.parametrize("kind", [Preprocessing, Standardisation])
def test_series_of_other_lengths_give_what_they_give_alone(kind):
    X = panel(5)
    other = panel_of([X[0], X[1, :, :13]])
    for fitted_to in (X, panel_of([*X[:4], X[4, :, :9]])):
        scaling = SourceScaling.fit(kind, fitted_to, [slice(None)])
        (scale,) = scaling.scales(other, 1)
        together = scale(other)
        assert np.isnan(together[1, :, 13:]).all()
        (scale,) = scaling.scales(other[1:, :, :13], 1)
        np.testing.assert_allclose(together[1:, :, :13], scale(other[1:, :, :13]), atol=1e-6)
    if kind is Standardisation:
        present = np.concatenate([*X[:4], X[4, :, :9]], axis=1)
        expected = (X[0] - present.mean(axis=1)[:, None]) / present.std(axis=1)[:, None]
        np.testing.assert_allclose(together[0], expected, atol=1e-5)


def test_a_probe_that_knows_the_scaling_of_a_data_set_knows_amplitudes(z_scored):
    y = np.arange(12) % 2
    X = (1 + 2 * y[:, None, None]) * panel(1) * (1 + 1e-3 * panel(12))
    errors = [
        LinearProbeClassifier(
            [z_scored], ["MagNet"], random_features=None, amplitude=False, preprocessing=how
        )
        .fit(X, y)
        .left_out_error_
        for how in ("own", "source")
    ]
    assert errors[1] < 0.1 < errors[0]


def test_what_cannot_be_scaled_is_refused(tmp_path):
    X = panel()
    with pytest.raises(ValueError, match=r"fit\(X_train\).*preprocessing='source' without fit"):
        FrozenSource("MagNet", "EMG-simulated", preprocessing="source").transform(X)
    unknown = another(tmp_path / "unknown", None)
    with pytest.raises(ValueError, match="source='EMG-simulated', whose card states None"):
        LinearProbeClassifier([unknown], ["MagNet"], preprocessing="source").fit(X, [0, 1] * 3)
    with pytest.raises(ValueError, match=r"'own', 'source'.*Received: preprocessing='card'"):
        SourceFeatures(["EMG-simulated"], ["MagNet"], preprocessing="card").fit(X)
    # Random kernels were trained under no scaling.
    random = [FrozenSource("MagNet", None, preprocessing=how).fit(X) for how in ("own", "source")]
    np.testing.assert_array_equal(*(one.transform(X) for one in random))
