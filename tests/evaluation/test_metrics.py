import math

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import r2_score

from sktl.evaluation import metrics


def test_convergence_rate_of_every_published_curve(shared):
    table = pd.read_csv(shared("published/published_results.csv.gz"), float_precision="round_trip")
    curves = np.load(shared("published/published_curves.npz"))
    main, offsets = curves["main"], curves["offsets"]
    ours = [
        metrics.convergence_rate(main[a:b], metric == "f1_weighted")
        for a, b, metric in zip(offsets[:-1], offsets[1:], table["metric"], strict=True)
    ]
    np.testing.assert_allclose(ours, table["convergence_rate"], rtol=0, atol=1e-12)


def test_convergence_rate_is_one_for_a_jump_at_once_and_symmetric():
    curve = np.array([0.0, 0.6, 0.9, 1.0])
    rate = metrics.convergence_rate(curve, greater_is_better=True)
    assert rate == pytest.approx(2.0 / 3)
    assert metrics.convergence_rate(1 - curve, greater_is_better=False) == pytest.approx(rate)
    assert metrics.convergence_rate(7 + 3 * curve, greater_is_better=True) == pytest.approx(rate)


@pytest.mark.parametrize("curve", [[], [0.5], [0.5, 0.5, 0.5], [0.1, np.nan, 0.3], [0.1, np.inf]])
def test_convergence_rate_is_nan_where_it_is_not_defined(curve):
    assert math.isnan(metrics.convergence_rate(curve, greater_is_better=True))


def test_r2_and_pcc_against_sklearn_and_each_other():
    rng = np.random.default_rng(0)
    y, prediction = rng.normal(size=(2, 50))
    assert metrics.r2(y, prediction) == pytest.approx(r2_score(y, prediction))
    fitted = np.polyval(np.polyfit(prediction, y, 1), prediction)
    # With the best scale and offset both definitions agree; without, r2 is lower.
    assert metrics.r2(y, fitted) == pytest.approx(metrics.pcc_squared(y, prediction))
    assert metrics.r2(y, prediction) < metrics.pcc_squared(y, prediction)


def test_constant_sides_have_no_correlation():
    assert math.isnan(metrics.pearson_correlation([1, 1], [1, 2]))
    assert math.isnan(metrics.r2([1, 1], [1, 2]))
    assert metrics.r2([1, 3], [2, 2]) == 0


def test_share_within_counts_an_error_equal_to_the_tolerance():
    assert metrics.share_within([0.3], [0.1], 0.2) == 1  # 0.3 - 0.1 < 0.2 only by rounding
    assert metrics.share_within([1.2], [1.0], 0.2) == 1  # 1.2 - 1.0 > 0.2 only by rounding
    assert metrics.share_within([1.21], [1.0], 0.2) == 0
    with pytest.raises(ValueError, match="tolerance=-1"):
        metrics.share_within([1], [1], -1)


@pytest.mark.parametrize("function", [metrics.mean_absolute_error, metrics.r2])
def test_diverged_predictions_have_no_score(function):
    with pytest.raises(ValueError, match="record it as failed"):
        function([1.0, 2.0], [1.0, np.nan])
    with pytest.raises(ValueError, match="same shape"):
        function([1.0, 2.0], [1.0])


def test_weighted_f1_of_a_class_never_predicted_is_zero():
    assert metrics.weighted_f1([0, 0, 1], [0, 0, 0]) == pytest.approx(0.8 * 2 / 3)


def test_unknown_metric_names_a_near_one():
    with pytest.raises(
        ValueError, match=r"did you mean 'f1_weighted'.*Received: metric='f1_weigth'"
    ):
        metrics.greater_is_better("f1_weigth")
