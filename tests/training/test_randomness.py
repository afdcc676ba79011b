"""Streams and the inner split."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import train_test_split

from sktl.training.randomness import STREAMS, random_streams, validation_split


def drawn(random_state):
    return {name: stream.integers(2**62) for name, stream in random_streams(random_state).items()}


def test_streams_differ_from_each_other_and_between_seeds():
    assert len(set(drawn(0).values())) == len(STREAMS)
    assert drawn(0) == drawn(0)
    assert not set(drawn(0).values()) & set(drawn(1).values())


def test_generators_advance():
    for make in (np.random.RandomState, np.random.default_rng):
        state = make(0)
        first = drawn(state)
        assert first != drawn(state)
        assert first == drawn(make(0))


@pytest.mark.parametrize("wrong", ["0", 0.5, -1])
def test_wrong_random_state_is_named(wrong):
    with pytest.raises(TypeError, match=r"Received: random_state="):
        random_streams(wrong)


@given(
    st.lists(st.integers(0, 4), min_size=2, max_size=80),
    st.floats(0.01, 0.9),
    st.integers(0, 5),
)
def test_split_keeps_every_class_in_training(labels, share, seed):
    labels = np.array(labels)
    if np.bincount(labels).max() < 2:
        with pytest.raises(ValueError, match="two of one class"):
            validation_split(len(labels), share, labels, np.random.default_rng(seed))
        return
    training, held = validation_split(len(labels), share, labels, np.random.default_rng(seed))
    assert sorted([*training, *held]) == list(range(len(labels)))
    assert set(labels[training]) == set(labels)
    most = len(labels) - len(set(labels.tolist()))
    assert len(held) == min(max(1, round(share * len(labels))), most)


def test_class_counts_equal_scikit_learns():
    labels = np.repeat(["a", "b", "c"], [100, 40, 60])
    _, held = validation_split(200, 0.15, labels, np.random.default_rng(0))
    expected = train_test_split(labels, test_size=0.15, stratify=labels, random_state=0)[1]
    assert np.unique(labels[held], return_counts=True)[1].tolist() == (
        np.unique(expected, return_counts=True)[1].tolist()
    )


def test_one_instance_cannot_be_split():
    with pytest.raises(ValueError, match="1 instances"):
        validation_split(1, 0.15, None, np.random.default_rng(0))
