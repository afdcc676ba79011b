"""Several numbers at once, some of them not known."""

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from sktl.estimators import ConvNetQuakeINGVRegressor
from sktl.estimators.columns import of_columns
from sktl.training.column_targets import ColumnTargets, known_squared_error

NAN = float("nan")


def test_columns_are_standardised_by_what_is_known():
    y = np.array([[1.0, NAN], [3.0, 10.0], [8.0, 50.0], [NAN, 20.0]])
    targets = ColumnTargets().fit(y)
    # Scikit-learn's leaves NaN out of its statistics as well.
    np.testing.assert_allclose(targets.encode(y), StandardScaler().fit_transform(y), rtol=1e-6)
    np.testing.assert_allclose(targets.decode(targets.encode(y)), y, rtol=1e-6)
    assert targets.scores(y, targets.encode(np.nan_to_num(y)))["val_score"] < 1e-6
    with pytest.raises(ValueError, match=r"Every column of y must be known.*\[0, 1\]"):
        ColumnTargets().fit(np.array([[NAN, 1.0]]))


def test_nothing_is_learned_from_what_is_not_known():
    import keras

    targets = np.array([[1.0, NAN, 0.0], [NAN, NAN, NAN]], "float32")
    outputs = np.array([[3.0, 5.0, 1.0], [1.0, 2.0, 3.0]], "float32")
    losses = keras.ops.convert_to_numpy(known_squared_error(targets, outputs))
    np.testing.assert_allclose(losses, [5 / 3, 0.0], rtol=1e-6)


def test_a_network_learns_all_columns_and_an_unknown_one_changes_no_other():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(64, 2, 16))
    y = np.stack([X[:, 0].mean(axis=1), 100 * X[:, 1].mean(axis=1), np.full(64, NAN)], axis=1)
    y[0, 2], y[1, 2], y[::3, 1] = 0.0, 1.0, NAN
    network = of_columns(ConvNetQuakeINGVRegressor)(
        n_layers=2, head="random", schedule="published", l2=0.0, n_epochs=30, random_state=0
    )
    held_out = X[:20], y[:20]
    fitted = network.clone().fit(X, y, validation_data=held_out)
    errors = np.nanmean(np.abs(fitted.predict(X) - y), axis=0) / np.nanstd(y, axis=0)
    assert (errors[:2] < 0.5).all()
    assert np.isfinite(fitted.history_.to_numpy()).all()
    with pytest.raises(ValueError, match="y must be finite"):
        network.clone().fit(X, np.where(np.isnan(y), np.inf, y))
