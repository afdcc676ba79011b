"""Splits: every instance once, shares and classes kept, groups whole, the same for a seed."""

import numpy as np
import pytest
from sklearn.model_selection import train_test_split

from sktl.datasets._splits import (
    PARTS,
    draw,
    grouped_split,
    ordered_split,
    random_split,
    seed_of,
    share_out,
)

LABELS = np.repeat(["a", "b", "c"], [700, 250, 50])


def assert_partition(parts, n):
    assert tuple(parts) == PARTS
    np.testing.assert_array_equal(np.sort(np.concatenate(list(parts.values()))), np.arange(n))


@pytest.mark.parametrize("n", [3, 10, 50, 1000, 19_426])
def test_random_split(n):
    parts = random_split(n, seed=1)
    assert_partition(parts, n)
    for part, share in zip(parts.values(), (0.7, 0.15, 0.15), strict=True):
        assert abs(len(part) - share * n) < 1
    np.testing.assert_array_equal(parts["test"], random_split(n, seed=1)["test"])


def test_seed_changes_the_split():
    assert set(random_split(100, seed=1)["test"]) != set(random_split(100, seed=2)["test"])


def test_random_split_within_each_class():
    parts = random_split(1000, LABELS)
    assert_partition(parts, 1000)
    assert [len(rows) for rows in parts.values()] == [700, 150, 150]
    counts = [np.unique(LABELS[rows], return_counts=True)[1].tolist() for rows in parts.values()]
    assert np.abs(np.array(counts) - np.outer([0.7, 0.15, 0.15], [700, 250, 50])).max() <= 1


def test_many_small_classes_keep_the_shares():
    parts = random_split(105, np.repeat(np.arange(35), 3))
    assert_partition(parts, 105)
    assert [len(rows) for rows in parts.values()] == [73, 16, 16]


@pytest.mark.parametrize("n_groups", [3, 6, 66, 500])
def test_grouped_split_keeps_groups_whole(n_groups):
    groups = np.random.default_rng(0).integers(n_groups, size=2000).astype(str)
    parts = grouped_split(groups, seed=3)
    assert_partition(parts, 2000)
    sets = [set(groups[rows]) for rows in parts.values()]
    assert sum(map(len, sets)) == len(set(groups))
    assert all(sets)
    if n_groups >= 66:
        shares = np.array([len(rows) for rows in parts.values()]) / 2000
        np.testing.assert_allclose(shares, [0.7, 0.15, 0.15], atol=0.03)


def test_grouped_split_with_one_large_group():
    groups = np.array(["big"] * 90 + ["x", "y"] + ["z"] * 8)
    parts = grouped_split(groups)
    assert_partition(parts, 100)
    assert all(len(rows) for rows in parts.values())


def test_too_few_groups():
    with pytest.raises(ValueError, match="2 groups"):
        grouped_split(np.array(["a", "a", "b"]))


def test_ordered_split_leaves_gaps():
    parts = ordered_split(1000, gap=50)
    assert parts["train"].tolist() == list(range(700))
    assert parts["validation"].tolist() == list(range(750, 850))
    assert parts["test"].tolist() == list(range(900, 1000))
    with pytest.raises(ValueError, match="n_instances=20"):
        ordered_split(20, gap=10)


@pytest.mark.parametrize("seed", range(5))
def test_share_out_is_exact_and_proportional(seed):
    rng = np.random.default_rng(seed)
    weights = rng.integers(1, 1000, 35)
    total = int(rng.integers(35, weights.sum()))
    counts = share_out(total, weights)
    assert counts.sum() == total
    assert np.abs(counts - total * weights / weights.sum()).max() < 1


def test_draw_is_stratified_like_scikit_learn():
    drawn = draw(np.arange(1000), 100, LABELS, seed=0, usable=np.ones(1000, bool))
    theirs, _ = train_test_split(np.arange(1000), train_size=100, stratify=LABELS, random_state=0)
    np.testing.assert_array_equal(
        np.unique(LABELS[drawn], return_counts=True)[1],
        np.unique(LABELS[theirs], return_counts=True)[1],
    )


def test_draw_replaces_only_what_is_unusable():
    usable = np.ones(1000, bool)
    before = draw(np.arange(1000), 100, LABELS, 7, usable)
    usable[before[3]] = False
    after = draw(np.arange(1000), 100, LABELS, 7, usable)
    assert set(before) - set(after) == {before[3]}
    assert len(after) == 100


def test_draw_is_fair():
    counts = np.zeros(50)
    for seed in range(2000):
        counts[draw(np.arange(50), 10, None, seed, np.ones(50, bool))] += 1
    # Each index is drawn in 400 of 2,000 cases, give or take 18.
    assert counts.min() > 400 - 5 * 18
    assert counts.max() < 400 + 5 * 18


def test_seeds_are_stable():
    # A fixed number: subsets must be the same on every machine and in every version.
    assert seed_of("STEAD", 1500, 0) == 565_934_808
