"""The series and answers from which one source for all learns."""

import numpy as np

from benchmarks.studies.one_source import LENGTH, names_of, views


def test_views_are_pieces_of_one_channel_at_any_speed():
    ramps = np.stack([np.arange(300.0), np.arange(300.0) + 1e6])
    found = views(np.stack([ramps] * 20), np.random.default_rng(0))
    assert found.shape == (20, 1, LENGTH)
    steps = np.diff(found[:, 0].astype(float), axis=1)
    # A piece of a ramp is a ramp; float32 rounds values near a million.
    np.testing.assert_allclose(
        steps, steps.mean(axis=1, keepdims=True) * np.ones(LENGTH - 1), atol=0.1
    )
    assert steps.mean(axis=1).min() < 1 < steps.mean(axis=1).max()
    first = found[:, 0, 0]
    assert (first < 300).any()
    assert (first >= 1e6).any()


def test_numbers_are_named_by_their_fifth():
    assert sorted(set(names_of(np.arange(100.0)))) == list("01234")
    assert names_of(np.array(["b", "a"])).tolist() == ["b", "a"]
