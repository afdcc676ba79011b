"""A race continues trainings exactly, drops losers, and never hides that it did."""

from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
import pytest

from sktl.estimators import MagNetClassifier
from sktl.model_selection import OmegaSearch
from sktl.model_selection._candidates import race
from sktl.model_selection._results import decide

from .conftest import SMALL

OMEGAS = (0.01, 0.1, 0.5, 1.0)


@pytest.fixture(scope="module")
def searches(source):
    from .conftest import make_panel

    network = MagNetClassifier(**SMALL | {"n_epochs": 13, "early_stopping_patience": None})
    network.set_params(learning_rate=0.02, reduce_lr_patience=1)
    grid = OmegaSearch(network, omegas=OMEGAS, sources=[source])
    racing = grid.clone().set_params(search="race", race_epochs=3)
    return [search.fit(*make_panel()) for search in (grid, racing)]


def test_a_race_continues_as_if_it_had_never_paused(searches):
    grid, racing = searches
    assert grid.curves_["learning_rate"].nunique() > 1
    for number, trained in racing.cv_results_["n_epochs"].items():
        full = grid.curves_.loc[number, 0]
        assert racing.curves_.loc[number, 0].equals(full.iloc[: trained + 1])  # with the start


def test_a_race_says_what_it_saved(searches):
    grid, racing = searches
    table, decision = racing.cv_results_, racing.decision_
    assert table["finished"][0]
    # Four after 3 epochs, two of them after 6, and one to the end, with scratch.
    assert sorted(table["n_epochs"][1:]) == [3, 3, 6, 13]
    assert table["n_epochs"].sum() == decision["epochs_trained"]
    assert decision["n_unfinished"] == (~table["finished"]).sum() == 3
    saved = grid.decision_["epochs_trained"] - decision["epochs_trained"]
    assert decision["epochs_saved_at_most"] == saved == 10 + 10 + 7
    assert grid.decision_["n_unfinished"] == grid.decision_["epochs_saved_at_most"] == 0
    if racing.best_index_ == grid.best_index_:
        assert np.array_equal(racing.predict_proba(X := np.ones((2, 3, 24))), grid.predict_proba(X))


@dataclass
class Fake:
    """A candidate whose loss at each epoch is written down."""

    losses: list
    source: str | None = "source"
    n_epochs: int = 0
    states: list = field(default_factory=list)

    @property
    def estimator(self):
        return SimpleNamespace(source=self.source)

    @property
    def kind(self):
        return "scratch" if self.source is None else "transfer"

    @property
    def ended(self):
        return self.n_epochs == len(self.losses)

    def value(self):
        return min(self.losses[: self.n_epochs], default=float("inf"))


def run(candidates, **params):
    calls = []

    def advance(chosen, until):
        calls.append(([candidates.index(c) for c in chosen], until))
        for candidate in chosen:
            candidate.n_epochs = min(until or len(candidate.losses), len(candidate.losses))
            candidate.states = [None]
        return chosen

    done = race(candidates, advance, Fake.value, **params)
    assert done == candidates
    return calls


def test_rounds_of_a_race():
    candidates = [Fake([5.0] * 9, source=None)]
    candidates += [Fake([start - 0.1 * e for e in range(9)]) for start in (3, 1, 2, 4)]
    calls = run(candidates, first_epochs=2, factor=2.0)
    assert calls == [([1, 2, 3, 4], 2), ([2, 3], 4), ([0, 2], None)]


def test_a_dropped_candidate_that_is_still_the_best_is_finished():
    # With a penalty a monitored value can fall while the compared one rises.
    candidates = [Fake([1.0, 1.0, 1.0, 1.0]), Fake([0.9, 3.0, 3.0, 3.0])]
    candidates[0].value = lambda: 0.0
    values = iter([0.5, 0.6])

    def value(candidate):
        return next(values, None) or (2.0 if candidate is candidates[0] else 0.7)

    trained = []

    def advance(chosen, until):
        trained.append((chosen, until))
        for candidate in chosen:
            candidate.n_epochs, candidate.states = until or 4, [None]
        return chosen

    race(candidates, advance, value, first_epochs=1, factor=2.0)
    assert trained[-1] == ([candidates[1]], None)
    assert all(candidate.ended for candidate in candidates)


def test_one_transfer_needs_no_race():
    assert run([Fake([1.0, 2.0])], first_epochs=1, factor=2.0) == [([0], None)]


@pytest.mark.parametrize(
    ("values", "margin", "kept", "gain"),
    [
        ([1.0, 1.0, 2.0], 0.0, 0, 0.0),  # a tie keeps scratch
        ([1.0, 0.9, 0.9], 0.0, 1, 0.1),  # of equal transfers the first
        ([1.0, 0.9, 0.8], 0.2, 0, 0.2),  # the margin must be exceeded
        ([-0.5, -0.6, -0.1], 0.1, 1, 0.2),  # a score: greater is better, its sign changed
        ([0.0, -0.1, 0.0], 0.5, 1, np.inf),
        ([0.0, 0.0, 0.0], 0.0, 0, 0.0),
        ([np.inf, 3.0, 2.0], 0.5, 2, np.nan),  # scratch failed
        ([1.0, np.inf, np.inf], 0.0, 0, np.nan),
    ],
)
def test_ties_margins_and_failures(values, margin, kept, gain):
    candidates = [Fake([1.0], source, 1) for source in (None, "a", "b")]
    for candidate in candidates:
        candidate.mean = lambda scoring: 0.0
    best, decision = decide(candidates, values, "val_loss", margin, longest=1)
    assert best == kept
    assert decision["kept"] == ("transfer" if kept else "scratch")
    assert decision["gain"] == pytest.approx(gain, nan_ok=True)
