"""The probe model against ridge regression of scikit-learn, exact and in parts."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.model_selection import TimeSeriesSplit

from sktl.training import probe_model
from sktl.training.folds import folds_of
from sktl.training.probe_model import ProbeModel, left_out_fit


def make(n=60, seed=0):
    rng = np.random.default_rng(seed)
    hidden = rng.normal(size=(n, 4))
    wide = hidden @ rng.normal(size=(4, 30)) + 0.3 * rng.normal(size=(n, 30))
    tables = {"wide": wide.astype(np.float32), "narrow": 1e3 * hidden[:, :2] + 7}
    targets = np.column_stack([hidden[:, 0] + hidden[:, 1] ** 2, hidden[:, 2]])
    return tables, targets + 0.1 * rng.normal(size=(n, 2))


def design(tables, model):
    """Columns on which plain ridge regression equals the weighted kernels."""
    return np.concatenate(
        [np.sqrt(w) * model.blocks_[name].transform(tables[name]) for name, w in
         model.weights.items()],
        axis=1,
    ).astype(float)  # fmt: skip


def as_in_parts(model, tables, targets, folds=None, part=13):
    return model.fit_parts(lambda at: {n: t[at] for n, t in tables.items()}, targets, folds, part)


WEIGHTS = {"wide": 3.0, "narrow": 1.0}


def test_it_is_ridge_regression_on_weighted_standardised_blocks():
    tables, targets = make()
    new, _ = make(seed=1)
    model = ProbeModel(WEIGHTS).fit(tables, targets)
    assert model.weights == {"wide": 0.75, "narrow": 0.25}
    oracle = Ridge(alpha=model.penalty_).fit(design(tables, model), targets)
    expected = oracle.predict(design(new, model))
    np.testing.assert_allclose(model.predict(new), expected, rtol=1e-4, atol=1e-4)


def test_a_block_without_weight_is_not_read():
    tables, targets = make()
    model = ProbeModel(WEIGHTS | {"other": 0.0}).fit(tables, targets)
    same = ProbeModel(WEIGHTS).fit(tables, targets)
    np.testing.assert_array_equal(model.predict(tables), same.predict(tables))


@pytest.mark.parametrize(
    "folds",
    [
        pytest.param(None, id="every instance"),
        pytest.param(folds_of(60, groups=np.arange(60) % 7), id="groups"),
        pytest.param(folds_of(60, TimeSeriesSplit(4)), id="time"),
    ],
)
def test_in_parts_it_is_the_same_where_features_are_fewer_than_landmarks(monkeypatch, folds):
    tables, targets = make()
    whole = ProbeModel(WEIGHTS).fit(tables, targets, folds)
    # All instances are landmarks: the standardisation is that of the whole.
    monkeypatch.setattr(probe_model, "KERNEL_INSTANCES", 60)
    parts = as_in_parts(ProbeModel(WEIGHTS), tables, targets, folds)
    new, _ = make(seed=1)
    np.testing.assert_allclose(parts.predict(new), whole.predict(new), rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(parts.left_out_, whole.left_out_, rtol=1e-3, atol=1e-3)
    assert parts.error_ == pytest.approx(whole.error_, rel=1e-3)
    assert parts.penalty_ == pytest.approx(whole.penalty_, rel=1e-3)


def test_in_parts_with_fewer_landmarks_it_is_close(monkeypatch):
    tables, targets = make(400)
    new, truth = make(200)
    whole = ProbeModel(WEIGHTS).fit(tables, targets)
    monkeypatch.setattr(probe_model, "KERNEL_INSTANCES", 25)  # fewer than the 32 features
    parts = as_in_parts(ProbeModel(WEIGHTS), tables, targets)
    spread = np.mean((truth - truth.mean(axis=0)) ** 2)
    assert np.mean((parts.predict(new) - whole.predict(new)) ** 2) < 0.05 * spread
    assert parts.error_ == pytest.approx(whole.error_, abs=0.05)
    again = as_in_parts(ProbeModel(WEIGHTS), tables, targets, part=400)
    np.testing.assert_allclose(again.predict(new), parts.predict(new), rtol=1e-3, atol=1e-4)
    other = as_in_parts(ProbeModel(WEIGHTS, random_state=1), tables, targets)
    assert not np.array_equal(other.predict(new), parts.predict(new))


def test_a_prediction_needs_no_training_instance():
    tables, targets = make()
    model = ProbeModel(WEIGHTS).fit(tables, targets)
    assert all(len(block.rows) == 0 for block in model.blocks_.values())


def test_time_ordered_folds_are_those_of_refits():
    tables, targets = make()
    rows = tables["narrow"] / 1e3
    folds = folds_of(60, TimeSeriesSplit(3))
    fit = left_out_fit(rows @ rows.T, targets, folds, [0.1])
    for train, test in folds:
        centred = rows[train] - rows[train].mean(axis=0)
        oracle = Ridge(alpha=0.1 * np.sum(centred**2) / len(train))
        expected = oracle.fit(rows[train], targets[train]).predict(rows[test])
        np.testing.assert_allclose(fit.left_out[test], expected, rtol=1e-6)
    never = folds[0][0]
    assert np.isnan(fit.left_out[never]).all()
    assert np.isfinite(np.delete(fit.left_out, never, axis=0)).all()


def test_folds_of_the_right_sizes_that_overlap_are_refitted():
    tables, targets = make(20)
    rows = tables["narrow"] / 1e3
    train, test = np.arange(14), np.arange(10, 16)  # 20 together, but no complements
    fit = left_out_fit(rows @ rows.T, targets, [(train, test)], [0.1])
    centred = rows[train] - rows[train].mean(axis=0)
    oracle = Ridge(alpha=0.1 * np.sum(centred**2) / 14).fit(rows[train], targets[train])
    np.testing.assert_allclose(fit.left_out[test], oracle.predict(rows[test]), rtol=1e-6)


def test_with_equal_errors_of_refits_the_largest_penalty_is_taken():
    tables, _ = make(20)
    rows = tables["narrow"]
    constant = np.full((20, 1), 2.0)
    folds = folds_of(20, TimeSeriesSplit(3))
    fits = [left_out_fit(rows @ rows.T, constant, folds, p) for p in ([0.1, 1.0, 10.0], [10.0])]
    assert fits[0].penalty == fits[1].penalty
