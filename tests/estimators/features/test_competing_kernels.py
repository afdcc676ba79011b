"""Hydra: counts of competing kernels, against a plain form and against aeon's."""

import numpy as np
import pytest

from sktl.estimators.features.competing_kernels import HydraBlock


def panel(n_instances=5, n_channels=2, n_timepoints=40, seed=0):
    X = np.random.default_rng(seed).normal(size=(n_instances, n_channels, n_timepoints))
    return X.astype(np.float32)


def plain_counts(block, X):
    """Convolve by numpy, kernel by kernel."""
    found = []
    for i, d, side, g in np.ndindex(len(X), *block.kernels_.shape[:3]):
        seen = X[i].astype(float) if side == 0 else np.diff(X[i].astype(float))
        seen = seen[block.channels_[d, side, g]].sum(axis=0)
        responses = []
        for kernel in block.kernels_[d, side, g]:
            dilated = np.zeros(8 * block.dilations_[d] + 1)
            dilated[:: block.dilations_[d]] = kernel
            whole = np.convolve(seen, dilated[::-1])
            responses.append(whole[4 * block.dilations_[d] :][: len(seen)])
        responses = np.array(responses)
        of_winners = np.bincount(responses.argmax(axis=0), responses.max(axis=0), 8)
        of_losers = np.bincount(responses.argmin(axis=0), minlength=8)
        found.append(np.column_stack([of_winners, of_losers]))
    return np.sqrt(np.maximum(found, 0)).reshape(len(X), -1)


@pytest.mark.parametrize(("n_channels", "n_timepoints"), [(1, 40), (3, 17), (20, 12)])
def test_counts_are_those_of_plain_convolutions(n_channels, n_timepoints):
    X = panel(2, n_channels, n_timepoints)
    block = HydraBlock().fit(X)
    np.testing.assert_allclose(block.counts(X), plain_counts(block, X), atol=1e-3)


def test_counts_are_aeons_with_the_same_kernels():
    pytest.importorskip("torch")
    aeon = pytest.importorskip("aeon.transformations.collection.convolution_based")
    X = panel(4, 3, 101)
    theirs = aeon.HydraTransformer(random_state=0, output_type="numpy").fit(X)
    inside = theirs._hydra
    block = HydraBlock().fit(X)
    block.kernels_ = inside.W.numpy()[:, :, :, 0].reshape(block.kernels_.shape)
    block.channels_ = np.stack([chosen.numpy() for chosen in inside.idx])
    ours = block.counts(X).reshape(4, len(block.dilations_), 2, 32, 8, 2)
    expected = np.asarray(theirs.transform(X)).reshape(4, len(block.dilations_), 2, 2, 32, 8)
    expected = np.sqrt(np.maximum(expected, 0)).transpose(0, 1, 2, 4, 5, 3)
    np.testing.assert_allclose(ours, expected, atol=1e-3)


def test_every_time_point_has_one_loser():
    X = panel(3, 1, 64)
    counts = HydraBlock().fit(X).counts(X).reshape(3, -1, 2, 32, 8, 2) ** 2
    lost = counts[..., 1].sum(axis=-1)
    np.testing.assert_allclose(lost[:, :, 0], 64, rtol=1e-4)
    np.testing.assert_allclose(lost[:, :, 1], 63, rtol=1e-4)


def test_features_are_scaled_by_the_training_series_and_zeros_stay():
    X = panel(8, 1, 30)
    block = HydraBlock().fit(X)
    features, counts = block.transform(X), block.counts(X)
    assert (features[counts == 0] == 0).all()
    often = (counts > 0).all(axis=0) & (counts.std(axis=0) > 0.01)
    np.testing.assert_allclose(features[:, often].std(axis=0), 1, rtol=1e-3)
    np.testing.assert_array_equal(block.transform(X[2:3]), features[2:3])


@pytest.mark.parametrize("n_timepoints", [1, 2, 8, 9, 10])
def test_short_and_constant_series_give_finite_features(n_timepoints):
    X = panel(4, 2, n_timepoints)
    X[0] = 7
    features = HydraBlock().fit(X).transform(X)
    assert features.shape == (4, 1024)
    assert np.isfinite(features).all()


def test_the_seed_draws_the_kernels():
    X = panel()
    first, again, other = (HydraBlock(seed).fit(X).transform(X) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
