"""The closed forms against fits that really leave instances out."""

import numpy as np
import pytest
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import Ridge, RidgeCV

from sktl.training.kernel_ridge import (
    LARGEST,
    PENALTIES,
    Block,
    Spectrum,
    center_kernel,
    fit_ridge,
)


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(30, 7)) + 3
    return rows, rows[:, :2] ** 2 + rng.normal(size=(30, 2)) + 50


def spectrum_of(rows, form):
    return Spectrum.of_rows(rows) if form == "rows" else Spectrum.of_kernel(rows @ rows.T)


def one_penalty(rows, targets, folds=None, multiple=0.1, form="kernel"):
    if folds is not None:
        folds = [(np.setdiff1d(np.arange(30), fold), fold) for fold in folds]
    return fit_ridge(spectrum_of(rows, form), targets, folds, [multiple])


FOLDS = {
    "every instance": [np.array([i]) for i in range(30)],
    "groups": [np.arange(0, 4), np.arange(4, 17), np.arange(17, 30)],
    "folds larger than the features": np.split(np.random.default_rng(1).permutation(30), 2),
}


@pytest.mark.parametrize("form", ["kernel", "rows"])
@pytest.mark.parametrize("folds", FOLDS.values(), ids=FOLDS)
def test_left_out_predictions_are_those_of_fits_without_the_fold(data, folds, form):
    rows, targets = data
    fit = one_penalty(rows, targets, folds, form=form)
    expected = np.empty_like(targets)
    for fold in folds:
        rest = np.setdiff1d(np.arange(30), fold)
        expected[fold] = Ridge(alpha=fit.penalty).fit(rows[rest], targets[rest]).predict(rows[fold])
    np.testing.assert_allclose(fit.left_out, expected, rtol=1e-6)
    spread = np.mean((targets - targets.mean(axis=0)) ** 2)
    assert fit.error == pytest.approx(np.mean((targets - expected) ** 2) / spread)


@pytest.mark.parametrize("form", ["kernel", "rows"])
def test_every_instance_alone_is_the_default(data, form):
    rows, targets = data
    fit = one_penalty(rows, targets, form=form)
    alone = one_penalty(rows, targets, FOLDS["every instance"], form=form)
    np.testing.assert_allclose(fit.left_out, alone.left_out, rtol=1e-6)


def test_an_instance_in_two_folds_gets_the_mean_and_one_in_none_is_unknown(data):
    rows, targets = data
    first, second = np.arange(10), np.arange(5, 12)
    both = one_penalty(rows, targets, [first, second]).left_out
    alone = [one_penalty(rows, targets, [fold]).left_out for fold in (first, second)]
    np.testing.assert_allclose(both[:5], alone[0][:5])
    np.testing.assert_allclose(both[5:10], (alone[0][5:10] + alone[1][5:10]) / 2)
    np.testing.assert_allclose(both[10:12], alone[1][10:12])
    assert np.isnan(both[12:]).all()


def test_what_is_neither_trained_on_nor_tested_is_left_out(data):
    rows, targets = data
    order = np.random.default_rng(1).permutation(30)
    train, test = order[:20], order[20:26]
    fit = fit_ridge(spectrum_of(rows, "kernel"), targets, [(train, test)], [0.1])
    expected = Ridge(alpha=fit.penalty).fit(rows[train], targets[train]).predict(rows[test])
    np.testing.assert_allclose(fit.left_out[test], expected, rtol=1e-6)
    assert np.isnan(np.delete(fit.left_out, test, axis=0)).all()


def test_predictions_are_those_of_sklearns_kernel_ridge_on_centred_data(data):
    rows, targets = data
    new = np.random.default_rng(2).normal(size=(5, 7)) + 3
    fit = one_penalty(rows, targets)
    center = rows.mean(axis=0)
    oracle = KernelRidge(alpha=fit.penalty).fit(rows - center, targets - targets.mean(axis=0))
    expected = oracle.predict(new - center) + targets.mean(axis=0)
    kernel = rows @ rows.T
    np.testing.assert_allclose(fit.predict(new @ rows.T, kernel.mean(axis=0)), expected, rtol=1e-8)
    np.testing.assert_allclose(fit.coefficients.sum(axis=0), 0, atol=1e-10)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_primal_form_equals_the_kernel_form(data, dtype):
    rows, targets = data
    primal = Spectrum.of_rows(rows.astype(dtype))
    dual = Spectrum.of_kernel(rows @ rows.T)
    np.testing.assert_allclose(np.sort(primal.values), np.sort(dual.values), rtol=1e-5)
    tolerance = {np.float64: 1e-6, np.float32: 1e-3}[dtype]
    a, b = fit_ridge(primal, targets), fit_ridge(dual, targets)
    assert a.penalty == pytest.approx(b.penalty, rel=1e-4)
    np.testing.assert_allclose(a.left_out, b.left_out, rtol=tolerance)


def test_the_penalty_is_that_of_sklearns_ridge_cv(data):
    rows, targets = data
    fit = fit_ridge(Spectrum.of_rows(rows), targets)
    mean_eigenvalue = np.sum((rows - rows.mean(axis=0)) ** 2) / 30
    oracle = RidgeCV(alphas=PENALTIES * mean_eigenvalue).fit(rows, targets)
    assert fit.penalty == pytest.approx(oracle.alpha_)


def test_with_equal_errors_the_largest_penalty_is_taken():
    rows = np.random.default_rng(0).normal(size=(10, 3))
    fit = fit_ridge(Spectrum.of_rows(rows), np.full((10, 1), 4.0), penalties=[0.1, 10.0, 1.0])
    alone = fit_ridge(Spectrum.of_rows(rows), np.full((10, 1), 4.0), penalties=[1.0])
    assert fit.penalty == alone.penalty  # of equals the last, and penalties ascend
    assert fit.error == 0
    grid = fit_ridge(Spectrum.of_rows(rows), np.full((10, 1), 4.0))
    assert grid.penalty == pytest.approx(PENALTIES[-1] * alone.penalty)


@pytest.mark.parametrize("offset", [1e9, -1e12])
def test_a_large_offset_of_the_targets_changes_nothing_but_the_offset(data, offset):
    rows, targets = data
    targets = np.round(targets * 1024) / 1024
    a = fit_ridge(Spectrum.of_rows(rows), targets)
    b = fit_ridge(Spectrum.of_rows(rows), targets + offset)
    assert a.penalty == b.penalty
    np.testing.assert_allclose(b.left_out - offset, a.left_out, atol=1e-3)


def test_features_that_do_not_vary_give_the_mean():
    kernel = Block.fit(np.full((6, 4), 0.1)).kernel()
    targets = np.arange(6.0)[:, None]
    fit = fit_ridge(Spectrum.of_kernel(kernel), targets)
    np.testing.assert_allclose(fit.coefficients, 0)
    mean_of_others = (15 - targets) / 5
    np.testing.assert_allclose(fit.left_out, mean_of_others)


def test_a_centred_kernel_is_that_of_centred_features(data):
    rows = data[0]
    centred = rows - rows.mean(axis=0)
    np.testing.assert_allclose(center_kernel(rows @ rows.T), centred @ centred.T, atol=1e-10)


def test_a_block_standardises_by_its_training_rows():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(20, 3)) * [1, 100, 1e-8] + [0, 5, 1e-7]
    features = np.column_stack([features, np.full(20, 7.0)])
    block = Block.fit(features)
    new = rng.normal(size=(4, 4))
    new[0, 1] = 1e9
    expected = (new[:, :3] - features[:, :3].mean(axis=0)) / features[:, :3].std(axis=0)
    expected = np.clip(expected, -LARGEST, LARGEST) / np.sqrt(3)
    np.testing.assert_allclose(block.transform(new), expected, rtol=1e-5)
    assert block.used.tolist() == [True, True, True, False]
    assert np.trace(block.kernel()) / 20 == pytest.approx(1, rel=1e-5)
    bare = block.without_rows()
    assert bare.rows.shape == (0, 3)
    np.testing.assert_array_equal(bare.transform(new), block.transform(new))


def test_noise_of_rounding_is_no_feature():
    base = np.full((10, 1), 1e6, np.float32)
    noisy = base + np.arange(10, dtype=np.float32)[:, None] / 16
    assert not Block.fit(noisy).used.any()
    assert Block.fit(noisy - base).used.all()


def test_one_instance_predicts_itself():
    fit = fit_ridge(Spectrum.of_kernel(np.ones((1, 1))), np.array([[3.0]]))
    np.testing.assert_allclose(fit.center, 3)
    assert fit.coefficients.shape == (1, 1)


def test_a_given_penalty_gives_what_was_fitted_with_it():
    from sktl.training.kernel_ridge import ridge_of_penalty

    rng = np.random.default_rng(0)
    rows = rng.normal(size=(30, 50))
    targets = rows[:, :2] + rng.normal(size=(30, 2))
    kernel = rows @ rows.T
    fit = fit_ridge(Spectrum.of_kernel(kernel), targets)
    again = ridge_of_penalty(kernel, targets, fit.penalty)
    new = rng.normal(size=(5, 50)) @ rows.T
    mean = kernel.mean(axis=0)
    np.testing.assert_allclose(again.predict(new, mean), fit.predict(new, mean), rtol=1e-6)
