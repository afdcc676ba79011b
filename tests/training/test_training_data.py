"""Hashes by which a search knows what a source was trained on."""

import numpy as np
import pytest

from sktl.training.training_data import data_hash, data_hashes


@pytest.mark.parametrize("kind", [int, float, np.int16, np.float32])
def test_whole_numbers_are_known_as_labels_and_as_numbers(kind):
    X, y = np.ones((3, 1, 2)), np.array([1, 2, 10], kind)
    found = data_hashes(X, y)
    assert found[0] == data_hash(X, y)
    assert {data_hash(X, y.astype(int)), data_hash(X, y.astype(float))} <= set(found)


@pytest.mark.parametrize("y", [[0.5, 1.0], ["a", "b"], [1.0, np.inf], [True, False]])
def test_other_targets_have_one_form(y):
    X = np.ones((2, 1, 2))
    assert data_hashes(X, y) == [data_hash(X, y)]
    assert data_hashes(X, y) != data_hashes(X + 1, y)
