"""Folds: every splitter of scikit-learn, groups, masks."""

import numpy as np
import pytest
from sklearn.model_selection import LeaveOneGroupOut, StratifiedKFold, TimeSeriesSplit

from sktl.training.folds import (
    checked_groups,
    comparable,
    folds_among,
    folds_of,
    of_seen_classes,
)


def as_lists(folds):
    return [(train.tolist(), test.tolist()) for train, test in folds]


def test_without_anything_every_instance_is_alone():
    assert folds_of(10) is None


def test_up_to_ten_groups_are_left_out_each_and_more_in_ten_folds():
    groups = np.repeat(["b", "a", "c"], 4)
    expected = LeaveOneGroupOut().split(groups[:, None], groups=groups)
    assert as_lists(folds_of(12, groups=groups)) == as_lists(expected)
    groups = np.arange(60) // 2
    folds = folds_of(60, groups=groups)
    assert len(folds) == 10
    for train, test in folds:
        assert not set(groups[train]) & set(groups[test])
    assert sorted(np.concatenate([test for _, test in folds])) == list(range(60))


@pytest.mark.parametrize("number", [3, np.int64(3)])
def test_a_number_of_folds_keeps_groups_whole(number):
    groups = np.arange(24) % 5
    folds = folds_of(24, number, groups)
    assert len(folds) == 3
    assert all(not set(groups[train]) & set(groups[test]) for train, test in folds)


def test_a_number_of_folds_of_classes_in_order_gives_every_fold_its_share():
    y = np.repeat(["a", "b", "c"], 6)
    folds = folds_of(18, 3, y=y, stratify=True)
    assert as_lists(folds) == as_lists(StratifiedKFold(3).split(y[:, None], y))
    assert folds_of(18, 3, y=np.arange(18.0))[0][1].tolist() == list(range(6))


def test_splitters_iterables_and_masks():
    assert as_lists(folds_of(9, TimeSeriesSplit(2))) == [
        ([0, 1, 2], [3, 4, 5]), (list(range(6)), [6, 7, 8]),
    ]  # fmt: skip
    mask = np.arange(6) < 4
    assert as_lists(folds_of(6, [(mask, ~mask)])) == [([0, 1, 2, 3], [4, 5])]


def test_errors_say_what_is_wrong():
    with pytest.raises(ValueError, match=r"two different labels.*Received: one group"):
        folds_of(3, groups=["a", "a", "a"])
    with pytest.raises(ValueError, match=r"each of the 4 instances.*Received: shape \(3,\)"):
        checked_groups([1, 2, 3], 4)
    assert checked_groups(None, 4) is None


def test_among_some_instances_the_same_are_left_out_together():
    groups = np.arange(20) % 4
    folds = folds_of(20, groups=groups)
    chosen = np.array([0, 1, 5, 9, 18])
    among = folds_among(folds, chosen, 20)
    assert as_lists(among) == as_lists(folds_of(5, groups=groups[chosen]))
    assert folds_among(None, chosen, 20) is None
    assert folds_among(folds, np.array([0, 4]), 20) is None  # of one group alone


def test_instances_of_classes_that_are_not_trained_on_are_not_tested():
    labels = np.array(["a", "b", "a", "b", "c", "a"])
    folds = folds_of(6, groups=[0, 0, 1, 1, 1, 2])
    assert as_lists(of_seen_classes(folds, labels)) == [
        ([2, 3, 4, 5], [0, 1]), ([0, 1, 5], [2, 3]), ([0, 1, 2, 3, 4], [5]),
    ]  # fmt: skip
    assert comparable(folds, labels)
    assert comparable(None, labels)


def test_where_no_class_is_trained_on_and_tested_folds_stay_and_compare_nothing():
    labels = np.array(["a", "b", "c", "c"])
    folds = folds_of(4, groups=[0, 1, 2, 2])
    assert as_lists(of_seen_classes(folds, labels)) == as_lists(folds)
    assert not comparable(folds, labels)
    assert not comparable(None, labels[:3])


def test_among_some_instances_classes_are_looked_at_anew():
    labels = np.array(["a", "b", "a", "b"])
    folds = [(np.array([0, 1]), np.array([2, 3])), (np.array([2, 3]), np.array([0, 1]))]
    chosen = np.array([0, 2, 3])
    assert as_lists(folds_among(folds, chosen, 4)) == [([0], [1, 2]), ([1, 2], [0])]
    assert as_lists(folds_among(folds, chosen, 4, labels)) == [([0], [1]), ([1, 2], [0])]
