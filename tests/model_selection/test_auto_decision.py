"""What AutoTransfer keeps: averages judged by nested folds, or what is simple."""

import numpy as np
import pytest
from sklearn.metrics import log_loss

from sktl.model_selection._auto_candidates import Candidate, Problem, constant, last_value
from sktl.model_selection._auto_decision import (
    AVERAGE,
    EXPERTS,
    UNCOMPARED,
    Average,
    decide,
)
from sktl.model_selection._auto_ridge import RELATIVE
from sktl.training.folds import folds_of


def make(y, n_classes=None, n_folds=5):
    X = np.zeros((len(y), 1, 4))
    return Problem(X, y, n_classes, folds_of(len(y), n_folds), 0)


def ridge(name, out_of_fold):
    return Candidate(name, "ridge", out_of_fold)


def decided(problem, candidates, may_replace=True, groups=None):
    rows = [constant(problem), *candidates]
    return decide(rows, problem, groups, lambda candidate: may_replace), rows


@pytest.mark.parametrize("n_instances", [20, 60])
def test_on_noise_nothing_but_the_median_is_left(n_instances):
    """The average of the best of twenty on noise looks better than it is, judged on what chose."""
    shares = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        y = rng.normal(size=n_instances)
        found = [ridge(str(k), 0.5 * rng.normal(size=n_instances)) for k in range(20)]
        decision, _ = decided(make(y), found)
        shares.append(decision.average.weights.get("median", 0.0))
        assert sum(decision.average.weights.values()) == pytest.approx(1)
    assert np.mean(np.equal(shares, 1)) >= 0.7
    assert np.mean(shares) >= 0.85


def test_what_is_better_beyond_noise_predicts():
    rng = np.random.default_rng(0)
    y = rng.normal(size=40)
    decision, rows = decided(make(y), [ridge(str(k), y + 0.3 * rng.normal(size=40)) for k in "ab"])
    assert decision.average.weights["median"] < 0.15
    assert min(decision.average.weights[name] for name in "ab") > 0.3
    table = decision.leaderboard(rows)
    assert table["candidate"][0] == AVERAGE


def test_what_may_be_noise_is_drawn_towards_the_median():
    """The share is that of James and Stein: by the slope and how sure it is."""
    rng = np.random.default_rng(3)
    y = rng.normal(size=40)
    predicted = 0.3 * y + rng.normal(size=40)
    decision, _ = decided(make(y), [ridge("a", predicted)])
    moved, wanted = predicted - np.median(y), y - np.median(y)
    slope = moved @ wanted / (moved @ moved)
    share = decision.average.weights["a"]
    assert 0 < share < slope < 1
    assert decision.average.weights["median"] == pytest.approx(1 - share)
    assert "may be noise" in decision.why


def test_the_last_value_is_kept_unless_the_average_is_surely_better():
    rng = np.random.default_rng(0)
    y = rng.normal(size=50)
    problem = make(y)
    problem.X[:, 0, -1] = y + 0.3 * rng.normal(size=50)
    last = last_value(problem)

    def weights(noise):
        rows = [constant(problem), last, ridge("a", y + noise * rng.normal(size=50))]
        return decide(rows, problem, None, lambda candidate: True).average.weights

    assert weights(0.05) == {"a": 1.0}
    assert weights(0.26) == weights(0.5) == {last.name: 1.0}


def probabilities(y, n_classes, strength, seed):
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(len(y), n_classes))
    scores[np.arange(len(y)), y] += strength
    p = np.exp(scores)
    return p / p.sum(axis=1, keepdims=True)


def test_near_copies_do_not_outvote_the_experts():
    y = np.arange(60) % 3
    found = [ridge(name, probabilities(y, 3, 2, k)) for k, name in enumerate(EXPERTS[0])]
    copy = probabilities(y, 3, 2, 99)
    found += [ridge(f"copy {k}", copy) for k in range(20)]
    decision, _ = decided(make(y, 3), found, may_replace=False)
    assert 0.3 < sum(decision.average.weights[name] for name in EXPERTS[0]) < 0.7
    assert decision.why.startswith("The average of ")


@pytest.mark.parametrize("ending", ["", RELATIVE])
def test_near_copies_do_not_outvote_the_experts_of_numbers(ending):
    rng = np.random.default_rng(0)
    y = rng.normal(size=60)
    experts = [name + ending for name in EXPERTS[0]]
    found = {name: y + 0.3 * rng.normal(size=60) for name in experts}
    copy = y + 0.3 * rng.normal(size=60)
    found |= {f"copy {k}": copy for k in range(20)}
    weights = Average.weighed(found, y).weights
    assert 0.3 < sum(weights[name] for name in experts) < 0.7
    assert sum(weights.values()) == pytest.approx(1)


def test_what_is_better_than_the_experts_beyond_noise_predicts_classes():
    y = np.arange(300) % 3
    found = [ridge(name, probabilities(y, 3, 0.5, k)) for k, name in enumerate(EXPERTS[0])]
    found += [ridge(f"source {k}", probabilities(y, 3, 4, 50 + k)) for k in range(9)]
    decision, _ = decided(make(y, 3), found, may_replace=False)
    assert sum(w for n, w in decision.average.weights.items() if n.startswith("source")) > 0.9


def test_one_label_a_class_is_predicted_with_the_sources():
    y = np.arange(8)
    out = np.full((8, 8), 1 / 8)
    rows = [constant(make(y, 8)), *(ridge(name, out) for name in (EXPERTS[0][0], *UNCOMPARED[:1]))]
    decision = decide(rows, make(y, 8), None, lambda candidate: False)
    assert decision.average.weights == {UNCOMPARED[0]: 1.0}
    assert "cannot be compared" in decision.why


def test_without_experts_all_share():
    y = np.arange(30) % 3
    found = {str(k): probabilities(y, 3, 2, k) for k in range(3)}
    average = Average.weighed(found, y)
    assert set(average.weights) == {"0", "1", "2"}
    assert sum(average.weights.values()) == pytest.approx(1)


def test_averaged_probabilities_are_calibrated():
    y = np.arange(300) % 3
    found = {str(k): probabilities(y, 3, 1.5, k) ** 0.1 for k in range(4)}
    found = {name: p / p.sum(axis=1, keepdims=True) for name, p in found.items()}
    average = Average.weighed(found, y)
    p = average.of(found)
    np.testing.assert_allclose(p.sum(axis=1), 1)
    uncalibrated = Average(average.weights, 1.0).of(found)
    np.testing.assert_array_equal(p.argmax(axis=1), uncalibrated.argmax(axis=1))
    assert log_loss(y, p) < 0.6 * log_loss(y, uncalibrated)


def test_a_classifier_at_chance_says_so():
    rng = np.random.default_rng(0)
    y = rng.permutation(np.arange(60) % 2)
    found = [ridge(name, probabilities(y, 2, 0, k)) for k, name in enumerate(EXPERTS[0])]
    decision, _ = decided(make(y, 2), found, may_replace=False)
    assert "not better than chance" in decision.why
    assert set(decision.average.weights) == set(EXPERTS[0])


def test_what_no_fold_tested_does_not_count():
    y = np.arange(12.0)
    problem = make(y)
    problem.folds = problem.folds[1:]
    out = y + 0.1
    out[problem.folds[0][1][0]] = np.nan
    decision, _ = decided(problem, [ridge("a", out)])
    assert len(decision.losses["a"]) < 12
    assert np.isfinite(decision.losses[AVERAGE]).all()


def test_nothing_but_the_simple_is_kept():
    problem = make(np.arange(10.0))
    failed = Candidate("a", "ridge", problem="failed: gone")
    decision, rows = decided(problem, [failed])
    assert decision.average.weights == {"median": 1.0}
    assert decision.leaderboard(rows)["problem"].tolist()[-1] == "failed: gone"


def test_models_that_saw_no_class_of_what_is_left_out_are_not_compared():
    """One instance a class: the errors would keep the model that is least sure."""
    y = np.arange(6)
    sure, unsure = np.full((6, 6), 0.2), np.full((6, 6), 1 / 6)
    sure[y, y] = 0.0
    for rocket in ("multirocket, hydra", "rocket, amplitudes"):
        rows = [ridge("amplitudes", unsure), ridge(rocket, sure)]
        decision, _ = decided(make(y, 6, n_folds=3), rows)
        assert decision.average.weights == {rocket: 1.0}
        assert "none of its class" in decision.why
